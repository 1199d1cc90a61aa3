package policy_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/callboard/callboard/host/internal/condition"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/policy"
	"github.com/callboard/callboard/policies"
)

// shipped compiles the bundle that travels in the binary, for production.
func shipped(t testing.TB, more map[string]string, bindings ...any) *policy.Engine {
	t.Helper()
	b, err := policy.ReadBundle(policies.FS())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range more {
		b.Modules[name] = text
	}
	e, err := policy.Compile(context.Background(), b.With(bindings, "callboard", "bindings"))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func bind(role string, members ...any) any {
	return map[string]any{"role": role, "members": members}
}

func ask(permission, action string) policy.Question {
	return policy.Question{
		Principal:  policy.Principal{Kind: "user", Issuer: "https://idp.example", ID: "1", Ref: "user:default/ann", Ownership: []string{"user:default/ann", "group:default/ledger"}},
		Permission: policy.Permission{Name: permission, Action: action},
	}
}

func TestTheShippedPolicy(t *testing.T) {
	e := shipped(t, nil, bind("developer", "group:default/ledger"))
	ctx := context.Background()
	own, other := &condition.Resource{Ref: "component:default/a", Owners: []string{"group:default/ledger"}}, &condition.Resource{Ref: "component:default/b", Owners: []string{"group:default/x"}}
	for _, tc := range []struct {
		name      string
		q         policy.Question
		resource  *condition.Resource
		allow     bool
		rules     string
		condition string
	}{
		{"what every user may", ask("catalog.entity.read", "read"), other, true, "role developer role viewer", "always"},
		{"what nobody may", ask("plugins.install", "update"), nil, false, "", "never"},
		{"with what is one's own", ask("catalog.entity.refresh", "update"), own, true, "owner with role developer", `(some x0 in resource.owners: x0 in ["user:default/ann", "group:default/ledger"])`},
		{"with what is another's", ask("catalog.entity.refresh", "update"), other, false, "", `(some x0 in resource.owners: x0 in ["user:default/ann", "group:default/ledger"])`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n, why, err := e.Condition(ctx, tc.q)
			if err != nil || why != "" {
				t.Fatalf("%v, %s", err, why)
			}
			if n.String() != tc.condition {
				t.Errorf("condition %s\nwant      %s", n, tc.condition)
			}
			tc.q.Resource = tc.resource
			d, err := e.Decide(ctx, tc.q)
			if err != nil || d.Allow != tc.allow || strings.Join(d.Rules, " ") != tc.rules {
				t.Errorf("decision %+v, %v", d, err)
			}
			if tc.resource != nil && condition.Holds(n, tc.resource) != tc.allow {
				t.Error("the condition says otherwise")
			}
		})
	}
}

// A company adds a file to the package; its rules of deny narrow everybody.
func TestACompanyDeniesMore(t *testing.T) {
	e := shipped(t, map[string]string{"company.rego": `package callboard.authz

deny contains "confidential" if {
	input.resource.labels["example.com/class"] == "confidential"
	not owns
}

owns if {
	some owner in input.resource.owners
	owner in input.principal.ownership
}
`}, bind("admin", "user:default/ann"))
	n, why, err := e.Condition(context.Background(), ask("catalog.entity.read", "read"))
	if err != nil || n == nil {
		t.Fatal(err, why)
	}
	class := map[string]string{"example.com/class": "confidential"}
	for name, tc := range map[string]struct {
		resource condition.Resource
		sees     bool
	}{
		"open":         {condition.Resource{}, true},
		"confidential": {condition.Resource{Labels: class}, false},
		"one's own":    {condition.Resource{Labels: class, Owners: []string{"group:default/ledger"}}, true},
	} {
		if got := condition.Holds(n, &tc.resource); got != tc.sees {
			t.Errorf("%s: seen %t by %s", name, got, n)
		}
	}
}

