package model_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/callboard/callboard/host/internal/catalog/catalogbench"
	"github.com/callboard/callboard/host/internal/catalog/model"
	"github.com/callboard/callboard/host/internal/fault"
)

const serviceSchema = `{"properties":{"spec":{"type":"object","required":["tier"],"properties":{"tier":{"type":"integer"},"address":{"type":"string"},"region":{"type":"string"}}}}}`

// service is a kind of a plugin, and what another adds to it.
func service() (kind, more model.Layer) {
	kind = model.Layer{Plugin: "ops", Kinds: []model.Kind{{
		Kind: "Service", APIVersions: []string{"ops/v1"}, Schema: json.RawMessage(serviceSchema),
		Relations: []model.RelationField{{Field: "spec.runsOn", Type: "runsOn", Inverse: "runs", DefaultKind: "Resource"}},
		Derived: model.Derived{
			Defaults: []model.Default{{Field: "spec.region", Value: json.RawMessage(`"eu"`)}},
			Computed: []model.Computed{{Field: "spec.address", Format: "https://{spec.host}/{{{metadata.annotations.example.com/path}}}"}, {Field: "spec.host", Format: "{metadata.name}.{spec.region}"}},
		},
	}}}
	more = model.Layer{Plugin: "costs", Extensions: []model.Extension{{
		Kind: "Service", Schema: json.RawMessage(`{"properties":{"spec":{"properties":{"centre":{"type":"string","pattern":"^C"}}}}}`),
		Relations: []model.RelationField{{Field: "spec.payer", Type: "paidBy", Inverse: "pays", DefaultKind: "Group"}},
		Mirrored:  []model.Mirrored{{Field: "spec.systemOwner", Relation: "partOf", Kind: "System", From: "spec.owner"}},
	}}}
	return kind, more
}

func TestALayerExtendsAKindOfAnother(t *testing.T) {
	kind, more := service()
	m, err := model.Compile(more, kind)
	if err != nil {
		t.Fatal(err)
	}
	const head = "apiVersion: ops/v1\nkind: Service\nmetadata: {name: a, annotations: {example.com/path: x}}\n"
	for _, tc := range []struct{ name, spec, body, problem string }{
		{"both hold", "spec: {tier: 1, centre: C7}", `"spec":{"tier":1,"centre":"C7","region":"eu","host":"a.eu","address":"https://a.eu/{x}"}`, ""},
		{"a default gives way", "spec: {tier: 1, region: us}", `"spec":{"tier":1,"region":"us","host":"a.us","address":"https://a.us/{x}"}`, ""},
		{"what the kind wants", "spec: {centre: C7}", "", "a.yaml:4: spec.tier: is missing"},
		{"what the other wants", "spec: {tier: 1, centre: 7}", "", "a.yaml:4: spec.centre: must be a string, not a number"},
		{"a computed field is not written", "spec: {tier: 1, host: b}", "", "a.yaml:4: spec.host: is filled by the model of plugin ops; leave it out"},
		{"a mirrored field is not written", "spec: {tier: 1, systemOwner: b}", "", "a.yaml:4: spec.systemOwner: is filled by the model of plugin costs; leave it out"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := parse(t, head+tc.spec+"\n")
			d, err := m.Find("a.yaml", &v)
			if err != nil {
				t.Fatal(err)
			}
			d.Default(&v)
			if err := d.Validate("a.yaml", &v); (err == nil) != (tc.problem == "") || err != nil && err.Error() != tc.problem {
				t.Fatalf("got %v, want %q", err, tc.problem)
			}
			if d.Compute(&v); tc.problem == "" && !strings.Contains(string(v.AppendJSON(nil)), tc.body) {
				t.Errorf("%s lacks %s", v.AppendJSON(nil), tc.body)
			}
		})
	}
	got, err := derive(t, m, head+"spec: {tier: 1, payer: crew, runsOn: [db]}\n")
	if err != nil || len(got) != 4 || got[0].Target != "resource:default/db" || got[2].Type != "paidBy" {
		t.Errorf("relations %v, %v", got, err)
	}
	if !m.Mirrors("system") || m.Mirrors("component") || len(m.Mirrored("service")) != 1 {
		t.Errorf("mirrors %v", m.Mirrored("service"))
	}
}

