package index

import (
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/catalog"
)

// hit is one entity of an answer.
type hit struct {
	part *part
	at   int // the part's place in the snapshot
	id   uint32
}

// walk goes through the selected documents of one part in order.
type walk struct {
	hit
	order  *ordering
	chosen selection
	places []uint32 // the selected places, sorted, where those are few
	place  int      // in places, or in the order; the one that comes next
	back   bool
}

// listing is a view's selection in an order.
type listing struct {
	view
	orders []catalog.Order
	chosen []selection
	sorted []*ordering
}

func (v view) listing(orders []catalog.Order, chosen []selection) *listing {
	l := &listing{view: v, orders: orders, chosen: chosen, sorted: make([]*ordering, len(v.parts))}
	for i := range v.parts {
		l.sorted[i] = v.parts[i].ordering(orders, v.scope != nil)
	}
	return l
}

// collect returns up to limit hits behind a position (all from the start when
// it is nil), or before it when back is set, nearest first; limit -1 is all.
func (l *listing) collect(from *position, back bool, skip, limit int) []hit {
	var hits []hit
	if limit > 0 {
		hits = make([]hit, 0, min(limit, 1024))
	}
	want := -1
	if limit >= 0 {
		want = skip + limit
	}
	walks := make([]walk, 0, len(l.parts))
	for i := range l.parts {
		w := walk{hit: hit{part: &l.parts[i], at: i}, order: l.sorted[i], chosen: l.chosen[i], back: back}
		if w.start(l.orders, from, want) {
			walks = append(walks, w)
		}
	}
	for len(walks) > 0 && len(hits) != limit {
		best := 0
		for i := 1; i < len(walks); i++ {
			if c := l.compare(walks[i].hit, walks[best].hit); c < 0 != back {
				best = i
			}
		}
		if skip > 0 {
			skip--
		} else {
			hits = append(hits, walks[best].hit)
		}
		if !walks[best].next() {
			walks = slices.Delete(walks, best, best+1)
		}
	}
	return hits
}

// start finds the first document; want is how many will be asked for, -1 all.
func (w *walk) start(orders []catalog.Order, from *position, want int) bool {
	n := len(w.part.docs)
	if w.chosen.set != nil {
		count := w.chosen.count
		if count == 0 {
			return false
		}
		steps := n
		if want > 0 {
			steps = min(n, want*(n/count+1))
		}
		// Sorting few places beats walking past many that are not selected.
		if count*8 < steps {
			w.places = make([]uint32, 0, count)
			w.chosen.set.each(func(id uint32) { w.places = append(w.places, w.order.place(id)) })
			if w.order.ids != nil {
				slices.Sort(w.places)
			}
			n = len(w.places)
		}
	}
	switch {
	case from == nil && w.back:
		w.place = n - 1
	case from == nil:
		w.place = 0
	default:
		w.place = w.part.bound(w.order, orders, from, !w.back)
		if w.places != nil {
			w.place, _ = slices.BinarySearch(w.places, uint32(w.place))
		}
		if w.back {
			w.place--
		}
	}
	return w.next()
}

// next moves to the next selected document that is alive.
func (w *walk) next() bool {
	n, step := len(w.part.docs), 1
	if w.places != nil {
		n = len(w.places)
	}
	if w.back {
		step = -1
	}
	for ; w.place >= 0 && w.place < n; w.place += step {
		place := w.place
		if w.places != nil {
			place = int(w.places[place])
		}
		id := w.order.at(place)
		if w.places == nil && w.chosen.set != nil && !w.chosen.set.Has(id) || w.part.gone(id) {
			continue
		}
		w.id = id
		w.place += step
		return true
	}
	return false
}

// compare orders two hits of different parts.
func (l *listing) compare(a, b hit) int {
	for i, o := range l.orders {
		va, hasA := l.sorted[a.at].value(i, a.id)
		vb, hasB := l.sorted[b.at].value(i, b.id)
		if c := compareValues(va, hasA, vb, hasB, o.Desc); c != 0 {
			return c
		}
	}
	da, db := &a.part.docs[a.id], &b.part.docs[b.id]
	c := strings.Compare(da.uid, db.uid)
	if c == 0 {
		c = strings.Compare(da.ref, db.ref)
	}
	return c * direction(l.orders)
}

// position returns where a hit stands.
func (l *listing) position(h hit) *position {
	d := &h.part.docs[h.id]
	p := &position{uid: d.uid, ref: d.ref}
	if n := len(l.orders); n > 0 {
		p.values, p.has = make([]string, n), make([]bool, n)
		for i := range l.orders {
			p.values[i], p.has[i] = l.sorted[h.at].value(i, h.id)
		}
	}
	return p
}
