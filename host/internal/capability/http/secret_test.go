package http_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

const (
	value  = `s3cr3t/"canary"+&<value>`
	jira   = `{"name": "jira", "host": "api.example.com", "header": "Authorization"}`
	bearer = "Bearer {{secret:jira}}"
)

// keeper answers with nothing of what it is sent, and keeps it.
func keeper(t *testing.T) (*world, *[]http.Header) {
	var got []http.Header
	w := newWorld(t, func(_ http.ResponseWriter, r *http.Request) { got = append(got, r.Header.Clone()) })
	w.secrets["jira"] = value + "\n" // as a file has it
	return w, &got
}

func TestASecretIsPutInByTheHost(t *testing.T) {
	w, got := keeper(t)
	p := w.with(api, jira)
	if a := p.get("https://api.example.com/v1", "Authorization", bearer); a.code != abi.CodeOK {
		t.Fatal(a.err)
	}
	if auth := (*got)[0].Get("Authorization"); auth != "Bearer "+value {
		t.Errorf("sent %q", auth)
	}
	if a := p.get("https://api.example.com/v1", "authorization", "Basic {{secret:jira:base64}}"); a.code != abi.CodeOK {
		t.Fatal(a.err)
	}
	if auth := (*got)[1].Get("Authorization"); auth != "Basic "+base64.StdEncoding.EncodeToString([]byte(value)) {
		t.Errorf("sent %q", auth)
	}
	e := w.audit.events[len(w.audit.events)-1]
	if want := []capability.SecretUse{{Name: "jira", Host: "api.example.com"}}; fmt.Sprint(e.Secrets) != fmt.Sprint(want) || strings.Contains(fmt.Sprintf("%+v", e), "canary") {
		t.Errorf("the audit has %+v", e)
	}
}

func TestASecretGoesOnlyWhereItIsGranted(t *testing.T) {
	w, got := keeper(t)
	targets := api + `, {"host": "other.example.com"}, {"host": "*.example.org"}, {"scheme": "http", "host": "api.example.com"}`
	for _, tc := range []struct {
		name, secrets, url, field, value string
		code                             abi.Code
		missing                          string
	}{
		{"to another host", jira, "https://other.example.com/", "Authorization", bearer, abi.CodeDenied, "secret: jira in Authorization to other.example.com"},
		{"in another field", jira, "https://api.example.com/v1", "X-Api-Key", "{{secret:jira}}", abi.CodeDenied, "secret: jira in X-Api-Key to api.example.com"},
		{"of another name", jira, "https://api.example.com/v1", "Authorization", "{{secret:github}}", abi.CodeDenied, "secret: github in Authorization to api.example.com"},
		{"without the capability", "", "https://api.example.com/v1", "Authorization", bearer, abi.CodeDenied, "secret"},
		{"without encryption", jira, "http://api.example.com/", "Authorization", bearer, abi.CodeDenied, "http: https://api.example.com"},
		{"to the apex of a wildcard", `{"name": "jira", "host": "*.example.org", "header": "Authorization"}`, "https://other.example.com/", "Authorization", bearer, abi.CodeDenied, "secret: jira in Authorization to other.example.com"},
		{"malformed", jira, "https://api.example.com/v1", "Authorization", "{{secret:jira", abi.CodeInvalid, ""},
		{"in the URL", jira, "https://api.example.com/v1?token={{secret:jira}}", "Accept", "text/plain", abi.CodeInvalid, ""},
		{"that has no value", `{"name": "unbound", "host": "api.example.com", "header": "Authorization"}`, "https://api.example.com/v1", "Authorization", "{{secret:unbound}}", abi.CodeUnavailable, ""},
		{"that is too short", `{"name": "short", "host": "api.example.com", "header": "Authorization"}`, "https://api.example.com/v1", "Authorization", "{{secret:short}}", abi.CodeUnavailable, ""},
		{"that would end a line", `{"name": "lines", "host": "api.example.com", "header": "Authorization"}`, "https://api.example.com/v1", "Authorization", "{{secret:lines}}", abi.CodeUnavailable, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w.secrets["short"], w.secrets["lines"] = "pin1234", "canary\r\nX-Injected: 1"
			p := w.with(targets, tc.secrets)
			a := p.get(tc.url, tc.field, tc.value)
			if a.code != tc.code || a.err.MissingGrant != tc.missing || strings.Contains(a.err.Message, "canary") {
				t.Errorf("%s %+v", a.code, a.err)
			}
		})
	}
	if len(*got) > 0 {
		t.Errorf("something was sent: %v", *got)
	}
}

