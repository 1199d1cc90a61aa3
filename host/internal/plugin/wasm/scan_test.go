package wasm

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"testing"

	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
	"github.com/callboard/callboard/host/internal/plugin/sandbox"
)

func seeds(tb testing.TB) [][]byte {
	tb.Helper()
	return [][]byte{
		plugintest.Minimal(), plugintest.Trapping(), plugintest.EndlessStart(), plugintest.ExitingStart(), plugintest.Recursing(),
		plugintest.GrowingTable(), plugintest.BrokenNames(), []byte("\x00asm\x01\x00\x00\x00"),
		{},
	}
}

// FuzzScan: no bytes make the scanner panic; what it passes, it passes again
// unchanged; and small modules that it passes do not hurt the runtime either.
func FuzzScan(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	loader, err := New(Config{Random: rand.Reader, Log: slog.New(slog.DiscardHandler), Compiles: 8})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, module []byte) {
		once, err := sandbox.Scan(module, sandbox.DefaultBounds())
		if err != nil {
			return
		}
		again, err := sandbox.Scan(once.Wasm, sandbox.DefaultBounds())
		if err != nil || !bytes.Equal(once.Wasm, again.Wasm) {
			t.Fatalf("scanning twice differs: %v", err)
		}
		if len(module) > 4096 {
			return
		}
		m, err := loader.Load(context.Background(), plugin.Spec{ID: "fuzz", Digest: string(module), Wasm: module})
		if err == nil {
			_ = m.Close(context.Background())
		}
	})
}
