package ingest

import (
	"context"

	"github.com/callboard/callboard/host/internal/catalog/descriptor"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
)

// checkedDocument is what one document comes to by itself, before processors
// and other documents have a say.
type checkedDocument struct {
	ref       string
	line      int
	text      []byte // as JSON, with what was read for it
	body      []byte // as the catalog would show it, without uid and etag
	problem   *problem
	forbidden bool // it may not be in the catalog in any version
}

// current is the pipeline that the next pass works with.
func (e *Engine) current() *pipeline {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.next != nil {
		return e.next
	}
	return e.pipe
}

// check looks at documents as a pass would if they were read from a place, and
// stores nothing. allow decides about kinds; nil leaves it to the rules.
func (e *Engine) check(ctx context.Context, at source.Location, documents [][]byte, allow func(kind string) error) []checkedDocument {
	p := e.current()
	r := &reading{at: at, origin: at, provider: at.String()}
	r.chunks, r.found = make([]descriptor.Chunk, len(documents)), make([]found, len(documents))
	out := make([]checkedDocument, len(documents))
	seen := map[string]bool{}
	for i, text := range documents {
		if ctx.Err() != nil {
			out[i].problem = problemOf(fault.Wrap(fault.Timeout, ctx.Err(), "there was no time to look at it"))
			continue
		}
		one, err := descriptor.Split("the text", text, p.limits.Descriptor)
		switch {
		case err != nil:
			out[i].problem = problemOf(err)
			continue
		case len(one) != 1:
			out[i].problem = problemOf(fault.New(fault.Invalid, "the text holds %d descriptors, not one", len(one)))
			continue
		}
		r.chunks[i] = one[0]
		p.document(ctx, r, i)
		out[i] = p.checked(r, i)
		c := &out[i]
		switch {
		case c.problem != nil:
		case seen[c.ref]:
			c.problem = &problem{name: "ConflictError", message: c.ref + " is there twice; the first one counts"}
		case allow != nil:
			if err := allow(r.found[i].doc.kind); err != nil {
				c.problem, c.forbidden = problemOf(err), true
			}
		}
		seen[c.ref] = true
	}
	return out
}

// checked takes over what became of document i.
func (p *pipeline) checked(r *reading, i int) checkedDocument {
	f := &r.found[i]
	c := checkedDocument{ref: f.doc.ref, line: f.doc.line}
	switch {
	case f.bad != nil:
		c.problem = f.bad
	case f.empty:
		c.problem = &problem{name: "InputError", message: "the document is empty"}
	case f.doc.problem != nil:
		c.problem, c.forbidden = f.doc.problem, f.doc.problem.forbidden
	default:
		c.text = f.root.AppendJSON(nil)
		p.finish(r, f)
		if c.problem = f.doc.problem; c.problem == nil {
			parts := f.doc.out.parts
			c.body = append(append(c.body, parts.head...), parts.tail...)
		}
	}
	return c
}

func problemsOf(checked []checkedDocument) []DocumentProblem {
	var out []DocumentProblem
	for i, c := range checked {
		if c.problem != nil {
			out = append(out, DocumentProblem{Index: i, Line: c.line, Ref: c.ref, Name: c.problem.name, Message: c.problem.message, Warning: c.problem.warning})
		}
	}
	return out
}

// Validate looks at documents as if they were read from a place, "url:…", and
// stores nothing; an empty place lets every kind in. It reads nothing for
// them: placeholders are a problem. refs are those without one. Fault: Invalid
// (the place).
func (e *Engine) Validate(ctx context.Context, documents [][]byte, place string) (refs []string, problems []DocumentProblem, err error) {
	at, allow := previewOrigin(), func(string) error { return nil }
	if place != "" {
		if at, err = source.ParseLocation(place); err != nil {
			return nil, nil, err //nolint:wrapcheck // a fault with the message for the plugin
		}
		rules := e.current().rules
		origin := at
		at = previewOrigin()
		allow = func(kind string) error {
			if !rules.allow(kind, "", origin) {
				return fault.New(fault.Denied, "no rule allows kind %s from %s; see catalog.rules", kind, origin)
			}
			return nil
		}
	}
	checked := e.check(ctx, at, documents, allow)
	refs = []string{}
	for _, c := range checked {
		if c.problem == nil {
			refs = append(refs, c.ref)
		}
	}
	return refs, problemsOf(checked), nil
}

// previewOrigin is the place of what is only looked at. No bucket has its name.
func previewOrigin() source.Location { return source.Location{Type: Plugin, Target: ".preview"} }

// Previewed is what a location would bring.
type Previewed struct {
	EntityRef string   // of the Location entity that would stand for it
	Exists    bool     // it is registered or configured already
	Entities  [][]byte // as JSON, without uid and etag; of its own file, not of what that leads to
	Problems  []DocumentProblem
}

// Preview reads a location and stores nothing. Faults: Invalid (only URLs can
// be registered), and those of reading it.
func (e *Engine) Preview(ctx context.Context, kind, target string) (Previewed, error) {
	at, err := registrable(kind, target)
	if err != nil {
		return Previewed{}, err
	}
	out := Previewed{EntityRef: generatedRef(at)}
	roots, _, err := e.roots(ctx)
	if err != nil {
		return Previewed{}, err
	}
	for _, r := range roots {
		out.Exists = out.Exists || r.at == at
	}
	p := e.current()
	reading := &reading{at: at, origin: at, provider: providerRegistered}
	if p.read(ctx, reading); reading.after.failure != nil {
		return Previewed{}, reading.after.failure
	}
	for i := range reading.chunks {
		if err := ctx.Err(); err != nil {
			return Previewed{}, fault.Wrap(fault.Timeout, err, "the location could not be read in time")
		}
		p.document(ctx, reading, i)
		if reading.found[i].empty {
			continue
		}
		c := p.checked(reading, i)
		if c.problem != nil {
			out.Problems = append(out.Problems, DocumentProblem{Index: i, Line: c.line, Ref: c.ref, Name: c.problem.name, Message: c.problem.message})
			continue
		}
		out.Entities = append(out.Entities, c.body)
	}
	return out, nil
}
