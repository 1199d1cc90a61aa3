package manifest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/manifest"
)

const head = "apiVersion: callboard.dev/v1\nid: hello\nversion: 1.0.0\ntitle: Hello\n"

func TestParseNamesLineAndRemedy(t *testing.T) {
	for _, tc := range []struct {
		name, yaml string
		want       []string
	}{
		{"a misspelt key", head + "capabilites: {}\n", []string{`plugin.yaml:5: unknown key "capabilites"; did you mean capabilities?`}},
		{"a misspelt nested key", head + "routes:\n  - {methd: GET, path: /x}\n", []string{`plugin.yaml:6: unknown key "routes[0].methd"; did you mean method?`, `plugin.yaml:6: routes[0].method is missing`}},
		{"a missing key", "apiVersion: callboard.dev/v1\nid: hello\ntitle: H\n", []string{`plugin.yaml:1: version is missing; add "version: …"`}},
		{"a number where text belongs", "apiVersion: callboard.dev/v1\nid: hello\ntitle: H\nversion: 1.0\n", []string{`plugin.yaml:4: version must be text, found float 1.0; put it in quotes`}},
		{"a key written twice", head + "title: Again\n", []string{`plugin.yaml:5: "title" is written twice; the first is on line 4`}},
		{"a reserved id", strings.Replace(head, "id: hello", "id: auth", 1), []string{`plugin.yaml:2: id "auth" is reserved for the host`}},
		{"an unknown capability", head + "capabilities:\n  catalogue: {reason: r}\n", []string{`plugin.yaml:6: unknown capability "catalogue"; did you mean catalog?`}},
		{"a capability without reason", head + "capabilities:\n  kv: {}\n", []string{`plugin.yaml:6: capabilities.kv.reason is missing`}},
		{"a scope of another capability", head + "capabilities:\n  kv: {reason: r, scope: {topics: [a]}}\n", []string{`plugin.yaml:6: capability kv has no scope "topics"; it takes quota`}},
		{"an unknown method", head + "routes:\n  - {method: FETCH, path: /x}\n", []string{`plugin.yaml:6: route method is "FETCH"; write one of GET, POST`}},
		{"a path that climbs", head + "routes:\n  - {method: GET, path: /x/../y}\n", []string{`plugin.yaml:6: route path "/x/../y" has the segment ".."`}},
		{"a permission nobody defined", head + "permissions:\n  - {name: hello.read}\nroutes:\n  - {method: GET, path: /x, permission: hello.raed}\n", []string{`plugin.yaml:8: route GET /x names permission "hello.raed", which is not under "permissions:"; did you mean hello.read?`}},
		{"a size", head + "runtime: {memory: lots}\n", []string{`plugin.yaml:5: runtime.memory: "lots" is not a size`}},
		{"a duration", head + "runtime:\n  deadlines: {http.handle/1: 5}\n", []string{`plugin.yaml:6: runtime.deadlines.http.handle/1 must be a duration such as 5s, found int 5; put it in quotes`}},
		{"an enumeration", head + "runtime: {start: soon}\n", []string{`plugin.yaml:5: runtime.start is "soon"; write one of lazy, eager`}},
		{"an alias", head + "config: &a {type: object}\n", []string{`plugin.yaml:5: config uses a YAML anchor or alias`}},
		{"a schedule with both", head + "extensions:\n  schedules:\n    - {id: s, every: 5m, cron: '* * * * *'}\n", []string{`plugin.yaml:7: schedule s needs one of every and cron`}},
		{"broken YAML", "id: [", []string{`plugin.yaml: line 1: did not find expected node content`}},
		{"nothing", "", []string{`plugin.yaml: is empty`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := manifest.Parse("plugin.yaml", []byte(tc.yaml))
			var problems manifest.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("no problems: %v", err)
			}
			text := problems.Error()
			for _, want := range tc.want {
				if !strings.Contains(text, want) {
					t.Errorf("missing %q in:\n%s", want, text)
				}
			}
		})
	}
}

func TestParseKeepsEverything(t *testing.T) {
	m, err := manifest.Parse("plugin.yaml", []byte(head+`
runtime: {memory: 32MiB, deadlines: {http.handle/1: 2s}, start: eager}
capabilities:
  catalog: {reason: Lists services., scope: {read: {kinds: [Component]}}}
config: {type: object, properties: {b: {type: integer, default: 2}, a: {const: 2020-01-02}}}
model:
  kinds:
    - kind: Robot
      apiVersions: [example.com/v1]
      schema: {type: object}
      relations:
        - {path: spec.owner, type: ownedBy, inverse: ownerOf, defaultKind: Group}
`))
	if err != nil {
		t.Fatal(err)
	}
	if m.Runtime.Memory != 32<<20 || m.Runtime.Deadlines["http.handle/1"].String() != "2s" {
		t.Errorf("runtime = %+v", m.Runtime)
	}
	if c := m.Capabilities["catalog"]; c.Line != 8 || c.Scope.Read == nil || c.Scope.Read.Kinds[0] != "Component" {
		t.Errorf("catalog = %+v", c)
	}
	if want := `{"type":"object","properties":{"b":{"type":"integer","default":2},"a":{"const":"2020-01-02"}}}`; string(m.Config) != want {
		t.Errorf("config = %s", m.Config)
	}
	if r := m.Model.Kinds[0].Relations[0]; r.Inverse != "ownerOf" || r.Line != 16 {
		t.Errorf("relation = %+v", r)
	}
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var back manifest.Manifest
	if err := json.Unmarshal(b, &back); err != nil || back.Runtime.Memory != m.Runtime.Memory {
		t.Errorf("JSON does not come back: %v", err)
	}
}

