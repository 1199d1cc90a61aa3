package hosttest

import (
	"slices"
	"testing"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// The plugin of the suite is called test and publishes "test/*"; it has no schedules.

func publish(events ...contract.EventDraft) *contract.EventPublishRequest {
	return &contract.EventPublishRequest{Events: events}
}

var eventCases = []testCase{
	{"ids grow in the order of publishing", Setup{}, func(_ *testing.T, h *probe) {
		var first, second contract.EventPublishAnswer
		h.must(abi.CapEvent, abi.EventPublish, publish(contract.EventDraft{Topic: "test/a", Key: "k", Payload: []byte("{}")}, contract.EventDraft{Topic: "test/b/c"}), &first)
		h.must(abi.CapEvent, abi.EventPublish, publish(contract.EventDraft{Topic: "test/a"}), &second)
		ids := slices.Concat(first.IDs, second.IDs)
		if len(ids) != 3 || !slices.IsSorted(ids) || ids[0] == ids[1] {
			h.t.Errorf("ids = %v", ids)
		}
	}},
	{"another plugin's topic is its own", Setup{}, func(_ *testing.T, h *probe) {
		e := h.refuse(abi.CodeDenied, abi.CapEvent, abi.EventPublish, publish(contract.EventDraft{Topic: "catalog/entity.changed"}))
		if e.MissingGrant != "event: publish catalog/entity.changed" {
			h.t.Errorf("missing grant = %q", e.MissingGrant)
		}
	}},
	{"what is no event", Setup{}, func(_ *testing.T, h *probe) {
		for _, d := range []contract.EventDraft{{Topic: "test"}, {Topic: "test/*"}, {Topic: ""}, {Topic: "test/a", Payload: make([]byte, 16<<10+1)}} {
			h.refuse(abi.CodeInvalid, abi.CapEvent, abi.EventPublish, publish(d))
		}
		h.refuse(abi.CodeInvalid, abi.CapEvent, abi.EventPublish, publish())
	}},
	{"publishing is granted like any other power", Setup{Grants: []string{"clock"}}, func(_ *testing.T, h *probe) {
		if e := h.refuse(abi.CodeDenied, abi.CapEvent, abi.EventPublish, publish(contract.EventDraft{Topic: "test/a"})); e.MissingGrant != "event" {
			h.t.Errorf("missing grant = %q", e.MissingGrant)
		}
	}},
}

var scheduleCases = []testCase{
	{"a plugin without schedules has none", Setup{}, func(_ *testing.T, h *probe) {
		var a contract.ScheduleListAnswer
		h.must(abi.CapSchedule, abi.ScheduleList, &contract.ScheduleListRequest{}, &a)
		if len(a.Schedules) != 0 {
			h.t.Errorf("schedules = %+v", a.Schedules)
		}
		h.refuse(abi.CodeNotFound, abi.CapSchedule, abi.ScheduleRunNow, &contract.ScheduleRunNowRequest{ID: "nightly"})
	}},
}

func (p *probe) enqueue(q *contract.TaskEnqueueRequest) contract.TaskInfo {
	p.t.Helper()
	var info contract.TaskInfo
	p.must(abi.CapTask, abi.TaskEnqueue, q, &info)
	return info
}

var taskCases = []testCase{
	{"a task waits, is listed and is cancelled", Setup{}, func(_ *testing.T, h *probe) {
		info := h.enqueue(&contract.TaskEnqueueRequest{Name: "build", Payload: []byte("in")})
		if info.State != "pending" || info.Queue != "default" || info.Priority != 2 || info.MaxAttempts != 5 || info.CreatedAt != start.UnixMilli() || info.RunAt != info.CreatedAt {
			h.t.Errorf("enqueued: %+v", info)
		}
		other := h.enqueue(&contract.TaskEnqueueRequest{Name: "other", Priority: 1, MaxAttempts: 1})
		var list contract.TaskListAnswer
		h.must(abi.CapTask, abi.TaskList, &contract.TaskListRequest{State: "pending"}, &list)
		if len(list.Tasks) != 2 {
			h.t.Errorf("listed: %+v", list.Tasks)
		}
		var ended contract.TaskInfo
		h.must(abi.CapTask, abi.TaskCancel, &contract.TaskRequest{ID: info.ID}, &ended)
		h.must(abi.CapTask, abi.TaskGet, &contract.TaskRequest{ID: info.ID}, &ended)
		if ended.State != "cancelled" || !ended.Cancelled || ended.EndedAt == 0 {
			h.t.Errorf("cancelled: %+v", ended)
		}
		h.must(abi.CapTask, abi.TaskList, &contract.TaskListRequest{State: "pending"}, &list)
		if len(list.Tasks) != 1 || list.Tasks[0].ID != other.ID {
			h.t.Errorf("listed after the cancelling: %+v", list.Tasks)
		}
	}},
	{"a unique key stands for one task", Setup{}, func(_ *testing.T, h *probe) {
		first := h.enqueue(&contract.TaskEnqueueRequest{Name: "build", UniqueKey: "u"})
		second := h.enqueue(&contract.TaskEnqueueRequest{Name: "build", UniqueKey: "u"})
		if first.Existed || !second.Existed || first.ID != second.ID {
			h.t.Errorf("%+v and %+v", first, second)
		}
	}},
	{"who did not ask for a task does not see it", Setup{}, func(_ *testing.T, h *probe) {
		own := h.enqueue(&contract.TaskEnqueueRequest{Name: "build", Own: true})
		h.refuse(abi.CodeNotFound, abi.CapTask, abi.TaskGet, &contract.TaskRequest{ID: own.ID})
		h.refuse(abi.CodeNotFound, abi.CapTask, abi.TaskCancel, &contract.TaskRequest{ID: own.ID})
		var list contract.TaskListAnswer
		h.must(abi.CapTask, abi.TaskList, &contract.TaskListRequest{}, &list)
		if len(list.Tasks) != 0 {
			h.t.Errorf("the viewer sees %+v", list.Tasks)
		}
		h.must(abi.CapTask, abi.TaskGet, &contract.TaskRequest{ID: own.ID, Own: true}, &contract.TaskInfo{})
	}},
	{"a queue is in the scope", Setup{}, func(_ *testing.T, h *probe) {
		e := h.refuse(abi.CodeDenied, abi.CapTask, abi.TaskEnqueue, &contract.TaskEnqueueRequest{Name: "build", Queue: "others"})
		if e.MissingGrant != "task: queue others" {
			h.t.Errorf("missing grant = %q", e.MissingGrant)
		}
	}},
	{"a scope of queues", Setup{Grants: []string{"task"}, Scopes: map[string]string{"task": `{"queues": ["builds"]}`}}, func(_ *testing.T, h *probe) {
		h.enqueue(&contract.TaskEnqueueRequest{Name: "build", Queue: "builds"})
		h.refuse(abi.CodeDenied, abi.CapTask, abi.TaskEnqueue, &contract.TaskEnqueueRequest{Name: "build"})
	}},
	{"what is no task", Setup{}, func(_ *testing.T, h *probe) {
		for _, q := range []contract.TaskEnqueueRequest{
			{Name: ""},
			{Name: "Build It"},
			{Name: "a", Priority: 5},
			{Name: "a", Priority: -1},
			{Name: "a", MaxAttempts: 21},
			{Name: "a", TimeoutMillis: 3_600_001},
			{Name: "a", RunAt: -1},
			{Name: "a", Payload: make([]byte, 64<<10+1)},
		} {
			h.refuse(abi.CodeInvalid, abi.CapTask, abi.TaskEnqueue, &q)
		}
	}},
	{"checkpoints and lines come from inside a task", Setup{}, func(_ *testing.T, h *probe) {
		h.refuse(abi.CodeInvalid, abi.CapTask, abi.TaskCheckpoint, &contract.TaskCheckpointRequest{Keep: true})
		h.refuse(abi.CodeInvalid, abi.CapTask, abi.TaskLog, &contract.TaskLogRequest{Lines: []contract.TaskLine{{Message: "x"}}})
	}},
}
