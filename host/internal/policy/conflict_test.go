package policy_test

import (
	"context"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/condition"
	"github.com/callboard/callboard/host/internal/policy"
	"github.com/callboard/callboard/host/internal/principal"
)

// What once made a condition allow more than the policy does: each either
// becomes no condition, or one that denies.
func TestConditionsDoNotFailOpen(t *testing.T) {
	const usual = "package callboard.authz\n\ndefault decision := {\"effect\": \"deny\"}\n\ndecision := {\"effect\": \"allow\"} if {\n\tsome _ in allow\n\tnot denied\n}\n\ndenied if some _ in deny\n\nallow contains \"all\" if input.principal.kind == \"user\"\n\n"
	many := &condition.Resource{Tags: make([]string, 400)}
	for i := range many.Tags {
		many.Tags[i] = strings.Repeat("t", i+1)
	}
	for _, tc := range []struct {
		name, rules string
		r           *condition.Resource
	}{
		{"an object whose keys collide, below not", `deny contains "open" if input.resource.name == "a"

teams := {name: ref | some ref in ["group:default/x", "user:default/x"]; name := split(ref, "/")[1]}

deny contains "interns" if {
	teams.x
	input.resource.labels.tier == "a"
}
`, &condition.Resource{Name: "a"}},
		{"two values below not", `level := 1 if input.principal.kind == "user"

level := 2 if input.principal.issuer != "x"

deny contains "l" if {
	level == 1
	input.resource.name == "a"
}
`, &condition.Resource{Name: "a"}},
		{"a function of two values", `f(x) := 1 if x == "user"

f(x) := 2 if x != "y"

deny contains "l" if {
	not f(input.principal.kind) == 3
	input.resource.name == "a"
}
`, &condition.Resource{Name: "a"}},
		{"a rule below a rule", `flags[k] := true if some k in input.resource.tags

flags.b := true if input.resource.name == "zz"

deny contains "l" if flags.b
`, &condition.Resource{Tags: []string{"a", "b"}}},
		{"an object whose key the resource decides about", `lab := {input.resource.type: 1}

deny contains "l" if lab.service
`, &condition.Resource{Type: "service"}},
		{"numbers that are not told apart", `lim contains 9007199254740992 if input.resource.name == "a"

deny contains "l" if not lim[9007199254740992]

allowed_twice if lim[9007199254740993]
`, &condition.Resource{Name: "b"}},
		{"triples of many tags", `deny contains "l" if {
	some a in input.resource.tags
	some b in input.resource.tags
	some c in input.resource.tags
	a == b
	b == c
	c == "none"
}
`, many},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e, err := policy.Compile(context.Background(), policy.Bundle{Modules: map[string]string{"a.rego": usual + tc.rules}})
			if err != nil {
				t.Fatal(err)
			}
			n, why, err := e.Condition(context.Background(), ask("catalog.entity.read", "read"))
			if err != nil || (n == nil) == (why == "") {
				t.Fatalf("%v %q %v", n, why, err)
			}
			if n != nil && condition.Holds(n, tc.r) {
				t.Errorf("the condition allows: %s", n)
			}
		})
	}
}

// A permission about entities, without one, is meant with all of them; and what
// a permission does is what its plugin says of it now.
func TestAPermissionAboutEntitiesIsMeantWithAll(t *testing.T) {
	ctx := context.Background()
	action := "read"
	g := policy.NewGuard(policy.GuardConfig{Lookup: func(string) (string, bool) { return action, action == "delete" }})
	g.Use(shipped(t, map[string]string{"company.rego": "package callboard.authz\n\ndeny contains \"confidential\" if input.resource.labels.class == \"confidential\"\n"}, bind("admin", "user:default/root")), nil)
	who := principal.Authority{Subject: principal.Subject{Kind: principal.User, Issuer: "idp", ID: "ann", Ref: "user:default/ann", Ownership: []string{"user:default/ann"}}}
	if err := g.May(ctx, who, "foo.thing"); err != nil {
		t.Fatal(err)
	}
	if action = "delete"; g.May(ctx, who, "foo.thing") == nil {
		t.Error("an answer outlives what the permission does")
	}
	root := principal.Authority{Subject: principal.Subject{Kind: principal.User, Issuer: "idp", ID: "root", Ref: "user:default/root", Ownership: []string{"user:default/root"}}}
	if g.May(ctx, root, "foo.thing") == nil {
		t.Error("a permission with some entities counts as one with all")
	}
	if err := g.MaySome(ctx, root, "foo.thing"); err != nil {
		t.Errorf("with some: %v", err)
	}
}
