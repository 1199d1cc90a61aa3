package contract

//go:generate go tool msgp -io=false

// ScheduleRun is the payload of schedule.run/1.
type ScheduleRun struct {
	Schedule string `msg:"s" json:"schedule"` // its id in plugin.yaml
	Run      string `msg:"r" json:"run"`      // id of this run
	Trigger  string `msg:"t" json:"trigger"`  // "schedule", "manual", or "takeover" when the replica that ran it vanished
}

// ScheduleDone is the reply to schedule.run/1.
type ScheduleDone struct{}

// ScheduleListRequest is the payload of schedule.list/1.
type ScheduleListRequest struct{}

// ScheduleInfo is one of the plugin's own schedules. Times are milliseconds of
// Unix time, 0 for none.
type ScheduleInfo struct {
	ID          string `msg:"i" json:"id"`
	EveryMillis int64  `msg:"e" json:"everyMillis,omitempty"`
	Cron        string `msg:"c" json:"cron,omitempty"`
	Paused      bool   `msg:"p" json:"paused,omitempty"`
	Running     bool   `msg:"r" json:"running,omitempty"`
	NextAt      int64  `msg:"n" json:"nextAt"`
	LastAt      int64  `msg:"l" json:"lastAt,omitempty"`      // when the last run that ended began
	LastOutcome string `msg:"o" json:"lastOutcome,omitempty"` // "done", "failed", "timeout" or "lost"
	LastError   string `msg:"x" json:"lastError,omitempty"`
}

// ScheduleListAnswer is the answer to schedule.list/1.
type ScheduleListAnswer struct {
	Schedules []ScheduleInfo `msg:"s,limit=1000" json:"schedules"`
}

// ScheduleRunNowRequest is the payload of schedule.run-now/1.
type ScheduleRunNowRequest struct {
	ID string `msg:"i" json:"id"`
}
