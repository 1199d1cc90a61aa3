package ingest

import (
	"fmt"
	"slices"

	"github.com/callboard/callboard/host/internal/catalog/descriptor"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
)

// wanted is an entity that the catalog should have.
type wanted struct {
	ref     string
	doc     *doc
	visit   *visit // nil for the entity of a root
	root    *root
	parents []string // refs of the entities that emit it
}

// claim is a document that says it is an entity.
type claim struct {
	visit *visit
	doc   *doc
}

// resolve decides which document speaks for each ref. It returns the wanted
// entities in the order of the walk, and what must be processed that was not:
// another document may speak for a ref than did before.
func (w *walk) resolve(roots []root) (out []*wanted, missing map[string]map[string]bool) {
	claims, refs := w.concern(roots)
	byRef := map[string]*wanted{}
	for i := range roots {
		r := &roots[i]
		if r.bucket() || !w.concerns(r.ref) {
			continue // nothing stands for it in the catalog, or nothing changed
		}
		if byRef[r.ref] != nil {
			continue // configured twice, or configured and registered
		}
		root := generatedEntity(r.at)
		d := &doc{ref: r.ref, kind: "Location", digest: "generated " + w.pipe.epoch, targets: targetsOf(&root)}
		if n := w.state.nodes[r.ref]; n == nil || n.digest != d.digest || n.provider != r.provider {
			d.out = &output{namespace: "default", name: generatedName(r.at), parts: assemble(&root, r.at, r.at, w.pipe.links(r.at))}
		}
		byRef[r.ref] = &wanted{ref: r.ref, doc: d, root: r}
		out = append(out, byRef[r.ref])
	}
	missing = map[string]map[string]bool{}
	for _, ref := range refs {
		if len(claims[ref]) > 1 || byRef[ref] != nil {
			w.state.contested[ref] = true
		} else {
			delete(w.state.contested, ref)
		}
		if first := byRef[ref]; first != nil {
			w.conflict(ref, first.root.at, 0, claims[ref])
			continue
		}
		won, lost := w.choose(ref, claims[ref])
		w.conflict(ref, won.visit.facts.at, won.doc.line, lost)
		if w.state.nodes[ref] == nil && won.doc.problem != nil {
			continue // refused, and there is no earlier version
		}
		key := won.visit.facts.at.String()
		if won.doc.problem == nil && won.doc.out == nil && !won.doc.stale && !w.state.current(won) {
			if missing[key] == nil {
				missing[key] = map[string]bool{}
			}
			missing[key][ref] = true
			if won.doc.parent != "" {
				missing[key][won.doc.parent] = true
			}
		}
		e := &wanted{ref: ref, doc: won.doc, visit: won.visit, parents: won.visit.parents}
		if won.doc.parent != "" {
			e.parents = []string{won.doc.parent}
		}
		byRef[ref] = e
		out = append(out, e)
	}
	return out, missing
}

// current reports whether the stored entity is the one that the claim makes.
func (s *state) current(c claim) bool {
	n := s.nodes[c.doc.ref]
	return n != nil && n.digest == c.doc.digest && n.location == c.visit.facts.at.String() && n.origin == c.visit.origin.String() && n.provider == c.visit.provider
}

// choose picks the document that speaks for a ref: the one that did before,
// else the first in the order of the walk that is in good order.
func (w *walk) choose(ref string, claims []claim) (won claim, lost []claim) {
	at := 0
	good := slices.IndexFunc(claims, func(c claim) bool { return c.doc.problem == nil })
	if good >= 0 {
		at = good
	}
	if n := w.state.nodes[ref]; n != nil {
		incumbent := slices.IndexFunc(claims, func(c claim) bool { return c.visit.facts.at.String() == n.location })
		if incumbent >= 0 {
			at = incumbent
		}
	}
	lost = slices.Delete(slices.Clone(claims), at, at+1)
	return claims[at], lost
}

// conflict tells those who named a document that another speaks for its ref.
func (w *walk) conflict(ref string, at source.Location, line int, lost []claim) {
	place := at.Target
	if line > 0 {
		place = fmt.Sprintf("%s:%d", place, line)
	}
	for _, c := range lost {
		p := problemOf(fault.Wrap(fault.Conflict, nil, descriptor.Problem{
			File: c.visit.facts.at.Target, Line: c.doc.line,
			Reason: fmt.Sprintf("%s is defined in %s already; this document is ignored", ref, place),
		}.Error()))
		c.visit.conflict = p
		for _, parent := range c.visit.parents {
			w.problems[parent] = append(w.problems[parent], *p)
		}
	}
}
