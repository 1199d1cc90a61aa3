package plugin

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin/pace"
)

// slot is the place of one plugin id: the version that answers, and those that
// come and go beside it.
type slot struct {
	registry *Registry
	id       ID
	account  *pace.Account

	// route is replaced as a whole, so that a call picks its version without a
	// lock.
	route atomic.Pointer[route]
	turns atomic.Uint64 // of calls while there is a canary

	changing chan struct{} // holds a token while a change of versions is under way

	mu        sync.Mutex
	abort     context.CancelFunc // of the change under way; nil = none
	retired   []*version         // draining, or stuck
	probation *probation         // nil = over
	rolled    *RollbackEvent     // the latest, until the next swap
}

// route is where the calls of a plugin go.
type route struct {
	current *version
	canary  *canary // nil = none
	off     *off    // nil = calls go on
}

// off says why calls are refused before any version is asked.
type off struct {
	err      error
	disabled *Disabled // nil when the plugin is being removed
}

func newSlot(r *Registry, pkg Package) *slot {
	s := &slot{registry: r, id: pkg.ID, account: r.deps.Pace.Account(), changing: make(chan struct{}, 1)}
	s.account.SetBudget(pkg.Limits.CPU)
	v := newVersion(s, pkg)
	v.shown.Store(true)
	s.route.Store(&route{current: v})
	return s
}

// pick returns the version that takes the next call. Faults: Unavailable
// (disabled, or being removed).
func (s *slot) pick() (*version, *route, error) {
	r := s.route.Load()
	if r.off != nil {
		return nil, r, r.off.err
	}
	if r.canary != nil && r.canary.takes(s.turns.Add(1)) {
		return r.canary.version, r, nil
	}
	return r.current, r, nil
}

// turn changes the route; s.mu is held.
func (s *slot) turn(change func(*route)) {
	next := *s.route.Load()
	change(&next)
	s.route.Store(&next)
	s.account.SetBudget(next.current.limits.CPU)
}

// begin waits for its turn to change versions. The context that it returns
// ends with ctx, and when the plugin is disabled or removed. Faults:
// Unavailable (ctx ended before).
func (s *slot) begin(ctx context.Context) (context.Context, func(), error) {
	select {
	case s.changing <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, fault.Wrap(fault.Unavailable, ctx.Err(), "another change of plugin "+string(s.id)+" is under way")
	}
	ctx, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	s.abort = cancel
	s.mu.Unlock()
	return ctx, func() {
		s.mu.Lock()
		s.abort = nil
		s.mu.Unlock()
		cancel()
		<-s.changing
	}, nil
}

// tryBegin is begin for changes that are not worth waiting for.
func (s *slot) tryBegin() (func(), bool) {
	select {
	case s.changing <- struct{}{}:
		return func() { <-s.changing }, true
	default:
		return nil, false
	}
}

// retire closes a version beside the calls that go on elsewhere.
func (s *slot) retire(v *version) {
	v.shown.Store(false)
	s.mu.Lock()
	s.retired = append(s.retired, v)
	s.mu.Unlock()
	s.registry.work.Go(func() {
		ctx, cancel := s.registry.within(drainLimit)
		defer cancel()
		if err := v.close(ctx); err != nil {
			s.registry.deps.Log.Error("closing a version of a plugin", "plugin", string(s.id), "version", v.pkg.Version, "error", err)
		}
		s.forgetStopped()
	})
}

// forgetStopped drops retired versions that hold nothing any more.
func (s *slot) forgetStopped() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retired = slices.DeleteFunc(s.retired, func(v *version) bool {
		v.mu.Lock()
		defer v.mu.Unlock()
		if v.state != Stopped {
			return false
		}
		return v.pool == nil || v.pool.isDrained()
	})
}

// versions returns all that may have guests.
func (s *slot) versions() []*version {
	r := s.route.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []*version{r.current}
	if r.canary != nil {
		out = append(out, r.canary.version)
	}
	return append(out, s.retired...)
}

// sweep is the slot's housekeeping.
func (s *slot) sweep(now time.Time) {
	var memory uint64
	for _, v := range s.versions() {
		memory += v.sweep(now)
	}
	if memory > 0 {
		s.registry.deps.Stats.Memory(s.id, memory)
	}
	s.forgetStopped()
	s.rest(now)
}

// rest releases the code of a plugin that nobody has called for long. Its next
// call loads it again, from the compilation cache.
func (s *slot) rest(now time.Time) {
	r := s.route.Load()
	v := r.current
	if r.off != nil || r.canary != nil || !v.resting(now) {
		return
	}
	done, ok := s.tryBegin()
	if !ok {
		return
	}
	defer done()
	s.mu.Lock()
	if r != s.route.Load() || s.probation != nil {
		s.mu.Unlock()
		return
	}
	fresh := v.again(v.limits)
	s.turn(func(r *route) { r.current = fresh })
	s.mu.Unlock()
	s.retire(v)
	fresh.show()
	s.registry.deps.Log.Info("plugin rests: its code is released until its next call", "plugin", string(s.id), "version", v.pkg.Version)
}

// resting reports whether the version holds code that nobody has needed since
// its limit.
func (v *version) resting(now time.Time) bool {
	p := v.healthy.Load()
	return p != nil && p.emptySince(now.Add(-v.limits.RestAfter))
}

// close refuses calls with err from now on, then drains all versions until ctx
// ends.
func (s *slot) close(ctx context.Context, refusal error) error {
	s.mu.Lock()
	s.turn(func(r *route) { r.off = &off{err: refusal} })
	if s.abort != nil {
		s.abort()
	}
	s.mu.Unlock()
	select { // a change that is under way cleans up after itself
	case s.changing <- struct{}{}:
		defer func() { <-s.changing }()
	case <-ctx.Done():
	}
	s.endProbation()
	versions := s.versions()
	errs := make(chan error, len(versions))
	for _, v := range versions {
		go func() { errs <- v.close(ctx) }()
	}
	var all error
	for range versions {
		all = errors.Join(all, <-errs)
	}
	return all
}
