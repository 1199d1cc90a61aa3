package index

import (
	"github.com/callboard/callboard/host/internal/catalog"
)

// snapshot is everything at one revision: segments, oldest first, each with
// the ids that a later one replaced. It is immutable but for its memo.
type snapshot struct {
	revision uint64
	parts    []part
	facets   memo[catalog.Body]
	problems memo[[]trouble]
}

// part is a segment and what of it is no longer there.
type part struct {
	*segment
	dead  Set // nil = nothing
	alive int
}

const (
	keptFacets   = 128
	keptProblems = 16
)

func newSnapshot(revision uint64, parts []part) *snapshot {
	return &snapshot{revision: revision, parts: parts, facets: memo[catalog.Body]{limit: keptFacets}, problems: memo[[]trouble]{limit: keptProblems}}
}

func newPart(s *segment) part {
	return part{segment: s, dead: s.broken, alive: len(s.docs) - s.broken.Count()}
}

// gone reports whether id was replaced or deleted.
func (p *part) gone(id uint32) bool { return p.dead != nil && p.dead.Has(id) }

// find returns where the entity with a canonical ref is.
func (s *snapshot) find(ref string) (p *part, id uint32, ok bool) {
	for i := len(s.parts) - 1; i >= 0; i-- {
		p := &s.parts[i]
		if id, ok := p.byRef[ref]; ok && !p.gone(id) {
			return p, id, true
		}
	}
	return nil, 0, false
}

// findUID returns where the entity with a uid is.
func (s *snapshot) findUID(uid string) (p *part, id uint32, ok bool) {
	for i := len(s.parts) - 1; i >= 0; i-- {
		p := &s.parts[i]
		id, ok := p.byUID(uid)
		for ; ok && int(id) < len(p.docs) && p.docs[id].uid == uid; id++ {
			if !p.gone(id) {
				return p, id, true
			}
		}
	}
	return nil, 0, false
}

// view is a snapshot as one viewer sees it.
type view struct {
	*snapshot
	scope *Scope
}

// sees returns the function that tells which refs are visible; nil = all.
func (v view) sees() func(ref string) bool {
	if v.scope == nil {
		return nil
	}
	return func(ref string) bool {
		p, id, ok := v.find(ref)
		return ok && p.seen(v.scope).Has(id)
	}
}

// visible reports whether the viewer may see an entity.
func (v view) visible(p *part, id uint32) bool {
	return v.scope == nil || p.seen(v.scope).Has(id)
}

// body returns an entity's bytes for the viewer, cut and projected.
func (v view) body(p *part, id uint32, fields []string) []byte {
	d := &p.docs[id]
	body := d.full
	if v.scope != nil {
		body, _ = d.seenBy(v.sees())
	}
	if len(fields) > 0 {
		return project(body, fields)
	}
	return body
}
