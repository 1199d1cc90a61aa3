package catalogbench_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/callboard/callboard/host/internal/catalog/catalogbench"
)

func TestGenerateMakesAWholeCatalog(t *testing.T) {
	const count = 1000
	files := catalogbench.Generate(catalogbench.Config{Entities: count, Seed: 42, PerFile: 300})
	if len(files) != 4 {
		t.Errorf("%d files, want 4", len(files))
	}
	kinds := map[string]int{}
	known := map[string]bool{}
	var named []string // refs that entities depend on
	for _, f := range files {
		documents := yaml.NewDecoder(bytes.NewReader(f.Content))
		for {
			var e struct {
				Kind     string
				Metadata struct{ Name string }
				Spec     struct {
					Owner      string
					DependsOn  []string `yaml:"dependsOn"`
					Definition string
				}
			}
			if documents.Decode(&e) != nil {
				break
			}
			kinds[e.Kind]++
			known[strings.ToLower(e.Kind)+":default/"+e.Metadata.Name] = true
			if e.Spec.Owner != "" {
				named = append(named, e.Spec.Owner)
			}
			named = append(named, e.Spec.DependsOn...)
			if e.Kind == "API" && !strings.HasPrefix(e.Spec.Definition, "openapi: 3") {
				t.Errorf("API %s has the definition %.20q", e.Metadata.Name, e.Spec.Definition)
			}
		}
	}
	want := map[string]int{"Component": 700, "API": 150, "System": 50, "Group": 50, "User": 30, "Domain": 20}
	if !reflect.DeepEqual(kinds, want) || len(known) != count {
		t.Errorf("kinds %v with %d names, want %v", kinds, len(known), want)
	}
	for _, ref := range named {
		if !known[ref] {
			t.Errorf("%s is named and does not exist", ref)
		}
	}
}

func TestGenerateIsDeterministic(t *testing.T) {
	generate := func(seed uint64) []catalogbench.File {
		return catalogbench.Generate(catalogbench.Config{Entities: 100, Seed: seed})
	}
	if !reflect.DeepEqual(generate(42), generate(42)) {
		t.Error("equal seeds make different catalogs")
	}
	if reflect.DeepEqual(generate(42), generate(43)) {
		t.Error("different seeds make equal catalogs")
	}
}

func TestWrite(t *testing.T) {
	files := catalogbench.Generate(catalogbench.Config{Entities: 50, Seed: 1, PerFile: 20})
	paths, err := catalogbench.Write(t.TempDir(), files)
	if err != nil || len(paths) != 3 {
		t.Fatalf("%v, %v", paths, err)
	}
	if _, err := catalogbench.Write(t.TempDir()+"/missing", files); err == nil {
		t.Error("no error from a folder that does not exist")
	}
}
