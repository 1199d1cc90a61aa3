package job_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/job"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/storetest"
)

// rig is tasks on a real database with a clock that a test turns.
type rig struct {
	t       *testing.T
	clock   *storetest.Clock
	db      store.Store
	carrier *manual
	tasks   *job.Tasks
	audit   []job.Record
	runs    []string // what plugins were called with
	run     func(ctx context.Context, a *job.Attempt) ([]byte, error)
	rights  func(r job.Requester) error
}

// manual is a carrier that brings errands when the test says so.
type manual struct{ waiting []string }

func (*manual) Start(context.Context, func(context.Context, string)) error { return nil }
func (*manual) Close(context.Context) error                                { return nil }
func (m *manual) Send(_ context.Context, task string, _ int) error {
	m.waiting = append(m.waiting, task)
	return nil
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, clock: storetest.NewClock(), carrier: &manual{}}
	r.db = openSQLite(t, r.clock.Now)
	r.tasks = r.replica("r1", func(*job.TaskConfig) {})
	return r
}

func (r *rig) replica(owner string, change func(*job.TaskConfig)) *job.Tasks {
	ids := 0
	c := job.TaskConfig{
		Store: r.db, Carrier: r.carrier, Owner: owner, Clock: r.clock.Now, Random: func() float64 { return 0 },
		ID:    func() string { ids++; return fmt.Sprintf("%s-%d", owner, ids) },
		Audit: func(_ context.Context, rec job.Record) { r.audit = append(r.audit, rec) },
		Authorize: func(_ context.Context, _ string, who job.Requester) (principal.Authority, bool, error) {
			if r.rights != nil {
				if err := r.rights(who); err != nil {
					return principal.Authority{}, false, err
				}
			}
			return principal.Guest(who.Ref), who.Own, nil
		},
		Run: func(ctx context.Context, a *job.Attempt, authority principal.Authority, own bool) ([]byte, error) {
			r.runs = append(r.runs, fmt.Sprintf("%s by %s own=%v attempt=%d checkpoint=%s", a.Task.Name, authority.Subject.Ref, own, a.Task.Attempts, a.Task.Checkpoint))
			if r.run == nil {
				return []byte("out"), nil
			}
			return r.run(ctx, a)
		},
	}
	change(&c)
	return job.NewTasks(c)
}

func ada() job.Requester {
	return job.RequesterOf(principal.Guest("user:default/ada").Through(principal.Actor{Plugin: "p", Digest: "d"}), 7)
}

func (r *rig) enqueue(change ...func(*job.Order)) store.TaskRow {
	r.t.Helper()
	o := job.Order{Installation: "local/p", Plugin: "p", Requester: ada(), Queue: "builds", Name: "build", Payload: []byte("in")}
	for _, f := range change {
		f(&o)
	}
	row, _, err := r.tasks.Enqueue(r.t.Context(), o)
	if err != nil {
		r.t.Fatal(err)
	}
	return row
}

// bring advances everything that was sent.
func (r *rig) bring(by *job.Tasks) {
	for len(r.carrier.waiting) > 0 {
		id := r.carrier.waiting[0]
		r.carrier.waiting = r.carrier.waiting[1:]
		by.Advance(r.t.Context(), id)
	}
}

