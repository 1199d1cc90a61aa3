// Package storetest holds the promises of store.Store, one named case each, and
// the benchmarks that both backends share.
//
// Owns: the cases, the fake clock, the rows that cases are made of.
// Does not own: opening a database; a backend's test does that and calls Run.
// Flow: sqlite_test, postgres_test → Run → a fresh store per case.
package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

// Open returns an empty store that tells the time by clock, and closes it when
// the test ends.
type Open func(t testing.TB, clock func() time.Time) store.Store

// Run holds a backend to every promise of store.Store.
func Run(t *testing.T, open Open) {
	for _, group := range []struct {
		name  string
		cases []testCase
	}{
		{"catalog", catalogCases()},
		{"bytes", byteCases()},
		{"feed", feedCases()},
		{"history", historyCases()},
		{"kv", kvCases()},
		{"kv expiry", kvExpiryCases()},
		{"locations", locationCases()},
		{"deleted locations", deletedLocationCases()},
		{"sessions", sessionCases()},
		{"plugins", pluginCases()},
		{"blobs", blobCases()},
		{"provided and uses", providedCases()},
		{"events", eventCases()},
		{"schedules", scheduleCases()},
		{"tasks", taskCases()},
		{"keys", keyCases()},
		{"store", storeCases()},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, c := range group.cases {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel() // each has a store of its own
					clock := NewClock()
					c.run(t, open(t, clock.Now), clock)
				})
			}
		})
	}
}

type testCase struct {
	name string
	run  func(t *testing.T, s store.Store, clock *Clock)
}

// Clock is a clock that moves when told to.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that stands at a fixed moment with microseconds.
func NewClock() *Clock {
	return &Clock{now: time.Date(2026, 3, 4, 5, 6, 7, 123456000, time.UTC)}
}

// Now returns where the clock stands.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Turn moves the clock.
func (c *Clock) Turn(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Entity returns a row for component:default/<name>, whose uid follows from the name.
func Entity(name string) store.EntityRow {
	return store.EntityRow{
		Ref: "component:default/" + name, UID: "uid-of-" + name,
		Kind: "Component", Namespace: "default", Name: name, ETag: "etag-1",
		Provider: "config", Location: "file:/catalog/" + name + ".yaml", Origin: "file:/catalog/all.yaml", Digest: "sha256:1",
		Body:      []byte(`{"metadata":{"name":"` + name + `"}}`),
		UpdatedAt: time.Date(2026, 1, 2, 3, 4, 5, 678000, time.UTC),
	}
}

// entities returns rows for n names with a common prefix.
func entities(prefix string, n int) []store.EntityRow {
	out := make([]store.EntityRow, n)
	for i := range out {
		out[i] = Entity(fmt.Sprintf("%s-%03d", prefix, i))
	}
	return out
}

func apply(t testing.TB, s store.Store, b store.Batch) uint64 {
	t.Helper()
	revision, err := s.ApplyCatalog(t.Context(), b)
	if err != nil {
		t.Fatalf("ApplyCatalog: %v", err)
	}
	return revision
}

// wantFault fails unless err is a fault of the kind.
func wantFault(t testing.TB, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Fatalf("error is %v (%v), want a fault of kind %v", err, fault.KindOf(err), kind)
	}
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// State is everything that a catalog holds, by key.
type State struct {
	Entities   map[string]store.EntityRow
	Relations  map[string][]store.RelationRow // by declarer
	References map[string][]string
	Sources    map[string]store.SourceRow
}

// Load reads the whole catalog, and fails on a key that comes twice.
func Load(t testing.TB, s store.Store) State {
	t.Helper()
	got := State{map[string]store.EntityRow{}, map[string][]store.RelationRow{}, map[string][]string{}, map[string]store.SourceRow{}}
	for name, err := range map[string]error{
		"LoadEntities": s.LoadEntities(t.Context(), func(e store.EntityRow) error {
			if _, twice := got.Entities[e.Ref]; twice {
				t.Errorf("LoadEntities returned %q twice", e.Ref)
			}
			got.Entities[e.Ref] = e
			return nil
		}),
		"LoadRelations": s.LoadRelations(t.Context(), func(r store.RelationRow) error {
			got.Relations[r.DeclaredBy] = append(got.Relations[r.DeclaredBy], r)
			return nil
		}),
		"LoadReferences": s.LoadReferences(t.Context(), func(r store.Reference) error {
			got.References[r.Source] = append(got.References[r.Source], r.Target)
			return nil
		}),
		"LoadSources": s.LoadSources(t.Context(), func(r store.SourceRow) error {
			if _, twice := got.Sources[r.Location]; twice {
				t.Errorf("LoadSources returned %q twice", r.Location)
			}
			got.Sources[r.Location] = r
			return nil
		}),
	} {
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return got
}
