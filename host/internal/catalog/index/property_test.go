package index_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/catalog/index"
	"github.com/callboard/callboard/host/internal/principal"
)

// chance makes random catalogs and questions from a small vocabulary, so that
// values collide, fold together and are missing often.
type chance struct{ *rand.Rand }

func newChance(seed uint64) chance { return chance{rand.New(rand.NewPCG(seed, 1))} }

func oneOf[T any](c chance, list ...T) T { return list[c.IntN(len(list))] }

func (c chance) word() string {
	return oneOf(c, "a", "A", "b", "B c", "Foo", "foo", "FOO", "fö", "FÖ", "", "true", "x.y", "日本", "ab", "abc", "ABCD", "q\"uote", "back\\slash", "new\nline", strings.Repeat("\n", 150), strings.Repeat("w", 199), strings.Repeat("L", 201), strings.Repeat("ö", 200), strings.Repeat("ö", 201), "\x00", "component:default/e1")
}

func (c chance) scalar() any {
	return oneOf[any](c, c.word(), c.word(), c.word(), c.word(), c.IntN(3), 1.5, true, false, nil)
}

func (c chance) value(depth int) any {
	switch n := c.IntN(10); {
	case n < 5 || depth > 3:
		return c.scalar()
	case n < 8:
		list := make([]any, c.IntN(4))
		for i := range list {
			list[i] = c.value(depth + 1)
		}
		return list
	default:
		object := map[string]any{}
		for range c.IntN(3) {
			object[oneOf(c, "k", "l", "m.n", "foo")] = c.value(depth + 1)
		}
		return object
	}
}

func refOf(i int) string { return fmt.Sprintf("component:default/e%d", i) }

func (c chance) entity(i, universe int) catalog.Entity {
	metadata := map[string]any{"name": fmt.Sprintf("E%d", i), "uid": uidOf(i), "etag": "x"}
	if c.IntN(3) > 0 {
		metadata["namespace"] = "default"
	}
	if c.IntN(2) == 0 {
		metadata["tags"] = []any{c.word(), c.word()}
	}
	body, err := json.Marshal(map[string]any{
		"kind": oneOf(c, "Component", "API", "component"), "metadata": metadata,
		"spec": map[string]any{"type": c.scalar(), "any": c.value(0), "list": []any{c.scalar(), c.scalar()}},
	})
	if err != nil {
		panic(err)
	}
	e := catalog.Entity{Ref: refOf(i), UID: uidOf(i), Kind: "Component", Namespace: "default", Name: fmt.Sprintf("E%d", i), Body: body}
	for range c.IntN(4) {
		incoming := c.IntN(2) == 0
		kind := "dependsOn"
		if incoming {
			kind = oneOf(c, "dependencyOf", "dependsOn")
		}
		e.Relations = append(e.Relations, catalog.Relation{Type: kind, TargetRef: refOf(c.IntN(universe)), Incoming: incoming})
	}
	e.Relations = tidy(e.Relations)
	if c.IntN(5) == 0 {
		e.Status = []byte(`[{"type":"t","level":"error","message":"m"}]`)
	}
	return e
}

// uidOf spreads uids so that their order is not that of names.
func uidOf(i int) string { return fmt.Sprintf("%08x-e%d", uint32(i)*2654435761, i) }

func (c chance) key() string {
	return oneOf(c, "kind", "metadata.name", "metadata.namespace", "metadata.uid", "metadata.tags", "metadata.tags.foo", "spec.type", "Spec.Type", "spec.any", "spec.any.k", "spec.any.foo", "spec.list", "spec.list.a", "relations.dependsOn", "relations.dependencyOf", "none")
}

func (c chance) target() string {
	return oneOf(c, c.word(), c.word(), "component", "default", "true", "E1", refOf(c.IntN(20)), refOf(c.IntN(20)))
}

func (c chance) filter() catalog.Filter {
	var f catalog.Filter
	for range c.IntN(3) {
		var terms []catalog.Term
		for range 1 + c.IntN(2) {
			t := catalog.Term{Key: c.key()}
			for range c.IntN(3) {
				t.Values = append(t.Values, c.target())
			}
			terms = append(terms, t)
		}
		f = append(f, terms)
	}
	return f
}

