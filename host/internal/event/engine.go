package event

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

// Deliver calls a subscriber with one event. An error means that it shall be
// tried again.
type Deliver func(ctx context.Context, installation, plugin string, d store.Delivery) error

// Audit learns what was done to events. It must not block.
type Audit func(ctx context.Context, r Record)

// Record is one line for the audit.
type Record struct {
	Action  string // "refused", "dead-letter", "redelivered", "dropped", "replayed"
	Plugin  string // whose events or subscription
	Subject string // who did it; empty = the host
	Topic   string
	Event   uint64
	Message string
}

// Limits are the quotas and times of the engine. A zero field has its default.
type Limits struct {
	Rate     float64       // events a second that one plugin publishes; default 50
	Burst    int           // events that it may publish at once; default 200
	Waiting  int           // events of one plugin that its slowest subscriber has not taken; default 10,000
	Bytes    int64         // of one plugin's stored events; default 64 MiB
	Attempts int           // tries before an event becomes a dead letter; default 8
	Backoff  time.Duration // after the first failure; doubles; default 1 s
	Longest  time.Duration // longest backoff; default 5 min
	Window   int           // deliveries of one subscriber that wait at once; default 256
	Parallel int           // calls of one subscriber at once; default 4
	Lease    time.Duration // how long a replica that vanished holds its subscribers up; default 30 s
	Deadline time.Duration // of one delivery, below Lease; default 15 s
	Poll     time.Duration // how often another replica's events are looked for; default 1 s
	Keep     time.Duration // age of events that go; default 7 days
	KeepDead time.Duration // age of dead letters that go; default 30 days
}

func (l Limits) withDefaults() Limits {
	set(&l.Rate, 50)
	set(&l.Burst, 200)
	set(&l.Waiting, 10_000)
	set(&l.Bytes, 64<<20)
	set(&l.Attempts, 8)
	set(&l.Backoff, time.Second)
	set(&l.Longest, 5*time.Minute)
	set(&l.Window, 256)
	set(&l.Parallel, 4)
	set(&l.Lease, 30*time.Second)
	set(&l.Deadline, 15*time.Second)
	set(&l.Poll, time.Second)
	set(&l.Keep, 7*24*time.Hour)
	set(&l.KeepDead, 30*24*time.Hour)
	return l
}

func set[T int | int64 | float64 | time.Duration](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}

// Config is what an Engine needs. Audit and Log may be nil.
type Config struct {
	Store   store.Events
	Deliver Deliver
	Owner   string // names this replica; no other may have it
	Clock   func() time.Time
	Random  func() float64 // in [0, 1), spreads retries
	Limits  Limits
	Audit   Audit
	Log     *slog.Logger
}

// Engine publishes and delivers. It is safe for use by many goroutines.
type Engine struct {
	config Config
	limits Limits
	nudge  chan struct{}

	mu         sync.Mutex
	publishers map[string]*publisher // by installation
	pumping    map[string]bool       // subscribers that this replica is delivering to
	active     sync.WaitGroup
	stop       context.CancelFunc
	ended      chan struct{}
}

// New returns an engine that delivers nothing until Start.
func New(c Config) *Engine {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Audit == nil {
		c.Audit = func(context.Context, Record) {}
	}
	return &Engine{
		config: c, limits: c.Limits.withDefaults(), nudge: make(chan struct{}, 1),
		publishers: map[string]*publisher{}, pumping: map[string]bool{},
	}
}

// Start delivers until Close.
func (e *Engine) Start(ctx context.Context) {
	ctx, e.stop = context.WithCancel(ctx)
	e.ended = make(chan struct{})
	go e.loop(ctx)
}

// Close ends deliveries under way: what was not settled is delivered again, by
// whoever claims the subscription next.
func (e *Engine) Close() {
	if e.stop == nil {
		return
	}
	e.stop()
	<-e.ended
	e.active.Wait()
}

// Nudge makes the engine look for work now, because somebody wrote an event.
func (e *Engine) Nudge() {
	select {
	case e.nudge <- struct{}{}:
	default: // it will look anyway
	}
}

// sweepEvery is how often retention is looked after.
const sweepEvery = time.Minute

func (e *Engine) loop(ctx context.Context) {
	defer close(e.ended)
	poll, sweep := time.NewTicker(e.limits.Poll), time.NewTicker(sweepEvery)
	defer poll.Stop()
	defer sweep.Stop()
	for {
		e.round(ctx)
		select {
		case <-ctx.Done():
			return
		case <-poll.C:
		case <-e.nudge:
		case <-sweep.C:
			e.Sweep(ctx)
		}
	}
}

// round begins to deliver to every subscriber that has something waiting and
// that nobody delivers to.
func (e *Engine) round(ctx context.Context) {
	err := e.eachWaiting(ctx, func(s store.SubscriptionRow) {
		if !e.begin(s.Installation) {
			return
		}
		e.active.Go(func() {
			defer e.end(s.Installation)
			e.report(ctx, "delivering events", e.pump(ctx, s))
		})
	})
	e.report(ctx, "looking for events", err)
}

// begin reports whether the caller is the one who delivers to a subscriber.
func (e *Engine) begin(installation string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.pumping[installation] {
		return false
	}
	e.pumping[installation] = true
	return true
}

func (e *Engine) end(installation string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.pumping, installation)
}

// Step delivers what can be delivered now, on the caller's goroutine. Start
// does the same in the background.
func (e *Engine) Step(ctx context.Context) error {
	var pumped []error
	err := e.eachWaiting(ctx, func(s store.SubscriptionRow) {
		pumped = append(pumped, e.pump(ctx, s))
	})
	return errors.Join(append(pumped, err)...)
}

func (e *Engine) eachWaiting(ctx context.Context, each func(store.SubscriptionRow)) error {
	head, err := e.config.Store.EventHead(ctx)
	if err != nil {
		return err
	}
	if head == 0 { // nothing was ever published
		return nil
	}
	subscriptions, err := e.config.Store.ListSubscriptions(ctx)
	if err != nil {
		return err
	}
	now := e.config.Clock()
	for _, s := range subscriptions {
		taken := s.Owner != "" && s.Owner != e.config.Owner && s.LeaseUntil.After(now)
		if s.Enabled && !taken && (s.Cursor < head || s.Pending > 0 && !s.DueAt.After(now)) {
			each(s)
		}
	}
	return nil
}

// Sweep removes what retention says.
func (e *Engine) Sweep(ctx context.Context) {
	now := e.config.Clock()
	_, err := e.config.Store.SweepEvents(ctx, store.EventRetention{
		Before: now.Add(-e.limits.Keep), DeadBefore: now.Add(-e.limits.KeepDead), Bytes: e.limits.Bytes,
	})
	e.report(ctx, "removing old events", err)
}

// report logs what the next round may mend. Conflict is another replica at work.
func (e *Engine) report(ctx context.Context, doing string, err error) {
	if err != nil && ctx.Err() == nil && !fault.Is(err, fault.Conflict) {
		e.config.Log.WarnContext(ctx, doing+" failed; it is tried again", "error", err)
	}
}
