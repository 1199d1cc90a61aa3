package index

import "strconv"

// json writes {"nodes","edges","caps","path"}. A node's "cut" counts the
// neighbours that it leads to and that are not shown, by relation; 100 is that
// many or more. path is there when one was asked for, and null when no way was
// found.
func (g *graph) json(way *[]edge) []byte {
	out := make([]byte, 0, 256*len(g.nodes)+128*len(g.edges)+64)
	out = append(out, `{"nodes":[`...)
	for i, n := range g.nodes {
		if i > 0 {
			out = append(out, ',')
		}
		b := briefOf(&n.part.docs[n.id], g.view.sees())
		out = b.append(append(out, '{'))
		out = strconv.AppendInt(append(out, `,"depth":`...), int64(n.depth), 10)
		out = append(appendCut(out, n.cut), '}')
	}
	out = appendEdges(append(out, `],"edges":`...), g.edges)
	out = g.appendCaps(append(out, `,"caps":`...))
	switch {
	case g.query.Explain == "":
	case way == nil:
		out = append(out, `,"path":null`...)
	default:
		out = appendEdges(append(out, `,"path":`...), *way)
	}
	return append(out, '}')
}

func appendCut(out []byte, cut []cutType) []byte {
	if len(cut) == 0 {
		return out
	}
	out = append(out, `,"cut":{`...)
	for i, c := range cut {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendJSONString(out, c.kind), ':')
		out = strconv.AppendInt(out, int64(c.count), 10)
	}
	return append(out, '}')
}

// appendCaps says which bounds kept neighbours out, and of which nodes.
func (g *graph) appendCaps(out []byte) []byte {
	out = append(out, '[')
	first := true
	named := func(name string, limit int, at func(n *node) bool) {
		count, refs := 0, []byte(nil)
		for _, n := range g.nodes {
			if !at(n) {
				continue
			}
			if count++; count > maxCapRefs {
				continue
			}
			if count > 1 {
				refs = append(refs, ',')
			}
			refs = appendJSONString(refs, n.ref)
		}
		if count == 0 && !(name == "edges" && g.cut) {
			return
		}
		if !first {
			out = append(out, ',')
		}
		first = false
		out = appendJSONString(append(out, `{"cap":`...), name)
		out = strconv.AppendInt(append(out, `,"limit":`...), int64(limit), 10)
		out = strconv.AppendInt(append(out, `,"count":`...), int64(count), 10)
		out = append(append(append(out, `,"entityRefs":[`...), refs...), "]}"...)
	}
	cut := func(n *node) bool { return len(n.cut) > 0 }
	named("depth", g.query.MaxDepth, func(n *node) bool { return cut(n) && n.depth >= g.query.MaxDepth && !n.expanded })
	named("fanOut", g.query.FanOut, func(n *node) bool { return cut(n) && n.fanOut && !n.expanded })
	named("nodes", g.query.MaxNodes, func(n *node) bool { return cut(n) && n.full })
	named("edges", maxTraverseEdges, func(*node) bool { return false })
	return append(out, ']')
}
