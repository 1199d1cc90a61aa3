package http_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

const api = `{"host": "api.example.com", "methods": ["GET", "HEAD", "POST"], "pathPrefix": "/v1"}`

// echo answers with what it was asked.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Rate-Limit", "7")
	w.Header().Add("Set-Cookie", "session=canary")
	w.Header().Set("Alt-Svc", `h3="evil.example:443"`)
	_, _ = fmt.Fprintf(w, "%s %s%s %q %v %d", r.Method, r.Host, r.URL.RequestURI(), body, r.Header["X-Test"], r.ContentLength)
}

func TestFetch(t *testing.T) {
	w := newWorld(t, echo)
	p := w.with(api, "")
	a := p.fetch(contract.HTTPFetchRequest{
		Method: "post", URL: "https://API.example.com:443/v1/x?y=%2f#f", Body: []byte("hello"),
		Headers: []contract.Header{{Name: "x-test", Value: "one"}, {Name: "X-Test", Value: "two"}},
	})
	if a.code != abi.CodeOK || a.Status != 200 || a.body != `POST api.example.com/v1/x?y=%2f "hello" [one two] 5` {
		t.Fatalf("%s %+v: %s", a.code, a.err, a.body)
	}
	if a.URL != "https://api.example.com/v1/x?y=%2f" || a.header("X-Rate-Limit") != "7" || a.header("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("%+v", a.HTTPFetchAnswer)
	}
	if a.header("Set-Cookie") != "" || a.header("Alt-Svc") != "" {
		t.Errorf("the answer's header has what no plugin gets: %v", a.Headers)
	}
	size, mediaType, err := p.Handles().Stat(a.Handle)
	if err != nil || mediaType != "text/plain; charset=utf-8" || int(size) != len(a.body) {
		t.Errorf("the handle holds %d bytes of %s, %v", size, mediaType, err)
	}
	if head := p.fetch(contract.HTTPFetchRequest{Method: "HEAD", URL: "https://api.example.com/v1"}); head.code != abi.CodeOK || head.Size != 0 {
		t.Errorf("%+v", head)
	}
}

func TestABodyFromAHandle(t *testing.T) {
	w := newWorld(t, echo)
	p := w.with(api, "")
	var info contract.HandleInfo
	if code, e := p.call(abi.CapHandle, abi.HandleCreate, &contract.HandleCreateRequest{Bytes: []byte("from a handle")}, &info); code != abi.CodeOK {
		t.Fatal(e)
	}
	a := p.fetch(contract.HTTPFetchRequest{Method: "POST", URL: "https://api.example.com/v1", BodyHandle: info.Handle})
	if !strings.Contains(a.body, `"from a handle"`) {
		t.Errorf("%+v %s", a.err, a.body)
	}
	for name, q := range map[string]contract.HTTPFetchRequest{
		"a body and a handle":    {Method: "POST", Body: []byte("x"), BodyHandle: info.Handle},
		"a handle of nobody":     {Method: "POST", BodyHandle: info.Handle + 7},
		"a GET with a body":      {Method: "GET", Body: []byte("x")},
		"a negative timeout":     {TimeoutMillis: -1},
		"no URL":                 {URL: " "},
		"CONNECT":                {Method: "CONNECT"},
		"TRACE":                  {Method: "TRACE"},
		"a method of two words":  {Method: "GET /v1 HTTP/1.1\r\nX: y\r\n\r\nPOST"},
		"too many header fields": {Headers: make([]contract.Header, 200)},
		"a header too large":     {Headers: []contract.Header{{Name: "A", Value: strings.Repeat("x", 40<<10)}}},
	} {
		if q.URL == "" {
			q.URL = "https://api.example.com/v1"
		}
		if a := p.fetch(q); a.code != abi.CodeInvalid {
			t.Errorf("%s: %s %+v", name, a.code, a.err)
		}
	}
}

