package index

import (
	"bytes"
	"slices"
	"sort"
)

// grams narrows a substring search: for every three bytes (hashed to sixteen
// bits) it lists the blocks of a column's text in which they begin. It is
// built for a column when somebody first searches in it.
type grams struct {
	starts []uint32 // one more than buckets
	blocks []uint32
}

const (
	gramBlock   = 256     // bytes of text to a block
	gramBuckets = 1 << 14 // hash buckets
	gramMinimum = 4 << 10 // shorter texts are scanned: that is as fast
)

func gram(b []byte) uint32 {
	h := uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
	return h * 2654435761 >> (32 - 14)
}

func newGrams(text []byte) *grams {
	g := &grams{starts: make([]uint32, gramBuckets+1)}
	last := make([]uint32, gramBuckets) // block + 1 that last counted the bucket
	for i := 0; i+3 <= len(text); i++ {
		h, block := gram(text[i:]), uint32(i/gramBlock)
		if last[h] != block+1 {
			last[h] = block + 1
			g.starts[h+1]++
		}
	}
	for h := range gramBuckets {
		g.starts[h+1] += g.starts[h]
	}
	g.blocks = make([]uint32, g.starts[gramBuckets])
	next := slices.Clone(g.starts[:gramBuckets])
	clear(last)
	for i := 0; i+3 <= len(text); i++ {
		h, block := gram(text[i:]), uint32(i/gramBlock)
		if last[h] != block+1 {
			last[h] = block + 1
			g.blocks[next[h]] = block
			next[h]++
		}
	}
	return g
}

// candidates returns the blocks in which term may begin, ascending. A gram of
// the term may also lie in the block after the one where the term begins.
func (g *grams) candidates(term []byte) []uint32 {
	var lists [][]uint32
	for i := 0; i+3 <= len(term); i++ {
		h := gram(term[i:])
		lists = append(lists, g.blocks[g.starts[h]:g.starts[h+1]])
	}
	reach := uint32(len(term)/gramBlock + 1)
	// The first gram begins where the term begins; the others only prune.
	found := lists[0]
	rest := lists[1:]
	slices.SortFunc(rest, func(a, b []uint32) int { return len(a) - len(b) })
	for _, list := range rest[:min(len(rest), 3)] {
		if len(list) > 8*len(found) {
			break
		}
		kept := make([]uint32, 0, min(len(found), len(list)))
		j := 0
		for _, block := range found {
			for j < len(list) && list[j] < block {
				j++
			}
			if j < len(list) && list[j] <= block+reach {
				kept = append(kept, block)
			}
		}
		found = kept
	}
	return found
}

// containing calls f with each value that contains term, ascending.
func (c *column) containing(term string, f func(v uint32)) {
	needle := bytesOf(term)
	if len(needle) < 3 || len(c.text) < gramMinimum {
		c.scan(needle, 0, len(c.text), f)
		return
	}
	g := c.ensureGrams()
	next := 0 // a value that began in one block is not reported from the next
	for _, block := range g.candidates(needle) {
		from := max(int(block)*gramBlock, next)
		next = max(next, c.scan(needle, from, int(block+1)*gramBlock, f))
	}
}

func (c *column) ensureGrams() *grams {
	if g := c.grams.Load(); g != nil {
		return g
	}
	c.gramsMu.Lock()
	defer c.gramsMu.Unlock()
	if g := c.grams.Load(); g != nil {
		return g
	}
	g := newGrams(c.text)
	c.grams.Store(g)
	return g
}

// scan reports the values that contain needle from a place in from..to on, and
// returns the end of the last one reported.
func (c *column) scan(needle []byte, from, to int, f func(v uint32)) (end int) {
	to = min(to, len(c.text))
	limit := min(to+len(needle)-1, len(c.text))
	for from < to {
		at := bytes.Index(c.text[from:limit], needle)
		if at < 0 {
			return end
		}
		at += from
		v := sort.Search(c.values(), func(v int) bool { return c.offsets[v+1] > uint32(at) })
		stop := int(c.offsets[v+1])
		if at+len(needle) < stop { // not across the zero byte that ends the value
			f(uint32(v))
			from, end = stop, stop
			continue
		}
		from = at + 1 // only a term with a zero byte in it comes here
	}
	return end
}
