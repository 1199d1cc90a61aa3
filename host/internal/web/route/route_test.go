package route_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/web/route"
)

func TestMatch(t *testing.T) {
	table, err := route.New([]route.Route{
		{Method: "GET", Pattern: "/entities/{any}"},
		{Method: "GET", Pattern: "/entities/by-query"},
		{Method: "POST", Pattern: "/entities/by-query"},
		{Method: "GET", Pattern: "/entities/by-name/{kind}/{namespace}/{name}"},
		{Method: "GET", Pattern: "/files/{path...}"},
		{Method: "GET", Pattern: "/"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, method, path, pattern string
		params                      []route.Param
		allowed                     []string
	}{
		{"a literal beats a parameter", "GET", "/entities/by-query", "/entities/by-query", nil, nil},
		{"HEAD is served by GET", "HEAD", "/entities/by-query", "/entities/by-query", nil, nil},
		{"parameters are decoded", "GET", "/entities/by-name/component/a%2Fb/n%20m", "/entities/by-name/{kind}/{namespace}/{name}", []route.Param{{"kind", "component"}, {"namespace", "a/b"}, {"name", "n m"}}, nil},
		{"the rest", "GET", "/files/a/b%20c/d", "/files/{path...}", []route.Param{{"path", "a/b c/d"}}, nil},
		{"the root", "GET", "/", "/", nil, nil},
		{"another method", "DELETE", "/entities/by-query", "", nil, []string{"GET", "POST"}},
		{"an empty parameter", "GET", "/entities/by-name/component//x", "", nil, nil},
		{"nothing", "GET", "/nope", "", nil, nil},
		{"bad escape", "GET", "/entities/%zz", "", nil, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, params, allowed, ok := table.Match(tc.method, tc.path)
			if ok != (tc.pattern != "") || r.Pattern != tc.pattern || !reflect.DeepEqual(params, tc.params) || strings.Join(allowed, ",") != strings.Join(tc.allowed, ",") {
				t.Errorf("got %+v %v %v %v", r, params, allowed, ok)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	for name, routes := range map[string][]route.Route{
		"no slash":           {{Method: "GET", Pattern: "x"}},
		"unclosed":           {{Method: "GET", Pattern: "/{x"}},
		"rest in the middle": {{Method: "GET", Pattern: "/{x...}/y"}},
		"the same twice":     {{Method: "GET", Pattern: "/{a}"}, {Method: "GET", Pattern: "/{b}"}},
		"a name twice":       {{Method: "GET", Pattern: "/{a}/{a}"}},
	} {
		if _, err := route.New(routes); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func FuzzMatch(f *testing.F) {
	table, err := route.New([]route.Route{{Method: "GET", Pattern: "/a/{b}/c"}, {Method: "GET", Pattern: "/f/{p...}"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("/a/%41/c")
	f.Fuzz(func(t *testing.T, path string) {
		if r, params, _, ok := table.Match("GET", path); ok && len(params) != 1 {
			t.Errorf("%q matched %s with %v", path, r.Pattern, params)
		}
	})
}
