package plugin

import (
	"runtime"
	"time"

	"github.com/callboard/callboard/sdk/abi"
)

// PageBytes is the size of one page of Wasm memory.
const PageBytes = 64 << 10

// MinMemoryBytes is the least linear memory with which a Go guest starts.
const MinMemoryBytes = 64 * PageBytes

// InlineBody is the largest request body that crosses into the guest's memory
// with the payload. A larger one becomes a handle.
const InlineBody = 16 << 10

// DefaultDeadline returns how long an operation may take unless a plugin's
// limits say otherwise.
func DefaultDeadline(op abi.Op) time.Duration {
	switch op {
	case abi.OpEntityProcess, abi.OpHealth:
		return time.Second
	case abi.OpEntityProvide, abi.OpScheduleRun, abi.OpActionRun, abi.OpSearchCollate, abi.OpMigrate, abi.OpTaskRun:
		return 5 * time.Minute
	default:
		return 5 * time.Second
	}
}

// For returns the deadline of op under these limits.
func (l Limits) For(op abi.Op) time.Duration {
	if d := l.Deadline[op]; d > 0 {
		return d
	}
	return DefaultDeadline(op)
}

// defaultFuel is a call's budget of steps for each nanosecond of its deadline.
const defaultFuel = 64

// FuelFor returns how many steps a call of op may make. The default is more
// than code makes within its deadline, so that the deadline comes first.
func (l Limits) FuelFor(op abi.Op) uint64 {
	if l.Fuel > 0 {
		return l.Fuel
	}
	return defaultFuel * uint64(l.For(op)) //nolint:gosec // not negative
}

// WithDefaults returns the limits with every zero field replaced by the host's
// default. Deadlines and fuel keep their defaults in For and FuelFor.
func (l Limits) WithDefaults() Limits {
	orDefault(&l.MemoryBytes, 64<<20)
	orDefault(&l.Instances, 2*runtime.GOMAXPROCS(0))
	orDefault(&l.Queue, 16*l.Instances)
	orDefault(&l.HostCalls, 1000)
	orDefault(&l.LogBytes, 64<<10)
	orDefault(&l.ResponseBytes, 8<<20)
	orDefault(&l.Handles, 64)
	orDefault(&l.HandleBytes, 64<<20)
	orDefault(&l.EgressRequests, 20)
	orDefault(&l.EgressBytes, 32<<20)
	orDefault(&l.MaxCalls, 10_000)
	orDefault(&l.IdleAfter, 10*time.Minute)
	orDefault(&l.RestAfter, 30*time.Minute)
	orDefault(&l.CompileTimeout, 2*time.Minute)
	return l
}

func orDefault[T uint64 | int | int64 | time.Duration](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}
