package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/sdktest"
)

// forge is a source host with one organisation, "org".
type forge struct {
	repos  []map[string]any
	broken int // status of every answer; 0 = none
	asked  int
}

func (f *forge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.asked++
	if f.broken > 0 {
		w.WriteHeader(f.broken)
		return
	}
	if r.URL.Path != "/orgs/org/repos" {
		http.NotFound(w, r)
		return
	}
	page, _ := strconv.Atoi(r.URL.Query().Get("page"))
	const size = 2
	from := max(page-1, 0) * size
	to := min(from+size, len(f.repos))
	if to < len(f.repos) {
		q := r.URL.Query()
		q.Set("page", strconv.Itoa(max(page, 1)+1))
		w.Header().Set("Link", fmt.Sprintf(`<%s?%s>; rel="next"`, r.URL.Path, q.Encode()))
	}
	_ = json.NewEncoder(w).Encode(f.repos[min(from, to):to])
}

func repo(name string, more ...any) map[string]any {
	out := map[string]any{"name": name, "default_branch": "main", "pushed_at": "2025-12-01T00:00:00Z"}
	for i := 0; i < len(more); i += 2 {
		out[more[i].(string)] = more[i+1]
	}
	return out
}

func file(name, path string) string { return "https://github.com/org/" + name + "/blob/main/" + path }

// found are the targets of the entities that the plugin brought, by their title.
func found(t *testing.T, h *sdktest.Harness) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, text := range h.Brought() {
		var e struct {
			Kind     string
			Metadata struct{ Title string }
			Spec     struct {
				Targets  []string
				Presence string
			}
		}
		if err := json.Unmarshal(text, &e); err != nil || e.Kind != "Location" || e.Spec.Presence != "optional" {
			t.Fatalf("%s: %v", text, err)
		}
		out[e.Metadata.Title] = e.Spec.Targets
	}
	return out
}

func provide(t *testing.T, h *sdktest.Harness) string {
	t.Helper()
	message, err := h.Provide(provider)
	if err != nil {
		t.Fatal(err)
	}
	return message
}

