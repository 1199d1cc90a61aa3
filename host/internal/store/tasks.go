package store

import (
	"context"
	"time"
)

// TaskState is where a task is in its life.
type TaskState string

// The states. The last three are final.
const (
	TaskPending   TaskState = "pending"
	TaskRunning   TaskState = "running"
	TaskDone      TaskState = "done"
	TaskFailed    TaskState = "failed"
	TaskCancelled TaskState = "cancelled"
)

// Final reports whether nothing more happens to a task in this state.
func (s TaskState) Final() bool { return s == TaskDone || s == TaskFailed || s == TaskCancelled }

// TaskRow is one task of an installed plugin.
type TaskRow struct {
	ID           string
	Installation string
	Plugin       string
	Queue        string
	Name         string // as the plugin's code registers it
	UniqueKey    string // empty = none
	Requester    []byte // JSON: who asked for it, by immutable key
	Subject      string // key of the requester, for lists
	Payload      []byte
	Blob         string // key of a blob with the input, in place of Payload
	Priority     int    // 1 first … 4 last
	MaxAttempts  int
	Timeout      time.Duration // of one attempt

	State      TaskState
	RunAt      time.Time // not before
	Attempts   int       // begun
	Checkpoint []byte    // the last one; nil = none
	Progress   int       // percent
	Note       string    // one line about the progress
	Result     []byte
	Error      string    // of the last attempt that failed
	CancelAt   time.Time // cancelled: when the host ends it by force; zero = not cancelled
	Owner      string    // replica that runs it
	LeaseUntil time.Time

	CreatedAt time.Time
	StartedAt time.Time // of the last attempt
	EndedAt   time.Time
	KeepUntil time.Time // of a task that ended
}

// TaskClaim is the right to run one attempt.
type TaskClaim struct {
	ID      string
	Owner   string
	Attempt int
}

// TaskSlots bounds what runs at once, on all replicas together.
type TaskSlots struct {
	Plugin int // tasks of one installation
	Queue  int // tasks of one queue of it
}

// TaskNote is what a running task tells.
type TaskNote struct {
	Checkpoint []byte // nil = the last one stays
	Progress   int    // percent; negative = as it was
	Note       string // empty = as it was
}

// TaskLine is one line of a task's log.
type TaskLine struct {
	Seq     int // set by the store: 1, 2, …
	At      time.Time
	Level   string
	Message string
}

// TaskEnd says how an attempt ended.
type TaskEnd struct {
	State     TaskState // TaskPending for another attempt
	RunAt     time.Time // of the next attempt
	Result    []byte
	Error     string
	KeepUntil time.Time // of a final state
	Refund    bool      // the attempt does not count
}

// TaskFilter selects tasks; empty fields select all.
type TaskFilter struct {
	Installation string
	Queue        string
	State        TaskState
	Subject      string
	Before       string // id of the last task of the page before
	Limit        int
}

// DueTask is a task that wants to be run.
type DueTask struct {
	ID       string
	Priority int
}

// Tasks stores tasks, their checkpoints and logs. A claim lapses unless it is
// held; what is written under a lapsed claim is Conflict.
type Tasks interface {
	// EnqueueTask adds a task in state pending. With a UniqueKey that the
	// installation has in store already it returns that task and false. queued
	// bounds the tasks of the installation that are not final; of all its tasks
	// the newest ten times as many stay, and older ones that are final go.
	// Fault: Exhausted.
	EnqueueTask(ctx context.Context, t TaskRow, queued int) (TaskRow, bool, error)
	// GetTask returns a task of an installation. Fault: NotFound.
	GetTask(ctx context.Context, installation, id string) (TaskRow, error)
	// ListTasks returns tasks, newest first, without payload, checkpoint and result.
	ListTasks(ctx context.Context, f TaskFilter) ([]TaskRow, error)
	// ClaimTask begins an attempt of a task that is due, or whose claim lapsed.
	// Faults: NotFound (it is not due, runs already, or is final), Exhausted
	// (the slots are taken).
	ClaimTask(ctx context.Context, id, owner string, ttl time.Duration, slots TaskSlots) (TaskRow, error)
	// HoldTask prolongs a claim and returns CancelAt. Fault: Conflict.
	HoldTask(ctx context.Context, c TaskClaim, ttl time.Duration) (time.Time, error)
	// NoteTask keeps a checkpoint and progress and returns CancelAt. Fault: Conflict.
	NoteTask(ctx context.Context, c TaskClaim, n TaskNote) (time.Time, error)
	// LogTask adds lines; beyond most lines the oldest go. Fault: Conflict.
	LogTask(ctx context.Context, c TaskClaim, lines []TaskLine, most int) error
	// TaskLog returns lines after a number, oldest first.
	TaskLog(ctx context.Context, id string, after, limit int) ([]TaskLine, error)
	// FinishTask ends an attempt. Fault: Conflict.
	FinishTask(ctx context.Context, c TaskClaim, end TaskEnd) error
	// CancelTask ends a pending task at once, and marks a running one, which
	// has until deadline to end by itself. A final one stays. Fault: NotFound.
	CancelTask(ctx context.Context, installation, id string, deadline, keepUntil time.Time) (TaskRow, error)
	// DueTasks returns tasks that are due or whose claim lapsed, by priority and
	// time; of one installation, or of all with "".
	DueTasks(ctx context.Context, installation string, limit int) ([]DueTask, error)
	// ActivateTasks lets the tasks of these installations be due, and makes those
	// of all others wait.
	ActivateTasks(ctx context.Context, installations []string) error
	// SweepTasks removes final tasks whose time is over.
	SweepTasks(ctx context.Context) (int, error)
}
