package ingest

import (
	"context"
	"errors"
	"time"

	"github.com/callboard/callboard/host/internal/store"
)

// run leads or follows, as the replicas agree.
func (e *Engine) run(ctx context.Context) {
	defer close(e.done)
	for ctx.Err() == nil {
		if e.leads() {
			e.lead(ctx)
		} else {
			e.follow(ctx)
		}
	}
}

// leads reports whether this process reads sources and writes the catalog.
func (e *Engine) leads() bool { return e.config.Replicas == nil || e.epoch.Load() > 0 }

// lead waits for requests, file events and due sources, until another replica
// leads.
func (e *Engine) lead(ctx context.Context) {
	var events <-chan scope
	if e.watch != nil {
		events = e.watch.events
		e.watchSources()
	}
	e.takeRequests(ctx)
	lead, news := e.member.channels()
	failures := 0
	for {
		select {
		case <-ctx.Done():
			return
		case epoch := <-lead:
			if epoch != e.epoch.Load() {
				e.resign(ctx)
				e.assume(ctx, epoch)
				return
			}
			continue
		case <-news:
			e.takeRequests(ctx)
		case <-e.wake:
		case look := <-e.asks:
			look(e.state)
			continue
		case s := <-events:
			e.request(s)
		case <-e.config.Clock.After(e.untilDue()):
			e.request(e.dueSources())
		}
		s := e.take()
		if s.empty() {
			continue
		}
		err := e.pass(ctx, s)
		switch {
		case err == nil:
			failures = 0
			e.watchSources()
		case ctx.Err() != nil:
			return
		case errors.Is(err, store.ErrFenced):
			e.request(s)
			e.resign(ctx)
			return
		default:
			failures++
			e.config.Log.Error("the catalog could not be brought up to date; trying again", "error", err, "attempt", failures)
			if !e.reload(ctx, failures) {
				return
			}
			e.request(scope{all: true, refs: s.refs, remove: s.remove, asks: s.asks, after: s.after, pushes: s.pushes, keys: s.keys})
			continue
		}
		if !e.sleep(ctx, e.config.Limits.Publishing) {
			return
		}
	}
}

// reload takes the state from the store again, as often as it takes: a pass
// over anything else would make every entity anew. It reports false when the
// engine stops.
func (e *Engine) reload(ctx context.Context, failures int) bool {
	for {
		if !e.sleep(ctx, min(time.Duration(1<<min(failures, 6))*time.Second, time.Minute)) {
			return false
		}
		_, err := e.load(ctx)
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		failures++
		e.config.Log.Error("the catalog could not be loaded; trying again", "error", err, "attempt", failures)
	}
}

func (e *Engine) sleep(ctx context.Context, d time.Duration) bool {
	over := e.config.Clock.After(d)
	for {
		select {
		case <-ctx.Done():
			return false
		case look := <-e.asks:
			look(e.state)
		case <-over:
			return true
		}
	}
}

// untilDue returns how long until the first source is due.
func (e *Engine) untilDue() time.Duration {
	wait := e.config.Interval
	now := e.config.Clock.Now()
	for _, f := range e.state.sources {
		wait = min(wait, f.nextAt.Sub(now))
	}
	return max(wait, time.Second)
}

// dueSources returns the sources whose time has come, and lets globs look again.
func (e *Engine) dueSources() scope {
	s := scope{sources: map[string]bool{}, later: map[string]bool{}, expand: true}
	now := e.config.Clock.Now()
	for key, f := range e.state.sources {
		if !f.nextAt.After(now) {
			s.sources[key], s.later[key] = true, true
		}
	}
	return s
}
