package index

import (
	"github.com/callboard/callboard/host/internal/catalog"
	policies "github.com/callboard/callboard/host/internal/condition" // the index has conditions of its own
	"github.com/callboard/callboard/host/internal/principal"
)

// Visibility decides which entities a viewer may see. It is asked once per
// read; what it answers is applied to everything that the read says.
type Visibility interface {
	// Scope returns what v may see; nil is everything.
	Scope(v principal.Viewer) *Scope
}

// Scope is what a viewer may see.
type Scope struct {
	// Key identifies the scope: with equal keys See answers equally for the
	// same Part. It is part of every cache key, so it holds the revision of
	// the policy and every fact of the viewer that the policy read.
	Key string
	// See returns the visible ids of a part. It is called once per part and
	// key, may take its time, and sees entities no other way than one by one:
	// whether an entity is visible depends on that entity alone.
	See func(p Part) Set
}

// Part is an immutable piece of a snapshot, with dense ids 0 to Len-1.
type Part struct{ segment *segment }

// Len returns how many entities the part holds.
func (p Part) Len() int { return len(p.segment.docs) }

// Ref returns the canonical ref of an entity.
func (p Part) Ref(id uint32) string { return p.segment.docs[id].ref }

// Resource returns an entity as policies see it. It views the entity's bytes.
func (p Part) Resource(id uint32) policies.Resource {
	return p.segment.docs[id].resource()
}

func (d *document) resource() policies.Resource {
	return policies.NewResource(d.ref, d.full, func(add func(policies.Relation)) {
		d.relations(func(r relation) { add(policies.Relation{Type: r.kind, Target: r.target, Incoming: r.incoming}) })
	})
}

// Resource returns the entity with a canonical ref as policies see it, whoever
// may see it.
func (x *Index) Resource(ref string) (policies.Resource, bool) {
	p, id, found := view{snapshot: x.current.Load()}.find(ref)
	if !found {
		return policies.Resource{}, false
	}
	return p.docs[id].resource(), true
}

// everything is the visibility of a host without policy.
type everything struct{}

func (everything) Scope(principal.Viewer) *Scope { return nil }

// seen returns the ids of s that a scope sees.
func (s *segment) seen(scope *Scope) Set {
	key := bytesOf(scope.Key)
	if set, ok := s.visible.get(key); ok {
		return set
	}
	set := NewSet(len(s.docs))
	copy(set, scope.See(Part{s})) // a set that is too short sees less, never more
	set.trim(len(s.docs))
	s.visible.put(key, set)
	return set
}

// Sees returns which entities the viewer would see if they were in the
// catalog: for those that were in it once.
func (x *Index) Sees(v principal.Viewer, entities []catalog.Entity) map[string]bool {
	scope := x.visibility.Scope(v)
	out := make(map[string]bool, len(entities))
	if scope == nil {
		for i := range entities {
			out[entities[i].Ref] = true
		}
		return out
	}
	s := newSegment(join(lastOfEach(entities)), 1)
	seen := s.seen(scope)
	for ref, id := range s.byRef {
		out[ref] = seen.Has(id)
	}
	return out
}
