package sdktest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/tinylib/msgp/msgp"
)

// Published returns the events that the plugin has published.
func (h *Harness) Published() []sdk.EventDraft {
	h.fake.mu.Lock()
	defer h.fake.mu.Unlock()
	return slices.Clone(h.fake.published)
}

// Deliver hands an event to the plugin's handler, with the plugin's own rights,
// and returns its error.
func (h *Harness) Deliver(e sdk.Event) error {
	h.t.Helper()
	if e.Attempt == 0 {
		e.Attempt = 1
	}
	return h.own(abi.OpEventOn, &contract.Event{
		ID: e.ID, Topic: e.Topic, Key: e.Key, Plugin: e.Plugin, Ref: e.Ref, Revision: e.Revision, Payload: e.Payload,
		At: h.fake.now().UnixMilli(), Attempt: e.Attempt,
	}, &contract.EventDone{})
}

// RunSchedule runs a schedule, with the plugin's own rights, and returns its error.
func (h *Harness) RunSchedule(id string) error {
	h.t.Helper()
	return h.own(abi.OpScheduleRun, &contract.ScheduleRun{Schedule: id, Run: "run-1", Trigger: "schedule"}, &contract.ScheduleDone{})
}

// own runs an operation in which the plugin acts for itself.
func (h *Harness) own(op abi.Op, q msgp.Marshaler, answer msgp.Unmarshaler) error {
	h.t.Helper()
	viewer := h.fake.principal
	h.fake.principal = sdk.Principal{Kind: "plugin", Ref: "plugin:" + h.fake.id(), Mode: "own"}
	defer func() { h.fake.principal = viewer }()
	defer h.fake.EndCall()
	return h.call(op, q, answer, 0)
}

// RunTask runs the next attempt of a task that the plugin enqueued, as the host
// does: from its last checkpoint, until it ends or its attempts do. It returns
// what became of the task.
func (h *Harness) RunTask(id string) sdk.TaskInfo {
	h.t.Helper()
	h.fake.mu.Lock()
	t := h.fake.task(id)
	if t == nil || t.info.State != "pending" {
		h.fake.mu.Unlock()
		h.t.Fatalf("there is no task %s that waits", id)
	}
	t.info.State, t.info.StartedAt = "running", h.fake.now().UnixMilli()
	t.info.Attempts++
	h.fake.running = t
	q := &contract.Task{
		ID: id, Queue: t.info.Queue, Name: t.info.Name, Payload: t.payload, Blob: t.blob, Checkpoint: t.checkpoint,
		Attempt: t.info.Attempts, Last: t.info.Attempts == t.info.MaxAttempts, Own: t.own,
	}
	h.fake.mu.Unlock()
	var done contract.TaskDone
	var err error
	if t.own {
		err = h.own(abi.OpTaskRun, q, &done)
	} else {
		err = h.call(abi.OpTaskRun, q, &done, 0)
		h.fake.EndCall()
	}
	h.fake.mu.Lock()
	defer h.fake.mu.Unlock()
	h.fake.running = nil
	h.fake.endTask(t, done.Result, err)
	return taskInfo(t.info)
}

// TaskLog returns the lines of a task's log.
func (h *Harness) TaskLog(id string) []string {
	h.fake.mu.Lock()
	defer h.fake.mu.Unlock()
	if t := h.fake.task(id); t != nil {
		return slices.Clone(t.log)
	}
	return nil
}

// fakeTask is a task with what its info does not show.
type fakeTask struct {
	info       contract.TaskInfo
	owner      string // who may see it
	own        bool
	payload    []byte
	blob       string
	checkpoint []byte
	log        []string
}

func taskInfo(i contract.TaskInfo) sdk.TaskInfo {
	return sdk.TaskInfo{
		ID: i.ID, Queue: i.Queue, Name: i.Name, UniqueKey: i.UniqueKey, State: i.State, Priority: i.Priority, Attempts: i.Attempts,
		MaxAttempts: i.MaxAttempts, Progress: i.Progress, Note: i.Note, Error: i.Error, Cancelled: i.Cancelled, Result: i.Result,
	}
}

func (f *Fake) endTask(t *fakeTask, result []byte, err error) {
	permanent := []sdk.Code{sdk.CodeInvalid, sdk.CodeDenied, sdk.CodeUnauthenticated, sdk.CodeNotFound, sdk.CodeConflict}
	switch {
	case err == nil:
		t.info.State, t.info.Result, t.info.Progress, t.info.Error = "done", result, 100, ""
	case t.info.Cancelled:
		t.info.State, t.info.Error = "cancelled", err.Error()
	case slices.Contains(permanent, sdk.CodeOf(err)) || t.info.Attempts >= t.info.MaxAttempts:
		t.info.State, t.info.Error = "failed", err.Error()
	default:
		t.info.State, t.info.Error = "pending", err.Error()
		return
	}
	t.info.EndedAt = f.now().UnixMilli()
}

