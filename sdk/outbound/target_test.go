package outbound_test

import (
	"strings"
	"testing"

	"github.com/callboard/callboard/sdk/outbound"
)

func target(t testing.TB, in outbound.Target) outbound.Target {
	t.Helper()
	out, err := in.Check()
	if err != nil {
		t.Fatalf("%+v: %v", in, err)
	}
	return out
}

func TestTargetCovers(t *testing.T) {
	api := outbound.Target{Host: "api.example.com", PathPrefix: "/v1/repos", Methods: []string{"get", "POST"}}
	for _, tc := range []struct {
		name        string
		target      outbound.Target
		method, url string
		own, want   bool
	}{
		{"the prefix itself", api, "GET", "https://api.example.com/v1/repos", false, true},
		{"below it", api, "POST", "https://api.example.com/v1/repos/x?y=z", false, true},
		{"with a slash", api, "GET", "https://api.example.com/v1/repos/", false, true},
		{"its first letter encoded", api, "GET", "https://api.example.com/%761/repos", false, true},
		{"a slash encoded is no separator of the prefix", api, "GET", "https://api.example.com/v1%2Frepos", false, false},
		{"a name that starts alike", api, "GET", "https://api.example.com/v1/reposx", false, false},
		{"above it", api, "GET", "https://api.example.com/v1", false, false},
		{"an empty part before it", api, "GET", "https://api.example.com//v1/repos", false, false},
		{"another case of the path", api, "GET", "https://api.example.com/V1/repos", false, false},
		{"another case of the host", api, "GET", "https://API.example.com/v1/repos", false, true},
		{"another method", api, "DELETE", "https://api.example.com/v1/repos", false, false},
		{"another host", api, "GET", "https://api.example.com.evil.example/v1/repos", false, false},
		{"a host below", api, "GET", "https://x.api.example.com/v1/repos", false, false},
		{"another scheme", api, "GET", "http://api.example.com/v1/repos", false, false},
		{"another port", api, "GET", "https://api.example.com:8443/v1/repos", false, false},
		{"the port of the scheme", api, "GET", "https://api.example.com:443/v1/repos", false, true},
		{"without a viewer", api, "GET", "https://api.example.com/v1/repos", true, false},
		{"without a viewer, allowed", outbound.Target{Host: "a.example", Own: true}, "GET", "https://a.example/", true, true},
		{"methods that nobody named", outbound.Target{Host: "a.example"}, "HEAD", "https://a.example/x", false, true},
		{"nor a write", outbound.Target{Host: "a.example"}, "POST", "https://a.example/x", false, false},
		{"one label of a wildcard", outbound.Target{Host: "*.example.com"}, "GET", "https://a.example.com/", false, true},
		{"two labels of a wildcard", outbound.Target{Host: "*.example.com"}, "GET", "https://a.b.example.com/", false, true},
		{"never the apex", outbound.Target{Host: "*.example.com"}, "GET", "https://example.com/", false, false},
		{"never a name that ends alike", outbound.Target{Host: "*.example.com"}, "GET", "https://evilexample.com/", false, false},
		{"never an address", outbound.Target{Host: "*.0.0.example"}, "GET", "https://127.0.0.1/", false, false},
		{"an address", outbound.Target{Host: "192.0.2.7"}, "GET", "https://192.0.2.7/", false, true},
		{"an address inside of IPv6", outbound.Target{Host: "192.0.2.7"}, "GET", "https://[::ffff:192.0.2.7]/", false, true},
		{"IPv6", outbound.Target{Host: "2001:DB8::7", Port: 8443}, "GET", "https://[2001:db8:0::7]:8443/", false, true},
		{"a host for the grant to name", outbound.Target{Host: "*"}, "GET", "https://a.example/", false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			u, err := outbound.Parse(tc.url)
			if err != nil {
				t.Fatal(err)
			}
			if got := target(t, tc.target).Covers(tc.method, u, tc.own); got != tc.want {
				t.Errorf("%s covers %s %s: %v", target(t, tc.target), tc.method, tc.url, got)
			}
		})
	}
}

