package app_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/callboard/callboard/host/internal/web/api"
)

// Real answers are what openapi.json says, which the UI's types are made from.
func TestAnswersAreAsDescribed(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(api.OpenAPI()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	if err := compiler.AddResource("openapi.json", doc); err != nil {
		t.Fatal(err)
	}
	p := example(t)
	_, body := p.Get("/api/catalog/entities/by-query?limit=1")
	uid := decode[page](t, body).Items[0].Metadata.UID
	for _, tc := range []struct {
		method, path, target, body string
		status                     string
	}{
		{"get", "/api/catalog/entities", "/api/catalog/entities?filter=kind=api", "", "200"},
		{"get", "/api/catalog/entities/by-query", "/api/catalog/entities/by-query?limit=50", "", "200"},
		{"get", "/api/catalog/entities/by-query", "/api/catalog/entities/by-query?cursor=bad", "", "400"},
		{"post", "/api/catalog/entities/by-query", "", `{"query":{"$all":[{"kind":"component"},{"$not":{"spec.lifecycle":"deprecated"}}]},"limit":5}`, "200"},
		{"post", "/api/catalog/entities/by-query", "", `{"query":{"$nope":1}}`, "400"},
		{"get", "/api/catalog/entities/by-name/{kind}/{namespace}/{name}", "/api/catalog/entities/by-name/component/default/ledger-core", "", "200"},
		{"get", "/api/catalog/entities/by-name/{kind}/{namespace}/{name}", "/api/catalog/entities/by-name/component/default/none", "", "404"},
		{"get", "/api/catalog/entities/by-uid/{uid}", "/api/catalog/entities/by-uid/" + uid, "", "200"},
		{"post", "/api/catalog/entities/by-refs", "", `{"entityRefs":["component:default/ledger-core","component:default/none"]}`, "200"},
		{"get", "/api/catalog/entity-facets", "/api/catalog/entity-facets?facet=kind&facet=metadata.tags", "", "200"},
		{"post", "/api/catalog/entity-facets", "", `{"facets":["spec.type"],"query":{"kind":"component"}}`, "200"},
		{"get", "/api/catalog/locations", "", "", "200"},
		{"get", "/api/plugins", "", "", "200"},
		{"get", "/api/plugins/{id}", "/api/plugins/catalog", "", "200"},
		{"get", "/api/plugins/{id}", "/api/plugins/none", "", "404"},
		{"get", "/api/plugins/{id}/recordings", "/api/plugins/catalog/recordings", "", "200"},
		{"get", "/api/plugins/{id}/recordings", "/api/plugins/none/recordings", "", "404"},
		{"post", "/api/plugins/{id}/record", "/api/plugins/catalog/record", `{"calls":1000}`, "400"},
		{"get", "/api/plugins/{id}/events", "/api/plugins/catalog/events", "", "404"},
		{"get", "/api/plugins/{id}/events/dead", "/api/plugins/catalog/events/dead?limit=5", "", "200"},
		{"post", "/api/plugins/{id}/events/redeliver", "/api/plugins/catalog/events/redeliver", "", "200"},
		{"post", "/api/plugins/{id}/events/replay", "/api/plugins/catalog/events/replay", `{}`, "400"},
		{"get", "/api/plugins/{id}/schedules", "/api/plugins/catalog/schedules", "", "200"},
		{"post", "/api/plugins/{id}/schedules/{schedule}/run", "/api/plugins/catalog/schedules/none/run", "", "404"},
		{"get", "/api/plugins/{id}/tasks", "/api/plugins/catalog/tasks?state=done", "", "200"},
		{"get", "/api/plugins/{id}/tasks/{task}", "/api/plugins/catalog/tasks/none", "", "404"},
		{"get", "/api/plugins/{id}/history", "/api/plugins/catalog/history", "", "200"},
		{"get", "/api/plugins/{id}/usage", "/api/plugins/catalog/usage?window=1m", "", "200"},
		{"get", "/api/plugins/{id}/usage", "/api/plugins/catalog/usage?window=never", "", "400"},
		{"put", "/api/plugins/{id}/limits", "/api/plugins/catalog/limits", `{"limits":{"hostCalls":900}}`, "200"},
		{"put", "/api/plugins/{id}/limits", "/api/plugins/catalog/limits", `{"limits":{"hostCals":900}}`, "400"},
		{"post", "/api/plugins/{id}/disable", "/api/plugins/catalog/disable", `{"reason":"a test"}`, "200"},
		{"post", "/api/plugins/{id}/enable", "/api/plugins/catalog/enable", "", "200"},
		{"post", "/api/plugins/{id}/activate", "/api/plugins/catalog/activate", `{"digest":"sha256:0"}`, "409"},
		{"get", "/api/plugins/releases/{digest}", "/api/plugins/releases/sha256:0", "", "404"},
		{"get", "/api/app/session", "", "", "200"},
		{"get", "/api/app/info", "", "", "200"},
		{"get", "/healthcheck", "", "", "200"},
		{"get", "/.callboard/live", "", "", "200"},
		{"get", "/.callboard/ready", "", "", "200"},
		{"get", "/.backstage/health/v1/liveness", "", "", "200"},
		{"get", "/.backstage/health/v1/readiness", "", "", "200"},
	} {
		t.Run(strings.ToUpper(tc.method)+" "+tc.path+" "+tc.status, func(t *testing.T) {
			target := tc.target
			if target == "" {
				target = tc.path
			}
			res, body := p.Do(strings.ToUpper(tc.method), target, tc.body, map[string]string{"Content-Type": "application/json"})
			if want := tc.status; http.StatusText(res.StatusCode) == "" || want != res.Status[:3] {
				t.Fatalf("%s: %s", res.Status, body)
			}
			schema, err := compiler.Compile(pointer(t, doc, tc.path, tc.method, tc.status))
			if err != nil {
				t.Fatal(err)
			}
			var answer any
			if err := json.Unmarshal([]byte(body), &answer); err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(answer); err != nil {
				t.Errorf("%v\n%s", err, body)
			}
		})
	}
}

// pointer returns where the schema of an answer is in the document.
func pointer(t *testing.T, doc any, path, method, status string) string {
	t.Helper()
	escape := func(s string) string {
		return strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(s)
	}
	at := func(v any, keys ...string) any {
		for _, k := range keys {
			m, ok := v.(map[string]any)
			if !ok {
				t.Fatalf("openapi.json has no %v", keys)
			}
			v = m[k]
		}
		return v
	}
	answer := at(doc, "paths", path, method, "responses", status)
	place := "#/paths/" + escape(path) + "/" + method + "/responses/" + status
	if ref, ok := answer.(map[string]any)["$ref"].(string); ok {
		place = ref
		answer = at(doc, "components", "responses", ref[strings.LastIndexByte(ref, '/')+1:])
	}
	for mediaType := range at(answer, "content").(map[string]any) {
		return "openapi.json" + place + "/content/" + escape(mediaType) + "/schema"
	}
	t.Fatalf("openapi.json describes no content for %s %s %s", method, path, status)
	return ""
}
