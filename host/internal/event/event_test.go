package event_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/event"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/postgres"
	"github.com/callboard/callboard/host/internal/store/sqlite"
	"github.com/callboard/callboard/host/internal/store/storetest"
	"github.com/callboard/callboard/host/internal/testpg"
)

func TestMain(m *testing.M) { os.Exit(testpg.Run(m)) }

// seen is what subscribers were called with, in order.
type seen struct {
	mu   sync.Mutex
	list []store.Delivery
	fail func(d store.Delivery) error
}

func (s *seen) deliver(_ context.Context, _, _ string, d store.Delivery) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, d)
	if s.fail != nil {
		return s.fail(d)
	}
	return nil
}

func (s *seen) keys() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, d := range s.list {
		out = append(out, d.Event.Topic+":"+d.Event.Key+":"+string(d.Event.Payload))
	}
	return strings.Join(out, " ")
}

type rig struct {
	t      *testing.T
	clock  *storetest.Clock
	db     store.Store
	engine *event.Engine
	seen   *seen
	audit  []event.Record
}

func newRig(t *testing.T, limits event.Limits) *rig {
	t.Helper()
	r := &rig{t: t, clock: storetest.NewClock(), seen: &seen{}}
	db, err := sqlite.Open(t.Context(), sqlite.Config{Path: t.TempDir() + "/events.sqlite", Clock: r.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	r.db = db
	r.engine = r.replica(db, "r1", limits, r.seen.deliver)
	r.register("pub", []string{"pub/*"}, nil)
	r.register("sub", nil, []string{"pub/*"})
	return r
}

func (r *rig) replica(db store.Store, owner string, limits event.Limits, deliver event.Deliver) *event.Engine {
	return event.New(event.Config{
		Store: db, Deliver: deliver, Owner: owner, Clock: r.clock.Now, Random: func() float64 { return 0 }, Limits: limits,
		Audit: func(_ context.Context, rec event.Record) { r.audit = append(r.audit, rec) },
	})
}

func (r *rig) register(plugin string, publish, subscribe []string) {
	r.t.Helper()
	if err := r.engine.Register(r.t.Context(), event.Registration{
		Installation: "local/" + plugin, Plugin: plugin, Publish: publish, Subscribe: subscribe, Enabled: true,
	}); err != nil {
		r.t.Fatal(err)
	}
}

// publish publishes "topic key payload", one event each.
func (r *rig) publish(events ...string) []uint64 {
	r.t.Helper()
	p := publication()
	for _, e := range events {
		part := append(strings.Split(e, " "), "", "")
		p.Events = append(p.Events, event.Draft{Topic: part[0], Key: part[1], Payload: []byte(part[2])})
	}
	ids, err := r.engine.Publish(r.t.Context(), p)
	if err != nil {
		r.t.Fatal(err)
	}
	return ids
}

func publication(drafts ...event.Draft) event.Publication {
	return event.Publication{
		Installation: "local/pub", Plugin: "pub", CallID: 9, Events: drafts,
		Authority: principal.Guest("user:default/ada").Through(principal.Actor{Plugin: "pub", Digest: "d"}),
	}
}

func (r *rig) step() {
	r.t.Helper()
	if err := r.engine.Step(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) want(keys string) {
	r.t.Helper()
	if got := r.seen.keys(); got != keys {
		r.t.Errorf("delivered %q, want %q", got, keys)
	}
}

func TestAnEventReachesItsSubscriberWithItsCause(t *testing.T) {
	r := newRig(t, event.Limits{Parallel: 1})
	r.publish("pub/a k 1", "pub/b k 2", "pub/a k 3")
	r.step()
	r.want("pub/a:k:1 pub/b:k:2 pub/a:k:3")
	if cause := string(r.seen.list[0].Event.Cause); !strings.Contains(cause, `"subject":"user:default/ada"`) || !strings.Contains(cause, `"pub@d"`) {
		t.Errorf("cause = %s", cause)
	}
	r.step()
	r.want("pub/a:k:1 pub/b:k:2 pub/a:k:3")
}

func TestAFailureIsTriedAgainWithBackoffAndHoldsOnlyItsKey(t *testing.T) {
	r := newRig(t, event.Limits{Parallel: 1, Attempts: 4, Backoff: time.Second})
	broken := true
	r.seen.fail = func(d store.Delivery) error {
		if d.Event.Key == "x" && broken {
			return fault.New(fault.Unavailable, "not now")
		}
		return nil
	}
	r.publish("pub/a x 1", "pub/a x 2", "pub/a y 3")
	r.step()
	r.want("pub/a:x:1 pub/a:y:3")
	r.step()
	r.want("pub/a:x:1 pub/a:y:3") // its backoff is not over
	r.clock.Turn(time.Second)
	r.step()
	r.clock.Turn(time.Second) // the second backoff is twice as long
	r.step()
	r.want("pub/a:x:1 pub/a:y:3 pub/a:x:1")
	broken = false
	r.clock.Turn(time.Second)
	r.step()
	r.want("pub/a:x:1 pub/a:y:3 pub/a:x:1 pub/a:x:1 pub/a:x:2")
}

func TestADeadLetterIsVisibleRedeliverableAndDroppable(t *testing.T) {
	r := newRig(t, event.Limits{Parallel: 1, Attempts: 2, Backoff: time.Second})
	broken := true
	r.seen.fail = func(store.Delivery) error {
		if broken {
			return errors.New("nil map")
		}
		return nil
	}
	ids := r.publish("pub/a x 1", "pub/a y 2")
	r.step()
	r.clock.Turn(time.Second)
	r.step()
	dead, err := r.engine.Deliveries(t.Context(), "local/sub", true, 0, 10)
	if err != nil || len(dead) != 2 || dead[0].Error != "nil map" || dead[0].Attempts != 2 {
		t.Fatalf("dead letters: %+v, %v", dead, err)
	}
	if len(r.audit) != 2 || r.audit[0].Action != "dead-letter" || r.audit[0].Event != ids[0] || r.audit[0].Plugin != "sub" {
		t.Errorf("audit: %+v", r.audit)
	}
	broken = false
	who := event.Operator{Subject: "user:default/op", Installation: "local/sub", Plugin: "sub"}
	if n, err := r.engine.Drop(t.Context(), who, ids[0]); n != 1 || err != nil {
		t.Errorf("dropped %d, %v", n, err)
	}
	if n, err := r.engine.Redeliver(t.Context(), who, 0); n != 1 || err != nil {
		t.Errorf("redelivered %d, %v", n, err)
	}
	r.step()
	if !strings.HasSuffix(r.seen.keys(), " pub/a:y:2") || strings.Count(r.seen.keys(), "pub/a:x:1") != 2 {
		t.Errorf("delivered %s", r.seen.keys())
	}
	if last := r.audit[len(r.audit)-1]; last.Action != "redelivered" || last.Subject != "user:default/op" {
		t.Errorf("audit: %+v", last)
	}
}

func TestReplayDeliversAgainUnderTheSameIds(t *testing.T) {
	r := newRig(t, event.Limits{Parallel: 1})
	ids := r.publish("pub/a k 1", "pub/a k 2", "pub/a k 3")
	r.step()
	if err := r.engine.Replay(t.Context(), event.Operator{Installation: "local/sub"}, ids[1]); err != nil {
		t.Fatal(err)
	}
	r.step()
	r.want("pub/a:k:1 pub/a:k:2 pub/a:k:3 pub/a:k:2 pub/a:k:3")
	if r.seen.list[3].Event.ID != ids[1] {
		t.Error("a replayed event has another id: a subscriber could not know it again")
	}
}

func TestWhoMayPublishWhat(t *testing.T) {
	for _, tt := range []struct {
		name  string
		draft event.Draft
		kind  fault.Kind
		says  string
	}{
		{"another plugin's topic", event.Draft{Topic: "sub/a"}, fault.Denied, "plugin sub's"},
		{"the host's topic", event.Draft{Topic: "catalog/entity.changed"}, fault.Denied, "plugin catalog's"},
		{"a prefix that is no segment", event.Draft{Topic: "pub2/a"}, fault.Denied, "plugin pub2's"},
		{"a topic that was not declared", event.Draft{Topic: "pub/other/a"}, fault.Denied, "extensions.events.publish"},
		{"no topic", event.Draft{Topic: "pub"}, fault.Invalid, "is no topic"},
		{"a pattern", event.Draft{Topic: "pub/*"}, fault.Invalid, "is no topic"},
		{"a path that climbs", event.Draft{Topic: "pub/../sub/a"}, fault.Invalid, "is no topic"},
		{"a large payload", event.Draft{Topic: "pub/a/b", Payload: make([]byte, event.MaxPayload+1)}, fault.Invalid, "16384"},
		{"a long key", event.Draft{Topic: "pub/a/b", Key: strings.Repeat("k", event.MaxKey+1)}, fault.Invalid, "key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, event.Limits{})
			r.register("pub", []string{"pub/a/*", "pub/a"}, nil)
			_, err := r.engine.Publish(t.Context(), publication(event.Draft{Topic: "pub/a"}, tt.draft))
			if !fault.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want %s saying %q", err, tt.kind, tt.says)
			}
			if head, _ := r.db.EventHead(t.Context()); head != 0 {
				t.Error("a part of the publication was published")
			}
		})
	}
}

func TestAPublisherIsHeldToItsRateAndToWhatWaits(t *testing.T) {
	r := newRig(t, event.Limits{Rate: 2, Burst: 3, Waiting: 5})
	r.publish("pub/a k", "pub/a k", "pub/a k")
	_, err := r.engine.Publish(t.Context(), publication(event.Draft{Topic: "pub/a"}))
	if !fault.Is(err, fault.Exhausted) || !strings.Contains(err.Error(), "500ms") {
		t.Errorf("error %v, want Exhausted that says when", err)
	}
	r.clock.Turn(time.Second)
	r.publish("pub/a k", "pub/a k")
	r.clock.Turn(time.Hour)
	_, err = r.engine.Publish(t.Context(), publication(event.Draft{Topic: "pub/a"}))
	if !fault.Is(err, fault.Exhausted) || !strings.Contains(err.Error(), "wait for plugin sub") {
		t.Errorf("error %v, want Exhausted that names the slow subscriber", err)
	}
	if len(r.audit) != 2 || r.audit[0].Action != "refused" {
		t.Errorf("audit: %+v", r.audit)
	}
	r.step()
	r.publish("pub/a k")
}

func TestAPluginThatListensNoMoreGetsNothing(t *testing.T) {
	r := newRig(t, event.Limits{})
	r.publish("pub/a k 1")
	r.register("sub", nil, nil)
	r.step()
	r.want("")
	if _, _, err := r.engine.Subscription(t.Context(), "local/sub"); !fault.Is(err, fault.NotFound) {
		t.Errorf("error %v", err)
	}
}

func TestAPanicOfADeliveryIsItsFailure(t *testing.T) {
	r := newRig(t, event.Limits{Attempts: 1})
	r.engine = r.replica(r.db, "r1", event.Limits{Attempts: 1}, func(context.Context, string, string, store.Delivery) error { panic("x") })
	r.register("pub", []string{"pub/*"}, nil)
	r.publish("pub/a k 1")
	r.step()
	if dead, _ := r.engine.Deliveries(t.Context(), "local/sub", true, 0, 10); len(dead) != 1 {
		t.Errorf("dead letters: %+v", dead)
	}
}

// A replica that vanishes in the middle of a delivery holds its subscribers up
// for no longer than its lease, and no event is lost with it.
func TestAnotherReplicaTakesOverFromOneThatVanished(t *testing.T) {
	for _, backend := range []string{"sqlite", "postgres"} {
		t.Run(backend, func(t *testing.T) {
			r := newRig(t, event.Limits{Parallel: 1})
			if backend == "postgres" {
				r.db = openPostgres(t, testpg.DSN(t), r.clock.Now)
				r.engine = r.replica(r.db, "r1", event.Limits{Parallel: 1}, r.seen.deliver)
				r.register("pub", []string{"pub/*"}, nil)
				r.register("sub", nil, []string{"pub/*"})
			}
			inside := make(chan struct{})
			gone := r.replica(vanishing{r.db}, "gone", event.Limits{Parallel: 1}, func(ctx context.Context, _, _ string, _ store.Delivery) error {
				close(inside)
				<-ctx.Done()
				return ctx.Err()
			})
			ctx, kill := context.WithCancel(t.Context())
			died := make(chan error, 1)
			r.publish("pub/a k 1", "pub/a k 2")
			go func() { died <- gone.Step(ctx) }()
			<-inside
			r.step()
			r.want("") // it holds the claim
			kill()
			if err := <-died; !errors.Is(err, context.Canceled) {
				t.Errorf("the killed replica ended with %v", err)
			}
			r.step()
			r.want("") // and nobody knows yet that it is gone
			r.clock.Turn(30 * time.Second)
			r.step()
			r.want("pub/a:k:1 pub/a:k:2")
		})
	}
}

// vanishing is the store of a process that is killed: it ends nothing.
type vanishing struct{ store.Store }

func (vanishing) ReleaseSubscription(context.Context, string, string) error { return nil }

func openPostgres(t testing.TB, dsn string, clock func() time.Time) store.Store {
	t.Helper()
	db, err := postgres.Open(t.Context(), postgres.Config{DSN: dsn, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// Two replicas deliver while several goroutines publish and one in ten
// deliveries fails: every event arrives, and those of a key in order.
func TestTwoReplicasOnPostgreSQLKeepOrderAndLoseNothing(t *testing.T) {
	dsn := testpg.DSN(t)
	const publishers, each, keys = 3, 40, 5
	var mu sync.Mutex
	got := map[string][]int{} // key → numbers in order of first delivery
	tries := 0
	deliver := func(_ context.Context, _, _ string, d store.Delivery) error {
		mu.Lock()
		defer mu.Unlock()
		if tries++; tries%10 == 0 {
			return fault.New(fault.Unavailable, "now and then")
		}
		var n int
		if _, err := fmt.Sscan(string(d.Event.Payload), &n); err != nil {
			return err
		}
		if !slices.Contains(got[d.Event.Key], n) {
			got[d.Event.Key] = append(got[d.Event.Key], n)
		}
		return nil
	}
	var engines []*event.Engine
	for i := range 2 {
		e := event.New(event.Config{
			Store: openPostgres(t, dsn, nil), Deliver: deliver, Owner: fmt.Sprint("r", i), Clock: time.Now, Random: func() float64 { return 0 },
			Limits: event.Limits{Poll: 10 * time.Millisecond, Backoff: time.Millisecond, Attempts: 100, Burst: 1000},
		})
		for _, registration := range []event.Registration{
			{Installation: "local/pub", Plugin: "pub", Publish: []string{"pub/*"}, Enabled: true},
			{Installation: "local/sub", Plugin: "sub", Subscribe: []string{"pub/*"}, Enabled: true},
		} {
			if err := e.Register(t.Context(), registration); err != nil {
				t.Fatal(err)
			}
		}
		e.Start(t.Context())
		t.Cleanup(e.Close)
		engines = append(engines, e)
	}
	var all sync.WaitGroup
	for p := range publishers {
		all.Go(func() {
			for n := range each {
				key := fmt.Sprintf("%d-%d", p, n%keys)
				if _, err := engines[(p+n)%2].Publish(t.Context(), publication(event.Draft{Topic: "pub/a", Key: key, Payload: []byte(fmt.Sprint(n))})); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	until(t, func() bool {
		mu.Lock()
		defer mu.Unlock()
		total := 0
		for _, numbers := range got {
			total += len(numbers)
		}
		return total == publishers*each
	})
	mu.Lock()
	defer mu.Unlock()
	for key, numbers := range got {
		if !slices.IsSorted(numbers) {
			t.Errorf("events of key %s came in the order %v", key, numbers)
		}
	}
}

// until waits for a condition that other goroutines bring about.
func until(t *testing.T, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(2 * time.Minute)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatal("it never came about")
		}
	}
}

func FuzzTopics(f *testing.F) {
	f.Add("pub/a", "pub/*")
	f.Add("pub/a/b", "pub/a")
	f.Add("pub", "*")
	f.Fuzz(func(t *testing.T, topic, pattern string) {
		if event.CheckTopic(topic) == nil && event.CheckPattern(topic) != nil {
			t.Errorf("topic %q is no pattern", topic)
		}
		if event.CheckTopic(topic) != nil || event.CheckPattern(pattern) != nil || !store.TopicMatches(pattern, topic) {
			return
		}
		owner, _, _ := strings.Cut(topic, "/")
		if asked, _, _ := strings.Cut(pattern, "/"); asked != owner {
			t.Errorf("pattern %q reaches topic %q of another plugin", pattern, topic)
		}
	})
}
