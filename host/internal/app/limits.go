package app

import (
	"maps"
	"time"

	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/manifest"
)

// limits merges what the manifest asks for, what the plugin's entry says and
// the caps of the section limits: the entry replaces what is asked or the
// host's default, and the cap bounds the result.
func limits(asked manifest.Runtime, entry, limit config.Limits) plugin.Limits {
	asked = modest(asked)
	l := plugin.Limits{
		MemoryBytes:   uint64(first(entry.Memory, config.ByteSize(asked.Memory))), //nolint:gosec // sizes are not negative
		Instances:     first(entry.Instances, asked.Instances),
		Fuel:          uint64(max(first(entry.Fuel, int64(asked.Fuel)), 0)),
		HostCalls:     first(entry.HostCalls, asked.HostCalls),
		LogBytes:      int(first(entry.LogBytes, config.ByteSize(asked.LogBytes))),
		ResponseBytes: int64(first(entry.ResponseBytes, config.ByteSize(asked.ResponseBytes))),
		Handles:       first(entry.Handles, asked.Handles),
		HandleBytes:   int64(first(entry.HandleBytes, config.ByteSize(asked.HandleBytes))),

		EgressRequests: first(entry.EgressRequests, asked.EgressRequests),
		EgressBytes:    int64(first(entry.EgressBytes, config.ByteSize(asked.EgressBytes))),
	}.WithDefaults()
	if asked.Isolation == "per-call" {
		l.MaxCalls = 1 // the instance is closed after its first call
	}
	l.Deadline = map[abi.Op]time.Duration{}
	for _, op := range abi.Ops() {
		d := first(deadline(entry.Deadline, op), time.Duration(asked.Deadlines[op.String()]), plugin.DefaultDeadline(op))
		l.Deadline[op] = atMost(d, deadline(limit.Deadline, op))
	}
	l.MemoryBytes = atMost(l.MemoryBytes, uint64(limit.Memory)) //nolint:gosec // sizes are not negative
	l.Instances = atMost(l.Instances, limit.Instances)
	if most := uint64(max(limit.Fuel, 0)); l.Fuel == 0 {
		l.Fuel = most // the default is as much as the deadline allows
	} else {
		l.Fuel = atMost(l.Fuel, most)
	}
	l.CPU = float64(atMost(first(entry.CPUPercent, limit.CPUPercent), limit.CPUPercent)) / 100
	l.HostCalls = atMost(l.HostCalls, limit.HostCalls)
	l.LogBytes = atMost(l.LogBytes, int(limit.LogBytes))
	l.ResponseBytes = atMost(l.ResponseBytes, int64(limit.ResponseBytes))
	l.Handles = atMost(l.Handles, limit.Handles)
	l.HandleBytes = atMost(l.HandleBytes, int64(limit.HandleBytes))
	l.EgressRequests = atMost(l.EgressRequests, limit.EgressRequests)
	l.EgressBytes = atMost(l.EgressBytes, int64(limit.EgressBytes))
	return l
}

// greed is how many times the host's default a manifest may ask for. Beyond
// that it takes the word of the operator, in the plugin's entry: what a plugin
// may cost is not for its author to say.
const greed = 4

// modest cuts what a manifest asks for.
func modest(asked manifest.Runtime) manifest.Runtime {
	most := plugin.Limits{}.WithDefaults()
	asked.Memory = min(asked.Memory, manifest.Size(greed*most.MemoryBytes)) //nolint:gosec // a small constant
	asked.Instances = min(asked.Instances, greed*most.Instances)
	asked.HostCalls = min(asked.HostCalls, greed*most.HostCalls)
	asked.LogBytes = min(asked.LogBytes, manifest.Size(greed*most.LogBytes))
	asked.ResponseBytes = min(asked.ResponseBytes, manifest.Size(greed*most.ResponseBytes))
	asked.Handles = min(asked.Handles, greed*most.Handles)
	asked.HandleBytes = min(asked.HandleBytes, manifest.Size(greed*most.HandleBytes))
	asked.EgressRequests = min(asked.EgressRequests, greed*most.EgressRequests)
	asked.EgressBytes = min(asked.EgressBytes, manifest.Size(greed*most.EgressBytes))
	deadlines := maps.Clone(asked.Deadlines)
	for _, op := range abi.Ops() {
		if d, ok := deadlines[op.String()]; ok {
			deadlines[op.String()] = min(d, manifest.Duration(greed*plugin.DefaultDeadline(op)))
		}
	}
	asked.Deadlines = deadlines
	return asked
}

type number interface {
	~int | ~int64 | ~uint64
}

// first returns the first value that is set.
func first[T number](values ...T) T {
	for _, v := range values {
		if v != 0 {
			return v
		}
	}
	return 0
}

// atMost bounds v by a cap, if there is one.
func atMost[T number](v, limit T) T {
	if limit > 0 {
		return min(v, limit)
	}
	return v
}

func deadline(d config.Deadlines, op abi.Op) time.Duration {
	switch op {
	case abi.OpHTTPHandle, abi.OpActionRun:
		return time.Duration(d.Request)
	case abi.OpEntityProcess:
		return time.Duration(d.Process)
	case abi.OpEntityProvide, abi.OpScheduleRun, abi.OpTaskRun:
		return time.Duration(d.Schedule)
	default:
		return 0
	}
}
