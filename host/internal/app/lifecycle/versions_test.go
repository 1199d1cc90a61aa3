package lifecycle_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/app/apptest"
)

func revisionText(r uint64) string { return strconv.FormatUint(r, 10) }

func write(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A version that does not start is out again before anybody met it.
func TestAVersionThatIsNotHealthyIsGivenBack(t *testing.T) {
	o := portal(t, "app: {title: T}\n")
	o.install(release{version: "1.0.0"}, "kv")
	requests := startLoad(t, o.URL+"/api/notes/version", 2)
	sick, _ := o.upload(cut(t, release{version: "1.0.1", sick: true}))
	o.post("/notes/activate", map[string]any{"digest": sick}).refused(t, http.StatusConflict, "does-not-start", "health is sick")
	requests.clean(t)
	p := o.plugin()
	if p.Version != "1.0.0" || !p.Enabled {
		t.Errorf("afterwards: %s", p.text)
	}
	o.serves("1.0.0")
	if h := o.ask(http.MethodGet, "/notes/history", "", nil).text; !strings.Contains(h, "health is sick") {
		t.Errorf("the history does not say why:\n%s", h)
	}
	// As the first version of a plugin it has nothing to go back to.
	o.ask(http.MethodDelete, "/notes?purge=true", "", nil).must(t, http.StatusNoContent)
	first, _ := o.upload(cut(t, release{version: "1.0.2", sick: true}))
	o.activate(first, "kv").refused(t, http.StatusConflict, "does-not-start", "health is sick")
	if p := o.plugin(); p.Enabled || !strings.Contains(p.DisabledReason, "health is sick") {
		t.Errorf("a first version that does not start: %s", p.text)
	}
	o.install(release{version: "1.0.3"})
	o.post("/notes/enable", nil).must(t, http.StatusOK)
	o.serves("1.0.3")
}

// A version that crashes in its probation goes back by itself, and stays so
// after a restart: the store knows.
func TestARollbackOfItsOwnIsTheTruth(t *testing.T) {
	data := t.TempDir()
	start := func() operator {
		return operator{apptest.Start(t, apptest.Options{Files: map[string]string{"app-config.yaml": "app: {title: T}\n"}, Data: data}), t}
	}
	o := start()
	o.install(release{version: "1.0.0"}, "kv")
	o.install(release{version: "1.0.1"})
	o.serves("1.0.1")
	for range 8 {
		o.Get("/api/notes/crash")
	}
	o.Until("/api/plugins/notes", func(_ int, body string) bool {
		var p answer
		return json.Unmarshal([]byte(body), &p) == nil && p.Version == "1.0.0" && p.Previous == nil
	})
	o.serves("1.0.0")
	if h := o.ask(http.MethodGet, "/notes/history", "", nil).text; !strings.Contains(h, `"action":"rollback","subject":"system"`) {
		t.Errorf("the history does not tell:\n%s", h)
	}
	o.Close()
	start().serves("1.0.0")
}

// What was taken away from a plugin while a new version was on probation stays
// away when the old one comes back by itself.
func TestARollbackOfItsOwnBringsNoRightsBack(t *testing.T) {
	o := portal(t, "app: {title: T}\n")
	o.install(release{version: "1.0.0"}, "kv")
	o.keep("a", "hello")
	o.install(release{version: "1.0.1"})
	o.write(http.MethodPut, "/notes/grants", map[string]any{"grants": map[string]any{"kv": false}}).must(t, http.StatusOK)
	for range 8 {
		o.Get("/api/notes/crash")
	}
	// The registry goes back first, and the store learns it: neither moment may show the note.
	o.Until("/api/plugins/notes", func(_ int, body string) bool {
		if res, text := o.Get("/api/notes/notes/a"); res.StatusCode == http.StatusOK {
			t.Fatalf("without the grant of kv it reads %q", text)
		}
		var p answer
		return json.Unmarshal([]byte(body), &p) == nil && p.Version == "1.0.0" && p.Previous == nil
	})
	o.serves("1.0.0")
	if res, text := o.Get("/api/notes/notes/a"); res.StatusCode == http.StatusOK {
		t.Errorf("back at 1.0.0, without the grant of kv, it reads %q", text)
	}
}

// Going back needs less permission than installing, so that it leads to what
// was installed and nowhere else.
func TestARollbackLeadsOnlyToWhatRan(t *testing.T) {
	o := portal(t, "app: {title: T}\n")
	one := o.install(release{version: "1.0.0"}, "kv")
	o.install(release{version: "1.0.1"})
	o.install(release{version: "1.0.2"})
	never, _ := o.upload(cut(t, release{version: "1.0.3"}))
	o.post("/notes/rollback", map[string]any{"digest": never}).refused(t, http.StatusConflict, "no-previous", "never ran here")
	o.serves("1.0.2")
	o.post("/notes/rollback", map[string]any{"digest": one}).must(t, http.StatusOK)
	o.serves("1.0.0")
}

// A restart finds everything as it was left.
func TestARestartKeepsTheState(t *testing.T) {
	data := t.TempDir()
	start := func() operator {
		return operator{apptest.Start(t, apptest.Options{Files: map[string]string{"app-config.yaml": "app: {title: T}\n"}, Data: data}), t}
	}
	o := start()
	o.install(release{version: "1.0.0", more: "config: {type: object}\n"}, "kv")
	two := o.install(release{version: "1.0.1", more: "config: {type: object}\n"})
	o.keep("a", "hello")
	o.write(http.MethodPut, "/notes/config", map[string]any{"config": map[string]any{"greeting": "moin"}}).must(t, 200)
	o.write(http.MethodPut, "/notes/limits", map[string]any{"limits": map[string]any{"memory": "32MiB"}}).must(t, 200)
	o.post("/notes/disable", map[string]any{"reason": "the night"}).must(t, 200)
	before := o.plugin()
	o.Close()

	o = start()
	p := o.plugin()
	if p.Version != "1.0.1" || p.Digest != two || p.Enabled || p.DisabledReason != "the night" || p.Revision != before.Revision || p.Previous == nil {
		t.Errorf("after a restart: %s", p.text)
	}
	if res, _ := o.Get("/api/notes/version"); res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("disabled before, it answers %d", res.StatusCode)
	}
	o.post("/notes/enable", nil).must(t, 200)
	o.serves("1.0.1")
	o.note("a", "v1 hello")
	if _, body := o.Get("/api/notes/greeting"); body != "moin" {
		t.Errorf("configuration after a restart: %q", body)
	}
	if l := limitOf(o.plugin(), "memory"); l != 32<<20 {
		t.Errorf("memory limit after a restart: %d", l)
	}
	o.post("/notes/rollback", nil).must(t, 200)
	o.serves("1.0.0")
}

