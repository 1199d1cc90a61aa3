package app_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/callboard/callboard/host/internal/app/apptest"
)

// files is a host of descriptors that change.
type files struct {
	sync.Mutex
	byPath map[string]string
}

func (f *files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.Lock()
	defer f.Unlock()
	text, ok := f.byPath[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	_, _ = w.Write([]byte(text))
}

func (f *files) set(path, text string) {
	f.Lock()
	defer f.Unlock()
	f.byPath[path] = text
}

func described(name, kind string) string {
	return fmt.Sprintf("apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: %s}\nspec: {type: %s, lifecycle: production, owner: crew}\n", name, kind)
}

// registry is a portal that may read from a host of descriptors.
func registry(t *testing.T, more string) (p *apptest.Portal, host *files, url string) {
	t.Helper()
	host = &files{byPath: map[string]string{}}
	server := httptest.NewServer(host)
	t.Cleanup(server.Close)
	config := "backend: {reading: {allow: [{host: '" + strings.TrimPrefix(server.URL, "http://") + "'}]}}\n" + more
	return apptest.Start(t, apptest.Options{Files: map[string]string{"app-config.yaml": config}}), host, server.URL
}

var asJSON = map[string]string{"Content-Type": "application/json"}

func status(want int) func(int, string) bool {
	return func(got int, _ string) bool { return got == want }
}

// A location is looked at, registered, read again when asked, and removed with
// what it brought.
func TestALocationFromRegisteringToRemoval(t *testing.T) {
	p, host, url := registry(t, "")
	target := url + "/catalog-info.yaml"
	body := fmt.Sprintf(`{"type":"url","target":%q}`, target)
	post := func(path, body string, want int) string {
		t.Helper()
		res, text := p.Do(http.MethodPost, "/api/catalog"+path, body, asJSON)
		if res.StatusCode != want {
			t.Fatalf("POST %s: %d %s", path, res.StatusCode, text)
		}
		return text
	}
	type location struct{ ID, Type, Target, EntityRef string }
	type registered struct {
		Exists   bool
		Location location
		Entities []struct {
			Kind     string
			Metadata struct{ Name string }
		}
	}

	// What is not there, and what is not valid, is said and stored nowhere.
	if text := post("/locations?dryRun=true", body, 400); !strings.Contains(text, "InputError") {
		t.Error(text)
	}
	host.set("/catalog-info.yaml", described("web", "service")+"---\n"+described("a b", "service"))
	if text := post("/locations?dryRun=true", body, 400); !strings.Contains(text, "line 6: ") {
		t.Error(text)
	}
	analysis := decode[struct {
		ExistingEntityFiles []struct{ IsRegistered bool }
		Problems            []struct{ Line int }
	}](t, post("/analyze-location", `{"location":`+body+`}`, 200))
	if len(analysis.ExistingEntityFiles) != 1 || analysis.ExistingEntityFiles[0].IsRegistered || len(analysis.Problems) != 1 || analysis.Problems[0].Line != 6 {
		t.Errorf("%+v", analysis)
	}

	host.set("/catalog-info.yaml", described("web", "service"))
	dry := decode[registered](t, post("/locations?dryRun=true", body, 201))
	if dry.Exists || len(dry.Entities) != 1 || dry.Entities[0].Metadata.Name != "web" || dry.Location.ID != "url:"+target {
		t.Errorf("dry run: %+v", dry)
	}
	if res, text := p.Get("/api/catalog/locations"); text != "[]" {
		t.Errorf("after dry runs: %d %s", res.StatusCode, text)
	}

	made := decode[registered](t, post("/locations", body, 201))
	post("/locations", body, 409)
	const web = "/api/catalog/entities/by-name/component/default/web"
	p.Until(web, status(200))
	if dry := decode[registered](t, post("/locations?dryRun=true", body, 201)); !dry.Exists {
		t.Error("the dry run of what is registered does not say so")
	}
	_, text := p.Get("/api/catalog/locations/by-entity/component/default/web")
	if got := decode[location](t, text); got != made.Location {
		t.Errorf("by entity: %+v, registered %+v", got, made.Location)
	}
	_, text = p.Get(web + "/ancestry")
	tree := decode[struct {
		RootEntityRef string
		Items         []struct{ ParentEntityRefs []string }
	}](t, text)
	if tree.RootEntityRef != "component:default/web" || len(tree.Items) != 2 || len(tree.Items[0].ParentEntityRefs) != 1 || tree.Items[0].ParentEntityRefs[0] != made.Location.EntityRef {
		t.Errorf("ancestry: %s", text)
	}

	host.set("/catalog-info.yaml", described("web", "website"))
	post("/refresh", `{"entityRef":"component:default/web"}`, 200)
	p.Until(web, func(_ int, body string) bool { return strings.Contains(body, `"website"`) })

	// What its source still brings is not taken out.
	_, text = p.Get(web)
	uid := decode[struct{ Metadata struct{ UID string } }](t, text).Metadata.UID
	if res, text := p.Do(http.MethodDelete, "/api/catalog/entities/by-uid/"+uid, "", nil); res.StatusCode != 204 || text != "" {
		t.Errorf("removing an entity: %d %s", res.StatusCode, text)
	}
	host.set("/catalog-info.yaml", described("web", "library"))
	post("/refresh", `{"entityRef":"component:default/web"}`, 200)
	p.Until(web, func(_ int, body string) bool { return strings.Contains(body, `"library"`) })

	if res, text := p.Do(http.MethodDelete, "/api/catalog/locations/"+made.Location.ID, "", nil); res.StatusCode != 204 {
		t.Fatalf("unregistering: %d %s", res.StatusCode, text)
	}
	p.Until(web, status(404))
	if res, _ := p.Do(http.MethodDelete, "/api/catalog/locations/"+made.Location.ID, "", nil); res.StatusCode != 404 {
		t.Errorf("unregistering twice: %d", res.StatusCode)
	}
}

// With orphanStrategy: keep, what nothing brings any more stays until somebody
// removes it.
func TestAnOrphanIsRemovedWhenAsked(t *testing.T) {
	p, host, url := registry(t, "catalog: {orphanStrategy: keep}\n")
	host.set("/a.yaml", described("web", "service")+"---\n"+described("old", "service"))
	if res, text := p.Do(http.MethodPost, "/api/catalog/locations", fmt.Sprintf(`{"type":"url","target":"%s/a.yaml"}`, url), asJSON); res.StatusCode != 201 {
		t.Fatal(text)
	}
	const old = "/api/catalog/entities/by-name/component/default/old"
	p.Until(old, status(200))
	host.set("/a.yaml", described("web", "service"))
	_, _ = p.Do(http.MethodPost, "/api/catalog/refresh", `{"entityRef":"component:default/web"}`, asJSON)
	text := p.Until(old, func(_ int, body string) bool { return strings.Contains(body, `"backstage.io/orphan":"true"`) })
	uid := decode[struct{ Metadata struct{ UID string } }](t, text).Metadata.UID
	if res, text := p.Do(http.MethodDelete, "/api/catalog/entities/by-uid/"+uid, "", nil); res.StatusCode != 204 {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	p.Until(old, status(404))
}

// changes are the requests that would change the catalog.
func changes(url string) []struct{ method, path, body string } {
	return []struct{ method, path, body string }{
		{http.MethodPost, "/locations", fmt.Sprintf(`{"type":"url","target":"%s/a.yaml"}`, url)},
		{http.MethodDelete, "/locations/x", ""},
	}
}

func TestAReadOnlyCatalog(t *testing.T) {
	p, host, url := registry(t, "catalog: {readonly: true}\n")
	host.set("/a.yaml", described("web", "service"))
	for _, r := range changes(url) {
		res, text := p.Do(r.method, "/api/catalog"+r.path, r.body, asJSON)
		if res.StatusCode != 403 || !strings.Contains(text, "NotAllowedError") || !strings.Contains(text, "catalog.readonly") {
			t.Errorf("%s %s: %d %s", r.method, r.path, res.StatusCode, text)
		}
	}
	if res, text := p.Do(http.MethodPost, "/api/catalog/locations?dryRun=true", changes(url)[0].body, asJSON); res.StatusCode != 201 {
		t.Errorf("a dry run: %d %s", res.StatusCode, text)
	}
}

// Without sign-in and policy nobody changes the catalog of a production, or
// has it read from where they want.
func TestNobodyChangesTheCatalogOfAProduction(t *testing.T) {
	p, _, url := registry(t, "auth: {environment: production}\n")
	all := append(changes(url), struct{ method, path, body string }{http.MethodPost, "/locations?dryRun=true", changes(url)[0].body},
		struct{ method, path, body string }{http.MethodPost, "/analyze-location", `{"location":` + changes(url)[0].body + `}`},
		struct{ method, path, body string }{http.MethodPost, "/refresh", `{"entityRef":"component:default/web"}`},
		struct{ method, path, body string }{http.MethodDelete, "/entities/by-uid/x", ""})
	for _, r := range all {
		res, text := p.Do(r.method, "/api/catalog"+r.path, r.body, asJSON)
		if res.StatusCode != 403 && res.StatusCode != 401 {
			t.Errorf("%s %s: %d %s", r.method, r.path, res.StatusCode, text)
		}
	}
	if res, text := p.Do(http.MethodPost, "/api/catalog/entities/by-query", `{}`, asJSON); res.StatusCode == 403 {
		t.Errorf("reading by POST: %d %s", res.StatusCode, text)
	}
}
