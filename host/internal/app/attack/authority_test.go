package attack_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/app/apptest"
)

// company boots a portal with plugins of one module and different grants:
// "rich" reads everything, "poor" groups only, "naked" nothing, and "modest"
// groups also for itself. Each may call some of the others; deep1 to deep5
// call the next one.
func company(t *testing.T) *apptest.Portal {
	t.Helper()
	wasm, err := apptest.BuildPlugin(filepath.Join(apptest.Root(), "host"), "./internal/app/attack/guest")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	calls := func(targets ...string) string {
		for i, id := range targets {
			targets[i] = fmt.Sprintf("{id: %s, pathPrefix: /do, own: true}", id)
		}
		return "plugin: {reason: test, scope: {plugins: [" + strings.Join(targets, ", ") + "]}}"
	}
	plugins := map[string]string{
		"rich":   `catalog: {reason: test}, identity: {reason: test}, ` + calls("poor"),
		"poor":   `catalog: {reason: test, scope: {read: {kinds: [Group]}}}, identity: {reason: test}, ` + calls("rich"),
		"naked":  calls("rich", "naked", "poor"),
		"modest": `catalog: {reason: test, scope: {read: {kinds: [Group]}, own: {kinds: [Group]}}}, ` + calls("rich"),
		"narrow": `plugin: {reason: test, scope: {plugins: [{id: rich, pathPrefix: /do/whoami}]}}`,
	}
	for i := 1; i <= 5; i++ {
		plugins[fmt.Sprintf("deep%d", i)] = calls(fmt.Sprintf("deep%d", i+1))
	}
	entries := ""
	for id, capabilities := range plugins {
		manifest := fmt.Sprintf(manifestOf, id, "20s", capabilities)
		if id == "naked" {
			manifest = strings.Replace(manifest, "runtime: {", "runtime: {isolation: per-call, ", 1)
		}
		write(t, filepath.Join(dir, id, "plugin.yaml"), manifest)
		write(t, filepath.Join(dir, id, "plugin.wasm"), string(wasm))
		grants := "plugin: true"
		if strings.Contains(capabilities, "catalog:") {
			grants += ", catalog: true"
		}
		entries += fmt.Sprintf("    %[1]s: {source: %[2]s/%[1]s, grants: {%[3]s}}\n", id, dir, grants)
	}
	write(t, filepath.Join(dir, "good.yaml"), good+"---\napiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: crew}\nspec: {type: team, children: []}\n")
	write(t, filepath.Join(dir, "app-config.yaml"), "catalog: {rules: [{allow: [Component, Group]}], locations: [{type: file, target: ./good.yaml}]}\nplugins:\n  entries:\n"+entries)
	p := apptest.Start(t, apptest.Options{Config: []string{filepath.Join(dir, "app-config.yaml")}})
	p.Until(goodPath, func(status int, _ string) bool { return status == http.StatusOK })
	for id := range plugins {
		p.Until("/api/"+id+"/do/env", func(status int, _ string) bool { return status == http.StatusOK })
	}
	return p
}

// Each way in which a plugin might act with somebody else's rights.
func TestNobodyActsWithTheRightsOfAnother(t *testing.T) {
	p := company(t)
	const group, component = "group:default/crew", "component:default/good"
	for _, tc := range []struct {
		name, path string
		status     int
		want, not  string
	}{
		{"the rich one reads for its viewer", "/api/rich/do/read?" + component, 200, `"good"`, "denied"},
		{"a plugin without the catalog asks the rich one", "/api/naked/do/ask?rich/do/read?" + component, 200, "denied [catalog (of plugin naked)", `"good"`},
		{"a plugin of groups asks the rich one for a component", "/api/poor/do/ask?rich/do/read?" + component, 200, "it does not read kind component", `"good"`},
		{"a plugin of groups asks the rich one for a group", "/api/poor/do/ask?rich/do/read?" + group, 200, `"crew"`, "denied"},
		{"the rich one is narrowed by whom it asks", "/api/rich/do/ask?poor/do/read?" + component, 200, "it does not read kind component", `"good"`},
		{"for itself, without own rights", "/api/poor/do/ask-own?rich/do/read?" + group, 403, "", `"crew"`},
		{"for itself, with own rights, shown to a viewer", "/api/modest/do/ask-own?rich/do/read?" + group, 403, "", `"crew"`},
		{"the callee knows for whom it works", "/api/poor/do/ask?rich/do/whoami", 200, "user user:development/guest viewer", "plugin"},
		{"a route that no target names", "/api/narrow/do/ask?rich/do/env", 200, "denied [plugin: GET /do/env of rich]", "true"},
		{"a path that climbs out of its target", "/api/narrow/do/ask?rich/do/whoami/../env", 200, "invalid", "true"},
		{"a method that no target names", "/api/naked/do/post?rich/do/env", 200, "denied [plugin: POST /do/env of rich]", "true"},
		{"a plugin that no target names", "/api/narrow/do/ask?poor/do/whoami", 200, "denied [plugin: GET /do/whoami of poor]", "user:"},
		{"itself", "/api/naked/do/ask?naked/do/env", 200, "already on the path", "true"},
		{"itself through another", "/api/poor/do/ask?rich/do/ask?poor/do/whoami", 200, "already on the path", "user:"},
		{"itself through another, each for itself", "/api/poor/do/ask-own?rich/do/ask-own?poor/do/whoami", 403, "", "user:"},
		{"four plugins deep", "/api/deep1/do/ask?deep2/do/ask?deep3/do/ask?deep4/do/env", 200, "true", "denied"},
		{"five plugins deep", "/api/deep1/do/ask?deep2/do/ask?deep3/do/ask?deep4/do/ask?deep5/do/env", 200, "already has 4 plugins", "true"},
		{"the host's own endpoints", "/api/naked/do/ask?plugins/", 200, "denied [plugin: GET / of plugins]", "digest"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			res, body := p.Get(tc.path)
			if res.StatusCode != tc.status || !strings.Contains(body, tc.want) || strings.Contains(body, tc.not) {
				t.Errorf("%d %s\nwant %d with %q and without %q", res.StatusCode, body, tc.status, tc.want, tc.not)
			}
			stillServes(t, p)
		})
	}
	t.Run("what one viewer's call left in memory", func(t *testing.T) {
		p.Get("/api/naked/do/remember?canary")
		if _, body := p.Get("/api/naked/do/recall"); body != "" {
			t.Errorf("a plugin with isolation per call remembers %q", body)
		}
	})
}
