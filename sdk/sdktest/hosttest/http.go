package hosttest

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// servers are the other hosts of the cases.
var servers = map[string]http.Handler{
	"api.example.com": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1/away":
			http.Redirect(w, r, "https://cdn.example.com/file", http.StatusFound)
		case "/v1/out":
			http.Redirect(w, r, "https://evil.example.com/", http.StatusFound)
		case "/v1/up":
			http.Redirect(w, r, "/v2", http.StatusFound)
		case "/v1/loop":
			http.Redirect(w, r, "/v1/loop", http.StatusFound)
		case "/v1/echo":
			_, _ = io.WriteString(w, "you sent "+r.Header.Get("Authorization"))
		case "/v1/gone":
			http.Error(w, "gone", http.StatusGone)
		default:
			body, _ := io.ReadAll(r.Body)
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("X-Answer", "42")
			w.Header().Set("Set-Cookie", "a=b")
			_, _ = fmt.Fprintf(w, "%s %s %q %d", r.Method, r.URL.RequestURI(), body, len(r.Header.Get("Authorization")))
		}
	}),
	"cdn.example.com": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "cdn, %d", len(r.Header.Get("Authorization")+r.Header.Get("X-Trace")))
	}),
}

// outward is a plugin that asks two hosts, one of them also for itself.
var outward = Setup{
	Grants: []string{"http", "secret", "clock"}, Sites: servers,
	Scopes: map[string]string{
		"http": `{"targets": [{"host": "api.example.com", "methods": ["GET", "POST"], "pathPrefix": "/v1"}, {"host": "cdn.example.com", "own": true}]}`,
		"secret": `{"secrets": [{"name": "api", "host": "api.example.com", "header": "Authorization"}, ` +
			`{"name": "open", "reveal": true}, {"name": "unbound", "host": "api.example.com", "header": "Authorization", "reveal": true}]}`,
	},
	Secrets: map[string]string{"api": "canary-of-api", "open": "canary-of-open"},
}

func fetch(q contract.HTTPFetchRequest) *contract.HTTPFetchRequest {
	if !strings.Contains(q.URL, "://") {
		q.URL = "https://api.example.com" + q.URL
	}
	return &q
}

func field(name, value string) []contract.Header {
	return []contract.Header{{Name: name, Value: value}}
}

