package job

import (
	"context"
	"encoding/json"
	"log/slog"
	"regexp"
	"sync"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/host/internal/store"
)

// Bounds of a task.
const (
	MaxPayload    = 64 << 10
	MaxResult     = 64 << 10
	MaxCheckpoint = 64 << 10
	MaxLine       = 4 << 10
	MaxUniqueKey  = 256
	MaxAttempts   = 20
	MaxTimeout    = time.Hour
)

// TaskConfig is what Tasks needs. Audit, Lead and Log may be nil.
type TaskConfig struct {
	Store   store.Tasks
	Carrier Carrier
	// Authorize returns the rights that the requester has now, without the
	// plugin that runs the task; with own it acts for itself. It is asked at
	// each attempt. Fault: Denied (who asked is nobody any more).
	Authorize func(ctx context.Context, plugin string, r Requester) (a principal.Authority, own bool, err error)
	// Run calls the plugin and returns the result.
	Run func(ctx context.Context, a *Attempt, authority principal.Authority, own bool) ([]byte, error)
	// Lead makes this replica the one that sends again what was lost, for a
	// short time, or is Conflict. nil = it always is.
	Lead   func(ctx context.Context) error
	Owner  string // names this replica; no other may have it
	Clock  func() time.Time
	Random func() float64 // in [0, 1), spreads retries
	ID     func() string  // of a task
	Audit  Audit
	Log    *slog.Logger

	Queued  int             // tasks of one plugin that are not final; 0 = 1,000
	Slots   store.TaskSlots // at once on all replicas; 0 = 4 of a plugin, 2 of a queue
	Lines   int             // log lines that a task keeps; 0 = 1,000
	Lease   time.Duration   // how long a replica that vanished holds its tasks up; 0 = 30 s
	Beat    time.Duration   // how often a lease is renewed and a cancelling seen; 0 = 3 s
	Grace   time.Duration   // what a cancelled task has to end by itself; 0 = 10 s
	Poll    time.Duration   // how often lost errands are looked for; 0 = 1 s
	Backoff time.Duration   // after the first failure; doubles; 0 = 5 s
	Longest time.Duration   // longest backoff; 0 = 10 min
	Keep    time.Duration   // how long a final task is kept; 0 = 7 days
}

// Tasks enqueues and runs tasks.
type Tasks struct {
	config TaskConfig

	mu      sync.Mutex
	running map[string]*Attempt  // by task, on this replica
	sent    map[string]time.Time // when the round last sent a task
	closing bool
	stop    context.CancelFunc
	ended   chan struct{}
}

// NewTasks returns tasks that run nothing until Start.
func NewTasks(c TaskConfig) *Tasks {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Audit == nil {
		c.Audit = func(context.Context, Record) {}
	}
	if c.Lead == nil {
		c.Lead = func(context.Context) error { return nil }
	}
	orDefault(&c.Queued, 1000)
	orDefault(&c.Slots.Plugin, 4)
	orDefault(&c.Slots.Queue, 2)
	orDefault(&c.Lines, 1000)
	orDefault(&c.Lease, 30*time.Second)
	orDefault(&c.Beat, 3*time.Second)
	orDefault(&c.Grace, 10*time.Second)
	orDefault(&c.Poll, time.Second)
	orDefault(&c.Backoff, 5*time.Second)
	orDefault(&c.Longest, 10*time.Minute)
	orDefault(&c.Keep, 7*24*time.Hour)
	return &Tasks{config: c, running: map[string]*Attempt{}, sent: map[string]time.Time{}}
}

// Requester is who asked for a task, by what never changes hands. Its rights
// are looked up when the task runs; none are kept.
type Requester struct {
	Kind   string   `json:"kind"`
	Issuer string   `json:"issuer"`
	ID     string   `json:"id"`
	Ref    string   `json:"ref,omitempty"`   // as it was then, for people
	Own    bool     `json:"own,omitempty"`   // the plugin itself asked
	Path   []string `json:"path,omitempty"`  // plugins before the one that enqueued, outermost first: they narrow
	Cause  []string `json:"cause,omitempty"` // plugins before those: they count for depth alone
	Call   uint64   `json:"call,omitempty"`  // host call, for audit
}

// RequesterOf returns who stands behind a call of a plugin.
func RequesterOf(a principal.Authority, call uint64) Requester {
	r := Requester{
		Kind: a.Subject.Kind.String(), Issuer: a.Subject.Issuer, ID: a.Subject.ID, Ref: a.Subject.Ref,
		Own: a.Mode == principal.AsOwn, Call: call,
	}
	for _, actor := range a.Actors[:max(len(a.Actors)-1, 0)] {
		r.Path = append(r.Path, actor.Plugin)
	}
	for _, actor := range a.Cause {
		r.Cause = append(r.Cause, actor.Plugin)
	}
	return r
}

// Key is equal for the same requester.
func (r Requester) Key() string {
	return r.Kind + "|" + r.Issuer + "|" + r.ID
}