func limitOf(p answer, name string) int64 {
	for _, l := range p.Limits {
		if l.Name == name {
			return l.Effective
		}
	}
	return -1
}

// A canary takes a share of the calls; promoting and withdrawing are told.
func TestCanary(t *testing.T) {
	o := portal(t, "app: {title: T}\n")
	one := o.install(release{version: "1.0.0"}, "kv")
	two, _ := o.upload(cut(t, release{version: "1.0.1"}))
	share := func() map[string]int {
		seen := map[string]int{}
		for range 40 {
			_, body := o.Get("/api/notes/version")
			seen[body]++
		}
		return seen
	}
	p := o.post("/notes/activate", map[string]any{"digest": two, "canaryPercent": 50}).must(t, 200)
	if p.Version != "1.0.0" || p.Canary == nil || p.Canary.Version != "1.0.1" {
		t.Errorf("with a canary: %s", p.text)
	}
	if s := share(); s["1.0.0"] == 0 || s["1.0.1"] == 0 {
		t.Errorf("shares %v", s)
	}
	o.post("/notes/withdraw", nil).must(t, 200)
	if s := share(); s["1.0.1"] != 0 {
		t.Errorf("after withdrawing: %v", s)
	}
	o.post("/notes/withdraw", nil).refused(t, 409, "no-canary")
	o.post("/notes/activate", map[string]any{"digest": two, "canaryPercent": 10}).must(t, 200)
	o.post("/notes/activate", map[string]any{"digest": two, "canaryPercent": 90}).must(t, 200)
	if s := share(); s["1.0.1"] < s["1.0.0"] {
		t.Errorf("shares at 90 percent: %v", s)
	}
	p = o.post("/notes/promote", nil).must(t, 200)
	if p.Version != "1.0.1" || p.Canary != nil || p.Previous == nil || p.Previous.Digest != one {
		t.Errorf("promoted: %s", p.text)
	}
	if s := share(); s["1.0.0"] != 0 {
		t.Errorf("after promoting: %v", s)
	}
}