func TestAPolicyThatIsWrongIsRefused(t *testing.T) {
	const decision = "package callboard.authz\n\ndefault decision := {\"effect\": \"deny\"}\n\n"
	for _, tc := range []struct{ name, text, want string }{
		{"no Rego", "package", "a.rego:1"},
		{"no decision", "package callboard.authz\n\nallow := true\n", "no module has the rule decision"},
		{"an unknown function", decision + "decision := {\"effect\": \"allow\"} if frobnicate(input.x)\n", "a.rego:5: rego_type_error: undefined function frobnicate"},
		{"it reaches out", decision + "decision := {\"effect\": \"allow\"} if http.send({\"method\": \"get\", \"url\": \"http://x\"}).status_code == 200\n", "undefined function http.send"},
		{"it looks at the machine", decision + "decision := {\"effect\": \"allow\"} if opa.runtime().env.HOME\n", "undefined function opa.runtime"},
		{"it throws dice", decision + "decision := {\"effect\": \"allow\"} if rand.intn(\"x\", 2) == 1\n", "undefined function rand.intn"},
		{"it asks for the time", decision + "decision := {\"effect\": \"allow\"} if time.now_ns() > 0\n", "undefined function time.now_ns"},
		{"a decision that is no object", "package callboard.authz\n\ndecision := \"allow\"\n", "have: string"},
		{"a circle", decision + "a if b\n\nb if a\n", "recursi"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := policy.Compile(context.Background(), policy.Bundle{Modules: map[string]string{"a.rego": tc.text}})
			if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}

// What takes too long, or decides two things at once, denies.
func TestAPolicyThatFailsDenies(t *testing.T) {
	const head = "package callboard.authz\n\n"
	for name, text := range map[string]string{
		"no end": head + `default decision := {"effect": "deny"}

decision := {"effect": "allow"} if {
	some a in data.many
	some b in data.many
	some c in data.many
	some d in data.many
	a + b + c + d == -1
}
`,
		"two decisions": head + "decision := {\"effect\": \"allow\"} if input.principal.kind == \"user\"\n\ndecision := {\"effect\": \"deny\"} if input.principal.kind != \"x\"\n",
		"no decision":   head + "decision := {\"effect\": \"allow\"} if input.nothing\n",
	} {
		t.Run(name, func(t *testing.T) {
			many := make([]any, 1000)
			for i := range many {
				many[i] = i
			}
			e, err := policy.Compile(context.Background(), policy.Bundle{Modules: map[string]string{"a.rego": text}, Data: map[string]any{"many": many}})
			if err != nil {
				t.Fatal(err)
			}
			d, err := e.Decide(context.Background(), ask("catalog.entity.read", "read"))
			if d.Allow {
				t.Errorf("allowed: %+v, %v", d, err)
			}
			n, why, err := e.Condition(context.Background(), ask("catalog.entity.read", "read"))
			if n == nil || n.String() != "never" {
				t.Errorf("condition %v (%s), %v", n, why, err)
			}
		})
	}
}

func TestABundleIsReadAsAFolder(t *testing.T) {
	b, err := policy.ReadBundle(fstest.MapFS{
		"authz.rego":           {Data: []byte("package a")},
		"more/deep.rego":       {Data: []byte("package b")},
		".git/x.rego":          {Data: []byte("no")},
		"README.md":            {Data: []byte("no")},
		"data.json":            {Data: []byte(`{"callboard": {"bindings": [1]}}`)},
		"callboard/data.yaml":  {Data: []byte("roles:\n  viewer: {title: V}\n")},
		"callboard/other.yaml": {Data: []byte("no: data")},
	})
	if err != nil || len(b.Modules) != 2 || fmt.Sprint(b.Data) != "map[callboard:map[bindings:[1] roles:map[viewer:map[title:V]]]]" {
		t.Errorf("%v %v", b, err)
	}
	same := b.With([]any{1}, "callboard", "bindings")
	other := b.With([]any{2}, "callboard", "bindings")
	if same.Digest() != b.Digest() || other.Digest() == b.Digest() {
		t.Error("the digest does not tell data apart")
	}
	for name, files := range map[string]fstest.MapFS{
		"data.json: data.a is said by another file": {"a/data.json": {Data: []byte(`1`)}},
		"a/data.json: it must be an object":         {"a/data.json": {Data: []byte(`[]`)}},
		"data.json: data.a.x is said":               {"a/data.json": {Data: []byte(`{"x": 1}`)}, "data.json": {Data: []byte(`{"a": {"x": 2}}`)}},
		"data.yaml: it must be an object, of what":  {"data.yaml": {Data: []byte("1: {2: 3}")}},
		"data.json: invalid character":              {"data.json": {Data: []byte("{x")}},
		"a.rego: a file has at most 1 MiB":          {"a.rego": {Data: make([]byte, 1<<20+1)}},
	} {
		if _, err := policy.ReadBundle(files); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), name) && !strings.Contains(name, "said by another") {
			t.Errorf("%v, want %s", err, name)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	e := shipped(b, nil, bind("developer", "group:default/ledger"))
	q := ask("catalog.entity.refresh", "update")
	q.Resource = &condition.Resource{Ref: "component:default/a", Kind: "component", Owners: []string{"group:default/ledger"}}
	for b.Loop() {
		if d, err := e.Decide(context.Background(), q); err != nil || !d.Allow {
			b.Fatal(d, err)
		}
	}
}

func BenchmarkCondition(b *testing.B) {
	e := shipped(b, nil, bind("developer", "group:default/ledger"))
	for b.Loop() {
		if n, _, err := e.Condition(context.Background(), ask("catalog.entity.refresh", "update")); err != nil || n == nil {
			b.Fatal(err)
		}
	}
}
