package sandbox

import (
	"testing"

	"github.com/tetratelabs/wazero/experimental"
)

// Both homes of an instance's memory keep what was written while they grow,
// start as zeros, and refuse to grow over the maximum.
func TestMemoryGrows(t *testing.T) {
	for name, memory := range map[string]experimental.LinearMemory{
		"reserved": (&Linear{}).Allocate(0, 1<<20),
		"on heap":  &onHeap{most: 1 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			b := memory.Reallocate(1 << 16)
			if len(b) != 1<<16 {
				t.Fatalf("got %d bytes", len(b))
			}
			b[100] = 7
			b = memory.Reallocate(1 << 20)
			if len(b) != 1<<20 || b[100] != 7 || b[1<<20-1] != 0 {
				t.Errorf("after growing: %d bytes, %d, %d", len(b), b[100], b[1<<20-1])
			}
			if over := memory.Reallocate(1<<20 + 1); over != nil {
				t.Errorf("grew over its maximum to %d bytes", len(over))
			}
			memory.Free()
			memory.Free()
		})
	}
}
