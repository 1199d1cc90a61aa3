package index

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"github.com/callboard/callboard/host/internal/catalog"
)

// ordering is a segment's documents in one order. It is built when the order
// is first asked for; pages then start with a binary search.
type ordering struct {
	columns []*column  // one per field; nil = no document has it
	ranks   [][]uint32 // their ranks
	orders  []catalog.Order
	hidden  bool
	ids     []uint32 // in order; nil = id order
	places  []uint32 // the inverse of ids
}

// position is a place in an order, whoever stands there now: the values of the
// fields, then uid and ref.
type position struct {
	values []string
	has    []bool
	uid    string
	ref    string
}

// ordering returns the documents in an order. With hidden rows of incoming
// relations are left out, so that an order tells nothing about what they hide.
func (s *segment) ordering(orders []catalog.Order, hidden bool) *ordering {
	if len(orders) == 0 {
		return &ordering{}
	}
	key := make([]byte, 0, 64)
	for _, o := range orders {
		key = append(append(key, o.Field...), 0, flagByte(o.Desc))
	}
	key = append(key, flagByte(hidden))
	if o, ok := s.orderings.get(key); ok {
		return o
	}
	o := &ordering{orders: slices.Clone(orders), hidden: hidden, ids: make([]uint32, len(s.docs)), places: make([]uint32, len(s.docs))}
	for _, order := range orders {
		c := s.sortColumn(strings.ToLower(order.Field), hidden)
		o.columns = append(o.columns, c)
		if c == nil {
			o.ranks = append(o.ranks, nil)
			continue
		}
		o.ranks = append(o.ranks, c.rank(len(s.docs)))
	}
	if len(orders) == 1 {
		o.sortByOne()
	} else {
		for i := range o.ids {
			o.ids[i] = uint32(i)
		}
		slices.SortFunc(o.ids, o.compare)
	}
	for place, id := range o.ids {
		o.places[id] = uint32(place)
	}
	s.orderings.put(key, o)
	return o
}

// sortByOne fills ids in the order of one field, which is that of its column:
// values ascend in it, and ids within a value.
func (o *ordering) sortByOne() {
	ids, desc := o.ids[:0], o.orders[0].Desc
	add := func(id uint32) { ids = append(ids, id) }
	if c, ranks := o.columns[0], o.ranks[0]; c != nil {
		for i := range uint32(c.values()) {
			v := i
			if desc {
				v = uint32(c.values()) - 1 - i
			}
			postings := c.postings(v)
			for j := range postings {
				id := postings[j]
				if desc {
					id = postings[len(postings)-1-j]
				}
				if ranks[id] == v { // a smaller value of the same document counts
					add(id)
				}
			}
		}
	}
	for i := range uint32(len(o.ids)) {
		id := i
		if desc {
			id = uint32(len(o.ids)) - 1 - i
		}
		if o.ranks[0] == nil || o.ranks[0][id] == missing {
			add(id)
		}
	}
}

func flagByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// sortColumn returns the column to sort by, nil if nothing has the key.
func (s *segment) sortColumn(key string, hidden bool) *column {
	c, in := s.columns[key], s.incoming[key]
	if hidden {
		in = nil
	}
	if c == nil {
		if v, ok := s.flags.find(key); ok {
			k := keyRows{key: key}
			for _, id := range s.flags.postings(v) {
				k.rows = append(k.rows, row{folded: "true", id: id})
			}
			c = newColumn(&k, len(s.docs))
		}
	}
	switch {
	case in == nil:
		return c
	case c == nil:
		return in
	}
	k := keyRows{key: key}
	for _, from := range []*column{c, in} {
		for v := range uint32(from.values()) {
			for _, id := range from.postings(v) {
				k.rows = append(k.rows, row{folded: from.value(v), id: id})
			}
		}
	}
	return newColumn(&k, len(s.docs))
}

// compare orders two ids of the segment.
func (o *ordering) compare(a, b uint32) int {
	for i, ranks := range o.ranks {
		if ranks == nil || ranks[a] == ranks[b] {
			continue
		}
		ra, rb := ranks[a], ranks[b]
		if ra == missing || rb == missing || !o.orders[i].Desc {
			return cmp.Compare(ra, rb) // missing is the largest rank: last either way
		}
		return cmp.Compare(rb, ra)
	}
	return cmp.Compare(a, b) * direction(o.orders)
}

// direction is the direction of uid, which breaks ties: that of the first field.
func direction(orders []catalog.Order) int {
	if len(orders) > 0 && orders[0].Desc {
		return -1
	}
	return 1
}

// value returns the value by which field i sorts id.
func (o *ordering) value(i int, id uint32) (string, bool) {
	if o.ranks[i] == nil || o.ranks[i][id] == missing {
		return "", false
	}
	return o.columns[i].value(o.ranks[i][id]), true
}

// at returns the id at a place.
func (o *ordering) at(place int) uint32 {
	if o.ids == nil {
		return uint32(place)
	}
	return o.ids[place]
}

func (o *ordering) place(id uint32) uint32 {
	if o.places == nil {
		return id
	}
	return o.places[id]
}

// bound returns the first place that is not before pos, or with after the
// first that is behind it.
func (s *segment) bound(o *ordering, orders []catalog.Order, pos *position, after bool) int {
	return sort.Search(len(s.docs), func(place int) bool {
		id := o.at(place)
		c := 0
		for i := range orders {
			v, has := o.value(i, id)
			if c = compareValues(v, has, pos.values[i], pos.has[i], orders[i].Desc); c != 0 {
				break
			}
		}
		if c == 0 {
			c = cmp.Or(strings.Compare(s.docs[id].uid, pos.uid), strings.Compare(s.docs[id].ref, pos.ref)) * direction(orders)
		}
		return c > 0 || c == 0 && !after
	})
}

// compareValues orders two values of a field; a missing one comes last either way.
func compareValues(a string, hasA bool, b string, hasB, desc bool) int {
	switch {
	case !hasA && !hasB:
		return 0
	case !hasA:
		return 1
	case !hasB:
		return -1
	case desc:
		return strings.Compare(b, a)
	default:
		return strings.Compare(a, b)
	}
}
