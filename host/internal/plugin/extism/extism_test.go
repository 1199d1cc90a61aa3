package extism_test

import (
	"crypto/rand"
	"log/slog"
	"os"
	"testing"

	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/extism"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
)

var cacheDir string // shared by all tests, so that each module is compiled once

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "callboard-extism-")
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
	l, err := extism.New(extism.Config{CacheDir: cacheDir, Random: rand.Reader, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

func TestSuiteGo(t *testing.T) { plugintest.RunKit(t, newLoader, plugintest.ExtismGo()) }