func TestTargetsThatAreRefused(t *testing.T) {
	for name, in := range map[string]outbound.Target{
		"no host": {}, "a URL": {Host: "https://a.example"}, "a port": {Host: "a.example:80"}, "a path": {Host: "a.example/x"}, "a top-level domain": {Host: "*.com"},
		"a wildcard inside": {Host: "a.*.example"}, "two wildcards": {Host: "*.*.example"}, "a wildcard of addresses": {Host: "*.0.0.1"}, "hosts below an address": {Host: "*.127.0.0.1"},
		"a decimal address": {Host: "2130706433"}, "letters outside of ASCII": {Host: "b\u00fccher.example"}, "a dot at the end": {Host: "a.example."},
		"a scheme": {Host: "a.example", Scheme: "ftp"}, "a port beyond": {Host: "a.example", Port: 70000}, "a negative port": {Host: "a.example", Port: -1},
		"CONNECT": {Host: "a.example", Methods: []string{"connect"}}, "TRACE": {Host: "a.example", Methods: []string{"TRACE"}}, "a method of two words": {Host: "a.example", Methods: []string{"GET /"}},
		"a relative prefix": {Host: "a.example", PathPrefix: "x"}, "dot-dot": {Host: "a.example", PathPrefix: "/x/.."}, "an escape": {Host: "a.example", PathPrefix: "/%78"},
		"an empty part": {Host: "a.example", PathPrefix: "/x//y"}, "a query": {Host: "a.example", PathPrefix: "/x?y"}, "a backslash": {Host: "a.example", PathPrefix: `/x\y`},
	} {
		if out, err := in.Check(); err == nil {
			t.Errorf("%s: %+v", name, out)
		}
	}
}

func TestNarrow(t *testing.T) {
	for _, tc := range []struct {
		name string
		a, b outbound.Target
		want string // "" = nothing in common
	}{
		{"the same", outbound.Target{Host: "a.example"}, outbound.Target{Host: "a.example"}, "GET, HEAD https://a.example/"},
		{"a longer prefix", outbound.Target{Host: "a.example"}, outbound.Target{Host: "a.example", PathPrefix: "/v1/"}, "GET, HEAD https://a.example/v1"},
		{"fewer methods", outbound.Target{Host: "a.example", Methods: []string{"GET", "PUT"}}, outbound.Target{Host: "a.example"}, "GET https://a.example/"},
		{"no method", outbound.Target{Host: "a.example", Methods: []string{"PUT"}}, outbound.Target{Host: "a.example"}, ""},
		{"a host of a wildcard", outbound.Target{Host: "*.example.com"}, outbound.Target{Host: "x.example.com"}, "GET, HEAD https://x.example.com/"},
		{"a narrower wildcard", outbound.Target{Host: "*.example.com"}, outbound.Target{Host: "*.x.example.com"}, "GET, HEAD https://*.x.example.com/"},
		{"the apex of a wildcard", outbound.Target{Host: "*.example.com"}, outbound.Target{Host: "example.com"}, ""},
		{"another host", outbound.Target{Host: "a.example"}, outbound.Target{Host: "b.example"}, ""},
		{"another port", outbound.Target{Host: "a.example"}, outbound.Target{Host: "a.example", Port: 8443}, ""},
		{"another scheme", outbound.Target{Host: "a.example"}, outbound.Target{Host: "a.example", Scheme: "http"}, ""},
		{"another prefix", outbound.Target{Host: "a.example", PathPrefix: "/x"}, outbound.Target{Host: "a.example", PathPrefix: "/xy"}, ""},
		{"a host that the grant names", outbound.Target{Host: "*", PathPrefix: "/api"}, outbound.Target{Host: "ci.example", Scheme: "http", Port: 8080, Private: true}, "GET, HEAD http://ci.example:8080/api (at private addresses too)"},
		{"a host that the grant names, with a scheme", outbound.Target{Host: "*", Scheme: "https"}, outbound.Target{Host: "ci.example", Scheme: "http"}, ""},
		{"powers are those of both", outbound.Target{Host: "a.example", Own: true, Credentials: true}, outbound.Target{Host: "a.example", Own: true}, "GET, HEAD https://a.example/ (also for itself)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, pair := range [][2]outbound.Target{{tc.a, tc.b}, {tc.b, tc.a}} {
				got, ok := target(t, pair[0]).Narrow(target(t, pair[1]))
				if ok != (tc.want != "") || ok && got.String() != tc.want {
					t.Errorf("%v and %v have in common %v, %v; want %q", pair[0], pair[1], got, ok, tc.want)
				}
			}
		})
	}
}

