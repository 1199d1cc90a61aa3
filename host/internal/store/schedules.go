package store

import (
	"context"
	"time"
)

// ScheduleRow is one schedule of an installed plugin.
type ScheduleRow struct {
	Installation string
	Plugin       string
	ID           string
	Every        time.Duration // interval; 0 with Cron
	Cron         string        // cron expression in UTC; empty with Every
	Enabled      bool
	NextAt       time.Time // when it is due
	Forced       bool      // an operator or the plugin asked for the next run
	Owner        string    // replica that runs it, empty = none
	LeaseUntil   time.Time // until when that replica is believed
	Run          string    // id of the run under way or last begun
}

// ScheduleRun is one run of a schedule.
type ScheduleRun struct {
	ID           string
	Installation string
	Schedule     string
	Trigger      string // "schedule", "manual", or "takeover" after a runner that vanished
	Owner        string // replica
	StartedAt    time.Time
	EndedAt      time.Time // zero = under way
	Outcome      string    // "running", "done", "failed", "timeout", "lost"
	Error        string
}

// ScheduleEnd says how a run ended and when the next is due.
type ScheduleEnd struct {
	Outcome string
	Error   string
	NextAt  time.Time
}

// Schedules stores schedules and the history of their runs.
type Schedules interface {
	// SaveSchedules makes rows the schedules of an installation: what is not
	// among them goes, and one whose interval or expression stays keeps its
	// NextAt. A run under way goes on.
	SaveSchedules(ctx context.Context, installation string, rows []ScheduleRow) error
	// EnableSchedules pauses the schedules of an installation, or lets them run.
	EnableSchedules(ctx context.Context, installation string, enabled bool) error
	// ListSchedules returns the schedules of an installation, all with "", by
	// installation and id.
	ListSchedules(ctx context.Context, installation string) ([]ScheduleRow, error)
	// ClaimSchedule takes the schedule that is due longest and that nobody
	// runs, and begins a run of the id in its history. A run whose owner's
	// lease lapsed is ended as lost. Fault: NotFound (none is due).
	ClaimSchedule(ctx context.Context, owner, run string, ttl time.Duration) (ScheduleRow, ScheduleRun, error)
	// HoldSchedule prolongs the claim. Fault: Conflict (it was lost).
	HoldSchedule(ctx context.Context, run, owner string, ttl time.Duration) error
	// FinishSchedule ends a run. Fault: Conflict (it was lost).
	FinishSchedule(ctx context.Context, run, owner string, end ScheduleEnd) error
	// ForceSchedule makes a schedule due at once. Faults: NotFound, Conflict (it
	// is running, or paused).
	ForceSchedule(ctx context.Context, installation, id string) error
	// ScheduleRuns returns the newest runs of a schedule, newest first; with an
	// empty id of all schedules of the installation.
	ScheduleRuns(ctx context.Context, installation, id string, limit int) ([]ScheduleRun, error)
	// SweepScheduleRuns removes runs that ended before a moment.
	SweepScheduleRuns(ctx context.Context, before time.Time) (int, error)
}