// Order is a task before it is enqueued. Zero fields have their defaults.
type Order struct {
	Installation string
	Plugin       string
	Requester    Requester
	Queue        string
	Name         string
	UniqueKey    string
	Payload      []byte
	Blob         string
	RunAt        time.Time
	Priority     int           // 1 first … 4 last; 0 = 2
	MaxAttempts  int           // 0 = 5
	Timeout      time.Duration // of one attempt; 0 = 5 min
}

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9._-]{0,79}$`)

func (o *Order) check() error {
	orDefault(&o.Priority, 2)
	orDefault(&o.MaxAttempts, 5)
	orDefault(&o.Timeout, 5*time.Minute)
	switch {
	case !nameForm.MatchString(o.Name) || !nameForm.MatchString(o.Queue):
		return fault.New(fault.Invalid, "task %.100q in queue %.100q: names have lower-case letters, digits, dots, - and _, and start with a letter", o.Name, o.Queue)
	case len(o.Payload) > MaxPayload:
		return fault.New(fault.Invalid, "the payload of a task has at most %d bytes, not %d: keep it as a blob and name it", MaxPayload, len(o.Payload))
	case len(o.UniqueKey) > MaxUniqueKey || len(o.Blob) > 1024:
		return fault.New(fault.Invalid, "the unique key has at most %d bytes, a blob's key 1024", MaxUniqueKey)
	case o.Priority > 4 || o.MaxAttempts > MaxAttempts || o.Timeout > MaxTimeout:
		return fault.New(fault.Invalid, "a task has a priority from 1 to 4, at most %d attempts and at most %s for each", MaxAttempts, MaxTimeout)
	}
	return nil
}

// Enqueue adds a task and returns it, and whether it is new: with a unique key
// that is in store already it returns that task. Faults: Invalid, Exhausted.
func (t *Tasks) Enqueue(ctx context.Context, o Order) (store.TaskRow, bool, error) {
	if err := o.check(); err != nil {
		return store.TaskRow{}, false, err
	}
	requester, err := json.Marshal(o.Requester)
	if err != nil {
		return store.TaskRow{}, false, fault.Wrap(fault.Internal, err, "encoding a requester")
	}
	row, added, err := t.config.Store.EnqueueTask(ctx, store.TaskRow{
		ID: t.config.ID(), Installation: o.Installation, Plugin: o.Plugin, Queue: o.Queue, Name: o.Name, UniqueKey: o.UniqueKey,
		Requester: requester, Subject: o.Requester.Key(), Payload: o.Payload, Blob: o.Blob, RunAt: o.RunAt,
		Priority: o.Priority, MaxAttempts: o.MaxAttempts, Timeout: o.Timeout,
	}, t.config.Queued)
	if err != nil {
		if fault.Is(err, fault.Exhausted) {
			t.config.Audit(ctx, Record{Action: "task.refused", Plugin: o.Plugin, Subject: o.Requester.Ref, Object: o.Name, Message: fault.Message(err)})
		}
		return row, false, err
	}
	if added {
		t.config.Audit(ctx, Record{Action: "task.enqueued", Plugin: o.Plugin, Subject: o.Requester.Ref, Object: row.ID, Message: o.Name})
		if !row.RunAt.After(t.config.Clock()) {
			t.send(ctx, store.DueTask{ID: row.ID, Priority: row.Priority})
		}
	}
	return row, added, nil
}

// send lets some replica advance a task. What fails here the round sends again.
func (t *Tasks) send(ctx context.Context, d store.DueTask) {
	if err := t.config.Carrier.Send(context.WithoutCancel(ctx), d.ID, d.Priority); err != nil {
		t.config.Log.WarnContext(ctx, "a task starts later", "task", d.ID, "error", err)
	}
}

// Get returns a task of an installation. Fault: NotFound.
func (t *Tasks) Get(ctx context.Context, installation, id string) (store.TaskRow, error) {
	return t.config.Store.GetTask(ctx, installation, id)
}

// List returns tasks, newest first.
func (t *Tasks) List(ctx context.Context, f store.TaskFilter) ([]store.TaskRow, error) {
	return t.config.Store.ListTasks(ctx, f)
}

// Log returns lines of a task's log after a number. Fault: NotFound.
func (t *Tasks) Log(ctx context.Context, installation, id string, after, limit int) ([]store.TaskLine, error) {
	if _, err := t.config.Store.GetTask(ctx, installation, id); err != nil {
		return nil, err
	}
	return t.config.Store.TaskLog(ctx, id, after, limit)
}

// Cancel ends a task that waits, and tells one that runs, which then has the
// grace to end by itself. Fault: NotFound.
func (t *Tasks) Cancel(ctx context.Context, installation, id, subject string) (store.TaskRow, error) {
	now := t.config.Clock()
	row, err := t.config.Store.CancelTask(ctx, installation, id, now.Add(t.config.Grace), now.Add(t.config.Keep))
	if err != nil {
		return row, err
	}
	t.config.Audit(ctx, Record{Action: "task.cancelled", Plugin: row.Plugin, Subject: subject, Object: id})
	t.mu.Lock()
	attempt := t.running[id]
	t.mu.Unlock()
	if attempt != nil && !row.State.Final() {
		attempt.cancelled(row.CancelAt)
	}
	return row, nil
}

// Activate lets the tasks of these installations run, and makes those of all
// others wait. Those that run go on.
func (t *Tasks) Activate(ctx context.Context, installations []string) error {
	return t.config.Store.ActivateTasks(ctx, installations)
}
