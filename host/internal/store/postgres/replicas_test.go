package postgres_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/postgres"
	"github.com/callboard/callboard/host/internal/store/storetest"
	"github.com/callboard/callboard/host/internal/testpg"
)

// long is a lead that no test outlasts.
const long = time.Hour

func join(t *testing.T, s *postgres.Store, owner string) store.Session {
	t.Helper()
	session, err := s.Join(t.Context(), owner)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Close(t.Context()) })
	return session
}

// leads asks for the lead, and says under which epoch it was given.
func leads(t *testing.T, s store.Session, ttl time.Duration) (uint64, string) {
	t.Helper()
	epoch, leader, err := s.Lead(t.Context(), ttl)
	if err != nil {
		t.Fatal(err)
	}
	return epoch, leader
}

// eventually asks until the lead is given.
func eventually(t *testing.T, s store.Session) uint64 {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		if epoch, _ := leads(t, s, long); epoch > 0 {
			return epoch
		}
	}
	t.Fatal("the lead was never given")
	return 0
}

func TestOneReplicaLeads(t *testing.T) {
	s := open(t, postgres.Config{DSN: testpg.DSN(t)})
	a, b := join(t, s, "a"), join(t, s, "b")
	first, leader := leads(t, a, long)
	if first == 0 || leader != "a" {
		t.Fatalf("a leads under %d, and %q does", first, leader)
	}
	if again, _ := leads(t, a, long); again != first {
		t.Errorf("going on is epoch %d, it was %d", again, first)
	}
	if epoch, leader := leads(t, b, long); epoch != 0 || leader != "a" {
		t.Errorf("b leads under %d beside %q", epoch, leader)
	}
	a.Close(t.Context())
	if second := eventually(t, b); second <= first {
		t.Errorf("the next epoch is %d after %d", second, first)
	}
}

func TestALeaderThatIsSilentLosesTheLead(t *testing.T) {
	s := open(t, postgres.Config{DSN: testpg.DSN(t)})
	a, b := join(t, s, "a"), join(t, s, "b")
	first, _ := leads(t, a, 0)
	second := eventually(t, b)
	if second <= first {
		t.Errorf("the next epoch is %d after %d", second, first)
	}
	if epoch, leader := leads(t, a, long); epoch != 0 || leader != "b" {
		t.Errorf("the silent one leads on under %d beside %q", epoch, leader)
	}
}

func TestALeaderWhoseConnectionEndsLosesTheLead(t *testing.T) {
	dsn := testpg.DSN(t)
	s := open(t, postgres.Config{DSN: dsn})
	a, b := join(t, s, "a"), join(t, s, "b")
	leads(t, a, long)
	run(t, connect(t, dsn), "SELECT pg_terminate_backend(pid) FROM catalog_leader")
	eventually(t, b)
	if _, _, err := a.Lead(t.Context(), long); !fault.Is(err, fault.Unavailable) {
		t.Errorf("the ended session says %v", err)
	}
}

// What a leader still writes when another leads is refused, whole; what it was
// writing is there before the other one knows that it leads.
func TestAnEarlierLeadersBatchIsRefused(t *testing.T) {
	dsn := testpg.DSN(t)
	s := open(t, postgres.Config{DSN: dsn})
	a, b := join(t, s, "a"), join(t, s, "b")
	first, _ := leads(t, a, 0)
	old := batch("old")
	old.Epoch = first
	if _, err := s.ApplyCatalog(t.Context(), old); err != nil {
		t.Fatalf("the leader's batch: %v", err)
	}
	release := holdCatalog(t, connect(t, dsn)) // a batch under way
	got := make(chan uint64)
	go func() {
		for {
			epoch, _, err := b.Lead(t.Context(), long)
			if err != nil {
				t.Error(err)
			}
			if epoch > 0 || err != nil {
				got <- epoch
				return
			}
		}
	}()
	waitForLock(t, connect(t, dsn))
	select {
	case <-got:
		t.Error("the new leader did not wait for the batch under way")
	default:
	}
	release()
	second := <-got
	late := batch("late")
	late.Epoch, late.Sources = first, []store.SourceRow{{Location: "file:/late"}}
	if _, err := s.ApplyCatalog(t.Context(), late); !errors.Is(err, store.ErrFenced) {
		t.Errorf("the late batch: %v", err)
	}
	if err := s.SaveReport(t.Context(), first, []byte("late")); !errors.Is(err, store.ErrFenced) {
		t.Errorf("the late report: %v", err)
	}
	fresh := batch("fresh")
	fresh.Epoch = second
	if _, err := s.ApplyCatalog(t.Context(), fresh); err != nil {
		t.Fatal(err)
	}
	found := storetest.Load(t, s)
	if refs := slices.Sorted(maps.Keys(found.Entities)); !slices.Equal(refs, []string{"component:default/fresh", "component:default/old"}) || len(found.Sources) != 0 {
		t.Errorf("there are %v and %d sources", refs, len(found.Sources))
	}
}

// waitForLock waits until a replica waits for a lock.
func waitForLock(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		var n int
		if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
			WHERE application_name = 'callboard' AND datname = current_database() AND wait_event_type = 'Lock'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			return
		}
	}
	t.Fatal("nobody waits for a lock")
}

