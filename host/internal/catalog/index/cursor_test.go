package index_test

import (
	"context"
	"slices"
	"testing"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/catalog/index"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
)

// TestPagesStayRightWhileTheCatalogChanges walks a list while entities before
// and behind the reader come, go and change: whoever stays is met once, in order.
func TestPagesStayRightWhileTheCatalogChanges(t *testing.T) {
	for _, order := range [][]catalog.Order{nil, {{Field: "spec.type"}}, {{Field: "metadata.name", Desc: true}}, {{Field: "kind", Desc: true}, {Field: "spec.type"}}} {
		c := newChance(11)
		x := index.New(index.Config{})
		stay := map[string]bool{}
		var first []catalog.Entity
		for i := range 120 {
			first = append(first, c.entity(i, 120))
			stay[refOf(i)] = i%2 == 0
		}
		x.Publish(catalog.Update{Reset: true, Upsert: first, Revision: 1})
		var met []string
		q := catalog.Query{Order: order, Limit: 7}
		for revision := uint64(2); ; revision++ {
			page, err := x.Query(context.Background(), viewer, q)
			if err != nil {
				t.Fatal(err)
			}
			met = append(met, refsOf(t, page)...)
			if page.NextCursor == "" {
				break
			}
			q = catalog.Query{Cursor: page.NextCursor, Limit: 7}
			// The odd ones go, among them the very one the cursor stands at; others come.
			u := catalog.Update{Revision: revision}
			for range 5 {
				odd := c.IntN(60)*2 + 1
				u.Delete = append(u.Delete, refOf(odd))
				u.Upsert = append(u.Upsert, c.entity(c.IntN(60)*2+121, 120))
			}
			if last := met[len(met)-1]; !stay[last] {
				u.Delete = append(u.Delete, last)
			}
			x.Publish(u)
		}
		var stayed []string
		seen := map[string]int{}
		for _, ref := range met {
			if stay[ref] {
				stayed = append(stayed, ref)
				seen[ref]++
			}
		}
		n := naive{entities: map[string]catalog.Entity{}, known: map[string][]naiveRow{}}
		for _, e := range first {
			if stay[e.Ref] {
				n.entities[e.Ref] = e
			}
		}
		if want := n.query(catalog.Query{Order: order}); !slices.Equal(stayed, want) {
			t.Errorf("%v\n met %v\nwant %v", order, stayed, want)
		}
		x.Close()
	}
}

func TestCursorIsSealed(t *testing.T) {
	x, _ := loaded(t, 100)
	page, err := x.Query(context.Background(), viewer, catalog.Query{Limit: 10})
	if err != nil || page.NextCursor == "" {
		t.Fatal("no cursor", err)
	}
	good := page.NextCursor
	if _, err := x.Query(context.Background(), viewer, catalog.Query{Cursor: good}); err != nil {
		t.Fatal(err)
	}
	other, _ := loaded(t, 100) // a key of its own
	changed := []byte(good)
	changed[20] ^= 1
	for name, ask := range map[string]struct {
		x      *index.Index
		viewer principal.Viewer
		cursor string
	}{
		"another viewer's":       {x, principal.ViewerOf(principal.Guest("user:default/other")), good},
		"another installation's": {other, viewer, good},
		"changed":                {x, viewer, string(changed)},
		"cut short":              {x, viewer, good[:len(good)-4]},
		"no base64":              {x, viewer, "!"},
		"bad":                    {x, viewer, "bad"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ask.x.Query(context.Background(), ask.viewer, catalog.Query{Cursor: ask.cursor})
			if !fault.Is(err, fault.Invalid) || fault.Message(err) != "malformed cursor" {
				t.Errorf("err = %v", err)
			}
		})
	}
}

// TestCursorHoldsTheQuery changes everything else that a request with a cursor says.
func TestCursorHoldsTheQuery(t *testing.T) {
	x, _ := loaded(t, 300)
	q := catalog.Query{
		Filter: componentFilter, Predicate: []byte(`{"spec.type":"service"}`), Limit: 5,
		Order: []catalog.Order{{Field: "metadata.name", Desc: true}}, FullTextTerm: "a", FullTextFields: []string{"metadata.title"},
	}
	all := q
	all.Limit = -1
	whole, err := x.Query(context.Background(), viewer, all)
	if err != nil || whole.Count < 12 {
		t.Fatal("too few", whole.Count, err)
	}
	first, err := x.Query(context.Background(), viewer, q)
	if err != nil {
		t.Fatal(err)
	}
	second, err := x.Query(context.Background(), viewer, catalog.Query{
		Cursor: first.NextCursor, Limit: 7, Offset: 3,
		Filter: catalog.Filter{{{Key: "kind", Values: []string{"user"}}}}, Order: []catalog.Order{{Field: "kind"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	type named struct{ Metadata struct{ Name string } }
	want := decode[[]named](t, whole.Body)[5:12]
	if got := decode[[]named](t, second.Body); !slices.Equal(got, want) || second.TotalItems != whole.TotalItems {
		t.Errorf("got %v of %d\nwant %v of %d", got, second.TotalItems, want, whole.TotalItems)
	}
}
