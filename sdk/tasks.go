package sdk

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// TaskHandlers maps names of tasks to functions.
type TaskHandlers map[string]TaskHandler

// TaskHandler does one task and returns its result, at most 64 KiB. It runs
// with the rights that its requester has at that time. After an error it is
// tried again, from the last checkpoint, unless the error's code says that it
// never succeeds: invalid, denied, not_found, conflict, unauthenticated.
type TaskHandler func(ctx context.Context, t *Task) ([]byte, error)

// Task is the task that a handler does.
type Task struct {
	ID         string
	Queue      string
	Name       string
	Payload    []byte
	Blob       string // key of a blob with the input
	Checkpoint []byte // what an earlier attempt kept; nil = none
	Attempt    int    // 1 for the first
	Last       bool   // no attempt follows
	Own        bool   // it runs with the plugin's own rights

	call      *call
	cancelled bool
}

// Decode reads a payload that is JSON.
func (t *Task) Decode(v any) error {
	if err := json.Unmarshal(t.Payload, v); err != nil {
		return Errorf(CodeInvalid, "the payload of task %s is not what was expected: %w", t.ID, err)
	}
	return nil
}

var (
	opTaskEnqueue    = operation{abi.CapTask, abi.TaskEnqueue, "task.enqueue/1"}
	opTaskGet        = operation{abi.CapTask, abi.TaskGet, "task.get/1"}
	opTaskList       = operation{abi.CapTask, abi.TaskList, "task.list/1"}
	opTaskCancel     = operation{abi.CapTask, abi.TaskCancel, "task.cancel/1"}
	opTaskCheckpoint = operation{abi.CapTask, abi.TaskCheckpoint, "task.checkpoint/1"}
	opTaskLog        = operation{abi.CapTask, abi.TaskLog, "task.log/1"}
)

// Save keeps a checkpoint of at most 64 KiB. An attempt that follows begins
// with the last one, whatever ended this. A Conflict means that another
// replica runs the task by now: return.
func (t *Task) Save(checkpoint []byte) error {
	return t.tell(opTaskCheckpoint, &contract.TaskCheckpointRequest{Keep: true, Checkpoint: checkpoint, Progress: -1})
}

// Progress tells how far the task is, from 0 to 100, with a line about it.
func (t *Task) Progress(percent int, format string, args ...any) error {
	return t.tell(opTaskCheckpoint, &contract.TaskCheckpointRequest{Progress: percent, Note: fmt.Sprintf(format, args...)})
}

// Log adds a line to the task's log.
func (t *Task) Log(format string, args ...any) error {
	return t.LogAt("info", format, args...)
}

// LogAt adds a line of a level: debug, info, warn or error.
func (t *Task) LogAt(level, format string, args ...any) error {
	return t.tell(opTaskLog, &contract.TaskLogRequest{Lines: []contract.TaskLine{{Level: level, Message: fmt.Sprintf(format, args...)}}})
}

func (t *Task) tell(op operation, q interface {
	MarshalMsg(b []byte) ([]byte, error)
	Msgsize() int
},
) error {
	var standing contract.TaskStanding
	if err := t.call.do(op, q, &standing); err != nil {
		return err
	}
	t.cancelled = t.cancelled || standing.Cancelled
	return nil
}

// Cancelled reports whether somebody had cancelled the task when Save, Progress
// or Log last asked. It has some seconds left then; save, tidy up and return.
func (t *Task) Cancelled() bool { return t.cancelled }

// Tasks enqueues tasks of this plugin. Through Viewer they belong to the
// viewer: they run with the viewer's rights, looked up at each attempt, and only
// the viewer sees them. Through Own they are the plugin's own.
type Tasks Client

// TaskOrder is a task to enqueue. Zero fields have the host's defaults.
type TaskOrder struct {
	Name        string // of a TaskHandler
	Queue       string // one of the scope's; "" = default
	Payload     []byte // at most 64 KiB
	Blob        string // key of a blob with the input
	UniqueKey   string // a task that is kept under it is answered instead
	RunAt       time.Time
	Priority    int           // 1 first … 4 last; 0 = 2
	MaxAttempts int           // 0 = 5
	Timeout     time.Duration // of one attempt; 0 = 5 minutes
}

