package sandbox

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
)

// Autopsy finds out why a call of a guest ended without an answer.
type Autopsy struct {
	Plugin    plugin.ID
	Limits    plugin.Limits
	Memory    uint64 // what the instance has
	Stderr    string
	HostPanic string // set by a host function that panicked by mistake
	Fuel      uint64 // the budget of the call
	Code      Code   // what the guest was compiled from
}

// Explain turns an error of the runtime into a fault.
func (a Autopsy) Explain(ctx context.Context, err error, doing string) error {
	if a.HostPanic != "" {
		return fault.New(fault.Internal, "a host call of plugin %s failed: %s", a.Plugin, a.HostPanic)
	}
	text, stack, _ := strings.Cut(err.Error(), "\nwasm stack trace:\n\t")
	stack = a.Code.Stack(strings.ReplaceAll(stack, "\n\t", "\n"))
	if errors.Is(err, ErrFuel) {
		return fault.Wrap(fault.Exhausted, &plugin.Ended{Err: ErrFuel, Stack: stack},
			fmt.Sprintf("plugin %s has used up its fuel of %d steps in %s", a.Plugin, a.Fuel, doing))
	}
	if cause := stopped(ctx, err); cause != nil {
		ended := &plugin.Ended{Err: cause, Stack: stack}
		if errors.Is(cause, context.DeadlineExceeded) {
			return fault.Wrap(fault.Timeout, ended, fmt.Sprintf("plugin %s did not finish %s within its deadline", a.Plugin, doing))
		}
		return fault.Wrap(fault.Unavailable, ended, fmt.Sprintf("the call of plugin %s was cancelled", a.Plugin))
	}
	var stop Stop
	if errors.As(err, &stop) {
		text = stop.Error()
	}
	if _, trap, found := strings.Cut(text, "wasm error: "); found {
		text = trap
	}
	return a.Crash(text, stack)
}

// stopped returns why a call was stopped, nil if its guest died by itself.
func stopped(ctx context.Context, err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return context.DeadlineExceeded // a tick may see it before the context does
	}
	return ctx.Err()
}

// Crash reports the death of the guest. A guest that died at its memory limit
// is reported as exhausted: a trap alone does not say so, the size does, and
// the Go runtime writes it to stderr.
func (a Autopsy) Crash(cause, stack string) error {
	crash := &plugin.Crash{Cause: cause, Stderr: a.Stderr, Stack: stack}
	if a.Memory > a.Limits.MemoryBytes/16*15 || strings.Contains(crash.Stderr, "out of memory") {
		return fault.Wrap(fault.Exhausted, crash, fmt.Sprintf("plugin %s has used up its memory of %d MiB", a.Plugin, a.Limits.MemoryBytes>>20))
	}
	return fault.Wrap(fault.Internal, crash, fmt.Sprintf("plugin %s crashed", a.Plugin))
}
