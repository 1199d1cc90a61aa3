package task

import (
	"context"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/job"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Tasks is what the capability stands on; job.Tasks is it.
type Tasks interface {
	// Enqueue adds a task, or returns the one that has its unique key. Faults: Invalid, Exhausted.
	Enqueue(ctx context.Context, o job.Order) (store.TaskRow, bool, error)
	// Get returns a task of an installation. Fault: NotFound.
	Get(ctx context.Context, installation, id string) (store.TaskRow, error)
	// List returns tasks, newest first.
	List(ctx context.Context, f store.TaskFilter) ([]store.TaskRow, error)
	// Cancel ends a task, or asks it to end. Fault: NotFound.
	Cancel(ctx context.Context, installation, id, subject string) (store.TaskRow, error)
}

// New returns the table's row.
func New(tasks Tasks) capability.Capability {
	s := service{tasks}
	return capability.Capability{
		ID: abi.CapTask, Scope: scopes{},
		Ops: map[uint32]capability.Operation{
			abi.TaskEnqueue:    capability.Op("task.enqueue/1", s.enqueue),
			abi.TaskGet:        capability.Op("task.get/1", s.get),
			abi.TaskList:       capability.Op("task.list/1", s.list),
			abi.TaskCancel:     capability.Op("task.cancel/1", s.cancel),
			abi.TaskCheckpoint: capability.Op("task.checkpoint/1", checkpoint),
			abi.TaskLog:        capability.Op("task.log/1", log),
		},
	}
}

type service struct{ tasks Tasks }

// requester is who asks: the viewer, or with own the plugin itself.
func requester(c *capability.Call, own bool) job.Requester {
	a := c.Authority
	if c.Own(own) && a.Mode != principal.AsOwn {
		actor, _ := a.Actor()
		cause := a.Path()
		a = principal.Own(actor)
		a.Cause = cause[:max(len(cause)-1, 0)]
	}
	return job.RequesterOf(a, c.CallID)
}

func (s service) enqueue(ctx context.Context, c *capability.Call, q *contract.TaskEnqueueRequest) (msgp.Marshaler, error) {
	scope, ok := c.Scope.(*Scope)
	if !ok {
		return nil, fault.New(fault.Internal, "the call has no task scope")
	}
	if q.Queue == "" {
		q.Queue = DefaultQueue
	}
	if !scope.allows(q.Queue) {
		return nil, &capability.Denial{
			Missing: "task: queue " + q.Queue,
			Why:     "the plugin may " + scope.String() + "; add queue " + q.Queue + " to the scope of task in plugin.yaml and in plugins.entries." + c.Plugin + ".grants.task",
		}
	}
	if q.Priority < 0 || q.MaxAttempts < 0 || q.TimeoutMillis < 0 || q.RunAt < 0 {
		return nil, fault.New(fault.Invalid, "priority, maxAttempts, timeoutMillis and runAt are not negative")
	}
	o := job.Order{
		Installation: c.Installation, Plugin: c.Plugin, Requester: requester(c, q.Own), Queue: q.Queue, Name: q.Name, UniqueKey: q.UniqueKey,
		Payload: q.Payload, Blob: q.Blob, Priority: q.Priority, MaxAttempts: q.MaxAttempts, Timeout: millis(q.TimeoutMillis),
	}
	if q.RunAt > 0 {
		o.RunAt = time.UnixMilli(q.RunAt)
	}
	row, added, err := s.tasks.Enqueue(ctx, o)
	if err != nil {
		return nil, err
	}
	info := infoOf(row)
	info.Existed = !added
	if !added && row.Subject != o.Requester.Key() {
		// Somebody else asked first: their task answers for this one, and what
		// it says of their work is theirs.
		info.Result, info.Error, info.Note = nil, "", ""
	}
	return &info, nil
}

// millis is a duration that a guest gave, cut to what a Duration holds.
func millis(n int64) time.Duration {
	return time.Duration(min(n, (1<<62)/int64(time.Millisecond))) * time.Millisecond
}

// mine returns a task that the requester asked for. Others are absent to them.
func (s service) mine(ctx context.Context, c *capability.Call, q *contract.TaskRequest) (store.TaskRow, error) {
	row, err := s.tasks.Get(ctx, c.Installation, q.ID)
	if err == nil && row.Subject != requester(c, q.Own).Key() {
		err = fault.New(fault.NotFound, "the plugin has no task %q", q.ID)
	}
	return row, err
}

func (s service) get(ctx context.Context, c *capability.Call, q *contract.TaskRequest) (msgp.Marshaler, error) {
	row, err := s.mine(ctx, c, q)
	if err != nil {
		return nil, err
	}
	info := infoOf(row)
	return &info, nil
}

func (s service) cancel(ctx context.Context, c *capability.Call, q *contract.TaskRequest) (msgp.Marshaler, error) {
	if _, err := s.mine(ctx, c, q); err != nil {
		return nil, err
	}
	row, err := s.tasks.Cancel(ctx, c.Installation, q.ID, c.Authority.Subject.Ref)
	if err != nil {
		return nil, err
	}
	info := infoOf(row)
	return &info, nil
}

func (s service) list(ctx context.Context, c *capability.Call, q *contract.TaskListRequest) (msgp.Marshaler, error) {
	limit := q.Limit
	if limit <= 0 {
		limit = 100
	}
	rows, err := s.tasks.List(ctx, store.TaskFilter{
		Installation: c.Installation, Subject: requester(c, q.Own).Key(), Queue: q.Queue, State: store.TaskState(q.State), Before: q.Before,
		Limit: min(limit, 1000),
	})
	if err != nil {
		return nil, err
	}
	out := &contract.TaskListAnswer{Tasks: make([]contract.TaskInfo, len(rows))}
	for i, row := range rows {
		out.Tasks[i] = infoOf(row)
	}
	return out, nil
}

func infoOf(t store.TaskRow) contract.TaskInfo {
	return contract.TaskInfo{
		ID: t.ID, Queue: t.Queue, Name: t.Name, UniqueKey: t.UniqueKey, State: string(t.State), Priority: t.Priority,
		Attempts: t.Attempts, MaxAttempts: t.MaxAttempts, Progress: t.Progress, Note: t.Note, Error: t.Error, Cancelled: !t.CancelAt.IsZero(),
		Result: t.Result, RunAt: stamp(t.RunAt), CreatedAt: stamp(t.CreatedAt), StartedAt: stamp(t.StartedAt), EndedAt: stamp(t.EndedAt),
	}
}

func stamp(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// attempt returns the task that the call runs. The attempt of another plugin
// that called this one is not it.
func attempt(ctx context.Context, c *capability.Call) (*job.Attempt, error) {
	a, ok := job.AttemptOf(ctx)
	if !ok || a.Task.Installation != c.Installation {
		return nil, fault.New(fault.Invalid, "this call does not run a task: checkpoints and log lines come from inside task.run/1")
	}
	return a, nil
}

func checkpoint(ctx context.Context, c *capability.Call, q *contract.TaskCheckpointRequest) (msgp.Marshaler, error) {
	a, err := attempt(ctx, c)
	if err != nil {
		return nil, err
	}
	note := store.TaskNote{Progress: q.Progress, Note: q.Note}
	if q.Keep {
		note.Checkpoint = append([]byte{}, q.Checkpoint...) // not nil: an empty one counts
	}
	cancelled, err := a.Note(ctx, note)
	if err != nil {
		return nil, err
	}
	return &contract.TaskStanding{Cancelled: cancelled}, nil
}

var levels = map[string]bool{"debug": true, "info": true, "warn": true, "error": true}

func log(ctx context.Context, c *capability.Call, q *contract.TaskLogRequest) (msgp.Marshaler, error) {
	a, err := attempt(ctx, c)
	if err != nil {
		return nil, err
	}
	if len(q.Lines) == 0 || len(q.Lines) > 100 {
		return nil, fault.New(fault.Invalid, "log from 1 to 100 lines at once, not %d", len(q.Lines))
	}
	lines := make([]store.TaskLine, len(q.Lines))
	for i, line := range q.Lines {
		if line.Level == "" {
			line.Level = "info"
		}
		if !levels[line.Level] {
			return nil, fault.New(fault.Invalid, "level %.20q is none of debug, info, warn and error", line.Level)
		}
		if err := c.ChargeLog(len(line.Message)); err != nil {
			return nil, err
		}
		lines[i] = store.TaskLine{Level: line.Level, Message: line.Message}
	}
	cancelled, err := a.Log(ctx, lines)
	if err != nil {
		return nil, err
	}
	return &contract.TaskStanding{Cancelled: cancelled}, nil
}
