package attack_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/app/apptest"
	"github.com/callboard/callboard/sdk/contract"
)

// canarySecret is a secret that must appear nowhere but at its host.
const canarySecret = "canary-of-the-vault/42"

// servers are two: outside is the one that the plugin is granted, inside
// the one that nobody granted it, both on loopback.
type servers struct {
	outside, inside *httptest.Server
	port, closed    int // of them
	insideAsked     int
	got             []*http.Request
}

func newServers(t *testing.T) *servers {
	t.Helper()
	s := &servers{}
	release := make(chan struct{})
	s.inside = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.insideAsked++
		_, _ = io.WriteString(w, "inside")
	}))
	mux := http.NewServeMux()
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		s.got = append(s.got, r.Clone(r.Context()))
		_, _ = io.WriteString(w, "outside "+r.Method)
	})
	mux.HandleFunc("/api/to", func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Location"] = []string{r.URL.Query().Get("at")}
		w.WriteHeader(http.StatusFound)
	})
	mux.HandleFunc("/api/echo", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, base64.StdEncoding.EncodeToString([]byte("you sent "+r.Header.Get("X-Token"))))
	})
	mux.HandleFunc("/api/huge", func(w http.ResponseWriter, _ *http.Request) {
		for range 64 {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/api/bomb", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(gzipOfNothing(64 << 20))
	})
	mux.HandleFunc("/api/slow", func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("/api/cookie", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Set-Cookie", "callboard-session=stolen")
		w.Header().Set("X-Shown", "yes")
	})
	s.outside = httptest.NewServer(mux)
	t.Cleanup(func() { close(release); s.outside.Close(); s.inside.Close() })
	s.port = s.outside.Listener.Addr().(*net.TCPAddr).Port
	s.closed = s.inside.Listener.Addr().(*net.TCPAddr).Port
	return s
}

// outgoing boots a portal with a plugin that may ask the server outside, below
// /api, and one host by a name that leads to loopback without the operator's
// word for it.
func outgoing(t *testing.T, s *servers) *apptest.Portal {
	t.Helper()
	wasm, err := apptest.BuildPlugin(filepath.Join(apptest.Root(), "host"), "./internal/app/attack/guest")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	const capabilities = `http: {reason: test, scope: {targets: [{host: "*", methods: [GET, POST], pathPrefix: /api}, {scheme: http, host: localhost, port: %d}]}}, ` +
		`secret: {reason: test, scope: {secrets: [{name: vault, host: "*", header: X-Token, reveal: true}]}}`
	write(t, filepath.Join(dir, "out", "plugin.yaml"), fmt.Sprintf(manifestOf, "out", "20s", fmt.Sprintf(capabilities, s.port)))
	write(t, filepath.Join(dir, "out", "plugin.wasm"), string(wasm))
	write(t, filepath.Join(dir, "good.yaml"), good)
	write(t, filepath.Join(dir, "app-config.yaml"), fmt.Sprintf(`
telemetry: {logLevel: debug}
catalog: {locations: [{type: file, target: ./good.yaml}]}
plugins:
  entries:
    out:
      source: %s/out
      secrets: {vault: {$env: VAULT}}
      limits: {egressRequests: 4, egressBytes: 8MiB}
      grants:
        http: {targets: [{scheme: http, host: 127.0.0.1, port: %d, methods: [GET, POST], private: true}, {scheme: http, host: localhost, port: %[2]d}]}
        secret: {secrets: [{name: vault, host: 127.0.0.1, header: X-Token}]}
`, dir, s.port))
	p := apptest.Start(t, apptest.Options{Config: []string{filepath.Join(dir, "app-config.yaml")}, Env: []string{"VAULT=" + canarySecret}})
	p.Until(goodPath, func(status int, _ string) bool { return status == http.StatusOK })
	p.Until("/api/out/do/env", func(status int, _ string) bool { return status == http.StatusOK })
	return p
}

