package ingest_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/catalog/catalogbench"
	"github.com/callboard/callboard/host/internal/catalog/descriptor"
	"github.com/callboard/callboard/host/internal/catalog/ingest"
	"github.com/callboard/callboard/host/internal/catalog/model"
	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/host/internal/store/sqlite"
	"github.com/callboard/callboard/sdk/entity"
)

const benchEntities = 10_000

// counter is a Publisher that only counts, and remembers one entity.
type counter struct {
	entities int
	ref      string
}

func (c *counter) Publish(u catalog.Update) {
	if c.entities += len(u.Upsert); len(u.Upsert) > 0 {
		c.ref = u.Upsert[0].Ref
	}
}

// BenchmarkFirstLoad reads, processes, stitches and writes a catalog of
// 10,000 entities from files into an empty store.
func BenchmarkFirstLoad(b *testing.B) {
	for _, backend := range []string{"memory", "sqlite"} {
		b.Run(backend, func(b *testing.B) {
			config := benchConfig(b, benchEntities)
			for b.Loop() {
				config.Store = benchStore(b, backend)
				load(b, config, benchEntities)
			}
		})
	}
}

// BenchmarkSecondStart publishes a stored catalog of 10,000 entities.
func BenchmarkSecondStart(b *testing.B) {
	for _, backend := range []string{"memory", "sqlite"} {
		b.Run(backend, func(b *testing.B) {
			config := benchConfig(b, benchEntities)
			config.Store = benchStore(b, backend)
			load(b, config, benchEntities)
			for b.Loop() {
				load(b, config, benchEntities)
			}
		})
	}
}

// load starts an engine, checks what it published and reports its stages.
func load(b *testing.B, config ingest.Config, least int) {
	b.Helper()
	published := &counter{}
	config.Publisher = published
	e := ingest.New(config)
	started := time.Now()
	if err := e.Start(context.Background()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(time.Since(started).Milliseconds()), "ms-ready")
	s := e.Stats()
	if published.entities < least || s.Problems > 0 {
		b.Fatalf("published %d entities with problems %v", published.entities, e.Problems())
	}
	if s.Passes > 0 {
		b.ReportMetric(float64(s.Walk.Milliseconds()), "ms-walk")
		b.ReportMetric(float64(s.Write.Milliseconds()), "ms-write")
	}
	if err := e.Close(); err != nil {
		b.Fatal(err)
	}
}

func benchConfig(b *testing.B, entities int) ingest.Config {
	b.Helper()
	paths, err := catalogbench.Write(b.TempDir(), catalogbench.Generate(catalogbench.Config{Entities: entities, Seed: 42}))
	if err != nil {
		b.Fatal(err)
	}
	c := ingest.Config{Model: kinds(b), Reader: source.New(source.Config{}), Rules: everything}
	for _, p := range paths {
		c.Locations = append(c.Locations, ingest.Location{Type: source.File, Target: p})
	}
	return c
}

func benchStore(b *testing.B, backend string) ingest.Store {
	b.Helper()
	if backend == "memory" {
		return newMemory()
	}
	s, err := sqlite.Open(context.Background(), sqlite.Config{Path: filepath.Join(b.TempDir(), "callboard.db")})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s
}

// BenchmarkStages measures what a document goes through, 10,000 of them on
// one goroutine.
func BenchmarkStages(b *testing.B) {
	lim := descriptor.DefaultLimits()
	files := catalogbench.Generate(catalogbench.Config{Entities: benchEntities, Seed: 42})
	m := kinds(b)
	var chunks []descriptor.Chunk
	split := func() {
		chunks = chunks[:0]
		for _, f := range files {
			found, err := descriptor.Split(f.Name, f.Content, lim)
			if err != nil {
				b.Fatal(err)
			}
			chunks = append(chunks, found...)
		}
	}
	split()
	values := make([]descriptor.Value, len(chunks))
	refs := make([]entity.Ref, len(chunks))
	decls := make([]*model.Declaration, len(chunks))
	stage := func(name string, do func(i int) error) {
		each := func() {
			for i := range chunks {
				if err := do(i); err != nil {
					b.Fatal(err)
				}
			}
		}
		each()
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				each()
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms")
		})
	}
	b.Run("split", func(b *testing.B) {
		for b.Loop() {
			split()
		}
		b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms")
	})
	stage("digest", func(i int) error { _ = chunks[i].Digest(); return nil })
	stage("parse", func(i int) (err error) { values[i], err = descriptor.Parse("a", chunks[i], lim); return err })
	stage("envelope", func(i int) (err error) {
		if refs[i], err = descriptor.Identify("a", &values[i]); err != nil {
			return err
		}
		return descriptor.CheckEnvelope("a", &values[i])
	})
	stage("schema", func(i int) (err error) {
		if decls[i], err = m.Find("a", &values[i]); err != nil {
			return err
		}
		return decls[i].Validate("a", &values[i])
	})
	stage("relations", func(i int) error { _, err := decls[i].Relations("a", refs[i], &values[i]); return err })
	stage("json", func(i int) error { _ = values[i].AppendJSON(nil); return nil })
}