func (c chance) predicate(depth int) map[string]any {
	list := func() []any {
		out := []any{}
		for range c.IntN(3) {
			out = append(out, c.predicate(depth+1))
		}
		return out
	}
	switch n := c.IntN(10); {
	case depth < 3 && n < 2:
		return map[string]any{"$all": list()}
	case depth < 3 && n < 4:
		return map[string]any{"$any": list()}
	case depth < 3 && n < 5:
		return map[string]any{"$not": c.predicate(depth + 1)}
	}
	out := map[string]any{}
	for range c.IntN(3) {
		switch c.IntN(7) {
		case 0:
			out[c.key()] = map[string]any{"$exists": c.IntN(2) == 0}
		case 1:
			out[c.key()] = map[string]any{"$in": []any{c.target(), c.target(), true}}
		case 2:
			out[c.key()] = map[string]any{"$hasPrefix": oneOf(c, "", "f", "component:", "COMP", "日")}
		case 3:
			out[c.key()] = map[string]any{"$contains": c.target()}
		case 4:
			relation := map[string]any{"type": oneOf(c, "dependsOn", "DEPENDENCYOF")}
			switch c.IntN(3) {
			case 0:
				relation["targetRef"] = refOf(c.IntN(20))
			case 1:
				relation["targetRef"] = map[string]any{"$in": []any{refOf(c.IntN(20)), refOf(c.IntN(20))}}
			}
			out["relations"] = map[string]any{"$contains": relation}
		default:
			out[c.key()] = c.target()
		}
	}
	return out
}

func (c chance) query() catalog.Query {
	q := catalog.Query{Filter: c.filter(), Limit: 1 + c.IntN(7)}
	if c.IntN(2) == 0 {
		q.Predicate, _ = json.Marshal(c.predicate(0))
	}
	for range c.IntN(3) {
		q.Order = append(q.Order, catalog.Order{Field: c.key(), Desc: c.IntN(2) == 0})
	}
	if c.IntN(3) == 0 {
		q.FullTextTerm = oneOf(c, "o", "fo", " FOO ", "omp", "component:default/e1", "\x00", "ö", "ww")
		for range c.IntN(3) {
			q.FullTextFields = append(q.FullTextFields, c.key())
		}
	}
	return q
}

// some is a visibility that hides entities by number.
type some struct{ hides func(i int) bool }

func (s some) sees(ref string) bool {
	var i int
	_, _ = fmt.Sscanf(ref, "component:default/e%d", &i)
	return !s.hides(i)
}

func (s some) Scope(v principal.Viewer) *index.Scope {
	if v.Authority().Subject.Ref == "user:default/root" {
		return nil
	}
	return &index.Scope{Key: "some", See: func(p index.Part) index.Set {
		set := index.NewSet(p.Len())
		for id := range uint32(p.Len()) {
			if s.sees(p.Ref(id)) {
				set.Add(id)
			}
		}
		return set
	}}
}

var root = principal.ViewerOf(principal.Guest("user:default/root"))

// TestAnswersEqualANaiveCatalog publishes random changes and asks random
// questions; the index, an index built afresh and a naive evaluator agree, for
// a viewer who sees all and for one who does not.
func TestAnswersEqualANaiveCatalog(t *testing.T) {
	rounds := 40
	if testing.Short() {
		rounds = 10
	}
	for seed := range uint64(rounds) {
		c := newChance(seed)
		visibility := some{hides: func(i int) bool { return i%3 == 0 }}
		config := index.Config{Visibility: visibility, CursorKey: []byte("key")}
		x := index.New(config)
		universe := 20 + c.IntN(120)
		entities := map[string]catalog.Entity{}
		for revision := uint64(1); revision < 7; revision++ {
			u := catalog.Update{Revision: revision, Reset: c.IntN(8) == 0}
			if u.Reset {
				clear(entities)
			}
			for range c.IntN(universe) {
				e := c.entity(c.IntN(universe), universe)
				u.Upsert = append(u.Upsert, e)
				entities[e.Ref] = e
			}
			for range c.IntN(universe/4) + 1 {
				ref := refOf(c.IntN(universe))
				if !slices.ContainsFunc(u.Upsert, func(e catalog.Entity) bool { return e.Ref == ref }) {
					u.Delete = append(u.Delete, ref)
					delete(entities, ref)
				}
			}
			x.Publish(u)
			fresh := index.New(config)
			fresh.Publish(catalog.Update{Reset: true, Upsert: slices.Collect(maps.Values(entities)), Revision: revision})
			everything := naive{entities: entities, known: map[string][]naiveRow{}}
			limited := naive{entities: entities, known: map[string][]naiveRow{}, sees: visibility.sees}
			for range 12 {
				q := c.query()
				facets := catalog.FacetQuery{Facets: []string{c.key(), c.key()}, Filter: q.Filter, Predicate: q.Predicate}
				for _, who := range []struct {
					viewer principal.Viewer
					naive  naive
				}{{root, everything}, {viewer, limited}} {
					label := fmt.Sprintf("seed %d revision %d %s %+v %s", seed, revision, who.viewer.Authority().Subject.Ref, q, q.Predicate)
					want := who.naive.query(q)
					checkPages(t, label, x, who.viewer, q, want)
					got, err := x.Facets(context.Background(), who.viewer, facets)
					if err != nil {
						t.Fatal(label, err)
					}
					if got, want := decode[map[string][]map[string]any](t, got.Body), who.naive.facets(facets); !reflect.DeepEqual(got, want) {
						t.Fatalf("%s facets %v\n got %v\nwant %v", label, facets.Facets, got, want)
					}
					sameAnswers(t, label, x, fresh, who.viewer, q, facets)
				}
				if t.Failed() {
					return
				}
			}
			fresh.Close()
		}
		x.Close()
	}
}

