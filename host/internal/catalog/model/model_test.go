package model_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/catalog/catalogbench"
	"github.com/callboard/callboard/host/internal/catalog/descriptor"
	"github.com/callboard/callboard/host/internal/catalog/model"
	"github.com/callboard/callboard/host/internal/fault"
)

func parse(t *testing.T, text string) descriptor.Value {
	t.Helper()
	v, err := descriptor.Parse("a.yaml", descriptor.Chunk{Line: 1, Text: []byte(text)}, descriptor.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// derive runs an entity through the model: find, validate, relations.
func derive(t *testing.T, m *model.Model, text string) ([]model.Relation, error) {
	t.Helper()
	v := parse(t, text)
	ref, err := descriptor.Identify("a.yaml", &v)
	if err != nil {
		t.Fatal(err)
	}
	d, err := m.Find("a.yaml", &v)
	if err != nil {
		return nil, err
	}
	if err := d.Validate("a.yaml", &v); err != nil {
		return nil, err
	}
	return d.Relations("a.yaml", ref, &v)
}

func builtin(t *testing.T) *model.Model {
	t.Helper()
	m, err := model.Compile(catalogbench.Layer())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestRelationsAreThoseOfBackstage(t *testing.T) {
	const head = "apiVersion: backstage.io/v1alpha1\nkind: %s\nmetadata: {name: x, namespace: emea}\nspec: {%s}\n"
	for _, tc := range []struct{ name, kind, spec, want string }{
		{"component", "Component", "type: a, lifecycle: b, owner: g, system: s, subcomponentOf: default/c, providesApis: [p], consumesApis: ['default/q'], dependsOn: ['resource:r'], dependencyOf: ['component:default/d']", `
			component:emea/x ownedBy group:emea/g
			component:emea/x partOf component:default/c
			component:emea/x providesApi api:emea/p
			component:emea/x consumesApi api:default/q
			component:emea/x dependsOn resource:emea/r
			component:emea/x dependencyOf component:default/d
			component:emea/x partOf system:emea/s`},
		{"an owner may be a user", "Domain", "owner: 'User:default/Ann', subdomainOf: y", `
			domain:emea/x ownedBy user:default/ann
			domain:emea/x partOf domain:emea/y`},
		{"a kind that is not allowed makes none", "System", "owner: 'component:z', domain: d", `
			system:emea/x partOf domain:emea/d`},
		{"group", "Group", "type: t, parent: p, children: [c], members: [m, 'group:no']", `
			group:emea/x childOf group:emea/p
			group:emea/x parentOf group:emea/c
			group:emea/x hasMember user:emea/m`},
		{"user", "User", "memberOf: [a, default/b]", `
			user:emea/x memberOf group:emea/a
			user:emea/x memberOf group:default/b`},
		{"a variant brings its own", "AiResource", "type: plugin, lifecycle: l, owner: o, skills: [s]", `
			airesource:emea/x ownedBy group:emea/o
			airesource:emea/x hasPart airesource:emea/s`},
		{"a variant without relations has the kind's", "API", "type: mcp-server, lifecycle: l, owner: o, remotes: [{type: t, url: u}]", `
			api:emea/x ownedBy group:emea/o`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := derive(t, builtin(t), fmt.Sprintf(head, tc.kind, tc.spec))
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for i := 0; i < len(got); i += 2 {
				out = append(out, got[i].Source+" "+got[i].Type+" "+got[i].Target)
				if got[i+1].Source != got[i].Target || got[i+1].Target != got[i].Source || got[i+1].Type == got[i].Type {
					t.Errorf("%v is not the inverse of %v", got[i+1], got[i])
				}
			}
			want := strings.Fields(tc.want)
			if strings.Join(out, " ") != strings.Join(want, " ") {
				t.Errorf("got\n%s\nwant %s", strings.Join(out, "\n"), tc.want)
			}
		})
	}
}

// A schema need not say what a field of refs holds: Backstage's have no dependencyOf.
func TestAFieldWithoutSchemaHoldsRefsAllTheSame(t *testing.T) {
	m, err := model.Compile(model.Layer{Kinds: []model.Kind{{Kind: "Thing", APIVersions: []string{"v1"}, Relations: []model.RelationField{{Field: "spec.uses", Type: "uses", DefaultKind: "Thing"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	const bad = "a.yaml:4: spec.uses: "
	for _, tc := range []struct{ name, uses, want, problem string }{
		{name: "one", uses: "a", want: "thing:default/a"},
		{name: "several", uses: "[a, b:c/d]", want: "thing:default/a b:c/d"},
		{name: "none", uses: "[]"},
		{name: "null", uses: ""},
		{name: "an empty string", uses: `""`},
		{name: "false", uses: "false"},
		{name: "zero", uses: "0"},
		{name: "true", uses: "true", problem: bad + "an entity ref is a string, not a boolean"},
		{name: "a number", uses: "12", problem: bad + "an entity ref is a string, not a number"},
		{name: "an object", uses: "{kind: b, name: d}", problem: bad + "an entity ref is a string, not an object"},
		{name: "null in a list", uses: "[a, ~]", problem: bad + "an entity ref is a string, not null"},
		{name: "an empty string in a list", uses: `[""]`, problem: bad + `entity ref "" has no name`},
		{name: "a list in a list", uses: "[[a]]", problem: bad + "an entity ref is a string, not a list"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := derive(t, m, "apiVersion: v1\nkind: Thing\nmetadata: {name: x}\nspec: {uses: "+tc.uses+"}\n")
			var targets []string
			for _, r := range got {
				targets = append(targets, r.Target)
			}
			if strings.Join(targets, " ") != tc.want {
				t.Errorf("got %q, want %q", targets, tc.want)
			}
			if (err == nil) != (tc.problem == "") || err != nil && !strings.HasPrefix(err.Error(), tc.problem) {
				t.Errorf("got %v, want %q", err, tc.problem)
			}
		})
	}
}

func TestProblemsNameTheLineThePathAndTheReason(t *testing.T) {
	const head = "apiVersion: backstage.io/v1alpha1\nkind: %s\nmetadata:\n  name: x\nspec:\n%s"
	for _, tc := range []struct{ name, kind, spec, want string }{
		{"missing fields", "Component", "  type: a\n", "a.yaml:6: spec.lifecycle: is missing; line 6: spec.owner: is missing"},
		{"wrong type", "Component", "  type: a\n  lifecycle: b\n  owner: [g]\n", "a.yaml:8: spec.owner: must be a string, not a list"},
		{"empty string", "Component", "  type: ''\n  lifecycle: b\n  owner: g\n", "a.yaml:6: spec.type: is empty"},
		{"item of a list", "User", "  memberOf:\n    - a\n    - 12\n", "a.yaml:8: spec.memberOf.1: must be a string, not a number"},
		{"enum", "Location", "  presence: maybe\n", "a.yaml:6: spec.presence: must be one of required, optional"},
		{"variant", "API", "  type: mcp-server\n  lifecycle: l\n  owner: o\n  remotes: []\n", "a.yaml:9: spec.remotes: has 0 items; at least 1"},
		{"ref without a kind", "Resource", "  type: a\n  owner: g\n  dependsOn: [db]\n", `a.yaml:8: spec.dependsOn: entity ref "db" names no kind; write kind:namespace/name`},
		{"unknown kind", "Widget", "  a: 1\n", "a.yaml:2: kind: no plugin declares kind Widget; declared are API, AiResource, Component, Domain, Group, Location, Resource, System, Template, User"},
		{"kind in another casing", "component", "  a: 1\n", "a.yaml:2: kind: no plugin declares kind component; did you mean Component?"},
		{"unknown apiVersion", "Template", "  a: 1\n", "a.yaml:1: apiVersion: kind Template has no apiVersion backstage.io/v1alpha1; it has scaffolder.backstage.io/v1beta3"},
		{"too many relations", "User", "  memberOf: [" + strings.Repeat("g,", model.MaxRelations+1) + "]\n", "a.yaml:6: spec.memberOf: the entity has more than 2000 relations"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := derive(t, builtin(t), fmt.Sprintf(head, tc.kind, tc.spec))
			if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("got %v\nwant %s", err, tc.want)
			}
		})
	}
}

func TestSortRefsLeavesOtherListsAlone(t *testing.T) {
	v := parse(t, "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: x, tags: [b, a]}\nspec: {providesApis: [b, a, A], dependsOn: [b, 1, a], other: [b, a]}\n")
	d, err := builtin(t).Find("a.yaml", &v)
	if err != nil {
		t.Fatal(err)
	}
	d.SortRefs(&v)
	const want = `"tags":["b","a"]},"spec":{"providesApis":["A","a","b"],"dependsOn":["b",1,"a"],"other":["b","a"]}}`
	if got := string(v.AppendJSON(nil)); !strings.HasSuffix(got, want) {
		t.Errorf("got %s, want …%s", got, want)
	}
}

func TestCompileRefusesLayersThatContradict(t *testing.T) {
	k := func(name string, versions ...string) model.Kind { return model.Kind{Kind: name, APIVersions: versions} }
	schema := func(s string) model.Kind {
		return model.Kind{Kind: "A", APIVersions: []string{"v1"}, Schema: json.RawMessage(s)}
	}
	for _, tc := range []struct {
		name   string
		layers []model.Layer
		want   string
	}{
		{"same kind and version", []model.Layer{{Plugin: "b", Kinds: []model.Kind{k("A", "v1")}}, {Plugin: "a", Kinds: []model.Kind{k("A", "v1")}}}, `model of plugin "b": kind "A": apiVersion "v1" is declared by plugin "a" already`},
		{"another casing", []model.Layer{{Plugin: "a", Kinds: []model.Kind{k("A", "v1"), k("a", "v2")}}}, `plugin "a" declares it as "A"`},
		{"no version", []model.Layer{{Plugin: "a", Kinds: []model.Kind{k("A")}}}, "kind and apiVersions must be set"},
		{"schema that is none", []model.Layer{{Plugin: "a", Kinds: []model.Kind{schema(`{"type": 3}`)}}}, "compiling the schema"},
		{"schema from a file", []model.Layer{{Plugin: "a", Kinds: []model.Kind{schema(`{"$ref": "file:///etc/passwd"}`)}}}, "must not refer to another document"},
		{"schema from the network", []model.Layer{{Plugin: "a", Kinds: []model.Kind{schema(`{"$ref": "https://example.com/s.json"}`)}}}, "must not refer to another document"},
		{"namespace rule", []model.Layer{{Plugin: "a", Kinds: []model.Kind{{Kind: "A", APIVersions: []string{"v1"}, Relations: []model.RelationField{{Field: "spec.a", Type: "t", DefaultNamespace: "mine"}}}}}}, `defaultNamespace is "mine"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := model.Compile(tc.layers...)
			if err == nil || !strings.Contains(err.Error(), tc.want) || !fault.Is(err, fault.Invalid) {
				t.Errorf("got %v, want %q as invalid", err, tc.want)
			}
		})
	}
}

func TestDigestFollowsContentNotOrder(t *testing.T) {
	a := model.Layer{Plugin: "a", Kinds: []model.Kind{{Kind: "A", APIVersions: []string{"v1"}}}}
	b := model.Layer{Plugin: "b", Kinds: []model.Kind{{Kind: "B", APIVersions: []string{"v1"}}}}
	digest := func(layers ...model.Layer) string {
		m, err := model.Compile(layers...)
		if err != nil {
			t.Fatal(err)
		}
		return m.Digest()
	}
	if digest(a, b) != digest(b, a) {
		t.Error("the order of layers changes the digest")
	}
	if digest(a) == digest(a, b) {
		t.Error("another layer does not change the digest")
	}
}

func TestPairsOfRelationsHaveOneName(t *testing.T) {
	m, err := model.Compile(model.Layer{
		Pairs: []model.Pair{{Type: "parentOf", Inverse: "childOf"}, {Type: "childOf", Inverse: "parentOf"}},
		Kinds: []model.Kind{{Kind: "Group", APIVersions: []string{"x/v1"}, Relations: []model.RelationField{
			{Field: "spec.parent", Type: "childOf", Inverse: "parentOf"},
			{Field: "spec.runs", Type: "runs", Inverse: "runBy"},
			{Field: "spec.runBy", Type: "runBy", Inverse: "runs"},
			{Field: "spec.peer", Type: "peerOf", Inverse: "peerOf"},
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(m.Inverses()); got != "map[childOf:parentOf runBy:runs]" {
		t.Error(got)
	}
}
