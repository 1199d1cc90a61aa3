package config

import (
	"context"
	"encoding/json"
	"flag"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// updateFlag is read by the golden tests: go test ./internal/config -update.
var updateFlag = flag.Bool("update", false, "rewrite golden files")

// memory is a set of files for Options.ReadFile.
type memory map[string]string

func (m memory) read(name string) ([]byte, error) {
	text, ok := m[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return []byte(text), nil
}

// inMemory returns options that see nothing but the given files and variables.
func inMemory(files memory, environ ...string) Options {
	return Options{ReadFile: files.read, Environ: append([]string{"HOME=/"}, environ...)}
}

// printed loads and returns the merged tree as compact JSON, secrets revealed.
func printed(t *testing.T, options Options) string {
	t.Helper()
	cfg, report := Inspect(t.Context(), options)
	if cfg == nil {
		t.Fatalf("no configuration: %v", report.Problems)
	}
	return string(Tree{cfg.tree}.JSON())
}

func sameJSON(t *testing.T, got, want string) bool {
	t.Helper()
	var a, b any
	if err := json.Unmarshal([]byte(got), &a); err != nil {
		t.Fatalf("decoding %s: %v", got, err)
	}
	if err := json.Unmarshal([]byte(want), &b); err != nil {
		t.Fatalf("decoding %s: %v", want, err)
	}
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

func TestMergeFollowsBackstage(t *testing.T) {
	tests := []struct {
		name   string
		layers []string
		env    []string
		want   string
	}{
		{"objects merge deeply", []string{"x: {a: 1, b: {c: 2}}", "x: {b: {d: 3}}"}, nil, `{"x":{"a":1,"b":{"c":2,"d":3}}}`},
		{"the last file wins", []string{"x: 1", "x: 2", "x: 3"}, nil, `{"x":3}`},
		{"lists replace", []string{"x: [1, 2, 3]", "x: [4]"}, nil, `{"x":[4]}`},
		{"an empty list replaces", []string{"x: [1]", "x: []"}, nil, `{"x":[]}`},
		{"an empty object merges", []string{"x: {a: 1}", "x: {}"}, nil, `{"x":{"a":1}}`},
		{"a scalar replaces an object", []string{"x: {a: 1}", "x: true"}, nil, `{"x":true}`},
		{"an object replaces a scalar", []string{"x: 1", "x: {a: 1}"}, nil, `{"x":{"a":1}}`},
		{"what a scalar replaced stays gone", []string{"x: {a: 1}", "x: 1", "x: {b: 2}"}, nil, `{"x":{"b":2}}`},
		{"null removes", []string{"x: {a: 1, b: 2}", "x: {a: null}"}, nil, `{"x":{"b":2}}`},
		{"null removes an object", []string{"x: {a: 1}\ny: 1", "x:"}, nil, `{"y":1}`},
		{"null below an object hides only lower layers", []string{"x: {a: 1}", "x: null", "x: {b: 2}"}, nil, `{"x":{"b":2}}`},
		{"null in a list stays", []string{"x: [null, 1]"}, nil, `{"x":[null,1]}`},
		{"an undefined value falls back", []string{"x: 1", "x: ${MISSING}"}, nil, `{"x":1}`},
		{"the environment wins", []string{"x: {a: 1, b: 2}"}, []string{"APP_CONFIG_x_a=5"}, `{"x":{"a":5,"b":2}}`},
		{"an empty file changes nothing", []string{"x: 1", "", "# comment\n"}, nil, `{"x":1}`},
		{"a merge key is an ordinary key", []string{"a: &a {x: 1}\nb: {<<: *a}"}, nil, `{"a":{"x":1},"b":{"<<":{"x":1}}}`},
		{"an alias repeats its value", []string{"a: &a [1]\nb: *a"}, nil, `{"a":[1],"b":[1]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files, options := memory{}, inMemory(nil, tt.env...)
			for i, layer := range tt.layers {
				name := string(rune('a'+i)) + ".yaml"
				files[name] = layer
				options.Files = append(options.Files, name)
			}
			options.ReadFile = files.read
			if got := printed(t, options); !sameJSON(t, got, tt.want) {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestScalarsFollowYAML12(t *testing.T) {
	tests := []struct{ written, want string }{
		{"yes", `"yes"`},
		{"on", `"on"`},
		{"True", `true`},
		{"~", ``},
		{"0777", `777`},
		{"0o17", `15`},
		{"0x1F", `31`},
		{"1_000", `"1_000"`},
		{"+5", `5`},
		{"-2.50", `-2.5`},
		{"1e3", `1000`},
		{"2026-01-02", `"2026-01-02"`},
		{"12:30:45", `"12:30:45"`},
		{`"5"`, `"5"`},
		{"!!str 5", `"5"`},
		{"12345678901234567890123", `12345678901234567890123`},
	}
	for _, tt := range tests {
		t.Run(tt.written, func(t *testing.T) {
			want := `{}`
			if tt.want != "" {
				want = `{"x":` + tt.want + `}`
			}
			options := inMemory(memory{"a.yaml": "x: " + tt.written})
			options.Files = []string{"a.yaml"}
			if got := printed(t, options); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestDefaultFiles(t *testing.T) {
	all := memory{
		"app-config.yaml": "x: base", "app-config.local.yaml": "x: local",
		"app-config.staging.yaml": "x: staging", "app-config.staging.local.yaml": "x: staging-local",
		"app-config.production.yaml": "x: production",
	}
	without := func(names ...string) memory {
		files := maps.Clone(all)
		for _, name := range names {
			delete(files, name)
		}
		return files
	}
	tests := []struct {
		name  string
		files memory
		flags []string
		env   []string
		want  string
	}{
		{"local lies over the base", all, nil, nil, `{"x":"local"}`},
		{"without local the base holds", without("app-config.local.yaml"), nil, nil, `{"x":"base"}`},
		{"nothing at all is the defaults", memory{}, nil, nil, `{}`},
		{"--config replaces the default files", all, []string{"app-config.production.yaml"}, nil, `{"x":"production"}`},
		{"the last --config wins", all, []string{"app-config.production.yaml", "app-config.yaml"}, nil, `{"x":"base"}`},
		{"BACKSTAGE_ENV adds its files", all, nil, []string{"BACKSTAGE_ENV=staging"}, `{"x":"staging-local"}`},
		{"local lies over BACKSTAGE_ENV", without("app-config.staging.local.yaml"), nil, []string{"BACKSTAGE_ENV=staging"}, `{"x":"local"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			options := inMemory(tt.files, tt.env...)
			options.Files = tt.flags
			if got := printed(t, options); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestLoadTellsWhetherAFileIsMissing(t *testing.T) {
	options := inMemory(memory{})
	options.Files = []string{"nowhere.yaml"}
	_, err := Load(t.Context(), options)
	if err == nil || !strings.Contains(err.Error(), "file nowhere.yaml does not exist") {
		t.Errorf("got %v", err)
	}
}

func TestLoadStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Load(ctx, inMemory(memory{"app-config.yaml": "app: {}"})); err == nil {
		t.Error("loaded although the context had ended")
	}
}

// TestGolden reads testdata/*.txtar: the section "args" may name --config
// files and NAME=value variables, "want" holds problems and notes.
func TestGolden(t *testing.T) {
	names, err := fs.Glob(testdata(), "*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(name, ".txtar"), func(t *testing.T) {
			golden(t, name)
		})
	}
}

func golden(t *testing.T, name string) {
	data, err := fs.ReadFile(testdata(), name)
	if err != nil {
		t.Fatal(err)
	}
	archive := txtar.Parse(data)
	files, options := memory{}, inMemory(nil)
	for _, file := range archive.Files {
		if file.Name != "args" && file.Name != "want" {
			files[path.Clean(file.Name)] = string(file.Data)
			continue
		}
		for word := range strings.FieldsSeq(string(file.Data)) {
			if file.Name == "args" && strings.Contains(word, "=") {
				options.Environ = append(options.Environ, word)
			} else if file.Name == "args" {
				options.Files = append(options.Files, word)
			}
		}
	}
	options.ReadFile = files.read
	_, report := Inspect(t.Context(), options)
	var got strings.Builder
	for _, problem := range report.Problems {
		got.WriteString(problem.Error() + "\n")
	}
	for _, note := range report.Notes {
		got.WriteString("note: " + note.Error() + "\n")
	}
	at := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == "want" })
	if at < 0 {
		archive.Files = append(archive.Files, txtar.File{Name: "want"})
		at = len(archive.Files) - 1
	}
	if string(archive.Files[at].Data) == got.String() {
		return
	}
	if !*updateFlag {
		t.Errorf("got\n%swant\n%s", got.String(), archive.Files[at].Data)
		return
	}
	archive.Files[at].Data = []byte(got.String())
	writeTestdata(t, name, txtar.Format(archive))
}
