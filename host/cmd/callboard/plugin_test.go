package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// command runs the command line and returns what it printed.
func command(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	root := newRoot()
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(args)
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}

func edit(t *testing.T, file, from, to string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), from) {
		t.Fatalf("%s does not hold %q", file, from)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(b), from, to, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestAPluginFromNewToModule is the author's way: new, test, build, validate,
// inspect; then a route that is not declared, and one that is not written.
func TestAPluginFromNewToModule(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a module")
	}
	dir := filepath.Join(t.TempDir(), "fly-floor")
	module := filepath.Join(dir, "dist", "plugin.wasm")
	for _, args := range [][]string{
		{"plugin", "new", "fly-floor", "--dir", dir},
		{"plugin", "test", dir},
		{"plugin", "build", dir},
		{"plugin", "validate", dir},
		{"plugin", "validate", module},
	} {
		if out, err := command(t, args...); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	out, err := command(t, "plugin", "inspect", module, "--output", "json")
	if err != nil {
		t.Fatal(err)
	}
	var seen inspected
	if err := json.Unmarshal([]byte(out), &seen); err != nil || seen.ID != "fly-floor" || seen.SDK != "go/1" || len(seen.Routes) != 1 || seen.Capabilities["kv"].Reason == "" {
		t.Errorf("inspect says %+v, %v", seen, err)
	}
	before, err := os.ReadFile(module)
	if err != nil {
		t.Fatal(err)
	}
	edit(t, filepath.Join(dir, "main.go"), `"GET /hello/{name}": hello,`, `"GET /bye/{name}": hello,`)
	_, err = command(t, "plugin", "build", "--dir", dir)
	if err == nil {
		t.Fatal("built what its manifest does not declare")
	}
	for _, want := range []string{
		filepath.Join(dir, "plugin.yaml") + ":17: route GET /hello/{name} is declared but the code does not register it",
		`add under "routes:": - {method: GET, path: "/bye/{name}"}`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing %q in:\n%v", want, err)
		}
	}
	if after, err := os.ReadFile(module); err != nil || !bytes.Equal(before, after) {
		t.Errorf("a failed build changed the module (%v)", err)
	}
}

func TestValidateNamesTheLine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "plugin.yaml")
	if err := os.WriteFile(file, []byte("apiVersion: callboard.dev/v1\nid: x1\nversion: 1.0.0\ntitel: X\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := command(t, "plugin", "validate", file)
	if err == nil || !strings.Contains(out, file+`:4: unknown key "titel"; did you mean title?`) {
		t.Errorf("got %v\n%s", err, out)
	}
	if _, err := command(t, "plugin", "validate", filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("validated a file that is not there")
	}
}

func TestListAsksThePortal(t *testing.T) {
	portal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/plugins" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(`[{"id":"catalog","version":"1.0.0","digest":"abc","state":"running","core":true,"calls":7}]`))
	}))
	defer portal.Close()
	out, err := command(t, "plugin", "list", "--server", portal.URL)
	if err != nil || !strings.Contains(out, "catalog  1.0.0    running  7") {
		t.Errorf("got %v\n%s", err, out)
	}
	if _, err := command(t, "plugin", "list", "--server", "nonsense"); err == nil {
		t.Error("asked a portal that is no URL")
	}
}
