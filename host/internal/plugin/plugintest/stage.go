package plugintest

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
)

// Clock is a plugin.Clock that stands still until it is advanced.
type Clock struct {
	mu     sync.Mutex
	now    time.Time
	timers map[*timer]bool
}

type timer struct {
	at time.Time
	f  func()
}

// NewClock returns a clock at a fixed time.
func NewClock() *Clock {
	return &Clock{now: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), timers: map[*timer]bool{}}
}

// Now implements plugin.Clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// AfterFunc implements plugin.Clock. f runs inside of Advance.
func (c *Clock) AfterFunc(d time.Duration, f func()) func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &timer{c.now.Add(d), f}
	c.timers[t] = true
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.timers, t)
	}
}

// Advance moves the time and runs what has become due.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	c.now = c.now.Add(d)
	var due []func()
	for t := range c.timers {
		if !t.at.After(c.now) {
			due = append(due, t.f)
			delete(c.timers, t)
		}
	}
	c.mu.Unlock()
	for _, f := range due {
		f()
	}
}

// Stage is a registry with everything around it that a test looks at.
type Stage struct {
	*plugin.Registry
	Gate  *Gate
	Clock *Clock
	Stats *plugin.Stats
	kit   Kit
}

// NewStage returns a registry that is closed with the test.
func NewStage(tb testing.TB, loader plugin.Loader) *Stage {
	tb.Helper()
	return NewStageWith(tb, loader, nil)
}

// NewStageOf is NewStage for guests of a kit.
func NewStageOf(tb testing.TB, loader plugin.Loader, kit Kit) *Stage {
	tb.Helper()
	s := NewStageWith(tb, loader, nil)
	s.kit = kit
	return s
}

// NewStageWith is NewStage with changes to what the registry works with.
func NewStageWith(tb testing.TB, loader plugin.Loader, adjust func(*plugin.Deps)) *Stage {
	tb.Helper()
	clock := NewClock()
	s := &Stage{Gate: &Gate{}, Clock: clock, Stats: plugin.NewStats(clock), kit: ABI()}
	var ids atomic.Uint64
	deps := plugin.Deps{
		Loader: loader, Gate: s.Gate, Clock: clock, Stats: s.Stats,
		Log:    slog.New(slog.DiscardHandler),
		CallID: func() uint64 { return ids.Add(1) },
	}
	if adjust != nil {
		adjust(&deps)
	}
	s.Registry = plugin.NewRegistry(deps)
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			tb.Errorf("closing the registry: %v", err)
		}
		if n := s.Gate.Sessions(); n != 0 {
			tb.Errorf("%d sessions are still open", n)
		}
	})
	return s
}

// Install installs a module under an id.
func (s *Stage) Install(tb testing.TB, id plugin.ID, wasm []byte, limits plugin.Limits) {
	tb.Helper()
	pkg := Package(id, wasm)
	pkg.Limits = limits
	if err := s.Registry.Install(context.Background(), pkg); err != nil {
		tb.Fatalf("installing %s: %v", id, err)
	}
}

// Warm calls a plugin until it is loaded, however short its deadline is.
func (s *Stage) Warm(tb testing.TB, id plugin.ID, request string) {
	tb.Helper()
	eventually(tb, "plugin "+string(id)+" loads", func() bool {
		var busy *plugin.Busy
		_, err := s.Send(context.Background(), id, request)
		return !errors.As(err, &busy)
	})
}

// Send calls http.handle of a plugin with text and returns the answer as text.
func (s *Stage) Send(ctx context.Context, id plugin.ID, request string) (string, error) {
	reply, err := s.Call(ctx, plugin.Call{
		Plugin: id, Op: abi.OpHTTPHandle, Authority: principal.Guest("user:development/guest"), Payload: s.kit.encode(request),
	})
	if err != nil {
		return "", err
	}
	defer reply.Close()
	return s.kit.decode(reply.Payload)
}

// eventually waits for a condition, and fails the test if it never comes.
func eventually(tb testing.TB, what string, condition func() bool) {
	tb.Helper()
	timeout := time.NewTimer(60 * time.Second)
	defer timeout.Stop()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for !condition() {
		select {
		case <-timeout.C:
			tb.Fatalf("never: %s", what)
		case <-poll.C:
		}
	}
}

// quiet returns a check that no goroutine is left over since now.
func quiet(tb testing.TB) func() {
	before := runtime.NumGoroutine()
	return func() {
		tb.Helper()
		eventually(tb, "goroutines end", func() bool { return runtime.NumGoroutine() <= before })
	}
}
