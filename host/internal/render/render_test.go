package render_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/render"
)

func TestMarkdown(t *testing.T) {
	r := render.New()
	html, headings, err := r.Markdown([]byte("# Paying *out*\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- [x] done\n\n```go\nx := 1\n```\n\n## Again\n## Again\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`<h1 id="paying-out">`, "<table>", `<code class="language-go">`, `type="checkbox"`} {
		if !strings.Contains(string(html), want) {
			t.Errorf("no %s in %s", want, html)
		}
	}
	if len(headings) != 3 || headings[0] != (render.Heading{Level: 1, ID: "paying-out", Text: "Paying out"}) || headings[1].ID == headings[2].ID {
		t.Errorf("headings %+v", headings)
	}
}

func TestForeignMarkupNeverBecomesScript(t *testing.T) {
	r := render.New()
	attacks := []string{
		`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `[a](javascript:alert(1))`, `<a href="JaVaScRiPt:alert(1)">x</a>`,
		`<svg/onload=alert(1)>`, `<iframe src="https://x.example"></iframe>`, `<style>*{display:none}</style>`, `<form action="https://x.example"><input name=p></form>`,
		`![x](data:text/html;base64,PHNjcmlwdD4=)`, `<base href="https://x.example">`, `<meta http-equiv=refresh content=0>`, `<div style="background:url(javascript:alert(1))">x</div>`,
		`<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>`, `<noscript><p title="</noscript><img src=x onerror=alert(1)>">`,
	}
	for _, a := range attacks {
		viaMarkdown, _, err := r.Markdown([]byte(a))
		if err != nil {
			t.Fatal(err)
		}
		viaHTML, err := r.HTML([]byte(a))
		if err != nil {
			t.Fatal(err)
		}
		for _, out := range []string{string(viaMarkdown), string(viaHTML)} {
			low := strings.ToLower(out)
			for _, bad := range []string{"<script", "<img src=x onerror", "href=\"javascript", "<svg", "<iframe", "<style", "<form", "<base", "<meta", "style=\"", "src=\"data:text"} {
				if strings.Contains(low, bad) {
					t.Errorf("%q became %q", a, out)
				}
			}
		}
	}
}

// A hostile text costs no more than its length; each of these took seconds or
// hundreds of megabytes without the bounds.
func TestTextsThatCostMoreThanTheirLength(t *testing.T) {
	r := render.New()
	wide := "|" + strings.Repeat("a|", 1500) + "\n|" + strings.Repeat("-|", 1500) + "\n" + strings.Repeat("|x|\n", 1000)
	for name, source := range map[string]string{
		"a wide table":              wide,
		"a wide table in a quote":   "> " + strings.ReplaceAll(strings.TrimSuffix(wide, "\n"), "\n", "\n> "),
		"nested quotes":             strings.Repeat(strings.Repeat("> ", 500)+"x\n", 20),
		"nested lists":              strings.Repeat("- ", 2000) + "x",
		"open brackets":             strings.Repeat("[a](", 10_000),
		"emphasis":                  strings.Repeat("*a_ ", 10_000),
		"emphasis over many lines":  strings.Repeat("*a_ *b_\n", 5_000),
		"emphasis in a heading":     "# " + strings.Repeat("*a_ ", 10_000),
		"emphasis in a setext":      strings.Repeat("*a_ *b_\n", 5_000) + "===\n",
		"emphasis in a list":        "- " + strings.Repeat("*a_ *b_\n  ", 5_000),
		"code spans without an end": strings.Repeat("`a``b", 5_000),
		"images":                    strings.Repeat("![", 10_000),
		"a long text":               strings.Repeat("word ", 60_000),
	} {
		t.Run(name, func(t *testing.T) {
			if html, _, err := r.Markdown([]byte(source)); !fault.Is(err, fault.Invalid) {
				t.Errorf("%d bytes became %d: %v", len(source), len(html), err)
			}
		})
	}
	for name, source := range map[string]string{
		"a long page":     strings.Repeat("A *paragraph* with [a link](https://example.org) and `code`.\n\n", 1500),
		"a long table":    "|a|b|c|\n|-|-|-|\n" + strings.Repeat("|1|2|3|\n", 5000),
		"code with marks": "```json\n" + strings.Repeat("[[\"_a_\"]]\n", 5000) + "```\n",
		"a drawn line":    strings.Repeat("-", 100) + " Title\n",
		"a rule":          strings.Repeat("-", 500) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := r.Markdown([]byte(source)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestPick(t *testing.T) {
	src := []byte(`{"metadata":{"name":"x","annotations":{"a.b/c":"v"}},"spec":{"tags":["one",{"k":1.50}]}}`)
	got, err := render.Pick(src, []string{"metadata.name", "metadata.annotations[a.b/c]", "spec.tags.1.k", "spec.tags.9", "nope.x"})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{`"x"`, `"v"`, `1.50`, "", ""} {
		if string(got[i]) != want {
			t.Errorf("path %d = %s, want %s", i, got[i], want)
		}
	}
	for _, bad := range []string{"", "a[b"} {
		if _, err := render.Pick(src, []string{bad}); !fault.Is(err, fault.Invalid) {
			t.Errorf("path %q: %v", bad, err)
		}
	}
	if _, err := render.Pick([]byte("{"), []string{"a"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("broken JSON: %v", err)
	}
}

func TestValidate(t *testing.T) {
	schema := []byte(`{"type":"object","required":["size"],"properties":{"size":{"type":"integer","minimum":1},"a/b":{"type":"string"}}}`)
	for _, tc := range []struct{ name, doc, pointer string }{
		{"valid", `{"size":2}`, ""},
		{"wrong type", `{"size":"2"}`, "/size"},
		{"escaped pointer", `{"size":2,"a/b":1}`, "/a~1b"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := render.Validate(schema, []byte(tc.doc))
			if err != nil {
				t.Fatal(err)
			}
			if tc.pointer == "" && len(got) != 0 || tc.pointer != "" && (len(got) != 1 || got[0].Pointer != tc.pointer || got[0].Message == "") {
				t.Errorf("violations %+v", got)
			}
		})
	}
	for name, remote := range map[string]string{"file": `{"$ref":"file:///etc/passwd"}`, "http": `{"$ref":"http://127.0.0.1/x"}`, "broken": `{`} {
		if _, err := render.Validate([]byte(remote), []byte(`{}`)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDiff(t *testing.T) {
	d, err := render.Diff([]byte("a\nb\n"), []byte("a\nc\n"))
	if err != nil || !strings.Contains(string(d), "-b\n+c\n") {
		t.Errorf("%s, %v", d, err)
	}
	if d, err := render.Diff([]byte("a"), []byte("a")); err != nil || len(d) != 0 {
		t.Errorf("equal texts differ: %s, %v", d, err)
	}
}

func FuzzMarkdown(f *testing.F) {
	f.Add([]byte("# x\n<script>"))
	r := render.New()
	f.Fuzz(func(t *testing.T, b []byte) {
		html, _, err := r.Markdown(b)
		if err == nil && strings.Contains(strings.ToLower(string(html)), "<script") {
			t.Errorf("%q → %q", b, html)
		}
	})
}

func FuzzPick(f *testing.F) {
	f.Add([]byte(`{"a":[1]}`), "a.0")
	f.Fuzz(func(t *testing.T, src []byte, path string) {
		got, err := render.Pick(src, []string{path})
		if err == nil && len(got[0]) > 0 && !json.Valid(got[0]) {
			t.Errorf("%q of %q is %q, not JSON", path, src, got[0])
		}
	})
}
