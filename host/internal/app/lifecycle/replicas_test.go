package lifecycle_test

import (
	"encoding/json"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/testpg"
)

// patience is how long a test waits for what happens in the background on a
// machine that may be busy with other things.
const patience = time.Minute

// until asks until the plugin of a portal is as wanted.
func (o operator) until(what string, done func(p answer) bool) {
	o.t.Helper()
	until(o.t, what, func() bool {
		res, body := o.Get("/api/plugins/notes")
		p := answer{status: res.StatusCode, text: body}
		if res.StatusCode == http.StatusOK {
			if err := json.Unmarshal([]byte(body), &p); err != nil {
				o.t.Fatal(err)
			}
		}
		return done(p)
	})
}

func running(version string) func(answer) bool {
	return func(p answer) bool {
		return p.Version == version && p.State == "running" && p.Enabled && p.RemovedAt == ""
	}
}

// Two portals on one database follow each other, whoever is asked; one that
// was away catches up.
func TestReplicasFollow(t *testing.T) {
	env := []string{"APP_CONFIG_backend_database_client=pg", "APP_CONFIG_backend_database_connection=" + testpg.DSN(t)}
	start := func() operator { return portal(t, "app: {title: T}\n", env...) }
	a, b := start(), start()
	manifestConfig := "config: {type: object}\n"
	// From the operator's request on one replica until the other follows, the
	// time that the first takes for itself included.
	took := func(what string, order, followed func()) {
		began := time.Now()
		order()
		answered := time.Since(began)
		followed()
		t.Logf("%s: answered after %v, followed after %v", what, answered.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
	}

	one, _ := a.upload(cut(t, release{version: "1.0.0", more: manifestConfig}))
	took("install", func() { a.activate(one, "kv").must(t, 200) }, func() { b.until("installs", running("1.0.0")) })
	b.serves("1.0.0")
	a.keep("a", "hello")
	b.note("a", "v1 hello")

	two, _ := b.upload(cut(t, release{version: "1.0.1", more: manifestConfig}))
	requests := startLoad(t, a.URL+"/api/notes/version", 1)
	took("upgrade", func() { b.activate(two).must(t, 200) }, func() { a.until("upgrades", running("1.0.1")) })
	a.serves("1.0.1")
	took("rollback", func() { a.post("/notes/rollback", nil).must(t, 200) }, func() { b.until("rolls back", running("1.0.0")) })
	requests.clean(t)

	took("configuration", func() {
		a.write(http.MethodPut, "/notes/config", map[string]any{"config": map[string]any{"greeting": "moin"}}).must(t, 200)
	}, func() {
		until(t, "the configuration arrives", func() bool { _, body := b.Get("/api/notes/greeting"); return body == "moin" })
	})
	took("grant", func() {
		b.write(http.MethodPut, "/notes/grants", map[string]any{"grants": grants{"kv": false}}).must(t, 200)
	}, func() { a.answers("/api/notes/notes/a", http.StatusForbidden) })
	took("kill switch", func() { b.post("/notes/disable", map[string]any{"reason": "r"}).must(t, 200) },
		func() { a.answers("/api/notes/version", http.StatusServiceUnavailable) })
	a.post("/notes/enable", nil).must(t, 200)
	b.until("runs again", func(p answer) bool { return p.Enabled })

	// A version that the second one finds bad is out on the first, too.
	sick, _ := b.upload(cut(t, release{version: "1.0.2", sick: true}))
	b.activate(sick).refused(t, http.StatusConflict, "does-not-start")
	a.until("stays", running("1.0.0"))
	a.serves("1.0.0")

	// One is away while the other goes on.
	b.Close()
	a.activate(two).must(t, 200)
	b = start()
	b.serves("1.0.1")
	took("remove", func() { a.ask(http.MethodDelete, "/notes", "", nil).must(t, 200) },
		func() { b.answers("/api/notes/version", http.StatusNotFound) })
}

func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for began := time.Now(); time.Since(began) < patience; runtime.Gosched() {
		if done() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}

// answers waits until a path answers with a status.
func (o operator) answers(path string, status int) {
	o.t.Helper()
	until(o.t, path+" answers "+http.StatusText(status), func() bool { res, _ := o.Get(path); return res.StatusCode == status })
}

// Data changes its form once across replicas, and every one serves it after.
func TestMigrationAcrossReplicas(t *testing.T) {
	env := []string{"APP_CONFIG_backend_database_client=pg", "APP_CONFIG_backend_database_connection=" + testpg.DSN(t)}
	a, b := portal(t, "app: {title: T}\n", env...), portal(t, "app: {title: T}\n", env...)
	a.install(release{version: "1.0.0", schema: 1, compatible: 1}, "kv")
	b.until("installs", running("1.0.0"))
	a.keep("a", "hello")
	two, _ := b.upload(cut(t, release{version: "2.0.0", schema: 2, compatible: 2}))
	b.activate(two).must(t, 200)
	a.until("follows", running("2.0.0"))
	for _, o := range []operator{a, b} {
		o.note("a", "v2 hello")
	}
	if n := strings.Count(a.ask(http.MethodGet, "/notes/history", "", nil).text, `"action":"migrate"`); n != 1 {
		t.Errorf("migrated %d times", n)
	}
}