// What a plugin read with its own rights does not leave in a viewer's request.
func TestABodyThatWasReadUnderOtherRightsStays(t *testing.T) {
	w := newWorld(t, echo)
	p := w.with(`{"host": "api.example.com", "methods": ["POST"], "own": true}`, "")
	handle, err := p.Handles().PutOwned([]byte("canary"), "text/plain", principal.Own(principal.Actor{Plugin: "asks", Digest: "d"}))
	if err != nil {
		t.Fatal(err)
	}
	q := contract.HTTPFetchRequest{Method: "POST", URL: "https://api.example.com/", BodyHandle: handle}
	if a := p.fetch(q); a.code != abi.CodeDenied {
		t.Errorf("%s %s", a.code, a.body)
	}
	q.Own = true
	if a := p.fetch(q); a.code != abi.CodeOK || !strings.Contains(a.body, "canary") {
		t.Errorf("with the same rights: %s %+v", a.code, a.err)
	}
}

// A handle can stand for more than fits into any memory: the pieces of another
// plugin's answer, again and again. The quota says no before they are joined.
func TestABodyBeyondTheQuotaIsNotPutTogether(t *testing.T) {
	w := newWorld(t, echo)
	p := w.with(`{"host": "api.example.com", "methods": ["POST"]}`, "")
	pieces := make([][]byte, 1<<20)
	large := make([]byte, 64<<20)
	for i := range pieces {
		pieces[i] = large // 64 TiB
	}
	handle, _, err := p.Handles().PutShared(pieces, "text/plain", ada.Through(principal.Actor{Plugin: "asks", Digest: "d"}))
	if err != nil {
		t.Fatal(err)
	}
	a := p.fetch(contract.HTTPFetchRequest{Method: "POST", URL: "https://api.example.com/", BodyHandle: handle})
	if a.code != abi.CodeExhausted || !strings.Contains(a.err.Message, "limits.egressBytes") {
		t.Errorf("%s %+v", a.code, a.err)
	}
}

// A handle remembers the authority of its request: what was fetched with own
// rights is not shown to a viewer.
func TestTheAnswerRemembersWhoseRequestItWas(t *testing.T) {
	w := newWorld(t, echo)
	p := w.with(`{"host": "api.example.com", "own": true}`, "")
	for own, shown := range map[bool]bool{false: true, true: false} {
		a := p.fetch(contract.HTTPFetchRequest{URL: "https://api.example.com/", Own: own})
		if a.code != abi.CodeOK {
			t.Fatal(a.err)
		}
		if _, _, err := p.Session.Body(a.Handle); (err == nil) != shown {
			t.Errorf("own %v: %v", own, err)
		}
	}
}

func TestDenials(t *testing.T) {
	w := newWorld(t, echo)
	asOwn := principal.Own(principal.Actor{Plugin: "asks", Digest: "d"})
	for _, tc := range []struct {
		name            string
		targets         string
		q               contract.HTTPFetchRequest
		authority       principal.Authority
		missing, remedy string
	}{
		{"no target at all", ``, contract.HTTPFetchRequest{URL: "https://a.example/x"}, ada, "http: GET https://a.example/x", "add a target"},
		{"another path", api, contract.HTTPFetchRequest{URL: "https://api.example.com/v2?key=canary"}, ada, "http: GET https://api.example.com/v2", "may not send GET https://api.example.com/v2;"},
		{"another method", api, contract.HTTPFetchRequest{Method: "DELETE", URL: "https://api.example.com/v1"}, ada, "http: DELETE https://api.example.com/v1", "add a target"},
		{"without a viewer", api, contract.HTTPFetchRequest{URL: "https://api.example.com/v1", Own: true}, ada, "http: own GET https://api.example.com/v1", "`own: true`"},
		{"in a call that has none", api, contract.HTTPFetchRequest{URL: "https://api.example.com/v1"}, asOwn, "http: own GET https://api.example.com/v1", "`own: true`"},
		{"a host that nobody named", `{"host": "*"}`, contract.HTTPFetchRequest{URL: "https://ci.example/"}, ada, "http: GET https://ci.example/", "grants.http"},
		{"credentials of its own", api, contract.HTTPFetchRequest{URL: "https://api.example.com/v1", Headers: []contract.Header{{Name: "authorization", Value: "Bearer mine"}}}, ada, "http: credentials to api.example.com", "credentials: true"},
		{"cookies of its own", api, contract.HTTPFetchRequest{URL: "https://api.example.com/v1", Headers: []contract.Header{{Name: "Cookie", Value: "a=b"}}}, ada, "http: credentials to api.example.com", "{{secret:name}}"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			opening := capability.Opening{Authority: tc.authority.Through(principal.Actor{Plugin: "asks", Digest: "d"})}
			if tc.authority.Mode == principal.AsOwn {
				opening.Authority = tc.authority
			}
			p, err := w.open(map[string]string{"http": `{"targets": [` + tc.targets + `]}`}, nil, opening)
			if err != nil {
				t.Fatal(err)
			}
			a := p.fetch(tc.q)
			if a.code != abi.CodeDenied || a.err.MissingGrant != tc.missing || !strings.Contains(a.err.Message, tc.remedy) || strings.Contains(a.err.Message, "canary") {
				t.Errorf("%s %+v", a.code, a.err)
			}
		})
	}
	if asked := w.Asked(); len(asked) > 0 {
		t.Errorf("the world was asked: %v", asked)
	}
}

