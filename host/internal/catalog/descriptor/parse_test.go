package descriptor_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/catalog/descriptor"
)

// read parses a whole file and returns its documents as JSON, or the error.
func read(t *testing.T, text string, lim descriptor.Limits) ([]string, error) {
	t.Helper()
	chunks, err := descriptor.Split("a.yaml", []byte(text), lim)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, c := range chunks {
		v, err := descriptor.Parse("a.yaml", c, lim)
		if err != nil {
			return out, err
		}
		out = append(out, string(v.AppendJSON(nil)))
	}
	return out, nil
}

// The answers are those of npm yaml 2.9 with merge keys, which Backstage uses.
func TestDocumentsBecomeTheJSONThatBackstageMakes(t *testing.T) {
	for _, tc := range []struct {
		name string
		text string
		want []string
	}{
		{"words of YAML 1.1 stay strings", "[yes, no, on, off, y, tRue, 0O17, 1_000, 0b11, 1:2:3]", []string{`["yes","no","on","off","y","tRue","0O17","1_000","0b11","1:2:3"]`}},
		{"timestamps stay strings", "[2020-01-01, 2020-01-01T00:00:00Z, 12:30]", []string{`["2020-01-01","2020-01-01T00:00:00Z","12:30"]`}},
		{"null and booleans", "[null, Null, NULL, ~, true, True, TRUE, false, False, FALSE]", []string{`[null,null,null,null,true,true,true,false,false,false]`}},
		{"integers", "[0, -0, 017, 0o17, 0x1F, +1, -1, 0o8, 0xZZ]", []string{`[0,0,17,15,31,1,-1,"0o8","0xZZ"]`}},
		{"floats as JavaScript writes them", "[1e3, 1., .5, -.5, 1.10, 1.0, 1e-7, 0.0000001, 123456789.125, ., 1e, 1e1.5]", []string{`[1000,1,0.5,-0.5,1.1,1,1e-7,1e-7,123456789.125,".","1e","1e1.5"]`}},
		{"large numbers lose what JavaScript loses", "[9007199254740993, 12345678901234567890, 100000000000000000000000, 1e400, .inf, -.inf, .nan]", []string{`[9007199254740992,12345678901234567000,1e+23,null,null,null,null]`}},
		{"quotes make strings", `["1", 'true', "\u00e9\x41\n"]`, []string{`["1","true","éA\n"]`}},
		{"tags", `[!!str 1, !!int "3", !!null "", !!bool yes, !foo bar]`, []string{`["1",3,null,"yes","bar"]`}},
		{"block scalars", "a: |\n  x\n   y\nb: >\n  x\n  y\n\n  z\nc: |-\n  x\nd: |\n  x", []string{`{"a":"x\n y\n","b":"x y\nz\n","c":"x","d":"x\n"}`}},
		{"key order is kept", "b: 1\na: 2\nZ: 3\n", []string{`{"b":1,"a":2,"Z":3}`}},
		{"keys become strings", "1: a\ntrue: b\n", []string{`{"1":"a","true":"b"}`}},
		{"merge keys", "a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\nc: {q: 9, <<: *x}\nd: {<<: [*x, {s: 1, p: 7}]}\n", []string{`{"a":{"p":1,"q":2},"b":{"p":1,"q":3},"c":{"q":9,"p":1},"d":{"p":1,"q":2,"s":1}}`}},
		{"aliases", "a: &x [1]\nb: *x\n", []string{`{"a":[1],"b":[1]}`}},
		{"JSON with tabs", "{\n\t\"a\":\t[1,\t2]}", []string{`{"a":[1,2]}`}},
		{"JSON with its own escapes", `{"a": "x\/y"}`, []string{`{"a":"x/y"}`}},
		{"JSON with line ends of YAML 1.1", "{\"a\":\"x\u0085y \u2028 z\"}", []string{"{\"a\":\"x\u0085y \u2028 z\"}"}},
		{"JSON that YAML cannot read", `{"a":[{"b":"c"}],"` + strings.Repeat("k", 2000) + `":1}`, []string{`{"a":[{"b":"c"}],"` + strings.Repeat("k", 2000) + `":1}`}},
		{"several documents", "a: 1\n---\nb: 2\n...\n# c\n---\nc: 3\n", []string{`{"a":1}`, `{"b":2}`, `{"c":3}`}},
		{"content beside the marker", "--- a\n--- |\n x\n", []string{`"a"`, `"x\n"`}},
		{"empty documents are left out", "---\n---\n# x\na: 1\n---\n", []string{`{"a":1}`}},
		{"directives", "%YAML 1.2\n---\na: 1\n...\n%YAML 1.2\n---\nb: 1\n", []string{`{"a":1}`, `{"b":1}`}},
		{"an indented marker is text", "a: |\n  x\n  ---\n  y\nb: 1\n", []string{`{"a":"x\n---\ny\n","b":1}`}},
		{"byte order mark and CRLF", "\ufeffa: 1\r\n---\r\nb: 2\r\n", []string{`{"a":1}`, `{"b":2}`}},
		{"lone carriage returns", "a: 1\r---\rb: 2\r", []string{`{"a":1}`, `{"b":2}`}},
		{"bytes that are no UTF-8", "a: \"caf\xe9\"\n", []string{"{\"a\":\"caf\ufffd\"}"}},
		{"YAML with line ends of YAML 1.1", "a: x\u0085y\u2028 z # \u2029\nb\u2028c: \"x\u2029y\"\n'\ue000': |\n  x\u2028y\n", []string{"{\"a\":\"x\u0085y\u2028 z\",\"b\u2028c\":\"x\u2029y\",\"\ue000\":\"x\u2028y\\n\"}"}},
		{"escapes", `a: "\"\\/\t\x01<>&\u2028"`, []string{`{"a":"\"\\/\t\u0001<>&` + "\u2028" + `"}`}},
		{"nothing", "# only a comment\n", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := read(t, tc.text, descriptor.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			if strings.Join(got, "\n") != strings.Join(tc.want, "\n") {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestHostileFilesAreRefusedWithLineAndReason(t *testing.T) {
	lim := descriptor.Limits{FileBytes: 1 << 20, Documents: 3, Depth: 64, Values: 20_000}
	bomb := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c <= 'i'; c++ {
		bomb += string(c) + ": &" + string(c) + " [" + strings.TrimSuffix(strings.Repeat("*"+string(c-1)+", ", 10), ", ") + "]\n"
	}
	for _, tc := range []struct {
		name, text, want string
	}{
		{"too large", strings.Repeat("a", 1<<20+1), "a.yaml: the file has 1048577 bytes; at most 1048576 are read"},
		{"NUL", "a: 1\nb: x\x00y\n", "a.yaml:2: there is a NUL byte"},
		{"too many documents", strings.Repeat("---\na: 1\n", 4), "a.yaml:7: the file has 4 documents; at most 3 are read"},
		{"alias bomb", bomb, "a.yaml:1: the aliases of the document stand for too much text"},
		{"aliases that fit their text but are many", bomb + "# " + strings.Repeat("x", 10_000), "a.yaml:1: the document has more than 20000 values once its aliases are expanded"},
		{"long text in aliases", "a: &a " + strings.Repeat("x", 100_000) + "\nb: [" + strings.Repeat("*a,", 3_000) + "]\n", "a.yaml:1: the aliases of the document stand for too much text"},
		{"long keys in aliases", "a: &a {" + strings.Repeat("x", 1_000) + ": 1}\nb: [" + strings.Repeat("*a,", 3_000) + "]\n", "a.yaml:1: the aliases of the document stand for too much text"},
		{"an alias as key", "a: &a " + strings.Repeat("x", 1_000) + "\nb: [" + strings.Repeat("{*a : 1},", 3_000) + "]\n", "the aliases of the document stand for too much text"},
		{"long text in merge keys", "a: &a {x: " + strings.Repeat("x", 1_000) + "}\nb: [" + strings.Repeat("{<<: *a},", 3_000) + "]\n", "a.yaml:1: the aliases of the document stand for too much text"},
		{"deep flow", strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000), "a.yaml:1: the document is nested deeper than 64 levels"},
		{"deeper than the parser goes", strings.Repeat("[", 10_001), "a.yaml:1: not valid YAML: exceeded max depth"},
		{"small values without number", "a: [" + strings.Repeat("a,", 30_000) + "]\n", "a.yaml:1: the document may hold more than 20000 values"},
		{"lines without number", strings.Repeat("- a\n", 30_000), "a.yaml:1: the document may hold more than 20000 values"},
		{"deep block", deepBlock(65), "a.yaml:65: the document is nested deeper than 64 levels"},
		{"deep merge keys", "a: &a {x: 1}\nb: " + strings.Repeat("{<<: ", 100) + "*a" + strings.Repeat("}", 100), "a.yaml:2: the document is nested deeper than 64 levels"},
		{"self alias", "a: &a [*a]\n", "a.yaml:1: alias *a is inside what it stands for"},
		{"unknown alias", "a: 1\nb: *nope\n", "not valid YAML: unknown anchor 'nope' referenced"},
		{"duplicate key", "a:\n  b: 1\n  c: 2\n  b: 3\n", "a.yaml:4: key \"b\" is already set at line 2"},
		{"duplicate key in the second document", "a: 1\n---\nx: 1\ny: 2\nx: 3\n", "a.yaml:5: key \"x\" is already set at line 3"},
		{"keys that vary in casing", "spec:\n  foo: 1\n  Foo: 2\n", "a.yaml:3: keys \"Foo\" and \"foo\" (line 2) vary only in casing"},
		{"casing outside of ASCII", "spec:\n  Ä: 1\n  ä: 2\n", "a.yaml:3: keys \"ä\" and \"Ä\" (line 2) vary only in casing"},
		{"a Kelvin sign is a k", "spec:\n  k: 1\n  \u212a: 2\n", "vary only in casing"},
		{"casing through a merge key", "a: &x {Foo: 1}\nb: {foo: 2, <<: *x}\n", "a.yaml:2: keys \"Foo\" and \"foo\" (line 2) vary only in casing"},
		{"merge of a string", "a: {<<: x}\n", "a.yaml:1: a merge key (<<) takes a mapping or a list of mappings, not a string"},
		{"casing in JSON that YAML cannot read", `{"a":"\/","A":1}`, `a.yaml:1: keys "A" and "a" vary only in casing`},
		{"a list as key", "? [a]\n: 1\n", "a.yaml:1: a key must be a string, not a list or an object"},
		{"not YAML", "a: 1\n---\nb: [1,\n", "not valid YAML:"},
		{"marker inside quotes", "a: \"x\n---\ny\"\n", "not valid YAML:"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := read(t, tc.text, lim)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("got %.300v, want %q", err, tc.want)
			}
			if p := (descriptor.Problem{}); !errors.As(err, &p) || p.File != "a.yaml" {
				t.Errorf("%T does not name the file", err)
			}
		})
	}
}

// What people repeat with aliases is far below what is refused.
func TestAliasesOfADocumentThatIsMeantAreExpanded(t *testing.T) {
	labels := "a: &a {team: payments, tier: one, contact: payments@example.com}\n"
	text := labels + "b: [" + strings.Repeat("*a, ", 100) + "]\n"
	got, err := read(t, text, descriptor.DefaultLimits())
	if err != nil || strings.Count(got[0], "payments@example.com") != 101 {
		t.Errorf("got %.200q, %v", got, err)
	}
}

func deepBlock(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func TestManyKeysCostNoMoreThanTheirSize(t *testing.T) {
	var b strings.Builder
	b.WriteString("base: &base\n")
	for i := range 50_000 {
		b.WriteString("  k" + strings.Repeat("x", i%7) + itoa(i) + ": 1\n")
	}
	b.WriteString("all:\n  <<: *base\n")
	got, err := read(t, b.String(), descriptor.DefaultLimits())
	if err != nil || len(got) != 1 {
		t.Fatal(err)
	}
}

func itoa(i int) string {
	if i < 10 {
		return string(rune('0' + i))
	}
	return itoa(i/10) + itoa(i%10)
}

func TestSplitKeepsTextAndLines(t *testing.T) {
	chunks, err := descriptor.Split("a.yaml", []byte("# head\na: 1\n---\nb: 2\n--- # c\n\nc: 3\n"), descriptor.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		line int
		text string
	}{{1, "# head\na: 1\n"}, {3, "---\nb: 2\n"}, {5, "--- # c\n\nc: 3\n"}}
	if len(chunks) != len(want) {
		t.Fatalf("%d chunks, want %d", len(chunks), len(want))
	}
	for i, w := range want {
		if chunks[i].Line != w.line || string(chunks[i].Text) != w.text {
			t.Errorf("chunk %d is line %d %q, want line %d %q", i, chunks[i].Line, chunks[i].Text, w.line, w.text)
		}
	}
	moved := descriptor.Chunk{Line: 99, Text: chunks[1].Text}
	if moved.Digest() != chunks[1].Digest() || chunks[0].Digest() == chunks[1].Digest() {
		t.Error("a digest depends on the text and on nothing else")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"a: 1\n---\nb: [x, &a y, *a]\n", "{<<: {a: 1}}", "a: |\n x\n...\n%YAML 1.2\n---\n- 1e5", "? x\n: - y\n", "\"a\": 'b'\r\n"} {
		f.Add([]byte(s))
	}
	corpus, _ := filepath.Glob(filepath.Join(corpusDir(), "catalog-examples", "*", "*.yaml"))
	for _, file := range corpus {
		if data, err := os.ReadFile(file); err == nil && len(data) < 4096 {
			f.Add(data)
		}
	}
	lim := descriptor.Limits{FileBytes: 1 << 16, Documents: 50, Depth: 32, Values: 5_000}
	f.Fuzz(func(t *testing.T, data []byte) {
		chunks, err := descriptor.Split("a.yaml", data, lim)
		if err != nil {
			return
		}
		for _, c := range chunks {
			v, err := descriptor.Parse("a.yaml", c, lim)
			if err != nil {
				if p := (descriptor.Problem{}); !errors.As(err, &p) || p.Reason == "" {
					t.Fatalf("%T %v is no Problem", err, err)
				}
				continue
			}
			out := v.AppendJSON(nil)
			again, err := descriptor.ParseJSON(out, lim.Depth)
			if err != nil {
				t.Fatalf("%s is not JSON that can be read back: %v", out, err)
			}
			if second := again.AppendJSON(nil); string(second) != string(out) {
				t.Fatalf("written %s, read back and written %s", out, second)
			}
			_, _ = descriptor.Identify("a.yaml", &v)
			_ = descriptor.CheckEnvelope("a.yaml", &v)
			_ = descriptor.ResolvePlaceholders("a.yaml", &v, lim, func(string) ([]byte, error) { return data, nil })
		}
	})
}

// corpusDir is the folder of real descriptors; tests that need it skip
// without it.
func corpusDir() string {
	if dir := os.Getenv("CALLBOARD_CORPUS"); dir != "" {
		return dir
	}
	return filepath.Join("..", "..", "..", "..", "..", "shared", "corpus")
}

// Two letters that fold to the same, or lose their dot, are two letters: in
// small objects and in large ones, which are compared in another way.
func TestKeysOfOtherLettersAreOtherKeys(t *testing.T) {
	for _, keys := range [][2]string{{"s", "ſ"}, {"i", "İ"}, {"ss", "ß"}} {
		for _, more := range []int{0, 40} {
			text := fmt.Sprintf("a:\n  %s: 1\n  %s: 2\n", keys[0], keys[1])
			for i := range more {
				text += fmt.Sprintf("  x%d: 3\n", i)
			}
			if _, err := read(t, text, descriptor.DefaultLimits()); err != nil {
				t.Errorf("%q beside %d others: %v", keys, more, err)
			}
		}
	}
}