func TestCheckNamesTheMissingLine(t *testing.T) {
	m, err := manifest.Parse("plugin.yaml", []byte(head+"routes:\n  - {method: GET, path: /hello}\nextensions:\n  processors:\n    - {name: badge, kinds: [Component]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	same := contract.Description{Routes: []contract.Route{{Method: "GET", Path: "/hello"}}, Processors: []string{"badge"}}
	if got := manifest.Check(m, same); len(got) != 0 {
		t.Fatalf("problems where there are none: %v", got)
	}
	got := manifest.Check(m, contract.Description{Routes: []contract.Route{{Method: "GET", Path: "/x/{name}"}}, Providers: []string{"org"}})
	want := []string{
		"plugin.yaml:6: route GET /hello is declared but the code does not register it",
		`plugin.yaml: the code registers a route that is not declared; add under "routes:": - {method: GET, path: "/x/{name}"}`,
		"plugin.yaml:9: processor badge is declared but the code does not register it",
		`plugin.yaml: the code registers a provider that is not declared; add under "extensions: providers:": - {name: org}`,
	}
	if len(got) != len(want) {
		t.Fatalf("got %d problems: %v", len(got), got)
	}
	for i, p := range got {
		if p.String() != want[i] {
			t.Errorf("problem %d\n got %s\nwant %s", i, p, want[i])
		}
	}
}

func TestSectionComesBack(t *testing.T) {
	wasm := append([]byte("\x00asm\x01\x00\x00\x00"), 0, 5, 1, 'x', 'a', 'b', 'c')
	if _, ok, err := manifest.ReadSection(wasm); ok || err != nil {
		t.Fatalf("found a manifest in a module without one: %v", err)
	}
	once, err := manifest.WriteSection(wasm, []byte("first"))
	if err != nil {
		t.Fatal(err)
	}
	twice, err := manifest.WriteSection(once, bytes.Repeat([]byte("second"), 100))
	if err != nil {
		t.Fatal(err)
	}
	got, ok, err := manifest.ReadSection(twice)
	if err != nil || !ok || string(got) != strings.Repeat("second", 100) {
		t.Errorf("got %q, %v, %v", got, ok, err)
	}
	if !bytes.HasPrefix(twice, wasm) {
		t.Error("the other sections changed")
	}
	if _, _, err := manifest.ReadSection(wasm[:len(wasm)-1]); !errors.Is(err, manifest.ErrModule) {
		t.Errorf("a cut module: %v", err)
	}
}

// TestSchemaKnowsEveryKey holds plugin.schema.json to the Go types.
func TestSchemaKnowsEveryKey(t *testing.T) {
	var schema map[string]any
	if err := json.Unmarshal(manifest.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	if schema["additionalProperties"] != false {
		t.Error("the schema lets unknown keys pass")
	}
	properties := schema["properties"].(map[string]any)
	typ := reflect.TypeFor[manifest.Manifest]()
	known := 0
	for i := range typ.NumField() {
		name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		if name == "" {
			continue
		}
		known++
		p, ok := properties[name].(map[string]any)
		if !ok {
			t.Errorf("the schema lacks %s", name)
		} else {
			described(t, name, p)
		}
	}
	if len(properties) != known {
		t.Errorf("the schema has %d keys, the type %d", len(properties), known)
	}
}

// described holds every key below a schema to a description.
func described(t *testing.T, path string, schema map[string]any) {
	t.Helper()
	if schema["description"] == nil {
		t.Errorf("%s has no description", path)
	}
	for _, key := range []string{"items", "additionalProperties"} {
		if inner, ok := schema[key].(map[string]any); ok {
			schema = inner
		}
	}
	properties, _ := schema["properties"].(map[string]any)
	for name, p := range properties {
		described(t, path+"."+name, p.(map[string]any))
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(head))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("? {a: b}\n: c\n"))
	f.Add([]byte("config: {<<: {a: 1}, b: !!binary AAAA, c: .nan}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := manifest.Parse("f", b)
		if err == nil && (m.ID == "" || m.APIVersion != manifest.APIVersion) {
			t.Errorf("accepted a manifest without id or apiVersion")
		}
		if err == nil {
			if _, err := json.Marshal(m); err != nil {
				t.Errorf("accepted what has no JSON form: %v", err)
			}
		}
	})
}

func FuzzSection(f *testing.F) {
	f.Add([]byte("\x00asm\x01\x00\x00\x00\x00\x05\x01xabc"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, _, err := manifest.ReadSection(b); err != nil {
			return
		}
		out, err := manifest.WriteSection(b, []byte("m"))
		if err != nil {
			t.Fatal(err)
		}
		if got, ok, err := manifest.ReadSection(out); err != nil || !ok || string(got) != "m" {
			t.Errorf("got %q, %v, %v", got, ok, err)
		}
	})
}
