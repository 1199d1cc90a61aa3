package index_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/catalog/index"
	"github.com/callboard/callboard/host/internal/principal"
)

const benchCount = 10000

func loaded(tb testing.TB, count int) (*index.Index, []catalog.Entity) {
	entities := sample(count)
	x := index.New(index.Config{})
	x.Publish(catalog.Update{Reset: true, Upsert: entities, Revision: 1})
	tb.Cleanup(x.Close)
	return x, entities
}

// BenchmarkPublishAll indexes a whole catalog, as at start.
func BenchmarkPublishAll(b *testing.B) {
	for _, count := range []int{10000, 100000} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			entities := sample(count)
			bytes := 0
			for i := range entities {
				bytes += len(entities[i].Body)
			}
			b.ReportAllocs()
			for b.Loop() {
				x := index.New(index.Config{})
				x.Publish(catalog.Update{Reset: true, Upsert: entities, Revision: 1})
			}
			b.ReportMetric(float64(bytes)/float64(count), "body-B/entity")
		})
	}
}

// BenchmarkMemory reports the heap that an index holds, bodies included.
func BenchmarkMemory(b *testing.B) {
	for _, count := range []int{10000, 100000} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			for b.Loop() {
				x := index.New(index.Config{})
				x.Publish(catalog.Update{Reset: true, Upsert: sample(count), Revision: 1})
				heap := func() uint64 {
					runtime.GC()
					var m runtime.MemStats
					runtime.ReadMemStats(&m)
					return m.HeapAlloc
				}
				with := heap()
				weighed := x.Stats().Bytes
				x = nil
				without := heap()
				b.ReportMetric(float64(with-without)/float64(count), "heap-B/entity")
				b.ReportMetric(float64(weighed)/float64(count), "weighed-B/entity")
			}
		})
	}
}

func BenchmarkPublishOne(b *testing.B) {
	x, entities := loaded(b, benchCount)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		x.Publish(catalog.Update{Upsert: entities[i%len(entities) : i%len(entities)+1], Revision: uint64(i)})
	}
}

func BenchmarkGet(b *testing.B) {
	x, entities := loaded(b, benchCount)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		if _, err := x.Get(context.Background(), viewer, catalog.GetQuery{Ref: entities[i*7919%len(entities)].Ref}); err != nil {
			b.Fatal(err)
		}
	}
}

var componentFilter = catalog.Filter{{{Key: "kind", Values: []string{"component"}}}}

func benchQuery(b *testing.B, q func(i int) catalog.Query) {
	benchQueryOf(b, benchCount, q)
}

func benchQueryOf(b *testing.B, count int, q func(i int) catalog.Query) {
	x, _ := loaded(b, count)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		page, err := x.Query(context.Background(), viewer, q(i))
		if err != nil || page.Count == 0 {
			b.Fatal(page.Count, err)
		}
	}
}

func BenchmarkList(b *testing.B) {
	benchQuery(b, func(int) catalog.Query { return catalog.Query{Filter: componentFilter} })
}

func BenchmarkListOrdered(b *testing.B) {
	for _, count := range []int{10000, 100000} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			benchQueryOf(b, count, func(int) catalog.Query {
				return catalog.Query{Filter: componentFilter, Order: []catalog.Order{{Field: "metadata.name"}}}
			})
		})
	}
}

