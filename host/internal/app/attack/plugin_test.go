package attack_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/app/apptest"
)

const manifestOf = `apiVersion: callboard.dev/v1
id: %s
version: 1.0.0
title: A test
owner: group:default/crew
licence: Apache-2.0
runtime: {memory: 128MiB, deadlines: {http.handle/1: %s}}
capabilities: {%s}
routes:
  - {method: GET, path: "/do/{verb}"}
  - {method: POST, path: "/do/{verb}"}
`

// besieged boots a portal with the plugins mallory, who may nearly nothing,
// and victim, who keeps a secret. Both are the same code.
func besieged(t *testing.T) *apptest.Portal {
	t.Helper()
	wasm, err := apptest.BuildPlugin(filepath.Join(apptest.Root(), "host"), "./internal/app/attack/guest")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	const kv, catalog, free = `kv: {reason: test}`, `catalog: {reason: test, scope: {own: {kinds: [Component]}}}`, `log: {reason: test}, clock: {reason: test}, config: {reason: test}`
	for id, capabilities := range map[string]string{"mallory": strings.Join([]string{kv, catalog, free}, ", "), "victim": kv + ", " + free, "thief": kv + ", " + free} {
		write(t, filepath.Join(dir, id, "plugin.yaml"), fmt.Sprintf(manifestOf, id, "1s", capabilities))
		write(t, filepath.Join(dir, id, "plugin.wasm"), string(wasm))
	}
	write(t, filepath.Join(dir, "good.yaml"), good)
	write(t, filepath.Join(dir, "app-config.yaml"), fmt.Sprintf(`
catalog: {locations: [{type: file, target: ./good.yaml}]}
plugins:
  entries:
    mallory:
      source: %[1]s/mallory
      grants: {catalog: {read: {kinds: [Component]}, own: {kinds: [Component]}}}
      config: {greeting: hello, password: canary-of-mallory}
    victim: {source: %[1]s/victim, grants: {kv: true}, config: {apiToken: canary-of-victim}}
    thief: {source: %[1]s/thief, grants: {kv: true}}
`, dir))
	p := apptest.Start(t, apptest.Options{Config: []string{filepath.Join(dir, "app-config.yaml")}})
	p.Until(goodPath, func(status int, _ string) bool { return status == http.StatusOK })
	// The first call compiles; its deadline is not what is tested here.
	for _, id := range []string{"mallory", "victim", "thief"} {
		p.Until("/api/"+id+"/do/env", func(status int, _ string) bool { return status == http.StatusOK })
	}
	return p
}