func TestReplicasHearOfEachOther(t *testing.T) {
	s := open(t, postgres.Config{DSN: testpg.DSN(t)})
	for _, tc := range []struct {
		name string
		act  func() error
	}{
		{"a batch", func() error { _, err := s.ApplyCatalog(t.Context(), batch("a")); return err }},
		{"a request", func() error {
			return s.PutRequest(t.Context(), store.Request{ID: "1", Body: []byte("{}"), Waits: true})
		}},
		{"an answer", func() error { return s.AnswerRequest(t.Context(), "1", []byte("[]")) }},
		{"a reference", func() error {
			_, err := s.ApplyCatalog(t.Context(), store.Batch{References: map[string][]string{"provider:config": {"a"}}})
			return err
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			session := join(t, s, "a")
			if err := tc.act(); err != nil {
				t.Fatal(err)
			}
			if err := session.Wait(t.Context(), long); err != nil { // ends only if it hears
				t.Error(err)
			}
		})
	}
}

func TestRequestsOutliveTheirLeader(t *testing.T) {
	s := open(t, postgres.Config{DSN: testpg.DSN(t)})
	ctx := t.Context()
	ids := func(list []store.Request, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, r := range list {
			out = append(out, r.ID+"="+string(r.Body)+">"+string(r.Answer))
		}
		return strings.Join(out, " ")
	}
	for i, waits := range []bool{true, false, true} {
		if err := s.PutRequest(ctx, store.Request{ID: fmt.Sprint(i), Body: []byte{'a' + byte(i)}, Waits: waits}); err != nil {
			t.Fatal(err)
		}
	}
	if got := ids(s.OpenRequests(ctx)); got != "0=a> 1=b> 2=c>" {
		t.Errorf("open are %s", got)
	}
	for _, id := range []string{"1", "2", "absent"} {
		if err := s.AnswerRequest(ctx, id, []byte("yes")); err != nil {
			t.Fatal(err)
		}
	}
	if got := ids(s.OpenRequests(ctx)); got != "0=a>" {
		t.Errorf("then open are %s", got)
	}
	if got := ids(s.TakeAnswers(ctx, []string{"0", "1", "2"})); got != "2=c>yes" {
		t.Errorf("answered are %s", got)
	}
	if got := ids(s.TakeAnswers(ctx, []string{"2"})); got != "" {
		t.Errorf("taken twice: %s", got)
	}
	if err := s.AnswerRequest(ctx, "0", nil); err != nil {
		t.Fatal(err)
	}
	if err := s.DropAnswers(ctx, time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if got := ids(s.TakeAnswers(ctx, []string{"0"})); got != "" {
		t.Errorf("a dropped answer is there: %s", got)
	}
}

// Whoever follows the delta page by page has what is there, at any size of page.
func TestDeltasLeadToWhatIsThere(t *testing.T) {
	s := open(t, postgres.Config{DSN: testpg.DSN(t)})
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // repeatable
	has, relations := map[string]string{}, map[string]int{}
	var at uint64
	for round := range 40 {
		b := store.Batch{Relations: map[string][]store.RelationRow{}}
		for i := range 1 + random.IntN(6) {
			e := storetest.Entity(fmt.Sprintf("e%d", (i*7+random.IntN(3))%20))
			if slices.ContainsFunc(b.Upsert, func(o store.EntityRow) bool { return o.Ref == e.Ref }) {
				continue
			}
			e.ETag = fmt.Sprint(round)
			b.Upsert = append(b.Upsert, e)
			b.Relations[e.Ref] = slices.Repeat([]store.RelationRow{{Source: e.Ref, Type: "t", Target: "x"}}, random.IntN(3))
		}
		for range random.IntN(3) {
			b.Delete = append(b.Delete, fmt.Sprintf("component:default/e%d", random.IntN(20)))
		}
		if _, err := s.ApplyCatalog(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		if random.IntN(3) > 0 {
			continue
		}
		for more := true; more; {
			d, err := s.CatalogDelta(t.Context(), at, 1+random.IntN(8))
			if err != nil {
				t.Fatal(err)
			}
			for _, ref := range d.Deleted {
				delete(has, ref)
				delete(relations, ref)
			}
			for _, e := range d.Entities {
				has[e.Ref], relations[e.Ref] = e.ETag, 0
			}
			for _, r := range d.Relations {
				relations[r.DeclaredBy]++
			}
			if d.More && d.Revision <= at {
				t.Fatalf("a page from %d ends at %d", at, d.Revision)
			}
			at, more = d.Revision, d.More
		}
		now := storetest.Load(t, s)
		if len(now.Entities) != len(has) {
			t.Fatalf("round %d: %d entities, want %d", round, len(has), len(now.Entities))
		}
		for ref, e := range now.Entities {
			if has[ref] != e.ETag || relations[ref] != len(now.Relations[ref]) {
				t.Fatalf("round %d: %s has etag %q and %d relations, want %q and %d", round, ref, has[ref], relations[ref], e.ETag, len(now.Relations[ref]))
			}
		}
	}
	if revision, _ := s.CatalogRevision(t.Context()); revision < at {
		t.Errorf("followed to %d, newest is %d", at, revision)
	}
	if _, err := s.CatalogDelta(t.Context(), 0, 0); !fault.Is(err, fault.Invalid) {
		t.Errorf("a limit of 0: %v", err)
	}
}
