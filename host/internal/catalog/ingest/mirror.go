package ingest

import (
	"context"
	"fmt"
	"strings"

	"github.com/callboard/callboard/host/internal/catalog/descriptor"
	"github.com/callboard/callboard/host/internal/catalog/model"
	"github.com/callboard/callboard/sdk/rawjson"
)

// reflect has the entities stitched anew that copy fields of those that were
// processed or are gone. Those stand one relation away and copy no copies, so
// that it ends there.
func (p *plan) reflect(m *model.Model) {
	p.model = m
	mark := func(ref, kind string) {
		if !m.Mirrors(kind) {
			return
		}
		for _, e := range p.state.edges[ref] {
			if n := p.state.nodes[e.target]; n != nil && len(m.Mirrored(n.kind)) > 0 {
				p.restitch[e.target] = true
			}
		}
	}
	for ref := range p.parts {
		if n := p.state.nodes[ref]; n != nil {
			mark(ref, n.kind)
		}
	}
	for _, ref := range p.deleted {
		kind, _, _ := strings.Cut(ref, ":")
		mark(ref, kind)
	}
}

// mirrors are the bodies of entities that others copy from.
type mirrors map[string][]byte

// looking returns the bodies that the entities of a batch copy from: as they
// were processed in this pass, or else as they are stored.
func (e *Engine) looking(ctx context.Context, p *plan, refs []string) (mirrors, error) {
	var found mirrors
	var absent []string
	for _, ref := range refs {
		for _, f := range p.model.Mirrored(p.state.nodes[ref].kind) {
			for _, target := range p.state.led(ref, f) {
				if _, known := found[target]; known {
					continue
				}
				if found == nil {
					found = mirrors{}
				}
				found[target] = nil
				if b, ok := p.parts[target]; ok {
					found[target] = b.body("", "", false)
				} else {
					absent = append(absent, target)
				}
			}
		}
	}
	if len(absent) == 0 {
		return found, nil
	}
	rows, err := e.config.Store.GetEntities(ctx, absent)
	if err != nil {
		return nil, fmt.Errorf("reading the entities that others mirror: %w", err)
	}
	for i := range rows {
		found[rows[i].Ref] = rows[i].Body
	}
	return found, nil
}

// led returns the entities that a relation leads to, in the order of refs.
func (s *state) led(ref string, f model.Mirrored) []string {
	var out []string
	for _, r := range s.relations(ref) {
		n := s.nodes[r.TargetRef]
		if r.Type == f.Relation && n != nil && (f.Kind == "" || strings.EqualFold(n.kind, f.Kind)) {
			out = append(out, r.TargetRef)
		}
	}
	return out
}

// mirror puts the copies into a body, and takes out those that nothing has any more.
func (p *plan) mirror(ref string, body parts, from mirrors) (parts, error) {
	fields := p.model.Mirrored(p.state.nodes[ref].kind)
	if len(fields) == 0 {
		return body, nil
	}
	// The tail closes metadata and goes on with the rest of the entity.
	rest, err := descriptor.ParseJSON([]byte("{"+strings.TrimPrefix(string(body.tail[1:]), ",")), descriptor.DefaultLimits().Depth)
	if err != nil {
		return body, fmt.Errorf("reading the body of %s: %w", ref, err)
	}
	for _, f := range fields {
		model.Put(&rest, f.Field, p.copied(ref, f, from))
	}
	text := rest.AppendJSON(nil)
	body.tail = []byte("}")
	if len(rest.Members) > 0 {
		body.tail = append(body.tail, ',')
	}
	body.tail = append(body.tail, text[1:]...)
	return body, nil
}

// copied is the value of the first entity that has one.
func (p *plan) copied(ref string, f model.Mirrored, from mirrors) *descriptor.Value {
	for _, target := range p.state.led(ref, f) {
		raw, ok := rawjson.Get(from[target], model.Steps(f.From)...)
		if !ok || len(raw) > model.MaxMirrored || string(raw) == "null" {
			continue
		}
		if v, err := descriptor.ParseJSON(raw, descriptor.DefaultLimits().Depth); err == nil {
			return &v
		}
	}
	return nil
}
