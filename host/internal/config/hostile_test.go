package config

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestHostileFiles(t *testing.T) {
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 10; i++ {
		ref := fmt.Sprintf("*a%d", i-1)
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.Repeat(ref+", ", 9)+ref)
	}
	fan := memory{}
	for i := range 15 {
		next := fmt.Sprintf("{$include: f%d.yaml}", i+1)
		fan[fmt.Sprintf("f%d.yaml", i)] = "a: " + next + "\nb: " + next + "\nc: " + next + "\n"
	}
	fan["f15.yaml"] = "x: 1"
	fan["app-config.yaml"] = fan["f0.yaml"]
	tests := []struct {
		name  string
		files memory
		want  string
	}{
		{"an alias bomb", memory{"app-config.yaml": bomb}, "more than 200000 values"},
		{"nested too deep", memory{"app-config.yaml": strings.Repeat("[", 5000) + strings.Repeat("]", 5000)}, "nested more than 64 deep"},
		{"nested too deep in JSON", memory{"app-config.yaml": "a: {$include: x.json}", "x.json": strings.Repeat("[", 5000) + strings.Repeat("]", 5000)}, "nested more than 64 deep"},
		{"too large", memory{"app-config.yaml": "# " + strings.Repeat("x", maxFileBytes)}, "larger than 4 MiB"},
		{"includes that fan out", fan, "more than 500 files are included"},
		{"a NUL byte", memory{"app-config.yaml": "a: \x00"}, "not valid YAML"},
		{"not UTF-8", memory{"app-config.yaml": "a: \xff\xfe"}, "not valid YAML"},
		{"a huge key", memory{"app-config.yaml": "? " + strings.Repeat("k", 2000) + "\n: 1"}, "a key is longer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Load(t.Context(), inMemory(tt.files))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %.300v, want %q", err, tt.want)
			}
		})
	}
}

// FuzzLoad holds that no file makes the loader panic, that what loads can be
// printed, and that printing what was printed changes nothing.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"app: {title: a}", "x: ${A} $${B}", "x: {$include: 'inc.yaml#a.b'}", "x: {$file: inc.yaml}", "x: {$env: A}", "a: &a [1]\nb: *a",
		"backend: {listen: {port: 1}, database: {client: pg, connection: {ssl: true}}}", "catalog: {processingInterval: {hours: 1}, rules: []}",
		"plugins: {entries: {a: {grants: {http: {x: 1}}, limits: {memory: 64MiB}}}}", "a: !!str 1\nb: 0x1f\nc: 1e3", "- a", "a: \"\\x00\"", "? [a]\n: b",
	} {
		f.Add(seed, "a: {b: 1}", "value")
	}
	f.Fuzz(func(t *testing.T, text, included, variable string) {
		options := inMemory(memory{"app-config.yaml": text, "inc.yaml": included, "inc.json": included}, "A="+variable, "APP_CONFIG_x_y="+variable)
		cfg, report := Inspect(t.Context(), options)
		if cfg == nil {
			if len(report.Problems) == 0 {
				t.Fatal("nothing loaded and nothing said")
			}
			return
		}
		var once strings.Builder
		if err := cfg.Print(&once, PrintOptions{Format: JSON, Reveal: true}); err != nil {
			t.Fatalf("printing: %v", err)
		}
		var yaml strings.Builder
		if err := cfg.Print(&yaml, PrintOptions{}); err != nil {
			t.Fatalf("printing as YAML: %v", err)
		}
		again, err := new(parser).json([]byte(once.String()), Origin{}, false)
		if err != nil {
			t.Fatalf("reading what was printed: %v\n%s", err, once.String())
		}
		if !equal(again, cfg.tree) && utf8.ValidString(variable) { // files are refused unless they are UTF-8
			t.Fatalf("printing changed the configuration:\n%s", once.String())
		}
	})
}
