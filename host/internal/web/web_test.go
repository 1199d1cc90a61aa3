package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"go.opentelemetry.io/otel/trace/noop"

	"github.com/callboard/callboard/host/internal/authn"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/extension"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/telemetry"
	"github.com/callboard/callboard/host/internal/web"
	"github.com/callboard/callboard/host/internal/web/route"
	"github.com/callboard/callboard/sdk/contract"
)

// plugins answers every route of "demo" with one answer.
type plugins struct {
	routes *route.Table
	answer extension.HTTPAnswer
	err    error
	last   *extension.HTTPRequest
}

func (p *plugins) Routes(id plugin.ID) *route.Table {
	if id != "demo" {
		return nil
	}
	return p.routes
}

func (p *plugins) ServeHTTP(_ context.Context, r *extension.HTTPRequest) (*extension.HTTPAnswer, error) {
	p.last = r
	if p.err != nil {
		return nil, p.err
	}
	a := p.answer
	return &a, nil
}

type host struct{ ready string }

func (host) ListPlugins(context.Context, bool) any { return []map[string]string{{"id": "demo"}} }
func (host) Usage(context.Context, string, time.Duration) (any, error) {
	return nil, nil //nolint:nilnil // never asked for
}

func (host) GetPlugin(_ context.Context, id string) (any, error) {
	if id == "panic" {
		panic("a bug")
	}
	return nil, fault.New(fault.NotFound, "no plugin %q", id)
}
func (host) Info(context.Context) any { return map[string]string{"version": "1"} }
func (h host) Ready(context.Context) web.Readiness {
	return web.Readiness{Status: h.ready, Checks: []web.Check{}}
}

type directory struct{}

func (directory) Profile(_ context.Context, ref string) authn.Profile {
	return authn.Profile{Ref: ref, DisplayName: "Brook", Ownership: []string{"group:default/streams"}}
}

type sessions map[string]store.SessionRow

func (s sessions) PutSession(_ context.Context, r store.SessionRow) error { s[r.ID] = r; return nil }

func (s sessions) GetSession(_ context.Context, id string) (store.SessionRow, error) {
	if r, ok := s[id]; ok {
		return r, nil
	}
	return store.SessionRow{}, fault.New(fault.NotFound, "none")
}
func (s sessions) DeleteSession(_ context.Context, id string) error { delete(s, id); return nil }
func (s sessions) SweepSessions(context.Context) (int, error)       { return 0, nil }

// everybody may do everything.
type everybody struct{}

func (everybody) May(context.Context, principal.Authority, string) error             { return nil }
func (everybody) MaySome(context.Context, principal.Authority, string) error         { return nil }
func (everybody) MayWith(context.Context, principal.Authority, string, string) error { return nil }
func (everybody) OfEntity(string) bool                                               { return false }