func TestHostilePlugin(t *testing.T) {
	p := besieged(t)
	ask := func(t *testing.T, path string) (*http.Response, string) {
		t.Helper()
		res, body := p.Get(path)
		stillServes(t, p)
		return res, body
	}
	t.Run("sees nothing of the machine", func(t *testing.T) {
		if _, body := ask(t, "/api/mallory/do/env"); body != "true 0 0" && body != "true 1 0" {
			t.Error(body)
		}
	})
	t.Run("headers", func(t *testing.T) {
		res, _ := ask(t, "/api/mallory/do/headers")
		for name, want := range map[string]string{
			"Set-Cookie": "", "Access-Control-Allow-Origin": "", "Refresh": "", "Clear-Site-Data": "", "Service-Worker-Allowed": "", "Content-Encoding": "",
			"X-Accel-Redirect": "", "Location": "", "X-Content-Type-Options": "nosniff", "Content-Disposition": "attachment",
			"Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'", "Cache-Control": "private",
		} {
			if got := res.Header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		if res.Header.Get("X-Request-Id") == "forged-by-guest" || res.ContentLength != int64(len("<script>alert(1)</script>")) {
			t.Errorf("%v", res.Header)
		}
	})
	for name, path := range map[string]string{
		"an interim status": "status?101", "a status beyond": "status?999", "a negative status": "status?-1", "headers without end": "many-headers?1000",
		"a body of 50 MiB": "body?52428800", "one handle ten thousand times": "amplify?10000", "a crash": "crash",
		"a handle of an earlier call": "forge", "a loop": "loop",
	} {
		t.Run(name, func(t *testing.T) {
			if name == "a handle of an earlier call" {
				ask(t, "/api/mallory/do/keep")
			}
			res, body := ask(t, "/api/mallory/do/"+path)
			if res.StatusCode < 400 || strings.Contains(body, "canary") || strings.Contains(body, "goroutine") {
				t.Errorf("%d %s", res.StatusCode, body)
			}
		})
	}
	t.Run("lives on", func(t *testing.T) {
		p.Until("/api/mallory/do/env", func(status int, _ string) bool { return status == http.StatusOK })
	})
	t.Run("handles of other calls", func(t *testing.T) {
		if _, body := ask(t, "/api/victim/do/guess"); body != "0" {
			t.Errorf("%s handles can be read", body)
		}
	})
	t.Run("what it read with its own rights, shown to a viewer", func(t *testing.T) {
		res, body := ask(t, "/api/mallory/do/own?component:default/good")
		if res.StatusCode != http.StatusForbidden || strings.Contains(body, `"crew"`) {
			t.Errorf("%d %s", res.StatusCode, body)
		}
	})
	t.Run("what is not granted", func(t *testing.T) {
		if _, body := ask(t, "/api/mallory/do/denied"); !strings.HasPrefix(body, "denied") || !strings.Contains(body, "grants.kv") {
			t.Error(body)
		}
		if log := p.Log.String(); !regexp.MustCompile(`msg="capability denied" plugin=mallory capability=kv .*grants\.kv`).MatchString(log) {
			t.Errorf("the denial is not in the log:\n%s", log)
		}
		before := strings.Count(p.Log.String(), "capability denied")
		ask(t, "/api/mallory/do/denied?900")
		if n := strings.Count(p.Log.String(), "capability denied") - before; n < 1 || n > 3 {
			t.Errorf("900 denials of a call are %d lines of the log", n)
		}
	})
	t.Run("what does not exist", func(t *testing.T) {
		_, body := ask(t, "/api/mallory/do/unknown")
		for _, line := range strings.Split(body, "\n") {
			if line != "" && !strings.HasPrefix(line, "denied") && !strings.HasPrefix(line, "invalid") {
				t.Error(line)
			}
		}
	})
	t.Run("what others keep", func(t *testing.T) {
		if _, body := ask(t, "/api/victim/do/kv-set?canary-of-kv"); !strings.HasPrefix(body, "ok") {
			t.Fatal(body)
		}
		if _, body := ask(t, "/api/victim/do/kv-get?secret"); !strings.Contains(body, "canary-of-kv") {
			t.Fatal(body)
		}
		for _, path := range []string{"kv-scan", "kv-get?secret", "kv-get?../victim/secret", "kv-get?local/victim/secret", "kv-get?victim:secret", "kv-get?%25"} {
			if _, body := ask(t, "/api/thief/do/"+path); strings.Contains(body, "canary") {
				t.Errorf("%s: %s", path, body)
			}
		}
	})
	t.Run("secrets of its configuration", func(t *testing.T) {
		if _, body := ask(t, "/api/mallory/do/config"); !strings.Contains(body, "hello") || strings.Contains(body, "canary") {
			t.Error(body)
		}
		if _, body := ask(t, "/api/victim/do/config"); strings.Contains(body, "canary") {
			t.Error(body)
		}
	})
	t.Run("host calls without end", func(t *testing.T) {
		if _, body := ask(t, "/api/mallory/do/calls?5000"); body != "exhausted" {
			t.Error(body)
		}
	})
	t.Run("log injection", func(t *testing.T) {
		ask(t, "/api/mallory/do/log?x")
		for _, line := range strings.Split(strings.TrimSpace(p.Log.String()), "\n") {
			if !strings.HasPrefix(line, "time=") {
				t.Errorf("a line of the guest's own: %q", line)
			}
			if strings.ContainsAny(line, "\x1b\x07\r\u202e\u2028") {
				t.Errorf("control characters: %q", line)
			}
			if strings.Contains(line, "forged") && !strings.Contains(line, "plugin=mallory") {
				t.Errorf("not mallory's: %q", line)
			}
		}
		if !strings.Contains(p.Log.String(), "forged") {
			t.Error("nothing of it was logged")
		}
	})
	t.Run("a write from another site", func(t *testing.T) {
		res, _ := p.Do(http.MethodPost, "/api/victim/do/kv-set?forged", "", map[string]string{"Origin": "http://evil.example.com"})
		if _, body := p.Get("/api/victim/do/kv-get?secret"); res.StatusCode != http.StatusForbidden || strings.Contains(body, "forged") {
			t.Errorf("%d %s", res.StatusCode, body)
		}
	})
	t.Run("a compressed body is not unpacked", func(t *testing.T) {
		res, body := p.Do(http.MethodPost, "/api/victim/do/env", string(gzipOfNothing(32<<20)), map[string]string{"Content-Encoding": "gzip"})
		if res.StatusCode != http.StatusUnsupportedMediaType {
			t.Errorf("%d %s", res.StatusCode, body)
		}
	})
}
