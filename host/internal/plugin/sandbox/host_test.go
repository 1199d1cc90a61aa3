package sandbox

import (
	"context"
	"testing"
	"time"
)

// looks notes with what time of the guest a pacer was asked.
type looks struct{ inside []time.Duration }

func (l *looks) Pace(_ context.Context, inside time.Duration) time.Duration {
	l.inside = append(l.inside, inside)
	return 0
}

// A guest that lets the host copy for it all the time has few steps and uses a
// processor all the same: copying is its own time, and it steps back for others
// as one that computes does. What it waits for is not.
func TestCopyingIsTheGuestsOwnTime(t *testing.T) {
	pacer := &looks{}
	g := &Guest{Pacer: pacer}
	g.Fuel.Begin(t.Context(), 1<<20)
	for range 8 {
		g.Copy(t.Context(), func() int { return 1 << 40 }) // bytes for a quarter of an hour
	}
	if g.Away != 0 {
		t.Errorf("%s of copying were not the guest's", g.Away)
	}
	if len(pacer.inside) != 8 || pacer.inside[7] < pacer.inside[0] {
		t.Errorf("the pacer was asked at %v", pacer.inside)
	}
	g.Copy(t.Context(), func() int {
		for began := time.Now(); time.Since(began) == 0; {
		}
		return 0
	})
	if g.Away == 0 {
		t.Error("waiting for no bytes was the guest's")
	}
	if len(pacer.inside) != 8 {
		t.Error("a few bytes asked the pacer")
	}
}

// Randomness is not free either.
func TestMuchRandomnessRests(t *testing.T) {
	pacer := &looks{}
	g := &Guest{Pacer: pacer, Memory: heap(make([]byte, 4*maxTransfer)), Around: System(time.Now, zeros{})}
	g.Fuel.Begin(t.Context(), 1<<20)
	stack := []uint64{0, 4 * maxTransfer}
	wasiRandom(t.Context(), g, stack)
	if stack[0] != 0 || len(pacer.inside) != 4 {
		t.Errorf("answered %d, the pacer was asked %d times", stack[0], len(pacer.inside))
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// heap is a guest's memory.
type heap []byte

func (h heap) Read(offset, count uint32) ([]byte, bool) { return h[offset : offset+count], true }
func (h heap) Write(uint32, []byte) bool                { return false }
func (h heap) WriteUint32Le(uint32, uint32) bool        { return false }
func (h heap) WriteUint64Le(uint32, uint64) bool        { return false }
