package extism

import (
	"encoding/binary"

	"github.com/tetratelabs/wazero/experimental"

	"github.com/callboard/callboard/host/internal/plugin/sandbox"
)

// walls allocate the two memories of an instance, the kernel's and the
// guest's, and bound their sum: a guest allocates in both. What the kernel has
// at its start is not the guest's doing and comes on top.
type walls struct {
	room     uint64 // bytes that both may have
	used     uint64
	memories []*walled // the kernel's, then the guest's
}

// Allocate implements experimental.MemoryAllocator.
func (w *walls) Allocate(capacity, most uint64) experimental.LinearMemory {
	m := &walled{walls: w, linear: &sandbox.Linear{}}
	m.inner = m.linear.Allocate(capacity, most)
	w.memories = append(w.memories, m)
	return m
}

// kernel and guest return the memories; nil before they are made.
func (w *walls) kernel() *walled { return w.at(0) }
func (w *walls) guest() *walled  { return w.at(1) }

func (w *walls) at(n int) *walled {
	if n < len(w.memories) {
		return w.memories[n]
	}
	return nil
}

func (w *walls) free() {
	for _, m := range w.memories {
		m.Free()
		m.view = nil
	}
}

// walled is one memory. It is a sandbox.Memory too, because the SDK shows host
// functions only the kernel's.
type walled struct {
	walls  *walls
	linear *sandbox.Linear
	inner  experimental.LinearMemory
	view   []byte
}

// Reallocate implements experimental.LinearMemory.
func (m *walled) Reallocate(size uint64) []byte {
	w := m.walls
	if len(w.memories) == 1 && m.view == nil {
		w.room += size // the kernel's start
	}
	used := w.used - uint64(len(m.view)) + size
	if used > w.room {
		return nil
	}
	view := m.inner.Reallocate(size)
	if view == nil {
		return nil
	}
	m.view, w.used = view, used
	return view
}

// Free implements experimental.LinearMemory. It is safe to call twice.
func (m *walled) Free() { m.inner.Free() }

// Read implements sandbox.Memory.
func (m *walled) Read(offset, count uint32) ([]byte, bool) {
	if uint64(offset)+uint64(count) > uint64(len(m.view)) {
		return nil, false
	}
	return m.view[offset : uint64(offset)+uint64(count) : uint64(offset)+uint64(count)], true
}

// Write implements sandbox.Memory.
func (m *walled) Write(offset uint32, content []byte) bool {
	if uint64(offset)+uint64(len(content)) > uint64(len(m.view)) {
		return false
	}
	copy(m.view[offset:], content)
	return true
}

// WriteUint32Le implements sandbox.Memory.
func (m *walled) WriteUint32Le(offset, v uint32) bool {
	return m.Write(offset, binary.LittleEndian.AppendUint32(nil, v))
}

// WriteUint64Le implements sandbox.Memory.
func (m *walled) WriteUint64Le(offset uint32, v uint64) bool {
	return m.Write(offset, binary.LittleEndian.AppendUint64(nil, v))
}
