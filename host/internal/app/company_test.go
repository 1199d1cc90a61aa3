package app_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/app/apptest"
	"github.com/callboard/callboard/sdk/manifest"
)

// hello installs the example company plugin as an operator would: a folder
// named in plugins.entries. More files may be there; of app-config.yaml it is
// more text.
func hello(t *testing.T, grants string, more map[string]string) *apptest.Portal {
	t.Helper()
	examples := filepath.Join(apptest.Root(), "examples")
	wasm, err := apptest.BuildPlugin(examples, "./hello")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(examples, "hello", manifest.FileName))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string][]byte{manifest.FileName: text, "plugin.wasm": wasm} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files := map[string]string{
		"app-config.yaml": `
catalog:
  rules: [{allow: [Component, Group, Location]}]
  locations: [{type: file, target: ./company.yaml}]
plugins:
  entries:
    hello:
      source: ` + dir + `
      grants: ` + grants + `
      config: {greeting: Ahoy, tiers: {service: "1"}}
`,
		"company.yaml": `
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: streams}
spec: {type: team, children: []}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: engine}
spec: {type: service, lifecycle: production, owner: streams}
`,
	}
	for name, text := range more {
		files[name] += text
	}
	p := apptest.Start(t, apptest.Options{Files: files})
	p.Until("/api/catalog/entities/by-name/component/default/engine", func(status int, _ string) bool { return status == http.StatusOK })
	// Before it is compiled for the first time a plugin answers 503 with Retry-After.
	p.Until("/api/hello/teams/streams", func(status int, _ string) bool { return status != http.StatusServiceUnavailable })
	return p
}

func TestACompanyPluginDoesWhatItWasGranted(t *testing.T) {
	p := hello(t, "{catalog: true, kv: true}", nil)
	json := map[string]string{"Content-Type": "application/json"}
	for _, count := range []string{`"count":1`, `"count":2`} {
		res, body := p.Do(http.MethodPost, "/api/hello/teams/streams/greetings", "{}", json)
		if res.StatusCode != http.StatusCreated || !strings.Contains(body, "Ahoy, streams! from user:development/guest") || !strings.Contains(body, count) {
			t.Fatalf("%d %s", res.StatusCode, body)
		}
	}
	res, body := p.Get("/api/hello/teams/streams")
	if res.StatusCode != http.StatusOK || !strings.Contains(body, `"greetings":2`) || !strings.Contains(body, `"engine"`) {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	if res.Header.Get("Content-Security-Policy") != "sandbox; default-src 'none'; frame-ancestors 'none'" {
		t.Errorf("policy %q", res.Header.Get("Content-Security-Policy"))
	}
	res, body = p.Do(http.MethodPost, "/api/hello/teams/nobody/greetings", "{}", json)
	if res.StatusCode != http.StatusNotFound || !strings.HasPrefix(res.Header.Get("Content-Type"), "application/problem+json") {
		t.Errorf("a team that is not there: %d %s", res.StatusCode, body)
	}
	// Its processor runs in the pipeline.
	p.Until("/api/catalog/entities/by-name/component/default/engine", func(_ int, body string) bool { return strings.Contains(body, `tier":"1"`) })
	if log := p.Log.String(); !strings.Contains(log, "msg=greeted plugin=hello") || !strings.Contains(log, "guest.team=streams") {
		t.Errorf("the plugin's record is not in the log:\n%s", log)
	}
}

// What the operator granted, a rule of the company's policy takes away again:
// from this plugin, and within a second.
func TestThePolicyNarrowsAGrant(t *testing.T) {
	p := hello(t, "{catalog: true, kv: true}", map[string]string{
		"app-config.yaml":  "permission: {policy: {folder: ./policy}}\n",
		"policy/kv.rego":   "package callboard.authz\n\ndeny contains \"reviewed plugins only\" if {\n\tinput.principal.kind == \"plugin\"\n\tinput.permission.name == \"capability.kv\"\n\tnot input.principal.id in data.company.reviewed\n}\n",
		"policy/data.json": `{"company": {"reviewed": ["catalog"]}}`,
	})
	res, body := p.Get("/api/hello/teams/streams")
	if res.StatusCode != http.StatusForbidden || !strings.Contains(body, "plugin:hello has not the permission capability.kv: the policy denies it: reviewed plugins only") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	if err := os.WriteFile(filepath.Join(p.Dir, "policy", "data.json"), []byte(`{"company": {"reviewed": ["catalog", "hello"]}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	p.Until("/api/hello/teams/streams", func(status int, _ string) bool { return status == http.StatusOK })
}

func TestACompanyPluginMayNothingElse(t *testing.T) {
	p := hello(t, "{catalog: {read: {kinds: [group]}}}", nil)
	res, body := p.Get("/api/hello/teams/streams")
	if res.StatusCode != http.StatusForbidden || !strings.Contains(body, "kv") {
		t.Errorf("without the grant of kv: %d %s", res.StatusCode, body)
	}
	_, body = p.Get("/api/plugins/hello")
	if !strings.Contains(body, `"name":"kv","scope"`) && !strings.Contains(body, `"name":"kv"`) || !strings.Contains(body, "kinds group") {
		t.Errorf("the plugins page does not say so: %s", body)
	}
	if log := p.Log.String(); !strings.Contains(log, "capability denied") || !strings.Contains(log, "capability=kv") {
		t.Errorf("the denial is not in the log:\n%s", log)
	}
}
