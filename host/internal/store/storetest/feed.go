package storetest

import (
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

func feedCases() []testCase {
	return []testCase{
		{"an empty catalog has revision 0 and no changes", func(t *testing.T, s store.Store, _ *Clock) {
			if r := must[uint64](t)(s.CatalogRevision(t.Context())); r != 0 {
				t.Errorf("revision = %d", r)
			}
			if feed := must[[]store.Change](t)(s.CatalogChanges(t.Context(), 0, 10)); len(feed) != 0 {
				t.Errorf("feed = %v", feed)
			}
		}},
		{"the revision grows by each batch and is what the rows carry", func(t *testing.T, s store.Store, _ *Clock) {
			apply(t, s, store.Batch{Upsert: []store.EntityRow{Entity("a"), Entity("b")}})
			apply(t, s, store.Batch{Upsert: []store.EntityRow{Entity("b")}})
			last := apply(t, s, store.Batch{Delete: []string{refA}})
			if last != 3 || must[uint64](t)(s.CatalogRevision(t.Context())) != 3 {
				t.Errorf("revision = %d, want 3", last)
			}
			if got := Load(t, s).Entities[refB].Revision; got != 2 {
				t.Errorf("b carries revision %d, want 2", got)
			}
		}},
		{"a batch that no reader sees leaves the revision", func(t *testing.T, s store.Store, _ *Clock) {
			want := apply(t, s, store.Batch{Upsert: []store.EntityRow{Entity("a")}})
			for name, b := range map[string]store.Batch{
				"sources":    {Sources: []store.SourceRow{{Location: "file:/a"}}},
				"drops":      {DropSources: []string{"file:/a"}},
				"references": {References: map[string][]string{"provider:config": {refA}}},
				"nothing":    {},
			} {
				if got := apply(t, s, b); got != want {
					t.Errorf("%s moved the revision to %d", name, got)
				}
			}
		}},
		{"the feed tells each ref's newest change, oldest first", func(t *testing.T, s store.Store, clock *Clock) {
			t0 := clock.Now()
			apply(t, s, store.Batch{Upsert: []store.EntityRow{Entity("a"), Entity("b"), Entity("c")}}) // 1
			clock.Turn(time.Second)
			apply(t, s, store.Batch{Delete: []string{refA, "component:default/absent"}}) // 2
			clock.Turn(time.Second)
			apply(t, s, store.Batch{Upsert: []store.EntityRow{Entity("b")}}) // 3
			want := []store.Change{
				{Revision: 1, Ref: "component:default/c", At: t0},
				{Revision: 2, Ref: refA, Deleted: true, At: t0.Add(time.Second)},
				{Revision: 3, Ref: refB, At: t0.Add(2 * time.Second)},
			}
			for after := range uint64(4) {
				got := must[[]store.Change](t)(s.CatalogChanges(t.Context(), after, 10))
				tail := want[min(int(after), 3):]
				if len(got) != len(tail) || len(tail) > 0 && !reflect.DeepEqual(got, tail) {
					t.Errorf("after %d: %v, want %v", after, got, tail)
				}
			}
			if got := must[[]store.Change](t)(s.CatalogChanges(t.Context(), 1<<64-1, 10)); len(got) != 0 {
				t.Errorf("after the end of time: %v", got)
			}
		}},
		{"a page of the feed never splits a revision", func(t *testing.T, s store.Store, _ *Clock) {
			apply(t, s, store.Batch{Upsert: entities("one", 1)})
			apply(t, s, store.Batch{Upsert: entities("five", 5)})
			apply(t, s, store.Batch{Upsert: entities("two", 2)})
			for limit, want := range map[int][]int{1: {1, 5, 2}, 2: {6, 2}, 3: {6, 2}, 6: {6, 2}, 7: {8}, 100: {8}} {
				var pages []int
				for after := uint64(0); ; {
					page := must[[]store.Change](t)(s.CatalogChanges(t.Context(), after, limit))
					if len(page) == 0 {
						break
					}
					pages = append(pages, len(page))
					after = page[len(page)-1].Revision
				}
				if !slices.Equal(pages, want) {
					t.Errorf("limit %d: pages of %v, want %v", limit, pages, want)
				}
			}
			_, err := s.CatalogChanges(t.Context(), 0, 0)
			wantFault(t, err, fault.Invalid)
		}},
		{"a revision never repeats, deletion of everything included", func(t *testing.T, s store.Store, _ *Clock) {
			var last uint64
			for range 3 {
				for _, b := range []store.Batch{{Upsert: []store.EntityRow{Entity("a")}}, {Delete: []string{refA}}} {
					revision := apply(t, s, b)
					if revision <= last {
						t.Fatalf("revision %d follows %d", revision, last)
					}
					last = revision
				}
			}
		}},
		{"concurrent writers get a revision each, and a follower misses nothing", concurrentWriters},
	}
}

// concurrentWriters runs a follower against writers: what it saw must be what
// is there, whichever commit became visible when.
func concurrentWriters(t *testing.T, s store.Store, _ *Clock) {
	const writers, batches = 6, 8
	var wg sync.WaitGroup
	revisions := make(chan uint64, writers*batches)
	for w := range writers {
		wg.Go(func() {
			for i := range batches {
				b := store.Batch{
					Upsert:     []store.EntityRow{Entity(fmt.Sprintf("w%d-%d", w, i)), sharedEntity(w, i)},
					Relations:  map[string][]store.RelationRow{refA: {{Source: refA, Type: fmt.Sprintf("w%d-%d", w, i), Target: refB}}},
					References: map[string][]string{"provider:config": {fmt.Sprint(w)}},
					Sources:    []store.SourceRow{{Location: "file:/b"}, {Location: "file:/a"}},
				}
				revision, err := s.ApplyCatalog(t.Context(), b)
				if err != nil {
					t.Errorf("writer %d: %v", w, err)
					return
				}
				revisions <- revision
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done); close(revisions) }()
	seen := map[string]uint64{}
	var after uint64
	follow := func() {
		start := after
		page, err := s.CatalogChanges(t.Context(), start, 5)
		if err != nil {
			t.Errorf("following: %v", err)
			return
		}
		for _, c := range page {
			if c.Revision <= start || c.Revision < after {
				t.Errorf("the feed went back from %d to %d", after, c.Revision)
			}
			seen[c.Ref], after = c.Revision, c.Revision
		}
	}
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
			follow()
		}
	}
	for last := after + 1; last != after; {
		last = after
		follow()
	}
	var all []uint64
	for r := range revisions {
		all = append(all, r)
	}
	slices.Sort(all)
	for i, r := range all {
		if r != uint64(i+1) {
			t.Fatalf("revisions %v are not 1 to %d", all, writers*batches)
		}
	}
	got := Load(t, s)
	if len(got.Entities) != writers*batches+1 {
		t.Errorf("%d entities, want %d", len(got.Entities), writers*batches+1)
	}
	for ref, e := range got.Entities {
		if seen[ref] != e.Revision {
			t.Errorf("the follower saw %q at %d, it is at %d", ref, seen[ref], e.Revision)
		}
	}
	// The last writer's entity and relation belong together: batches do not mix.
	if e := got.Entities["component:default/shared"]; len(got.Relations[refA]) != 1 || e.Digest != got.Relations[refA][0].Type {
		t.Errorf("the entity is of batch %q, the relations are %v", e.Digest, got.Relations[refA])
	}
}

func sharedEntity(w, i int) store.EntityRow {
	e := Entity("shared")
	e.Digest = fmt.Sprintf("w%d-%d", w, i)
	return e
}
