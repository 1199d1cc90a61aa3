package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSubstitution(t *testing.T) {
	env := environment(func(name string) (string, bool) {
		value, ok := map[string]string{"SECRET": "my-secret", "TOKEN": " my-token\n", "EMPTY": "", "NESTED": "${SECRET}"}[name]
		return value, ok
	})
	tests := []struct {
		name, text, want string
		undefined        bool
	}{
		{"one variable", "hello ${SECRET}", "hello my-secret", false},
		{"spaces around the name, values trimmed", "${SECRET      } $${} ${TOKEN }", "my-secret ${} my-token", false},
		{"a missing variable", "foo ${MISSING}", "", true},
		{"no name", "empty substitute ${}", "", true},
		{"one missing makes all undefined", "foo ${MISSING} ${SECRET}", "", true},
		{"twice", "foo ${SECRET} ${SECRET}", "foo my-secret my-secret", false},
		{"an escape", "$${SECRET}", "${SECRET}", false},
		{"an escape after a dollar", "foo ${SECRET} $$${ESCAPE_ME}", "foo my-secret $${ESCAPE_ME}", false},
		{"several escapes", "foo $${A} $$${B} $${}", "foo ${A} $${B} ${}", false},
		{"a default for a missing variable", "https://${HOST:-localhost:3000}", "https://localhost:3000", false},
		{"a default for an empty variable", "${EMPTY:-x}", "x", false},
		{"a default that is not needed", "${SECRET:-x}", "my-secret", false},
		{"an empty default", "a${MISSING:-}b", "ab", false},
		{"a default with a dash", "${MISSING:-:-}", ":-", false},
		{"an empty variable is a value", "a${EMPTY}b", "ab", false},
		{"a value is not substituted again", "${NESTED}", "${SECRET}", false},
		{"a lone dollar", "$SECRET $ {x} }", "$SECRET $ {x} }", false},
		{"an open brace", "${SECRET", "${SECRET", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := env.substitute(tt.text)
			if tt.undefined != (len(got.missing) > 0) {
				t.Fatalf("missing %v, want undefined %v", got.missing, tt.undefined)
			}
			if !tt.undefined && got.text != tt.want {
				t.Errorf("got %q, want %q", got.text, tt.want)
			}
		})
	}
}

