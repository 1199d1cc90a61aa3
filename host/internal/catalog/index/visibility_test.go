package index_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/catalog/index"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
)

// TestHiddenAnswersAsAbsent compares what a limited viewer reads with what a
// viewer without limits reads from a catalog that never had the hidden
// entities: the answers are the same bytes, whatever is asked.
func TestHiddenAnswersAsAbsent(t *testing.T) {
	visibility := some{hides: func(i int) bool { return i%3 == 0 }}
	for seed := range uint64(10) {
		c := newChance(1000 + seed)
		const universe = 90
		all, open := index.New(index.Config{Visibility: visibility}), index.New(index.Config{})
		present := map[string]bool{}
		var entities, visible []catalog.Entity
		for i := range universe {
			if c.IntN(5) > 0 {
				e := c.entity(i, universe)
				entities, present[e.Ref] = append(entities, e), true
			}
		}
		for _, e := range entities {
			if !visibility.sees(e.Ref) {
				continue
			}
			e.Relations = slices.DeleteFunc(slices.Clone(e.Relations), func(r catalog.Relation) bool {
				return r.Incoming && (!visibility.sees(r.TargetRef) || !present[r.TargetRef])
			})
			visible = append(visible, e)
		}
		// Two layers, so that what decides lies in another segment than what it hides.
		all.Publish(catalog.Update{Reset: true, Upsert: entities[:len(entities)/2], Revision: 1})
		all.Publish(catalog.Update{Upsert: entities[len(entities)/2:], Revision: 2})
		open.Publish(catalog.Update{Reset: true, Upsert: visible, Revision: 2})
		for range 60 {
			q := c.query()
			q.Limit = -1
			q.Order = slices.DeleteFunc(q.Order, func(o catalog.Order) bool { return strings.HasPrefix(o.Field, "relations.") })
			if len(q.Order) == 0 && q.FullTextTerm != "" && len(q.FullTextFields) == 0 {
				q.FullTextFields = []string{"relations.dependencyOf"}
			}
			f := catalog.FacetQuery{Facets: []string{c.key(), "relations.dependencyOf", "kind"}, Filter: q.Filter, Predicate: q.Predicate}
			sameAnswers(t, fmt.Sprintf("seed %d %+v %s", seed, q, q.Predicate), all, open, viewer, q, f)
		}
		for i := range universe {
			sameGraphs(t, all, open, viewer, refOf(i), c)
			sameDrawings(t, all, open, viewer, refOf(i), c)
			for _, q := range []catalog.GetQuery{{Ref: refOf(i)}, {UID: uidOf(i)}, {Ref: refOf(i), Fields: []string{"relations"}}} {
				got, gotErr := all.Get(context.Background(), viewer, q)
				want, wantErr := open.Get(context.Background(), viewer, q)
				if fmt.Sprint(gotErr) != fmt.Sprint(wantErr) || text(got.Body) != text(want.Body) || got.ETag != want.ETag {
					t.Fatalf("%+v: %v %s %s, want %v %s %s", q, gotErr, got.ETag, text(got.Body), wantErr, want.ETag, text(want.Body))
				}
			}
		}
	}
}

// TestVisibilityIsKeyed has two viewers with scopes of their own ask the same
// question in turn: what is remembered for one never answers the other.
func TestVisibilityIsKeyed(t *testing.T) {
	x := index.New(index.Config{Visibility: byParity{}})
	var entities []catalog.Entity
	c := newChance(3)
	for i := range 40 {
		entities = append(entities, c.entity(i, 40))
	}
	x.Publish(catalog.Update{Reset: true, Upsert: entities, Revision: 1})
	q := catalog.Query{Filter: catalog.Filter{{{Key: "metadata.name"}}}, Limit: -1}
	f := catalog.FacetQuery{Facets: []string{"metadata.name"}}
	answers := map[string]bool{}
	for range 2 {
		for _, name := range []string{"user:default/even", "user:default/odd"} {
			v := principal.ViewerOf(principal.Guest(name))
			page, err := x.Query(context.Background(), v, q)
			if err != nil || page.TotalItems != 20 || page.Count != 20 {
				t.Fatalf("%s sees %d of %d: %v", name, page.Count, page.TotalItems, err)
			}
			facets, err := x.Facets(context.Background(), v, f)
			if err != nil {
				t.Fatal(err)
			}
			answers[text(page.Body)], answers[text(facets.Body)] = true, true
		}
	}
	if len(answers) != 4 {
		t.Errorf("%d different answers, want a page and facets for each of two viewers", len(answers))
	}
}

type byParity struct{}

func (byParity) Scope(v principal.Viewer) *index.Scope {
	odd := strings.HasSuffix(v.Authority().Subject.Ref, "odd")
	s := some{hides: func(i int) bool { return i%2 == 1 != odd }}
	scope := s.Scope(viewer)
	scope.Key = v.Key()
	return scope
}

// TestScopeFailsClosed gives a set that is too short.
func TestScopeFailsClosed(t *testing.T) {
	x := index.New(index.Config{Visibility: blind{}})
	c := newChance(3)
	x.Publish(catalog.Update{Reset: true, Upsert: []catalog.Entity{c.entity(1, 2)}, Revision: 1})
	page, err := x.Query(context.Background(), viewer, catalog.Query{})
	if err != nil || page.TotalItems != 0 || page.Count != 0 {
		t.Errorf("a viewer without a set sees %d: %v", page.TotalItems, err)
	}
	if _, err := x.Get(context.Background(), viewer, catalog.GetQuery{Ref: refOf(1)}); !fault.Is(err, fault.NotFound) {
		t.Errorf("Get: %v", err)
	}
}

type blind struct{}

func (blind) Scope(principal.Viewer) *index.Scope {
	return &index.Scope{Key: "blind", See: func(index.Part) index.Set { return nil }}
}
