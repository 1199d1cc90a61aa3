package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/callboard/callboard/host/internal/fault"
)

// RiverConfig is what a River carrier needs.
type RiverConfig struct {
	Owner string // names this replica
	Slots int    // tasks that this replica runs at once; 0 = 8
	// Lock makes this replica the only one that changes River's schema, or is Conflict.
	Lock   func(ctx context.Context) error
	Unlock func(ctx context.Context) error
	Log    *slog.Logger
}

// River is a Carrier on the store's database. An errand is a row of River's
// that goes when it is done; it says which task to look at and nothing else.
type River[Tx any] struct {
	driver riverdriver.Driver[Tx]
	config RiverConfig
	client *river.Client[Tx]
	stop   context.CancelFunc
}

// NewRiver returns a carrier that stands on the connections of a store.
func NewRiver[Tx any](driver riverdriver.Driver[Tx], c RiverConfig) *River[Tx] {
	if c.Slots <= 0 {
		c.Slots = 8
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &River[Tx]{driver: driver, config: c}
}

// errand is what River carries.
type errand struct {
	Task string `json:"task"`
}

// Kind implements river.JobArgs.
func (errand) Kind() string { return "advance-task" }

// worker hands errands over. It never fails: what a task needs is decided by
// its row, and an errand that is not followed by its effect is sent again.
type worker struct {
	river.WorkerDefaults[errand]
	advance func(ctx context.Context, task string)
}

// Work implements river.Worker.
func (w *worker) Work(ctx context.Context, job *river.Job[errand]) error {
	w.advance(ctx, job.Args.Task)
	return nil
}

// Timeout implements river.Worker: a task has a timeout of its own.
func (*worker) Timeout(*river.Job[errand]) time.Duration { return -1 }

const (
	queue = "callboard_tasks"
	// cooldown is the pause between two looks into the table. River's default of
	// 100 ms would be the time that a chain of tasks spends between its links.
	cooldown = 5 * time.Millisecond
	// pollEvery finds errands whose notification was lost. The sender's own
	// process, and PostgreSQL, tell at once.
	pollEvery = 2 * time.Second
	// patience is how long done errands stay in the table.
	patience = time.Minute
)

// Start implements Carrier.
func (r *River[Tx]) Start(ctx context.Context, advance func(ctx context.Context, task string)) error {
	if err := r.migrate(ctx); err != nil {
		return fmt.Errorf("preparing River's tables: %w", err)
	}
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &worker{advance: advance}); err != nil {
		return fmt.Errorf("starting River: %w", err)
	}
	client, err := river.NewClient(r.driver, &river.Config{
		ID: r.config.Owner, Queues: map[string]river.QueueConfig{queue: {MaxWorkers: r.config.Slots}}, Workers: workers,
		FetchCooldown: cooldown, FetchPollInterval: pollEvery, JobTimeout: -1, MaxAttempts: 1, Logger: r.config.Log,
		CompletedJobRetentionPeriod: patience, CancelledJobRetentionPeriod: patience, DiscardedJobRetentionPeriod: patience,
	})
	if err != nil {
		return fmt.Errorf("starting River: %w", err)
	}
	// River ends what advances when the context of Start does; Close decides that.
	ctx, r.stop = context.WithCancel(context.WithoutCancel(ctx))
	if err := client.Start(ctx); err != nil {
		r.stop()
		return fmt.Errorf("starting River: %w", err)
	}
	r.client = client
	return nil
}

// migrate brings River's own tables up to this version's. Replicas that start
// together take turns.
func (r *River[Tx]) migrate(ctx context.Context) error {
	migrator, err := rivermigrate.New(r.driver, &rivermigrate.Config{Logger: r.config.Log})
	if err != nil {
		return err
	}
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		state, err := migrator.Validate(ctx, nil)
		if err != nil {
			return err
		}
		if state.OK {
			return nil
		}
		err = r.config.Lock(ctx)
		switch {
		case err == nil:
			_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
			return errors.Join(err, r.config.Unlock(context.WithoutCancel(ctx)))
		case !fault.Is(err, fault.Conflict):
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-again.C:
		}
	}
}

// Send implements Carrier.
func (r *River[Tx]) Send(ctx context.Context, task string, priority int) error {
	if r.client == nil {
		return fault.New(fault.Unavailable, "tasks are not running yet")
	}
	_, err := r.client.Insert(ctx, errand{Task: task}, &river.InsertOpts{Queue: queue, Priority: min(max(priority, 1), 4), MaxAttempts: 1})
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "the task is kept and starts later")
	}
	return nil
}

// Close implements Carrier.
func (r *River[Tx]) Close(ctx context.Context) error {
	if r.client == nil {
		return nil
	}
	defer r.stop()
	if err := r.client.Stop(ctx); err != nil {
		return r.client.StopAndCancel(context.WithoutCancel(ctx))
	}
	return nil
}
