package extism

import (
	"cmp"
	"slices"
)

// maxBlocks bounds how many blocks a guest may hold in one call: the kernel
// looks at each of them in every allocation.
const maxBlocks = 1 << 16

// block is a piece of the kernel's memory that a guest was given.
type block struct{ at, size uint64 }

// blocks are what a guest may touch of the kernel's memory in the current
// call, by address. They never overlap.
type blocks struct {
	list []block
	last int // where the latest search ended: accesses come in runs
}

// reset forgets all of them, as the kernel does between calls.
func (b *blocks) reset() { b.list, b.last = b.list[:0], 0 }

func (b *blocks) search(at uint64) (int, bool) {
	return slices.BinarySearchFunc(b.list, at, func(e block, at uint64) int { return cmp.Compare(e.at, at) })
}

// add notes a block.
func (b *blocks) add(e block) {
	i, _ := b.search(e.at)
	b.list = slices.Insert(b.list, i, e)
}

// remove forgets the block that starts at an address and reports whether there was one.
func (b *blocks) remove(at uint64) bool {
	i, ok := b.search(at)
	if ok {
		b.list = slices.Delete(b.list, i, i+1)
	}
	return ok
}

// size returns the length of the block that starts at an address, else 0.
func (b *blocks) size(at uint64) uint64 {
	if i, ok := b.search(at); ok {
		return b.list[i].size
	}
	return 0
}

// holds reports whether n bytes at an address lie inside of one block.
func (b *blocks) holds(at, n uint64) bool {
	if b.last < len(b.list) && b.list[b.last].holds(at, n) {
		return true
	}
	i, exact := b.search(at)
	if !exact {
		i-- // the block that begins before
	}
	if i < 0 || !b.list[i].holds(at, n) {
		return false
	}
	b.last = i
	return true
}

// holds is written so that no sum can wrap.
func (e block) holds(at, n uint64) bool {
	return at >= e.at && n <= e.size && at-e.at <= e.size-n
}
