package main

import (
	"fmt"
	"strings"
	"testing"
)

func item(kind, name string) string {
	return fmt.Sprintf(`{"kind":%q,"metadata":{"name":%q,"uid":"1"},"relations":[{}]}`, kind, name)
}

func pageOf(total int, items ...string) []byte {
	return fmt.Appendf(nil, `{"items":[%s],"totalItems":%d}`, strings.Join(items, ","), total)
}

// The checks are what makes a fast wrong answer no figure.
func TestChecksRefuseWrongAnswers(t *testing.T) {
	var twenty, hundred []string
	for i := range 100 {
		hundred = append(hundred, item("Component", fmt.Sprintf("c%02d", i)))
	}
	twenty = hundred[:20]
	swapped := append([]string{twenty[1], twenty[0]}, twenty[2:]...)
	for _, c := range []struct {
		name  string
		check func([]byte) error
		body  []byte
		right bool
	}{
		{"the entity", checkEntity("a"), []byte(item("Component", "a")), true},
		{"another entity", checkEntity("a"), []byte(item("Component", "b")), false},
		{"an entity without relations", checkEntity("a"), []byte(`{"metadata":{"name":"a","uid":"1"},"relations":[]}`), false},
		{"no JSON", checkEntity("a"), []byte("<html>"), false},
		{"a page", checkPage(7000, true), pageOf(7000, twenty...), true},
		{"a page of another total", checkPage(7000, true), pageOf(6999, twenty...), false},
		{"a short page", checkPage(7000, true), pageOf(7000, twenty[:19]...), false},
		{"a page out of order", checkPage(7000, true), pageOf(7000, swapped...), false},
		{"the same where order is not asked", checkPage(7000, false), pageOf(7000, swapped...), true},
		{"a page of another kind", checkPage(-1, true), pageOf(1, item("API", "a")), false},
		{"a page of what there is", checkPage(-1, true), pageOf(3, twenty[:3]...), true},
		{"an empty page", checkPage(-1, true), pageOf(0), false},
		{"facets", checkFacets, []byte(`{"facets":{"spec.type":[{"value":"service","count":3}]}}`), true},
		{"no facets", checkFacets, []byte(`{"facets":{"spec.type":[]}}`), false},
		{"refs", checkRefs, pageOf(0, hundred...), true},
		{"refs with one absent", checkRefs, pageOf(0, append([]string{"null"}, hundred[1:]...)...), false},
		{"too few refs", checkRefs, pageOf(0, twenty...), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := c.check(c.body); (err == nil) != c.right {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestSpreadAndRefsAreDifferent(t *testing.T) {
	var names []string
	for i := range 7000 {
		names = append(names, fmt.Sprint("n", i))
	}
	seen := map[string]bool{}
	for _, n := range spread(names, variety) {
		seen[n] = true
	}
	if len(seen) != variety {
		t.Errorf("%d different names, want %d", len(seen), variety)
	}
	bodies := map[string]bool{}
	for set := range 50 {
		body := refsBody(names, set)
		bodies[body] = true
		refs := map[string]bool{}
		for _, ref := range strings.Split(body, ",") {
			refs[ref] = true
		}
		if len(refs) != 100 {
			t.Fatalf("set %d has %d different refs", set, len(refs))
		}
	}
	if len(bodies) != 50 {
		t.Errorf("%d different sets", len(bodies))
	}
}
