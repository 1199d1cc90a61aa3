package index

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/entity"
)

// What becomes of an entity when one that it is related to goes.
const (
	breaks = "breaks" // it stops working, and so does what needs it
	loses  = "loses"  // it works on, without an owner, a whole, or where a relation of its own leads
)

// effects are those of Backstage's relations, by edge. source says which end
// suffers: the source when the target goes, or the other way round.
var effects = map[string]struct {
	effect string
	source bool
}{
	"dependsOn":   {breaks, true},
	"consumesApi": {breaks, true},
	"providesApi": {breaks, false}, // nobody answers an API whose component is gone
	"ownedBy":     {loses, true},
	"partOf":      {loses, true},
	"memberOf":    {loses, true},
	"parentOf":    {loses, false},
}

// effectOf returns what the far end of an edge suffers when the near one goes;
// empty = nothing. Of relations that the model alone knows, who declares one
// loses it.
func effectOf(e edge, r relation, outgoing bool) string {
	known, ok := effects[e.kind]
	switch {
	case ok && known.source != outgoing: // the near end is the one that suffers not
		return known.effect
	case !ok && r.incoming:
		return loses
	}
	return ""
}

// affected is an entity that an impact names.
type affected struct {
	hit
	ref    string
	depth  int
	effect string
	from   edge
	before *affected // nearer to what goes; nil = it is what goes
}

// impact is the walk from what goes to what misses it.
type impact struct {
	walker
	query     catalog.ImpactQuery
	seen      map[string]bool
	found     []*affected
	truncated bool
}

// Impact implements catalog.Graph.
func (x *Index) Impact(ctx context.Context, v principal.Viewer, q catalog.ImpactQuery) (catalog.Document, error) {
	switch {
	case q.MaxDepth < 0 || q.MaxDepth > maxTraverseDepth:
		return catalog.Document{}, fault.New(fault.Invalid, "maxDepth is %d; it must be 1 to %d", q.MaxDepth, maxTraverseDepth)
	case q.MaxNodes < 0 || q.MaxNodes > maxTraverseNodes:
		return catalog.Document{}, fault.New(fault.Invalid, "maxNodes is %d; it must be 1 to %d", q.MaxNodes, maxTraverseNodes)
	}
	if q.MaxDepth == 0 {
		q.MaxDepth = maxTraverseDepth
	}
	if q.MaxNodes == 0 {
		q.MaxNodes = 500
	}
	ref, err := entity.ParseRef(q.Ref, "", "")
	if err != nil {
		return catalog.Document{}, fault.New(fault.Invalid, "entityRef: %w", err)
	}
	i := impact{walker: walker{view: x.viewOf(v), inverses: q.Inverses, reach: q.Reach}, query: q, seen: map[string]bool{ref.String(): true}}
	h, ok := i.find(ref.String())
	if !ok {
		return catalog.Document{}, fault.New(fault.NotFound, "no entity %s", ref)
	}
	goes := i.goes()
	gone := append([]hit{h}, goes...)
	var level []*affected
	for _, g := range gone {
		level = append(level, i.missing(g, nil, breaks)...)
	}
	for depth := 2; depth <= q.MaxDepth && len(level) > 0; depth++ {
		if ctx.Err() != nil {
			return catalog.Document{}, fault.Wrap(fault.Timeout, ctx.Err(), "the impact was cut off; ask for less depth")
		}
		next := []*affected(nil)
		for _, a := range level {
			next = append(next, i.missing(a.hit, a, breaks)...)
		}
		level = next
	}
	i.truncated = i.truncated || slices.ContainsFunc(level, i.goesOn)
	// Only of what goes, not of what breaks: that is still there.
	for _, g := range gone {
		i.missing(g, nil, loses)
	}
	return catalog.Document{Body: catalog.Body{i.json(h, goes)}, Revision: i.view.revision}, nil
}

// goes finds what the viewer sees of what goes along.
func (i *impact) goes() []hit {
	var out []hit
	for _, ref := range i.query.Goes {
		if h, ok := i.find(ref); ok && !i.seen[ref] {
			i.seen[ref] = true
			out = append(out, h)
		}
	}
	return out
}