// TaskInfo is what is known of a task.
type TaskInfo struct {
	ID, Queue, Name, UniqueKey string
	State                      string // pending, running, done, failed or cancelled
	Priority                   int
	Attempts, MaxAttempts      int
	Progress                   int // percent
	Note                       string
	Error                      string // of the last attempt that failed
	Cancelled                  bool   // somebody asked for its end
	Result                     []byte // of Get
	RunAt, CreatedAt           time.Time
	StartedAt, EndedAt         time.Time
	Existed                    bool // of Enqueue: the unique key had it already
}

// Final reports whether nothing more happens to the task.
func (t TaskInfo) Final() bool {
	return t.State == "done" || t.State == "failed" || t.State == "cancelled"
}

func taskOf(t *contract.TaskInfo) TaskInfo {
	return TaskInfo{
		ID: t.ID, Queue: t.Queue, Name: t.Name, UniqueKey: t.UniqueKey, State: t.State, Priority: t.Priority, Attempts: t.Attempts,
		MaxAttempts: t.MaxAttempts, Progress: t.Progress, Note: t.Note, Error: t.Error, Cancelled: t.Cancelled, Result: t.Result,
		RunAt: moment(t.RunAt), CreatedAt: moment(t.CreatedAt), StartedAt: moment(t.StartedAt), EndedAt: moment(t.EndedAt), Existed: t.Existed,
	}
}

// Enqueue adds a task. Exhausted means that the plugin has too many.
func (t Tasks) Enqueue(o TaskOrder) (TaskInfo, error) {
	q := contract.TaskEnqueueRequest{
		Queue: o.Queue, Name: o.Name, Payload: o.Payload, Blob: o.Blob, UniqueKey: o.UniqueKey, Priority: o.Priority,
		MaxAttempts: o.MaxAttempts, TimeoutMillis: o.Timeout.Milliseconds(), Own: t.own,
	}
	if !o.RunAt.IsZero() {
		q.RunAt = o.RunAt.UnixMilli()
	}
	var a contract.TaskInfo
	err := t.call.do(opTaskEnqueue, &q, &a)
	return taskOf(&a), err
}

// Get returns a task, or NotFound.
func (t Tasks) Get(id string) (TaskInfo, error) {
	var a contract.TaskInfo
	err := t.call.do(opTaskGet, &contract.TaskRequest{ID: id, Own: t.own}, &a)
	return taskOf(&a), err
}

// Cancel ends a task that waits, and asks one that runs to end.
func (t Tasks) Cancel(id string) (TaskInfo, error) {
	var a contract.TaskInfo
	err := t.call.do(opTaskCancel, &contract.TaskRequest{ID: id, Own: t.own}, &a)
	return taskOf(&a), err
}

// TaskQuery selects tasks; empty fields select all.
type TaskQuery struct {
	Queue  string
	State  string
	Before string // id of the last task of the page before
	Limit  int    // 0 = 100, at most 1,000
}

// List returns tasks, newest first, without results.
func (t Tasks) List(q TaskQuery) ([]TaskInfo, error) {
	var a contract.TaskListAnswer
	err := t.call.do(opTaskList, &contract.TaskListRequest{Queue: q.Queue, State: q.State, Before: q.Before, Limit: q.Limit, Own: t.own}, &a)
	if err != nil {
		return nil, err
	}
	out := make([]TaskInfo, len(a.Tasks))
	for i := range a.Tasks {
		out[i] = taskOf(&a.Tasks[i])
	}
	return out, nil
}

// task answers task.run/1.
func (g *Guest) task(c *call, payload []byte) []byte {
	var q contract.Task
	if _, err := q.UnmarshalMsg(payload); err != nil {
		return g.fail(Errorf(CodeInvalid, "reading the task: %w", err))
	}
	run := g.plugin.Tasks[q.Name]
	if run == nil {
		return g.fail(NotFound("task %q is not registered by this plugin", q.Name))
	}
	result, err := run(c, &Task{
		ID: q.ID, Queue: q.Queue, Name: q.Name, Payload: q.Payload, Blob: q.Blob, Checkpoint: q.Checkpoint,
		Attempt: q.Attempt, Last: q.Last, Own: q.Own, call: c,
	})
	if err != nil {
		return g.fail(err)
	}
	return g.succeed(&contract.TaskDone{Result: result})
}
