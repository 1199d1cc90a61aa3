package sandbox

import (
	"bytes"
	"testing"

	"github.com/callboard/callboard/host/internal/plugin/plugintest"
)

func seeds(tb testing.TB) [][]byte {
	tb.Helper()
	return [][]byte{
		plugintest.Minimal(), plugintest.Trapping(), plugintest.EndlessStart(), plugintest.ExitingStart(), plugintest.Recursing(),
		plugintest.GrowingTable(), plugintest.BrokenNames(), []byte("\x00asm\x01\x00\x00\x00"),
		{},
	}
}

// What is written by the scanner reads the same again: sections are whole,
// tables bounded, and nothing is left to change.
func TestScanIsIdempotent(t *testing.T) {
	for _, module := range append(seeds(t), plugintest.Hostile(t)) {
		once, err := Scan(module, DefaultBounds())
		if err != nil {
			continue
		}
		again, err := Scan(once.Wasm, DefaultBounds())
		if err != nil || !bytes.Equal(once.Wasm, again.Wasm) {
			t.Errorf("scanning twice differs: %v", err)
		}
	}
}

func TestTranscript(t *testing.T) {
	for _, tc := range []struct {
		name        string
		writes      []int // lengths
		wantDropped int64
	}{
		{"nothing", nil, 0},
		{"a little", []int{10, 20}, 0},
		{"exactly all", []int{keepHead + keepTail}, 0},
		{"one more", []int{keepHead + keepTail, 1}, 1},
		{"by small pieces", repeat(100, 1000), 100*1000 - keepHead - keepTail},
		{"one huge", []int{1 << 20}, 1<<20 - keepHead - keepTail},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var tr transcript
			var all []byte
			for _, n := range tc.writes {
				piece := make([]byte, n)
				for i := range piece {
					piece[i] = 'a' + byte((len(all)+i)%26)
				}
				all = append(all, piece...)
				tr.write(piece)
			}
			if tr.dropped != tc.wantDropped {
				t.Errorf("%d bytes dropped, want %d", tr.dropped, tc.wantDropped)
			}
			got := []byte(tr.String())
			if !bytes.HasPrefix(got, all[:min(len(all), keepHead)]) || !bytes.HasSuffix(got, all[max(0, len(all)-keepTail):]) {
				t.Error("the start or the end is lost")
			}
			tr.reset()
			if tr.String() != "" {
				t.Error("something is left after a reset")
			}
		})
	}
}

func repeat(n, length int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = length
	}
	return out
}
