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

// counter is a Publisher that only counts.
type counter struct{ entities int }

func (c *counter) Publish(u catalog.Update) { c.entities += len(u.Upsert) }

// BenchmarkFirstLoad reads, processes, stitches and writes a catalog of
// 10,000 entities from files into an empty store.
func BenchmarkFirstLoad(b *testing.B) {
	for _, backend := range []string{"memory", "sqlite"} {
		b.Run(backend, func(b *testing.B) {
			config := benchConfig(b)
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
			config := benchConfig(b)
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

func benchConfig(b *testing.B) ingest.Config {
	b.Helper()
	paths, err := catalogbench.Write(b.TempDir(), catalogbench.Generate(catalogbench.Config{Entities: benchEntities, Seed: 42}))
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

// BenchmarkOneChange edits one file of 500 documents out of 10,000: one
// document differs.
func BenchmarkOneChange(b *testing.B) {
	config := benchConfig(b)
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