// id is the plugin's.
func (f *Fake) id() string {
	if f.manifest != nil {
		return f.manifest.ID
	}
	return "test"
}

func (f *Fake) task(id string) *fakeTask {
	for _, t := range f.tasks {
		if t.info.ID == id {
			return t
		}
	}
	return nil
}

var (
	topicForm = regexp.MustCompile(`^[a-z][a-z0-9-]{1,39}(/[a-z0-9][a-zA-Z0-9._-]*)+$`)
	nameForm  = regexp.MustCompile(`^[a-z][a-z0-9._-]{0,79}$`)
)

func (f *Fake) eventPublish(q *contract.EventPublishRequest) (msgp.Marshaler, error) {
	if len(q.Events) == 0 || len(q.Events) > 100 {
		return nil, sdk.Invalid("publish from 1 to 100 events at once, not %d", len(q.Events))
	}
	for _, e := range q.Events {
		owner, _, _ := strings.Cut(e.Topic, "/")
		switch {
		case !topicForm.MatchString(e.Topic):
			return nil, sdk.Invalid("%q is no topic: write <plugin id>/<name>", e.Topic)
		case owner != f.id():
			return nil, &sdk.Error{
				Code: sdk.CodeDenied, MissingGrant: "event: publish " + e.Topic,
				Message: "topic " + e.Topic + " belongs to plugin " + owner + ", and only it publishes there",
			}
		case f.manifest != nil && !slices.ContainsFunc(f.manifest.Extensions.Events.Publish, func(p string) bool { return matches(p, e.Topic) }):
			return nil, &sdk.Error{
				Code: sdk.CodeDenied, MissingGrant: "event: publish " + e.Topic,
				Message: "the plugin did not declare topic " + e.Topic + ": add it to extensions.events.publish of its plugin.yaml",
			}
		case len(e.Payload) > 16<<10:
			return nil, sdk.Invalid("the payload has %d bytes and may have 16384", len(e.Payload))
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	a := &contract.EventPublishAnswer{}
	for _, e := range q.Events {
		f.published = append(f.published, sdk.EventDraft(e))
		a.IDs = append(a.IDs, uint64(len(f.published)))
	}
	return a, nil
}

func matches(pattern, topic string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "/*"); ok {
		return strings.HasPrefix(topic, prefix+"/")
	}
	return pattern == topic
}

func (f *Fake) scheduleList(*contract.ScheduleListRequest) (msgp.Marshaler, error) {
	a := &contract.ScheduleListAnswer{}
	if f.manifest != nil {
		for _, s := range f.manifest.Extensions.Schedules {
			a.Schedules = append(a.Schedules, contract.ScheduleInfo{ID: s.ID, EveryMillis: int64(s.Every) / 1e6, Cron: s.Cron})
		}
	}
	return a, nil
}

func (f *Fake) scheduleRunNow(q *contract.ScheduleRunNowRequest) (msgp.Marshaler, error) {
	if f.manifest != nil {
		for _, s := range f.manifest.Extensions.Schedules {
			if s.ID == q.ID {
				return nil, nil
			}
		}
	}
	return nil, sdk.NotFound("the plugin has no schedule %q", q.ID)
}

func (f *Fake) queues() []string {
	if f.manifest != nil {
		if queues := f.manifest.Capabilities["task"].Scope.Queues; len(queues) > 0 {
			return queues
		}
	}
	return []string{"default"}
}

// requester is who a task belongs to.
func (f *Fake) requester(own bool) (owner string, itself bool) {
	if own || f.principal.Mode == "own" {
		return "plugin:" + f.id(), true
	}
	return f.principal.Ref, false
}

func (f *Fake) taskEnqueue(q *contract.TaskEnqueueRequest) (msgp.Marshaler, error) {
	if q.Queue == "" {
		q.Queue = "default"
	}
	switch {
	case !slices.Contains(f.queues(), q.Queue):
		return nil, &sdk.Error{
			Code: sdk.CodeDenied, MissingGrant: "task: queue " + q.Queue,
			Message: "the plugin may run tasks in the queues " + strings.Join(f.queues(), ", ") + "; add queue " + q.Queue + " to the scope of task in plugin.yaml",
		}
	case !nameForm.MatchString(q.Name):
		return nil, sdk.Invalid("task %q: names have lower-case letters, digits, dots, - and _, and start with a letter", q.Name)
	case len(q.Payload) > 64<<10:
		return nil, sdk.Invalid("the payload of a task has at most 65536 bytes, not %d", len(q.Payload))
	case q.Priority < 0 || q.Priority > 4 || q.MaxAttempts < 0 || q.MaxAttempts > 20 || q.RunAt < 0 || q.TimeoutMillis < 0 || q.TimeoutMillis > 3_600_000:
		return nil, sdk.Invalid("a task has a priority from 1 to 4, at most 20 attempts and at most 1h for each")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	owner, own := f.requester(q.Own)
	for _, t := range f.tasks {
		if q.UniqueKey != "" && t.info.UniqueKey == q.UniqueKey {
			info := t.info
			info.Existed = true
			return &info, nil
		}
	}
	t := &fakeTask{owner: owner, own: own, payload: q.Payload, blob: q.Blob, info: contract.TaskInfo{
		ID: fmt.Sprintf("task-%d", len(f.tasks)+1), Queue: q.Queue, Name: q.Name, UniqueKey: q.UniqueKey, State: "pending",
		Priority: q.Priority, MaxAttempts: q.MaxAttempts, CreatedAt: f.now().UnixMilli(), RunAt: q.RunAt,
	}}
	if t.info.Priority == 0 {
		t.info.Priority = 2
	}
	if t.info.MaxAttempts == 0 {
		t.info.MaxAttempts = 5
	}
	if t.info.RunAt == 0 {
		t.info.RunAt = t.info.CreatedAt
	}
	f.tasks = append(f.tasks, t)
	info := t.info
	return &info, nil
}

func (f *Fake) taskGet(q *contract.TaskRequest) (msgp.Marshaler, error) {
	return f.withTask(q, func(*fakeTask) {})
}

func (f *Fake) taskCancel(q *contract.TaskRequest) (msgp.Marshaler, error) {
	return f.withTask(q, func(t *fakeTask) {
		switch t.info.State {
		case "pending":
			t.info.State, t.info.EndedAt, t.info.Cancelled = "cancelled", f.now().UnixMilli(), true
		case "running":
			t.info.Cancelled = true
		}
	})
}

func (f *Fake) withTask(q *contract.TaskRequest, do func(t *fakeTask)) (msgp.Marshaler, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	owner, _ := f.requester(q.Own)
	t := f.task(q.ID)
	if t == nil || t.owner != owner {
		return nil, sdk.NotFound("the plugin has no task %q", q.ID)
	}
	do(t)
	info := t.info
	return &info, nil
}

func (f *Fake) taskList(q *contract.TaskListRequest) (msgp.Marshaler, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	owner, _ := f.requester(q.Own)
	limit := q.Limit
	if limit <= 0 {
		limit = 100
	}
	a := &contract.TaskListAnswer{}
	skip := q.Before != ""
	for _, t := range slices.Backward(f.tasks) {
		switch {
		case skip:
			skip = t.info.ID != q.Before
		case t.owner == owner && (q.Queue == "" || q.Queue == t.info.Queue) && (q.State == "" || q.State == t.info.State) && len(a.Tasks) < min(limit, 1000):
			info := t.info
			info.Result = nil
			a.Tasks = append(a.Tasks, info)
		}
	}
	return a, nil
}

func (f *Fake) taskCheckpoint(q *contract.TaskCheckpointRequest) (msgp.Marshaler, error) {
	return f.insideTask(func(t *fakeTask) error {
		switch {
		case len(q.Checkpoint) > 64<<10:
			return sdk.Invalid("a checkpoint has at most 65536 bytes, not %d", len(q.Checkpoint))
		case q.Progress > 100:
			return sdk.Invalid("progress is at most 100")
		}
		if q.Keep {
			t.checkpoint = append([]byte{}, q.Checkpoint...)
		}
		if q.Progress >= 0 {
			t.info.Progress = q.Progress
		}
		if q.Note != "" {
			t.info.Note = q.Note
		}
		return nil
	})
}

func (f *Fake) taskLog(q *contract.TaskLogRequest) (msgp.Marshaler, error) {
	return f.insideTask(func(t *fakeTask) error {
		if len(q.Lines) == 0 || len(q.Lines) > 100 {
			return sdk.Invalid("log from 1 to 100 lines at once, not %d", len(q.Lines))
		}
		for _, line := range q.Lines {
			if !slices.Contains([]string{"", "debug", "info", "warn", "error"}, line.Level) {
				return sdk.Invalid("level %q is none of debug, info, warn and error", line.Level)
			}
			t.log = append(t.log, line.Message)
		}
		return nil
	})
}

func (f *Fake) insideTask(do func(t *fakeTask) error) (msgp.Marshaler, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running == nil {
		return nil, sdk.Invalid("this call does not run a task: checkpoints and log lines come from inside task.run/1")
	}
	if err := do(f.running); err != nil {
		return nil, err
	}
	return &contract.TaskStanding{Cancelled: f.running.info.Cancelled}, nil
}
