package app_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/app/apptest"
	"github.com/callboard/callboard/host/internal/web/api/apitest"
	"github.com/callboard/callboard/plugins"
	"github.com/callboard/callboard/sdk/manifest"
)

// Whoever adds a route to a core plugin describes it.
func TestRoutesOfCorePluginsAreDescribed(t *testing.T) {
	routes := 0
	for _, bundle := range plugins.Core() {
		m, err := manifest.Parse(bundle.ID+"/plugin.yaml", bundle.Manifest)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range m.Routes {
			routes++
			if path := "/api/" + m.ID + r.Path; !apitest.Describes(t, r.Method, path) {
				t.Errorf("openapi.json lacks %s %s", r.Method, path)
			}
		}
	}
	if routes < 19 {
		t.Errorf("only %d routes were looked at", routes)
	}
}

// Real answers are what openapi.json says, which the UI's types are made from:
// Do looks at each.
func TestAnswersAreAsDescribed(t *testing.T) {
	p := example(t)
	_, body := p.Get("/api/catalog/entities/by-query?limit=1")
	uid := decode[page](t, body).Items[0].Metadata.UID
	for _, tc := range []struct {
		method, target, body string
		status               int
	}{
		{"GET", "/api/catalog/entities?filter=kind=api", "", 200},
		{"GET", "/api/catalog/entities/by-query?limit=50", "", 200},
		{"GET", "/api/catalog/entities/by-query?cursor=bad", "", 400},
		{"POST", "/api/catalog/entities/by-query", `{"query":{"$all":[{"kind":"component"},{"$not":{"spec.lifecycle":"deprecated"}}]},"limit":5}`, 200},
		{"POST", "/api/catalog/entities/by-query", `{"query":{"$nope":1}}`, 400},
		{"GET", "/api/catalog/entities/by-name/component/default/ledger-core", "", 200},
		{"GET", "/api/catalog/entities/by-name/component/default/none", "", 404},
		{"GET", "/api/catalog/entities/by-uid/" + uid, "", 200},
		{"POST", "/api/catalog/entities/by-refs", `{"entityRefs":["component:default/ledger-core","component:default/none"]}`, 200},
		{"GET", "/api/catalog/entity-facets?facet=kind&facet=metadata.tags", "", 200},
		{"POST", "/api/catalog/entity-facets", `{"facets":["spec.type"],"query":{"kind":"component"}}`, 200},
		{"GET", "/api/catalog/locations", "", 200},
		{"GET", "/api/catalog/history?kind=component&action=created&limit=5", "", 200},
		{"GET", "/api/catalog/history?action=moved", "", 400},
		{"GET", "/api/catalog/history/by-name/component/default/ledger-core?at=2999-01-01T00:00:00Z", "", 200},
		{"GET", "/api/catalog/history/by-name/component/default/none?at=1", "", 404},
		{"GET", "/api/catalog/history/locations", "", 200},
		{"POST", "/api/catalog/history/locations/none/restore", "", 404},
		{"GET", "/api/catalog/entities/by-name/component/default/ledger-core/ancestry", "", 200},
		{"GET", "/api/catalog/entities/by-name/component/default/none/ancestry", "", 404},
		{"DELETE", "/api/catalog/entities/by-uid/none", "", 204},
		{"POST", "/api/catalog/refresh", `{"entityRef":"component:default/ledger-core"}`, 200},
		{"POST", "/api/catalog/validate-entity", `{"entity":{"apiVersion":"backstage.io/v1alpha1","kind":"Domain","metadata":{"name":"x"},"spec":{"owner":"y"}},"location":"url:https://example.com/a.yaml"}`, 200},
		{"POST", "/api/catalog/validate-entity", `{"entity":{"kind":"Domain"},"location":"url:https://example.com/a.yaml"}`, 400},
		{"POST", "/api/catalog/locations/by-query", `{"query":{"type":"url"}}`, 200},
		{"GET", "/api/catalog/locations/none", "", 404},
		{"DELETE", "/api/catalog/locations/none", "", 404},
		{"GET", "/api/catalog/locations/by-entity/component/default/none", "", 404},
		{"POST", "/api/catalog/analyze-location", `{"location":{"type":"url","target":"https://unread.example.com/a.yaml"}}`, 200},
		{"GET", "/api/catalog/problems?limit=5", "", 200},
		{"GET", "/api/catalog/problems?type=none", "", 400},
		{"GET", "/api/app/preferences", "", 200},
		{"PUT", "/api/app/preferences/starred", `{"value":[]}`, 200},
		{"PUT", "/api/app/preferences/9", `{"value":[]}`, 400},
		{"GET", "/api/catalog/graph?entityRef=component:ledger-core&maxDepth=2&explain=group:ledger", "", 200},
		{"GET", "/api/catalog/graph?entityRef=component:ledger-core&maxDepth=11", "", 400},
		{"POST", "/api/catalog/graph", `{"entityRefs":["component:ledger-core"],"maxDepth":3,"fanOut":2,"direction":"incoming"}`, 200},
		{"POST", "/api/catalog/graph", `{"entityRefs":["component:none"]}`, 400},
		{"GET", "/api/catalog/entities/by-name/component/default/ledger-core/impact", "", 200},
		{"GET", "/api/catalog/entities/by-name/component/default/none/impact", "", 404},
		{"GET", "/api/plugins", "", 200},
		{"GET", "/api/plugins/catalog", "", 200},
		{"GET", "/api/plugins/none", "", 404},
		{"GET", "/api/plugins/catalog/recordings", "", 200},
		{"GET", "/api/plugins/none/recordings", "", 404},
		{"POST", "/api/plugins/catalog/record", `{"calls":1000}`, 400},
		{"GET", "/api/plugins/catalog/events", "", 404},
		{"GET", "/api/plugins/catalog/events/dead?limit=5", "", 200},
		{"POST", "/api/plugins/catalog/events/redeliver", "", 200},
		{"POST", "/api/plugins/catalog/events/replay", `{}`, 400},
		{"GET", "/api/plugins/catalog/schedules", "", 200},
		{"POST", "/api/plugins/catalog/schedules/none/run", "", 404},
		{"GET", "/api/plugins/catalog/tasks?state=done", "", 200},
		{"GET", "/api/plugins/catalog/tasks/none", "", 404},
		{"GET", "/api/plugins/catalog/history", "", 200},
		{"GET", "/api/plugins/catalog/usage?window=1m", "", 200},
		{"GET", "/api/plugins/catalog/usage?window=never", "", 400},
		{"PUT", "/api/plugins/catalog/limits", `{"limits":{"hostCalls":900}}`, 200},
		{"PUT", "/api/plugins/catalog/limits", `{"limits":{"hostCals":900}}`, 400},
		{"POST", "/api/plugins/catalog/disable", `{"reason":"a test"}`, 200},
		{"POST", "/api/plugins/catalog/enable", "", 200},
		{"POST", "/api/plugins/catalog/activate", `{"digest":"sha256:0"}`, 409},
		{"GET", "/api/plugins/releases/sha256:0", "", 404},
		{"GET", "/api/app/session", "", 200},
		{"GET", "/api/app/info", "", 200},
		{"GET", "/healthcheck", "", 200},
		{"GET", "/.callboard/live", "", 200},
		{"GET", "/.callboard/ready", "", 200},
		{"GET", "/.backstage/health/v1/liveness", "", 200},
		{"GET", "/.backstage/health/v1/readiness", "", 200},
	} {
		t.Run(fmt.Sprintf("%s %s %d", tc.method, tc.target, tc.status), func(t *testing.T) {
			res, body := p.Do(tc.method, tc.target, tc.body, asJSON)
			if res.StatusCode != tc.status {
				t.Fatalf("%s: %s", res.Status, body)
			}
		})
	}
}

