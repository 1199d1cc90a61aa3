package sandbox

import (
	"github.com/tetratelabs/wazero/experimental"
)

// Linear is the memory of one instance. It lies outside of Go's heap, so that
// it grows in place (the runtime's own way copies all of it), costs the
// collector nothing, and goes back to the system at once. The price: a slice
// of it must not be kept beyond the call that it was given for.
type Linear struct {
	reserved []byte // address space up to the maximum; pages cost when touched
}

// Allocate implements experimental.MemoryAllocator; an instance has one memory.
func (l *Linear) Allocate(_, most uint64) experimental.LinearMemory {
	reserved, err := reserve(most)
	if err != nil {
		return &onHeap{most: most}
	}
	l.reserved = reserved
	return l
}

// Reallocate implements experimental.LinearMemory.
func (l *Linear) Reallocate(size uint64) []byte {
	if size > uint64(len(l.reserved)) {
		return nil
	}
	return l.reserved[:size:size]
}

// Free implements experimental.LinearMemory. It is safe to call twice.
func (l *Linear) Free() {
	if l.reserved != nil {
		release(l.reserved)
		l.reserved = nil
	}
}

// onHeap is the memory where address space cannot be reserved.
type onHeap struct {
	most uint64
	buf  []byte
}

// Reallocate implements experimental.LinearMemory.
func (h *onHeap) Reallocate(size uint64) []byte {
	if size > h.most {
		return nil
	}
	h.buf = append(h.buf, make([]byte, size-uint64(len(h.buf)))...)
	return h.buf
}

// Free implements experimental.LinearMemory.
func (h *onHeap) Free() { h.buf = nil }
