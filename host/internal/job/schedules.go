package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

// Audit learns what was done to schedules and tasks. It must not block.
type Audit func(ctx context.Context, r Record)

// Record is one line for the audit.
type Record struct {
	Action  string // "schedule.failed", "schedule.forced", "task.enqueued", "task.cancelled", "task.failed", "task.refused"
	Plugin  string
	Subject string // who did it; empty = the host
	Object  string // id of the schedule or task
	Message string
}

// ScheduleConfig is what Schedules needs. Audit and Log may be nil.
type ScheduleConfig struct {
	Store  store.Schedules
	Run    func(ctx context.Context, s store.ScheduleRow, r store.ScheduleRun) error // calls the plugin
	Owner  string                                                                    // names this replica; no other may have it
	Clock  func() time.Time
	Random func() float64 // in [0, 1), spreads intervals
	ID     func() string  // of a run
	Audit  Audit
	Log    *slog.Logger

	Most  int           // schedules of one plugin; 0 = 50
	Slots int           // runs at once on this replica; 0 = 4
	Lease time.Duration // how long a replica that vanished holds its runs up; 0 = 30 s
	Poll  time.Duration // how often what is due is looked for; 0 = 1 s
	Keep  time.Duration // age of runs that go from the history; 0 = 14 days
}

// Schedules runs what is due, each run on one replica.
type Schedules struct {
	config ScheduleConfig
	nudge  chan struct{}
	slots  chan struct{}
	active sync.WaitGroup
	stop   context.CancelFunc
	ended  chan struct{}
}

// NewSchedules returns schedules that run nothing until Start.
func NewSchedules(c ScheduleConfig) *Schedules {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Audit == nil {
		c.Audit = func(context.Context, Record) {}
	}
	orDefault(&c.Most, 50)
	orDefault(&c.Slots, 4)
	orDefault(&c.Lease, 30*time.Second)
	orDefault(&c.Poll, time.Second)
	orDefault(&c.Keep, 14*24*time.Hour)
	return &Schedules{config: c, nudge: make(chan struct{}, 1), slots: make(chan struct{}, c.Slots)}
}

func orDefault[T int | int64 | time.Duration](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}

// Sync makes the schedules of an installation those of its plugin's installed
// version. It is called at each start and change of a plugin. With enabled
// false they pause. Faults: Invalid (a schedule), Exhausted (too many).
func (s *Schedules) Sync(ctx context.Context, installation, plugin string, enabled bool, list []store.ScheduleRow) error {
	if len(list) > s.config.Most {
		return fault.New(fault.Exhausted, "plugin %s has %d schedules and may have %d", plugin, len(list), s.config.Most)
	}
	now := s.config.Clock()
	rows := make([]store.ScheduleRow, len(list))
	for i, row := range list {
		if err := CheckSchedule(row); err != nil {
			return fmt.Errorf("taking over the schedules of plugin %s: %w", plugin, err)
		}
		row.Installation, row.Plugin, row.Enabled = installation, plugin, enabled
		row.NextAt = next(row, now, s.config.Random())
		rows[i] = row
	}
	return s.config.Store.SaveSchedules(ctx, installation, rows)
}

// PauseOthers pauses the schedules of all installations but these.
func (s *Schedules) PauseOthers(ctx context.Context, installations []string) error {
	all, err := s.config.Store.ListSchedules(ctx, "")
	if err != nil {
		return err
	}
	for _, row := range all {
		if row.Enabled && !slices.Contains(installations, row.Installation) {
			err = errors.Join(err, s.config.Store.EnableSchedules(ctx, row.Installation, false))
		}
	}
	return err
}

// Force makes a schedule run now. Faults: NotFound, Conflict (it runs, or is paused).
func (s *Schedules) Force(ctx context.Context, installation, plugin, id, subject string) error {
	if err := s.config.Store.ForceSchedule(ctx, installation, id); err != nil {
		return err
	}
	s.config.Audit(ctx, Record{Action: "schedule.forced", Plugin: plugin, Subject: subject, Object: id})
	select {
	case s.nudge <- struct{}{}:
	default: // it will look anyway
	}
	return nil
}