// An extension for one spec.type makes a form of the kind.
func TestALayerExtendsOneTypeOfAKind(t *testing.T) {
	m, err := model.Compile(catalogbench.Layer(), model.Layer{Plugin: "ops", Extensions: []model.Extension{{
		Kind: "Component", Type: "robot", Schema: json.RawMessage(`{"properties":{"spec":{"required":["arms"]}}}`),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	const component = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: a}\nspec: {type: TYPE, lifecycle: l, owner: o}\n"
	if _, err := derive(t, m, strings.Replace(component, "TYPE", "service", 1)); err != nil {
		t.Error(err)
	}
	if _, err := derive(t, m, strings.Replace(component, "TYPE", "robot", 1)); err == nil || !strings.Contains(err.Error(), "spec.arms: is missing") {
		t.Errorf("a robot without arms: %v", err)
	}
}

// A layer may declare a form of a kind that another plugin brings: it replaces
// the kind's schema for its spec.type, and keeps its relations unless it names some.
func TestALayerBringsAFormOfAKindOfAnother(t *testing.T) {
	kind, more := service()
	form := model.Layer{Plugin: "batch", Kinds: []model.Kind{{
		Kind: "Service", APIVersions: []string{"ops/v1"}, Type: "job", Description: "Runs and ends.",
		Schema: json.RawMessage(`{"properties":{"spec":{"required":["schedule"]}}}`),
	}}}
	m, err := model.Compile(form, more, kind)
	if err != nil {
		t.Fatal(err)
	}
	const head = "apiVersion: ops/v1\nkind: Service\nmetadata: {name: a}\n"
	got, err := derive(t, m, head+"spec: {type: job, schedule: daily, runsOn: db, payer: crew}\n")
	if err != nil || len(got) != 4 || got[0].Target != "resource:default/db" || got[2].Type != "paidBy" {
		t.Errorf("relations %v, %v", got, err)
	}
	if _, err := derive(t, m, head+"spec: {type: job, tier: 1}\n"); err == nil || !strings.Contains(err.Error(), "spec.schedule: is missing") {
		t.Errorf("a job without a schedule: %v", err)
	}
	if _, err := derive(t, m, head+"spec: {tier: 1}\n"); err != nil {
		t.Errorf("a service of no type: %v", err)
	}
	shown := m.Describe().Kinds[0]
	if len(m.Describe().Kinds) != 1 || len(shown.Variants) != 1 || shown.Variants[0].Type != "job" || shown.Variants[0].Description != "Runs and ends." || strings.Join(shown.ExtendedBy, " ") != "batch costs" {
		t.Errorf("described as %+v", m.Describe().Kinds)
	}
	without, err := model.Compile(kind, more)
	if err != nil || without.Digest() == m.Digest() {
		t.Errorf("the digest says nothing of forms: %v", err)
	}
}

func TestLayersThatDisagreeAreNamedWithThePlace(t *testing.T) {
	kind, more := service()
	add := func(x model.Extension) []model.Layer {
		x.Kind, x.Line = "Service", 7
		return []model.Layer{kind, {Plugin: "x", Extensions: []model.Extension{x}}}
	}
	computed := func(fields ...string) model.Extension {
		var x model.Extension
		for i := 0; i < len(fields); i += 2 {
			x.Computed = append(x.Computed, model.Computed{Field: fields[i], Format: fields[i+1]})
		}
		return x
	}
	form := func(k model.Kind) []model.Layer {
		k.Line = 3
		return []model.Layer{kind, {Plugin: "x", Kinds: []model.Kind{k}}}
	}
	job := model.Kind{Kind: "Service", APIVersions: []string{"ops/v1"}, Type: "job"}
	for _, tc := range []struct {
		name   string
		layers []model.Layer
		want   string
	}{
		{"a form of no kind", form(model.Kind{Kind: "Robot", APIVersions: []string{"v1"}, Type: "job"}), `model of plugin "x": kind "Robot" (line 3 of its manifest): no plugin declares that kind`},
		{"a form of a kind in other letters", form(model.Kind{Kind: "service", APIVersions: []string{"ops/v1"}, Type: "job"}), `plugin "ops" declares it as "Service"`},
		{"a form of no version", form(model.Kind{Kind: "Service", APIVersions: []string{"ops/v2"}, Type: "job"}), `plugin "ops" declares it without apiVersion "ops/v2"; it has ops/v1`},
		{"a form of two", append(form(job), model.Layer{Plugin: "y", Kinds: []model.Kind{job}}), `model of plugin "y": kind "Service": specType "job" of apiVersion "ops/v1" is declared by plugin "x" already`},
		{"a form that mirrors", form(model.Kind{Kind: "Service", APIVersions: []string{"ops/v1"}, Type: "job", Mirrored: []model.Mirrored{{Field: "spec.a", Relation: "r", From: "spec.b"}}}), `a mirrored field is for all forms of a kind`},
		{"no such kind", []model.Layer{more}, `model of plugin "costs": extension of kind "Service": no plugin declares that kind`},
		{"no such version", add(model.Extension{APIVersions: []string{"ops/v2"}}), `extension of kind "Service" (line 7 of its manifest): plugin "ops" declares it without apiVersion "ops/v2"; it has ops/v1`},
		{"a field of the other", add(model.Extension{Schema: json.RawMessage(serviceSchema)}), `model of plugin "x": kind "Service" (line 7 of its manifest): field spec.address is declared by plugin "ops" already`},
		{"refs of the other", add(model.Extension{Relations: []model.RelationField{{Field: "spec.runsOn", Type: "runsOn", Inverse: "runs"}}}), `field spec.runsOn makes relations for plugin "ops" already`},
		{"a default of the other", add(model.Extension{Derived: model.Derived{Defaults: []model.Default{{Field: "spec.region", Value: json.RawMessage("1")}}}}), `field spec.region is given a default, but plugin "ops" fills it already`},
		{"a computed field of the other", add(computed("spec.host", "x")), `field spec.host is computed, but plugin "ops" fills it already`},
		{"a mirrored field of the other", append(add(model.Extension{Mirrored: []model.Mirrored{{Field: "spec.systemOwner", Relation: "a", From: "spec.b"}}}), more), `field spec.systemOwner is mirrored, but plugin "costs" fills it already`},
		{"another inverse", add(model.Extension{Relations: []model.RelationField{{Field: "spec.a", Type: "runsOn", Inverse: "carries"}}}), `model of plugin "x": relation "runsOn": field spec.a: its inverse is "carries", but plugin "ops" says "runs"`},
		{"an inverse of two", add(model.Extension{Relations: []model.RelationField{{Field: "spec.a", Type: "sitsOn", Inverse: "runs"}}}), `its inverse is "sitsOn", but plugin "ops" says "runsOn"`},
		{"a circle", add(computed("spec.a", "{spec.b.c}", "spec.b", "{spec.a}")), `computed fields read each other in a circle: spec.a of plugin "x", spec.b of plugin "x"`},
		{"its own field", add(computed("spec.a", "{spec.a}")), `in a circle: spec.a of plugin "x"`},
		{"a required field", add(computed("spec.tier", "x")), `field spec.tier is filled by plugin "x", but required of descriptors by the schema of plugin "ops"`},
		{"computed of mirrored", append(add(computed("spec.a", "{spec.systemOwner}")), more), `computed field spec.a of plugin "x" reads spec.systemOwner, which plugin "costs" mirrors`},
		{"mirror of a mirror", append(add(model.Extension{Mirrored: []model.Mirrored{{Field: "spec.a", Relation: "dependsOn", From: "spec.systemOwner"}}}), more), `field spec.a mirrors spec.systemOwner of kind Service, which plugin "costs" mirrors itself`},
		{"mirror of itself", add(model.Extension{Mirrored: []model.Mirrored{{Field: "spec.a", Relation: "peer", Kind: "service", From: "spec.a"}}}), `which plugin "x" mirrors itself`},
		{"a brace that stays open", add(computed("spec.a", "{spec.b")), `format "{spec.b" has a brace that does not close; write {{ for a brace`},
		{"a brace that was not open", add(computed("spec.a", "b}")), "closes a brace that did not open"},
		{"no field", add(computed("spec.a", "{owner}")), `names "owner", which is no field; write it like {metadata.name}`},
		{"a place above spec", add(computed("metadata.name", "x")), `computed field "metadata.name" must be below spec`},
		{"a format without end", add(computed("spec.a", strings.Repeat("x", 1001))), "has more than 1000 characters"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := model.Compile(tc.layers...)
			if err == nil || !strings.Contains(err.Error(), tc.want) || !fault.Is(err, fault.Invalid) {
				t.Errorf("got %v\nwant %s, as invalid", err, tc.want)
			}
		})
	}
}

// What a text is computed of may be anything: then there is none.
func TestAFormatOfWhatIsNotThereIsNothing(t *testing.T) {
	m, err := model.Compile(model.Layer{Plugin: "x", Kinds: []model.Kind{{Kind: "Thing", APIVersions: []string{"v1"}, Derived: model.Derived{Computed: []model.Computed{{Field: "spec.out.text", Format: "{spec.a.b}!"}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ name, spec, want string }{
		{"text", "{a: {b: x}}", `"spec":{"a":{"b":"x"},"out":{"text":"x!"}}`},
		{"a number", "{a: {b: 1.50}}", `"text":"1.5!"`},
		{"a boolean", "{a: {b: true}}", `"text":"true!"`},
		{"a list", "{a: {b: [x]}}", `"spec":{"a":{"b":["x"]}}`},
		{"nothing", "{a: {b: }}", `"spec":{"a":{"b":null}}`},
		{"absent", "{}", `"spec":{}`},
		{"too long", "{a: {b: " + strings.Repeat("x", 5000) + "}}", `xxx"}}}`},
		{"something in the way", "{a: {b: x}, out: [1]}", `"out":[1]}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := parse(t, "apiVersion: v1\nkind: Thing\nmetadata: {name: a}\nspec: "+tc.spec+"\n")
			d, err := m.Find("a.yaml", &v)
			if err != nil {
				t.Fatal(err)
			}
			if d.Compute(&v); !strings.HasSuffix(string(v.AppendJSON(nil)), tc.want+"}") && !strings.Contains(string(v.AppendJSON(nil)), tc.want) {
				t.Errorf("%s, want %s", v.AppendJSON(nil), tc.want)
			}
		})
	}
}

// A layer is what a plugin says, whoever wrote it: it compiles or is refused.
func FuzzLayer(f *testing.F) {
	kind, more := service()
	for _, layer := range []model.Layer{kind, more, catalogbench.Layer()} {
		text, err := json.Marshal(layer)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text), "spec: {tier: 1}")
	}
	f.Add("{}", "\x7f")
	f.Add(`{"extensions":[{"kind":"Service","computed":[{"field":"spec.a","format":"{{{spec.b}}}"}]}]}`, "spec: {b: 1}")
	f.Fuzz(func(t *testing.T, text, spec string) {
		var layer model.Layer
		if json.Unmarshal([]byte(text), &layer) != nil {
			return
		}
		layer.Plugin = "fuzz"
		m, err := model.Compile(kind, layer)
		if err != nil {
			if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "plugin") {
				t.Fatalf("%v does not say whose layer is wrong", err)
			}
			return
		}
		v := parse(t, "apiVersion: ops/v1\nkind: Service\nmetadata: {name: a}\nspec: {tier: 1, text: "+string(mustQuote(spec))+"}\n")
		d, err := m.Find("a.yaml", &v)
		if err != nil {
			return
		}
		d.Default(&v)
		if d.Validate("a.yaml", &v) == nil {
			d.Compute(&v)
		}
		if !json.Valid(v.AppendJSON(nil)) {
			t.Errorf("%s is no JSON", v.AppendJSON(nil))
		}
	})
}

// mustQuote writes a text as YAML takes it: of what cannot be printed it knows
// only what is escaped, which JSON does for some.
func mustQuote(s string) []byte {
	b, err := json.Marshal(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?")))
	if err != nil {
		panic(err)
	}
	return b
}
