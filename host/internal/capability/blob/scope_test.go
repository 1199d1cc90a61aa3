package blob

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/fault"
)

func parse(t testing.TB, text string) *Scope {
	t.Helper()
	s, err := scopes{}.Parse(json.RawMessage(text))
	if err != nil {
		t.Fatal(err)
	}
	return s.(*Scope)
}

func TestScopes(t *testing.T) {
	for _, tt := range []struct{ declared, granted, left string }{
		{`{}`, `{}`, "keep up to 104857600 bytes"},
		{`{"quota":"1KiB"}`, `{"quota":"2KiB"}`, "keep up to 1024 bytes"},
		{`{"prefixes":["b/","a/","a/x/"]}`, `{"quota":"10"}`, `keep up to 10 bytes under "a/", "b/"`},
		{`{"prefixes":["a/"]}`, `{"prefixes":["a/x/","b/"]}`, `keep up to 104857600 bytes under "a/x/"`},
		{`{"prefixes":["a/x/","b/"]}`, `{"prefixes":["a/"]}`, `keep up to 104857600 bytes under "a/x/"`},
		{`{"prefixes":["a/"]}`, `{"prefixes":["a/"]}`, `keep up to 104857600 bytes under "a/"`},
		{`{"prefixes":["a/"]}`, `{"prefixes":["b/"]}`, "keep nothing"},
	} {
		if got := parse(t, tt.declared).Narrow(parse(t, tt.granted)).String(); got != tt.left {
			t.Errorf("%s and %s leave %s, want %s", tt.declared, tt.granted, got, tt.left)
		}
	}
	for _, bad := range []string{`{"prefix":["a"]}`, `{"prefixes":[""]}`, `{"quota":"1MB"}`, `[]`, `{"prefixes":["` + strings.Repeat("a", 513) + `"]}`} {
		if _, err := (scopes{}).Parse(json.RawMessage(bad)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestKeysOutsideOfTheScopeAreDenied(t *testing.T) {
	c := &capability.Call{Scope: parse(t, `{"prefixes":["reports/"]}`)}
	if _, err := reach(c, "reports/a"); err != nil {
		t.Error(err)
	}
	for _, key := range []string{"report", "reports", "other/a", "reports\x00", "/reports/a"} {
		_, err := reach(c, key)
		if err == nil {
			t.Errorf("%q is reached", key)
		}
	}
	_, err := reach(c, "other/a")
	var d *capability.Denial
	if !fault.Is(err, fault.Denied) {
		t.Fatal(err)
	}
	if d = err.(*capability.Denial); d.Missing != `blob: prefix "other/a"` || !strings.Contains(d.Why, "plugin.yaml") { //nolint:errorlint // the very type is asked about
		t.Errorf("%+v", d)
	}
}

func FuzzScope(f *testing.F) {
	for _, seed := range []string{`{}`, `{"prefixes":["a/","b"],"quota":"1MiB"}`, `{"quota":"x"}`, `null`, `{"prefixes":null}`} {
		f.Add(seed, "a/b")
	}
	f.Fuzz(func(t *testing.T, text, key string) {
		s, err := scopes{}.Parse(json.RawMessage(text))
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		// Nothing narrowed reaches what the wider one does not.
		wide, other := s.(*Scope), &Scope{Prefixes: []string{"a/"}, Quota: 5}
		left := wide.Narrow(other).(*Scope)
		if left.reaches(key) && !(wide.reaches(key) && other.reaches(key)) || left.Quota > wide.Quota || left.Quota > other.Quota {
			t.Errorf("%s narrowed by %s is %s and reaches %q", wide, other, left, key)
		}
	})
}
