package contract

//go:generate go tool msgp -io=false

// TaskEnqueueRequest is the payload of task.enqueue/1. A field that is 0 has the
// host's default.
type TaskEnqueueRequest struct {
	Queue         string `msg:"q" json:"queue"` // one of the scope's
	Name          string `msg:"n" json:"name"`  // as the code registers it
	Payload       []byte `msg:"p" json:"payload,omitempty"`
	Blob          string `msg:"b" json:"blob,omitempty"`      // key of a blob with the input
	UniqueKey     string `msg:"u" json:"uniqueKey,omitempty"` // a task that is kept under it is answered instead
	RunAt         int64  `msg:"r" json:"runAt,omitempty"`     // milliseconds of Unix time
	Priority      int    `msg:"y" json:"priority,omitempty"`  // 1 first … 4 last
	MaxAttempts   int    `msg:"m" json:"maxAttempts,omitempty"`
	TimeoutMillis int64  `msg:"t" json:"timeoutMillis,omitempty"` // of one attempt
	Own           bool   `msg:"o" json:"own,omitempty"`           // the plugin asks, not the viewer
}

// TaskRequest names a task, for task.get/1 and task.cancel/1.
type TaskRequest struct {
	ID  string `msg:"i" json:"id"`
	Own bool   `msg:"o" json:"own,omitempty"`
}

// TaskInfo is one task. Times are milliseconds of Unix time, 0 for none.
type TaskInfo struct {
	ID          string `msg:"i" json:"id"`
	Queue       string `msg:"q" json:"queue"`
	Name        string `msg:"n" json:"name"`
	UniqueKey   string `msg:"u" json:"uniqueKey,omitempty"`
	State       string `msg:"s" json:"state"` // pending, running, done, failed or cancelled
	Priority    int    `msg:"y" json:"priority"`
	Attempts    int    `msg:"a" json:"attempts"`
	MaxAttempts int    `msg:"m" json:"maxAttempts"`
	Progress    int    `msg:"g" json:"progress"` // percent
	Note        string `msg:"t" json:"note,omitempty"`
	Error       string `msg:"x" json:"error,omitempty"`
	Cancelled   bool   `msg:"c" json:"cancelled,omitempty"` // somebody asked for its end
	Result      []byte `msg:"r" json:"result,omitempty"`    // of task.get/1 alone
	RunAt       int64  `msg:"w" json:"runAt"`
	CreatedAt   int64  `msg:"d" json:"createdAt"`
	StartedAt   int64  `msg:"b" json:"startedAt,omitempty"`
	EndedAt     int64  `msg:"e" json:"endedAt,omitempty"`
	Existed     bool   `msg:"k" json:"existed,omitempty"` // of task.enqueue/1: the unique key had it already
}

// TaskListRequest is the payload of task.list/1: newest first, those that the
// viewer asked for, or with Own those of the plugin itself.
type TaskListRequest struct {
	Queue  string `msg:"q" json:"queue,omitempty"`
	State  string `msg:"s" json:"state,omitempty"`
	Before string `msg:"b" json:"before,omitempty"` // id of the last task of the page before
	Limit  int    `msg:"l" json:"limit,omitempty"`  // 0 = 100, at most 1,000
	Own    bool   `msg:"o" json:"own,omitempty"`
}

// TaskListAnswer is the answer to task.list/1.
type TaskListAnswer struct {
	Tasks []TaskInfo `msg:"t,limit=1000" json:"tasks"`
}

// TaskCheckpointRequest is the payload of task.checkpoint/1, from inside the
// task alone.
type TaskCheckpointRequest struct {
	Keep       bool   `msg:"k" json:"keep,omitempty"` // without it Checkpoint is ignored: only progress is told
	Checkpoint []byte `msg:"c" json:"checkpoint,omitempty"`
	Progress   int    `msg:"p" json:"progress"` // percent; negative = as it was
	Note       string `msg:"n" json:"note,omitempty"`
}

// TaskLine is one line of a task's log.
type TaskLine struct {
	Level   string `msg:"l" json:"level,omitempty"` // debug, info, warn or error
	Message string `msg:"m" json:"message"`
}

// TaskLogRequest is the payload of task.log/1, from inside the task alone.
type TaskLogRequest struct {
	Lines []TaskLine `msg:"l,limit=1000" json:"lines"`
}

// TaskStanding is the answer to task.checkpoint/1 and task.log/1.
type TaskStanding struct {
	Cancelled bool `msg:"c" json:"cancelled,omitempty"` // end soon: the host ends the task by force in a moment
}

// Task is the payload of task.run/1.
type Task struct {
	ID         string `msg:"i" json:"id"`
	Queue      string `msg:"q" json:"queue"`
	Name       string `msg:"n" json:"name"`
	Payload    []byte `msg:"p" json:"payload,omitempty"`
	Blob       string `msg:"b" json:"blob,omitempty"`
	Checkpoint []byte `msg:"c" json:"checkpoint,omitempty"` // of an earlier attempt
	Attempt    int    `msg:"a" json:"attempt"`
	Last       bool   `msg:"l" json:"last,omitempty"` // no attempt follows
	Own        bool   `msg:"o" json:"own,omitempty"`  // runs with the plugin's own rights
}

// TaskDone is the reply to task.run/1.
type TaskDone struct {
	Result []byte `msg:"r" json:"result,omitempty"` // at most 64 KiB
}
