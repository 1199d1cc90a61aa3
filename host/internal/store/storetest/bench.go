package storetest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/store"
)

// The catalog of the performance budget.
const (
	benchEntities = 10_000
	benchBatch    = 1_000
)

// Bench measures a backend with 10,000 entities of about 2.4 kB and ten
// relations each. One operation of apply is all of them in batches of 1,000;
// one of load is all that a start reads.
func Bench(b *testing.B, open Open) {
	batches := BenchBatches()
	b.Run("apply", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			s := open(b, time.Now)
			b.StartTimer()
			for _, batch := range batches {
				apply(b, s, batch)
			}
			b.StopTimer()
			b.ReportMetric(float64(must[int64](b)(s.SizeBytes(b.Context())))/1e6, "MB")
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	})
	s := open(b, time.Now)
	for _, batch := range batches {
		apply(b, s, batch)
	}
	b.Run("reapply", func(b *testing.B) {
		for b.Loop() {
			for _, batch := range batches {
				apply(b, s, batch)
			}
		}
	})
	b.Run("apply one", func(b *testing.B) {
		one := store.Batch{Upsert: batches[3].Upsert[:1]}
		for b.Loop() {
			apply(b, s, one)
		}
	})
	b.Run("load", func(b *testing.B) {
		for b.Loop() {
			loadAll(b, s)
		}
	})
	b.Run("load entities", func(b *testing.B) {
		for b.Loop() {
			if n := loadEntities(b, s); n != benchEntities {
				b.Fatalf("%d entities", n)
			}
		}
	})
	b.Run("load relations", func(b *testing.B) {
		for b.Loop() {
			if n := loadRelations(b, s); n != 10*benchEntities {
				b.Fatalf("%d relations", n)
			}
		}
	})
	b.Run("kv put", func(b *testing.B) {
		w := []store.KVWrite{put("key", "value")}
		for b.Loop() {
			must[[]uint64](b)(s.KVApply(b.Context(), "p", noQuota, w))
		}
	})
	b.Run("kv get", func(b *testing.B) {
		for b.Loop() {
			must[store.KVRow](b)(s.KVGet(b.Context(), "p", "key"))
		}
	})
	b.ReportMetric(float64(must[int64](b)(s.SizeBytes(b.Context())))/1e6, "MB")
}

// BenchStart measures a second start: one operation opens the database that
// reopen opens, and loads 10,000 entities with their relations.
func BenchStart(b *testing.B, reopen func() store.Store) {
	s := reopen()
	for _, batch := range BenchBatches() {
		apply(b, s, batch)
	}
	for b.Loop() {
		b.StopTimer()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		s = reopen()
		loadAll(b, s)
	}
	b.ReportMetric(float64(must[int64](b)(s.SizeBytes(b.Context())))/1e6, "MB")
}

// loadAll loads entities and relations at once, as a start does.
func loadAll(b *testing.B, s store.Store) {
	relations := make(chan int, 1)
	go func() { relations <- loadRelations(b, s) }()
	if n, m := loadEntities(b, s), <-relations; n != benchEntities || m != 10*benchEntities {
		b.Errorf("%d entities and %d relations", n, m)
	}
}

func loadEntities(b *testing.B, s store.Store) int {
	n := 0
	if err := s.LoadEntities(b.Context(), func(store.EntityRow) error { n++; return nil }); err != nil {
		b.Error(err)
	}
	return n
}

func loadRelations(b *testing.B, s store.Store) int {
	n := 0
	if err := s.LoadRelations(b.Context(), func(store.RelationRow) error { n++; return nil }); err != nil {
		b.Error(err)
	}
	return n
}

