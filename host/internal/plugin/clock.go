package plugin

import "time"

// Clock is the registry's time: backoff, idleness, windows of statistics and
// the watchdog. Deadlines of calls are contexts and always run in real time.
type Clock interface {
	Now() time.Time
	// AfterFunc runs f once after d and returns a way to prevent it.
	AfterFunc(d time.Duration, f func()) (stop func())
}

// SystemClock is the real time.
type SystemClock struct{}

// Now implements Clock.
func (SystemClock) Now() time.Time { return time.Now() }

// AfterFunc implements Clock.
func (SystemClock) AfterFunc(d time.Duration, f func()) func() {
	t := time.AfterFunc(d, f)
	return func() { t.Stop() }
}
