package index

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
)

// maxFacets bounds the facets of one request.
const maxFacets = 100

// facetCount is how many entities write a value so.
type facetCount struct {
	value string
	count int
}

// Facets counts the values of keys, as they are written, in byte order; what
// has no value or one of more than 200 characters is not counted.
// Faults: Invalid (filter, no or too many facets).
func (x *Index) Facets(_ context.Context, v principal.Viewer, q catalog.FacetQuery) (catalog.Document, error) {
	if len(q.Facets) == 0 {
		return catalog.Document{}, fault.New(fault.Invalid, "missing facet parameter")
	}
	if len(q.Facets) > maxFacets {
		return catalog.Document{}, fault.New(fault.Invalid, "too many facets: %d, at most %d", len(q.Facets), maxFacets)
	}
	criteria, err := x.newCriteria(q.Filter, q.Predicate, "", nil)
	if err != nil {
		return catalog.Document{}, err
	}
	view := x.viewOf(v)
	var room [256]byte
	key := appendStrings(criteria.key(room[:0], view), q.Facets)
	if body, ok := view.facets.get(key); ok {
		return catalog.Document{Body: body, Revision: view.revision}, nil
	}
	chosen, err := view.selections(criteria)
	if err != nil {
		return catalog.Document{}, err
	}
	counters := make([]func(ids []uint32, dense Set) int, len(view.parts))
	for i := range view.parts {
		counters[i] = view.parts[i].counter(chosen[i])
	}
	out := []byte{'{'}
	for i, name := range q.Facets {
		if slices.Contains(q.Facets[:i], name) {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(appendJSONString(out, name), ':')
		out = appendFacet(out, view.facet(strings.ToLower(name), counters))
	}
	body := catalog.Body{append(out, '}')}
	view.facets.put(key, body)
	return catalog.Document{Body: body, Revision: view.revision}, nil
}

// counter returns the function that counts how many ids are selected and alive.
func (p *part) counter(chosen selection) func(ids []uint32, dense Set) int {
	live := chosen.set
	if p.dead != nil {
		live = NewSet(len(p.docs))
		if chosen.set == nil {
			live.fill(len(p.docs))
		} else {
			live.or(chosen.set)
		}
		live.andNot(p.dead)
	}
	if live == nil {
		return func(ids []uint32, _ Set) int { return len(ids) }
	}
	return func(ids []uint32, dense Set) int {
		if dense != nil {
			return live.countAnd(dense)
		}
		return live.countIn(ids)
	}
}

// facet counts the values of one key over all parts.
func (v view) facet(key string, counters []func([]uint32, Set) int) []facetCount {
	var counts []facetCount
	sources := 0
	add := func(origin string, n int) {
		if n > 0 {
			counts = append(counts, facetCount{origin, n})
		}
	}
	sees := v.sees()
	for i := range v.parts {
		p, count := &v.parts[i], counters[i]
		if c := p.columns[key]; c != nil {
			sources++
			c.count(count, nil, add)
		} else if at, ok := p.flags.find(key); ok {
			sources++
			add("true", count(p.flags.postings(at), nil))
		}
		if c := p.incoming[key]; c != nil {
			sources++
			c.count(count, sees, add)
		}
	}
	slices.SortFunc(counts, func(a, b facetCount) int { return strings.Compare(a.value, b.value) })
	if sources < 2 {
		return counts
	}
	joined := counts[:0]
	for _, c := range counts {
		if n := len(joined); n > 0 && joined[n-1].value == c.value {
			joined[n-1].count += c.count
			continue
		}
		joined = append(joined, c)
	}
	return joined
}

// count calls add with every way in which a value is written.
func (c *column) count(count func([]uint32, Set) int, keep func(string) bool, add func(string, int)) {
	for v := range uint32(c.values()) {
		if keep != nil && !keep(c.value(v)) {
			continue
		}
		if variants, ok := c.variants[v]; ok {
			for _, w := range variants {
				add(w.origin, count(w.ids, nil))
			}
			continue
		}
		add(c.origin(v), count(c.postings(v), c.dense[v]))
	}
}

func appendFacet(dst []byte, counts []facetCount) []byte {
	dst = append(dst, '[')
	for i, c := range counts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendJSONString(append(dst, `{"value":`...), c.value)
		dst = strconv.AppendInt(append(dst, `,"count":`...), int64(c.count), 10)
		dst = append(dst, '}')
	}
	return append(dst, ']')
}
