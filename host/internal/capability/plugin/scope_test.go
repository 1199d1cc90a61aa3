package plugin

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/capability"
)

func parse(t testing.TB, text string) *Scope {
	t.Helper()
	s, err := scopes{}.Parse(json.RawMessage(text))
	if err != nil {
		t.Fatal(err)
	}
	return s.(*Scope)
}

func TestAScopeCoversWholeSegmentsAndNamedMethods(t *testing.T) {
	s := parse(t, `{"plugins": [{"id": "shop", "pathPrefix": "/public/"}, {"id": "shop", "methods": ["post"], "pathPrefix": "/orders", "own": true}]}`)
	for _, tc := range []struct {
		id, method, path string
		own, want        bool
	}{
		{"shop", "GET", "/public", false, true},
		{"shop", "HEAD", "/public/a/b", false, true},
		{"shop", "GET", "/publicity", false, false},
		{"shop", "GET", "/", false, false},
		{"shop", "POST", "/public", false, false},
		{"shop", "GET", "/public", true, false},
		{"shop", "POST", "/orders", true, true},
		{"shop", "GET", "/orders", false, false},
		{"other", "GET", "/public", false, false},
		{"Shop", "GET", "/public", false, false},
	} {
		if got := s.allows(tc.id, tc.method, tc.path, tc.own); got != tc.want {
			t.Errorf("%s %s of %s, own %v: %v, want %v", tc.method, tc.path, tc.id, tc.own, got, tc.want)
		}
	}
	if parse(t, "").allows("shop", "GET", "/", false) {
		t.Error("a scope without targets reaches a plugin")
	}
}

func TestNarrowingKeepsWhatBothAllow(t *testing.T) {
	for _, tc := range []struct{ declared, granted, want string }{
		{`[{"id": "a"}]`, `[{"id": "a", "pathPrefix": "/x"}]`, "call GET, HEAD /x of plugin a"},
		{`[{"id": "a", "pathPrefix": "/x/y"}]`, `[{"id": "a", "pathPrefix": "/x"}]`, "call GET, HEAD /x/y of plugin a"},
		{`[{"id": "a", "pathPrefix": "/x"}]`, `[{"id": "a", "pathPrefix": "/xy"}]`, "call no plugin"},
		{`[{"id": "a", "methods": ["GET", "POST"], "own": true}]`, `[{"id": "a", "methods": ["POST"]}]`, "call POST / of plugin a"},
		{`[{"id": "a", "own": true}]`, `[{"id": "a", "own": true}]`, "call GET, HEAD / of plugin a, also for itself"},
		{`[{"id": "a"}]`, `[{"id": "b"}]`, "call no plugin"},
		{`[{"id": "a"}]`, `[]`, "call no plugin"},
	} {
		got := parse(t, `{"plugins": `+tc.declared+`}`).Narrow(parse(t, `{"plugins": `+tc.granted+`}`))
		if got.String() != tc.want {
			t.Errorf("%s ∩ %s: %q, want %q", tc.declared, tc.granted, got, tc.want)
		}
	}
}

func TestMalformedScopesSayHowToWriteOne(t *testing.T) {
	for text, want := range map[string]string{
		`{"plugins": [{"methods": ["GET"]}]}`:              "names no id",
		`{"plugins": [{"id": "a", "pathPrefix": "x"}]}`:    "starts with /",
		`{"plugins": [{"id": "a", "pathPrefix": "/%2e"}]}`: "no escapes",
		`{"plugins": ["a"]}`:                               "a plugin scope is written",
		`{"targets": []}`:                                  "a plugin scope is written",
	} {
		if _, err := (scopes{}).Parse(json.RawMessage(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestPathsThatMeanAnotherPlaceAreRefused(t *testing.T) {
	for _, path := range []string{"", "x", "/public/../admin", "/public/%2e%2e/admin", "/public/.%2E/admin", "/public/%2fadmin", "/public/%5cadmin", "/public/%00", "/public/./x", "/public/%zz"} {
		if got, err := decodePath(path); err == nil {
			t.Errorf("%q became %q", path, got)
		}
	}
	for path, want := range map[string]string{"/": "/", "/a%20b/c": "/a b/c", "/a..b": "/a..b", "/%252e%252e": "/%2e%2e"} {
		if got, err := decodePath(path); err != nil || got != want {
			t.Errorf("%q became %q, %v; want %q", path, got, err, want)
		}
	}
}

// Whatever a guest writes, what a target covers lies below its prefix for a
// reader that decodes and cleans the path as well.
func FuzzPath(f *testing.F) {
	for _, seed := range []string{"/public/a", "/public/../x", "/public/%2e%2e/x", "/public%2f..%2fx", "/%70ublic/x", "//public", "/public\\..\\x"} {
		f.Add(seed)
	}
	s := &Scope{Targets: []Target{{ID: "a", Methods: []string{"GET"}, PathPrefix: "/public"}}}
	f.Fuzz(func(t *testing.T, escaped string) {
		decoded, err := decodePath(escaped)
		if err != nil || !s.allows("a", "GET", decoded, false) {
			return
		}
		base, err := url.Parse("http://host/")
		if err != nil {
			t.Fatal(err)
		}
		u, err := base.Parse("http://host" + escaped)
		if err != nil {
			return
		}
		if clean := u.JoinPath().Path; !within(strings.TrimSuffix(clean, "/"), "/public") {
			t.Errorf("%q is allowed below /public and leads to %q", escaped, clean)
		}
	})
}

var _ capability.ScopeLanguage = scopes{}
