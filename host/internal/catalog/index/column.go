package index

import (
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
)

// column holds the rows of one key: its distinct values in byte order, and for
// each value the ids that have it. Values lie one after another in one text, so
// that a hundred thousand of them are two allocations and substring search is a
// scan. A column is immutable; what is derived from it is built when first asked for.
type column struct {
	key     string
	text    []byte   // folded values, each ended by a zero byte
	offsets []uint32 // where each value starts; one more than values
	starts  []uint32 // where each value's ids start; one more than values
	ids     []uint32
	nulls   []uint32 // ids with a row that has no value

	origins       []byte   // values as written, where any differs from its folded form
	originOffsets []uint32 // nil: all are written as they fold
	variants      map[uint32][]variant
	dense         map[uint32]Set // values that many ids have

	ranksOnce sync.Once
	ranks     []uint32
	grams     atomic.Pointer[grams]
	gramsMu   sync.Mutex
}

// variant is one of several ways in which a value is written.
type variant struct {
	origin string
	ids    []uint32
}

// missing is the rank of an id without a value.
const missing = ^uint32(0)

// newColumn indexes the rows of a key over n ids.
func newColumn(key string, n int, rows []row, nulls []uint32) *column {
	order := dropRepeats(rows, sortRows(rows))
	c := &column{key: key, nulls: slices.Clone(slices.Compact(nulls))}
	values, size, originSize, differs := 0, 0, 0, false
	for i, at := range order {
		r := &rows[at]
		if i == 0 || r.folded != rows[order[i-1]].folded {
			values++
			size += len(r.folded) + 1
			originSize += len(r.origin)
		}
		differs = differs || r.origin != r.folded
	}
	c.text = make([]byte, 0, size)
	c.offsets = make([]uint32, 0, values+1)
	c.starts = make([]uint32, 0, values+1)
	c.ids = make([]uint32, len(order))
	if differs {
		c.origins = make([]byte, 0, originSize)
		c.originOffsets = make([]uint32, 0, values+1)
	}
	for i := 0; i < len(order); {
		first, end, mixed := &rows[order[i]], i, false
		for ; end < len(order) && rows[order[end]].folded == first.folded; end++ {
			c.ids[end] = rows[order[end]].id
			mixed = mixed || rows[order[end]].origin != first.origin
		}
		c.addValue(first, uint32(i), c.ids[i:end], n)
		if mixed {
			c.addVariants(rows, order[i:end])
		}
		i = end
	}
	c.offsets = append(c.offsets, uint32(len(c.text)))
	c.starts = append(c.starts, uint32(len(order)))
	if differs {
		c.originOffsets = append(c.originOffsets, uint32(len(c.origins)))
	}
	return c
}

// addValue appends the value of a row, which all ids have.
func (c *column) addValue(r *row, start uint32, ids []uint32, n int) {
	v := uint32(len(c.offsets))
	c.offsets = append(c.offsets, uint32(len(c.text)))
	c.starts = append(c.starts, start)
	c.text = append(append(c.text, r.folded...), 0)
	if c.originOffsets != nil {
		c.originOffsets = append(c.originOffsets, uint32(len(c.origins)))
		c.origins = append(c.origins, r.origin...)
	}
	// Above one id in thirty-two a set is no larger than the list.
	if len(ids) >= 64 && len(ids) >= n/32 {
		set := NewSet(n)
		set.addAll(ids)
		if c.dense == nil {
			c.dense = make(map[uint32]Set)
		}
		c.dense[v] = set
	}
}

// addVariants keeps the ways in which the rows write the last value.
func (c *column) addVariants(rows []row, order []uint32) {
	at := make(map[string]int)
	var all []variant
	for _, o := range order {
		r := &rows[o]
		i, ok := at[r.origin]
		if !ok {
			i = len(all)
			all = append(all, variant{origin: strings.Clone(r.origin)})
			at[all[i].origin] = i
		}
		all[i].ids = append(all[i].ids, r.id)
	}
	if c.variants == nil {
		c.variants = make(map[uint32][]variant)
	}
	c.variants[uint32(len(c.offsets)-1)] = all
}

// values returns how many distinct values there are.
func (c *column) values() int { return len(c.offsets) - 1 }

// value returns the folded value v.
func (c *column) value(v uint32) string {
	return text(c.text[c.offsets[v] : c.offsets[v+1]-1])
}

// origin returns value v as its first row wrote it.
func (c *column) origin(v uint32) string {
	if c.originOffsets == nil {
		return c.value(v)
	}
	return text(c.origins[c.originOffsets[v]:c.originOffsets[v+1]])
}

// postings returns the ids that have value v, ascending.
func (c *column) postings(v uint32) []uint32 { return c.ids[c.starts[v]:c.starts[v+1]] }

// search returns the first value that is not less than s.
func (c *column) search(s string) uint32 {
	return uint32(sort.Search(c.values(), func(v int) bool { return c.value(uint32(v)) >= s }))
}

// find returns the value that equals s.
func (c *column) find(s string) (uint32, bool) {
	v := c.search(s)
	return v, int(v) < c.values() && c.value(v) == s
}

// put adds to out the ids that have value v, unless keep refuses the value.
func (c *column) put(out Set, v uint32, keep func(value string) bool) {
	if keep != nil && !keep(c.value(v)) {
		return
	}
	if set, ok := c.dense[v]; ok {
		out.or(set)
		return
	}
	out.addAll(c.postings(v))
}

func (c *column) putExisting(out Set, keep func(string) bool) {
	if keep == nil {
		out.addAll(c.ids)
		out.addAll(c.nulls)
		return
	}
	for v := range uint32(c.values()) {
		c.put(out, v, keep)
	}
}

func (c *column) putPrefixed(out Set, prefix string, keep func(string) bool) {
	for v := c.search(prefix); int(v) < c.values() && strings.HasPrefix(c.value(v), prefix); v++ {
		c.put(out, v, keep)
	}
}

func (c *column) putContaining(out Set, term string, keep func(string) bool) {
	c.containing(term, func(v uint32) { c.put(out, v, keep) })
}

// rank returns for each of n ids the smallest value it has, or missing.
func (c *column) rank(n int) []uint32 {
	c.ranksOnce.Do(func() {
		ranks := make([]uint32, n)
		for i := range ranks {
			ranks[i] = missing
		}
		for v := c.values() - 1; v >= 0; v-- {
			for _, id := range c.postings(uint32(v)) {
				ranks[id] = uint32(v)
			}
		}
		c.ranks = ranks
	})
	return c.ranks
}