// A secret does not follow a redirect to another host, nor to another port or
// scheme, not even to one that it is granted for in its own right.
func TestASecretDoesNotFollowARedirect(t *testing.T) {
	seen := map[string]string{}
	w := newWorld(t, func(w http.ResponseWriter, r *http.Request) {
		seen[r.Host+r.URL.Path] = r.Header.Get("Authorization") + r.Header.Get("X-Api-Key")
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusTemporaryRedirect)
		}
	})
	w.secrets["jira"], w.secrets["key"] = value, "another-canary"
	p := w.with(api+`, {"host": "cdn.example.com"}, {"host": "api.example.com", "port": 8443, "methods": ["GET"]}`, jira+
		`, {"name": "jira", "host": "cdn.example.com", "header": "Authorization"}, {"name": "key", "host": "*.example.com", "header": "X-Api-Key"}`)
	for _, to := range []string{"https://cdn.example.com/file", "https://api.example.com:8443/port", "https://cdn.example.com/back?to=https://api.example.com/v1/returned", "/v1/stayed"} {
		if a := p.get("https://api.example.com/v1/start?to="+url.QueryEscape(to), "Authorization", bearer, "X-Api-Key", "{{secret:key}}"); a.code != abi.CodeOK {
			t.Errorf("to %s: %s %+v", to, a.code, a.err)
		}
	}
	with := "Bearer " + value + "another-canary"
	for at, want := range map[string]string{
		"api.example.com/v1/start": with, "api.example.com/v1/stayed": with,
		"cdn.example.com/file": "", "api.example.com:8443/port": "", "cdn.example.com/back": "", "api.example.com/v1/returned": "",
	} {
		if got, asked := seen[at]; got != want || !asked {
			t.Errorf("%s got %q (asked: %v)", at, got, asked)
		}
	}
}

// An answer that repeats a secret is refused, in whatever common encoding and
// wherever the pieces of a stream are cut.
func TestAnAnswerThatRepeatsASecretIsRefused(t *testing.T) {
	escaped := ""
	for _, c := range value {
		escaped += fmt.Sprintf(`\u%04X`, c)
	}
	type reply struct {
		body   string
		header http.Header
		chunk  int
	}
	var next atomic.Pointer[reply] // what is refused early is still being written when the next is set
	w := newWorld(t, func(w http.ResponseWriter, _ *http.Request) {
		r := next.Load()
		for name, values := range r.header {
			w.Header()[name] = values
		}
		for b := []byte(r.body); len(b) > 0; {
			n := min(r.chunk, len(b))
			_, _ = w.Write(b[:n])
			w.(http.Flusher).Flush()
			b = b[n:]
		}
	})
	w.secrets["jira"] = value
	b64 := base64.StdEncoding
	far := strings.Repeat("x", 300<<10)
	for name, text := range map[string]string{
		"as it is":                      "token: " + value + ".",
		"at the very end":               "x" + value,
		"far behind":                    far + value + far,
		"across the first piece":        strings.Repeat("x", 4<<10-7) + value,
		"across a later piece":          strings.Repeat("x", 12<<10-5) + value,
		"base64":                        b64.EncodeToString([]byte(value)),
		"base64 of user and password":   b64.EncodeToString([]byte("ada:" + value)),
		"base64, one byte later":        b64.EncodeToString([]byte("adam:" + value + "!")),
		"base64, two bytes later":       b64.EncodeToString([]byte("adams:" + value + "??")),
		"base64 of URLs":                base64.URLEncoding.EncodeToString([]byte("x" + value)),
		"hexadecimal":                   hex.EncodeToString([]byte("ab" + value)),
		"hexadecimal, upper case":       strings.ToUpper(hex.EncodeToString([]byte(value))),
		"percent-encoded":               url.QueryEscape(value),
		"percent-encoded as a path":     url.PathEscape(value),
		"percent-encoded base64":        url.QueryEscape(b64.EncodeToString([]byte("a" + value))),
		"percent-encoded, with rubbish": "100% of %zz " + url.PathEscape(value),
		"JSON":                          fmt.Sprintf("{%q: %q}", "token", value),
		"JSON with escaped slashes":     strings.ReplaceAll(fmt.Sprintf("%q", value), "/", `\/`),
		"JSON, every character escaped": escaped,
		"HTML":                          "<p>s3cr3t/&quot;canary&quot;+&amp;&lt;value&gt;</p>",
		"HTML by numbers":               "s3cr3t&#x2F;&#34;canary&#34;&#43;&#38;&#60;value&#62;",
	} {
		for _, size := range []int{1 << 20, 3, 4096} {
			if size == 3 && len(text) > 10_000 {
				continue
			}
			t.Run(fmt.Sprintf("%s in pieces of %d", name, size), func(t *testing.T) {
				next.Store(&reply{body: text, chunk: size})
				a := w.with(api, jira).get("https://api.example.com/v1", "Authorization", bearer)
				if a.code != abi.CodeDenied || a.err.MissingGrant != "secret: reveal jira" || strings.Contains(a.err.Message, "canary") {
					t.Errorf("%s %+v %.80s", a.code, a.err, a.body)
				}
			})
		}
	}
	for name, h := range map[string]http.Header{
		"a header field":        {"X-Echo": {"Bearer " + value}},
		"a cookie":              {"Set-Cookie": {"token=" + url.QueryEscape(value)}},
		"a name of a field":     {"X-" + hex.EncodeToString([]byte(value)): {"1"}},
		"a second value":        {"X-Echo": {"1", value}},
		"base64 in a challenge": {"Www-Authenticate": {"Basic " + b64.EncodeToString([]byte(":"+value))}},
	} {
		t.Run(name, func(t *testing.T) {
			next.Store(&reply{"x", h, 1})
			if a := w.with(api, jira).get("https://api.example.com/v1", "Authorization", bearer); a.code != abi.CodeDenied {
				t.Errorf("%s %v", a.code, a.Headers)
			}
		})
	}
	t.Run("an answer without it passes", func(t *testing.T) {
		next.Store(&reply{far + "s3cr3t/ canary", http.Header{"X-A": {"b"}}, 4096})
		if a := w.with(api, jira).get("https://api.example.com/v1", "Authorization", bearer); a.code != abi.CodeOK || a.body != next.Load().body {
			t.Errorf("%s %+v, %d bytes", a.code, a.err, len(a.body))
		}
	})
	t.Run("a request without it is not looked at", func(t *testing.T) {
		next.Store(&reply{body: value, chunk: 4096})
		if a := w.with(api, jira).get("https://api.example.com/v1"); a.code != abi.CodeOK {
			t.Errorf("%s %+v", a.code, a.err)
		}
	})
}