// BenchmarkOneChange edits one file of 500 documents: one document differs.
// What it costs is to be that of the file, whatever the size of the catalog.
func BenchmarkOneChange(b *testing.B) {
	for _, count := range []int{benchEntities, 10 * benchEntities} {
		b.Run(fmt.Sprint(count), func(b *testing.B) { benchOneChange(b, count) })
	}
}

func benchOneChange(b *testing.B, count int) {
	config := benchConfig(b, count)
	done := make(signal, 1)
	config.Store, config.Publisher, config.Log = benchStore(b, "sqlite"), &counter{}, slog.New(done)
	e := ingest.New(config)
	if err := e.Start(context.Background()); err != nil {
		b.Fatal(err)
	}
	<-done
	name := config.Locations[len(config.Locations)-1].Target
	text, err := os.ReadFile(name)
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		if err := os.WriteFile(name, fmt.Appendf(text[:len(text):len(text)], "# %d\n---\n%s", i, component(fmt.Sprintf("changes-%d", i), "")), 0o600); err != nil {
			b.Fatal(err)
		}
		e.RefreshLocation("file:" + name)
		<-done
	}
	s := e.Stats()
	b.ReportMetric(float64(s.Walk.Microseconds())/1000, "ms-walk")
	b.ReportMetric(float64(s.Write.Microseconds())/1000, "ms-write")
	if err := e.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkAncestry asks what leads to one entity of so many: the cost is that
// of the answer.
func BenchmarkAncestry(b *testing.B) {
	for _, count := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			config := benchConfig(b, count)
			published := &counter{}
			config.Store, config.Publisher = newMemory(), published
			e := ingest.New(config)
			if err := e.Start(context.Background()); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Ancestry(context.Background(), published.ref); err != nil {
					b.Fatal(err)
				}
			}
			if err := e.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// BenchmarkProvide changes one entity of a bucket that holds many, and waits
// until the catalog shows it.
func BenchmarkProvide(b *testing.B) {
	for _, count := range []int{benchEntities, 10 * benchEntities} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			db, err := sqlite.Open(b.Context(), sqlite.Config{Path: filepath.Join(b.TempDir(), "callboard.db")})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			e := ingest.New(ingest.Config{Store: db, Provided: db, Publisher: &counter{}, Model: kinds(b), Reader: newFiles(nil), Limits: ingest.Limits{Publishing: 1}})
			if err := e.Start(b.Context()); err != nil {
				b.Fatal(err)
			}
			defer func() { _ = e.Close() }()
			provide := func(documents [][]byte) {
				p := ingest.Provision{Owner: "ci", Bucket: "plugin:ci", Documents: documents}
				if out, err := e.Provide(b.Context(), p); err != nil || len(out.Problems) > 0 {
					b.Fatal(err, out.Problems)
				}
			}
			for from := range count / 10_000 {
				var documents [][]byte
				for i := range 10_000 {
					documents = append(documents, service(fmt.Sprintf("s%d", 10_000*from+i)))
				}
				provide(documents)
			}
			n := 0
			for b.Loop() {
				n++
				provide([][]byte{entityOf("Component", "s7", fmt.Sprintf(`"type":"service","lifecycle":"v%d","owner":"team-a"`, n))})
			}
		})
	}
}
