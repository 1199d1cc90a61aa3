package attack_test

import (
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/app/apptest"
	"github.com/callboard/callboard/host/internal/source/sourcetest"
)

// A token that configuration gives one plugin is no other plugin's: not by
// asking for the same file, not through the plugin that has it, not by a path.
func TestATokenIsNobodyElses(t *testing.T) {
	wasm, err := apptest.BuildPlugin(filepath.Join(apptest.Root(), "host"), "./internal/app/attack/guest")
	if err != nil {
		t.Fatal(err)
	}
	repo := sourcetest.NewRepo()
	base := sourcetest.GitHub(t, repo)
	dir := t.TempDir()
	const reads, calls = `source: {reason: test, scope: {integrations: ["*"]}}`, `plugin: {reason: test, scope: {plugins: [{id: holder, pathPrefix: /do}]}}`
	for id, capabilities := range map[string]string{"holder": reads, "thief": reads + ", " + calls, "caller": calls} {
		write(t, filepath.Join(dir, id, "plugin.yaml"), fmt.Sprintf(manifestOf, id, "20s", capabilities))
		write(t, filepath.Join(dir, id, "plugin.wasm"), string(wasm))
	}
	write(t, filepath.Join(dir, "app-config.yaml"), fmt.Sprintf(`
integrations: {github: [{host: '%[2]s', baseUrl: '%[3]s', token: %[4]s, plugins: [holder]}]}
plugins:
  entries:
    holder: {source: %[1]s/holder, grants: {source: true}}
    thief: {source: %[1]s/thief, grants: {source: true, plugin: true}}
    caller: {source: %[1]s/caller, grants: {plugin: true}}
`, dir, strings.TrimPrefix(base, "http://"), base, repo.Token))
	p := apptest.Start(t, apptest.Options{Config: []string{filepath.Join(dir, "app-config.yaml")}})
	for _, id := range []string{"holder", "thief", "caller"} {
		p.Until("/api/"+id+"/do/env", func(status int, _ string) bool { return status == http.StatusOK })
	}
	file := url.QueryEscape(base + "/o/r/blob/main/catalog-info.yaml")
	for _, tc := range []struct{ name, path, want, not string }{
		{"its own", "/api/holder/do/source?" + file, "ok kind: Component", "denied"},
		{"the same file", "/api/thief/do/source?" + file, "not for plugin thief", "kind: Component"},
		{"through who has it", "/api/thief/do/ask?holder/do/source?" + file, "not for plugin thief", "kind: Component"},
		{"through who has it, without the capability", "/api/caller/do/ask?holder/do/source?" + file, "denied [source", "kind: Component"},
		{"a file of the machine", "/api/holder/do/source?" + url.QueryEscape("file://"+dir+"/app-config.yaml"), "invalid", "github"},
		{"a path", "/api/holder/do/source?" + url.QueryEscape(dir+"/app-config.yaml"), "invalid", "github"},
		{"a path that climbs", "/api/holder/do/source?" + url.QueryEscape(base+"/o/r/blob/main/../../../../api/v3/user"), "", "Bad"},
		{"the portal itself", "/api/holder/do/source?" + url.QueryEscape(p.URL+"/api/plugins"), "denied [source", "digest"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, body := p.Get(tc.path)
			if !strings.Contains(body, tc.want) || tc.not != "" && strings.Contains(body, tc.not) {
				t.Errorf("%s\nwant %q and not %q", body, tc.want, tc.not)
			}
			if strings.Contains(body, repo.Token) {
				t.Error("the token is in the answer")
			}
		})
	}
	if strings.Contains(p.Log.String(), repo.Token) {
		t.Error("the token is in the log")
	}
}
