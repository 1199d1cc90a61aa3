package catalog

import (
	"context"

	"github.com/callboard/callboard/host/internal/principal"
)

// Body is JSON in pieces, to be sent one after another. The pieces belong to
// an immutable snapshot: nobody writes into them.
type Body [][]byte

// Size returns the length in bytes.
func (b Body) Size() int64 {
	var n int64
	for _, piece := range b {
		n += int64(len(piece))
	}
	return n
}

// Reader answers from the snapshot in memory. Every method takes a Viewer and
// shows exactly what that viewer may see: hidden answers as absent.
type Reader interface {
	// Get returns one entity. Faults: Invalid (malformed ref), NotFound.
	Get(ctx context.Context, v principal.Viewer, q GetQuery) (Document, error)
	// Query returns a page. Faults: Invalid (filter, order, cursor, limit;
	// the message says which part).
	Query(ctx context.Context, v principal.Viewer, q Query) (Page, error)
	// Facets counts the values of keys: {"<facet>":[{"value","count"}]}, values in byte order.
	Facets(ctx context.Context, v principal.Viewer, q FacetQuery) (Document, error)
	// ByRefs returns a JSON array of the same length and order as q.Refs.
	ByRefs(ctx context.Context, v principal.Viewer, q RefsQuery) (Document, error)
	// Revision returns the revision of the snapshot that answers now.
	Revision() uint64
}

// GetQuery names one entity, by Ref or by UID.
type GetQuery struct {
	Ref    string
	UID    string
	Fields []string // dotted paths to keep; none = all
}

// Term is one condition: the key has one of the values, without regard to
// case; no value means that the key exists.
type Term struct {
	Key    string
	Values []string
}

// Filter is an OR of ANDs; empty matches everything.
type Filter [][]Term

// Order sorts by a flattened key; entities without it come last either way.
type Order struct {
	Field string
	Desc  bool
}

// Query selects, sorts and pages.
type Query struct {
	Filter         Filter
	Predicate      []byte // Backstage's JSON predicate; nil = all; ANDed with Filter
	Order          []Order
	FullTextTerm   string
	FullTextFields []string
	Fields         []string
	Limit          int // 0 = 20; -1 = no limit
	Offset         int
	Cursor         string // with it, everything but Limit and Fields comes from the cursor
}

// FacetQuery asks for counts.
type FacetQuery struct {
	Facets    []string
	Filter    Filter
	Predicate []byte
}

// RefsQuery asks for many entities at once.
type RefsQuery struct {
	Refs      []string
	Filter    Filter
	Predicate []byte
	Fields    []string
}

// Document is an answer as JSON.
type Document struct {
	Body     Body
	ETag     string // strong, without quotes; empty where none is kept
	Revision uint64
}

// Page is one page of a query. Body is a JSON array.
type Page struct {
	Body       Body
	Count      int
	TotalItems int
	NextCursor string
	PrevCursor string
	Revision   uint64
}

// Graph follows relations in the snapshot, for a viewer as every Reader.
type Graph interface {
	// Traverse returns what can be reached by relations:
	// {"nodes":[{"ref","depth","entity"}],"edges":[{"source","type","target"}],"truncated"}.
	// Faults: Invalid (a ref, a direction, a bound). Refs that the viewer may
	// not see are absent, and lead nowhere.
	Traverse(ctx context.Context, v principal.Viewer, q TraverseQuery) (Document, error)
	// Graph returns what stands around entities, to be drawn: briefs of nodes,
	// one edge per pair of relations, and where it was cut. Faults: Invalid (a
	// ref that is none or leads nowhere, a direction, a bound; the message
	// names the field).
	Graph(ctx context.Context, v principal.Viewer, q GraphQuery) (Document, error)
	// Impact returns what breaks, or loses something, when an entity goes.
	// Faults: Invalid (a ref that is none, a bound), NotFound.
	Impact(ctx context.Context, v principal.Viewer, q ImpactQuery) (Document, error)
}

// The directions of relations.
const (
	Declared = "declared" // by the entity that they are followed from
	Incoming = "incoming" // by the entity that they lead to
)

// TraverseQuery says where to start and how far to go.
type TraverseQuery struct {
	Refs      []string
	Relations []string // types; none = all
	Direction string   // Declared, Incoming or empty for both
	Depth     int      // 0 = 1; at most 10
	Limit     int      // of nodes; 0 = 100; at most 1,000
	Fields    []string // of the entities
	RefsOnly  bool     // no entities
	// Reach tells which entities of those that the viewer sees may be shown
	// and followed; nil = all. It is asked with canonical refs.
	Reach func(ref string) bool
}
