package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

// because returns a cause that differs by its reason.
func because(reason string) store.Cause {
	return store.Cause{Reason: reason, Provider: "registered", Location: "url:https://e/" + reason, Origin: "url:https://e/all", Subject: "user:default/ümit", Plugin: "catalog", By: "component:default/x"}
}

// recorded returns a batch that writes entities with a row of history each.
func recorded(action store.Action, reason string, names ...string) store.Batch {
	b := store.Batch{Record: &store.Record{}}
	for _, name := range names {
		e := Entity(name)
		row := store.HistoryRow{Ref: e.Ref, UID: e.UID, Action: action, Owner: "group:default/" + reason, Cause: because(reason), Delta: []byte("delta of " + name)}
		b.Record.Rows = append(b.Record.Rows, row)
		if action == store.Deleted {
			b.Delete = append(b.Delete, e.Ref)
		} else {
			b.Upsert = append(b.Upsert, e)
		}
	}
	return b
}

// history returns what a query finds, each change as "revision ref action".
func history(t *testing.T, s store.Store, q store.HistoryQuery) []string {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	out := []string{}
	for _, r := range must[[]store.HistoryRow](t)(s.ListHistory(t.Context(), q)) {
		out = append(out, fmt.Sprint(r.Revision, " ", strings.TrimPrefix(r.Ref, "component:default/"), " ", r.Action))
	}
	return out
}

func wantHistory(t *testing.T, s store.Store, q store.HistoryQuery, want ...string) {
	t.Helper()
	if got := history(t, s, q); !slices.Equal(got, want) {
		t.Errorf("%+v finds %q, want %q", q, got, want)
	}
}

func historyCases() []testCase {
	return slices.Concat(historyWriteCases(), historyReadCases(), pruneCases())
}

