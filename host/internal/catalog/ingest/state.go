package ingest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/catalog/descriptor"
	"github.com/callboard/callboard/host/internal/catalog/model"
	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/host/internal/store"
	"golang.org/x/sync/errgroup"
)

// The provider buckets of the engine's own roots.
const (
	providerConfig     = "config"
	providerRegistered = "registered"
)

// node is what the engine keeps of an entity: everything but its body, which
// the store has.
type node struct {
	ref, uid, kind, namespace, name, etag string
	provider, location, origin, digest    string
	declared                              []model.Relation // both directions
	children                              []string         // refs that it emits, sorted
	targets                               *targets         // kind Location only
	keys                                  []string         // what else it was made of, "plugin:key", sorted
	status                                []byte
	orphan                                bool
}

// targets is what a Location entity names.
type targets struct {
	kind     string // type of the targets; empty = as the location that it was read from
	names    []string
	optional bool
	line     int
}

func targetsOf(root *descriptor.Value) *targets {
	if root.Get("kind").Str() != "Location" {
		return nil
	}
	spec := root.Get("spec")
	t := &targets{kind: spec.Get("type").Str(), optional: spec.Get("presence").Str() == "optional"}
	if spec != nil {
		t.line = int(spec.Line)
	}
	if target := spec.Get("target").Str(); target != "" {
		t.names = append(t.names, target)
	}
	t.names = append(t.names, spec.Get("targets").Strings()...)
	return t
}

// edge is a relation as its source shows it.
type edge struct {
	kind, target string // kind is the relation's type
	by           string // who declares it
}

// state is the catalog as it is stored, and what the sources said last.
type state struct {
	nodes      map[string]*node
	edges      map[string][]edge   // by source ref
	references map[string][]string // what an entity or a bucket emits, sorted
	parents    map[string][]string // the same from the other end, unordered
	sources    map[string]*facts   // by location
	strings    map[string]string   // interned refs
	settled    string              // what the last pass was for; empty = there was none
	contested  map[string]bool     // refs that several documents claim
	troubled   map[string]bool     // refs of entities with a status or without a parent
}

func newState() *state {
	return &state{
		nodes: map[string]*node{}, edges: map[string][]edge{}, references: map[string][]string{},
		parents: map[string][]string{}, sources: map[string]*facts{}, strings: map[string]string{},
		contested: map[string]bool{}, troubled: map[string]bool{},
	}
}

// refer sets what a key emits. refs are sorted, without repeats.
func (s *state) refer(key string, refs []string) {
	for _, child := range s.references[key] {
		left := slices.DeleteFunc(s.parents[child], func(parent string) bool { return parent == key })
		if s.parents[child] = left; len(left) == 0 {
			delete(s.parents, child)
		}
	}
	if delete(s.references, key); len(refs) == 0 {
		return
	}
	key = s.intern(key)
	s.references[key] = refs
	for _, child := range refs {
		s.parents[child] = append(s.parents[child], key)
	}
}

func (s *state) intern(text string) string {
	if kept, ok := s.strings[text]; ok {
		return kept
	}
	s.strings[text] = text
	return text
}

// load reads the stored catalog and returns its entities, stitched.
func (s *state) load(ctx context.Context, db store.Catalog) ([]catalog.Entity, error) {
	var rows []store.EntityRow
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		return db.LoadEntities(gctx, func(r store.EntityRow) error { rows = append(rows, r); return nil })
	})
	var relations []store.RelationRow
	g.Go(func() error {
		return db.LoadRelations(gctx, func(r store.RelationRow) error { relations = append(relations, r); return nil })
	})
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("loading the catalog: %w", err)
	}
	for i := range rows {
		s.nodes[rows[i].Ref] = s.nodeOf(&rows[i])
	}
	for _, r := range relations {
		if n := s.nodes[r.DeclaredBy]; n != nil {
			n.declared = append(n.declared, model.Relation{Source: s.intern(r.Source), Type: s.intern(r.Type), Target: s.intern(r.Target)})
		}
	}
	for _, n := range s.nodes {
		s.connect(n)
	}
	if err := s.loadLiveness(ctx, db); err != nil {
		return nil, err
	}
	out := make([]catalog.Entity, 0, len(rows))
	for i := range rows {
		out = append(out, entityOf(&rows[i], s.relations(rows[i].Ref)))
	}
	return out, nil
}

