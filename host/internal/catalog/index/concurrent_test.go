package index_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/catalog/index"
)

// TestReadersSeeWholeRevisions rewrites fifty entities at once, again and again,
// among others that make segments merge. Each revision writes its number into
// all fifty: an answer that shows two numbers is half of two revisions.
func TestReadersSeeWholeRevisions(t *testing.T) {
	x := index.New(index.Config{})
	const marked, revisions = 50, 150
	update := func(revision int) catalog.Update {
		u := catalog.Update{Revision: uint64(revision)}
		for i := range marked {
			u.Upsert = append(u.Upsert, catalog.Entity{
				Ref: refOf(i), UID: uidOf(i),
				Body: fmt.Appendf(nil, `{"kind":"Marked","metadata":{"name":"e%d"},"spec":{"revision":%d}}`, i, revision),
			})
		}
		for i := range 40 {
			n := 1000 + (revision*37+i)%1500
			u.Upsert = append(u.Upsert, catalog.Entity{Ref: refOf(n), UID: uidOf(n), Body: []byte(`{"kind":"Other"}`)})
		}
		u.Delete = []string{refOf(1000 + revision*11%1500)}
		return u
	}
	x.Publish(update(0))
	var done atomic.Bool
	var wg sync.WaitGroup
	filter := catalog.Filter{{{Key: "kind", Values: []string{"marked"}}}}
	for reader := range 4 {
		wg.Go(func() {
			var before uint64
			for !done.Load() {
				if revision := x.Revision(); revision < before {
					t.Errorf("revision %d after %d", revision, before)
				} else {
					before = revision
				}
				facets, err := x.Facets(context.Background(), viewer, catalog.FacetQuery{Facets: []string{"spec.revision"}, Filter: filter})
				if err != nil {
					t.Error(err)
					return
				}
				if want := fmt.Sprintf(`{"spec.revision":[{"value":"%d","count":%d}]}`, facets.Revision, marked); text(facets.Body) != want {
					t.Errorf("facets at %d: %s", facets.Revision, text(facets.Body))
					return
				}
				page, err := x.Query(context.Background(), viewer, catalog.Query{
					Filter: filter, Limit: -1, Order: []catalog.Order{{Field: "spec.revision", Desc: reader%2 == 0}, {Field: "metadata.name"}},
				})
				if err != nil || page.TotalItems != marked || page.Count != marked {
					t.Errorf("page of %d of %d: %v", page.Count, page.TotalItems, err)
					return
				}
				one, err := x.Get(context.Background(), viewer, catalog.GetQuery{Ref: refOf(reader)})
				if err != nil || text(one.Body) != fmt.Sprintf(`{"kind":"Marked","metadata":{"name":"e%d"},"spec":{"revision":%d},"relations":[]}`, reader, one.Revision) {
					t.Errorf("at %d: %s %v", one.Revision, text(one.Body), err)
					return
				}
			}
		})
	}
	for revision := 1; revision <= revisions; revision++ {
		x.Publish(update(revision))
	}
	done.Store(true)
	wg.Wait()
	x.Close()
	if x.Revision() != revisions {
		t.Errorf("revision %d", x.Revision())
	}
}