func historyWriteCases() []testCase {
	return []testCase{
		{"a change comes back as it was written, with id, revision and time", func(t *testing.T, s store.Store, clock *Clock) {
			b := recorded(store.Created, "registered", "b", "a")
			b.Record.Rows[0].Cause = store.Cause{}
			revision := apply(t, s, b)
			got := must[[]store.HistoryRow](t)(s.ListHistory(t.Context(), store.HistoryQuery{Limit: 10, Oldest: true}))
			want := recorded(store.Created, "registered", "a", "b").Record.Rows
			want[1].Cause = store.Cause{}
			for i := range want {
				want[i].ID, want[i].Revision, want[i].At = uint64(i)+1, revision, clock.Now()
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		}},
		{"what is compared is what was stored before the batch", func(t *testing.T, s store.Store, _ *Clock) {
			first := Entity("a")
			first.Status = []byte("[1]")
			first.Revision = apply(t, s, store.Batch{Upsert: []store.EntityRow{first, Entity("b")}})
			second := Entity("a")
			second.Body = []byte(`{"metadata":{"name":"a"},"spec":{}}`)
			seen := map[string]*store.EntityRow{}
			revision := apply(t, s, store.Batch{
				Upsert: []store.EntityRow{second, Entity("new")}, Delete: []string{refB},
				Record: &store.Record{
					Refs: []string{refA, refB, "component:default/new", "component:default/none"},
					Compare: func(ref string, before *store.EntityRow) (store.HistoryRow, bool) {
						seen[ref] = before
						return store.HistoryRow{Ref: ref, UID: "u", Action: store.Updated}, ref == refA
					},
				},
			})
			if len(seen) != 4 || seen["component:default/new"] != nil || seen["component:default/none"] != nil || seen[refB] == nil {
				t.Fatalf("compared %v", seen)
			}
			if !reflect.DeepEqual(*seen[refA], first) {
				t.Errorf("compared with %+v, want %+v", *seen[refA], first)
			}
			wantHistory(t, s, store.HistoryQuery{}, fmt.Sprint(revision, " a updated"))
		}},
		{"a refused batch leaves no history", func(t *testing.T, s store.Store, _ *Clock) {
			apply(t, s, recorded(store.Created, "x", "a"))
			thief := recorded(store.Created, "x", "b", "thief")
			thief.Upsert[1].UID = Entity("a").UID
			_, err := s.ApplyCatalog(t.Context(), thief)
			wantFault(t, err, fault.Conflict)
			for _, bad := range []store.Batch{
				{Record: &store.Record{Rows: []store.HistoryRow{{Ref: refA, Action: store.Created}}}}, // changes nothing
				{Upsert: entities("n", 1), Record: &store.Record{Rows: []store.HistoryRow{{Ref: refA, Action: "moved"}}}},
				{Upsert: entities("n", 1), Record: &store.Record{Rows: []store.HistoryRow{{Ref: "\x00", Action: store.Created}}}},
				{Upsert: entities("n", 1), Record: &store.Record{Rows: []store.HistoryRow{{Ref: refA, Owner: "\xff", Action: store.Created}}}},
			} {
				_, err := s.ApplyCatalog(t.Context(), bad)
				wantFault(t, err, fault.Invalid)
			}
			wantHistory(t, s, store.HistoryQuery{}, "1 a created")
			if id := must[[]store.HistoryRow](t)(s.ListHistory(t.Context(), store.HistoryQuery{Limit: 1}))[0].ID; id != 1 {
				t.Errorf("id = %d", id)
			}
			if len(Load(t, s).Entities) != 1 {
				t.Error("a refused batch was written")
			}
		}},
		{"thousands of changes in one batch, each with its own cause", func(t *testing.T, s store.Store, _ *Clock) {
			const n = 4500
			b := store.Batch{Upsert: entities("e", n), Record: &store.Record{}}
			for i := range b.Upsert {
				e := &b.Upsert[i]
				b.Record.Rows = append(b.Record.Rows, store.HistoryRow{Ref: e.Ref, UID: e.UID, Action: store.Created, Cause: because(e.Name)})
			}
			apply(t, s, b)
			got := must[[]store.HistoryRow](t)(s.ListHistory(t.Context(), store.HistoryQuery{Limit: n + 1, Oldest: true}))
			if len(got) != n {
				t.Fatalf("%d changes", len(got))
			}
			for i, r := range got {
				if r.ID != uint64(i)+1 || r.Cause != because(strings.TrimPrefix(r.Ref, "component:default/")) || r.Delta != nil {
					t.Fatalf("change %d is %+v", i, r)
				}
			}
		}},
	}
}

func historyReadCases() []testCase {
	fill := func(t *testing.T, s store.Store, clock *Clock) {
		t.Helper()
		for _, b := range []store.Batch{
			recorded(store.Created, "one", "a", "b"), recorded(store.Updated, "two", "a"),
			recorded(store.Restated, "one", "b"), recorded(store.Deleted, "two", "a"),
		} {
			apply(t, s, b)
			clock.Turn(time.Minute)
		}
	}
	return []testCase{
		{"changes are found by ref, owner, kind, action, time and revision", func(t *testing.T, s store.Store, clock *Clock) {
			start := clock.Now()
			fill(t, s, clock)
			all := []string{"4 a deleted", "3 b status", "2 a updated", "1 b created", "1 a created"}
			for _, tc := range []struct {
				q    store.HistoryQuery
				want []string
			}{
				{store.HistoryQuery{}, all},
				{store.HistoryQuery{Kind: "component"}, all},
				{store.HistoryQuery{Kind: "comp"}, nil},
				{store.HistoryQuery{Kind: "componentx"}, nil},
				{store.HistoryQuery{Ref: refA}, []string{all[0], all[2], all[4]}},
				{store.HistoryQuery{Owner: "group:default/one"}, []string{all[1], all[3], all[4]}},
				{store.HistoryQuery{Owner: "group:default/one", Ref: refB, Oldest: true}, []string{all[3], all[1]}},
				{store.HistoryQuery{Actions: []store.Action{store.Deleted, store.Updated}}, []string{all[0], all[2]}},
				{store.HistoryQuery{Actions: []store.Action{"none"}}, nil},
				{store.HistoryQuery{Since: start.Add(2 * time.Minute)}, all[:2]},
				{store.HistoryQuery{Since: start.Add(time.Hour)}, nil},
				{store.HistoryQuery{Newer: 1, UpTo: 3}, all[1:3]},
				{store.HistoryQuery{Ref: "\x00"}, nil},
			} {
				wantHistory(t, s, tc.q, tc.want...)
			}
			_, err := s.ListHistory(t.Context(), store.HistoryQuery{})
			wantFault(t, err, fault.Invalid)
		}},
		{"pages meet, whichever way they are read", func(t *testing.T, s store.Store, clock *Clock) {
			fill(t, s, clock)
			for _, oldest := range []bool{false, true} {
				var got []string
				q := store.HistoryQuery{Limit: 2, Oldest: oldest, NoDeltas: true}
				for {
					page := must[[]store.HistoryRow](t)(s.ListHistory(t.Context(), q))
					if len(page) == 0 {
						break
					}
					for _, r := range page {
						if r.Delta != nil {
							t.Errorf("change %d has a delta", r.ID)
						}
						got = append(got, fmt.Sprint(r.ID))
					}
					q.After = page[len(page)-1].ID
				}
				want := []string{"5", "4", "3", "2", "1"}
				if oldest {
					slices.Reverse(want)
				}
				if !slices.Equal(got, want) {
					t.Errorf("oldest first %t: %v", oldest, got)
				}
			}
		}},
		{"the last change of a ref, and the revision at a moment", func(t *testing.T, s store.Store, clock *Clock) {
			start := clock.Now()
			fill(t, s, clock)
			last := must[[]store.HistoryRow](t)(s.LastHistory(t.Context(), []string{refA, refB, "component:default/none"}))
			if len(last) != 2 || last[0].Action != store.Deleted || string(last[0].Delta) != "delta of a" || last[1].Action != store.Restated {
				t.Errorf("%+v", last)
			}
			for after, want := range map[time.Duration]uint64{-time.Second: 0, 0: 1, time.Minute: 2, 150 * time.Second: 3, time.Hour: 4} {
				if got := must[uint64](t)(s.RevisionAt(t.Context(), start.Add(after))); got != want {
					t.Errorf("revision after %v is %d, want %d", after, got, want)
				}
			}
			if f := must[store.HistoryFloor](t)(s.HistoryFloor(t.Context())); f != (store.HistoryFloor{}) {
				t.Errorf("floor %+v though nothing was pruned", f)
			}
		}},
		{"a failing comparison is the writer's", func(t *testing.T, s store.Store, _ *Clock) {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
				apply(t, s, recorded(store.Created, "x", "a")) // the store works on
			}()
			_, _ = s.ApplyCatalog(t.Context(), store.Batch{Upsert: entities("e", 1), Record: &store.Record{
				Refs: []string{refA}, Compare: func(string, *store.EntityRow) (store.HistoryRow, bool) { panic(errors.New("no")) },
			}})
		}},
	}
}
