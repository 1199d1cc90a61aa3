package sandbox

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/callboard/callboard/host/internal/plugin/meter"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
)

// A module is validated and rewritten once. What is kept lies where only the
// host may write, and is not used when it is damaged.
func TestRewrittenModulesAreKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	if err := OpenCache(dir); err != nil {
		t.Fatal(err)
	}
	passes := 0
	metering := Metering{Dir: dir, Log: slog.New(slog.DiscardHandler), Rewrite: func(module []byte) (meter.Metered, error) {
		passes++
		return meter.Rewrite(module)
	}}
	prepare := func(module []byte, want int) Code {
		t.Helper()
		code, err := metering.Prepare(module)
		if err != nil || !code.Metered || code.Warning != "" {
			t.Fatalf("prepared %+v, %v", code, err)
		}
		if passes != want {
			t.Errorf("the pass ran %d times, want %d", passes, want)
		}
		return code
	}
	first := prepare(plugintest.Minimal(), 1)
	if again := prepare(plugintest.Minimal(), 1); string(again.Wasm) != string(first.Wasm) || again.Imports != first.Imports {
		t.Error("what was kept is something else")
	}
	prepare(plugintest.Trapping(), 2)
	folder := filepath.Join(dir, meteredFolder())
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder is %v, %v", info.Mode(), err)
	}
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(files) != 2 {
		t.Fatalf("the folder has %v, %v", files, err)
	}
	whole, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for n, damage := range []string{"", "x", string(whole[:len(whole)-1]), string(whole) + "x"} {
		for _, f := range files {
			if err := os.WriteFile(f, []byte(damage), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		prepare(plugintest.Minimal(), 3+2*n)
		prepare(plugintest.Trapping(), 4+2*n)
	}
}

func TestRewrittenModulesOfAnotherPassAreRemoved(t *testing.T) {
	dir := t.TempDir()
	old, current := filepath.Join(dir, "metered-v0"), filepath.Join(dir, meteredFolder())
	for _, folder := range []string{old, current} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := OpenCache(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Errorf("the old folder is still there: %v", err)
	}
	if _, err := os.Stat(current); err != nil {
		t.Errorf("the current folder was removed: %v", err)
	}
	if err := os.Chmod(current, 0o770); err != nil { //nolint:gosec // to see it refused
		t.Fatal(err)
	}
	if err := OpenCache(dir); err == nil {
		t.Error("a folder that others may write was accepted")
	}
}

func TestWhatTheModuleIsToBlameForIsNoWarning(t *testing.T) {
	metering := Metering{Log: slog.New(slog.DiscardHandler)}
	for name, module := range plugintest.Forgeries() {
		if code, err := metering.Prepare(module); err == nil {
			t.Errorf("%s: prepared as %+v", name, code.Warning)
		}
	}
}