// A hostile plugin, through a real module and real sockets: whatever it asks
// for, the server inside is never asked.
func TestSSRFThroughAPlugin(t *testing.T) {
	s := newServers(t)
	p := outgoing(t, s)
	at, closed := fmt.Sprintf("http://127.0.0.1:%d", s.port), fmt.Sprintf("http://127.0.0.1:%d", s.closed)
	fetch := func(t *testing.T, q contract.HTTPFetchRequest) string {
		t.Helper()
		b, err := json.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		_, body := p.Get("/api/out/do/fetch?" + url.QueryEscape(string(b)))
		stillServes(t, p)
		return body
	}
	to := func(where string) contract.HTTPFetchRequest {
		return contract.HTTPFetchRequest{URL: at + "/api/to?at=" + url.QueryEscape(where)}
	}
	get := func(where string) contract.HTTPFetchRequest { return contract.HTTPFetchRequest{URL: where} }
	header := func(name, value string) contract.HTTPFetchRequest {
		return contract.HTTPFetchRequest{URL: at + "/api/x", Headers: []contract.Header{{Name: name, Value: value}}}
	}
	if body := fetch(t, get(at+"/api/x")); !strings.HasPrefix(body, "ok 200 outside GET") {
		t.Fatal(body)
	}
	if body := fetch(t, get(fmt.Sprintf("http://[::ffff:127.0.0.1]:%d/api/x", s.port))); !strings.HasPrefix(body, "ok 200 outside GET") {
		t.Errorf("another spelling of a granted address: %s", body)
	}
	for name, tc := range map[string]struct {
		q    contract.HTTPFetchRequest
		want string
	}{
		"a denied port":                     {get(closed + "/api/x"), "denied [http: GET " + closed + "/api/x]"},
		"a denied path":                     {get(at + "/admin"), "denied"},
		"dot-dot":                           {get(at + "/api/../admin"), "invalid"},
		"dot-dot, encoded":                  {get(at + "/api/%2e%2e/admin"), "invalid"},
		"dot-dot, encoded twice":            {get(at + "/api/%252e%252e/admin"), "invalid"},
		"a slash encoded":                   {get(at + "/api/..%2fadmin"), "invalid"},
		"a denied method":                   {contract.HTTPFetchRequest{Method: "DELETE", URL: at + "/api/x"}, "denied"},
		"CONNECT":                           {contract.HTTPFetchRequest{Method: "CONNECT", URL: at + "/api/x"}, "invalid"},
		"TRACE":                             {contract.HTTPFetchRequest{Method: "TRACE", URL: at + "/api/x"}, "invalid"},
		"a denied scheme":                   {get(strings.Replace(at, "http", "https", 1) + "/api/x"), "denied"},
		"a name that leads to loopback":     {get(fmt.Sprintf("http://localhost:%d/api/x", s.port)), "denied [http: private]"},
		"metadata":                          {get("http://169.254.169.254/api/x"), "denied"},
		"IPv6-mapped metadata":              {get("http://[::ffff:169.254.169.254]/api/x"), "denied"},
		"IPv6 with a zone":                  {get(fmt.Sprintf("http://[fe80::1%%25lo]:%d/api/x", s.port)), "invalid"},
		"a decimal address":                 {get(fmt.Sprintf("http://2130706433:%d/api/x", s.port)), "invalid"},
		"an octal address":                  {get(fmt.Sprintf("http://0177.0.0.1:%d/api/x", s.port)), "invalid"},
		"a hexadecimal address":             {get(fmt.Sprintf("http://0x7f000001:%d/api/x", s.port)), "invalid"},
		"a short address":                   {get(fmt.Sprintf("http://127.1:%d/api/x", s.port)), "invalid"},
		"a dot at the end":                  {get(fmt.Sprintf("http://localhost.:%d/api/x", s.port)), "invalid"},
		"user information":                  {get(fmt.Sprintf("http://127.0.0.1:%d@127.0.0.1:%d/api/x", s.port, s.closed)), "invalid"},
		"a backslash":                       {get(fmt.Sprintf(`http://127.0.0.1:%d\@127.0.0.1:%d/api/x`, s.closed, s.port)), "invalid"},
		"a tab":                             {get(fmt.Sprintf("http://127.0.0.1:%d\t/api/x", s.closed)), "invalid"},
		"a port with a zero":                {get(fmt.Sprintf("http://127.0.0.1:0%d/api/x", s.port)), "invalid"},
		"port 0":                            {get("http://127.0.0.1:0/api/x"), "invalid"},
		"a fullwidth address":               {get(fmt.Sprintf("http://\uff11\uff12\uff17.0.0.1:%d/api/x", s.closed)), "invalid"},
		"a file":                            {get("file:///etc/passwd"), "invalid"},
		"a redirect to a denied port":       {to(closed + "/api/x"), "denied"},
		"a redirect to a denied path":       {to("/admin"), "denied"},
		"a redirect to dot-dot":             {to("/api/%2e%2e/admin"), "invalid"},
		"a redirect to another scheme":      {to("gopher://127.0.0.1:6379/_x"), "denied"},
		"a redirect to metadata":            {to("http://169.254.169.254/api/x"), "denied"},
		"a redirect to a decimal address":   {to(fmt.Sprintf("http://2130706433:%d/api/x", s.closed)), "invalid"},
		"a redirect to loopback by name":    {to(fmt.Sprintf("http://localhost:%d/api/x", s.port)), "denied [http: private]"},
		"redirects without end":             {to(at + "/api/to?at=" + url.QueryEscape(at+"/api/to?at="+url.QueryEscape(at+"/api/to?at="+url.QueryEscape(at+"/api/to?at="+url.QueryEscape("/api/x"))))), "exhausted"},
		"a huge body":                       {get(at + "/api/huge"), "exhausted"},
		"a gzip bomb":                       {get(at + "/api/bomb"), "exhausted"},
		"a slow body":                       {contract.HTTPFetchRequest{URL: at + "/api/slow", TimeoutMillis: 200}, "timeout"},
		"a line in a header":                {header("X-A", "b\r\nX-Injected: 1"), "invalid"},
		"a line in the name of one":         {header("X-A: b\r\nX-Injected", "1"), "invalid"},
		"Host":                              {header("Host", "admin.internal"), "invalid"},
		"Transfer-Encoding":                 {header("Transfer-Encoding", "chunked"), "invalid"},
		"a proxy of its own":                {header("Proxy-Authorization", "Basic x"), "invalid"},
		"credentials of its own":            {header("Authorization", "Bearer mine"), "denied [http: credentials"},
		"a secret to a field not granted":   {header("X-Other", "{{secret:vault}}"), "denied [secret: vault in X-Other"},
		"a secret of nobody":                {header("X-Token", "{{secret:root}}"), "denied [secret: root"},
		"an echo of a secret, in base64":    {contract.HTTPFetchRequest{URL: at + "/api/echo", Headers: header("X-Token", "{{secret:vault}}").Headers}, "denied [secret: reveal vault]"},
		"an own request without an own one": {contract.HTTPFetchRequest{URL: at + "/api/x", Own: true}, "denied [http: own"},
	} {
		t.Run(name, func(t *testing.T) {
			body := fetch(t, tc.q)
			if !strings.HasPrefix(body, tc.want) || strings.Contains(body, "canary") || strings.Contains(body, "inside\n") {
				t.Errorf("got %s, want %s", body, tc.want)
			}
		})
	}
	t.Run("a header of the answer", func(t *testing.T) {
		if body := fetch(t, get(at+"/api/cookie")); strings.Contains(body, "stolen") || !strings.Contains(body, "X-Shown: yes") {
			t.Error(body)
		}
	})
	t.Run("a secret goes where it is granted", func(t *testing.T) {
		s.got = nil
		if body := fetch(t, header("X-Token", "token {{secret:vault}}")); !strings.HasPrefix(body, "ok 200") || strings.Contains(body, "canary") {
			t.Error(body)
		}
		if len(s.got) != 1 || s.got[0].Header.Get("X-Token") != "token "+canarySecret {
			t.Errorf("%d requests", len(s.got))
		}
	})
	t.Run("a secret is not revealed", func(t *testing.T) {
		if _, body := p.Get("/api/out/do/reveal?vault"); !strings.HasPrefix(body, "denied [secret: reveal vault]") {
			t.Error(body)
		}
	})
	if s.insideAsked > 0 {
		t.Errorf("the server inside was asked %d times", s.insideAsked)
	}
	for _, r := range s.got {
		if r.Header.Get("X-Injected") != "" {
			t.Errorf("a header was injected: %v", r.Header)
		}
	}
	leaks(t, p)
	_, status := p.Get("/api/plugins/out")
	var view struct{ EgressRequests, EgressBytes int }
	if err := json.Unmarshal([]byte(status), &view); err != nil || view.EgressRequests < 10 || view.EgressBytes < 1<<20 {
		t.Errorf("the operator sees %+v, %v", view, err)
	}
}

// leaks looks for the secret wherever the portal shows something.
func leaks(t *testing.T, p *apptest.Portal) {
	t.Helper()
	for _, path := range []string{"/api/plugins", "/api/plugins/out", "/api/plugins/out/history", "/api/plugins/out/recordings", "/metrics", "/.callboard/ready"} {
		if _, body := p.Get(path); strings.Contains(body, "canary") {
			t.Errorf("%s shows the secret", path)
		}
	}
	log := p.Log.String()
	if i := strings.Index(log, "canary"); i >= 0 {
		t.Errorf("the log shows the secret: …%s…", log[max(0, i-200):min(len(log), i+50)])
	}
	for _, want := range []string{`msg="plugin asked another server" plugin=out method=GET`, `msg="secret sent" plugin=out secret=vault`, `msg="capability denied" plugin=out capability=http`} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not say %s", want)
		}
	}
}