// List returns the schedules of an installation.
func (s *Schedules) List(ctx context.Context, installation string) ([]store.ScheduleRow, error) {
	return s.config.Store.ListSchedules(ctx, installation)
}

// Runs returns the newest runs of a schedule, or with an empty id of all.
func (s *Schedules) Runs(ctx context.Context, installation, id string, limit int) ([]store.ScheduleRun, error) {
	return s.config.Store.ScheduleRuns(ctx, installation, id, limit)
}

// Start runs what is due until Close.
func (s *Schedules) Start(ctx context.Context) {
	ctx, s.stop = context.WithCancel(ctx)
	s.ended = make(chan struct{})
	go s.loop(ctx)
}

// Close cancels runs under way. Another replica runs them again when their
// lease is over.
func (s *Schedules) Close() {
	if s.stop == nil {
		return
	}
	s.stop()
	<-s.ended
	s.active.Wait()
}

// sweepEvery is how often old rows are looked for.
const sweepEvery = time.Minute

func (s *Schedules) loop(ctx context.Context) {
	defer close(s.ended)
	poll, sweep := time.NewTicker(s.config.Poll), time.NewTicker(sweepEvery)
	defer poll.Stop()
	defer sweep.Stop()
	for {
		s.begin(ctx)
		select {
		case <-ctx.Done():
			return
		case <-poll.C:
		case <-s.nudge:
		case <-sweep.C:
			_, err := s.config.Store.SweepScheduleRuns(ctx, s.config.Clock().Add(-s.config.Keep))
			s.report(ctx, "removing old runs", err)
		}
	}
}

// begin starts what is due, as long as this replica has room.
func (s *Schedules) begin(ctx context.Context) {
	for {
		select {
		case s.slots <- struct{}{}:
		default:
			return
		}
		row, run, err := s.claim(ctx)
		if err != nil {
			<-s.slots
			if !fault.Is(err, fault.NotFound) {
				s.report(ctx, "looking for schedules", err)
			}
			return
		}
		s.active.Go(func() {
			defer func() { <-s.slots }()
			s.run(ctx, row, run)
		})
	}
}

func (s *Schedules) claim(ctx context.Context) (store.ScheduleRow, store.ScheduleRun, error) {
	return s.config.Store.ClaimSchedule(ctx, s.config.Owner, s.config.ID(), s.config.Lease)
}

// Step runs one schedule that is due, on the caller's goroutine, and reports
// whether there was one.
func (s *Schedules) Step(ctx context.Context) (bool, error) {
	row, run, err := s.claim(ctx)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	s.run(ctx, row, run)
	return true, nil
}

func (s *Schedules) run(ctx context.Context, row store.ScheduleRow, run store.ScheduleRun) {
	err := holding(ctx, s.config.Lease/3, func(ctx context.Context) error {
		return s.config.Store.HoldSchedule(ctx, run.ID, s.config.Owner, s.config.Lease)
	}, func(ctx context.Context) error { return s.config.Run(ctx, row, run) })
	if ctx.Err() != nil {
		return // this replica ends: the run is another's when the lease is over
	}
	end := store.ScheduleEnd{Outcome: "done", NextAt: next(row, s.config.Clock(), s.config.Random())}
	if err != nil {
		end.Outcome, end.Error = "failed", reason(err)
		if fault.Is(err, fault.Timeout) {
			end.Outcome = "timeout"
		}
		s.config.Audit(ctx, Record{Action: "schedule.failed", Plugin: row.Plugin, Object: row.ID, Message: end.Error})
	}
	s.report(ctx, "ending a run", s.config.Store.FinishSchedule(ctx, run.ID, s.config.Owner, end))
}

func (s *Schedules) report(ctx context.Context, doing string, err error) {
	if err != nil && ctx.Err() == nil && !fault.Is(err, fault.Conflict) {
		s.config.Log.WarnContext(ctx, doing+" failed; it is tried again", "error", err)
	}
}