var httpCases = []testCase{
	{"a request within a target is sent and its answer is a handle", outward, func(_ *testing.T, h *probe) {
		var a contract.HTTPFetchAnswer
		h.must(abi.CapHTTP, abi.HTTPFetch, fetch(contract.HTTPFetchRequest{Method: "POST", URL: "/v1/x?y=1", Body: []byte("hello")}), &a)
		if got := h.read(a.Handle, a.Size); a.Status != 200 || got != `POST /v1/x?y=1 "hello" 0` || a.URL != "https://api.example.com/v1/x?y=1" {
			h.t.Errorf("%+v: %s", a, got)
		}
		shown := map[string]string{}
		for _, f := range a.Headers {
			shown[f.Name] = f.Value
		}
		if shown["X-Answer"] != "42" || shown["Content-Type"] != "text/plain" || shown["Set-Cookie"] != "" {
			h.t.Errorf("headers %v", a.Headers)
		}
	}},
	{"a body may be a handle", outward, func(_ *testing.T, h *probe) {
		var info contract.HandleInfo
		h.must(abi.CapHandle, abi.HandleCreate, &contract.HandleCreateRequest{Bytes: []byte("held")}, &info)
		var a contract.HTTPFetchAnswer
		h.must(abi.CapHTTP, abi.HTTPFetch, fetch(contract.HTTPFetchRequest{Method: "POST", URL: "/v1", BodyHandle: info.Handle}), &a)
		if got := h.read(a.Handle, a.Size); !strings.Contains(got, `"held"`) {
			h.t.Error(got)
		}
	}},
	{"a status is no error", outward, func(_ *testing.T, h *probe) {
		var a contract.HTTPFetchAnswer
		h.must(abi.CapHTTP, abi.HTTPFetch, fetch(contract.HTTPFetchRequest{URL: "/v1/gone"}), &a)
		if a.Status != http.StatusGone {
			h.t.Errorf("status %d", a.Status)
		}
	}},
	{"what no target covers is denied by name", outward, func(_ *testing.T, h *probe) {
		for _, q := range []contract.HTTPFetchRequest{
			{URL: "/v2"},
			{URL: "/"},
			{Method: "DELETE", URL: "/v1"},
			{URL: "http://api.example.com/v1"},
			{URL: "https://api.example.com:8443/v1"},
			{URL: "https://evil.example.com/v1"},
			{URL: "https://api.example.com.evil.example/v1"},
			{URL: "/v1", Own: true},
		} {
			if e := h.refuse(abi.CodeDenied, abi.CapHTTP, abi.HTTPFetch, fetch(q)); !strings.HasPrefix(e.MissingGrant, "http: ") {
				h.t.Errorf("missing grant = %q", e.MissingGrant)
			}
		}
		h.must(abi.CapHTTP, abi.HTTPFetch, fetch(contract.HTTPFetchRequest{URL: "https://cdn.example.com/", Own: true}), nil)
	}},
	{"what cannot be read in one way is invalid", outward, func(_ *testing.T, h *probe) {
		for _, q := range []contract.HTTPFetchRequest{
			{URL: "https://user@api.example.com/v1"},
			{URL: "https://api.example.com./v1"},
			{URL: "https://api.example.com:0443/v1"},
			{URL: `https://evil.example.com\@api.example.com/v1`},
			{URL: "/v1/../v2"},
			{URL: "/v1/%2e%2e/v2"},
			{URL: "https://2130706433/"},
			{URL: "/v1", Method: "CONNECT"},
			{URL: "/v1", Method: "TRACE"},
			{URL: "/v1", Body: []byte("of a GET")},
			{URL: "/v1", TimeoutMillis: -1},
			{URL: "/v1", Headers: field("Host", "evil.example.com")},
			{URL: "/v1", Headers: field("X-A", "b\r\nX-C: d")},
			{URL: "/v1", Headers: field("Transfer-Encoding", "chunked")},
			{URL: "/v1", Headers: field("X-HTTP-Method-Override", "DELETE")},
		} {
			h.refuse(abi.CodeInvalid, abi.CapHTTP, abi.HTTPFetch, fetch(q))
		}
	}},
	{"a redirect is followed within the targets, and loses what may be a credential", outward, func(_ *testing.T, h *probe) {
		var a contract.HTTPFetchAnswer
		headers := append(field("Authorization", "{{secret:api}}"), contract.Header{Name: "X-Trace", Value: "1"})
		h.must(abi.CapHTTP, abi.HTTPFetch, fetch(contract.HTTPFetchRequest{URL: "/v1/away", Headers: headers}), &a)
		if got := h.read(a.Handle, a.Size); got != "cdn, 0" || a.URL != "https://cdn.example.com/file" {
			h.t.Errorf("%s of %s", got, a.URL)
		}
		h.refuse(abi.CodeDenied, abi.CapHTTP, abi.HTTPFetch, fetch(contract.HTTPFetchRequest{URL: "/v1/out"}))
		h.refuse(abi.CodeDenied, abi.CapHTTP, abi.HTTPFetch, fetch(contract.HTTPFetchRequest{URL: "/v1/up"}))
		h.refuse(abi.CodeUnavailable, abi.CapHTTP, abi.HTTPFetch, fetch(contract.HTTPFetchRequest{URL: "/v1/loop"}))
	}},
	{"a redirect can be the answer", outward, func(_ *testing.T, h *probe) {
		var a contract.HTTPFetchAnswer
		h.must(abi.CapHTTP, abi.HTTPFetch, fetch(contract.HTTPFetchRequest{URL: "/v1/out", NoRedirects: true}), &a)
		if a.Status != http.StatusFound {
			h.t.Errorf("status %d", a.Status)
		}
	}},
	{"credentials of the plugin's own need the target's word", outward, func(_ *testing.T, h *probe) {
		e := h.refuse(abi.CodeDenied, abi.CapHTTP, abi.HTTPFetch, fetch(contract.HTTPFetchRequest{URL: "/v1", Headers: field("Authorization", "Bearer mine")}))
		if e.MissingGrant != "http: credentials to api.example.com" {
			h.t.Errorf("missing grant = %q", e.MissingGrant)
		}
	}},
}

