package wasm

import (
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
)

func testLoader(t *testing.T, dir string, compiles int) *Loader {
	t.Helper()
	l, err := New(Config{CacheDir: dir, Compiles: compiles, Random: rand.Reader, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestUnsafeCacheFoldersAreRefused(t *testing.T) {
	for _, tc := range []struct {
		name string
		make func(t *testing.T, dir string)
		word string
	}{
		{"group may write", func(t *testing.T, dir string) { t.Helper(); mkdir(t, dir, 0o770) }, "0770"},
		{"world may write", func(t *testing.T, dir string) { t.Helper(); mkdir(t, dir, 0o707) }, "0707"},
		{"a link", func(t *testing.T, dir string) {
			t.Helper()
			target := filepath.Join(t.TempDir(), "target")
			mkdir(t, target, 0o700)
			if err := os.Symlink(target, dir); err != nil {
				t.Fatal(err)
			}
		}, "symbolic link"},
		{"a file", func(t *testing.T, dir string) {
			t.Helper()
			if err := os.WriteFile(dir, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "not a folder"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "cache")
			tc.make(t, dir)
			_, err := New(Config{CacheDir: dir, Random: rand.Reader, Log: slog.New(slog.DiscardHandler)})
			if err == nil || !strings.Contains(err.Error(), tc.word) {
				t.Errorf("the error is %v, want one about %q", err, tc.word)
			}
		})
	}
}

func mkdir(t *testing.T, dir string, mode os.FileMode) {
	t.Helper()
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, mode); err != nil { // past the umask
		t.Fatal(err)
	}
}

func TestCacheIsMadePrunedUsedAndMended(t *testing.T) {
	ctx := context.Background()
	dir := filepath.Join(t.TempDir(), "new", "cache")
	load := func() {
		t.Helper()
		m, err := testLoader(t, dir, 1).Load(ctx, plugin.Spec{ID: "xx", Digest: "d", Wasm: plugintest.Minimal()})
		if err != nil {
			t.Fatal(err)
		}
		i, err := m.New(ctx)
		if err != nil {
			t.Fatal(err)
		}
		_ = i.Close(ctx)
		if err := m.Close(ctx); err != nil {
			t.Error(err)
		}
	}
	load()
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("the folder is %v, %v", info.Mode(), err)
	}
	old := filepath.Join(dir, "wazero-v0.0.1-amd64-linux")
	mkdir(t, old, 0o700)
	kept := filepath.Join(dir, "somebody else's")
	mkdir(t, kept, 0o700)
	load()
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Errorf("code of another version is still there: %v", err)
	}
	if _, err := os.Stat(kept); err != nil {
		t.Errorf("what is not ours was removed: %v", err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "wazero-*", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("nothing was cached: %v", err)
	}
	for _, damage := range []string{"", "garbage", "WAZEVO and then something else entirely"} {
		for _, f := range files {
			if err := os.WriteFile(f, []byte(damage), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		load()
	}
}

// An abandoned compile keeps its slot and its digest until it ends.
func TestAbandonedCompilesAreBounded(t *testing.T) {
	ctx := context.Background()
	l := testLoader(t, "", 1)
	slow := plugin.Spec{ID: "slow", Digest: "slow", Wasm: plugintest.SlowCompile(), Limits: plugin.Limits{CompileTimeout: 10 * time.Millisecond}}
	_, err := l.Load(ctx, slow)
	if !fault.Is(err, fault.Timeout) || !strings.Contains(err.Error(), "abandoned") {
		t.Fatalf("loading: %v, want it to be abandoned", err)
	}
	_, err = l.Load(ctx, slow)
	if !fault.Is(err, fault.Timeout) || !strings.Contains(err.Error(), "slot") {
		t.Errorf("the same again: %v, want it to wait in vain", err)
	}
	quick := plugin.Spec{ID: "quick", Digest: "quick", Wasm: plugintest.Minimal(), Limits: slow.Limits}
	_, err = l.Load(ctx, quick)
	if !fault.Is(err, fault.Timeout) || !strings.Contains(err.Error(), "slot") {
		t.Errorf("another: %v, want it to wait in vain", err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := l.Load(cancelled, quick); !fault.Is(err, fault.Unavailable) {
		t.Errorf("cancelled: %v, want unavailable", err)
	}
	quick.Limits.CompileTimeout = time.Minute
	m, err := l.Load(ctx, quick) // waits until the abandoned one has ended
	if err != nil {
		t.Fatalf("when the abandoned compile has ended: %v", err)
	}
	_ = m.Close(ctx)
}

// Code is not freed while a call runs in it.
func TestCloseWaitsForCalls(t *testing.T) {
	ctx := context.Background()
	m, err := testLoader(t, "", 1).Load(ctx, plugin.Spec{ID: "xx", Digest: "d", Wasm: plugintest.EndlessStart()})
	if err != nil {
		t.Fatal(err)
	}
	starting, stop := context.WithCancel(ctx)
	started := make(chan error)
	go func() {
		_, err := m.New(starting)
		started <- err
	}()
	c, ok := m.(*compiled)
	if !ok {
		t.Fatalf("the module is a %T", m)
	}
	for inside := 0; inside == 0; {
		inside = c.tenants.Inside()
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if err := m.Close(gone); err == nil {
		t.Error("closed while an instance was starting")
	}
	if _, err := m.New(ctx); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a new instance of a closing module: %v", err)
	}
	stop()
	if err := <-started; !fault.Is(err, fault.Unavailable) {
		t.Errorf("the cancelled start: %v", err)
	}
	if err := m.Close(ctx); err != nil {
		t.Errorf("closing at last: %v", err)
	}
}
