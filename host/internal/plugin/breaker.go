package plugin

import "time"

// What the breaker does: this many crashes within a window open it, and it
// stays open for a backoff that doubles each time it opens again without a
// good call in between.
const (
	breakerCrashes = 5
	breakerWindow  = time.Minute
	backoffFirst   = time.Second
	backoffMost    = 5 * time.Minute
)

// breaker stops a plugin that keeps crashing. Closed, it lets every call
// through; open, none until retryAt; then half-open, one at a time, whose
// outcome decides. It is not safe for concurrent use.
type breaker struct {
	crashes [breakerCrashes]time.Time // ring of the latest
	next    int
	opened  bool
	trial   bool // a call is trying
	retryAt time.Time
	backoff time.Duration
}

// crashed notes a crash and reports whether it opened the breaker.
func (b *breaker) crashed(now time.Time) bool {
	b.crashes[b.next] = now
	b.next = (b.next + 1) % breakerCrashes
	oldest := b.crashes[b.next]
	if b.opened || (!oldest.IsZero() && now.Sub(oldest) <= breakerWindow) {
		b.open(now)
		return true
	}
	return false
}

func (b *breaker) open(now time.Time) {
	if b.opened && !b.trial {
		return // a straggler of before it opened
	}
	b.backoff = min(max(2*b.backoff, backoffFirst), backoffMost)
	b.opened, b.trial = true, false
	b.retryAt = now.Add(b.backoff)
}

// admit reports whether a call may go on, whether it is the trial, and if not,
// how long to wait.
func (b *breaker) admit(now time.Time) (ok, trial bool, wait time.Duration) {
	switch {
	case !b.opened:
		return true, false, 0
	case now.Before(b.retryAt):
		return false, false, b.retryAt.Sub(now)
	case b.trial:
		return false, false, time.Second
	default:
		b.trial = true
		return true, true, 0
	}
}

// undecided ends a trial that said nothing about the plugin.
func (b *breaker) undecided() { b.trial = false }

// succeeded closes the breaker after a good trial.
func (b *breaker) succeeded() { *b = breaker{} }
