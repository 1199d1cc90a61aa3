package wasm_test

import (
	"crypto/rand"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
	"github.com/callboard/callboard/host/internal/plugin/wasm"
)

var cacheDir string // shared by all tests

func TestMain(m *testing.M) {
	// In the user's cache, so that compiling is paid for once a machine.
	home, err := os.UserCacheDir()
	if err != nil {
		home = os.TempDir()
	}
	cacheDir = filepath.Join(home, "callboard-plugintest", "code")
	os.Exit(m.Run())
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
