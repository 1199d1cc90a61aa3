package sdk

import (
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Render turns text into other text on the host, ten times faster than in the
// plugin and without its bytes crossing when the source is a handle.
type Render struct{ call *call }

// Source is text to render.
type Source struct{ source contract.RenderSource }

// FromBytes renders text of the plugin.
func FromBytes(b []byte) Source { return Source{contract.RenderSource{Bytes: b}} }

// FromHandle renders what the host holds.
func FromHandle(h Handle) Source { return Source{contract.RenderSource{Handle: h.id}} }

// Heading is a heading of rendered markdown.
type Heading struct {
	Level int
	ID    string // its anchor
	Text  string
}

// Rendered is a result behind a handle; headings come from markdown only.
type Rendered struct {
	Handle
	Headings []Heading
}

// Violation is one way in which a document breaks its schema.
type Violation struct {
	Path    string // JSON pointer
	Message string
}

var (
	opRenderMarkdown = operation{abi.CapRender, abi.RenderMarkdown, "render.markdown/1"}
	opRenderYAML     = operation{abi.CapRender, abi.RenderYAML, "render.yaml/1"}
	opRenderJSON     = operation{abi.CapRender, abi.RenderJSON, "render.json/1"}
	opRenderValidate = operation{abi.CapRender, abi.RenderValidate, "render.validate/1"}
	opRenderHTML     = operation{abi.CapRender, abi.RenderHTML, "render.html/1"}
	opRenderDiff     = operation{abi.CapRender, abi.RenderDiff, "render.diff/1"}
)

func (r Render) render(op operation, src Source) (Rendered, error) {
	var a contract.RenderAnswer
	if err := r.call.do(op, &contract.RenderRequest{Source: src.source}, &a); err != nil {
		return Rendered{}, err
	}
	out := Rendered{Handle: Handle{call: r.call, id: a.Handle, size: a.Size}}
	for _, h := range a.Headings {
		out.Headings = append(out.Headings, Heading(h))
	}
	return out, nil
}

// Markdown renders markdown to sanitised HTML.
func (r Render) Markdown(src Source) (Rendered, error) { return r.render(opRenderMarkdown, src) }

// YAML turns one YAML document into JSON.
func (r Render) YAML(src Source) (Rendered, error) { return r.render(opRenderYAML, src) }

// HTML sanitises HTML.
func (r Render) HTML(src Source) (Rendered, error) { return r.render(opRenderHTML, src) }

// Pick returns the raw JSON at dotted paths of a JSON source, nil where absent.
func (r Render) Pick(src Source, paths ...string) ([][]byte, error) {
	var a contract.RenderJSONAnswer
	if err := r.call.do(opRenderJSON, &contract.RenderJSONRequest{Source: src.source, Paths: paths}, &a); err != nil {
		return nil, err
	}
	for i := range a.Values {
		if len(a.Values[i]) == 0 {
			a.Values[i] = nil
		}
	}
	return a.Values, nil
}

// Validate holds a JSON source to a JSON Schema; no violation means valid.
func (r Render) Validate(schema []byte, src Source) ([]Violation, error) {
	var a contract.RenderValidateAnswer
	if err := r.call.do(opRenderValidate, &contract.RenderValidateRequest{Schema: schema, Source: src.source}, &a); err != nil {
		return nil, err
	}
	var out []Violation
	for _, v := range a.Violations {
		out = append(out, Violation(v))
	}
	return out, nil
}

// Diff returns the unified diff of two texts.
func (r Render) Diff(from, to Source) (Rendered, error) {
	var a contract.RenderAnswer
	if err := r.call.do(opRenderDiff, &contract.RenderDiffRequest{From: from.source, To: to.source}, &a); err != nil {
		return Rendered{}, err
	}
	return Rendered{Handle: Handle{call: r.call, id: a.Handle, size: a.Size}}, nil
}
