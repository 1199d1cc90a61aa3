package descriptor_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/catalog/descriptor"
)

func parseOne(t *testing.T, text string) descriptor.Value {
	t.Helper()
	chunks, err := descriptor.Split("a.yaml", []byte(text), descriptor.DefaultLimits())
	if err != nil || len(chunks) != 1 {
		t.Fatalf("%d chunks, %v", len(chunks), err)
	}
	v, err := descriptor.Parse("a.yaml", chunks[0], descriptor.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

const good = `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: Pay.v2
  title: Payments
  description: ""
  labels: {example.org/tier: "1", empty: ""}
  annotations: {docs: ""}
  tags: [java, c++]
  links:
    - url: https://example.com
      title: Home
  anything: {else: [is, kept]}
spec:
  type: service
`

func TestEnvelope(t *testing.T) {
	for _, tc := range []struct {
		name      string
		old, new  string // replaced in a good descriptor
		want      string // problem; empty = none
		anonymous bool   // no ref can be told
	}{
		{name: "good"},
		{name: "no apiVersion", old: "apiVersion: backstage.io/v1alpha1\n", want: "a.yaml:1: apiVersion: is missing", anonymous: true},
		{name: "bad apiVersion", old: "io/v1alpha1", new: "io/v1/x", want: "a.yaml:1: apiVersion: \"backstage.io/v1/x\" has more than one slash"},
		{name: "kind is a list", old: "kind: Component", new: "kind: [Component]", want: "a.yaml:2: kind: must be a string, not a list", anonymous: true},
		{name: "bad kind", old: "kind: Component", new: "kind: My-Kind", want: "a.yaml:2: kind: \"-\" is not allowed at character 3", anonymous: true},
		{name: "name is a number", old: "name: Pay.v2", new: "name: 12", want: "a.yaml:4: metadata.name: must be a string, not a number; put 12 in quotes", anonymous: true},
		{name: "bad name", old: "name: Pay.v2", new: "name: invalid component", want: "a.yaml:4: metadata.name: \" \" is not allowed at character 8", anonymous: true},
		{name: "bad namespace", old: "  title:", new: "  namespace: Emea\n  title:", want: "a.yaml:5: metadata.namespace: \"E\" is not allowed at character 1", anonymous: true},
		{name: "metadata is a string", old: "metadata:\n  name: Pay.v2\n", new: "metadata: x\nfoo:\n", want: "a.yaml:3: metadata: must be an object, not a string", anonymous: true},
		{name: "foreign field at the root", old: "spec:", new: "relations: []\nspec:", want: "a.yaml:14: relations: is not a field of an entity"},
		{name: "a uid and an etag", old: "  title:", new: "  uid: a\n  etag: b\n  title:"},
		{name: "uid is a number", old: "  title:", new: "  uid: 1\n  title:", want: "a.yaml:5: metadata.uid: must be a string, not a number; put 1 in quotes"},
		{name: "empty etag", old: "  title:", new: "  etag: \"\"\n  title:", want: "a.yaml:5: metadata.etag: is empty"},
		{name: "empty title", old: "title: Payments", new: `title: ""`, want: "a.yaml:5: metadata.title: is empty"},
		{name: "description is a number", old: `description: ""`, new: "description: 3", want: "a.yaml:6: metadata.description: must be a string, not a number"},
		{name: "label value is a number", old: `tier: "1"`, new: "tier: 1", want: "a.yaml:7: metadata.labels.example.org/tier: must be a string, not a number; put 1 in quotes"},
		{name: "label key", old: "example.org/tier", new: "Example.org/tier", want: "a.yaml:7: metadata.labels.Example.org/tier: the key in the part before the slash"},
		{name: "label value", old: `tier: "1"`, new: `tier: "a b"`, want: "metadata.labels.example.org/tier: \" \" is not allowed at character 2"},
		{name: "labels are null", old: `labels: {example.org/tier: "1", empty: ""}`, new: "labels:", want: "a.yaml:7: metadata.labels: must be an object, not null"},
		{name: "annotation is null", old: `{docs: ""}`, new: "{docs: null}", want: "a.yaml:8: metadata.annotations.docs: must be a string, not null"},
		{name: "tag", old: "[java, c++]", new: "[java, go 1.15.3]", want: "a.yaml:9: metadata.tags.1: \" \" is not allowed at character 3"},
		{name: "tags are a string", old: "[java, c++]", new: "java", want: "a.yaml:9: metadata.tags: must be a list, not a string"},
		{name: "link without url", old: "url: https://example.com", new: "icon: web", want: "a.yaml:11: metadata.links.0.url: is missing"},
		{name: "link that is none", old: "url: https://example.com", new: "url: /relative", want: "a.yaml:11: metadata.links.0.url: \"/relative\" is not an absolute URL"},
		{name: "blank link title", old: "title: Home", new: `title: " "`, want: "a.yaml:12: metadata.links.0.title: is empty"},
		{name: "spec is a string", old: "spec:\n  type: service", new: "spec: x", want: "a.yaml:14: spec: must be an object, not a string"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if !strings.Contains(good, tc.old) {
				t.Fatalf("the descriptor has no %q", tc.old)
			}
			v := parseOne(t, strings.Replace(good, tc.old, tc.new, 1))
			ref, err := descriptor.Identify("a.yaml", &v)
			if (err != nil) != tc.anonymous {
				t.Fatalf("Identify = %v, %v", ref, err)
			}
			if err == nil {
				if ref.String() != "component:default/pay.v2" {
					t.Errorf("ref is %v", ref)
				}
				err = descriptor.CheckEnvelope("a.yaml", &v)
			}
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestProblemsAreAllTold(t *testing.T) {
	v := parseOne(t, strings.NewReplacer("Payments", `""`, "java", "Java", "kept]}", "kept]}\n  uid: x").Replace(good))
	err := descriptor.CheckEnvelope("a.yaml", &v)
	want := `a.yaml:5: metadata.title: is empty; line 9: metadata.tags.0: "J" is not allowed`
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestPlaceholders(t *testing.T) {
	files := map[string]string{
		"./a.txt":        "plain\ntext",
		"./a.json":       `{"b": [1, 1.0], "a": {"$text": "./a.txt"}}`,
		"./a.yaml":       "b: yes\na: 0o17\n",
		"./two.yaml":     "a: 1\n---\nb: 1\n",
		"./bad.json":     "{",
		"./casing.json":  `{"a": 1, "A": 2}`,
		"./bad.yaml":     "a: 1\na: 2\n",
		"./nul.txt":      "a\x00b",
		"./bomb.yaml":    "a: &a " + strings.Repeat("x", 100_000) + "\nb: [" + strings.Repeat("*a,", 3_000) + "]\n",
		"./many.yaml":    "a: &a [" + strings.Repeat("x,", 30_000) + "]\nb: [*a, *a]\n",
		"https://x.io/a": "far",
	}
	load := func(target string) ([]byte, error) {
		if data, ok := files[target]; ok {
			return []byte(data), nil
		}
		return nil, errors.New("no such file")
	}
	for _, tc := range []struct{ name, text, want, err string }{
		{"text", "d: {$text: ./a.txt}", `{"d":"plain\ntext"}`, ""},
		{"json, not looked at again", "d: {$json: ./a.json}", `{"d":{"b":[1,1],"a":{"$text":"./a.txt"}}}`, ""},
		{"yaml", "d: [{$yaml: ./a.yaml}]", `{"d":[{"b":"yes","a":15}]}`, ""},
		{"absolute", "d: {e: {$text: https://x.io/a}}", `{"d":{"e":"far"}}`, ""},
		{"other dollars are kept", "d: {$ref: ./a.txt}\ne: {$text: ./a.txt, x: {$text: ./nope}}", `{"d":{"$ref":"./a.txt"},"e":{"$text":"./a.txt","x":{"$text":"./nope"}}}`, ""},
		{"absent", "a: 1\nd:\n  $text: ./nope", "", `a.yaml:3: d: $text cannot read "./nope": no such file`},
		{"not a path", "d: {$text: [x]}", "", "a.yaml:1: d: $text takes a relative path or an absolute URL, not a list"},
		{"two documents", "d: [1, {$yaml: ./two.yaml}]", "", `a.yaml:1: d.1: $yaml needs exactly one YAML document in "./two.yaml", there are 2`},
		{"bad json", "d: {$json: ./bad.json}", "", `$json cannot parse "./bad.json" as JSON`},
		{"json keys in two casings", "d: {$json: ./casing.json}", "", `keys "A" and "a" vary only in casing`},
		{"bad yaml", "d: {$yaml: ./bad.yaml}", "", `./bad.yaml:2: key "a" is already set at line 1`},
		{"NUL", "d: {$text: ./nul.txt}", "", "there is a NUL byte in it"},
		{"alias bomb", "d: {$yaml: ./bomb.yaml}", "", "./bomb.yaml:1: the aliases of the document stand for too much text"},
		{"too much together", "d: [" + strings.Repeat("{$yaml: ./many.yaml},", 3) + "]", "", "d.2: $yaml ./many.yaml:1: the document has more than 250000 values"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := parseOne(t, tc.text)
			err := descriptor.ResolvePlaceholders("a.yaml", &v, descriptor.DefaultLimits(), load)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Fatalf("got %v, want %q", err, tc.err)
				}
				return
			}
			if got := string(v.AppendJSON(nil)); err != nil || got != tc.want {
				t.Errorf("got %s, %v\nwant %s", got, err, tc.want)
			}
		})
	}
}
