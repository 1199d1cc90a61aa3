package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/app/apptest"
	"github.com/callboard/callboard/host/internal/testpg"
)

// reports boots a portal with the example plugin that works without requests.
func reports(t *testing.T, more string) *apptest.Portal {
	t.Helper()
	wasm, err := apptest.BuildPlugin(filepath.Join(apptest.Root(), "examples"), "./reports")
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := os.ReadFile(filepath.Join(apptest.Root(), "examples", "reports", "plugin.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string]string{
		"plugin.yaml": string(manifest), "plugin.wasm": string(wasm), "good.yaml": component("good"),
		"app-config.yaml": `catalog: {rules: [{allow: [Component]}], processingInterval: {seconds: 1}, locations: [{type: file, target: ./good.yaml}]}
auth: {providers: {guest: {personas: ["user:default/ada"]}}}
plugins:
  entries:
    reports: {source: ` + dir + `, grants: {catalog: true, identity: true, kv: true, event: true, schedule: true, task: true}}
` + more,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := apptest.Start(t, apptest.Options{Config: []string{filepath.Join(dir, "app-config.yaml")}})
	p.Dir = dir
	p.Until("/api/reports/ready", func(status int, _ string) bool { return status == http.StatusOK }) // compiled
	p.Until("/api/catalog/entities/by-name/component/default/good", func(status int, _ string) bool { return status == http.StatusOK })
	return p
}

func component(names ...string) string {
	var out strings.Builder
	for _, name := range names {
		fmt.Fprintf(&out, "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: %s}\nspec: {type: service, lifecycle: production, owner: guests}\n", name)
	}
	return out.String()
}

// A plugin's task, events and schedule, from its route to its report, on both databases.
func TestAPluginWorksWithoutARequest(t *testing.T) {
	for _, backend := range []string{"sqlite", "postgres"} {
		t.Run(backend, func(t *testing.T) {
			more := ""
			if backend == "postgres" {
				more = "backend: {database: {client: pg, connection: '" + testpg.DSN(t) + "'}}\n"
			}
			p := reports(t, more)
			t.Run("a task runs for who asked, and again from its checkpoint", func(t *testing.T) {
				id := orderReport(t, p, "once")
				if again := orderReport(t, p, "once"); again != id {
					t.Errorf("the same key made the tasks %s and %s", id, again)
				}
				p.Until("/api/reports/reports/"+id, func(_ int, body string) bool {
					return strings.Contains(body, `"attempts":1`) && strings.Contains(body, `"pending"`)
				})
				body := p.Until("/api/reports/reports/"+id, func(_ int, body string) bool { return strings.Contains(body, `"done"`) })
				if !strings.Contains(body, `"for":"user:development/guest","components":1,"resumed":true`) || !strings.Contains(body, `"attempts":2`) {
					t.Errorf("the report: %s", body)
				}
				p.Until("/api/reports/ready", func(_ int, body string) bool { return body == `{"ready":1}` })
			})
			t.Run("a changed entity is an event", func(t *testing.T) {
				before := p.Until("/api/reports/changes", func(int, string) bool { return true })
				if err := os.WriteFile(filepath.Join(p.Dir, "good.yaml"), []byte(component("good", "better")), 0o600); err != nil {
					t.Fatal(err)
				}
				p.Until("/api/reports/changes", func(_ int, body string) bool { return body != before && strings.Contains(body, `"changes":`) })
			})
			t.Run("a schedule runs now", func(t *testing.T) {
				if res, body := p.Do(http.MethodPost, "/api/reports/close", "", nil); res.StatusCode != http.StatusAccepted {
					t.Fatalf("%d %s", res.StatusCode, body)
				}
				p.Until("/api/reports/changes", func(_ int, body string) bool { return strings.Contains(body, ` manual"`) })
			})
			t.Run("operators see and steer it", func(t *testing.T) { operate(t, p) })
			t.Run("nobody sees another's task", func(t *testing.T) {
				id := orderReport(t, p, "")
				res, body := p.Do(http.MethodPost, "/api/app/session", `{"persona":"user:default/ada"}`, map[string]string{"Content-Type": "application/json"})
				cookie := ""
				for _, c := range res.Cookies() {
					cookie = c.Name + "=" + c.Value
				}
				if cookie == "" {
					t.Fatalf("no session: %d %s", res.StatusCode, body)
				}
				for _, method := range []string{http.MethodGet, http.MethodDelete} {
					if res, body := p.Do(method, "/api/reports/reports/"+id, "", map[string]string{"Cookie": cookie}); res.StatusCode != http.StatusNotFound {
						t.Errorf("%s as somebody else: %d %s", method, res.StatusCode, body)
					}
				}
			})
		})
	}
}

func orderReport(t *testing.T, p *apptest.Portal, key string) string {
	t.Helper()
	var ordered struct{ ID string }
	res, body := p.Do(http.MethodPost, "/api/reports/reports", "", map[string]string{"Idempotency-Key": key})
	if err := json.Unmarshal([]byte(body), &ordered); err != nil || res.StatusCode != http.StatusAccepted {
		t.Fatalf("%d %s", res.StatusCode, body)
	}
	return ordered.ID
}

// operate looks at what the plugin did, delivers its events again, and pauses it.
func operate(t *testing.T, p *apptest.Portal) {
	t.Helper()
	const path = "/api/plugins/reports"
	var tasks []struct{ ID, State string }
	_, body := p.Get(path + "/tasks?state=done")
	if err := json.Unmarshal([]byte(body), &tasks); err != nil || len(tasks) != 1 {
		t.Fatalf("tasks: %s", body)
	}
	if _, body := p.Get(path + "/tasks/" + tasks[0].ID); !strings.Contains(body, "counted for user:development/guest in attempt 1") || !strings.Contains(body, `"requester":"user:development/guest"`) {
		t.Errorf("the task: %s", body)
	}
	events := func() (e struct {
		Topics                      []string
		Cursor, Head, Pending, Dead uint64
	},
	) {
		_, body := p.Get(path + "/events")
		if err := json.Unmarshal([]byte(body), &e); err != nil {
			t.Fatal(body)
		}
		return e
	}
	if e := events(); len(e.Topics) != 2 || e.Head == 0 || e.Dead != 0 {
		t.Errorf("events: %+v", e)
	}
	if res, body := p.Do(http.MethodPost, path+"/events/replay", `{"from":1}`, map[string]string{"Content-Type": "application/json"}); res.StatusCode != http.StatusNoContent {
		t.Fatalf("replay: %d %s", res.StatusCode, body)
	}
	p.Until(path+"/events", func(int, string) bool { e := events(); return e.Cursor == e.Head && e.Pending == 0 })
	if _, body := p.Get("/api/reports/ready"); body != `{"ready":1}` {
		t.Errorf("a replayed event was counted again: %s", body)
	}
	for _, paused := range []bool{true, false} {
		what := map[bool]string{true: "disable", false: "enable"}[paused]
		if res, body := p.Do(http.MethodPost, path+"/"+what, "", nil); res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d %s", what, res.StatusCode, body)
		}
		p.Until(path+"/schedules", func(_ int, body string) bool { return strings.Contains(body, fmt.Sprintf(`"paused":%t`, paused)) })
		p.Until(path+"/events", func(_ int, body string) bool { return strings.Contains(body, fmt.Sprintf(`"paused":%t`, paused)) })
	}
	p.Until("/api/reports/ready", func(status int, _ string) bool { return status == http.StatusOK })
}