// loadLiveness reads what keeps entities alive: which refer to which, and what
// the sources said.
func (s *state) loadLiveness(ctx context.Context, db store.Catalog) error {
	if err := s.loadReferences(ctx, db); err != nil {
		return err
	}
	s.sources, s.settled = map[string]*facts{}, ""
	return s.loadSources(ctx, db)
}

func (s *state) loadReferences(ctx context.Context, db store.Catalog) error {
	references := map[string][]string{}
	if err := db.LoadReferences(ctx, func(r store.Reference) error {
		references[r.Source] = append(references[r.Source], s.intern(r.Target))
		return nil
	}); err != nil {
		return fmt.Errorf("loading references: %w", err)
	}
	for _, n := range s.nodes {
		n.children = nil
	}
	s.references, s.parents = map[string][]string{}, map[string][]string{}
	for key, refs := range references {
		slices.Sort(refs)
		s.refer(key, refs)
		if n := s.nodes[key]; n != nil {
			n.children = refs
		}
	}
	return nil
}

func (s *state) nodeOf(r *store.EntityRow) *node {
	n := &node{
		ref: s.intern(r.Ref), uid: r.UID, kind: s.intern(r.Kind), namespace: s.intern(r.Namespace), name: r.Name, etag: r.ETag,
		provider: s.intern(r.Provider), location: s.intern(r.Location), origin: s.intern(r.Origin), digest: r.Digest,
		status: r.Status, orphan: r.Orphan, keys: r.RefreshKeys,
	}
	if r.Kind == "Location" {
		if v, err := descriptor.ParseJSON(r.Body, 1000); err == nil {
			n.targets = targetsOf(&v)
			if _, at, ok := strings.Cut(n.digest, withLine); ok && n.targets != nil {
				n.targets.line, _ = strconv.Atoi(at)
			}
		}
	}
	return n
}

// loadSources rebuilds the facts of sources from the rows, so that what did
// not change need not be read.
func (s *state) loadSources(ctx context.Context, db store.Catalog) error {
	if err := db.LoadSources(ctx, func(r store.SourceRow) error {
		l, err := source.ParseLocation(r.Location)
		if err != nil {
			return nil //nolint:nilerr // a row of another time; the walk will not reach it
		}
		s.sources[r.Location] = &facts{at: l, row: r, etag: r.ETag, digest: r.Digest}
		return nil
	}); err != nil {
		return fmt.Errorf("loading sources: %w", err)
	}
	byParent := map[string]string{}
	for _, n := range s.nodes {
		if n.targets == nil {
			for _, child := range n.children {
				byParent[child] = n.ref
			}
		}
	}
	refs := make([]string, 0, len(s.nodes))
	for ref := range s.nodes {
		refs = append(refs, ref)
	}
	slices.Sort(refs)
	for _, ref := range refs {
		n := s.nodes[ref]
		if f := s.sources[n.location]; f != nil && !n.orphan && n.name != generatedName(f.at) {
			f.docs = append(f.docs, doc{ref: n.ref, digest: n.digest, kind: n.kind, targets: n.targets, parent: byParent[ref]})
			f.origin, f.provider = n.origin, n.provider
		}
	}
	return nil
}

// connect adds the relations that a node declares.
func (s *state) connect(n *node) {
	for _, r := range n.declared {
		s.edges[r.Source] = append(s.edges[r.Source], edge{r.Type, r.Target, n.ref})
	}
}

