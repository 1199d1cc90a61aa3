package policy

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/condition"
)

// chance makes policies, principals and resources at random, of few names, so
// that they meet.
type chance struct{ *rand.Rand }

func (c chance) of(texts ...string) string { return texts[c.IntN(len(texts))] }

func (c chance) some(texts ...string) (out []string) {
	for _, t := range texts {
		if c.IntN(2) == 0 {
			out = append(out, t)
		}
	}
	return out
}

// resource leaves out about half of what a resource may have.
func (c chance) resource() *condition.Resource {
	maybe := func(texts ...string) string { return c.of(append(texts, "")...) }
	object := func() map[string]string {
		out := map[string]string{}
		for _, k := range c.some("tier", "class") {
			out[k] = c.of("a", "b", "abc")
		}
		return out
	}
	relations := map[string][]string{}
	for _, kind := range c.some("partOf", "dependsOn") {
		relations[kind] = c.some("system:default/s", "group:default/g", "a")
	}
	return &condition.Resource{
		Ref: "component:default/a", Kind: maybe("component", "api", "a"), Namespace: maybe("default", "a"), Name: maybe("a", "abc", "b"),
		Type: maybe("service", "abc"), Lifecycle: maybe("production", "b"), Owners: c.some("group:default/g", "user:default/u", "group:default/h"),
		Tags: c.some("a", "b", "abc"), Labels: object(), Annotations: object(), Relations: relations,
	}
}

var texts = []string{"input.resource.kind", "input.resource.namespace", "input.resource.name", "input.resource.type", "input.resource.lifecycle", "input.resource.labels.tier", `input.resource.annotations["class"]`, "input.resource.missing"}

func (c chance) constant() string {
	return c.of(`"a"`, `"b"`, `"abc"`, `"component"`, `"group:default/g"`)
}

func (c chance) collection() string {
	return c.of("input.resource.owners", "input.resource.tags", "input.resource.relations.partOf", "input.resource.labels", `{"a", "component"}`, "input.principal.ownership", "input.resource.nothing", "data.lists.names", "input.resource.relations[input.resource.labels.tier]")
}

// expression is one condition of a rule; n makes its variables its own.
func (c chance) expression(n int) string {
	t := c.of(texts...)
	switch c.IntN(15) {
	case 0:
		return fmt.Sprintf("%s == %s", t, c.constant())
	case 1:
		return fmt.Sprintf("%s != %s", t, c.constant())
	case 2:
		return fmt.Sprintf("%s in %s", c.of(t, c.constant()), c.collection())
	case 3:
		return fmt.Sprintf("%s(%s, %s)", c.of("startswith", "endswith", "contains"), t, c.constant())
	case 4:
		return fmt.Sprintf("some v%d in %s\n\t%s(v%d, %s)", n, c.collection(), c.of("startswith", "endswith"), n, c.constant())
	case 5:
		return fmt.Sprintf("some v%d in input.resource.owners\n\tv%d in input.principal.ownership", n, n)
	case 6:
		return fmt.Sprintf("lower(%s) == %s", t, c.constant())
	case 7:
		return fmt.Sprintf("count(%s) %s %d", c.collection(), c.of("==", ">", "<=", "!="), c.IntN(3))
	case 8:
		return t
	case 9:
		return fmt.Sprintf("some k%d, v%d in input.resource.labels\n\tk%d != v%d", n, n, n, n)
	case 10:
		return fmt.Sprintf("%s %s %s", t, c.of("<", ">=", "=="), c.of(texts...))
	case 11:
		return fmt.Sprintf("every v%d in %s { v%d %s %s }", n, c.collection(), n, c.of("!=", "=="), c.constant())
	case 12:
		return fmt.Sprintf("regex.match(%s, %s)", c.of(`"^a"`, `"c$"`, `"b"`), t)
	case 13:
		return fmt.Sprintf("some i%d\n\tinput.resource.tags[i%d] == %s\n\tinput.resource.owners[i%d]", n, n, c.constant(), n)
	}
	return fmt.Sprintf("some r%d, targets%d in input.resource.relations\n\tsome v%d in targets%d\n\tv%d == %s", n, n, n, n, n, c.constant())
}

// body is some expressions, about a quarter of them negated, which may read
// what a rule below says.
func (c chance) body(helpers []string) string {
	var lines []string
	for n := range 1 + c.IntN(3) {
		line := c.expression(n)
		switch {
		case len(helpers) > 0 && c.IntN(4) == 0:
			line = c.of("", "not ") + c.of(helpers...)
		case c.IntN(4) == 0 && !strings.Contains(line, "\n") && !strings.HasPrefix(line, "every"):
			line = "not " + line
		}
		lines = append(lines, "\t"+line)
	}
	return strings.Join(lines, "\n")
}