func newServer(t *testing.T, p *plugins, change func(*web.Config)) *web.Server {
	t.Helper()
	if p.routes == nil {
		table, err := route.New([]route.Route{{Method: "GET", Pattern: "/things/{name}"}, {Method: "POST", Pattern: "/things"}, {Method: "GET", Pattern: "/"}})
		if err != nil {
			t.Fatal(err)
		}
		p.routes = table
	}
	if p.answer.Status == 0 {
		p.answer = extension.HTTPAnswer{Status: 200, Headers: []contract.Header{{Name: "Content-Type", Value: "application/json"}}, Body: [][]byte{[]byte(`{"a":`), []byte(`1}`)}}
	}
	config := web.Config{
		Permissions: everybody{},
		BaseURL:     "http://portal.example.org:7007", Title: "Callboard <1>", Development: true,
		UI: fstest.MapFS{
			"index.html":    {Data: []byte(`<html><title>__APP_TITLE__</title><script nonce="__CSP_NONCE__" src="/assets/app.js"></script>`)},
			"assets/app.js": {Data: []byte("console.log(1)")},
			"favicon.svg":   {Data: []byte("<svg/>")},
		},
		OpenAPI: []byte(`{"openapi":"3.1.0"}`), Metrics: telemetry.NewMetrics("test"), MetricsBeside: true,
		Tracer: noop.NewTracerProvider().Tracer("test"), Log: slog.New(slog.DiscardHandler),
		Authn: authn.New(authn.Config{
			Guest: true, Default: "user:default/brook", Personas: []string{"user:default/ford"},
			Directory: directory{}, Sessions: sessions{}, Now: time.Now,
		}),
		Plugins: p, Host: host{ready: "ok"}, RequestID: func() string { return "generated-id" }, Now: time.Now,
	}
	if change != nil {
		change(&config)
	}
	s, err := web.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func do(t *testing.T, s *web.Server, method, target, body string, header map[string]string) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = "127.0.0.1:7007"
	for k, v := range header {
		if k == "Host" {
			r.Host = v
			continue
		}
		r.Header.Set(k, v)
	}
	res, err := s.Test(r)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

func TestHostMustBeOurs(t *testing.T) {
	s := newServer(t, &plugins{}, nil)
	for name, tc := range map[string]struct {
		host   string
		status int
	}{
		"base URL":             {"portal.example.org:7007", 200},
		"base URL, other case": {"Portal.Example.org:7007", 200},
		"loopback":             {"127.0.0.1:9999", 200},
		"localhost":            {"localhost", 200},
		"IPv6 loopback":        {"[::1]:7007", 200},
		"a rebound name":       {"evil.example.com", 421},
		"a look-alike":         {"127.0.0.1.example.com", 421},
		"another port":         {"portal.example.org:81", 421},
		"a public address":     {"203.0.113.5:7007", 421},
	} {
		t.Run(name, func(t *testing.T) {
			if res, body := do(t, s, "GET", "/api/demo/things/x", "", map[string]string{"Host": tc.host}); res.StatusCode != tc.status {
				t.Errorf("%d %s", res.StatusCode, body)
			}
		})
	}
}

func TestWritesComeFromOurPages(t *testing.T) {
	s := newServer(t, &plugins{}, nil)
	for name, tc := range map[string]struct {
		header map[string]string
		status int
	}{
		"a program":                     {nil, 200},
		"our page":                      {map[string]string{"Sec-Fetch-Site": "same-origin"}, 200},
		"another site":                  {map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		"a sibling site":                {map[string]string{"Sec-Fetch-Site": "same-site"}, 403},
		"typed by a user":               {map[string]string{"Sec-Fetch-Site": "none"}, 403},
		"our origin, older browser":     {map[string]string{"Origin": "http://127.0.0.1:7007"}, 200},
		"another origin, older browser": {map[string]string{"Origin": "http://evil.example.com"}, 403},
		"another port":                  {map[string]string{"Origin": "http://127.0.0.1:1"}, 403},
		"no origin to speak of":         {map[string]string{"Origin": "null"}, 403},
	} {
		t.Run(name, func(t *testing.T) {
			if res, body := do(t, s, "POST", "/api/demo/things", "{}", tc.header); res.StatusCode != tc.status {
				t.Errorf("%d %s", res.StatusCode, body)
			}
		})
	}
	if res, _ := do(t, s, "GET", "/api/demo/things/x", "", map[string]string{"Sec-Fetch-Site": "cross-site"}); res.StatusCode != 200 {
		t.Errorf("following a link to us: %d", res.StatusCode)
	}
}

func TestPluginAnswersAreForeignBytes(t *testing.T) {
	answer := func(mediaType string, more ...contract.Header) extension.HTTPAnswer {
		return extension.HTTPAnswer{Status: 200, Headers: append([]contract.Header{{Name: "Content-Type", Value: mediaType}}, more...), Body: [][]byte{[]byte("<script>alert(1)</script>")}}
	}
	p := &plugins{answer: answer("text/html",
		contract.Header{Name: "Set-Cookie", Value: "callboard-session=stolen"}, contract.Header{Name: "Content-Security-Policy", Value: "script-src *"},
		contract.Header{Name: "Access-Control-Allow-Origin", Value: "*"}, contract.Header{Name: "Refresh", Value: "0;url=//evil"},
		contract.Header{Name: "Service-Worker-Allowed", Value: "/"}, contract.Header{Name: "Clear-Site-Data", Value: "*"},
		contract.Header{Name: "Strict-Transport-Security", Value: "max-age=0"}, contract.Header{Name: "X-Frame-Options", Value: "ALLOWALL"},
		contract.Header{Name: "Location", Value: "//evil.example.com"}, contract.Header{Name: "X-Content-Type-Options", Value: "off"},
		contract.Header{Name: "Link", Value: "</a>; rel=next"}, contract.Header{Name: "Etag", Value: `"v1"`},
		contract.Header{Name: "Retry-After", Value: "1\r\nSet-Cookie: x=1"},
	)}
	s := newServer(t, p, nil)
	res, _ := do(t, s, "GET", "/api/demo/", "", nil)
	for name, want := range map[string]string{
		"Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'", "X-Content-Type-Options": "nosniff",
		"Content-Disposition": "attachment", "X-Frame-Options": "DENY", "Set-Cookie": "", "Access-Control-Allow-Origin": "",
		"Refresh": "", "Service-Worker-Allowed": "", "Clear-Site-Data": "", "Strict-Transport-Security": "", "Location": "", "Retry-After": "",
		"Link": "</a>; rel=next", "Etag": `"v1"`, "Cache-Control": "private, no-cache",
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for mediaType, disposition := range map[string]string{
		"application/json; charset=utf-8": "", "text/plain": "", "image/png": "", "image/svg+xml": "attachment",
		"text/html; charset=utf-8": "attachment", "application/xhtml+xml": "attachment", "text/xml": "attachment", "nonsense;;": "attachment",
	} {
		p.answer = answer(mediaType)
		if res, _ := do(t, s, "GET", "/api/demo/", "", nil); res.Header.Get("Content-Disposition") != disposition {
			t.Errorf("%s: %q", mediaType, res.Header.Get("Content-Disposition"))
		}
	}
	for location, kept := range map[string]bool{"/catalog": true, "https://evil": false, "//evil": false, `/\evil`: false, "javascript:alert(1)": false} {
		p.answer = extension.HTTPAnswer{Status: 302, Headers: []contract.Header{{Name: "Location", Value: location}}}
		if res, _ := do(t, s, "GET", "/api/demo/", "", nil); (res.Header.Get("Location") != "") != kept {
			t.Errorf("Location %s: %q", location, res.Header.Get("Location"))
		}
	}
}

func TestCredentialsNeverEnterAGuest(t *testing.T) {
	p := &plugins{}
	s := newServer(t, p, nil)
	do(t, s, "GET", "/api/demo/things/a%2Fb?q=1", "", map[string]string{
		"Cookie": "callboard-session=canary", "Authorization": "Bearer canary", "Proxy-Authorization": "canary",
		"X-Forwarded-For": "canary", "Accept": "text/plain", "If-None-Match": `"x"`,
	})
	for _, h := range p.last.Headers {
		if strings.Contains(h.Value, "canary") {
			t.Errorf("%s entered the guest", h.Name)
		}
	}
	r := p.last
	if r.Route != "/things/{name}" || r.Params[0].Value != "a/b" || r.Path != "/things/a%2Fb" || r.RawQuery != "q=1" || r.RequestID != "generated-id" {
		t.Errorf("%+v", r)
	}
	if r.Authority.Subject.Ref != "user:default/brook" || len(r.Authority.Subject.Ownership) != 2 {
		t.Errorf("authority %+v", r.Authority)
	}
}

func TestErrors(t *testing.T) {
	p := &plugins{}
	s := newServer(t, p, func(c *web.Config) { c.Limits.BodyBytes = 1 << 10 })
	for name, tc := range map[string]struct {
		method, path, body string
		err                error
		status             int
		kind, backstage    string
	}{
		"not found":       {"GET", "/api/nope/x", "", nil, 404, "not_found", "NotFoundError"},
		"no route":        {"GET", "/api/demo/nope", "", nil, 404, "not_found", "NotFoundError"},
		"method":          {"DELETE", "/api/demo/things", "", nil, 405, "method_not_allowed", "ResponseError"},
		"invalid":         {"GET", "/api/demo/", "", fault.New(fault.Invalid, "bad filter"), 400, "invalid", "InputError"},
		"denied":          {"GET", "/api/demo/", "", fault.New(fault.Denied, "no"), 403, "denied", "NotAllowedError"},
		"conflict":        {"GET", "/api/demo/", "", fault.New(fault.Conflict, "exists"), 409, "conflict", "ConflictError"},
		"unavailable":     {"GET", "/api/demo/", "", fault.Wrap(fault.Unavailable, &plugin.Busy{Reason: "full", Wait: 1500 * time.Millisecond}, "busy"), 503, "unavailable", "ServiceUnavailableError"},
		"timeout":         {"GET", "/api/demo/", "", context.DeadlineExceeded, 504, "timeout", "ResponseError"},
		"internal":        {"GET", "/api/demo/", "", errors.New("secret of the database"), 500, "internal", "InternalServerError"},
		"panic":           {"GET", "/api/plugins/panic", "", nil, 500, "internal", "InternalServerError"},
		"host's endpoint": {"GET", "/api/plugins/x", "", nil, 404, "not_found", "NotFoundError"},
	} {
		t.Run(name, func(t *testing.T) {
			p.err = tc.err
			res, body := do(t, s, tc.method, tc.path, tc.body, map[string]string{"X-Request-Id": "client-chosen.1"})
			var got struct {
				Type, Detail, RequestID string
				Status                  int
				Error                   struct{ Name, Message string }
				Response                struct{ StatusCode int }
			}
			if err := json.Unmarshal([]byte(body), &got); err != nil {
				t.Fatal(err, body)
			}
			if res.StatusCode != tc.status || got.Status != tc.status || got.Response.StatusCode != tc.status || got.Type != "urn:callboard:problem:"+tc.kind || got.Error.Name != tc.backstage {
				t.Errorf("%d %s", res.StatusCode, body)
			}
			if got.RequestID != "client-chosen.1" || res.Header.Get("X-Request-Id") != "client-chosen.1" {
				t.Errorf("request id %q", got.RequestID)
			}
			if strings.Contains(body, "secret") {
				t.Error("the cause is shown")
			}
			if name == "unavailable" && res.Header.Get("Retry-After") != "2" {
				t.Errorf("Retry-After %q", res.Header.Get("Retry-After"))
			}
			if name == "method" && res.Header.Get("Allow") != "POST" {
				t.Errorf("Allow %q", res.Header.Get("Allow"))
			}
		})
	}
	for path, want := range map[string]string{"/api/nope/x": "application/problem+json", "/api/catalog/x": "application/json; charset=utf-8"} {
		if res, _ := do(t, s, "GET", path, "", nil); res.Header.Get("Content-Type") != want {
			t.Errorf("an error of %s is %s", path, res.Header.Get("Content-Type"))
		}
	}
	if res, body := do(t, s, "GET", "/api/demo/", "", map[string]string{"X-Request-Id": "bad id\twith spaces"}); res.Header.Get("X-Request-Id") != "generated-id" {
		t.Errorf("a malformed request id was kept: %s %s", res.Header.Get("X-Request-Id"), body)
	}
}