// missing adds what suffers when an entity goes (before is nil) or breaks.
func (i *impact) missing(h hit, before *affected, effect string) []*affected {
	var out []*affected
	i.near(h, func(e edge, r relation, outgoing bool) {
		if effectOf(e, r, outgoing) != effect || i.seen[r.target] {
			return
		}
		found, ok := i.find(r.target)
		if !ok {
			return
		}
		if len(i.found) >= i.query.MaxNodes {
			i.truncated = true
			return
		}
		i.seen[r.target] = true
		a := &affected{hit: found, ref: r.target, depth: 1, effect: effect, from: e, before: before}
		if before != nil {
			a.depth = before.depth + 1
		}
		i.found, out = append(i.found, a), append(out, a)
	})
	return out
}

// goesOn reports whether more would break beyond the depth asked for.
func (i *impact) goesOn(a *affected) bool {
	more := false
	i.near(a.hit, func(e edge, r relation, outgoing bool) {
		if more || i.seen[r.target] || effectOf(e, r, outgoing) != breaks {
			return
		}
		_, more = i.find(r.target)
	})
	return more
}

// json writes {"entity","affected","owners","direct","indirect","goes","truncated"}.
func (i *impact) json(h hit, goes []hit) []byte {
	sees := i.view.sees()
	out := make([]byte, 0, 512*len(i.found)+256)
	subject := briefOf(&h.part.docs[h.id], sees)
	out = append(subject.append(append(out, `{"entity":{`...)), `},"affected":[`...)
	owners := map[string]*ownerCount{}
	direct := 0
	for n, a := range i.found {
		b := briefOf(&a.part.docs[a.id], sees)
		if owners[b.owner] == nil {
			owners[b.owner] = &ownerCount{owner: b.owner}
		}
		if a.depth == 1 {
			direct++
			owners[b.owner].direct++
		} else {
			owners[b.owner].indirect++
		}
		if n > 0 {
			out = append(out, ',')
		}
		out = b.append(append(out, '{'))
		out = strconv.AppendInt(append(out, `,"depth":`...), int64(a.depth), 10)
		out = appendJSONString(append(out, `,"effect":`...), a.effect)
		out = append(appendEdges(append(out, `,"path":`...), a.path()), '}')
	}
	out = appendOwners(append(out, `],"owners":`...), owners)
	out = strconv.AppendInt(append(out, `,"direct":`...), int64(direct), 10)
	out = strconv.AppendInt(append(out, `,"indirect":`...), int64(len(i.found)-direct), 10)
	out = append(out, `,"goes":[`...)
	for n, g := range goes {
		if n > 0 {
			out = append(out, ',')
		}
		b := briefOf(&g.part.docs[g.id], sees)
		out = append(b.append(append(out, '{')), '}')
	}
	out = append(out, `],"truncated":`...)
	return append(strconv.AppendBool(out, i.truncated || i.query.GoesMore && len(goes) == len(i.query.Goes)), '}')
}

// path is the edges from what goes to the affected entity.
func (a *affected) path() []edge {
	var out []edge
	for ; a != nil; a = a.before {
		out = append(out, a.from)
	}
	slices.Reverse(out)
	return out
}

type ownerCount struct {
	owner            string // empty = nobody
	direct, indirect int
}

// appendOwners writes those with the most affected entities first.
func appendOwners(out []byte, owners map[string]*ownerCount) []byte {
	list := make([]*ownerCount, 0, len(owners))
	for _, o := range owners {
		list = append(list, o)
	}
	slices.SortFunc(list, func(a, b *ownerCount) int {
		if d := b.direct + b.indirect - a.direct - a.indirect; d != 0 {
			return d
		}
		return strings.Compare(a.owner, b.owner)
	})
	out = append(out, '[')
	for i, o := range list {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, '{')
		if o.owner != "" {
			out = append(appendJSONString(append(out, `"owner":`...), o.owner), ',')
		}
		out = strconv.AppendInt(append(out, `"direct":`...), int64(o.direct), 10)
		out = strconv.AppendInt(append(out, `,"indirect":`...), int64(o.indirect), 10)
		out = append(out, '}')
	}
	return append(out, ']')
}
