package descriptor

import (
	"bytes"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestWeightLeavesTextOut(t *testing.T) {
	text := strings.Repeat("    {\"a\": [1, 2], \"b\": {\"c\": \"d\"}}\n", 100)
	for _, tc := range []struct {
		name, text string
		most       int
	}{
		{"a block scalar", "apiVersion: v1\nspec:\n  definition: |\n" + text + "  x: y\n", 6},
		{"in a list", "spec:\n  - |\n" + text + "  - name: |-\n" + strings.ReplaceAll(text, "    ", "       "), 6},
		{"after lines as people write them", "---\n# it's {a comment}\nmetadata:\n  title: It's {fine}\n  tags: [a, b]\n  note: \"a: b\"\n  url: https://example.com/a?b\nspec:\n  definition: >\n" + text, 16},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := weight([]byte(tc.text)); got > tc.most {
				t.Errorf("%d, want at most %d", got, tc.most)
			}
		})
	}
}

// What weighs little must not become much, however it is written.
func FuzzWeight(f *testing.F) {
	for _, s := range []string{
		"a: |\n  b\nc: [d, e]\n", "- k: |\n  a: 1\n  b: 2\n", "a: \"x |\n  y\", z\n", "a: |9\n  b: 1\n", "? \n? \n", "- - - |\n  a\n  - b\n",
		"a: foo\n  b: |\n   - c\n   - d\n", "a: |\n      text\n   - b\n   - c\n", "[? ,? ,]", "{a,b,c}", "a: [x]\nb: {\n c: |\n  d,e,f,g,h}\n", "- |\n - a\n - b\n - c\n",
		"a: 'b' # |\n c\n", "--- |\n a\n b\n", "- a: |\n\n\n  b: c\n  d: e\n", ": \n: \n", "a: |\n\t- b\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4096 {
			return
		}
		chunks, err := Split("a.yaml", data, DefaultLimits())
		if err != nil {
			return
		}
		for _, c := range chunks {
			if n, w := parsed(c.Text), weight(c.Text); n > 3*w+4 {
				t.Fatalf("%q weighs %d and has %d values", c.Text, w, n)
			}
		}
	})
}

// parsed is how many values the library makes of a text; none when it panics,
// which is Parse's matter.
func parsed(text []byte) (n int) {
	defer func() { _ = recover() }()
	var doc yaml.Node
	if yaml.NewDecoder(bytes.NewReader(text)).Decode(&doc) == nil {
		n = nodes(&doc)
	}
	return n
}

func nodes(n *yaml.Node) int {
	total := 1
	for _, child := range n.Content {
		total += nodes(child)
	}
	return total
}