// BenchBatches returns the catalog of the performance budget, the same each time.
func BenchBatches() []store.Batch {
	r := rand.New(rand.NewPCG(1, 2))
	var out []store.Batch
	for first := 0; first < benchEntities; first += benchBatch {
		b := store.Batch{Relations: map[string][]store.RelationRow{}, References: map[string][]string{}}
		for i := first; i < first+benchBatch; i++ {
			e := benchEntity(r, i)
			b.Upsert = append(b.Upsert, e)
			for k := range 5 {
				other := fmt.Sprintf("component:default/%s-%05d", words[r.IntN(len(words))], r.IntN(benchEntities))
				forth, back := [...]string{"ownedBy", "dependsOn", "providesApi", "consumesApi", "partOf"}[k], [...]string{"ownerOf", "dependencyOf", "apiProvidedBy", "apiConsumedBy", "hasPart"}[k]
				b.Relations[e.Ref] = append(b.Relations[e.Ref],
					store.RelationRow{Source: e.Ref, Type: forth, Target: other}, store.RelationRow{Source: other, Type: back, Target: e.Ref})
			}
			b.References["provider:config"] = append(b.References["provider:config"], e.Ref)
		}
		out = append(out, b)
	}
	return out
}

var words = [...]string{
	"account", "basket", "billing", "booking", "catalog", "checkout", "claim", "consent", "coupon", "customer", "delivery", "device",
	"event", "feed", "fraud", "gateway", "identity", "inventory", "invoice", "ledger", "loan", "loyalty", "metric", "order", "parcel",
	"payment", "policy", "pricing", "profile", "quote", "refund", "report", "review", "routing", "search", "session", "stock", "wallet",
}

func benchEntity(r *rand.Rand, i int) store.EntityRow {
	word := func() string { return words[r.IntN(len(words))] }
	name := fmt.Sprintf("%s-%05d", word(), i)
	prose := ""
	for len(prose) < 1000 {
		prose += word() + " " + word() + "s are " + word() + "ed; "
	}
	id := fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", r.Uint32(), r.IntN(1<<16), r.IntN(1<<12), r.IntN(1<<12), r.Uint64N(1<<48))
	etag := fmt.Sprintf("%016x%016x%08x", r.Uint64(), r.Uint64(), r.Uint32())
	location := fmt.Sprintf("file:/srv/catalog/%s/entities-%05d.yaml", word(), i/500)
	body, err := json.Marshal(map[string]any{
		"apiVersion": "backstage.io/v1alpha1", "kind": "Component",
		"metadata": map[string]any{
			"name": name, "namespace": "default", "uid": id, "etag": etag, "title": word() + " " + word(), "description": prose,
			"annotations": map[string]string{
				"backstage.io/managed-by-location": location, "backstage.io/managed-by-origin-location": location,
				"backstage.io/view-url": location, "backstage.io/source-location": "url:https://git.example.com/" + word() + "/" + name,
				"example.com/project-slug": word() + "/" + name, "example.com/dashboard": "https://dash.example.com/d/" + etag[:12],
				"example.com/pager-key": etag[8:40],
			},
			"labels": map[string]string{"tier": word(), "region": word(), "cost-center": fmt.Sprint(r.IntN(10000))},
			"tags":   []string{word(), word(), word()},
			"links": []map[string]string{
				{"url": "https://wiki.example.com/" + name, "title": "Wiki", "icon": "docs"},
				{"url": "https://runbooks.example.com/" + name, "title": "Runbook", "icon": "dashboard"},
			},
		},
		"spec": map[string]any{
			"type": "service", "lifecycle": "production", "owner": "group:default/team-" + word(), "system": word(),
			"dependsOn": []string{"component:default/" + word(), "resource:default/" + word()}, "providesApis": []string{word() + "-api"},
		},
	})
	if err != nil {
		panic(err) // strings and maps always encode
	}
	return store.EntityRow{
		Ref: "component:default/" + name, UID: id, Kind: "Component", Namespace: "default", Name: name, ETag: etag,
		Provider: "config", Location: location, Origin: "file:/srv/catalog/all.yaml", Digest: etag + etag[:24],
		Body: body, UpdatedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}
}
