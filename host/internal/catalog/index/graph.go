package index

import (
	"context"
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/entity"
)

// Bounds of a graph beside those of a traversal.
const (
	maxFanOut     = 1000
	maxNamedTypes = 100
	countedCut    = 100    // neighbours that are not shown are counted up to here, per node and type
	maxExplored   = 20_000 // entities looked at to find one way
	maxCapRefs    = 20     // places named per cap
)

// node is an entity of a graph.
type node struct {
	hit
	ref   string
	depth int
	from  edge // by which it was reached; zero of a start
	// What kept the walk from following all of its edges.
	fanOut, full, expanded bool
	cut                    []cutType
}

type cutType struct {
	kind  string // as the node's own relations name it
	count int
}

// graph is a walk in the making, breadth first.
type graph struct {
	walker
	wanted
	query catalog.GraphQuery
	nodes []*node
	byRef map[string]*node
	edges []edge
	cut   bool // edges were
}

// Graph implements catalog.Graph.
func (x *Index) Graph(ctx context.Context, v principal.Viewer, q catalog.GraphQuery) (catalog.Document, error) {
	q, err := boundedGraph(q)
	if err != nil {
		return catalog.Document{}, err
	}
	g := graph{
		walker: walker{view: x.viewOf(v), inverses: q.Inverses, reach: q.Reach},
		wanted: wanted{relations: q.Relations, kinds: q.Kinds},
		query:  q, byRef: map[string]*node{},
	}
	for _, name := range q.Refs {
		h, ref, err := g.start("to start from", name)
		if err != nil {
			return catalog.Document{}, err
		}
		g.add(h, ref, 0, edge{})
	}
	way, err := g.explain(ctx)
	if err != nil {
		return catalog.Document{}, err
	}
	for depth := range q.MaxDepth {
		if ctx.Err() != nil {
			return catalog.Document{}, fault.Wrap(fault.Timeout, ctx.Err(), "the graph was cut off; ask for less depth or fewer nodes")
		}
		for at := 0; at < len(g.nodes); at++ { // the nodes of a way came before nearer ones
			if g.nodes[at].depth == depth {
				g.follow(g.nodes[at], q.FanOut)
			}
		}
	}
	for _, name := range q.Expand {
		if n := g.byRef[strings.ToLower(name)]; n != nil { // one that is not shown has nothing to expand
			n.expanded = true
			g.follow(n, maxTraverseNodes)
		}
	}
	for _, n := range g.nodes {
		g.connect(n)
	}
	return catalog.Document{Body: catalog.Body{g.json(way)}, Revision: g.view.revision}, nil
}

func boundedGraph(q catalog.GraphQuery) (catalog.GraphQuery, error) {
	within := func(field string, value *int, usual, most int) error {
		if *value < 0 || *value > most {
			return fault.New(fault.Invalid, "%s is %d; it must be 1 to %d", field, *value, most)
		}
		if *value == 0 {
			*value = usual
		}
		return nil
	}
	switch {
	case len(q.Refs) == 0 || len(q.Refs) > maxTraverseStart:
		return q, fault.New(fault.Invalid, "%d refs to start from; a graph has 1 to %d", len(q.Refs), maxTraverseStart)
	case len(q.Relations) > maxNamedTypes:
		return q, fault.New(fault.Invalid, "relations has %d types; at most %d", len(q.Relations), maxNamedTypes)
	case len(q.Expand) > maxTraverseStart:
		return q, fault.New(fault.Invalid, "expand has %d refs; at most %d", len(q.Expand), maxTraverseStart)
	case len(q.Kinds) > maxNamedTypes:
		return q, fault.New(fault.Invalid, "kinds has %d kinds; at most %d", len(q.Kinds), maxNamedTypes)
	case !slices.Contains([]string{"", catalog.Both, catalog.Outgoing, catalog.Incoming}, q.Direction):
		return q, fault.New(fault.Invalid, "direction is %.40q; it must be outgoing, incoming or both", q.Direction)
	}
	for _, err := range []error{
		within("maxDepth", &q.MaxDepth, 1, maxTraverseDepth),
		within("maxNodes", &q.MaxNodes, 100, maxTraverseNodes),
		within("fanOut", &q.FanOut, 50, maxFanOut),
	} {
		if err != nil {
			return q, err
		}
	}
	return q, nil
}

// start finds an entity that the request names; use says for what. Whoever
// asks may know the field by another name, so that the ref itself is named.
func (w *walker) start(use, name string) (hit, string, error) {
	ref, err := entity.ParseRef(name, "", "")
	if err != nil {
		return hit{}, "", fault.New(fault.Invalid, "%w, %s", err, use)
	}
	h, ok := w.find(ref.String())
	if !ok {
		return hit{}, "", fault.New(fault.Invalid, "no entity %s %s", ref, use)
	}
	return h, ref.String(), nil
}

// add makes an entity a node, unless it is one, and reports whether there was
// no room for it.
func (g *graph) add(h hit, ref string, depth int, from edge) (full bool) {
	if g.byRef[ref] != nil {
		return false
	}
	if len(g.nodes) >= g.query.MaxNodes {
		return true
	}
	n := &node{hit: h, ref: ref, depth: depth, from: from}
	g.nodes, g.byRef[ref] = append(g.nodes, n), n
	return false
}

// along reports whether the graph goes along an edge from one of its ends.
func (g *graph) along(e edge, r relation, outgoing bool) bool {
	switch g.query.Direction {
	case catalog.Outgoing:
		return outgoing && g.relation(e, r)
	case catalog.Incoming:
		return !outgoing && g.relation(e, r)
	}
	return g.relation(e, r)
}

// leads reports whether the other end belongs into the graph.
func (g *graph) leads(e edge, r relation, outgoing bool) bool {
	return g.along(e, r, outgoing) && g.kind(r.target)
}

// follow adds the neighbours of a node, so many per type of relation.
func (g *graph) follow(n *node, fanOut int) {
	kind, followed := "", 0
	g.near(n.hit, func(e edge, r relation, outgoing bool) {
		if r.kind != kind {
			kind, followed = r.kind, 0
		}
		if n.full || !g.leads(e, r, outgoing) || g.byRef[r.target] != nil {
			return
		}
		if followed >= fanOut {
			n.fanOut = true
			return
		}
		h, ok := g.find(r.target)
		if !ok {
			return
		}
		n.full = g.add(h, r.target, n.depth+1, e)
		followed++
	})
}

// connect adds the edges between a node and other nodes, from the source's
// side, and counts the neighbours that are no nodes.
func (g *graph) connect(n *node) {
	seen := map[edge]bool{}
	g.near(n.hit, func(e edge, r relation, outgoing bool) {
		if g.byRef[r.target] != nil {
			if outgoing && g.relation(e, r) && !seen[e] {
				seen[e] = true
				if len(g.edges) >= maxTraverseEdges {
					g.cut = true
					return
				}
				g.edges = append(g.edges, e)
			}
			return
		}
		last := len(n.cut) - 1
		if last >= 0 && n.cut[last].kind == r.kind && n.cut[last].count >= countedCut || !g.leads(e, r, outgoing) {
			return
		}
		if _, ok := g.find(r.target); !ok {
			return
		}
		if last < 0 || n.cut[last].kind != r.kind {
			n.cut = append(n.cut, cutType{kind: r.kind})
			last++
		}
		n.cut[last].count++
	})
}
