package plugin

import "time"

// Status is a plugin at one moment, as the plugins page shows it.
type Status struct {
	ID               ID        `json:"id"`
	Version          string    `json:"version"`
	Digest           string    `json:"digest"`
	State            State     `json:"state"`
	Title            string    `json:"title"`
	Core             bool      `json:"core"`
	Error            string    `json:"error,omitempty"`  // why it failed
	Stderr           string    `json:"stderr,omitempty"` // tail of what the guest wrote before its latest crash
	Stack            string    `json:"stack,omitempty"`  // of that crash
	Warning          string    `json:"warning,omitempty"`
	Instances        Instances `json:"instances"`
	MemoryBytes      uint64    `json:"memoryBytes"` // of all instances
	MemoryLimitBytes uint64    `json:"memoryLimitBytes"`
	Calls            uint64    `json:"calls"`
	Errors           uint64    `json:"errors"`
	Crashes          uint64    `json:"crashes"`
	Fuel             uint64    `json:"fuel"`    // steps of all calls
	GuestMs          float64   `json:"guestMs"` // time inside of the guest, of all calls
	P50Ms            float64   `json:"p50Ms"`   // of the last minutes
	P99Ms            float64   `json:"p99Ms"`
	CompileMs        float64   `json:"compileMs"`
	EgressRequests   uint64    `json:"egressRequests"` // to other servers, redirects included
	EgressBytes      uint64    `json:"egressBytes"`    // of them, both ways
	LoadedAt         time.Time `json:"loadedAt,omitzero"`
	Info             any       `json:"-"`
}

// Instances counts a plugin's guests.
type Instances struct {
	Busy    int `json:"busy"`
	Idle    int `json:"idle"`
	Max     int `json:"max"`
	Waiting int `json:"waiting"` // calls in the queue
}

func (in *installed) status() Status {
	counts := in.registry.deps.Stats.Of(in.pkg.ID)
	in.mu.Lock()
	defer in.mu.Unlock()
	s := Status{
		ID: in.pkg.ID, Version: in.pkg.Version, Digest: in.pkg.Digest, State: in.state, Title: in.pkg.Title, Core: in.pkg.Core,
		Error: in.failure, Stderr: in.stderr, Stack: in.stack,
		Instances:        Instances{Max: in.limits.Instances},
		MemoryLimitBytes: in.limits.MemoryBytes,
		Calls:            counts.Calls, Errors: counts.Errors, Crashes: counts.Crashes,
		Fuel: counts.Fuel, GuestMs: ms(counts.Guest),
		P50Ms: ms(counts.P50), P99Ms: ms(counts.P99), CompileMs: ms(counts.CompileTime),
		EgressRequests: counts.EgressRequests, EgressBytes: counts.EgressBytes,
		LoadedAt: in.loadedAt, Info: in.pkg.Info,
	}
	if in.pool != nil {
		e := in.pool.event()
		s.Instances.Busy, s.Instances.Idle, s.Instances.Waiting, s.MemoryBytes = e.Busy, e.Idle, e.Waiting, e.MemoryBytes
		s.Warning = in.module.Warning()
	}
	return s
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