// What is wrong with a request is said with Backstage's status and name, and
// in its error body, also by the parts of the host that a plugin never hears of.
func TestBadRequestsOfTheCatalog(t *testing.T) {
	p := apptest.Start(t, apptest.Options{Files: map[string]string{"app-config.yaml": "{}\n"}})
	const mediaType = "Content-Type"
	for _, tc := range []struct {
		name, method, path, body string
		header                   map[string]string
		status                   int
		error                    string
	}{
		{"a cursor", "GET", "/entities/by-query?cursor=bad", "", nil, 400, "InputError"},
		{"a cursor in a body", "POST", "/entities/by-query", `{"cursor":"bad"}`, nil, 400, "InputError"},
		{"a cursor of the older list", "GET", "/entities?after=bad&limit=1", "", nil, 400, "InputError"},
		{"a cursor of locations", "POST", "/locations/by-query", `{"cursor":"bad"}`, nil, 400, "InputError"},
		{"a filter", "GET", "/entities?filter==x", "", nil, 400, "InputError"},
		{"a filter of facets", "GET", "/entity-facets?facet=kind&filter==x", "", nil, 400, "InputError"},
		{"a predicate", "POST", "/entities/by-query", `{"query":{"$nor":[]}}`, nil, 400, "InputError"},
		{"a predicate of facets", "POST", "/entity-facets", `{"facets":["kind"],"query":{"kind":{"$in":"a"}}}`, nil, 400, "InputError"},
		{"a field that is unknown", "POST", "/refresh", `{"entityRef":"component:default/a","soon":true}`, nil, 400, "InputError"},
		{"a parameter that is unknown", "GET", "/entities?filters=kind=api", "", nil, 400, "InputError"},
		{"more refs than the cap", "POST", "/entities/by-refs", `{"entityRefs":[` + strings.Repeat(`"component:default/a",`, 10_000) + `"component:default/a"]}`, nil, 400, "InputError"},
		{"a limit above the cap", "POST", "/locations/by-query", `{"limit":1001}`, nil, 400, "InputError"},
		{"a limit that is negative", "GET", "/entities?limit=-1", "", nil, 400, "InputError"},
		{"a limit that is text", "GET", "/entities/by-query?limit=many", "", nil, 400, "InputError"},
		{"a ref", "POST", "/refresh", `{"entityRef":"a b"}`, nil, 400, "InputError"},
		{"no facet", "GET", "/entity-facets", "", nil, 400, "InputError"},
		{"a body that is no JSON", "POST", "/entities/by-query", `{`, nil, 400, "InputError"},
		{"a body that is nested too deep", "POST", "/entities/by-query", `{"query":` + strings.Repeat(`{"$not":`, 2000) + `{}` + strings.Repeat("}", 2000) + `}`, nil, 400, "InputError"},
		{"a body that is compressed", "POST", "/entities/by-query", `{}`, map[string]string{mediaType: "application/json", "Content-Encoding": "gzip"}, 415, "UnsupportedMediaTypeError"},
		// Backstage's validator answers 415, which the catalog's router makes an InputError of.
		{"a body that is a form", "POST", "/locations", `type=url`, map[string]string{mediaType: "application/x-www-form-urlencoded"}, 400, "InputError"},
		{"a body of no type", "POST", "/locations", `{}`, map[string]string{}, 400, "InputError"},
		{"a place that is no URL", "POST", "/locations", `{"type":"url","target":"nowhere"}`, nil, 400, "InputError"},
		{"a file", "POST", "/locations", `{"type":"file","target":"/etc/passwd"}`, nil, 400, "InputError"},
		{"a method", "PATCH", "/entities", "", nil, 405, "ResponseError"},
		{"a path", "GET", "/entity", "", nil, 404, "NotFoundError"},
		{"another site", "POST", "/refresh", `{}`, map[string]string{mediaType: "application/json", "Sec-Fetch-Site": "cross-site"}, 403, "NotAllowedError"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.header == nil {
				tc.header = asJSON
			}
			res, body := p.Do(tc.method, "/api/catalog"+tc.path, tc.body, tc.header)
			got := decode[struct {
				Error    struct{ Name, Message string }
				Request  struct{ Method, URL string }
				Response struct{ StatusCode int }
			}](t, body)
			if res.StatusCode != tc.status || got.Error.Name != tc.error || got.Response.StatusCode != tc.status {
				t.Errorf("%d %s, want %d %s", res.StatusCode, body, tc.status, tc.error)
			}
			if got.Error.Message == "" || got.Request.Method != tc.method || got.Request.URL != tc.path {
				t.Errorf("it does not say what is wrong with which request: %s", body)
			}
		})
	}
}