// disconnect removes them and returns the refs whose relations changed.
func (s *state) disconnect(n *node, touched map[string]bool) {
	for _, r := range n.declared {
		touched[r.Source] = true
		kept := slices.DeleteFunc(s.edges[r.Source], func(e edge) bool { return e.by == n.ref })
		if len(kept) == 0 {
			delete(s.edges, r.Source)
		} else {
			s.edges[r.Source] = kept
		}
	}
}

// relations returns what an entity shows: sorted, each once, its own
// declaration before another's.
func (s *state) relations(ref string) []catalog.Relation {
	edges := s.edges[ref]
	out := make([]catalog.Relation, 0, len(edges))
	for _, e := range edges {
		out = append(out, catalog.Relation{Type: e.kind, TargetRef: e.target, Incoming: e.by != ref})
	}
	slices.SortFunc(out, func(a, b catalog.Relation) int {
		if c := cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.TargetRef, b.TargetRef)); c != 0 {
			return c
		}
		if a.Incoming == b.Incoming {
			return 0
		}
		if b.Incoming {
			return -1
		}
		return 1
	})
	return slices.CompactFunc(out, func(a, b catalog.Relation) bool { return a.Type == b.Type && a.TargetRef == b.TargetRef })
}

func entityOf(r *store.EntityRow, relations []catalog.Relation) catalog.Entity {
	return catalog.Entity{
		Ref: r.Ref, UID: r.UID, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name, ETag: r.ETag,
		Body: r.Body, Relations: relations, Status: r.Status,
	}
}

// facts is what a source said when it was last read.
type facts struct {
	at       source.Location
	row      store.SourceRow // as it is stored; zero when it is not
	etag     string          // of the reader, under the pipeline's epoch
	digest   string
	origin   string
	provider string
	within   string
	docs     []doc
	deps     []source.Location // what its placeholders read
	broken   []problem         // of the source itself and of documents that name no entity
	failure  error             // why the last read failed; docs are those before
	nextAt   time.Time
	unasked  int // reads in a row in which a processor failed
	seen     *seen
	unread   bool     // the walk reached it, and had no time for it yet
	whole    bool     // of a bucket: docs are all that it has
	base     *facts   // of a bucket: those that a reading of a part was joined with,
	differ   []string // and the refs that it was about
}

// unsettled reports whether the source must be read though it looks unchanged:
// something in it was refused or went wrong, or depends on other places.
func (f *facts) unsettled() bool {
	return f.row.Error != "" || len(f.broken) > 0 || slices.ContainsFunc(f.docs, func(d doc) bool {
		return d.problem != nil || d.unfinished() || strings.Contains(d.digest, withPlaceholders)
	})
}

// doc is one document of a source that says which entity it is.
type doc struct {
	ref     string
	kind    string
	line    int
	digest  string
	parent  string // ref of the entity whose processor emitted it; empty = the Location entities that name the source
	targets *targets
	problem *problem  // why it is refused
	notes   []problem // what went wrong though it is not refused
	stale   bool      // it was here before, and cannot be processed now
	out     *output   // when it was processed in this pass
}

// unfinished reports whether the document must be processed again though it
// did not change.
func (d *doc) unfinished() bool { return strings.HasPrefix(d.digest, withNotes) }

// troubled reports whether there is more to say about the document than that
// it is there.
func (d *doc) troubled() bool { return d.problem != nil || d.stale || len(d.notes) > 0 }

// output is a processed entity that waits to be stitched.
type output struct {
	namespace, name string
	parts           parts
	relations       []model.Relation
	keys            []string // refresh keys of processors
}

func (o *output) clone() *output {
	if o == nil {
		return nil
	}
	c := *o
	c.relations, c.keys = slices.Clone(o.relations), slices.Clone(o.keys)
	return &c
}

// problem is a reason, in Backstage's terms.
type problem struct {
	name    string // "InputError", "NotFoundError", …
	message string
	// forbidden says that the operator does not want the entity, in any version.
	forbidden bool
	// warning says that the entity is there, and only lacks something.
	warning bool
}
