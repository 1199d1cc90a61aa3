package index

import (
	"context"
	"slices"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
)

const (
	defaultLimit = 20
	maxOrders    = 8
)

// Query returns a page: the entities that pass, ordered by the fields and then
// by uid in the direction of the first field, as Backstage does. Of a field
// with many values the smallest counts. Faults: Invalid (filter, order, cursor,
// limit; the message says which part).
func (x *Index) Query(_ context.Context, v principal.Viewer, q catalog.Query) (catalog.Page, error) {
	fields, err := cleanFields(q.Fields)
	if err != nil {
		return catalog.Page{}, err
	}
	limit := q.Limit
	if limit == 0 {
		limit = defaultLimit
	}
	if limit < -1 || q.Offset < 0 {
		return catalog.Page{}, fault.New(fault.Invalid, "invalid limit or offset: they cannot be negative")
	}
	c, err := x.place(v, q)
	if err != nil {
		return catalog.Page{}, err
	}
	view := x.viewOf(v)
	chosen, err := view.selections(c.criteria)
	if err != nil {
		return catalog.Page{}, err
	}
	l := view.listing(c.orders, chosen)
	page := catalog.Page{Revision: view.revision}
	for i := range view.parts {
		page.TotalItems += view.parts[i].total(chosen[i])
	}
	skip := 0
	if q.Cursor == "" {
		skip = q.Offset
	}
	want := limit
	if limit > 0 {
		want = limit + 1 // the extra one tells whether the way goes on
	}
	hits := l.collect(c.from, c.back, skip, want)
	more := limit > 0 && len(hits) > limit
	if more {
		hits = hits[:limit]
	}
	if c.back {
		slices.Reverse(hits)
	}
	page.Count = len(hits)
	out := newArray(len(hits))
	for _, h := range hits {
		out.add(view.body(h.part, h.id, fields))
	}
	page.Body = out.close()
	x.link(v, l, c, hits, more, &page)
	return page, nil
}

// place returns where a query starts: at its cursor, or at the beginning.
func (x *Index) place(v principal.Viewer, q catalog.Query) (*cursor, error) {
	if q.Cursor != "" {
		return x.open(v.Key(), q.Cursor)
	}
	if len(q.Order) > maxOrders {
		return nil, fault.New(fault.Invalid, "invalid order: more than %d fields", maxOrders)
	}
	textFields := q.FullTextFields
	if len(textFields) == 0 {
		textFields = []string{"metadata.uid"}
		if len(q.Order) > 0 {
			textFields[0] = q.Order[0].Field
		}
	}
	for _, o := range q.Order {
		if o.Field == "" {
			return nil, fault.New(fault.Invalid, "invalid order: a field has no name")
		}
	}
	criteria, err := x.newCriteria(q.Filter, q.Predicate, q.FullTextTerm, textFields)
	if err != nil {
		return nil, err
	}
	return &cursor{criteria: criteria, orders: q.Order}, nil
}

// link adds the cursors that lead on from a page. The first page has no way
// back, even when it starts at an offset.
func (x *Index) link(v principal.Viewer, l *listing, c *cursor, hits []hit, more bool, page *catalog.Page) {
	if len(hits) == 0 {
		return
	}
	next, prev := more, false
	if c.from != nil {
		if c.back {
			prev = more
			next = len(l.collect(l.position(hits[len(hits)-1]), false, 0, 1)) > 0
		} else {
			prev = len(l.collect(l.position(hits[0]), true, 0, 1)) > 0
		}
	}
	to := *c
	if next {
		to.back, to.from = false, l.position(hits[len(hits)-1])
		page.NextCursor = x.seal(v.Key(), &to)
	}
	if prev {
		to.back, to.from = true, l.position(hits[0])
		page.PrevCursor = x.seal(v.Key(), &to)
	}
}
