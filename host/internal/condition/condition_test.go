package condition_test

import (
	"encoding/json"
	"math/rand/v2"
	"regexp"
	"testing"

	"github.com/callboard/callboard/host/internal/condition"
)

func relations(all ...condition.Relation) func(func(condition.Relation)) {
	return func(add func(condition.Relation)) {
		for _, r := range all {
			add(r)
		}
	}
}

func TestAnEntityIsProjected(t *testing.T) {
	for _, tc := range []struct{ name, body, want string }{
		{
			"whole", `{"apiVersion":"v1","kind":"Component","metadata":{"namespace":"Team-A","name":"Web","labels":{"a/b":"x"},"annotations":{"c":"d"},"tags":["t"]},"spec":{"type":"service","lifecycle":"production","owner":"x"},"relations":[]}`,
			`{"annotations":{"c":"d"},"kind":"component","labels":{"a/b":"x"},"lifecycle":"production","name":"Web","namespace":"Team-A","owners":["group:default/x"],"ref":"component:team-a/web","relations":{"ownedBy":["group:default/x","group:default/told"]},"tags":["t"],"type":"service"}`,
		},
		{
			"bare", `{"kind":"X","metadata":{"name":"a"}}`,
			`{"annotations":{},"kind":"x","labels":{},"name":"a","owners":["group:default/x"],"ref":"component:team-a/web","relations":{"ownedBy":["group:default/x","group:default/told"]},"tags":[]}`,
		},
		{
			"of other types", `{"kind":7,"metadata":{"name":["a"],"labels":[1],"tags":{"a":1}},"spec":{"type":{},"lifecycle":null}}`,
			`{"annotations":{},"labels":{},"owners":["group:default/x"],"ref":"component:team-a/web","relations":{"ownedBy":["group:default/x","group:default/told"]},"tags":[]}`,
		},
		{
			"no JSON", `{"kind":"Component","meta`,
			`{"annotations":{},"kind":"component","labels":{},"owners":["group:default/x"],"ref":"component:team-a/web","relations":{"ownedBy":["group:default/x","group:default/told"]},"tags":[]}`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			// That somebody else says who owns it makes nobody its owner.
			r := condition.NewResource("component:team-a/web", []byte(tc.body), relations(
				condition.Relation{Type: "ownedBy", Target: "group:default/x"}, condition.Relation{Type: "ownedBy", Target: "group:default/told", Incoming: true}))
			got, err := json.Marshal(r.Input())
			if err != nil || string(got) != tc.want {
				t.Errorf("got  %s, %v\nwant %s", got, err, tc.want)
			}
		})
	}
}

func field(keys ...string) condition.Path {
	p := condition.Path{Var: condition.Whole}
	for _, k := range keys {
		p.Keys = append(p.Keys, constant(k))
	}
	return p
}

func constant(s string) condition.Constant { return condition.Constant{Value: condition.Text(s)} }

// Texts of conditions are keys of caches: two that differ must not read alike.
func TestConditionsThatDifferReadDifferently(t *testing.T) {
	equal := func(p condition.Path) condition.Node {
		return condition.Test{Op: condition.Equal, Args: []condition.Term{p, constant("x")}}
	}
	a, b := equal(field("labels", "a.b")), equal(field("labels", "a", "b"))
	seen := map[string]bool{}
	for _, n := range []condition.Node{
		a, b,
		condition.All{a, b},
		condition.Any{a, b},
		condition.Not{Node: a},
		condition.All{},
		condition.Any{},
		equal(field("labels", `a"]["b`)),
		condition.All{condition.Any{a, b}, a},
		condition.Any{a, condition.All{b, a}},
		condition.Test{Op: condition.Matches, Args: []condition.Term{field("name")}, Pattern: regexp.MustCompile("x")},
		condition.Test{Op: condition.Equal, Args: []condition.Term{field("name"), condition.Constant{Value: condition.Number(1)}}},
		condition.Test{Op: condition.Equal, Args: []condition.Term{field("name"), constant("1")}},
		condition.Test{Op: condition.In, Args: []condition.Term{constant("a"), condition.Constant{Value: condition.Set(condition.Text("a"))}}},
		condition.Test{Op: condition.In, Args: []condition.Term{constant("a"), condition.Constant{Value: condition.Array(condition.Text("a"))}}},
		condition.Each{Var: 0, In: field("tags"), Then: condition.Test{Op: condition.Defined, Args: []condition.Term{condition.Key{Var: 0}}}},
		condition.Each{Var: 0, In: field("tags"), Then: condition.Test{Op: condition.Defined, Args: []condition.Term{condition.Path{Var: 0}}}},
	} {
		if text := n.String(); seen[text] {
			t.Errorf("two conditions read %s", text)
		}
		seen[n.String()] = true
	}
}

// TestSimplifyKeepsTheMeaning compares conditions at random with what they are
// simplified to.
func TestSimplifyKeepsTheMeaning(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	var tree func(depth int) condition.Node
	tree = func(depth int) condition.Node {
		some := func() (out []condition.Node) {
			for range r.IntN(3) {
				out = append(out, tree(depth-1))
			}
			return out
		}
		kind := r.IntN(6)
		if depth == 0 {
			kind = 5 + r.IntN(2)
		}
		switch kind {
		case 0:
			return condition.All(some())
		case 1:
			return condition.Any(some())
		case 2:
			return condition.Not{Node: tree(depth - 1)}
		case 3:
			return condition.Each{Var: condition.Var(depth), In: field("tags"), Then: tree(depth - 1)}
		case 4:
			return condition.Test{Op: condition.True, Args: []condition.Term{condition.Constant{Value: condition.Bool(r.IntN(2) == 0)}}}
		}
		return condition.Test{Op: condition.Equal, Args: []condition.Term{field([]string{"name", "type", "kind"}[r.IntN(3)]), constant([]string{"a", "b"}[r.IntN(2)])}}
	}
	for range 5000 {
		n := tree(4)
		simple := condition.Simplify(n)
		for range 8 {
			pick := func(texts ...string) string { return texts[r.IntN(len(texts))] }
			x := condition.Resource{Kind: pick("a", ""), Name: pick("a", "b", ""), Type: pick("b", "")}
			if r.IntN(2) == 0 {
				x.Tags = []string{"t"}
			}
			if a, b := condition.Holds(n, &x), condition.Holds(simple, &x); a != b {
				t.Fatalf("%s holds %t, simplified %s %t, for %v", n, a, simple, b, x)
			}
		}
	}
}
