package lifecycle_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/config"
)

// A changed file gives plugins other grants, limits and configuration while
// they run; what does not fit a plugin's schema changes nothing.
func TestReload(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "fixed.wasm"), cut(t, release{id: "notes", version: "1.0.0", more: "config: {type: object, properties: {greeting: {type: string}}}\n"}))
	text := func(grants, memory, config string) string {
		return "app: {title: T}\nplugins: {entries: {notes: {source: " + dir + "/fixed.wasm, grants: {" + grants + "}, limits: {memory: " + memory + "}, config: {" + config + "}}}}\n"
	}
	o := portal(t, text("kv: true", "64MiB", "greeting: one"))
	file := filepath.Join(o.Dir, "app-config.yaml")
	reload := func(content string) {
		write(t, file, []byte(content))
		c, err := config.Load(t.Context(), config.Options{Files: []string{file}, Data: o.Data, Listen: "127.0.0.1:0", Environ: []string{}})
		o.App().Reload(config.Change{Config: c, Err: err})
	}
	greeting := func(want string) {
		t.Helper()
		if _, body := o.Get("/api/notes/greeting"); body != want {
			t.Errorf("greeting %q, want %q", body, want)
		}
	}
	greeting("one")
	o.keep("a", "hello")
	requests := startLoad(t, o.URL+"/api/notes/version", 1)
	reload(text("kv: false", "32MiB", "greeting: two"))
	greeting("two")
	if res, _ := o.Get("/api/notes/notes/a"); res.StatusCode != http.StatusForbidden {
		t.Errorf("after the grant was taken: %d", res.StatusCode)
	}
	if l := limitOf(o.plugin(), "memory"); l != 32<<20 {
		t.Errorf("memory %d", l)
	}
	reload(text("kv: true", "32MiB", "greeting: 5"))
	greeting("two")
	if !strings.Contains(o.Log.String(), "/greeting") {
		t.Error("the log does not say what is wrong with the configuration")
	}
	o.note("a", "v1 hello")
	reload("app: [\n")
	greeting("two")
	requests.clean(t)
}

// A plugin whose configuration does not fit from the start says so, with file
// and line, and keeps nobody else from running.
func TestBadConfigurationAtTheStart(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "fixed.wasm"), cut(t, release{version: "1.0.0", more: "config: {type: object, properties: {greeting: {type: string}}}\n"}))
	o := portal(t, "app: {title: T}\nplugins:\n  entries:\n    notes:\n      source: "+dir+"/fixed.wasm\n      config:\n        greeting: 5\n")
	if p := o.plugin(); p.State != "failed" || !strings.Contains(p.text, "app-config.yaml:6") || !strings.Contains(p.text, "/greeting") {
		t.Errorf("%s", p.text)
	}
	if res, _ := o.Get("/api/catalog/entities"); res.StatusCode != http.StatusOK {
		t.Errorf("the catalog answers %d", res.StatusCode)
	}
}