// checkPages walks a query forward and back and compares it with the whole list.
func checkPages(t *testing.T, label string, x *index.Index, v principal.Viewer, q catalog.Query, want []string) {
	t.Helper()
	var pages [][]string
	var last catalog.Page
	var got []string
	for ask := q; ; {
		page, err := x.Query(context.Background(), v, ask)
		if err != nil {
			t.Fatal(label, err)
		}
		if page.TotalItems != len(want) {
			t.Fatalf("%s: %d items in all, want %d", label, page.TotalItems, len(want))
		}
		refs := refsOf(t, page)
		got, pages, last = append(got, refs...), append(pages, refs), page
		if page.NextCursor == "" {
			break
		}
		ask = catalog.Query{Cursor: page.NextCursor, Limit: q.Limit}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%s\n got %v\nwant %v", label, got, want)
	}
	for i := len(pages) - 2; i >= 0; i-- {
		page, err := x.Query(context.Background(), v, catalog.Query{Cursor: last.PrevCursor, Limit: q.Limit})
		if err != nil {
			t.Fatal(label, "back to page", i, err)
		}
		if refs := refsOf(t, page); !slices.Equal(refs, pages[i]) {
			t.Fatalf("%s back to page %d\n got %v\nwant %v", label, i, refs, pages[i])
		}
		last = page
	}
	if last.PrevCursor != "" {
		t.Fatalf("%s: the first page leads back", label)
	}
	q.Offset, q.Limit = 3, -1
	page, err := x.Query(context.Background(), v, q)
	if err != nil {
		t.Fatal(label, err)
	}
	if refs := refsOf(t, page); !slices.Equal(refs, want[min(3, len(want)):]) {
		t.Fatalf("%s from 3\n got %v\nwant %v", label, refs, want)
	}
}

func refsOf(t *testing.T, p catalog.Page) []string {
	t.Helper()
	refs := []string{}
	for _, e := range decode[[]struct{ Metadata struct{ Name string } }](t, p.Body) {
		refs = append(refs, "component:default/"+strings.ToLower(e.Metadata.Name))
	}
	if len(refs) != p.Count {
		t.Fatalf("the page says it has %d items and has %d", p.Count, len(refs))
	}
	return refs
}

// sameAnswers compares two indexes byte for byte.
func sameAnswers(t *testing.T, label string, a, b *index.Index, v principal.Viewer, q catalog.Query, f catalog.FacetQuery) {
	t.Helper()
	ask := func(x *index.Index) []string {
		page, err := x.Query(context.Background(), v, q)
		facets, err2 := x.Facets(context.Background(), v, f)
		refs, err3 := x.ByRefs(context.Background(), v, catalog.RefsQuery{Refs: []string{refOf(1), refOf(3), refOf(7), "nonsense"}, Filter: q.Filter})
		one, err4 := x.Get(context.Background(), v, catalog.GetQuery{Ref: refOf(2)})
		return []string{text(page.Body), page.NextCursor, text(facets.Body), text(refs.Body), text(one.Body), one.ETag, fmt.Sprint(err, err2, err3, err4)}
	}
	if got, want := ask(a), ask(b); !slices.Equal(got, want) {
		t.Fatalf("%s: an index of layers and one built afresh differ\n got %q\nwant %q", label, got, want)
	}
}
