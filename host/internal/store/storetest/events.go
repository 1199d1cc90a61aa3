package storetest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

// subscribe makes a subscription and claims it.
func subscribe(t testing.TB, s store.Store, installation, owner string, topics ...string) {
	t.Helper()
	err := s.SaveSubscription(t.Context(), store.SubscriptionRow{Installation: installation, Plugin: installation, Topics: topics, Enabled: true})
	if err == nil {
		err = s.ClaimSubscription(t.Context(), installation, owner, time.Minute)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// publish adds events "topic key", one call each.
func publish(t testing.TB, s store.Store, events ...string) []uint64 {
	t.Helper()
	var ids []uint64
	for _, e := range events {
		topic, key, _ := strings.Cut(e, " ")
		id, err := s.PublishEvents(t.Context(), store.EventBounds{}, []store.EventRow{{
			Topic: topic, Key: key, Installation: "local/pub", Plugin: "pub", Ref: "task:" + key, Revision: 7, Payload: []byte(`{"a":1}`), Cause: []byte("{}"),
		}})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id...)
	}
	return ids
}

func admit(t testing.TB, s store.Store, installation, owner string) {
	t.Helper()
	for {
		more, err := s.AdmitEvents(t.Context(), installation, owner, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return
		}
	}
}

// due returns the ids that may be tried now.
func due(t testing.TB, s store.Store, installation string) []uint64 {
	t.Helper()
	list := must[[]store.Delivery](t)(s.DueDeliveries(t.Context(), installation, 100))
	out := make([]uint64, len(list))
	for i, d := range list {
		out[i] = d.Event.ID
	}
	return out
}

func settle(t testing.TB, s store.Store, installation, owner string, list ...store.Settlement) {
	t.Helper()
	if err := s.SettleDeliveries(t.Context(), installation, owner, list); err != nil {
		t.Fatal(err)
	}
}

func subscription(t testing.TB, s store.Store, installation string) store.SubscriptionRow {
	t.Helper()
	for _, row := range must[[]store.SubscriptionRow](t)(s.ListSubscriptions(t.Context())) {
		if row.Installation == installation {
			return row
		}
	}
	t.Fatalf("installation %s has no subscription", installation)
	return store.SubscriptionRow{}
}

func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func eventCases() []testCase {
	return []testCase{
		{"an event comes back as it was published", func(t *testing.T, s store.Store, clock *Clock) {
			subscribe(t, s, "sub", "r1", "pub/*")
			id := publish(t, s, "pub/built k")[0]
			admit(t, s, "sub", "r1")
			got := must[[]store.Delivery](t)(s.DueDeliveries(t.Context(), "sub", 10))
			if len(got) != 1 {
				t.Fatalf("%d deliveries", len(got))
			}
			e := got[0].Event
			want := store.EventRow{
				ID: id, Topic: "pub/built", Key: "k", Installation: "local/pub", Plugin: "pub", Ref: "task:k", Revision: 7,
				Payload: []byte(`{"a":1}`), Cause: []byte("{}"), At: clock.Now(),
			}
			same(t, "event", e, want)
		}},
		{"a subscription begins with the next event and takes what it listens to", func(t *testing.T, s store.Store, _ *Clock) {
			publish(t, s, "pub/a 1")
			subscribe(t, s, "sub", "r1", "pub/a", "other/deep/*")
			ids := publish(t, s, "pub/a 1", "pub/b 1", "other/deep/x 1", "other/deeper 1", "pub/ab 1")
			admit(t, s, "sub", "r1")
			same(t, "due", due(t, s, "sub"), []uint64{ids[0], ids[2]})
			same(t, "cursor", subscription(t, s, "sub").Cursor, ids[4])
		}},
		{"of a topic and key only the oldest is due", func(t *testing.T, s store.Store, clock *Clock) {
			subscribe(t, s, "sub", "r1", "pub/*")
			ids := publish(t, s, "pub/a x", "pub/a x", "pub/a y", "pub/b x")
			admit(t, s, "sub", "r1")
			same(t, "due", due(t, s, "sub"), []uint64{ids[0], ids[2], ids[3]})
			// One that failed holds those behind it until its time.
			settle(t, s, "sub", "r1", store.Settlement{Event: ids[0], RetryAt: clock.Now().Add(time.Minute), Error: "no\x00"}, store.Settlement{Event: ids[2], Done: true})
			same(t, "due", due(t, s, "sub"), []uint64{ids[3]})
			clock.Turn(time.Minute)
			same(t, "due after the backoff", due(t, s, "sub"), []uint64{ids[0], ids[3]})
			// A dead one does not.
			if err := s.ClaimSubscription(t.Context(), "sub", "r1", time.Minute); err != nil {
				t.Fatal(err)
			}
			settle(t, s, "sub", "r1", store.Settlement{Event: ids[0], Dead: true, Error: "broken"})
			same(t, "due after the death", due(t, s, "sub"), []uint64{ids[1], ids[3]})
			dead := must[[]store.Delivery](t)(s.ListDeliveries(t.Context(), "sub", true, 0, 10))
			if len(dead) != 1 || dead[0].Attempts != 2 || dead[0].Error != "broken" || !dead[0].Dead {
				t.Errorf("dead letters: %+v", dead)
			}
		}},
		{"dead letters are tried again, or dropped", func(t *testing.T, s store.Store, _ *Clock) {
			subscribe(t, s, "sub", "r1", "pub/*")
			ids := publish(t, s, "pub/a 1", "pub/a 2", "pub/a 3")
			admit(t, s, "sub", "r1")
			for _, id := range ids {
				settle(t, s, "sub", "r1", store.Settlement{Event: id, Dead: true})
			}
			same(t, "dead", subscription(t, s, "sub").Dead, 3)
			same(t, "redelivered", must[int](t)(s.RedeliverEvents(t.Context(), "sub", ids[1])), 1)
			same(t, "due", due(t, s, "sub"), ids[1:2])
			_, err := s.RedeliverEvents(t.Context(), "sub", ids[1])
			wantFault(t, err, fault.NotFound)
			same(t, "dropped", must[int](t)(s.DropDeadLetters(t.Context(), "sub", ids[0])), 1)
			same(t, "redelivered", must[int](t)(s.RedeliverEvents(t.Context(), "sub", 0)), 1)
			same(t, "due", due(t, s, "sub"), ids[1:])
			same(t, "dropped", must[int](t)(s.DropDeadLetters(t.Context(), "sub", 0)), 0)
		}},
		{"one delivers at a time, and another when its time is over", func(t *testing.T, s store.Store, clock *Clock) {
			subscribe(t, s, "sub", "r1", "pub/*")
			id := publish(t, s, "pub/a 1")[0]
			admit(t, s, "sub", "r1")
			wantFault(t, s.ClaimSubscription(t.Context(), "sub", "r2", time.Minute), fault.Conflict)
			_, err := s.AdmitEvents(t.Context(), "sub", "r2", 10)
			wantFault(t, err, fault.Conflict)
			clock.Turn(time.Minute)
			if err := s.ClaimSubscription(t.Context(), "sub", "r2", time.Minute); err != nil {
				t.Fatal(err)
			}
			wantFault(t, s.SettleDeliveries(t.Context(), "sub", "r1", []store.Settlement{{Event: id, Done: true}}), fault.Conflict)
			same(t, "due", due(t, s, "sub"), []uint64{id})
			if err := s.ReleaseSubscription(t.Context(), "sub", "r2"); err != nil {
				t.Fatal(err)
			}
			if err := s.ClaimSubscription(t.Context(), "sub", "r3", time.Minute); err != nil {
				t.Fatal(err)
			}
		}},
		{"a paused subscription is nobody's, and its events wait", func(t *testing.T, s store.Store, _ *Clock) {
			subscribe(t, s, "sub", "r1", "pub/*")
			row := store.SubscriptionRow{Installation: "sub", Plugin: "sub", Topics: []string{"pub/*"}}
			if err := s.SaveSubscription(t.Context(), row); err != nil {
				t.Fatal(err)
			}
			id := publish(t, s, "pub/a 1")
			wantFault(t, s.ClaimSubscription(t.Context(), "sub", "r1", time.Minute), fault.Conflict)
			row.Enabled = true
			if err := s.SaveSubscription(t.Context(), row); err != nil {
				t.Fatal(err)
			}
			if err := s.ClaimSubscription(t.Context(), "sub", "r1", time.Minute); err != nil {
				t.Fatal(err)
			}
			admit(t, s, "sub", "r1")
			same(t, "due", due(t, s, "sub"), id)
		}},
		{"a window bounds what waits", func(t *testing.T, s store.Store, _ *Clock) {
			subscribe(t, s, "sub", "r1", "pub/*")
			ids := publish(t, s, "pub/a 1", "pub/a 2", "pub/a 3")
			same(t, "looked", must[bool](t)(s.AdmitEvents(t.Context(), "sub", "r1", 2)), true)
			same(t, "looked", must[bool](t)(s.AdmitEvents(t.Context(), "sub", "r1", 2)), false)
			same(t, "due", due(t, s, "sub"), ids[:2])
			settle(t, s, "sub", "r1", store.Settlement{Event: ids[0], Done: true})
			same(t, "looked", must[bool](t)(s.AdmitEvents(t.Context(), "sub", "r1", 2)), true)
			same(t, "due", due(t, s, "sub"), ids[1:])
		}},
		{"replay starts again at an event", func(t *testing.T, s store.Store, _ *Clock) {
			subscribe(t, s, "sub", "r1", "pub/*")
			ids := publish(t, s, "pub/a 1", "pub/a 2", "pub/a 3")
			admit(t, s, "sub", "r1")
			for _, id := range ids {
				settle(t, s, "sub", "r1", store.Settlement{Event: id, Done: true})
			}
			wantFault(t, s.ReplayEvents(t.Context(), "sub", ids[2]+1), fault.Invalid)
			wantFault(t, s.ReplayEvents(t.Context(), "nobody", 1), fault.NotFound)
			if err := s.ReplayEvents(t.Context(), "sub", ids[1]); err != nil {
				t.Fatal(err)
			}
			admit(t, s, "sub", "r1")
			same(t, "due", due(t, s, "sub"), ids[1:])
		}},
		{"a publisher is held to what may wait", func(t *testing.T, s store.Store, _ *Clock) {
			subscribe(t, s, "sub", "r1", "pub/*")
			row := store.EventRow{Topic: "pub/a", Installation: "local/pub", Plugin: "pub", Payload: make([]byte, 100)}
			bounds := store.EventBounds{Events: 2}
			ids := must[[]uint64](t)(s.PublishEvents(t.Context(), bounds, []store.EventRow{row, row}))
			_, err := s.PublishEvents(t.Context(), bounds, []store.EventRow{row})
			wantFault(t, err, fault.Exhausted)
			if !strings.Contains(err.Error(), "plugin sub") {
				t.Errorf("the message does not name who is slow: %v", err)
			}
			same(t, "head after the refusal", must[uint64](t)(s.EventHead(t.Context())), ids[1])
			admit(t, s, "sub", "r1")
			must[[]uint64](t)(s.PublishEvents(t.Context(), bounds, []store.EventRow{row}))
			_, err = s.PublishEvents(t.Context(), store.EventBounds{Bytes: 500}, []store.EventRow{row})
			wantFault(t, err, fault.Exhausted)
		}},
		{"retention takes the old, keeps what is on its way and counts what was missed", func(t *testing.T, s store.Store, clock *Clock) {
			subscribe(t, s, "sub", "r1", "pub/*")
			ids := publish(t, s, "pub/a 1", "pub/a 2")
			admit(t, s, "sub", "r1")
			settle(t, s, "sub", "r1", store.Settlement{Event: ids[0], Done: true}, store.Settlement{Event: ids[1], Dead: true})
			late := publish(t, s, "pub/a 3", "other/b 3")
			clock.Turn(time.Hour)
			young := publish(t, s, "pub/a 4")
			removed := must[int](t)(s.SweepEvents(t.Context(), store.EventRetention{Before: clock.Now().Add(-time.Minute), DeadBefore: clock.Now().Add(-2 * time.Hour)}))
			same(t, "removed", removed, 3)
			same(t, "missed", subscription(t, s, "sub").Missed, 1)
			same(t, "dead letters", len(must[[]store.Delivery](t)(s.ListDeliveries(t.Context(), "sub", true, 0, 10))), 1)
			if err := s.ClaimSubscription(t.Context(), "sub", "r1", time.Minute); err != nil {
				t.Fatal(err)
			}
			admit(t, s, "sub", "r1")
			same(t, "due", due(t, s, "sub"), young)
			removed = must[int](t)(s.SweepEvents(t.Context(), store.EventRetention{Before: clock.Now().Add(-time.Minute), DeadBefore: clock.Now()}))
			same(t, "removed with the dead letter", removed, 1)
			_ = late
		}},
		{"retention by size keeps the newest of each publisher", func(t *testing.T, s store.Store, _ *Clock) {
			ids := publish(t, s, "pub/a 1", "pub/a 2", "pub/a 3")
			removed := must[int](t)(s.SweepEvents(t.Context(), store.EventRetention{Bytes: 200}))
			same(t, "removed", removed, 2)
			subscribe(t, s, "sub", "r1", "pub/*")
			if err := s.ReplayEvents(t.Context(), "sub", 1); err != nil {
				t.Fatal(err)
			}
			admit(t, s, "sub", "r1")
			same(t, "kept", due(t, s, "sub"), ids[2:])
		}},
		{"a catalog batch announces what changed, with it or not at all", func(t *testing.T, s store.Store, _ *Clock) {
			batch := store.Batch{Upsert: entities("a", 2), Announce: "catalog/entity.changed"}
			apply(t, s, batch)
			same(t, "events without a listener", must[uint64](t)(s.EventHead(t.Context())), 0)
			subscribe(t, s, "sub", "r1", "catalog/entity.changed")
			revision := apply(t, s, store.Batch{Upsert: entities("b", 1), Delete: []string{"component:default/a-000"}, Announce: "catalog/entity.changed"})
			stolen := Entity("c")
			stolen.UID = "uid-of-b-000"
			_, err := s.ApplyCatalog(t.Context(), store.Batch{Upsert: []store.EntityRow{stolen}, Announce: "catalog/entity.changed"})
			wantFault(t, err, fault.Conflict)
			admit(t, s, "sub", "r1")
			var refs []string
			for _, d := range must[[]store.Delivery](t)(s.DueDeliveries(t.Context(), "sub", 10)) {
				same(t, "revision", d.Event.Revision, revision)
				refs = append(refs, d.Event.Ref)
			}
			same(t, "refs", refs, []string{"component:default/b-000", "component:default/a-000"})
		}},
		{"concurrent publishers never let a reader skip an event", publishersAndReader},
	}
}

// publishersAndReader admits while others publish. Ids that became visible out
// of order would be behind the cursor by the time they are.
func publishersAndReader(t *testing.T, s store.Store, _ *Clock) {
	subscribe(t, s, "sub", "r1", "pub/*")
	const writers, each = 4, 25
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				if _, err := s.PublishEvents(t.Context(), store.EventBounds{}, []store.EventRow{{
					Topic: "pub/a", Key: fmt.Sprintf("%d-%d", w, i), Installation: "local/pub", Plugin: "pub",
				}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	for ended := false; !ended; {
		select {
		case <-done:
			ended = true
		default:
		}
		admit(t, s, "sub", "r1")
	}
	waiting := must[[]store.Delivery](t)(s.ListDeliveries(t.Context(), "sub", false, 0, 1000))
	keys := map[string]bool{}
	for _, d := range waiting {
		keys[d.Event.Key] = true
	}
	same(t, "events", len(keys), writers*each)
	if !slices.IsSortedFunc(waiting, func(a, b store.Delivery) int { return int(a.Event.ID) - int(b.Event.ID) }) { //nolint:gosec // small
		t.Error("deliveries are out of order")
	}
}