var secretCases = []testCase{
	{"a secret is put in where it is granted", outward, func(_ *testing.T, h *probe) {
		for value, length := range map[string]int{"Bearer {{secret:api}}": len("Bearer canary-of-api"), "{{secret:api:base64}}": 20} {
			var a contract.HTTPFetchAnswer
			h.must(abi.CapHTTP, abi.HTTPFetch, fetch(contract.HTTPFetchRequest{URL: "/v1", Headers: field("Authorization", value)}), &a)
			if got, want := h.read(a.Handle, a.Size), fmt.Sprintf(`GET /v1 "" %d`, length); got != want {
				h.t.Errorf("%s, want %s", got, want)
			}
		}
	}},
	{"and nowhere else", outward, func(_ *testing.T, h *probe) {
		for missing, q := range map[string]contract.HTTPFetchRequest{
			"secret: api in X-Api-Key to api.example.com":      {URL: "/v1", Headers: field("X-Api-Key", "{{secret:api}}")},
			"secret: api in Authorization to cdn.example.com":  {URL: "https://cdn.example.com/", Headers: field("Authorization", "{{secret:api}}")},
			"secret: open in Authorization to api.example.com": {URL: "/v1", Headers: field("Authorization", "{{secret:open}}")},
		} {
			if e := h.refuse(abi.CodeDenied, abi.CapHTTP, abi.HTTPFetch, fetch(q)); e.MissingGrant != missing {
				h.t.Errorf("missing grant = %q, want %q", e.MissingGrant, missing)
			}
		}
		h.refuse(abi.CodeInvalid, abi.CapHTTP, abi.HTTPFetch, fetch(contract.HTTPFetchRequest{URL: "/v1", Headers: field("Authorization", "{{secret:api")}))
		h.refuse(abi.CodeInvalid, abi.CapHTTP, abi.HTTPFetch, fetch(contract.HTTPFetchRequest{URL: "/v1?k={{secret:api}}"}))
		h.refuse(abi.CodeUnavailable, abi.CapHTTP, abi.HTTPFetch, fetch(contract.HTTPFetchRequest{URL: "/v1", Headers: field("Authorization", "{{secret:unbound}}")}))
	}},
	{"an answer that repeats it is refused", outward, func(_ *testing.T, h *probe) {
		e := h.refuse(abi.CodeDenied, abi.CapHTTP, abi.HTTPFetch, fetch(contract.HTTPFetchRequest{URL: "/v1/echo", Headers: field("Authorization", "{{secret:api}}")}))
		if strings.Contains(e.Message, "canary") {
			h.t.Errorf("the refusal tells it: %s", e.Message)
		}
	}},
	{"a value is revealed where the scope says so", outward, func(_ *testing.T, h *probe) {
		var a contract.SecretRevealAnswer
		h.must(abi.CapSecret, abi.SecretReveal, &contract.SecretRevealRequest{Name: "open"}, &a)
		if a.Value != "canary-of-open" {
			h.t.Errorf("value %q", a.Value)
		}
		e := h.refuse(abi.CodeDenied, abi.CapSecret, abi.SecretReveal, &contract.SecretRevealRequest{Name: "api"})
		if e.MissingGrant != "secret: reveal api" {
			h.t.Errorf("missing grant = %q", e.MissingGrant)
		}
		h.refuse(abi.CodeUnavailable, abi.CapSecret, abi.SecretReveal, &contract.SecretRevealRequest{Name: "unbound"})
		h.refuse(abi.CodeInvalid, abi.CapSecret, abi.SecretReveal, &contract.SecretRevealRequest{Name: "NO NAME"})
	}},
}
