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

// Hostile returns the Go guest that does harm on request.
func Hostile(tb testing.TB) []byte {
	tb.Helper()
	return build(tb, "hostile", "")
}

// Recorded returns the Go guest of recordings in a version: "1" fails on
// request, "2" does not, "broken" does not start.
func Recorded(tb testing.TB, version string) []byte {
	tb.Helper()
	return build(tb, "recorded", version)
}

// Versioned returns the Go guest that answers with its version.
func Versioned(tb testing.TB, version string) []byte {
	tb.Helper()
	return build(tb, "versioned", version)
}

// build compiles a guest with the toolchain that runs the test. It lies in the
// user's cache, where the build leaves it alone while its source has not changed.
func build(tb testing.TB, name, version string) []byte {
	tb.Helper()
	dir := CacheDir("guests")
	if dir == "" {
		dir = tb.TempDir()
	}
	out := filepath.Join(dir, name+version+".wasm")
	flags := "-s -w"
	if version != "" {
		flags += " -X main.version=" + version
	}
	cmd := exec.CommandContext(tb.Context(), "go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags="+flags, "-o", out, ".")
	cmd.Dir = guestDir(tb, name)
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=-buildvcs=false")
	if _, err := os.Stat(filepath.Join(cmd.Dir, "go.mod")); err == nil {
		cmd.Env = append(cmd.Env, "GOWORK=off") // a module of its own, outside of the workspace
	}
	if text, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("building the guest %s: %v\n%s", name, err, text)
	}
	wasm, err := os.ReadFile(out)
	if err != nil {
		tb.Fatalf("reading the guest %s: %v", name, err)
	}
	return wasm
}

// guestDir is where the source of a guest lies.
func guestDir(tb testing.TB, name string) string {
	tb.Helper()
	_, here, _, ok := runtime.Caller(0)
	if !ok {
		tb.Fatal("the source of the guests is not known")
	}
	return filepath.Join(filepath.Dir(here), "guests", name)
}

// Rebuilt builds the guest of Extism's AssemblyScript kit from its source, in a
// folder of its own. The test is skipped where npm is not installed.
func Rebuilt(tb testing.TB) []byte {
	tb.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		tb.Skip("npm is not installed")
	}
	dir := tb.TempDir()
	if err := os.CopyFS(dir, os.DirFS(guestDir(tb, "extism-as"))); err != nil {
		tb.Fatal(err)
	}
	for _, args := range [][]string{{"ci", "--silent", "--no-audit", "--no-fund"}, {"run", "--silent", "build"}} {
		cmd := exec.CommandContext(tb.Context(), "npm", args...)
		cmd.Dir = dir
		if text, err := cmd.CombinedOutput(); err != nil {
			tb.Fatalf("npm %s: %v\n%s", args[0], err, text)
		}
	}
	wasm, err := os.ReadFile(filepath.Join(dir, "hostile.wasm"))
	if err != nil {
		tb.Fatal(err)
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