// Configuration is held to the plugin's schema; a bad one changes nothing, and
// a good one counts from the next call.
func TestConfiguration(t *testing.T) {
	o := portal(t, "app: {title: T}\n")
	o.install(release{version: "1.0.0", more: `config:
  type: object
  properties:
    greeting: {type: string, maxLength: 10}
    apiToken: {type: string}
  additionalProperties: false
`}, "kv")
	set := func(value any) answer {
		return o.write(http.MethodPut, "/notes/config", map[string]any{"config": value})
	}
	set(map[string]any{"greeting": "hello"}).must(t, 200)
	for _, tc := range []struct {
		value any
		says  string
	}{
		{map[string]any{"greeting": 5}, "/greeting"},
		{map[string]any{"greeting": "much too long a greeting"}, "/greeting"},
		{map[string]any{"greting": "hello"}, "greting"},
		{[]string{"hello"}, "/"},
	} {
		if a := set(tc.value); a.status != http.StatusBadRequest || !strings.Contains(a.Detail, tc.says) {
			t.Errorf("%v: %d %s", tc.value, a.status, a.text)
		}
		if _, body := o.Get("/api/notes/greeting"); body != "hello" {
			t.Errorf("after a bad configuration: %q", body)
		}
	}
	set(map[string]any{"greeting": "moin"}).must(t, 200)
	if _, body := o.Get("/api/notes/greeting"); body != "moin" {
		t.Errorf("after a good one: %q", body)
	}
	// A version whose schema the configuration does not fit is not activated.
	strict, r := o.upload(cut(t, release{version: "1.0.1", more: "config: {type: object, properties: {greeting: {type: string, maxLength: 2}}}\n"}))
	if len(r.Problems) == 0 || !strings.Contains(r.Problems[0].Message, "/greeting") {
		t.Errorf("problems %+v", r.Problems)
	}
	o.post("/notes/activate", map[string]any{"digest": strict}).refused(t, 409, "not-compatible", "/greeting")
	// A secret does not come back.
	if a := set(map[string]any{"greeting": "moin", "apiToken": "canary-of-notes"}).must(t, 200); strings.Contains(a.text, "canary-of-notes") {
		t.Error("the API shows a secret of the configuration")
	}
	if h := o.ask(http.MethodGet, "/notes/history", "", nil).text; strings.Contains(h, "canary-of-notes") || strings.Contains(o.Log.String(), "canary-of-notes") {
		t.Error("the history or the log shows a secret of the configuration")
	}
	// Limits under which it does not start are not kept.
	o.write(http.MethodPut, "/notes/limits", map[string]any{"limits": map[string]any{"memory": "1MiB"}}).refused(t, http.StatusConflict, "does-not-start")
	if l := limitOf(o.plugin(), "memory"); l == 1<<20 {
		t.Error("limits under which the plugin does not start were kept")
	}
	o.serves("1.0.0")
	for name, limits := range map[string]any{"nonsense": 1, "memory": "much", "deadline": map[string]any{"requests": "1s"}} {
		if a := o.write(http.MethodPut, "/notes/limits", map[string]any{"limits": map[string]any{name: limits}}); a.status != http.StatusBadRequest || !strings.Contains(a.Detail, "limits."+name) {
			t.Errorf("limit %s: %d %s", name, a.status, a.text)
		}
	}
}
