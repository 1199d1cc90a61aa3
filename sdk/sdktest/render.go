package sdktest

import (
	"encoding/json"
	"fmt"
	"html"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/tinylib/msgp/msgp"
	"go.yaml.in/yaml/v3"
)

// The renderers here are small: enough to test what a plugin does with a
// result, not how the portal's pages look.

func (f *Fake) source(s contract.RenderSource) ([]byte, error) {
	if s.Handle == 0 {
		return s.Bytes, nil
	}
	h, err := f.handle(s.Handle)
	if err != nil {
		return nil, err
	}
	return h.content, nil
}

func (f *Fake) rendered(mediaType string, b []byte, headings ...contract.Heading) (msgp.Marshaler, error) {
	id, err := f.keep(&held{mediaType: mediaType, content: b})
	return &contract.RenderAnswer{Handle: id, Size: uint64(len(b)), Headings: headings}, err
}

// renderMarkdown knows headings and paragraphs; everything else is text.
func (f *Fake) renderMarkdown(q *contract.RenderRequest) (msgp.Marshaler, error) {
	src, err := f.source(q.Source)
	if err != nil {
		return nil, err
	}
	var out strings.Builder
	var headings []contract.Heading
	for block := range strings.SplitSeq(string(src), "\n") {
		block = strings.TrimSpace(block)
		text := strings.TrimLeft(block, "#")
		level := len(block) - len(text)
		switch text = strings.TrimSpace(text); {
		case text == "":
		case level >= 1 && level <= 6:
			id := strings.ReplaceAll(strings.ToLower(text), " ", "-")
			headings = append(headings, contract.Heading{Level: level, ID: id, Text: text})
			fmt.Fprintf(&out, "<h%d id=%q>%s</h%d>\n", level, id, html.EscapeString(text), level)
		default:
			fmt.Fprintf(&out, "<p>%s</p>\n", html.EscapeString(block))
		}
	}
	return f.rendered("text/html; charset=utf-8", []byte(out.String()), headings...)
}

func (f *Fake) renderYAML(q *contract.RenderRequest) (msgp.Marshaler, error) {
	src, err := f.source(q.Source)
	if err != nil {
		return nil, err
	}
	var v any
	if err := yaml.Unmarshal(src, &v); err != nil {
		return nil, sdk.Invalid("%v", err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, sdk.Invalid("the document has no JSON form: %v", err)
	}
	return f.rendered(jsonType, b)
}

var (
	dangerous = regexp.MustCompile(`(?is)<(script|style|iframe)\b.*?</(script|style|iframe)\s*>`)
	handlers  = regexp.MustCompile(`(?i)\s(on[a-z]+|style)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)`)
)

func (f *Fake) renderHTML(q *contract.RenderRequest) (msgp.Marshaler, error) {
	src, err := f.source(q.Source)
	if err != nil {
		return nil, err
	}
	return f.rendered("text/html; charset=utf-8", handlers.ReplaceAll(dangerous.ReplaceAll(src, nil), nil))
}

func (f *Fake) renderJSON(q *contract.RenderJSONRequest) (msgp.Marshaler, error) {
	src, err := f.source(q.Source)
	if err != nil {
		return nil, err
	}
	var root any
	if err := json.Unmarshal(src, &root); err != nil {
		return nil, sdk.Invalid("the source is not JSON: %v", err)
	}
	a := &contract.RenderJSONAnswer{Values: make([][]byte, len(q.Paths))}
	for i, path := range q.Paths {
		v := root
		for key := range strings.SplitSeq(path, ".") {
			object, _ := v.(map[string]any)
			v = object[key]
		}
		if v == nil {
			continue
		}
		if a.Values[i], err = json.Marshal(v); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (f *Fake) renderValidate(q *contract.RenderValidateRequest) (msgp.Marshaler, error) {
	src, err := f.source(q.Source)
	if err != nil {
		return nil, err
	}
	var schema, doc any
	if err := json.Unmarshal(q.Schema, &schema); err != nil {
		return nil, sdk.Invalid("the schema is not JSON: %v", err)
	}
	if err := json.Unmarshal(src, &doc); err != nil {
		return nil, sdk.Invalid("the source is not JSON: %v", err)
	}
	return &contract.RenderValidateAnswer{Violations: violations(schema, doc, "")}, nil
}

// violations knows type, required, properties, items, enum and minLength.
func violations(schema, doc any, path string) (out []contract.Violation) {
	s, _ := schema.(map[string]any)
	fail := func(at, format string, args ...any) {
		out = append(out, contract.Violation{Path: at, Message: fmt.Sprintf(format, args...)})
	}
	if want, ok := s["type"].(string); ok && typeOf(doc) != want && !(want == "number" && typeOf(doc) == "integer") {
		fail(path, "must be %s", want)
		return out
	}
	if enum := list(s["enum"]); enum != nil && !slices.ContainsFunc(enum, func(v any) bool { return reflect.DeepEqual(v, doc) }) {
		fail(path, "must be one of %v", enum)
	}
	switch doc := doc.(type) {
	case string:
		if n, ok := s["minLength"].(float64); ok && len([]rune(doc)) < int(n) {
			fail(path, "must have at least %v characters", n)
		}
	case []any:
		for i, item := range doc {
			out = append(out, violations(s["items"], item, fmt.Sprintf("%s/%d", path, i))...)
		}
	case map[string]any:
		for _, name := range list(s["required"]) {
			if _, ok := doc[fmt.Sprint(name)]; !ok {
				fail(path, "must have %q", name)
			}
		}
		properties, _ := s["properties"].(map[string]any)
		for name, value := range doc {
			out = append(out, violations(properties[name], value, path+"/"+name)...)
		}
	}
	return out
}

func typeOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64:
		if v == float64(int64(v)) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	default:
		return "object"
	}
}

// renderDiff writes one hunk: what the texts share at both ends, and what differs.
func (f *Fake) renderDiff(q *contract.RenderDiffRequest) (msgp.Marshaler, error) {
	from, err := f.source(q.From)
	if err != nil {
		return nil, err
	}
	to, err := f.source(q.To)
	if err != nil {
		return nil, err
	}
	if string(from) == string(to) {
		return f.rendered("text/x-diff; charset=utf-8", nil)
	}
	a, b := strings.Split(strings.TrimSuffix(string(from), "\n"), "\n"), strings.Split(strings.TrimSuffix(string(to), "\n"), "\n")
	start := 0
	for start < min(len(a), len(b)) && a[start] == b[start] {
		start++
	}
	end := 0
	for end < min(len(a), len(b))-start && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	var out strings.Builder
	fmt.Fprintf(&out, "--- from\n+++ to\n@@ -1,%d +1,%d @@\n", len(a), len(b))
	write := func(prefix string, lines []string) {
		for _, line := range lines {
			out.WriteString(prefix + line + "\n")
		}
	}
	write(" ", a[:start])
	write("-", a[start:len(a)-end])
	write("+", b[start:len(b)-end])
	write(" ", a[len(a)-end:])
	return f.rendered("text/x-diff; charset=utf-8", []byte(out.String()))
}
