package wasm_test

import (
	"crypto/rand"
	"log/slog"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/meter"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
	"github.com/callboard/callboard/host/internal/plugin/wasm"
)

// cacheDir is shared by all tests, so that each module is compiled once.
var cacheDir = plugintest.CacheDir("wasm")

func newLoader(tb testing.TB) plugin.Loader {
	tb.Helper()
	l, err := wasm.New(wasm.Config{CacheDir: cacheDir, Random: rand.Reader, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

func TestSuite(t *testing.T) { plugintest.Run(t, newLoader) }

func TestMetered(t *testing.T) { plugintest.RunMetered(t, newLoader) }

// What the metering pass cannot read keeps the promises of every plugin, and
// its status says why it is slow.
func TestSuiteWithoutMetering(t *testing.T) {
	dir := t.TempDir()
	newLoader := func(tb testing.TB) plugin.Loader {
		tb.Helper()
		l, err := wasm.New(wasm.Config{
			CacheDir: dir, Random: rand.Reader, Log: slog.New(slog.DiscardHandler),
			Rewrite: func([]byte) (meter.Metered, error) {
				return meter.Metered{}, &meter.Unsupported{What: "opcode 0x12 in function 7"}
			},
		})
		if err != nil {
			tb.Fatal(err)
		}
		return l
	}
	plugintest.Run(t, newLoader)
	s := plugintest.NewStage(t, newLoader(t))
	s.Install(t, "minimal", plugintest.Minimal(), plugin.Limits{})
	s.Warm(t, "minimal", "")
	status, err := s.Get("minimal")
	if err != nil || !strings.Contains(status.Warning, "not metered: it uses opcode 0x12 in function 7") || status.Fuel != 0 {
		t.Errorf("its status is %+v, %v", status, err)
	}
}
