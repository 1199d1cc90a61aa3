package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

func pruneCases() []testCase {
	return []testCase{
		{"old changes go in steps, and the floor tells how far", func(t *testing.T, s store.Store, clock *Clock) {
			start := clock.Now()
			for i := range 4 {
				apply(t, s, recorded(store.Created, "x", fmt.Sprint("a", i), fmt.Sprint("b", i)))
				clock.Turn(time.Hour)
			}
			keep := store.HistoryRetention{Before: start.Add(2 * time.Hour), Limit: 3}
			for i, want := range []struct {
				pruned store.Pruned
				floor  uint64
				left   int
			}{{store.Pruned{Removed: 3, More: true}, 2, 5}, {store.Pruned{Removed: 1}, 2, 4}, {store.Pruned{}, 2, 4}} {
				if got := must[store.Pruned](t)(s.PruneHistory(t.Context(), keep)); got != want.pruned {
					t.Errorf("step %d: %+v, want %+v", i, got, want.pruned)
				}
				if f := must[store.HistoryFloor](t)(s.HistoryFloor(t.Context())); f.Revision != want.floor || !f.At.Equal(start.Add(time.Hour)) {
					t.Errorf("step %d: floor %+v", i, f)
				}
				if got := history(t, s, store.HistoryQuery{}); len(got) != want.left {
					t.Errorf("step %d leaves %v", i, got)
				}
			}
			if r := must[uint64](t)(s.RevisionAt(t.Context(), start)); r != 2 {
				t.Errorf("the revision of a time before the floor is %d", r)
			}
			keep.Before = clock.Now()
			must[store.Pruned](t)(s.PruneHistory(t.Context(), store.HistoryRetention{Before: keep.Before, Limit: 100}))
			wantHistory(t, s, store.HistoryQuery{})
			if f := must[store.HistoryFloor](t)(s.HistoryFloor(t.Context())); f.Revision != 4 {
				t.Errorf("floor %+v", f)
			}
			apply(t, s, recorded(store.Created, "x", "z"))
			if rows := must[[]store.HistoryRow](t)(s.ListHistory(t.Context(), store.HistoryQuery{Limit: 5})); len(rows) != 1 || rows[0].ID != 9 {
				t.Errorf("ids repeat: %+v", rows)
			}
		}},
		{"of each entity the newest changes stay, and the oldest of them says what is missing", func(t *testing.T, s store.Store, _ *Clock) {
			for i := range 5 {
				names := []string{"a", "b", "c"}
				if i > 2 {
					names = []string{"b"}
				}
				apply(t, s, recorded(store.Updated, "x", names...))
			}
			r := store.HistoryRetention{MaxPerEntity: 2, Limit: 2}
			removed := 0
			for step := 0; ; step++ {
				p := must[store.Pruned](t)(s.PruneHistory(t.Context(), r))
				if p.Removed > r.Limit {
					t.Errorf("a step removed %d", p.Removed)
				}
				removed += p.Removed
				if r.After = p.After; !p.More {
					break
				}
				if step > 20 {
					t.Fatal("pruning does not end")
				}
			}
			if removed != 5 {
				t.Errorf("removed %d", removed)
			}
			wantHistory(t, s, store.HistoryQuery{}, "5 b updated", "4 b updated", "3 c updated", "3 a updated", "2 c updated", "2 a updated")
			got := map[uint64]uint64{}
			for _, row := range must[[]store.HistoryRow](t)(s.ListHistory(t.Context(), store.HistoryQuery{Limit: 100})) {
				if row.Since > 0 {
					got[row.ID] = row.Since
				}
			}
			// Of b revisions 1 to 3 are gone, of a and c revision 1.
			if len(got) != 3 || !slices.Equal(sorted(got), []uint64{1, 1, 3}) {
				t.Errorf("since = %v", got)
			}
			if f := must[store.HistoryFloor](t)(s.HistoryFloor(t.Context())); f.Revision != 0 {
				t.Errorf("the floor of all rose to %+v for some", f)
			}
		}},
		{"one of all prunes, once in a while", func(t *testing.T, s store.Store, clock *Clock) {
			turns := func() int {
				n := 0
				for range 3 {
					if must[bool](t)(s.TakeHistoryTurn(t.Context(), time.Hour)) {
						n++
					}
				}
				return n
			}
			if turns() != 1 || turns() != 0 {
				t.Error("the turn was given twice within the hour, or never")
			}
			clock.Turn(time.Hour)
			if turns() != 1 {
				t.Error("no turn after an hour, or several")
			}
			_, err := s.PruneHistory(t.Context(), store.HistoryRetention{})
			wantFault(t, err, fault.Invalid)
		}},
	}
}