// policy makes rules on rules, and a decision of one of the usual forms.
func (c chance) policy() string {
	var b strings.Builder
	b.WriteString("package callboard.authz\n\n")
	var helpers []string
	for i := range c.IntN(4) {
		name := fmt.Sprintf("helper_%d", i)
		for range 1 + c.IntN(2) {
			fmt.Fprintf(&b, "%s if {\n%s\n}\n\n", name, c.body(helpers))
		}
		if c.IntN(3) == 0 {
			fmt.Fprintf(&b, "default %s := false\n\n", name)
		}
		helpers = append(helpers, name)
	}
	if c.IntN(5) == 0 {
		fmt.Fprintf(&b, "level := \"high\" if {\n%s\n} else := \"low\" if {\n%s\n}\n\n", c.body(helpers), c.body(helpers))
		helpers = append(helpers, `level == "low"`, `level`)
	}
	for _, set := range []string{"allowing", "denying"} {
		for i := range c.IntN(4) {
			fmt.Fprintf(&b, "%s contains \"%s %d\" if {\n%s\n}\n\n", set, set, i, c.body(helpers))
		}
		fmt.Fprintf(&b, "%s contains \"never\" if input.principal.kind == \"nobody\"\n\n", set)
	}
	b.WriteString("default decision := {\"effect\": \"deny\", \"rules\": []}\n\n")
	switch c.IntN(9) {
	case 0, 1, 2:
		b.WriteString("decision := {\"effect\": \"allow\", \"rules\": allowing} if {\n\tcount(allowing) > 0\n\tcount(denying) == 0\n}\n\ndecision := {\"effect\": \"deny\", \"rules\": denying} if count(denying) > 0\n")
	case 3, 4, 5:
		b.WriteString("decision := {\"effect\": \"allow\"} if {\n\tsome _ in allowing\n\tnot denied\n}\n\ndenied if some _ in denying\n")
	case 6, 7:
		b.WriteString("decision := {\"effect\": \"allow\"} if some _ in allowing\n\ndecision := {\"effect\": \"deny\"} if some _ in denying\n")
	default:
		b.WriteString("decision := {\"effect\": \"deny\", \"rules\": [r | some r in denying]} if {\n\tsome _ in denying\n} else := {\"effect\": \"allow\", \"rules\": [r | some r in allowing]} if {\n\tsome r in allowing\n\tr != \"never\"\n}\n")
	}
	return b.String()
}

// TestAConditionIsThePolicy: for policies, principals and resources at random,
// what a condition says of a resource is what the policy decides about it.
// Resources lack about half of their fields, where negation fails open first.
func TestAConditionIsThePolicy(t *testing.T) {
	ctx := context.Background()
	policies, walked, allowed, asked := 1500, 0, 0, 0
	if testing.Short() {
		policies = 200
	}
	refused := map[string]int{}
	for seed := range policies {
		c := chance{rand.New(rand.NewPCG(7, uint64(seed)))} //nolint:gosec // the same policies every time
		text := c.policy()
		e, err := Compile(ctx, Bundle{Modules: map[string]string{"authz.rego": text}, Data: map[string]any{"lists": map[string]any{"names": []any{"a", "component"}}}})
		if err != nil {
			if strings.Contains(err.Error(), "unused") || strings.Contains(err.Error(), "type error") || strings.Contains(err.Error(), "unsafe") {
				continue
			}
			t.Fatalf("seed %d: %v\n%s", seed, err, text)
		}
		q := Question{
			Principal:  Principal{Kind: "user", Issuer: "test", ID: "u", Ref: "user:default/u", Ownership: append(c.some("group:default/g", "a"), "user:default/u")},
			Permission: Permission{Name: "catalog.entity.read", Action: "read"},
		}
		n, why, err := e.Condition(ctx, q)
		if err != nil && !strings.Contains(err.Error(), "conflict") {
			t.Fatalf("seed %d: %v\n%s", seed, err, text)
		}
		if n == nil {
			refused[why]++
			continue
		}
		walked++
		for range 30 {
			q.Resource = c.resource()
			d, err := e.Decide(ctx, q)
			if err != nil && !strings.Contains(err.Error(), "conflict") {
				t.Fatalf("seed %d: %v\n%s", seed, err, text)
			}
			asked++
			if d.Allow {
				allowed++
			}
			if got := condition.Holds(n, q.Resource); got != d.Allow {
				t.Fatalf("seed %d: the condition says %t and the policy %t\nof %v\n%s\ncondition: %s", seed, got, d.Allow, q.Resource.Input(), text, n)
			}
		}
	}
	t.Logf("%d policies, %d became conditions, %d questions, %d allowed; not walked: %v", policies, walked, asked, allowed, refused)
	if walked < policies/2 || allowed < asked/20 || allowed > asked*19/20 {
		t.Errorf("too little of it tells anything")
	}
}
