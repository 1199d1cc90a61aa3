package plugintest

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/callboard/callboard/host/internal/plugin"
)

// Hostile returns the Go guest, built with the toolchain that runs the test.
// It lies in the user's cache, where the build leaves it alone while its
// source has not changed.
func Hostile(tb testing.TB) []byte {
	tb.Helper()
	_, here, _, ok := runtime.Caller(0)
	if !ok {
		tb.Fatal("the source of the guests is not known")
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = tb.TempDir()
	}
	out := filepath.Join(dir, "callboard-plugintest", runtime.Version(), "hostile.wasm")
	build := exec.CommandContext(tb.Context(), "go", "build", "-buildmode=c-shared", "-ldflags=-s -w", "-o", out, "./guests/hostile")
	build.Dir = filepath.Dir(here)
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=-buildvcs=false")
	if text, err := build.CombinedOutput(); err != nil {
		tb.Fatalf("building the hostile guest: %v\n%s", err, text)
	}
	wasm, err := os.ReadFile(out)
	if err != nil {
		tb.Fatalf("reading the hostile guest: %v", err)
	}
	return wasm
}

// Package wraps a module for Registry.Install.
func Package(id plugin.ID, wasm []byte) plugin.Package {
	return plugin.Package{ID: id, Version: "1.0.0", Title: "A test of " + string(id), Digest: digest(wasm), Wasm: wasm}
}

func spec(id plugin.ID, wasm []byte) plugin.Spec {
	return plugin.Spec{ID: id, Version: "1.0.0", Digest: digest(wasm), Wasm: wasm}
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
