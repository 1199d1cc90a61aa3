package plugin

import (
	"fmt"
	"time"
)

// Crash says how a guest died: a trap, an exit, or a reply that breaks the
// ABI. It is the cause inside a fault. Error names the cause only; Stderr and
// Stack may hold the plugin's data, are for the operator, and are shown on the
// plugins page and in logs, never in an answer to a client.
type Crash struct { //nolint:errname // it is the cause inside of a fault, and named for what happened
	Cause  string // "unreachable", "exit(3)", "reply outside of memory"
	Stderr string // tail of the guest's stdout and stderr
	Stack  string // the guest's stack, one frame a line; empty if there is none
}

// Error returns the cause.
func (c *Crash) Error() string { return "guest crashed: " + c.Cause }

// Ended is the cause inside a fault of a guest that the host ended: by its
// deadline, by its fuel, or because its caller gave up. Unlike a crash it says
// nothing about the guest's health.
type Ended struct { //nolint:errname // as Crash
	Err   error  // what ended it
	Stack string // where the guest was, one frame a line; empty if that is not known
}

// Error returns what ended the guest.
func (s *Ended) Error() string { return "guest stopped: " + s.Err.Error() }

// Unwrap gives errors.Is access to what ended the guest.
func (s *Ended) Unwrap() error { return s.Err }

// Busy is the cause inside a fault of a call that was refused before it
// reached the guest and may be tried again.
type Busy struct { //nolint:errname // it is the cause inside of a fault, and named for what happened
	Reason string        // "the queue is full", "it crashed and restarts"
	Wait   time.Duration // when trying again makes sense
}

// Error returns the reason and the wait.
func (b *Busy) Error() string { return fmt.Sprintf("%s; retry in %v", b.Reason, b.Wait) }

// RetryAfter is what an HTTP answer puts in Retry-After.
func (b *Busy) RetryAfter() time.Duration { return b.Wait }
