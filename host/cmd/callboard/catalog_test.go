package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/app/apptest"
)

const webDescriptor = `apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: web, annotations: {example.com/build: "007"}}
spec: {type: service, lifecycle: production, owner: crew}
`

// tree writes files below a new folder and makes it the working directory.
func tree(t *testing.T, files map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
}

func TestCatalogValidate(t *testing.T) {
	location := "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: all}\nspec: {targets: [./services/*.yaml, ./gone.yaml]}\n"
	tree(t, map[string]string{
		"good/catalog-info.yaml":              webDescriptor,
		"good/node_modules/catalog-info.yaml": "not: [read",
		"good/.git/catalog-info.yml":          "not: [read",
		"bad/catalog-info.yaml":               webDescriptor + "---\n" + strings.Replace(webDescriptor, "name: web,", "name: a b,", 1),
		"broken/catalog-info.yml":             "kind: [",
		"twice/a/catalog-info.yaml":           webDescriptor,
		"twice/b/catalog-info.yaml":           webDescriptor,
		"all/catalog-info.yaml":               location,
		"all/services/one.yaml":               strings.Replace(webDescriptor, "owner: crew", "owner: 7", 1),
		"text/catalog-info.yaml":              "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {name: api}\nspec: {type: openapi, lifecycle: production, owner: crew, definition: {$text: ./api.yaml}}\n",
		"text/api.yaml":                       "openapi: 3.1.0\n",
		"url/catalog-info.yaml":               "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {name: api}\nspec:\n  type: openapi\n  lifecycle: production\n  owner: crew\n  definition: {$text: 'https://example.com/api.yaml'}\n",
		"app-config.yaml":                     "catalog: {rules: [{allow: [API]}]}\n",
		"empty/readme.md":                     "nothing\n",
	})
	for _, tc := range []struct {
		name string
		args []string
		code int
		says []string
	}{
		{"what is right", []string{"good"}, 0, []string{"1 entity, 0 errors, 0 warnings"}},
		{"a name", []string{"bad"}, 1, []string{"bad/catalog-info.yaml:8: metadata.name: ", "1 error in 1 entity"}},
		{"no YAML", []string{"broken/catalog-info.yml"}, 1, []string{"broken/catalog-info.yml:1: not valid YAML"}},
		{"the same twice", []string{"twice"}, 1, []string{"twice/b/catalog-info.yaml:1: component:default/web is defined in", "twice/a/catalog-info.yaml:1 already"}},
		{"what a location leads to", []string{"all"}, 1, []string{"all/services/one.yaml:4: spec.owner: ", "gone.yaml"}},
		{"a placeholder", []string{"text"}, 0, []string{"1 entity, 0 errors, 0 warnings"}},
		{"a placeholder of a URL", []string{"url"}, 0, []string{"url/catalog-info.yaml:8: warning: ", "--config says which hosts may be", "1 warning"}},
		{"the same, strictly", []string{"url", "--strict"}, 1, []string{"1 warning in 0 entities"}},
		{"rules of a portal", []string{"good", "--config", "app-config.yaml"}, 1, []string{"catalog.rules"}},
		{"a pattern", []string{"t*/**/catalog-info.yaml"}, 1, []string{"is defined in"}},
		{"everything", nil, 1, []string{"errors in"}},
		{"a path that is not there", []string{"nowhere"}, 2, []string{"nowhere"}},
		{"a folder without descriptors", []string{"empty"}, 2, []string{"empty holds no catalog-info.yaml"}},
		{"a configuration that is not there", []string{"good", "--config", "none.yaml"}, 2, []string{"none.yaml"}},
		{"another format", []string{"good", "--output", "xml"}, 2, []string{"--output must be"}},
		{"annotations", []string{"bad", "--output", "github"}, 1, []string{"::error file=bad/catalog-info.yaml,line=8"}},
		{"annotations of warnings", []string{"url", "--output", "github"}, 0, []string{"::warning file=url/catalog-info.yaml,line=8,title=api%3Adefault/api::"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, err := command(t, append([]string{"catalog", "validate"}, tc.args...)...)
			if err != nil {
				out += "\n" + err.Error()
			}
			if exit(err) != tc.code {
				t.Fatalf("exit code %d, want %d: %s", exit(err), tc.code, out)
			}
			for _, w := range tc.says {
				if !strings.Contains(out, w) {
					t.Errorf("%q is not in\n%s", w, out)
				}
			}
		})
	}
	out, err := command(t, "catalog", "validate", "bad", "--output", "json")
	var report struct {
		Entities []string
		Problems []struct {
			File, Name, Message string
			Line                int
			Warning             bool
		}
	}
	if jsonErr := json.Unmarshal([]byte(out), &report); jsonErr != nil || exit(err) != 1 {
		t.Fatalf("%v %v\n%s", err, jsonErr, out)
	}
	if len(report.Entities) != 1 || len(report.Problems) != 1 || report.Problems[0].Line != 8 || report.Problems[0].Name != "InputError" {
		t.Errorf("%+v", report)
	}
}

// What was exported is valid, and a portal that reads it has the same entities.
func TestCatalogExportComesBack(t *testing.T) {
	tree(t, map[string]string{
		"app-config.yaml": "catalog: {rules: [{allow: [Component, API, Group]}], locations: [{type: file, target: ./all.yaml}]}\n",
		"all.yaml": webDescriptor + `---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: api, namespace: other, title: "yes", labels: {version: "1.0"}, tags: [a, b]}
spec: {type: openapi, lifecycle: production, owner: crew, definition: "a: 1\nb: \"two\"\n", big: 12345678901234567890, half: 0.5, on: true, none: null}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: crew}
spec: {type: team, children: []}
`,
	})
	p := apptest.Start(t, apptest.Options{Config: []string{"app-config.yaml"}})
	p.Until("/api/catalog/entities/by-name/group/default/crew", func(status int, _ string) bool { return status == http.StatusOK })
	export := func(p *apptest.Portal, args ...string) string {
		t.Helper()
		out, err := command(t, append([]string{"catalog", "export", "--server", p.URL, "--filter", "kind=component", "--filter", "kind=api", "--filter", "kind=group"}, args...)...)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	text := export(p)
	for _, given := range []string{"uid", "etag", "relations", "managed-by"} {
		if strings.Contains(text, given) {
			t.Errorf("%s is in\n%s", given, text)
		}
	}
	tree(t, map[string]string{
		"catalog-info.yaml": text,
		"app-config.yaml":   "catalog: {rules: [{allow: [Component, API, Group]}], locations: [{type: file, target: ./catalog-info.yaml}]}\n",
	})
	if out, err := command(t, "catalog", "validate"); err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, text)
	}
	again := apptest.Start(t, apptest.Options{Config: []string{"app-config.yaml"}})
	again.Until("/api/catalog/entities/by-name/group/default/crew", func(status int, _ string) bool { return status == http.StatusOK })
	if got := export(again); got != text {
		t.Errorf("it came back as\n%s\nfrom\n%s", got, text)
	}
	if whole := export(p, "--whole", "--output", "json"); strings.Count(whole, "\n") != 3 || strings.Count(whole, `"relations"`) != 3 {
		t.Errorf("as JSON:\n%s", whole)
	}
	if out, err := command(t, "catalog", "export", "--server", p.URL, "--filter", "=x"); exit(err) != 1 || !strings.Contains(err.Error(), "Invalid filter") {
		t.Errorf("a bad filter: %v %s", err, out)
	}
}
