package app

import (
	"context"
	"encoding/json"
	"time"

	"github.com/callboard/callboard/host/internal/event"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/job"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/web"
)

// jobsAPI is web.Jobs.
type jobsAPI struct{ *jobs }

// installation returns who owns a plugin's events and tasks. Fault: NotFound.
func (j jobsAPI) installation(id string) (string, error) {
	in := j.plugins.get(plugin.ID(id))
	if in == nil {
		return "", fault.New(fault.NotFound, "no plugin %q is installed", id)
	}
	return in.installation, nil
}

// subscriptionView is what a plugin listens to (openapi.json, PluginEvents).
type subscriptionView struct {
	Topics  []string `json:"topics"`
	Paused  bool     `json:"paused"`
	Cursor  uint64   `json:"cursor"` // id of the last event that was looked at for it
	Head    uint64   `json:"head"`   // id of the newest event
	Pending int      `json:"pending"`
	Dead    int      `json:"dead"`
	Missed  int      `json:"missed"` // removed by age before it took them
}

// Events implements web.Jobs.
func (j jobsAPI) Events(ctx context.Context, id string) (any, error) {
	installation, err := j.installation(id)
	if err != nil {
		return nil, err
	}
	s, head, err := j.events.Subscription(ctx, installation)
	if err != nil {
		return nil, err
	}
	return subscriptionView{
		Topics: s.Topics, Paused: !s.Enabled, Cursor: s.Cursor, Head: head, Pending: s.Pending, Dead: s.Dead, Missed: s.Missed,
	}, nil
}

// deadLetterView is one event that was given up (openapi.json, DeadLetter). Its
// payload is the plugin's.
type deadLetterView struct {
	Event    uint64      `json:"event"`
	Topic    string      `json:"topic"`
	Key      string      `json:"key,omitempty"`
	Plugin   string      `json:"plugin"` // who published it
	Ref      string      `json:"ref,omitempty"`
	Revision uint64      `json:"revision,omitempty"`
	At       time.Time   `json:"at"`
	Attempts int         `json:"attempts"`
	Error    string      `json:"error"`
	Bytes    int         `json:"bytes"` // of the payload
	Cause    event.Cause `json:"cause"`
}

// DeadLetters implements web.Jobs.
func (j jobsAPI) DeadLetters(ctx context.Context, id string, after uint64, limit int) (any, error) {
	installation, err := j.installation(id)
	if err != nil {
		return nil, err
	}
	list, err := j.events.Deliveries(ctx, installation, true, after, limit)
	if err != nil {
		return nil, err
	}
	out := make([]deadLetterView, len(list))
	for i, d := range list {
		e := d.Event
		out[i] = deadLetterView{
			Event: e.ID, Topic: e.Topic, Key: e.Key, Plugin: e.Plugin, Ref: e.Ref, Revision: e.Revision, At: e.At,
			Attempts: d.Attempts, Error: d.Error, Bytes: len(e.Payload),
		}
		if len(e.Cause) > 0 { // the host's own events have none
			if err := json.Unmarshal(e.Cause, &out[i].Cause); err != nil {
				return nil, fault.Wrap(fault.Internal, err, "reading the cause of an event")
			}
		}
	}
	return out, nil
}

func (j jobsAPI) operator(who principal.Authority, id string) (event.Operator, error) {
	installation, err := j.installation(id)
	return event.Operator{Subject: who.Subject.Ref, Installation: installation, Plugin: id}, err
}

// Redeliver implements web.Jobs.
func (j jobsAPI) Redeliver(ctx context.Context, who principal.Authority, id string, one uint64) (int, error) {
	o, err := j.operator(who, id)
	if err != nil {
		return 0, err
	}
	return j.events.Redeliver(ctx, o, one)
}

// Drop implements web.Jobs.
func (j jobsAPI) Drop(ctx context.Context, who principal.Authority, id string, one uint64) (int, error) {
	o, err := j.operator(who, id)
	if err != nil {
		return 0, err
	}
	return j.events.Drop(ctx, o, one)
}

// Replay implements web.Jobs.
func (j jobsAPI) Replay(ctx context.Context, who principal.Authority, id string, from uint64) error {
	o, err := j.operator(who, id)
	if err != nil {
		return err
	}
	return j.events.Replay(ctx, o, from)
}

// scheduleView is one schedule (openapi.json, PluginSchedule).
type scheduleView struct {
	ID          string    `json:"id"`
	EveryMillis int64     `json:"everyMillis,omitempty"`
	Cron        string    `json:"cron,omitempty"`
	Paused      bool      `json:"paused"`
	Running     bool      `json:"running"`
	NextAt      time.Time `json:"nextAt"`
	Runs        []runView `json:"runs"` // newest first
}

type runView struct {
	ID        string     `json:"id"`
	Trigger   string     `json:"trigger"`
	StartedAt time.Time  `json:"startedAt"`
	EndedAt   *time.Time `json:"endedAt,omitempty"`
	Outcome   string     `json:"outcome"`
	Error     string     `json:"error,omitempty"`
}