// A redirect that carries a secret in its address is not followed.
func TestASecretInARedirectGoesNowhere(t *testing.T) {
	asked := 0
	w := newWorld(t, func(w http.ResponseWriter, r *http.Request) {
		if asked++; r.URL.Path == "/v1" {
			http.Redirect(w, r, "https://cdn.example.com/?t="+url.QueryEscape(r.Header.Get("Authorization")), http.StatusFound)
		}
	})
	w.secrets["jira"] = value
	a := w.with(api+`, {"host": "cdn.example.com"}`, jira).get("https://api.example.com/v1", "Authorization", bearer)
	if a.code != abi.CodeDenied || asked != 1 {
		t.Errorf("%s %+v, %d requests", a.code, a.err, asked)
	}
}

func TestReveal(t *testing.T) {
	w := newWorld(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Header.Get("Authorization")) })
	w.secrets["jira"] = value
	declared := map[string]string{
		"http":   `{"targets": [` + api + `]}`,
		"secret": `{"secrets": [{"name": "jira", "host": "api.example.com", "header": "Authorization", "reveal": true}]}`,
	}
	for name, tc := range map[string]struct {
		grant    string
		revealed bool
	}{
		"a plain true does not reveal": {"true", false},
		"nor does a grant without it":  {`{"secrets": [{"name": "jira", "host": "api.example.com", "header": "Authorization"}]}`, false},
		"a grant in words does":        {`{"secrets": [{"name": "jira", "host": "api.example.com", "header": "Authorization", "reveal": true}]}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := w.open(declared, map[string]string{"secret": tc.grant}, capability.Opening{})
			if err != nil {
				t.Fatal(err)
			}
			var out contract.SecretRevealAnswer
			code, e := p.call(abi.CapSecret, abi.SecretReveal, &contract.SecretRevealRequest{Name: "jira"}, &out)
			if (code == abi.CodeOK) != tc.revealed || tc.revealed && out.Value != value || !tc.revealed && e.MissingGrant != "secret: reveal jira" {
				t.Errorf("%s %+v %q", code, e, out.Value)
			}
			event := w.audit.events[len(w.audit.events)-1]
			if tc.revealed && fmt.Sprint(event.Secrets) != fmt.Sprint([]capability.SecretUse{{Name: "jira", Revealed: true}}) || strings.Contains(fmt.Sprintf("%+v", event), "canary") {
				t.Errorf("the audit has %+v", event)
			}
			// What the plugin may have anyway need not be kept from it.
			if a := p.get("https://api.example.com/v1", "Authorization", bearer); (a.code == abi.CodeOK) != tc.revealed {
				t.Errorf("an echo: %s %+v", a.code, a.err)
			}
		})
	}
	t.Run("a manifest that does not ask is not given more", func(t *testing.T) {
		p, err := w.open(map[string]string{"secret": `{"secrets": [` + jira + `]}`}, map[string]string{"secret": `{"secrets": [{"name": "jira", "reveal": true}]}`}, capability.Opening{})
		if err != nil {
			t.Fatal(err)
		}
		if code, e := p.call(abi.CapSecret, abi.SecretReveal, &contract.SecretRevealRequest{Name: "jira"}, &contract.SecretRevealAnswer{}); code != abi.CodeDenied {
			t.Errorf("%s %+v", code, e)
		}
	})
}
