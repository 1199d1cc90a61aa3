package sdk_test

import (
	"strings"
	"testing"

	"github.com/callboard/callboard/sdk"
)

// Whatever a query says is either refused as invalid or a filter of keys that
// have names, as many values as were written, and no key twice in one clause.
func FuzzParseFilter(f *testing.F) {
	for _, seed := range []string{"kind=component,metadata.name=a", "a=,a,b=x=y", " a = b ,, c", "=x", ",", "a=b,a=c,a", strings.Repeat("k=v,", 50)} {
		f.Add(seed, "kind=api")
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		filter, err := sdk.ParseFilter(one, two)
		if err != nil {
			if filter != nil || !strings.HasPrefix(err.Error(), "Invalid filter, '") {
				t.Errorf("%q, %q: filter %v with error %q", one, two, filter, err)
			}
			return
		}
		if len(filter) > 2 {
			t.Fatalf("%d clauses of two", len(filter))
		}
		written, values := strings.Count(one, "=")+strings.Count(two, "="), 0
		for _, clause := range filter {
			seen := map[string]bool{}
			for _, term := range clause.Terms {
				if term.Key == "" || seen[term.Key] || term.Key != strings.TrimSpace(term.Key) {
					t.Errorf("%q, %q: key %q", one, two, term.Key)
				}
				seen[term.Key] = true
				values += len(term.Values)
			}
		}
		if values > written {
			t.Errorf("%q, %q: %d values of at most %d", one, two, values, written)
		}
	})
}