// shownRuns is how many runs of a schedule are shown.
const shownRuns = 10

// Schedules implements web.Jobs.
func (j jobsAPI) Schedules(ctx context.Context, id string) (any, error) {
	installation, err := j.installation(id)
	if err != nil {
		return nil, err
	}
	rows, err := j.schedules.List(ctx, installation)
	if err != nil {
		return nil, err
	}
	out := make([]scheduleView, len(rows))
	for i, s := range rows {
		runs, err := j.schedules.Runs(ctx, installation, s.ID, shownRuns)
		if err != nil {
			return nil, err
		}
		out[i] = scheduleView{
			ID: s.ID, EveryMillis: s.Every.Milliseconds(), Cron: s.Cron, Paused: !s.Enabled, Running: s.LeaseUntil.After(j.now()), NextAt: s.NextAt,
			Runs: make([]runView, len(runs)),
		}
		for k, r := range runs {
			out[i].Runs[k] = runView{ID: r.ID, Trigger: r.Trigger, StartedAt: r.StartedAt, EndedAt: shown(r.EndedAt), Outcome: r.Outcome, Error: r.Error}
		}
	}
	return out, nil
}

// shown leaves the zero time out of JSON.
func shown(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// RunSchedule implements web.Jobs.
func (j jobsAPI) RunSchedule(ctx context.Context, who principal.Authority, id, schedule string) error {
	installation, err := j.installation(id)
	if err != nil {
		return err
	}
	return j.schedules.Force(ctx, installation, id, schedule, who.Subject.Ref)
}

// taskView is one task (openapi.json, PluginTask). Its payload and result are
// the plugin's and its requester's.
type taskView struct {
	ID          string     `json:"id"`
	Queue       string     `json:"queue"`
	Name        string     `json:"name"`
	State       string     `json:"state"`
	Requester   string     `json:"requester,omitempty"` // entity ref, or plugin:<id>; of one task alone
	Priority    int        `json:"priority"`
	Attempts    int        `json:"attempts"`
	MaxAttempts int        `json:"maxAttempts"`
	Progress    int        `json:"progress"`
	Note        string     `json:"note,omitempty"`
	Error       string     `json:"error,omitempty"`
	Cancelled   bool       `json:"cancelled"`
	RunAt       time.Time  `json:"runAt"`
	CreatedAt   time.Time  `json:"createdAt"`
	StartedAt   *time.Time `json:"startedAt,omitempty"`
	EndedAt     *time.Time `json:"endedAt,omitempty"`
	Log         []lineView `json:"log,omitempty"` // of one task alone
}

type lineView struct {
	Seq     int       `json:"seq"`
	At      time.Time `json:"at"`
	Level   string    `json:"level"`
	Message string    `json:"message"`
}

func viewTask(t store.TaskRow) taskView {
	v := taskView{
		ID: t.ID, Queue: t.Queue, Name: t.Name, State: string(t.State), Priority: t.Priority, Attempts: t.Attempts, MaxAttempts: t.MaxAttempts,
		Progress: t.Progress, Note: t.Note, Error: t.Error, Cancelled: !t.CancelAt.IsZero(), RunAt: t.RunAt, CreatedAt: t.CreatedAt,
		StartedAt: shown(t.StartedAt), EndedAt: shown(t.EndedAt),
	}
	var who job.Requester
	if len(t.Requester) > 0 && json.Unmarshal(t.Requester, &who) == nil {
		v.Requester = who.Ref
	}
	return v
}

// Tasks implements web.Jobs.
func (j jobsAPI) Tasks(ctx context.Context, id string, q web.TaskQuery) (any, error) {
	installation, err := j.installation(id)
	if err != nil {
		return nil, err
	}
	rows, err := j.tasks.List(ctx, store.TaskFilter{
		Installation: installation, Queue: q.Queue, State: store.TaskState(q.State), Before: q.Before, Limit: q.Limit,
	})
	if err != nil {
		return nil, err
	}
	out := make([]taskView, len(rows))
	for i, t := range rows {
		out[i] = viewTask(t)
	}
	return out, nil
}

// shownLines is how many lines of a task's log one answer has.
const shownLines = 500

// Task implements web.Jobs.
func (j jobsAPI) Task(ctx context.Context, id, task string, after int) (any, error) {
	installation, err := j.installation(id)
	if err != nil {
		return nil, err
	}
	t, err := j.tasks.Get(ctx, installation, task)
	if err != nil {
		return nil, err
	}
	lines, err := j.tasks.Log(ctx, installation, task, after, shownLines)
	if err != nil {
		return nil, err
	}
	v := viewTask(t)
	for _, line := range lines {
		v.Log = append(v.Log, lineView(line))
	}
	return v, nil
}

// CancelTask implements web.Jobs.
func (j jobsAPI) CancelTask(ctx context.Context, who principal.Authority, id, task string) (any, error) {
	installation, err := j.installation(id)
	if err != nil {
		return nil, err
	}
	t, err := j.tasks.Cancel(ctx, installation, task, who.Subject.Ref)
	if err != nil {
		return nil, err
	}
	return viewTask(t), nil
}
