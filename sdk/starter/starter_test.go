package starter_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/callboard/callboard/sdk/starter"
)

// TestANewPluginPassesItsTestsOffline writes a plugin, tests it natively and
// builds it to Wasm, with the network switched off.
func TestANewPluginPassesItsTestsOffline(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a module")
	}
	dir := filepath.Join(t.TempDir(), "fly-floor")
	written, err := starter.New(starter.Config{ID: "fly-floor", Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"plugin.yaml", "main.go", "main_test.go", "README.md", ".gitignore"} {
		if !slices.Contains(written, want) {
			t.Errorf("%s was not written", want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, starter.SDKFolder, "third_party")); err != nil {
		t.Skip("this build has no modules.zip; run: go run ./starter/pack")
	}
	for _, args := range [][]string{
		{"vet", "./..."},
		{"test", "./..."},
		{"build", "-o", filepath.Join(dir, "native"), "."},
	} {
		cmd := exec.Command("go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOWORK=off", "GOPROXY=off", "GOFLAGS=-mod=mod", "GOMODCACHE="+t.TempDir())
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %v: %v\n%s", args, err, out)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "precious"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ name, id, dir, want string }{
		{"an id that is none", "Fly Floor", t.TempDir(), "is no plugin id"},
		{"a folder with files", "fly-floor", full, "is not empty"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := starter.New(starter.Config{ID: tc.id, Dir: tc.dir})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("err = %v", err)
			}
		})
	}
}
