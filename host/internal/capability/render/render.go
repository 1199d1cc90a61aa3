// Package render is the capability to render text natively, on handles.
//
// Owns: render.markdown, yaml, json, validate, html, diff. Does not own: the rendering (host/internal/render).
// Flow: guest names bytes or a handle → Session → render → a new handle, or a small answer.
package render

import (
	"bytes"
	"context"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/render"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Deps is what the capability works with.
type Deps struct {
	Renderer *render.Renderer
	// YAML turns one YAML document into JSON within the host's limits. Fault: Invalid.
	YAML func(source []byte) ([]byte, error)
}

// New returns the table's row.
func New(d Deps) capability.Capability {
	return capability.Capability{
		ID: abi.CapRender, Harmless: true,
		Ops: map[uint32]capability.Operation{
			abi.RenderMarkdown: capability.Op("render.markdown/1", d.markdown),
			abi.RenderYAML:     capability.Op("render.yaml/1", transform("application/json; charset=utf-8", d.YAML)),
			abi.RenderHTML:     capability.Op("render.html/1", transform("text/html; charset=utf-8", d.Renderer.HTML)),
			abi.RenderJSON:     capability.Op("render.json/1", pick),
			abi.RenderValidate: capability.Op("render.validate/1", validate),
			abi.RenderDiff:     capability.Op("render.diff/1", diff),
		},
	}
}

func (d Deps) markdown(_ context.Context, c *capability.Call, q *contract.RenderRequest) (msgp.Marshaler, error) {
	source, err := text(c, q.Source)
	if err != nil {
		return nil, err
	}
	html, headings, err := d.Renderer.Markdown(source)
	if err != nil {
		return nil, err
	}
	answer, err := keep(c, html, "text/html; charset=utf-8")
	if err != nil {
		return nil, err
	}
	for _, h := range headings {
		answer.Headings = append(answer.Headings, contract.Heading{Level: h.Level, ID: h.ID, Text: h.Text})
	}
	return answer, nil
}

func transform(mediaType string, f func([]byte) ([]byte, error)) func(context.Context, *capability.Call, *contract.RenderRequest) (msgp.Marshaler, error) {
	return func(_ context.Context, c *capability.Call, q *contract.RenderRequest) (msgp.Marshaler, error) {
		source, err := text(c, q.Source)
		if err != nil {
			return nil, err
		}
		out, err := f(source)
		if err != nil {
			return nil, err
		}
		return keep(c, out, mediaType)
	}
}

func pick(_ context.Context, c *capability.Call, q *contract.RenderJSONRequest) (msgp.Marshaler, error) {
	source, err := text(c, q.Source)
	if err != nil {
		return nil, err
	}
	values, err := render.Pick(source, q.Paths)
	if err != nil {
		return nil, err
	}
	return &contract.RenderJSONAnswer{Values: values}, nil
}

func validate(_ context.Context, c *capability.Call, q *contract.RenderValidateRequest) (msgp.Marshaler, error) {
	source, err := text(c, q.Source)
	if err != nil {
		return nil, err
	}
	violations, err := render.Validate(q.Schema, source)
	if err != nil {
		return nil, err
	}
	answer := &contract.RenderValidateAnswer{}
	for _, v := range violations {
		answer.Violations = append(answer.Violations, contract.Violation{Path: v.Pointer, Message: v.Message})
	}
	return answer, nil
}

func diff(_ context.Context, c *capability.Call, q *contract.RenderDiffRequest) (msgp.Marshaler, error) {
	from, err := text(c, q.From)
	if err != nil {
		return nil, err
	}
	to, err := text(c, q.To)
	if err != nil {
		return nil, err
	}
	out, err := render.Diff(from, to)
	if err != nil {
		return nil, err
	}
	return keep(c, out, "text/x-diff; charset=utf-8")
}

// text returns the bytes of a source. A handle is read with the rights of the
// call, so that what a wider authority read cannot be laundered by rendering it.
func text(c *capability.Call, s contract.RenderSource) ([]byte, error) {
	if s.Handle == 0 {
		return s.Bytes, nil
	}
	size, _, err := c.Handles.Stat(s.Handle)
	if err != nil {
		return nil, err
	}
	if size > render.MaxSource {
		return nil, fault.New(fault.Invalid, "the text has %d bytes, at most %d can be rendered", size, render.MaxSource)
	}
	pieces, _, err := c.Handles.Content(s.Handle, c.Authority)
	if err != nil {
		return nil, err
	}
	return bytes.Join(pieces, nil), nil
}

func keep(c *capability.Call, out []byte, mediaType string) (*contract.RenderAnswer, error) {
	n, err := c.Handles.PutOwned(out, mediaType, c.Authority)
	if err != nil {
		return nil, err
	}
	return &contract.RenderAnswer{Handle: n, Size: uint64(len(out))}, nil
}
