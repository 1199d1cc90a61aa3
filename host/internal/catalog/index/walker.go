package index

import (
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/catalog"
)

// edge is a pair of relations, named as its first type is.
type edge struct{ source, kind, target string }

// appendEdge writes an edge as JSON.
func appendEdge(dst []byte, e edge) []byte {
	dst = appendJSONString(append(dst, `{"source":`...), e.source)
	dst = appendJSONString(append(dst, `,"type":`...), e.kind)
	dst = appendJSONString(append(dst, `,"target":`...), e.target)
	return append(dst, '}')
}

func appendEdges(dst []byte, edges []edge) []byte {
	dst = append(dst, '[')
	for i, e := range edges {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendEdge(dst, e)
	}
	return append(dst, ']')
}

// walker looks along relations as one viewer sees them.
type walker struct {
	view     view
	inverses catalog.Inverses
	reach    func(ref string) bool
}

// find returns an entity that the viewer sees, within reach.
func (w *walker) find(ref string) (hit, bool) {
	h, ok := w.view.lookup(ref)
	return h, ok && w.view.visible(h.part, h.id) && (w.reach == nil || w.reach(ref))
}

// edgeOf turns a relation of an entity into its edge. What has no pair in the
// model is declared by one end and named from there.
func (w *walker) edgeOf(ref string, r relation) (e edge, outgoing bool) {
	if first, second := w.inverses[r.kind]; second {
		return edge{r.target, first, ref}, false
	}
	return edge{ref, r.kind, r.target}, true
}

// near calls f with each edge of an entity, in the order of its relations.
func (w *walker) near(h hit, f func(e edge, r relation, outgoing bool)) {
	d := &h.part.docs[h.id]
	d.relations(func(r relation) {
		e, outgoing := w.edgeOf(d.ref, r)
		f(e, r, outgoing)
	})
}

// wanted is which edges and nodes a graph shows.
type wanted struct{ relations, kinds []string }

func (w wanted) relation(e edge, r relation) bool {
	return len(w.relations) == 0 || slices.Contains(w.relations, r.kind) || slices.Contains(w.relations, e.kind)
}

func (w wanted) kind(ref string) bool {
	kind, _, _ := strings.Cut(ref, ":")
	return len(w.kinds) == 0 || slices.ContainsFunc(w.kinds, func(k string) bool { return strings.EqualFold(k, kind) })
}
