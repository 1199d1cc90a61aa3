package index

import (
	"context"
	"slices"
	"strconv"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/entity"
)

// Bounds of one traversal.
const (
	maxTraverseDepth = 10
	maxTraverseNodes = 1000
	maxTraverseEdges = 10_000
	maxTraverseStart = 100
)

// traversal is a walk along relations, breadth first.
type traversal struct {
	view      view
	query     catalog.TraverseQuery
	out       array
	found     map[string]bool
	next      []hit
	edges     []byte
	nodes     int
	count     int // of edges
	truncated bool
}

// Traverse implements catalog.Graph.
func (x *Index) Traverse(ctx context.Context, v principal.Viewer, q catalog.TraverseQuery) (catalog.Document, error) {
	fields, err := cleanFields(q.Fields)
	if err != nil {
		return catalog.Document{}, err
	}
	q.Fields = fields
	if q, err = bounded(q); err != nil {
		return catalog.Document{}, err
	}
	t := &traversal{view: x.viewOf(v), query: q, out: newArray(q.Limit), found: map[string]bool{}}
	for _, name := range q.Refs {
		ref, err := entity.ParseRef(name, "", "")
		if err != nil {
			return catalog.Document{}, fault.Wrap(fault.Invalid, err, err.Error())
		}
		t.reach(ref.String(), 0)
	}
	for depth := 1; depth <= q.Depth && len(t.next) > 0; depth++ {
		if err := ctx.Err(); err != nil {
			return catalog.Document{}, fault.Wrap(fault.Timeout, err, "the traversal was cut off")
		}
		level := t.next
		t.next = nil
		for _, h := range level {
			t.follow(h, depth)
		}
	}
	body := catalog.Body{[]byte(`{"nodes":`)}
	body = append(body, t.out.close()...)
	tail := append([]byte(`,"edges":[`), t.edges...)
	tail = append(tail, `],"truncated":`...)
	tail = append(strconv.AppendBool(tail, t.truncated), '}')
	return catalog.Document{Body: append(body, tail), Revision: t.view.revision}, nil
}

func bounded(q catalog.TraverseQuery) (catalog.TraverseQuery, error) {
	switch {
	case len(q.Refs) == 0 || len(q.Refs) > maxTraverseStart:
		return q, fault.New(fault.Invalid, "a traversal starts at 1 to %d refs, not %d", maxTraverseStart, len(q.Refs))
	case q.Direction != "" && q.Direction != "both" && q.Direction != catalog.Declared && q.Direction != catalog.Incoming:
		return q, fault.New(fault.Invalid, "direction %.40q is not declared, incoming or both", q.Direction)
	case q.Depth < 0 || q.Depth > maxTraverseDepth:
		return q, fault.New(fault.Invalid, "depth %d is not 1 to %d", q.Depth, maxTraverseDepth)
	case q.Limit < 0 || q.Limit > maxTraverseNodes:
		return q, fault.New(fault.Invalid, "limit %d is not 1 to %d", q.Limit, maxTraverseNodes)
	}
	if q.Depth == 0 {
		q.Depth = 1
	}
	if q.Limit == 0 {
		q.Limit = 100
	}
	return q, nil
}

// reach adds an entity as a node, unless it is one, and reports whether it is
// among the nodes.
func (t *traversal) reach(ref string, depth int) bool {
	if known, asked := t.found[ref]; asked {
		return known
	}
	h, ok := t.view.lookup(ref)
	if ok = ok && t.view.visible(h.part, h.id) && (t.query.Reach == nil || t.query.Reach(ref)); !ok {
		t.found[ref] = false
		return false
	}
	if t.nodes >= t.query.Limit {
		t.truncated = true
		return false
	}
	t.found[ref] = true
	t.nodes++
	node := appendJSONString([]byte(`{"ref":`), ref)
	node = strconv.AppendInt(append(node, `,"depth":`...), int64(depth), 10)
	if !t.query.RefsOnly {
		node = append(append(node, `,"entity":`...), t.view.body(h.part, h.id, t.query.Fields)...)
	}
	t.out.add(append(node, '}'))
	t.next = append(t.next, h)
	return true
}

// follow goes along the relations of a node.
func (t *traversal) follow(h hit, depth int) {
	d := &h.part.docs[h.id]
	d.relations(func(r relation) {
		wanted := len(t.query.Relations) == 0 || slices.Contains(t.query.Relations, r.kind)
		switch t.query.Direction {
		case catalog.Declared:
			wanted = wanted && !r.incoming
		case catalog.Incoming:
			wanted = wanted && r.incoming
		}
		if !wanted || !t.reach(r.target, depth) {
			return
		}
		if t.count++; t.count > maxTraverseEdges {
			t.truncated = true
			return
		}
		if len(t.edges) > 0 {
			t.edges = append(t.edges, ',')
		}
		t.edges = appendJSONString(append(t.edges, `{"source":`...), d.ref)
		t.edges = appendJSONString(append(t.edges, `,"type":`...), r.kind)
		t.edges = appendJSONString(append(t.edges, `,"target":`...), r.target)
		t.edges = append(t.edges, '}')
	})
}

var _ catalog.Graph = (*Index)(nil)