func sorted(m map[uint64]uint64) []uint64 {
	var out []uint64
	for _, v := range m {
		out = append(out, v)
	}
	slices.Sort(out)
	return out
}

func deletedLocationCases() []testCase {
	add := func(t *testing.T, s store.Store, id, target string) {
		t.Helper()
		if err := s.AddLocation(t.Context(), store.LocationRow{ID: id, Type: "url", Target: target, CreatedBy: "user:default/ann"}); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(t *testing.T, s store.Store, id string) {
		t.Helper()
		if err := s.DeleteLocation(t.Context(), id, "user:default/bob", "catalog"); err != nil {
			t.Fatal(err)
		}
	}
	gone := func(t *testing.T, s store.Store) []store.DeletedLocationRow {
		t.Helper()
		return must[[]store.DeletedLocationRow](t)(s.ListDeletedLocations(t.Context(), 100))
	}
	return []testCase{
		{"a removed location is remembered and comes back under its id", func(t *testing.T, s store.Store, clock *Clock) {
			add(t, s, "1", "https://e/a")
			add(t, s, "2", "https://e/b")
			remove(t, s, "1")
			want := store.DeletedLocationRow{
				ID: "1", Type: "url", Target: "https://e/a", CreatedBy: "user:default/ann",
				DeletedAt: clock.Now(), DeletedBy: "user:default/bob", Plugin: "catalog",
			}
			if got := gone(t, s); len(got) != 1 || got[0] != want {
				t.Errorf("%+v, want %+v", got, want)
			}
			clock.Turn(time.Minute)
			row := must[store.LocationRow](t)(s.RestoreLocation(t.Context(), "1", "user:default/eve"))
			if row != (store.LocationRow{ID: "1", Type: "url", Target: "https://e/a", CreatedAt: clock.Now(), CreatedBy: "user:default/eve"}) {
				t.Errorf("%+v", row)
			}
			if got := must[[]store.LocationRow](t)(s.ListLocations(t.Context())); !slices.Contains(got, row) || len(got) != 2 || len(gone(t, s)) != 0 {
				t.Errorf("registered %+v, removed %+v", got, gone(t, s))
			}
			for _, id := range []string{"1", "2", "none", "\x00"} {
				_, err := s.RestoreLocation(t.Context(), id, "user:default/eve")
				wantFault(t, err, fault.NotFound)
			}
		}},
		{"what is registered again by hand is not removed", func(t *testing.T, s store.Store, clock *Clock) {
			add(t, s, "1", "https://e/a")
			remove(t, s, "1")
			add(t, s, "2", "https://e/a")
			if got := gone(t, s); len(got) != 0 {
				t.Errorf("%+v", got)
			}
			_, err := s.RestoreLocation(t.Context(), "1", "user:default/eve")
			wantFault(t, err, fault.Conflict)
			clock.Turn(time.Minute)
			remove(t, s, "2")
			if got := gone(t, s); len(got) != 1 || got[0].ID != "2" {
				t.Errorf("%+v", got)
			}
			_, err = s.ListDeletedLocations(t.Context(), 0)
			wantFault(t, err, fault.Invalid)
		}},
		{"removed locations are listed newest first and forgotten in time", func(t *testing.T, s store.Store, clock *Clock) {
			for _, id := range []string{"1", "2", "3"} {
				add(t, s, id, "https://e/"+id)
				remove(t, s, id)
				clock.Turn(time.Hour)
			}
			ids := ""
			for _, d := range gone(t, s) {
				ids += d.ID
			}
			if ids != "321" {
				t.Errorf("order %s", ids)
			}
			if n := must[int](t)(s.SweepDeletedLocations(t.Context(), clock.Now().Add(-2*time.Hour))); n != 1 || len(gone(t, s)) != 2 {
				t.Errorf("forgot %d of 1", n)
			}
		}},
	}
}
