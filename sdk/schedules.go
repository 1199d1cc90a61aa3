package sdk

import (
	"context"
	"time"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// ScheduleHandlers maps the ids of plugin.yaml's schedules to functions.
type ScheduleHandlers map[string]ScheduleHandler

// ScheduleHandler does what is due, with the plugin's own rights, on one
// replica of the portal. A run whose replica vanished is run again.
type ScheduleHandler func(ctx context.Context, r ScheduleRun) error

// ScheduleRun is one run of a schedule.
type ScheduleRun struct {
	Schedule string // its id in plugin.yaml
	Run      string // id of this run
	Trigger  string // "schedule", "manual", or "takeover" when the replica that ran it vanished
}

// Schedule is one of the plugin's own schedules.
type Schedule struct {
	ID          string
	Every       time.Duration // 0 with Cron
	Cron        string
	Paused      bool // the plugin is disabled
	Running     bool
	NextAt      time.Time
	LastAt      time.Time // when the last run that ended began; zero = never
	LastOutcome string    // "done", "failed", "timeout" or "lost"
	LastError   string
}

// Schedules looks at the plugin's own schedules.
type Schedules struct{ call *call }

var (
	opScheduleList   = operation{abi.CapSchedule, abi.ScheduleList, "schedule.list/1"}
	opScheduleRunNow = operation{abi.CapSchedule, abi.ScheduleRunNow, "schedule.run-now/1"}
)

// List returns the plugin's schedules.
func (s Schedules) List() ([]Schedule, error) {
	var a contract.ScheduleListAnswer
	if err := s.call.do(opScheduleList, &contract.ScheduleListRequest{}, &a); err != nil {
		return nil, err
	}
	out := make([]Schedule, len(a.Schedules))
	for i, info := range a.Schedules {
		out[i] = Schedule{
			ID: info.ID, Every: time.Duration(info.EveryMillis) * time.Millisecond, Cron: info.Cron, Paused: info.Paused, Running: info.Running,
			NextAt: moment(info.NextAt), LastAt: moment(info.LastAt), LastOutcome: info.LastOutcome, LastError: info.LastError,
		}
	}
	return out, nil
}

// RunNow makes a schedule run at once. NotFound: there is none of the id;
// Conflict: it is running, or paused.
func (s Schedules) RunNow(id string) error {
	return s.call.do(opScheduleRunNow, &contract.ScheduleRunNowRequest{ID: id}, nil)
}

// moment is a time that the wire has as milliseconds, 0 for none.
func moment(millis int64) time.Time {
	if millis == 0 {
		return time.Time{}
	}
	return time.UnixMilli(millis)
}

// schedule answers schedule.run/1.
func (g *Guest) schedule(c *call, payload []byte) []byte {
	var r contract.ScheduleRun
	if _, err := r.UnmarshalMsg(payload); err != nil {
		return g.fail(Errorf(CodeInvalid, "reading the run: %w", err))
	}
	run := g.plugin.Schedules[r.Schedule]
	if run == nil {
		return g.fail(NotFound("schedule %q is not registered by this plugin", r.Schedule))
	}
	if err := run(c, ScheduleRun(r)); err != nil {
		return g.fail(err)
	}
	return g.succeed(&contract.ScheduleDone{})
}
