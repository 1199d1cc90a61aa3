package index

import (
	"context"
	"slices"

	"github.com/callboard/callboard/host/internal/fault"
)

// explain finds the shortest way from a start to the entity in question, along
// edges that the graph shows, and makes what lies on it nodes. It returns nil
// when there is no way of at most MaxDepth, or it looked at too many entities.
// Fault: Invalid.
func (g *graph) explain(ctx context.Context) (*[]edge, error) {
	if g.query.Explain == "" {
		return nil, nil
	}
	_, goal, err := g.start("to explain", g.query.Explain)
	if err != nil {
		return nil, err
	}
	way, err := g.way(ctx, goal)
	if way == nil || err != nil {
		return nil, err
	}
	out := make([]edge, 0, len(way))
	for i, n := range way {
		if i > 0 {
			out = append(out, n.from)
		}
		if g.add(n.hit, n.ref, i, n.from) {
			return nil, fault.New(fault.Invalid, "maxNodes is %d; the way to %s needs more", g.query.MaxNodes, goal)
		}
	}
	return &out, nil
}

// way is a breadth-first search without the bounds of what is drawn.
func (g *graph) way(ctx context.Context, goal string) ([]*node, error) {
	seen := make(map[string]*node, len(g.nodes))
	queue := slices.Clone(g.nodes)
	for _, n := range queue {
		seen[n.ref] = n
	}
	for at := 0; at < len(queue) && seen[goal] == nil && len(queue) < maxExplored; at++ {
		if at%256 == 0 && ctx.Err() != nil {
			return nil, fault.Wrap(fault.Timeout, ctx.Err(), "looking for the way was cut off")
		}
		n := queue[at]
		if n.depth >= g.query.MaxDepth {
			break
		}
		g.near(n.hit, func(e edge, r relation, outgoing bool) {
			if seen[r.target] != nil || !g.along(e, r, outgoing) || r.target != goal && !g.kind(r.target) {
				return
			}
			if h, ok := g.find(r.target); ok {
				next := &node{hit: h, ref: r.target, depth: n.depth + 1, from: e}
				seen[r.target], queue = next, append(queue, next)
			}
		})
	}
	var way []*node
	for n := seen[goal]; n != nil; {
		way = append(way, n)
		if n.from == (edge{}) {
			break
		}
		before := n.from.source
		if before == n.ref {
			before = n.from.target
		}
		n = seen[before]
	}
	slices.Reverse(way)
	return way, nil
}
