package schedule

import (
	"context"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Schedules is what the capability stands on; job.Schedules is it.
type Schedules interface {
	// List returns the schedules of an installation.
	List(ctx context.Context, installation string) ([]store.ScheduleRow, error)
	// Runs returns the newest runs of one schedule.
	Runs(ctx context.Context, installation, id string, limit int) ([]store.ScheduleRun, error)
	// Force makes a schedule run now. Faults: NotFound, Conflict.
	Force(ctx context.Context, installation, plugin, id, subject string) error
}

// New returns the table's row.
func New(schedules Schedules, now func() time.Time) capability.Capability {
	s := service{schedules, now}
	return capability.Capability{
		ID: abi.CapSchedule,
		Ops: map[uint32]capability.Operation{
			abi.ScheduleList:   capability.Op("schedule.list/1", s.list),
			abi.ScheduleRunNow: capability.Op("schedule.run-now/1", s.runNow),
		},
	}
}

type service struct {
	schedules Schedules
	now       func() time.Time
}

func (s service) list(ctx context.Context, c *capability.Call, _ *contract.ScheduleListRequest) (msgp.Marshaler, error) {
	rows, err := s.schedules.List(ctx, c.Installation)
	if err != nil {
		return nil, err
	}
	out := &contract.ScheduleListAnswer{}
	for _, row := range rows {
		info := contract.ScheduleInfo{
			ID: row.ID, EveryMillis: row.Every.Milliseconds(), Cron: row.Cron, Paused: !row.Enabled,
			Running: row.LeaseUntil.After(s.now()), NextAt: row.NextAt.UnixMilli(),
		}
		runs, err := s.schedules.Runs(ctx, c.Installation, row.ID, 2) // the newest may be under way
		if err != nil {
			return nil, err
		}
		for _, run := range runs {
			if !run.EndedAt.IsZero() {
				info.LastAt, info.LastOutcome, info.LastError = run.StartedAt.UnixMilli(), run.Outcome, run.Error
				break
			}
		}
		out.Schedules = append(out.Schedules, info)
	}
	return out, nil
}

func (s service) runNow(ctx context.Context, c *capability.Call, q *contract.ScheduleRunNowRequest) (msgp.Marshaler, error) {
	return nil, s.schedules.Force(ctx, c.Installation, c.Plugin, q.ID, c.Authority.Subject.Ref)
}
