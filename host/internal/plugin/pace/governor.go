package pace

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// The division of time; doc.go says why.
const (
	foreground   = 25 * time.Millisecond  // of a call inside of its guest
	busyFor      = 50 * time.Millisecond  // others count as calling for this long after a call began
	look         = time.Millisecond       // how often a guest is looked at
	freeSlice    = time.Millisecond       // of background while nobody calls
	sharedSlice  = 250 * time.Microsecond // of background while others call
	sharedPart   = 0.05                   // of the processors, for background while others call
	budgetWindow = time.Second            // a plugin may use its CPU budget of this long at once
)

// Config says what a Governor works with. The zero value is the real world.
type Config struct {
	Processors int                                  // default GOMAXPROCS
	Now        func() time.Duration                 // since some moment, never going back
	Sleep      func(context.Context, time.Duration) // returns early when the context ends
}

// Governor decides for all guests of the process.
type Governor struct {
	cfg   Config
	began atomic.Int64 // when a call began last, in ns

	mu   sync.Mutex
	next time.Duration // when the next slice of background may begin
}

// New returns a governor for all plugins of the process.
func New(cfg Config) *Governor {
	if cfg.Processors <= 0 {
		cfg.Processors = runtime.GOMAXPROCS(0)
	}
	if cfg.Now == nil {
		start := time.Now()
		cfg.Now = func() time.Duration { return time.Since(start) }
	}
	if cfg.Sleep == nil {
		cfg.Sleep = sleep
	}
	g := &Governor{cfg: cfg}
	g.began.Store(-int64(busyFor))
	return g
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// called notes that a call begins, and returns when. Most find that another has
// done it within the millisecond, and write nothing that other processors read.
func (g *Governor) called() time.Duration {
	now := g.cfg.Now()
	if int64(now)-g.began.Load() > int64(time.Millisecond) {
		g.began.Store(int64(now))
	}
	return now
}

// slice reserves the next slice of background, for a call that has begun since,
// and returns how long to wait for it and how long it is.
func (g *Governor) slice(since time.Duration) (wait, length time.Duration) {
	now := g.cfg.Now()
	processors := max(float64(g.cfg.Processors)-1, 0.75)
	length = freeSlice
	if began := time.Duration(g.began.Load()); began > since && now-began < busyFor {
		processors, length = sharedPart*float64(g.cfg.Processors), sharedSlice
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	start := max(g.next, now)
	g.next = start + time.Duration(float64(length)/processors)
	return start - now, length
}
