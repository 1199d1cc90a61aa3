package ingest

import (
	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/catalog/model"
	"github.com/callboard/callboard/host/internal/store"
)

// adopt makes the state what another replica wrote, and returns what that
// means to readers. touched are refs beside them that show other relations
// now: a pass is written in several batches, so the two sides of a relation
// may come one after the other. Who refers to whom, and sources, it leaves.
func (s *state) adopt(d *store.Delta) (u catalog.Update, touched []string) {
	before := map[string][]model.Relation{}
	forget := func(ref string) *node {
		n := s.nodes[ref]
		if n != nil {
			before[ref] = n.declared
			s.disconnect(n, map[string]bool{})
			delete(s.nodes, ref)
		}
		return n
	}
	u.Revision, u.Delete = d.Revision, d.Deleted
	for _, ref := range d.Deleted {
		forget(ref)
	}
	told := make(map[string]bool, len(d.Entities))
	for i := range d.Entities {
		n := s.nodeOf(&d.Entities[i])
		if old := forget(n.ref); old != nil {
			n.children = old.children
		}
		s.nodes[n.ref], told[n.ref] = n, true
	}
	for _, r := range d.Relations {
		if n := s.nodes[r.DeclaredBy]; n != nil {
			n.declared = append(n.declared, model.Relation{Source: s.intern(r.Source), Type: s.intern(r.Type), Target: s.intern(r.Target)})
		}
	}
	for ref := range told {
		s.connect(s.nodes[ref])
	}
	changed := map[model.Relation]int{}
	for _, was := range before {
		for _, r := range was {
			changed[r]--
		}
	}
	for ref := range told {
		for _, r := range s.nodes[ref].declared {
			changed[r]++
		}
	}
	for r, n := range changed {
		if n != 0 && !told[r.Source] && s.nodes[r.Source] != nil {
			told[r.Source] = true
			touched = append(touched, r.Source)
		}
	}
	s.show(&u, d.Entities)
	return u, touched
}

// show adds entities to an update as they are stitched now.
func (s *state) show(u *catalog.Update, rows []store.EntityRow) {
	for i := range rows {
		u.Upsert = append(u.Upsert, entityOf(&rows[i], s.relations(rows[i].Ref)))
	}
}
