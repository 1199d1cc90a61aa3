package index

import "math/bits"

// Set is a set of the dense ids of one Part, a bit each. Within a segment ids
// are few and dense, so plain words beat compressed containers in both size
// and speed; a value that few entities have is a list instead (see column).
type Set []uint64

// NewSet returns an empty set for ids below n.
func NewSet(n int) Set { return make(Set, (n+63)/64) }

// Add puts an id into the set.
func (s Set) Add(id uint32) { s[id>>6] |= 1 << (id & 63) }

// Has reports whether the id is in the set.
func (s Set) Has(id uint32) bool { return s[id>>6]&(1<<(id&63)) != 0 }

// Count returns how many ids are in the set.
func (s Set) Count() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

func (s Set) addAll(ids []uint32) {
	for _, id := range ids {
		s[id>>6] |= 1 << (id & 63)
	}
}

func (s Set) or(o Set) {
	for i, w := range o {
		s[i] |= w
	}
}

func (s Set) and(o Set) {
	for i, w := range o {
		s[i] &= w
	}
}

func (s Set) andNot(o Set) {
	for i, w := range o {
		s[i] &^= w
	}
}

// invert complements the set within ids below n.
func (s Set) invert(n int) {
	for i := range s {
		s[i] = ^s[i]
	}
	s.trim(n)
}

// fill makes the set hold every id below n.
func (s Set) fill(n int) {
	for i := range s {
		s[i] = ^uint64(0)
	}
	s.trim(n)
}

func (s Set) trim(n int) {
	if r := n & 63; r != 0 && len(s) > 0 {
		s[len(s)-1] &= 1<<r - 1
	}
}

// countAnd returns how many ids are in both sets.
func (s Set) countAnd(o Set) int {
	n := 0
	for i, w := range s {
		n += bits.OnesCount64(w & o[i])
	}
	return n
}

// countAndNot returns how many ids of s are not in o.
func (s Set) countAndNot(o Set) int {
	n := 0
	for i, w := range s {
		n += bits.OnesCount64(w &^ o[i])
	}
	return n
}

// countIn returns how many of the ids are in the set.
func (s Set) countIn(ids []uint32) int {
	n := 0
	for _, id := range ids {
		n += int(s[id>>6] >> (id & 63) & 1)
	}
	return n
}

// each calls f with every id, ascending.
func (s Set) each(f func(id uint32)) {
	for i, w := range s {
		for w != 0 {
			f(uint32(i<<6 + bits.TrailingZeros64(w)))
			w &= w - 1
		}
	}
}
