package app_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/app"
	"github.com/callboard/callboard/host/internal/app/apptest"
	"github.com/callboard/callboard/sdk/manifest"
)

// builtExample builds an example in a copy of its folder and returns that.
func builtExample(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(apptest.Root(), "examples", filepath.FromSlash(name)))); err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), filepath.Join(apptest.Root(), "scripts", "plugin.sh"), dir)
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", name, err, text)
	}
	module := filepath.Join(dir, "plugin.wasm")
	if err := os.Rename(filepath.Join(dir, "dist", "plugin.wasm"), module); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A plugin of a kit of Extism's serves its routes and keeps its values like any
// other: the same manifest, the same grants, the same answers.
func TestPluginsOfExtismsKits(t *testing.T) {
	for _, id := range []string{"notes-go", "notes-as"} {
		t.Run(id, func(t *testing.T) {
			if _, err := exec.LookPath("npm"); err != nil && id == "notes-as" {
				t.Skip("npm is not installed")
			}
			dir := builtExample(t, "extism/"+id)
			checkDescription(t, dir)
			p := apptest.Start(t, apptest.Options{Files: map[string]string{"app-config.yaml": `
plugins:
  entries:
    ` + id + `: {source: ` + dir + `, grants: {kv: true}}
`}})
			note := "/api/" + id + "/notes/stage"
			p.Until(note, func(status int, _ string) bool { return status != http.StatusServiceUnavailable })
			if res, body := p.Get(note); res.StatusCode != http.StatusNotFound {
				t.Errorf("a note that is not there: %d %s", res.StatusCode, body)
			}
			for _, text := range []string{"buy paint", "héllo wörld € \"quoted\"\n", "\x00\xff\xfe", ""} {
				if res, body := p.Do(http.MethodPut, note, text, map[string]string{"Content-Type": "text/plain"}); res.StatusCode != http.StatusNoContent {
					t.Errorf("writing %q: %d %s", text, res.StatusCode, body)
				}
				res, body := p.Get(note)
				if res.StatusCode != http.StatusOK || body != text || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/plain") {
					t.Errorf("reading %q: %d %q as %s", text, res.StatusCode, body, res.Header.Get("Content-Type"))
				}
			}
		})
		t.Run(id+" without a grant", func(t *testing.T) {
			if _, err := exec.LookPath("npm"); err != nil && id == "notes-as" {
				t.Skip("npm is not installed")
			}
			p := apptest.Start(t, apptest.Options{Files: map[string]string{"app-config.yaml": `
plugins:
  entries:
    ` + id + `: {source: ` + builtExample(t, "extism/"+id) + `, grants: {kv: false}}
`}})
			body := p.Until("/api/"+id+"/notes/stage", func(status int, _ string) bool { return status == http.StatusForbidden })
			if !strings.Contains(body, "kv") {
				t.Errorf("the denial does not name the grant: %s", body)
			}
		})
	}
}

// checkDescription holds describe/1 against the manifest, as the tools do.
func checkDescription(t *testing.T, dir string) {
	t.Helper()
	wasm, err := os.ReadFile(filepath.Join(dir, "plugin.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	description, err := app.DescribeModule(t.Context(), wasm)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, manifest.FileName))
	if err != nil {
		t.Fatal(err)
	}
	m, err := manifest.Parse(manifest.FileName, text)
	if err != nil {
		t.Fatal(err)
	}
	if len(description.Routes) != len(m.Routes) || !strings.HasPrefix(description.SDK, "extism-") {
		t.Errorf("it describes itself as %+v", description)
	}
}