func TestHeaderFieldsOfARequest(t *testing.T) {
	for name, ok := range map[string]bool{
		"accept": true, "X-Api-Key": true, "Authorization": true, "Content-Type": true, "If-None-Match": true,
		"Host": false, "host": false, "HOST": false, "Content-Length": false, "content_length": false, "Transfer-Encoding": false, "Transfer_Encoding": false,
		"Connection": false, "Upgrade": false, "TE": false, "Trailer": false, "Expect": false, "Proxy-Authorization": false, "Proxy-Anything": false, "Accept-Encoding": false,
		"X-Forwarded-For": false, "X-Forwarded-Host": false, "Forwarded": false, "X-HTTP-Method-Override": false, "X-Original-URL": false, "HTTP2-Settings": false,
		"": false, "A B": false, "A:B": false, "A\r\nB": false, "A\x00": false, ":authority": false, "\u00c4": false,
	} {
		if _, err := outbound.CheckHeader(name, "x"); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
	for name, value := range map[string]string{"CR": "a\rb", "LF": "a\nHost: evil", "CRLF": "a\r\nX: y", "NUL": "a\x00", "DEL": "a\x7f", "ESC": "\x1b[2J", "outside of ASCII": "\u560a\u560dX: y"} {
		if _, err := outbound.CheckHeader("X-Test", value); err == nil {
			t.Errorf("%s in a value is accepted", name)
		}
	}
	if name, err := outbound.CheckHeader("x-TEST", "a\tb c"); name != "X-Test" || err != nil {
		t.Errorf("%q, %v", name, err)
	}
}

func TestReferences(t *testing.T) {
	get := func(r outbound.Reference) (string, error) { return "<" + r.Name + ">", nil }
	for value, want := range map[string]string{
		"plain": "plain", "Bearer {{secret:jira}}": "Bearer <jira>", "{{secret:a}}{{secret:b.c-d}}": "<a><b.c-d>", "Basic {{secret:a:base64}}": "Basic PGE+",
		"{{ other }}": "{{ other }}",
	} {
		if got, err := outbound.Fill(value, get); got != want || err != nil {
			t.Errorf("%q becomes %q, %v", value, got, err)
		}
	}
	for _, value := range []string{"{{secret}}", "{{secret:}}", "{{secret:a", "{{secret:a}", "{{secret:A}}", "{{secret:a:hex}}", "{{secret: a}}", "{{secret:a:base64:x}}", "{{secrets:a}}"} {
		if got, err := outbound.Fill(value, get); err == nil {
			t.Errorf("%q is sent as %q", value, got)
		}
	}
	// What a secret holds is not looked at again.
	once, err := outbound.Fill("{{secret:a}}", func(outbound.Reference) (string, error) { return "{{secret:b}}", nil })
	if once != "{{secret:b}}" || err != nil {
		t.Errorf("%q, %v", once, err)
	}
}

// FuzzTarget holds narrowing to what it says: what is left covers what both
// cover and nothing else.
func FuzzTarget(f *testing.F) {
	f.Add("api.example.com", "/v1", "GET", "*.example.com", "/v1/x", "POST,GET", "https://api.example.com/v1/x/y", "GET", uint8(0))
	f.Add("*.a.example", "/", "", "*.b.a.example", "/a b", "PUT", "http://c.b.a.example:8080/a%20b", "PUT", uint8(7))
	f.Add("*", "/x", "", "127.0.0.1", "/", "", "http://127.0.0.1/x/%2e", "GET", uint8(3))
	f.Fuzz(func(t *testing.T, hostA, prefixA, methodsA, hostB, prefixB, methodsB, text, method string, bits uint8) {
		make1 := func(host, prefix, methods string, bits uint8) (outbound.Target, error) {
			in := outbound.Target{Host: host, PathPrefix: prefix, Own: bits&1 != 0}
			if methods != "" {
				in.Methods = strings.Split(methods, ",")
			}
			if bits&2 != 0 {
				in.Scheme = "http"
			}
			if bits&4 != 0 {
				in.Port = 8080
			}
			return in.Check()
		}
		a, errA := make1(hostA, prefixA, methodsA, bits)
		b, errB := make1(hostB, prefixB, methodsB, bits>>3)
		u, errU := outbound.Parse(text)
		if errA != nil || errB != nil || errU != nil {
			return
		}
		own := bits&64 != 0
		both, ok := a.Narrow(b)
		back, okBack := b.Narrow(a)
		if ok != okBack || ok && both.String() != back.String() {
			t.Fatalf("%v and %v: %v, %v one way and %v, %v the other", a, b, both, ok, back, okBack)
		}
		if ok {
			if again, err := both.Check(); err != nil || again.String() != both.String() {
				t.Fatalf("what is left of %v and %v is no target: %v, %v", a, b, both, err)
			}
		}
		covered := ok && both.Covers(method, u, own)
		named := a.Host != outbound.AnyHost && b.Host != outbound.AnyHost
		if named && covered != (a.Covers(method, u, own) && b.Covers(method, u, own)) {
			t.Fatalf("%s %s: %v covers it: %v, %v: %v, both: %v", method, u, a, a.Covers(method, u, own), b, b.Covers(method, u, own), covered)
		}
		if covered && !(a.Host == outbound.AnyHost || a.Covers(method, u, own)) {
			t.Fatalf("%s %s is covered by what is left and not by %v", method, u, a)
		}
		if a.Host == outbound.AnyHost && a.Covers(method, u, own) {
			t.Fatal("an unnamed host is covered")
		}
	})
}
