package storetest

import (
	"bytes"
	"sync"
	"testing"

	"github.com/callboard/callboard/host/internal/store"
)

func keyCases() []testCase {
	return []testCase{
		{"the first key of a name stays", func(t *testing.T, s store.Store, _ *Clock) {
			first := must[[]byte](t)(s.HostKey(t.Context(), "cursors", []byte{0, 1, 255}))
			again := must[[]byte](t)(s.HostKey(t.Context(), "cursors", []byte("another")))
			other := must[[]byte](t)(s.HostKey(t.Context(), "images", []byte("another")))
			if !bytes.Equal(first, []byte{0, 1, 255}) || !bytes.Equal(again, first) || string(other) != "another" {
				t.Errorf("keys are %q, %q and %q", first, again, other)
			}
		}},
		{"replicas that start together agree on a key", func(t *testing.T, s store.Store, _ *Clock) {
			keys := make([][]byte, 8)
			var wg sync.WaitGroup
			for i := range keys {
				wg.Go(func() {
					var err error
					if keys[i], err = s.HostKey(t.Context(), "cursors", []byte{byte(i + 1)}); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			for _, k := range keys {
				if len(k) != 1 || !bytes.Equal(k, keys[0]) {
					t.Fatalf("keys are %v", keys)
				}
			}
		}},
	}
}
