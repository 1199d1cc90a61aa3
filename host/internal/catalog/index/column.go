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
func newColumn(k *keyRows, n int) *column {
	order, ends := sortRows(k.rows)
	c := &column{
		key:     k.key,
		nulls:   slices.Clone(slices.Compact(k.nulls)),
		offsets: make([]uint32, 0, len(ends)+1),
		starts:  make([]uint32, 0, len(ends)+1),
		ids:     make([]uint32, 0, len(order)),
	}
	size, originSize, start := 0, 0, uint32(0)
	for _, end := range ends {
		first := &k.rows[order[start]]
		size += len(first.folded) + 1
		originSize += len(k.origin(first))
		start = end
	}
	c.text = make([]byte, 0, size)
	if len(k.origins) > 0 {
		c.origins = make([]byte, 0, originSize)
		c.originOffsets = make([]uint32, 0, len(ends)+1)
	}
	start = 0
	for _, end := range ends {
		c.addValue(k, order[start:end], n)
		start = end
	}
	c.offsets = append(c.offsets, uint32(len(c.text)))
	c.starts = append(c.starts, uint32(len(c.ids)))
	if c.originOffsets != nil {
		c.originOffsets = append(c.originOffsets, uint32(len(c.origins)))
	}
	return c
}

// addValue appends the one value that the rows at these places have. Of an id
// that has it twice the first row counts.
func (c *column) addValue(k *keyRows, places []uint32, n int) {
	first := &k.rows[places[0]]
	start := len(c.ids)
	c.offsets = append(c.offsets, uint32(len(c.text)))
	c.starts = append(c.starts, uint32(start))
	c.text = append(append(c.text, first.folded...), 0)
	mixed := false
	kept := places[:0]
	for _, at := range places {
		r := &k.rows[at]
		if len(c.ids) > start && c.ids[len(c.ids)-1] == r.id {
			continue
		}
		c.ids = append(c.ids, r.id)
		kept = append(kept, at)
		mixed = mixed || c.originOffsets != nil && k.origin(r) != k.origin(first)
	}
	if c.originOffsets != nil {
		c.originOffsets = append(c.originOffsets, uint32(len(c.origins)))
		c.origins = append(c.origins, k.origin(first)...)
	}
	if mixed {
		c.addVariants(k, kept)
	}
	// Above one id in thirty-two a set is no larger than the list.
	if ids := c.ids[start:]; len(ids) >= 64 && len(ids) >= n/32 {
		set := NewSet(n)
		set.addAll(ids)
		if c.dense == nil {
			c.dense = make(map[uint32]Set)
		}
		c.dense[uint32(len(c.offsets)-1)] = set
	}
}

// addVariants keeps the ways in which the rows write the last value.
func (c *column) addVariants(k *keyRows, places []uint32) {
	at := make(map[string]int)
	var all []variant
	for _, place := range places {
		r := &k.rows[place]
		i, ok := at[k.origin(r)]
		if !ok {
			i = len(all)
			all = append(all, variant{origin: strings.Clone(k.origin(r))})
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
