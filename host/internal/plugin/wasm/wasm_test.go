package wasm_test

import (
	"crypto/rand"
	"log/slog"
	"os"
	"testing"

	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
	"github.com/callboard/callboard/host/internal/plugin/wasm"
)

var cacheDir string // shared by all tests, so that each module is compiled once

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "callboard-wasm-")
	if err != nil {
		panic(err)
	}
	cacheDir = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

func newLoader(tb testing.TB) plugin.Loader {
	tb.Helper()
	l, err := wasm.New(wasm.Config{CacheDir: cacheDir, Random: rand.Reader, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

func TestSuite(t *testing.T) { plugintest.Run(t, newLoader) }