func TestIncludesFollowBackstage(t *testing.T) {
	files := memory{
		"my-secret":        "secret",
		"newline":          "value without newline at the end\n\n",
		"my-data.json":     `{"a":{"b":{"c":42}},"😀":"\ud83d\ude00"}`,
		"my-data.yaml":     "some:\n  yaml:\n    key: 7\n",
		"my-data.yml":      "different: { key: 'hello ${NAME}', list: [1, '${MISSING}', 2] }",
		"nested/all.yaml":  "inner: {$include: more.yaml#x}\ntext: {$file: text.txt}\nvar: ${NAME}",
		"nested/more.yaml": "x: {y: {$env: NAME}}",
		"nested/text.txt":  "text of nested ${NAME}",
		"world.yaml":       "hello: world",
	}
	tests := []struct{ name, value, want string }{
		{"a text file", "{$file: my-secret}", `"secret"`},
		{"a text file loses its last newlines", "{$file: ./newline}", `"value without newline at the end"`},
		{"a variable", "{$env: NAME}", `"world"`},
		{"a missing variable", "{$env: MISSING}", ``},
		{"a number in JSON", "{$include: 'my-data.json#a.b.c'}", `42`},
		{"an object in JSON", "{$include: 'my-data.json#a.b'}", `{"c":42}`},
		{"a surrogate pair in JSON", "{$include: 'my-data.json#😀'}", `"😀"`},
		{"a value in YAML", "{$include: 'my-data.yaml#some.yaml.key'}", `7`},
		{"a whole file", "{$include: my-data.yaml}", `{"some":{"yaml":{"key":7}}}`},
		{"a whole file with an empty fragment", "{$include: 'my-data.yaml#'}", `{"some":{"yaml":{"key":7}}}`},
		{"substitution in what is included", "{$include: 'my-data.yml#different.key'}", `"hello world"`},
		{"a missing item leaves the list", "{$include: 'my-data.yml#different.list'}", `[1,2]`},
		{"a missing last key is undefined", "{$include: 'my-data.yml#missing'}", ``},
		{"substitution in the name", "{$include: '${NAME}.yaml#hello'}", `"world"`},
		{"includes are relative to their own file", "{$include: nested/all.yaml}", `{"inner":{"y":"world"},"text":"text of nested ${NAME}","var":"world"}`},
		{"an unknown $ key is an ordinary key", "{$data: a}", `{"$data":"a"}`},
		{"in a list", "[{$env: NAME}, {$env: MISSING}]", `["world"]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files["a.yaml"] = "x: " + tt.value
			options := inMemory(files, "NAME=world")
			options.Files = []string{"a.yaml"}
			want := "{}"
			if tt.want != "" {
				want = `{"x":` + tt.want + `}`
			}
			if got := printed(t, options); !sameJSON(t, got, want) {
				t.Errorf("got %s, want %s", got, want)
			}
			if _, report := Inspect(t.Context(), options); len(report.Problems) > 0 {
				t.Errorf("problems: %v", report.Problems)
			}
		})
	}
}

func TestEnvironmentLayer(t *testing.T) {
	tests := []struct {
		name    string
		environ []string
		want    string
	}{
		{"other variables", []string{"NODE_ENV=production", "APP_CONFIG=foo", "APP__CONFIG_derp=herp"}, `{}`},
		{"JSON and texts", []string{`APP_CONFIG_foo="bar"`, "APP_CONFIG_n_a=1", "APP_CONFIG_n_c=false", "APP_CONFIG_n_d=abc", "APP_CONFIG_n_e="}, `{"foo":"bar","n":{"a":1,"c":false,"d":"abc"}}`},
		{"objects and lists", []string{`APP_CONFIG_foo={ "a": 123, "c": [] }`, `APP_CONFIG_bar=[123, "abc", {}]`}, `{"bar":[123,"abc",{}],"foo":{"a":123,"c":[]}}`},
		{"broken JSON is a text", []string{`APP_CONFIG_foo="hello`, "APP_CONFIG_bar={"}, `{"bar":"{","foo":"\"hello"}`},
		{"deep", []string{"APP_CONFIG_very_deep_nested={}"}, `{"very":{"deep":{"nested":{}}}}`},
		{"a dash in a key", []string{"APP_CONFIG_my-plugin_on=true"}, `{"my-plugin":{"on":true}}`},
		{"placeholders stay as they are", []string{"APP_CONFIG_x=${HOME}"}, `{"x":"${HOME}"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := printed(t, inMemory(memory{}, tt.environ...)); !sameJSON(t, got, tt.want) {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestEnvironmentLayerRefuses(t *testing.T) {
	tests := []struct {
		name    string
		environ []string
		want    string
	}{
		{"a leading _", []string{"APP_CONFIG__foo=0"}, "is not a path of keys"},
		{"a trailing _", []string{"APP_CONFIG_foo_=0"}, "is not a path of keys"},
		{"a part that begins with a digit", []string{"APP_CONFIG_fo_0=0"}, "is not a path of keys"},
		{"a slash", []string{"APP_CONFIG_fo/o=0"}, "is not a path of keys"},
		{"null", []string{"APP_CONFIG_foo=null"}, "may not be null"},
		{"nesting under a value", []string{"APP_CONFIG_foo_bar=1", "APP_CONFIG_foo_bar_baz=2"}, "cannot set foo.bar.baz: foo.bar is already set to a number by APP_CONFIG_foo_bar"},
		{"a value and an object", []string{"APP_CONFIG_nested_foo=1", "APP_CONFIG_nested=2"}, "already set"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Load(t.Context(), inMemory(memory{}, tt.environ...))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestIncludedFilesAreConfined(t *testing.T) {
	root := t.TempDir()
	put := func(name, text string) {
		t.Helper()
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("outside/secret", "outside")
	put("conf/inside", "inside")
	put("conf/parts/direct.yaml", "x: {$file: ../inside}")
	put("conf/parts/escape.yaml", "x: {$file: ../../outside/secret}")
	put("conf/parts/link.yaml", "x: {$file: link}")
	put("conf/parts/absolute.yaml", "x: {$file: "+filepath.Join(root, "outside", "secret")+"}")
	put("shared/base.yaml", "x: {$include: more.yaml#x}")
	put("shared/more.yaml", "x: inside")
	if err := os.Symlink(filepath.Join(root, "outside", "secret"), filepath.Join(root, "conf", "parts", "link")); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, value, want string }{
		{"the operator's file reaches any file", "{$file: ../outside/secret}", ""},
		{"an included file reaches the operator's folder", "{$include: parts/direct.yaml#x}", ""},
		{"an included file reaches its own folder", "{$include: ../shared/base.yaml#x}", ""},
		{"an included file does not climb out", "{$include: parts/escape.yaml#x}", "lies outside"},
		{"an included file does not name any path", "{$include: parts/absolute.yaml#x}", "lies outside"},
		{"a link leads nowhere else", "{$include: parts/link.yaml#x}", "lies outside"},
		{"a device is no file", "{$file: /dev/zero}", "not a regular file"},
		{"a folder is no file", "{$file: parts}", "not a regular file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			put("conf/app-config.yaml", "other: "+tt.value)
			_, err := Load(t.Context(), Options{Dir: filepath.Join(root, "conf"), Environ: []string{}})
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