// BenchmarkListLayered lists while every hundredth entity has changed since
// the bulk was indexed.
func BenchmarkListLayered(b *testing.B) {
	x, entities := loaded(b, benchCount)
	for i := range 100 {
		x.Publish(catalog.Update{Upsert: entities[i*100 : i*100+1], Revision: uint64(i + 2)})
	}
	q := catalog.Query{Filter: componentFilter, Order: []catalog.Order{{Field: "metadata.name"}}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := x.Query(context.Background(), viewer, q); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkListRestricted lists for a viewer from whom a third is hidden.
func BenchmarkListRestricted(b *testing.B) {
	x := index.New(index.Config{Visibility: thirds{}})
	x.Publish(catalog.Update{Reset: true, Upsert: sample(benchCount), Revision: 1})
	q := catalog.Query{Filter: componentFilter, Order: []catalog.Order{{Field: "metadata.name"}}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := x.Query(context.Background(), viewer, q); err != nil {
			b.Fatal(err)
		}
	}
}

// thirds hides every third id of a part, whatever it is called.
type thirds struct{}

func (thirds) Scope(principal.Viewer) *index.Scope {
	return &index.Scope{Key: "third", See: func(p index.Part) index.Set {
		set := index.NewSet(p.Len())
		for id := range uint32(p.Len()) {
			if id%3 != 0 {
				set.Add(id)
			}
		}
		return set
	}}
}

func BenchmarkListProjected(b *testing.B) {
	benchQuery(b, func(int) catalog.Query {
		return catalog.Query{
			Filter: componentFilter, Order: []catalog.Order{{Field: "metadata.name"}},
			Fields: []string{"kind", "metadata.name", "metadata.annotations.backstage.io/managed-by-location", "spec.type"},
		}
	})
}

func BenchmarkFullText(b *testing.B) {
	query := func(term string) catalog.Query {
		return catalog.Query{
			Filter: componentFilter, Order: []catalog.Order{{Field: "metadata.name"}},
			FullTextTerm: term, FullTextFields: []string{"metadata.name", "metadata.title"},
		}
	}
	b.Run("remembered", func(b *testing.B) { benchQuery(b, func(int) catalog.Query { return query("checkout") }) })
	b.Run("new", func(b *testing.B) {
		benchQuery(b, func(i int) catalog.Query { return query(fmt.Sprintf("%03d", i%1000)) })
	})
}

func BenchmarkFacets(b *testing.B) {
	x, _ := loaded(b, benchCount)
	for _, bc := range []struct {
		name string
		q    func(i int) catalog.FacetQuery
	}{
		{"remembered", func(int) catalog.FacetQuery { return catalog.FacetQuery{Facets: []string{"spec.type"}} }},
		{"new filter", func(i int) catalog.FacetQuery {
			return catalog.FacetQuery{Facets: []string{"spec.type"}, Filter: catalog.Filter{
				{{Key: "kind", Values: []string{"component", fmt.Sprint(i)}}},
			}}
		}},
	} {
		b.Run(bc.name, func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				i++
				if _, err := x.Facets(context.Background(), viewer, bc.q(i)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkByRefs(b *testing.B) {
	x, entities := loaded(b, benchCount)
	refs := make([]string, 100)
	for i := range refs {
		refs[i] = entities[i*97].Ref
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := x.ByRefs(context.Background(), viewer, catalog.RefsQuery{Refs: refs}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkGraph draws the same neighbourhood sizes in small and large
// catalogs: what it costs is what is drawn.
func BenchmarkGraph(b *testing.B) {
	for _, count := range []int{1000, 10000, 100000} {
		x, entities := loaded(b, count)
		ask := func(name string, do func(ref string) (catalog.Document, error)) {
			b.Run(fmt.Sprintf("%s/%d", name, count), func(b *testing.B) {
				b.ReportAllocs()
				i, size := 0, int64(0)
				for b.Loop() {
					i++
					doc, err := do(entities[count/3+i*7919%(count/2)].Ref)
					if err != nil {
						b.Fatal(err)
					}
					size += doc.Body.Size()
				}
				b.ReportMetric(float64(size)/float64(i), "answer-B")
			})
		}
		for _, nodes := range []int{50, 500} {
			ask(fmt.Sprintf("nodes=%d", nodes), func(ref string) (catalog.Document, error) {
				return x.Graph(context.Background(), viewer, catalog.GraphQuery{
					Refs: []string{ref}, Relations: []string{"dependsOn"}, MaxDepth: 6, MaxNodes: nodes, FanOut: 20, Inverses: pairs,
				})
			})
		}
		ask("impact=100", func(ref string) (catalog.Document, error) {
			return x.Impact(context.Background(), viewer, catalog.ImpactQuery{Ref: ref, MaxNodes: 100, Inverses: pairs})
		})
	}
}
