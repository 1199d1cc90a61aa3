package web_test

import (
	"io/fs"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/callboard/callboard/host/internal/plugin/extension"
	"github.com/callboard/callboard/host/internal/web"
	"github.com/callboard/callboard/sdk/contract"
)

func TestPages(t *testing.T) {
	s := newServer(t, &plugins{}, nil)
	nonce := regexp.MustCompile(`nonce="([^"]+)"`)
	var seen []string
	for _, path := range []string{"/", "/catalog/default/component/x", "/nope", "/api-docs"} {
		res, body := do(t, s, "GET", path, "", nil)
		csp := res.Header.Get("Content-Security-Policy")
		m := nonce.FindStringSubmatch(body)
		if res.StatusCode != 200 || m == nil || !strings.Contains(csp, "'nonce-"+m[1]+"'") || !strings.Contains(csp, "script-src 'nonce-"+m[1]+"' http://127.0.0.1:7007/assets/") {
			t.Fatalf("%s: %d %s\n%s", path, res.StatusCode, csp, body)
		}
		if strings.Contains(csp, "unsafe") || !strings.Contains(csp, "frame-ancestors 'none'") || !strings.Contains(csp, "default-src 'none'") {
			t.Errorf("policy %s", csp)
		}
		if !strings.Contains(body, "<title>Callboard &lt;1&gt;</title>") {
			t.Errorf("title in %s", body)
		}
		seen = append(seen, m[1])
	}
	if seen[0] == seen[1] {
		t.Error("a nonce came twice")
	}
	res, body := do(t, s, "GET", "/assets/app.js", "", nil)
	if body != "console.log(1)" || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/javascript") {
		t.Errorf("%s %v", body, res.Header)
	}
	if res, _ := do(t, s, "GET", "/assets/gone.js", "", nil); res.StatusCode != 404 {
		t.Errorf("a missing chunk: %d", res.StatusCode)
	}
	empty := newServer(t, &plugins{}, func(c *web.Config) { c.UI = fstest.MapFS{".gitkeep": &fstest.MapFile{Mode: fs.ModePerm}} })
	if res, body := do(t, empty, "GET", "/", "", nil); res.StatusCode != 503 || !strings.Contains(body, "make build") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
}

func TestConditionalRequests(t *testing.T) {
	p := &plugins{}
	s := newServer(t, p, nil)
	res, body := do(t, s, "GET", "/api/demo/", "", nil)
	tag := res.Header.Get("ETag")
	if body != `{"a":1}` || !strings.HasPrefix(tag, `W/"`) {
		t.Fatalf("%s %s", tag, body)
	}
	res, body = do(t, s, "GET", "/api/demo/", "", map[string]string{"If-None-Match": `"other", ` + tag})
	if res.StatusCode != 304 || body != "" || res.Header.Get("ETag") != tag {
		t.Errorf("%d %q", res.StatusCode, body)
	}
	p.answer.Body = [][]byte{[]byte(`{"a":2}`)}
	if res, _ = do(t, s, "GET", "/api/demo/", "", map[string]string{"If-None-Match": tag}); res.StatusCode != 200 {
		t.Errorf("a changed answer: %d", res.StatusCode)
	}
}

func TestCompression(t *testing.T) {
	p := &plugins{answer: extension.HTTPAnswer{Status: 200, Headers: []contract.Header{{Name: "Content-Type", Value: "application/json"}}, Body: [][]byte{[]byte(`"` + strings.Repeat("a", 4096) + `"`)}}}
	s := newServer(t, p, nil)
	res, body := do(t, s, "GET", "/api/demo/", "", map[string]string{"Accept-Encoding": "gzip"})
	if res.Header.Get("Content-Encoding") != "gzip" || len(body) > 500 {
		t.Errorf("%v, %d bytes", res.Header, len(body))
	}
}

func TestHealth(t *testing.T) {
	state := &struct{ ready string }{"ok"}
	s := newServer(t, &plugins{}, func(c *web.Config) { c.Host = host{ready: state.ready} })
	for path, want := range map[string]string{
		"/healthcheck": `{"status":"ok"}`, "/.callboard/live": `{"status":"ok"}`, "/.backstage/health/v1/liveness": `{"status":"ok"}`,
		"/.backstage/health/v1/readiness": `{"status":"ok"}`, "/.callboard/ready": `{"status":"ok","checks":[]}`,
	} {
		if res, body := do(t, s, "GET", path, "", nil); res.StatusCode != 200 || body != want {
			t.Errorf("%s: %d %s", path, res.StatusCode, body)
		}
	}
	if _, body := do(t, s, "GET", "/metrics", "", nil); !strings.Contains(body, "callboard_build_info") || !strings.Contains(body, `route="/healthcheck"`) {
		t.Error("/metrics lacks series")
	}
	s.Drain()
	if res, body := do(t, s, "GET", "/.callboard/ready", "", nil); res.StatusCode != 503 || !strings.Contains(body, "shutting down") {
		t.Errorf("draining: %d %s", res.StatusCode, body)
	}
	apart := newServer(t, &plugins{}, func(c *web.Config) { c.MetricsBeside = false })
	if res, _ := do(t, apart, "GET", "/metrics", "", nil); res.Header.Get("Content-Type") == "text/plain; version=0.0.4" {
		t.Error("/metrics is served on an address that others reach")
	}
}

func TestPersonas(t *testing.T) {
	s := newServer(t, &plugins{}, nil)
	_, body := do(t, s, "GET", "/api/app/session", "", nil)
	if !strings.Contains(body, `"ref":"user:default/brook"`) || !strings.Contains(body, `"mode":"development"`) || !strings.Contains(body, "group:default/streams") {
		t.Fatal(body)
	}
	res, body := do(t, s, "POST", "/api/app/session", `{"persona":"user:default/ford"}`, map[string]string{"Content-Type": "application/json"})
	cookie := res.Cookies()
	if res.StatusCode != 200 || len(cookie) != 1 || !cookie[0].HttpOnly || cookie[0].SameSite != http.SameSiteLaxMode {
		t.Fatal(res.StatusCode, body, cookie)
	}
	_, body = do(t, s, "GET", "/api/app/session", "", map[string]string{"Cookie": cookie[0].Name + "=" + cookie[0].Value})
	if !strings.Contains(body, `"principal":{"ref":"user:default/ford"`) {
		t.Error(body)
	}
	for name, tc := range map[string]struct {
		body, mediaType string
		status          int
	}{
		"an unknown persona": {`{"persona":"user:default/root"}`, "application/json", 400},
		"not JSON":           {`{`, "application/json", 400},
		"a form":             {`persona=x`, "application/x-www-form-urlencoded", 415},
	} {
		if res, body := do(t, s, "POST", "/api/app/session", tc.body, map[string]string{"Content-Type": tc.mediaType}); res.StatusCode != tc.status {
			t.Errorf("%s: %d %s", name, res.StatusCode, body)
		}
	}
	secure := newServer(t, &plugins{}, func(c *web.Config) { c.BaseURL = "https://portal.example.org" })
	res, _ = do(t, secure, "POST", "/api/app/session", `{"persona":"user:default/ford"}`, map[string]string{"Content-Type": "application/json", "Host": "portal.example.org"})
	if c := res.Cookies(); len(c) != 1 || !c[0].Secure || c[0].Name != "__Host-callboard-session" || c[0].Path != "/" || c[0].Domain != "" {
		t.Errorf("cookie over https: %v", c)
	}
}
