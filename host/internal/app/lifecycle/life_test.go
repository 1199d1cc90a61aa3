package lifecycle_test

import (
	"net/http"
	"strings"
	"testing"
)

const withCatalog = "kv: {reason: keeps notes}, config: {reason: greets}, catalog: {reason: counts entities, scope: {read: {kinds: [Component]}}}"

// The whole life of a plugin on one portal that never stops, with requests
// throughout: none fails for what operators do.
func TestLifeOfAPlugin(t *testing.T) {
	o := portal(t, "app: {title: T}\n")
	one, first := o.upload(cut(t, release{version: "1.0.0"}))
	if first.Kind != "install" || !first.NeedsApproval {
		t.Errorf("first review: %+v", first)
	}
	if a := o.ask(http.MethodGet, "/notes", "", nil); a.status != http.StatusNotFound {
		t.Fatalf("bringing a release installed it: %s", a.text)
	}
	refusal := o.post("/notes/activate", map[string]any{"digest": one}).refused(t, http.StatusConflict, "needs-approval", "kv")
	if refusal.Review == nil || !refusal.Review.NeedsApproval {
		t.Error("the refusal carries no review")
	}
	a := o.post("/notes/activate", map[string]any{"digest": one, "grants": all("kv")}).must(t, http.StatusOK)
	if a.Version != "1.0.0" || a.Digest != one || !a.Enabled || a.Revision == 0 {
		t.Fatalf("activated: %s", a.text)
	}
	o.serves("1.0.0")
	o.keep("a", "hello")
	requests := startLoad(t, o.URL+"/api/notes/version", 2)

	two, second := o.upload(cut(t, release{version: "1.1.0", capabilities: withCatalog}))
	if second.Kind != "upgrade" || !second.NeedsApproval || change(second, "catalog") != "added" || change(second, "kv") != "unchanged" {
		t.Errorf("second review: %+v", second)
	}
	o.post("/notes/activate", map[string]any{"digest": two}).refused(t, http.StatusConflict, "needs-approval", "catalog", "kinds component")
	if p := o.plugin(); p.Version != "1.0.0" || p.Pending == nil || p.Pending.Version != "1.1.0" {
		t.Errorf("while it waits: %s", p.text)
	}
	o.serves("1.0.0")
	a = o.post("/notes/activate", map[string]any{"digest": two, "grants": all("catalog")}).must(t, http.StatusOK)
	if a.Version != "1.1.0" || a.Previous == nil || a.Previous.Version != "1.0.0" || a.Pending != nil {
		t.Errorf("approved: %s", a.text)
	}
	o.serves("1.1.0")
	o.note("a", "v1 hello")

	o.post("/notes/rollback", map[string]any{"reason": "a test"}).must(t, http.StatusOK)
	o.serves("1.0.0")
	o.post("/notes/rollback", map[string]any{}).must(t, http.StatusOK)
	o.serves("1.1.0")
	requests.clean(t)

	if a := o.post("/notes/disable", map[string]any{"reason": "it is too loud"}).must(t, http.StatusOK); a.Enabled || a.DisabledReason != "it is too loud" {
		t.Errorf("disabled: %s", a.text)
	}
	if res, body := o.Get("/api/notes/version"); res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "it is too loud") {
		t.Errorf("a disabled plugin answers %d %s", res.StatusCode, body)
	}
	o.post("/notes/enable", nil).must(t, http.StatusOK)
	o.serves("1.1.0")
	o.note("a", "v1 hello")

	gone := o.ask(http.MethodDelete, "/notes", "", nil).must(t, http.StatusOK)
	if gone.RemovedAt == "" {
		t.Errorf("removed: %s", gone.text)
	}
	if res, _ := o.Get("/api/notes/version"); res.StatusCode != http.StatusNotFound {
		t.Errorf("a removed plugin answers %d", res.StatusCode)
	}
	if _, list := o.Get("/api/plugins"); strings.Contains(list, `"notes"`) {
		t.Error("a removed plugin is listed")
	}
	if _, list := o.Get("/api/plugins?removed=true"); !strings.Contains(list, `"notes"`) {
		t.Error("a removed plugin whose data is kept is not listed with removed=true")
	}
	if _, again := o.upload(cut(t, release{version: "1.1.0", capabilities: withCatalog})); again.Kind != "reinstall" || again.NeedsApproval {
		t.Errorf("review of a reinstallation: %+v", again)
	}
	o.post("/notes/activate", map[string]any{"digest": two}).must(t, http.StatusOK)
	o.serves("1.1.0")
	o.note("a", "v1 hello")

	o.ask(http.MethodDelete, "/notes?purge=true", "", nil).must(t, http.StatusNoContent)
	o.install(release{version: "1.0.0"}, "kv")
	if res, body := o.Get("/api/notes/notes/a"); res.StatusCode != http.StatusNotFound {
		t.Errorf("data of a purged plugin: %d %s", res.StatusCode, body)
	}
	history := o.ask(http.MethodGet, "/notes/history", "", nil).text
	for _, action := range []string{"upload", "activate", "rollback", "disable", "enable", "remove", "purge"} {
		if !strings.Contains(history, `"action":"`+action+`"`) {
			t.Errorf("the history lacks %s:\n%s", action, history)
		}
	}
}