func TestRepositoriesWithADescriptorAreBrought(t *testing.T) {
	f := &forge{repos: []map[string]any{
		repo("one"), repo("two"), repo("none"), repo("old", "archived", true), repo("fork", "fork", true), repo("empty", "default_branch", ""),
		repo("wrong-topic", "topics", []string{"internal", "secret"}),
	}}
	files := map[string]string{}
	for _, name := range []string{"one", "two", "old", "fork", "wrong-topic"} {
		files[file(name, "catalog-info.yaml")] = "kind: Component"
	}
	for name, tc := range map[string]struct {
		filters string
		want    []string
	}{
		"by default":       {`{}`, []string{"one", "two", "fork", "wrong-topic"}},
		"without forks":    {`{"allowForks": false}`, []string{"one", "two", "wrong-topic"}},
		"with archived":    {`{"allowArchived": true}`, []string{"one", "two", "fork", "wrong-topic", "old"}},
		"by name":          {`{"repository": "t.*|o.e"}`, []string{"one", "two"}},
		"without a topic":  {`{"topic": {"exclude": ["secret"]}}`, []string{"one", "two", "fork"}},
		"with a topic":     {`{"topic": {"include": ["internal"]}}`, []string{"wrong-topic"}},
		"on a branch only": {`{"branch": "release"}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			h := sdktest.New(t, plugin(), sdktest.SourceFiles(files), sdktest.SourceAPI("https://github.com", f),
				sdktest.ConfigJSON(`{"organizations": [{"organization": "org", "filters": `+tc.filters+`}]}`))
			provide(t, h)
			got := found(t, h)
			if len(got) != len(tc.want) {
				t.Errorf("found %v", got)
			}
			for _, name := range tc.want {
				if targets := got["org/"+name]; len(targets) != 1 || targets[0] != file(name, "catalog-info.yaml") {
					t.Errorf("%s: %v", name, targets)
				}
			}
		})
	}
}

// A run asks only about what was pushed to; what is gone goes.
func TestRunsAreIncremental(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	f := &forge{repos: []map[string]any{repo("one"), repo("two"), repo("three")}}
	files := map[string]string{file("one", "a/catalog-info.yaml"): "x", file("two", "b/catalog-info.yaml"): "x"}
	h := sdktest.New(t, plugin(), sdktest.SourceFiles(files), sdktest.SourceAPI("https://github.com", f), sdktest.Now(func() time.Time { return now }),
		sdktest.ConfigJSON(`{"organizations": [{"organization": "org", "catalogPath": "/**/catalog-info.yaml"}]}`))
	if message := provide(t, h); !strings.Contains(message, "3 repositories, 3 looked at") || len(found(t, h)) != 2 {
		t.Fatalf("%s %v", message, found(t, h))
	}
	if message := provide(t, h); !strings.Contains(message, "3 repositories, 0 looked at") || len(found(t, h)) != 2 {
		t.Errorf("nothing was pushed: %s %v", message, found(t, h))
	}
	f.repos = []map[string]any{repo("one"), repo("three", "pushed_at", "2026-01-01T11:00:00Z")}
	h.Source(file("three", "catalog-info.yaml"), "new")
	if message := provide(t, h); !strings.Contains(message, "2 repositories, 1 looked at") {
		t.Error(message)
	}
	if got := found(t, h); len(got) != 2 || got["org/two"] != nil || got["org/three"] == nil {
		t.Errorf("one is gone and one is new: %v", got)
	}
	now = now.Add(25 * time.Hour)
	if message := provide(t, h); !strings.Contains(message, "2 repositories, 2 looked at") {
		t.Errorf("a day later: %s", message)
	}
}

// A push in the same second as the last one is not missed.
func TestAFreshPushIsLookedAtAgain(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	f := &forge{repos: []map[string]any{repo("one", "pushed_at", "2026-01-01T12:00:00Z")}}
	h := sdktest.New(t, plugin(), sdktest.SourceFiles(map[string]string{}), sdktest.SourceAPI("https://github.com", f), sdktest.Now(func() time.Time { return now }),
		sdktest.ConfigJSON(`{"organizations": [{"organization": "org"}]}`))
	provide(t, h)
	h.Source(file("one", "catalog-info.yaml"), "pushed in that second")
	provide(t, h)
	if got := found(t, h); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

// When the host cannot be asked, nothing disappears.
func TestAFailureTakesNothingAway(t *testing.T) {
	f := &forge{repos: []map[string]any{repo("one"), repo("two")}}
	h := sdktest.New(t, plugin(), sdktest.SourceFiles(map[string]string{file("one", "catalog-info.yaml"): "x"}), sdktest.SourceAPI("https://github.com", f),
		sdktest.ConfigJSON(`{"organizations": [{"organization": "org"}]}`))
	provide(t, h)
	for _, status := range []int{401, 403, 404, 429, 500, 503} {
		f.broken = status
		if _, err := h.Provide(provider); err == nil || len(found(t, h)) != 1 {
			t.Errorf("%d: %v, %v", status, err, found(t, h))
		}
	}
}

// An organisation that is configured no more takes what it brought along.
func TestAnOrganisationThatIsNoLongerConfigured(t *testing.T) {
	f := &forge{repos: []map[string]any{repo("one")}}
	h := sdktest.New(t, plugin(), sdktest.SourceFiles(map[string]string{file("one", "catalog-info.yaml"): "x", file("one", "other.yaml"): "x"}), sdktest.SourceAPI("https://github.com", f),
		sdktest.ConfigJSON(`{"organizations": [{"organization": "org"}]}`))
	provide(t, h)
	h.SetConfig(`{"organizations": [{"organization": "org", "catalogPath": "other.yaml"}]}`)
	provide(t, h)
	if got := found(t, h); len(got) != 1 || len(got["org/one"]) != 1 || got["org/one"][0] != file("one", "other.yaml") {
		t.Errorf("%v", got)
	}
}

// Thousands of repositories fit into one call of the host's limits, and what
// does not is looked at in the next one.
func TestThousandsOfRepositories(t *testing.T) {
	f := &forge{}
	files := map[string]string{}
	for i := range 1_500 {
		name := fmt.Sprintf("repo-%04d", i)
		f.repos = append(f.repos, repo(name))
		if i%100 == 0 {
			files[file(name, "catalog-info.yaml")] = "x"
		}
	}
	h := sdktest.New(t, plugin(), sdktest.SourceFiles(files), sdktest.SourceAPI("https://github.com", f), sdktest.ConfigJSON(`{"organizations": [{"organization": "org"}]}`))
	if message := provide(t, h); !strings.Contains(message, "1000 looked at, 500 left for the next run") || len(found(t, h)) != 10 {
		t.Errorf("%s %d", message, len(found(t, h)))
	}
	if message := provide(t, h); !strings.Contains(message, "500 looked at") || len(found(t, h)) != 15 {
		t.Errorf("%s %d", message, len(found(t, h)))
	}
}

func TestGiteaHasOtherAddresses(t *testing.T) {
	f := &forge{repos: []map[string]any{{"name": "one", "default_branch": "trunk", "updated_at": "2025-12-01T00:00:00Z"}}}
	at := "https://git.example.com/org/one/src/branch/trunk/catalog-info.yaml"
	h := sdktest.New(t, plugin(), sdktest.SourceFiles(map[string]string{at: "x"}), sdktest.SourceAPI("https://git.example.com", f),
		sdktest.ConfigJSON(`{"organizations": [{"organization": "org", "type": "gitea", "host": "https://git.example.com/"}]}`))
	provide(t, h)
	if got := found(t, h)["org/one"]; len(got) != 1 || got[0] != at {
		t.Errorf("%v", got)
	}
}

func TestWrongSettingsAreNamed(t *testing.T) {
	for config, want := range map[string]string{
		`{"organizations": [{"organization": "org", "type": "gitea"}]}`:                "write its host",
		`{"organizations": [{"organization": "org", "filters": {"repository": "("}}]}`: "filters.repository",
		`{"organizations": [{"organization": "org", "branch": "x"}]}`:                  "branch",
	} {
		h := sdktest.New(t, plugin(), sdktest.ConfigJSON(config))
		if _, err := h.Provide(provider); sdk.CodeOf(err) != sdk.CodeInvalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", config, err)
		}
	}
}
