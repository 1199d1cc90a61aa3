package plugin

import (
	"fmt"
	"time"
)

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
	PacedMs          float64   `json:"pacedMs"` // time that calls were kept waiting so that others may compute, or by the CPU budget
	P50Ms            float64   `json:"p50Ms"`   // of the last minutes
	P99Ms            float64   `json:"p99Ms"`
	CompileMs        float64   `json:"compileMs"`
	EgressRequests   uint64    `json:"egressRequests"` // to other servers, redirects included
	EgressBytes      uint64    `json:"egressBytes"`    // of them, both ways
	LoadedAt         time.Time `json:"loadedAt,omitzero"`

	Versions []VersionStatus `json:"versions"`           // the current one first, then a canary, one to go back to, and those that end
	Disabled *Disabled       `json:"disabled,omitempty"` // by the operator
	Warnings []string        `json:"warnings,omitempty"` // what an operator should know beside Warning
	Info     any             `json:"-"`
}

// Role is what a version is there for.
type Role string

// The roles.
const (
	RoleCurrent  Role = "current"  // takes the calls
	RoleCanary   Role = "canary"   // takes a share of them
	RolePrevious Role = "previous" // comes back if the current one keeps crashing
	RoleDraining Role = "draining" // ends its calls
	RoleStuck    Role = "stuck"    // was stopped and did not stop
)

// VersionStatus is one version of a plugin at one moment.
type VersionStatus struct {
	Code
	Role     Role      `json:"role"`
	State    State     `json:"state"`
	Percent  int       `json:"percent,omitempty"` // of the calls, for a canary
	Since    time.Time `json:"since,omitzero"`    // of a canary
	Calls    uint64    `json:"calls"`
	Errors   uint64    `json:"errors"` // for which the version is to blame
	Crashes  uint64    `json:"crashes"`
	MeanMs   float64   `json:"meanMs"` // of a call, without waiting
	Inside   int       `json:"inside"` // calls in progress
	LoadedAt time.Time `json:"loadedAt,omitzero"`
	Info     any       `json:"-"`
}

// Instances counts a plugin's guests.
type Instances struct {
	Busy    int `json:"busy"`
	Idle    int `json:"idle"`
	Max     int `json:"max"`
	Waiting int `json:"waiting"` // calls in the queue
}

func (s *slot) status() Status {
	r := s.route.Load()
	out := r.current.status()
	out.Versions = append(out.Versions, r.current.brief(RoleCurrent))
	if c := r.canary; c != nil {
		v := c.version.brief(RoleCanary)
		v.Percent, v.Since = int(c.percent), c.since
		out.Versions = append(out.Versions, v)
	}
	if r.off != nil && r.off.disabled != nil {
		out.State, out.Disabled = Stopped, r.off.disabled
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.probation; p != nil {
		out.Versions = append(out.Versions, VersionStatus{
			Code: Code{Version: p.back.pkg.Version, Digest: p.back.pkg.Digest}, Role: RolePrevious, State: Stopped, Info: p.back.pkg.Info,
		})
	}
	for _, v := range s.retired {
		b := v.brief(RoleDraining)
		if b.Role == RoleStuck {
			out.Warnings = append(out.Warnings, fmt.Sprintf("version %s was stopped and has not stopped: %d calls are still inside of it, with its memory", b.Version, b.Inside))
		}
		out.Versions = append(out.Versions, b)
	}
	if e := s.rolled; e != nil {
		out.Warnings = append(out.Warnings, fmt.Sprintf("rolled back from version %s to %s: %s", e.From.Version, e.To.Version, e.Reason))
	}
	return out
}

// brief is a version among others.
func (v *version) brief(role Role) VersionStatus {
	t := v.score.now()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.stuck {
		role = RoleStuck
	}
	out := VersionStatus{
		Code: v.name(), Role: role, State: v.state, Calls: t.calls, Errors: t.faults, Crashes: t.crashes,
		LoadedAt: v.loadedAt, Info: v.pkg.Info,
	}
	if t.calls > 0 {
		out.MeanMs = ms(t.busy / time.Duration(t.calls))
	}
	if v.pool != nil {
		out.Inside = v.pool.inside()
	}
	return out
}

func (v *version) status() Status {
	counts := v.slot.registry.deps.Stats.Of(v.pkg.ID)
	v.mu.Lock()
	defer v.mu.Unlock()
	s := Status{
		ID: v.pkg.ID, Version: v.pkg.Version, Digest: v.pkg.Digest, State: v.state, Title: v.pkg.Title, Core: v.pkg.Core,
		Error: v.failure, Stderr: v.stderr, Stack: v.stack,
		Instances:        Instances{Max: v.limits.Instances},
		MemoryLimitBytes: v.limits.MemoryBytes,
		Calls:            counts.Calls, Errors: counts.Errors, Crashes: counts.Crashes,
		Fuel: counts.Fuel, GuestMs: ms(counts.Guest), PacedMs: ms(counts.Paced),
		P50Ms: ms(counts.P50), P99Ms: ms(counts.P99), CompileMs: ms(counts.CompileTime),
		EgressRequests: counts.EgressRequests, EgressBytes: counts.EgressBytes,
		LoadedAt: v.loadedAt, Info: v.pkg.Info,
	}
	if v.pool != nil {
		e := v.pool.event()
		s.Instances.Busy, s.Instances.Idle, s.Instances.Waiting, s.MemoryBytes = e.Busy, e.Idle, e.Waiting, e.MemoryBytes
		if v.code != nil {
			s.Warning = v.code.module.Warning()
		}
	}
	return s
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
