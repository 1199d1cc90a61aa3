package ingest

import (
	"maps"
	"slices"
	"strings"
)

// A pass costs what has changed: it decides anew about the entities that a
// change concerns, and leaves the others as they are. Which these are follows
// from the sources that were read, came, went or are named by another location
// than before; from refs that several documents claim; and from entities that
// show a problem or are to.

// concern finds out what the pass is about and returns the documents that
// claim to be it, and their refs in the order of the walk.
func (w *walk) concern(roots []root) (claims map[string][]claim, refs []string) {
	w.about = w.changed(roots)
	for {
		claims, refs = w.claims()
		if w.about == nil || !w.widen(roots, claims) {
			return claims, refs
		}
	}
}

// concerns reports whether the pass decides about a ref.
func (w *walk) concerns(ref string) bool { return w.about == nil || w.about[ref] }

// changed returns the refs that something changed about, nil for all: the
// first pass over a state, another model, other roots, an entity that somebody
// asks to be removed.
func (w *walk) changed(roots []root) map[string]bool {
	s := w.state
	if s.settled != w.settledBy(roots) || len(w.scope.remove) > 0 {
		return nil
	}
	about := map[string]bool{}
	add := func(f *facts) {
		for i := range f.docs {
			about[f.docs[i].ref] = true
		}
	}
	for key, f := range s.sources {
		if w.visits[key] == nil {
			add(f)
		}
	}
	for _, v := range w.order {
		before := s.sources[v.facts.at.String()]
		switch {
		case before == nil:
			add(v.facts)
		case !v.seenAs(before):
			add(before)
			add(v.facts)
		case before != v.facts:
			if refs, ok := v.facts.touched(before); ok {
				for _, ref := range refs {
					about[ref] = true
				}
			} else {
				differing(before, v.facts, about)
			}
		}
	}
	for ref := range w.problems {
		about[ref] = true
	}
	maps.Copy(about, s.contested)
	maps.Copy(about, s.troubled)
	return about
}

// seenAs reports whether the walk came to the source as the last one did.
func (v *visit) seenAs(before *facts) bool {
	s := before.seen
	return s != nil && s.gone == v.gone() && slices.Equal(s.parents, v.parents) && before.origin == v.facts.origin && before.provider == v.facts.provider
}

// differing adds the refs of the documents that are not what they were.
func differing(before, after *facts, about map[string]bool) {
	was := make(map[string]*doc, len(before.docs))
	for i := range before.docs {
		was[before.docs[i].ref] = &before.docs[i]
	}
	for i := range after.docs {
		d := &after.docs[i]
		b := was[d.ref]
		if b == nil || b.digest != d.digest || b.parent != d.parent || d.out != nil || b.troubled() || d.troubled() {
			about[d.ref] = true
		}
		delete(was, d.ref)
	}
	for ref := range was {
		about[ref] = true
	}
}

// settledBy says what a state was settled for: the pipeline and the roots.
func (w *walk) settledBy(roots []root) string {
	var b strings.Builder
	b.WriteString(w.pipe.epoch)
	for i := range roots {
		b.WriteString("\x00" + roots[i].provider + " " + roots[i].at.String())
	}
	return b.String()
}

// claims collects the documents of what the pass is about.
func (w *walk) claims() (claims map[string][]claim, refs []string) {
	claims = map[string][]claim{}
	for _, v := range w.order {
		if v.gone() {
			continue
		}
		for i := range v.facts.docs {
			d := &v.facts.docs[i]
			if !w.concerns(d.ref) || d.problem != nil && d.problem.forbidden {
				continue // as if it were not there; its location says why
			}
			if n := w.state.nodes[d.ref]; d.stale && (n == nil || n.location != v.facts.at.String()) {
				continue // it was not in the catalog, and cannot come into it now
			}
			if len(claims[d.ref]) == 0 {
				refs = append(refs, d.ref)
			}
			claims[d.ref] = append(claims[d.ref], claim{v, d})
		}
	}
	return claims, refs
}

// widen adds the location entities that will be told of a conflict, and
// reports whether there are any that were not concerned.
func (w *walk) widen(roots []root, claims map[string][]claim) bool {
	before := len(w.about)
	tell := func(list []claim) {
		for _, c := range list {
			for _, parent := range c.visit.parents {
				w.about[parent] = true
			}
		}
	}
	for _, list := range claims {
		if len(list) > 1 {
			tell(list)
		}
	}
	for i := range roots {
		if !roots[i].bucket() {
			tell(claims[roots[i].ref])
		}
	}
	return len(w.about) > before
}

// settle notes what the state was brought up to date with, so that the next
// pass knows what is different.
func (s *state) settle(w *walk, roots []root) {
	s.settled = w.settledBy(roots)
	for _, v := range w.order {
		v.facts.base, v.facts.differ = nil, nil
		if f := v.facts; f.seen == nil || f.seen.gone != v.gone() || !slices.Equal(f.seen.parents, v.parents) {
			f.seen = &seen{parents: v.parents, gone: v.gone()}
		}
	}
	note := func(ref string) {
		if n := s.nodes[ref]; n != nil && (n.status != nil || n.orphan) {
			s.troubled[ref] = true
		} else {
			delete(s.troubled, ref)
		}
	}
	if w.about == nil {
		clear(s.troubled)
		for ref := range s.nodes {
			note(ref)
		}
		return
	}
	for ref := range w.about {
		note(ref)
	}
}

// seen is how the walk of the last pass came to a source.
type seen struct {
	parents []string
	gone    bool
}
