package lifecycle_test

import (
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/app/apptest"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/sqlite"
)

// database opens the database of a portal beside it.
func database(t *testing.T, data string) store.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(data, "callboard.sqlite")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// Another publisher's plugin of the same id inherits nothing, and takes no
// place that is taken.
func TestAnotherPublisherInheritsNothing(t *testing.T) {
	o := portal(t, "app: {title: T}\n")
	o.install(release{version: "1.0.0"}, "kv")
	o.keep("a", "hello")
	mine := o.plugin().Installation

	theirs := cut(t, release{version: "9.0.0"})
	err := database(t, o.Data).PutModule(t.Context(), store.ModuleRow{
		Digest: digestOf(theirs)[len("sha256:"):], Plugin: "notes", Version: "9.0.0", Publisher: "acme", Wasm: theirs, CreatedAt: time.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	activation := map[string]any{"digest": digestOf(theirs), "grants": all("kv")}
	o.post("/notes/activate", activation).refused(t, http.StatusConflict, "not-compatible", "publisher local is installed")
	o.serves("1.0.0")

	o.ask(http.MethodDelete, "/notes", "", nil).must(t, 200)
	o.post("/notes/activate", map[string]any{"digest": digestOf(theirs)}).refused(t, http.StatusConflict, "needs-approval", "kv")
	p := o.post("/notes/activate", activation).must(t, 200)
	if p.Installation == mine {
		t.Errorf("both own %s", mine)
	}
	if res, body := o.Get("/api/notes/notes/a"); res.StatusCode != http.StatusNotFound {
		t.Errorf("theirs reads ours: %d %s", res.StatusCode, body)
	}
	o.keep("a", "theirs")
	o.ask(http.MethodDelete, "/notes", "", nil).must(t, 200)
	o.install(release{version: "1.0.0"})
	o.note("a", "v1 hello")
	if p := o.plugin(); p.Installation != mine {
		t.Errorf("back under %s, it was %s", p.Installation, mine)
	}
}

// Thirty days after its removal the data of a plugin is gone, and not a day sooner.
func TestDataIsKeptForThirtyDays(t *testing.T) {
	data := t.TempDir()
	start := func() operator {
		return operator{apptest.Start(t, apptest.Options{Files: map[string]string{"app-config.yaml": "app: {title: T}\n"}, Data: data}), t}
	}
	for _, tc := range []struct {
		days int
		kept bool
	}{{29, true}, {31, false}} {
		o := start()
		o.install(release{version: "1.0.0"}, "kv")
		o.keep("a", "hello")
		o.ask(http.MethodDelete, "/notes", "", nil).must(t, 200)
		o.Close()
		db := database(t, data)
		all, err := db.ListInstallations(t.Context())
		if err != nil || len(all.Rows) != 1 {
			t.Fatalf("%v %v", all, err)
		}
		row := all.Rows[0]
		row.RemovedAt = time.Now().AddDate(0, 0, -tc.days)
		if _, err := db.SaveInstallation(t.Context(), row, store.PluginEvent{Plugin: "notes", Action: "test"}); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		o = start()
		if err := o.App().SweepPlugins(t.Context()); err != nil {
			t.Fatal(err)
		}
		if a := o.ask(http.MethodGet, "/notes", "", nil); (a.status == http.StatusOK) != tc.kept {
			t.Errorf("after %d days: %d %s", tc.days, a.status, a.text)
		}
		o.install(release{version: "1.0.0"}, "kv")
		if res, _ := o.Get("/api/notes/notes/a"); (res.StatusCode == http.StatusOK) != tc.kept {
			t.Errorf("after %d days a reinstallation reads %d", tc.days, res.StatusCode)
		}
		o.ask(http.MethodDelete, "/notes?purge=true", "", nil).must(t, http.StatusNoContent)
		o.Close()
	}
}