func change(r reviewed, name string) string {
	for _, c := range r.Capabilities {
		if c.Name == name {
			return c.Change
		}
	}
	return ""
}

// What is granted is what was looked at: a later version that asks for more
// waits, one that asks for less does not, and denying is a decision, too.
func TestNothingIsWidenedWithoutAGrant(t *testing.T) {
	o := portal(t, "app: {title: T}\n")
	scoped := func(kinds string) string {
		return "kv: {reason: r}, catalog: {reason: r, scope: {read: {kinds: [" + kinds + "]}}}"
	}
	o.install(release{version: "1.0.0", capabilities: scoped("Component, API")}, "kv", "catalog")
	for _, tc := range []struct {
		version, capabilities, change string
		waits                         bool
	}{
		{"1.0.1", scoped("Component"), "narrowed", false},
		{"1.0.2", scoped("Component, API"), "widened", false}, // up to what was granted
		{"1.0.3", scoped("Component, API, Group"), "widened", true},
		{"1.0.4", "kv: {reason: r}, catalog: {reason: r}", "widened", true},
		{"1.0.5", "kv: {reason: r}", "removed", false},
	} {
		digest, r := o.upload(cut(t, release{version: tc.version, capabilities: tc.capabilities}))
		if got := change(r, "catalog"); got != tc.change || r.NeedsApproval != tc.waits {
			t.Errorf("%s: %s, needs approval %v; want %s, %v", tc.version, got, r.NeedsApproval, tc.change, tc.waits)
		}
		if tc.waits {
			o.post("/notes/activate", map[string]any{"digest": digest}).refused(t, http.StatusConflict, "needs-approval")
			continue
		}
		o.post("/notes/activate", map[string]any{"digest": digest}).must(t, http.StatusOK)
		o.serves(tc.version)
	}
	digest, _ := o.upload(cut(t, release{version: "1.0.6", capabilities: scoped("Group")}))
	o.post("/notes/activate", map[string]any{"digest": digest, "grants": grants{"catalog": false}}).must(t, http.StatusOK)
	if res, body := o.Get("/api/notes/entities"); res.StatusCode != http.StatusForbidden || !strings.Contains(body, "catalog") {
		t.Errorf("what was denied answers %d %s", res.StatusCode, body)
	}
	digest, r := o.upload(cut(t, release{version: "1.0.7", capabilities: scoped("Group, Domain")}))
	if r.NeedsApproval {
		t.Error("what was denied is asked for again")
	}
	o.post("/notes/activate", map[string]any{"digest": digest}).must(t, http.StatusOK)
}

// Narrowing and widening by hand count from the next call on.
func TestGrantsCountAtOnce(t *testing.T) {
	o := portal(t, "app: {title: T}\n")
	o.install(release{version: "1.0.0", capabilities: withCatalog}, "kv", "catalog")
	if res, body := o.Get("/api/notes/entities"); res.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", res.StatusCode, body)
	}
	o.write(http.MethodPut, "/notes/grants", map[string]any{"grants": grants{"catalog": false}}).must(t, http.StatusOK)
	if res, _ := o.Get("/api/notes/entities"); res.StatusCode != http.StatusForbidden {
		t.Errorf("after the grant was taken: %d", res.StatusCode)
	}
	o.write(http.MethodPut, "/notes/grants", map[string]any{"grants": grants{"catalog": map[string]any{"read": map[string]any{"kinds": []string{"Component"}}}}}).must(t, http.StatusOK)
	if res, _ := o.Get("/api/notes/entities"); res.StatusCode != http.StatusOK {
		t.Errorf("after it was given back: %d", res.StatusCode)
	}
	for name, body := range map[string]any{
		"nonsense": grants{"nonsense": true}, "text": grants{"kv": "yes"}, "scope": grants{"catalog": map[string]any{"reads": 1}},
	} {
		if a := o.write(http.MethodPut, "/notes/grants", map[string]any{"grants": body}); a.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
	used := false
	for _, c := range o.plugin().Capabilities {
		used = used || c.Name == "catalog" && c.Uses > 0
	}
	if !used {
		t.Error("the use of the catalog was not counted")
	}
}