func TestHeaderInjection(t *testing.T) {
	w := newWorld(t, func(w http.ResponseWriter, r *http.Request) { _, _ = fmt.Fprint(w, r.Header) })
	p := w.with(api, "")
	for name, field := range map[string]contract.Header{
		"a line in a value": {Name: "X-A", Value: "b\r\nX-Injected: 1"}, "a line feed": {Name: "X-A", Value: "b\nX-Injected: 1"}, "a carriage return": {Name: "X-A", Value: "b\rX-Injected: 1"},
		"NUL": {Name: "X-A", Value: "b\x00"}, "a line in a name": {Name: "X-A: b\r\nX-Injected", Value: "1"}, "a colon in a name": {Name: "X-A:", Value: "1"}, "a space before a colon": {Name: "X-A ", Value: "1"},
		"a pseudo-header": {Name: ":path", Value: "/admin"}, "Host": {Name: "Host", Value: "admin.internal"}, "Content-Length": {Name: "Content-Length", Value: "1000"},
		"Transfer-Encoding": {Name: "Transfer-Encoding", Value: "chunked"}, "Transfer_Encoding": {Name: "Transfer_Encoding", Value: "chunked"}, "Connection": {Name: "Connection", Value: "X-Api-Key"},
		"Upgrade": {Name: "Upgrade", Value: "h2c"}, "Proxy-Authorization": {Name: "Proxy-Authorization", Value: "Basic x"}, "X-Forwarded-For": {Name: "X-Forwarded-For", Value: "127.0.0.1"},
		"another method": {Name: "X-HTTP-Method-Override", Value: "DELETE"}, "another path": {Name: "X-Original-URL", Value: "/admin"}, "letters that become a line end": {Name: "X-A", Value: "\u560a\u560dX-Injected: 1"},
	} {
		if a := p.get("https://api.example.com/v1", field.Name, field.Value); a.code != abi.CodeInvalid {
			t.Errorf("%s: %s %s", name, a.code, a.body)
		}
	}
}

func TestRequestSmuggling(t *testing.T) {
	asked := 0
	w := newWorld(t, func(w http.ResponseWriter, r *http.Request) { asked++; echo(w, r) })
	p := w.with(api, "")
	smuggled := "0\r\n\r\nGET /admin HTTP/1.1\r\nHost: api.example.com\r\n\r\n"
	a := p.fetch(contract.HTTPFetchRequest{Method: "POST", URL: "https://api.example.com/v1/x", Body: []byte(smuggled)})
	if a.code != abi.CodeOK || asked != 1 || !strings.HasSuffix(a.body, fmt.Sprintf(" %d", len(smuggled))) {
		t.Errorf("%s, %d requests: %s", a.code, asked, a.body)
	}
	if b := p.get("https://api.example.com/v1/y"); asked != 2 || !strings.HasPrefix(b.body, "GET api.example.com/v1/y ") {
		t.Errorf("%d requests: %s", asked, b.body)
	}
}