func (r *rig) round() {
	r.t.Helper()
	if err := r.tasks.Round(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	r.bring(r.tasks)
}

func (r *rig) get(id string) store.TaskRow {
	r.t.Helper()
	row, err := r.tasks.Get(r.t.Context(), "local/p", id)
	if err != nil {
		r.t.Fatal(err)
	}
	return row
}

func (r *rig) wantState(id string, state store.TaskState, errorSays string) {
	r.t.Helper()
	if row := r.get(id); row.State != state || !strings.Contains(row.Error, errorSays) {
		r.t.Errorf("task is %s with error %q, want %s with %q", row.State, row.Error, state, errorSays)
	}
}

func TestATaskRunsForWhoAskedAndKeepsItsResult(t *testing.T) {
	r := newRig(t)
	id := r.enqueue().ID
	r.bring(r.tasks)
	if len(r.runs) != 1 || r.runs[0] != "build by user:default/ada own=false attempt=1 checkpoint=" {
		t.Errorf("runs: %v", r.runs)
	}
	if row := r.get(id); row.State != store.TaskDone || string(row.Result) != "out" || row.Progress != 100 {
		t.Errorf("%+v", row)
	}
	if r.audit[0].Action != "task.enqueued" || r.audit[0].Subject != "user:default/ada" || r.audit[0].Object != id {
		t.Errorf("audit: %+v", r.audit)
	}
}

func TestAFailureIsTriedAgainUntilItIsTheLast(t *testing.T) {
	r := newRig(t)
	r.run = func(context.Context, *job.Attempt) ([]byte, error) {
		return nil, fault.New(fault.Unavailable, "no room")
	}
	id := r.enqueue(func(o *job.Order) { o.MaxAttempts = 3 }).ID
	r.bring(r.tasks)
	r.wantState(id, store.TaskPending, "no room")
	r.round()
	if len(r.runs) != 1 {
		t.Fatal("it was tried again before its backoff was over")
	}
	r.clock.Turn(5 * time.Second)
	r.round()
	r.clock.Turn(5 * time.Second) // the second backoff is twice as long
	r.round()
	if len(r.runs) != 2 {
		t.Fatalf("%d runs", len(r.runs))
	}
	r.clock.Turn(5 * time.Second)
	r.round()
	r.wantState(id, store.TaskFailed, "no room")
	r.clock.Turn(time.Hour)
	r.round()
	if len(r.runs) != 3 {
		t.Errorf("%d runs, want 3", len(r.runs))
	}
	if last := r.audit[len(r.audit)-1]; last.Action != "task.failed" || last.Object != id {
		t.Errorf("audit: %+v", last)
	}
}

func TestWhatCannotSucceedIsNotTriedAgain(t *testing.T) {
	for _, kind := range []fault.Kind{fault.Invalid, fault.Denied, fault.NotFound, fault.Conflict} {
		r := newRig(t)
		r.run = func(context.Context, *job.Attempt) ([]byte, error) { return nil, fault.New(kind, "never") }
		id := r.enqueue().ID
		r.bring(r.tasks)
		r.wantState(id, store.TaskFailed, "never")
	}
}

// Whoever loses their rights between two attempts has none in the second.
func TestRightsAreLookedUpAtEachAttempt(t *testing.T) {
	r := newRig(t)
	r.run = func(context.Context, *job.Attempt) ([]byte, error) { return nil, errors.New("try again") }
	id := r.enqueue().ID
	var asked []string
	r.rights = func(who job.Requester) error {
		asked = append(asked, who.Issuer+" "+who.ID)
		if len(asked) == 1 {
			return nil
		}
		return fault.New(fault.Denied, "user:default/ada is nobody any more")
	}
	r.bring(r.tasks)
	r.clock.Turn(5 * time.Second)
	r.round()
	r.wantState(id, store.TaskFailed, "nobody any more")
	if len(r.runs) != 1 || strings.Join(asked, ",") != "guest user:default/ada,guest user:default/ada" {
		t.Errorf("runs %v, asked %v", r.runs, asked)
	}
}

func TestAPluginsOwnTaskIsNobodysElse(t *testing.T) {
	r := newRig(t)
	r.enqueue(func(o *job.Order) {
		o.Requester = job.RequesterOf(principal.Own(principal.Actor{Plugin: "p", Digest: "d"}), 1)
	})
	r.bring(r.tasks)
	if len(r.runs) != 1 || !strings.Contains(r.runs[0], "own=true") {
		t.Errorf("runs: %v", r.runs)
	}
}

func TestTheNextAttemptGoesOnFromTheLastCheckpoint(t *testing.T) {
	r := newRig(t)
	dying := r.replica("dying", func(c *job.TaskConfig) { c.Store = deadAfter{c.Store} })
	r.run = func(ctx context.Context, a *job.Attempt) ([]byte, error) {
		if a.Task.Checkpoint != nil {
			return []byte("finished"), nil
		}
		if _, err := a.Note(ctx, store.TaskNote{Checkpoint: []byte("half"), Progress: 50}); err != nil {
			return nil, err
		}
		return nil, errors.New("the process is gone before it can write this")
	}
	id := r.enqueue().ID
	r.bring(dying)
	r.wantState(id, store.TaskRunning, "")
	r.round()
	if len(r.runs) != 1 {
		t.Fatal("another replica ran it beside the first one")
	}
	r.clock.Turn(30 * time.Second)
	r.round()
	r.wantState(id, store.TaskDone, "")
	if len(r.runs) != 2 || !strings.HasSuffix(r.runs[1], "attempt=2 checkpoint=half") {
		t.Errorf("runs: %v", r.runs)
	}
}

// deadAfter is the store of a process that is killed: it ends nothing.
type deadAfter struct{ store.Tasks }

func (deadAfter) FinishTask(context.Context, store.TaskClaim, store.TaskEnd) error {
	return errors.New("killed")
}

func TestATaskThatKillsItsReplicasEnds(t *testing.T) {
	r := newRig(t)
	dying := r.replica("dying", func(c *job.TaskConfig) { c.Store = deadAfter{c.Store} })
	id := r.enqueue(func(o *job.Order) { o.MaxAttempts = 2 }).ID
	for range 2 {
		r.bring(dying)
		r.clock.Turn(30 * time.Second)
		if err := r.tasks.Round(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	r.bring(r.tasks)
	r.wantState(id, store.TaskFailed, "vanished")
	if len(r.runs) != 2 {
		t.Errorf("%d runs", len(r.runs))
	}
}

func TestCancellingTellsTheTaskAndEndsItByForce(t *testing.T) {
	r := newRig(t)
	r.run = func(ctx context.Context, a *job.Attempt) ([]byte, error) {
		if _, err := r.tasks.Cancel(ctx, "local/p", a.Task.ID, "user:default/op"); err != nil {
			return nil, err
		}
		told, err := a.Note(ctx, store.TaskNote{Progress: -1})
		if err != nil || !told {
			return nil, fmt.Errorf("the task was not told: %w", err)
		}
		<-ctx.Done() // it does not listen; the grace of a millisecond ends it
		return nil, ctx.Err()
	}
	r.tasks = r.replica("r2", func(c *job.TaskConfig) { c.Grace = time.Millisecond })
	id := r.enqueue().ID
	r.bring(r.tasks)
	r.wantState(id, store.TaskCancelled, "")
	if last := r.audit[len(r.audit)-1]; last.Action != "task.cancelled" || last.Subject != "user:default/op" {
		t.Errorf("audit: %+v", last)
	}
}

func TestATaskThatWaitsIsCancelledAtOnce(t *testing.T) {
	r := newRig(t)
	id := r.enqueue().ID
	if row, err := r.tasks.Cancel(t.Context(), "local/p", id, ""); err != nil || row.State != store.TaskCancelled {
		t.Errorf("%s, %v", row.State, err)
	}
	r.bring(r.tasks)
	if len(r.runs) != 0 {
		t.Errorf("runs: %v", r.runs)
	}
	if _, err := r.tasks.Cancel(t.Context(), "local/other", id, ""); !fault.Is(err, fault.NotFound) {
		t.Errorf("another plugin's task: %v", err)
	}
}

func TestAReplicaThatEndsGivesItsTasksBack(t *testing.T) {
	r := newRig(t)
	inside := make(chan struct{})
	r.run = func(ctx context.Context, a *job.Attempt) ([]byte, error) {
		if a.Task.Owner == "r1" {
			close(inside)
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return []byte("out"), nil
	}
	if err := r.tasks.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	id := r.enqueue(func(o *job.Order) { o.MaxAttempts = 1 }).ID
	advanced := make(chan struct{})
	go func() { r.tasks.Advance(t.Context(), id); close(advanced) }()
	<-inside
	if err := r.tasks.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-advanced
	r.wantState(id, store.TaskPending, "")
	r.replica("r2", func(*job.TaskConfig) {}).Advance(t.Context(), id)
	r.wantState(id, store.TaskDone, "") // though it may have one attempt
}

func TestATaskThatWaitsForASlotFollowsWhatHadIt(t *testing.T) {
	r := newRig(t)
	r.tasks = r.replica("r3", func(c *job.TaskConfig) { c.Slots = store.TaskSlots{Plugin: 1, Queue: 1} })
	first, second := r.enqueue().ID, ""
	r.run = func(ctx context.Context, a *job.Attempt) ([]byte, error) {
		if a.Task.ID == first {
			second = r.enqueue().ID
			r.carrier.waiting = nil
			r.tasks.Advance(ctx, second) // while the first has the slot
			if state := r.get(second).State; state != store.TaskPending {
				t.Errorf("the second is %s", state)
			}
		}
		return nil, nil
	}
	r.bring(r.tasks)
	r.wantState(second, store.TaskDone, "")
}

func TestOrdersAreChecked(t *testing.T) {
	for name, change := range map[string]func(*job.Order){
		"no name":         func(o *job.Order) { o.Name = "" },
		"a name":          func(o *job.Order) { o.Name = "Build It" },
		"a queue":         func(o *job.Order) { o.Queue = "../x" },
		"a large payload": func(o *job.Order) { o.Payload = make([]byte, job.MaxPayload+1) },
		"a priority":      func(o *job.Order) { o.Priority = 5 },
		"many attempts":   func(o *job.Order) { o.MaxAttempts = job.MaxAttempts + 1 },
		"a long time":     func(o *job.Order) { o.Timeout = job.MaxTimeout + 1 },
	} {
		r := newRig(t)
		o := job.Order{Installation: "local/p", Plugin: "p", Requester: ada(), Queue: "builds", Name: "build"}
		change(&o)
		if _, _, err := r.tasks.Enqueue(t.Context(), o); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAPluginHasSoManyTasksInStore(t *testing.T) {
	r := newRig(t)
	r.tasks = r.replica("r4", func(c *job.TaskConfig) { c.Queued = 1 })
	r.enqueue()
	_, _, err := r.tasks.Enqueue(t.Context(), job.Order{Installation: "local/p", Plugin: "p", Requester: ada(), Queue: "builds", Name: "build"})
	if !fault.Is(err, fault.Exhausted) || r.audit[len(r.audit)-1].Action != "task.refused" {
		t.Errorf("%v, audit %+v", err, r.audit)
	}
}

func TestAResultThatIsTooLargeIsAnError(t *testing.T) {
	r := newRig(t)
	r.run = func(context.Context, *job.Attempt) ([]byte, error) { return make([]byte, job.MaxResult+1), nil }
	id := r.enqueue().ID
	r.bring(r.tasks)
	r.wantState(id, store.TaskFailed, "keep it as a blob")
}

func TestAPanicOfARunIsItsFailure(t *testing.T) {
	r := newRig(t)
	r.run = func(context.Context, *job.Attempt) ([]byte, error) { panic("index out of range") }
	id := r.enqueue().ID
	r.bring(r.tasks)
	r.wantState(id, store.TaskPending, "index out of range")
}