// Every hop is held to the scope, and is a request of the quota and of the audit.
func TestRedirectsStayInScope(t *testing.T) {
	w := newWorld(t, func(w http.ResponseWriter, r *http.Request) {
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusFound)
			return
		}
		echo(w, r)
	})
	p := w.with(api+`, {"host": "cdn.example.com"}`, "")
	for to, code := range map[string]abi.Code{
		"/v1/end": abi.CodeOK, "https://cdn.example.com/file": abi.CodeOK,
		"/v2": abi.CodeDenied, "/v1/../admin": abi.CodeDenied, "/v1/%2e%2e/admin": abi.CodeInvalid, "https://api.example.com:8443/v1": abi.CodeDenied, "http://api.example.com/v1": abi.CodeDenied,
		"https://evil.example.com/": abi.CodeDenied, "//evil.example.com/v1": abi.CodeDenied, "https://api.example.com.evil.example/v1": abi.CodeDenied,
		"https://user@api.example.com/v1": abi.CodeDenied, "https://169.254.169.254/v1": abi.CodeDenied, "https://0x7f.1/v1": abi.CodeInvalid, "ftp://api.example.com/v1": abi.CodeDenied,
		`https://evil.example.com\@api.example.com/v1`: abi.CodeUnavailable, "https://api.example.com./v1": abi.CodeInvalid,
	} {
		if a := p.get("https://api.example.com/v1?to=" + url.QueryEscape(to)); a.code != code {
			t.Errorf("to %s: %s %+v %s", to, a.code, a.err, a.body)
		}
	}
	for _, host := range w.Asked() {
		if host != "api.example.com:443" && host != "cdn.example.com:443" {
			t.Errorf("%s was asked", host)
		}
	}
	kept := p.fetch(contract.HTTPFetchRequest{URL: "https://api.example.com/v1?to=https://evil.example.com/", NoRedirects: true})
	if kept.Status != 302 || kept.header("Location") != "https://evil.example.com/" {
		t.Errorf("a redirect that is the answer: %+v", kept)
	}
}

func TestQuotaOfEgress(t *testing.T) {
	w := newWorld(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1/large":
			_, _ = w.Write(make([]byte, 200<<10))
		case "/v1/again":
			http.Redirect(w, r, "/v1/x", http.StatusFound)
		}
	})
	open := func(o capability.Opening) *plugin {
		t.Helper()
		p, err := w.open(map[string]string{"http": `{"targets": [` + api + `]}`}, nil, o)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := open(capability.Opening{EgressRequests: 3})
	if a := p.get("https://api.example.com/v1/again"); a.code != abi.CodeOK {
		t.Fatal(a.err)
	}
	if a := p.get("https://api.example.com/v1/again"); a.code != abi.CodeExhausted || !strings.Contains(a.err.Message, "limits.egressRequests") {
		t.Errorf("the fourth request: %s %+v", a.code, a.err)
	}
	if u := p.Usage(); u.EgressRequests != 4 || u.EgressBytes == 0 {
		t.Errorf("%+v", u)
	}
	small := open(capability.Opening{EgressBytes: 100 << 10})
	if a := small.get("https://api.example.com/v1/large"); a.code != abi.CodeExhausted || !strings.Contains(a.err.Message, "limits.egressBytes") {
		t.Errorf("200 KiB of answer: %s %+v", a.code, a.err)
	}
	if a := open(capability.Opening{EgressBytes: 100 << 10}).fetch(contract.HTTPFetchRequest{Method: "POST", URL: "https://api.example.com/v1", Body: make([]byte, 200<<10)}); a.code != abi.CodeExhausted {
		t.Errorf("200 KiB of request: %s %+v", a.code, a.err)
	}
	if a := open(capability.Opening{HandleBytes: 50 << 10}).get("https://api.example.com/v1/large"); a.code != abi.CodeExhausted {
		t.Errorf("more than the handles hold: %s %+v", a.code, a.err)
	}
}

func TestTheAuditHasEveryExchange(t *testing.T) {
	w := newWorld(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1" {
			http.Redirect(w, r, "https://cdn.example.com/x", http.StatusSeeOther)
			return
		}
		w.WriteHeader(http.StatusTeapot)
	})
	p := w.with(api+`, {"host": "cdn.example.com"}`, "")
	p.fetch(contract.HTTPFetchRequest{Method: "POST", URL: "https://api.example.com/v1?key=canary"})
	e := w.audit.events[len(w.audit.events)-1]
	want := []capability.Exchange{{Method: "POST", Host: "api.example.com", Status: 303}, {Method: "GET", Host: "cdn.example.com", Status: 418}}
	if fmt.Sprint(e.Exchanges) != fmt.Sprint(want) || e.Operation != "http.fetch/1" || e.Err != nil {
		t.Errorf("%+v", e)
	}
	p.get("https://other.example.com/")
	if e := w.audit.events[len(w.audit.events)-1]; len(e.Exchanges) != 0 || e.Err == nil {
		t.Errorf("a denial: %+v", e)
	}
}
