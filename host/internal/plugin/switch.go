package plugin

import (
	"context"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
)

// Disabled says that the operator has stopped a plugin.
type Disabled struct {
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`
}

// Disable is the kill switch: calls are refused at once, calls in progress are
// cancelled, a change of versions under way is given up, a canary is gone for
// good. It returns when the guests have stopped, or soon after ctx has ended.
// The plugin stays installed and keeps its data. Disabling again changes the
// reason. Faults: NotFound, Internal (a guest does not stop; calls are refused
// all the same).
func (r *Registry) Disable(ctx context.Context, id ID, reason string) error {
	s, err := r.find(id)
	if err != nil {
		return err
	}
	message := "plugin " + string(id) + " is disabled by the operator"
	if reason != "" {
		message += ": " + reason
	}
	refusal := &off{
		err:      fault.New(fault.Unavailable, "%s", message),
		disabled: &Disabled{Reason: reason, At: r.deps.Clock.Now()},
	}
	s.mu.Lock()
	before := s.route.Load()
	if o := before.off; o != nil {
		if o.disabled != nil {
			s.turn(func(r *route) { r.off = refusal })
		}
		s.mu.Unlock()
		return nil
	}
	fresh := before.current.again(before.current.pkg.Limits)
	s.turn(func(r *route) { r.current, r.canary, r.off = fresh, nil, refusal })
	if s.abort != nil {
		s.abort()
	}
	s.mu.Unlock()
	s.endProbation()
	r.deps.Log.Warn("plugin disabled", "plugin", string(id), "reason", reason)
	err = s.stopNow(ctx, before)
	r.observe.Changed(id, Stopped)
	return err
}

// stopNow cancels whatever runs of a plugin.
func (s *slot) stopNow(ctx context.Context, before *route) error {
	ctx, cancel := context.WithCancel(ctx)
	cancel() // nothing is waited for but that the guests notice
	running := []*version{before.current}
	if before.canary != nil {
		running = append(running, before.canary.version)
	}
	s.mu.Lock()
	draining := append([]*version(nil), s.retired...)
	s.retired = append(s.retired, running...)
	s.mu.Unlock()
	for _, v := range draining {
		v.cancel()
	}
	results := make(chan error, len(running))
	for _, v := range running {
		v.shown.Store(false)
		go func() { results <- v.close(ctx) }()
	}
	var err error
	for range running {
		if failed := <-results; failed != nil {
			err = fault.Wrap(fault.Internal, failed, "plugin "+string(s.id)+" is disabled, but a guest does not stop")
		}
	}
	s.forgetStopped()
	return err
}

// Enable takes a disabled plugin back into service. It loads at once if its
// package says so, and at its next call otherwise. Enabling a plugin that is
// not disabled changes nothing. Faults: NotFound, and those of Install.
func (r *Registry) Enable(ctx context.Context, id ID) error {
	s, err := r.find(id)
	if err != nil {
		return err
	}
	_, done, err := s.begin(ctx) // after the change that Disable has aborted
	if err != nil {
		return err
	}
	defer done()
	s.mu.Lock()
	before := s.route.Load()
	if before.off == nil || before.off.disabled == nil {
		s.mu.Unlock()
		return nil
	}
	fresh := newVersion(s, before.current.pkg)
	fresh.score = before.current.score
	s.mu.Unlock()
	invalid := fresh.verify()
	s.mu.Lock()
	if s.route.Load().off != before.off && s.route.Load().off.disabled == nil {
		s.mu.Unlock()
		return notInstalled(id)
	}
	s.turn(func(r *route) { r.current, r.off = fresh, nil })
	s.mu.Unlock()
	r.deps.Log.Info("plugin enabled", "plugin", string(id))
	fresh.show()
	if invalid != nil || !fresh.pkg.Eager {
		return invalid
	}
	return fresh.warm(ctx)
}

// SetLimits changes what a plugin may use. New calls see the new limits; the
// instances are remade for them, and when the plugin does not start or is not
// healthy under them, the old limits stay. A canary gets them too. Faults:
// NotFound, and those of Swap.
func (r *Registry) SetLimits(ctx context.Context, id ID, l Limits) error {
	s, err := r.find(id)
	if err != nil {
		return err
	}
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	before := s.route.Load()
	current, err := s.under(ctx, before.current, l)
	if err != nil {
		return err
	}
	var trial *canary
	if before.canary != nil {
		v, err := s.under(ctx, before.canary.version, l)
		if err != nil {
			s.retire(current)
			return err
		}
		copied := *before.canary
		copied.version = v
		trial = &copied
	}
	s.mu.Lock()
	now := s.route.Load()
	if now != before {
		s.mu.Unlock()
		s.retire(current)
		if trial != nil {
			s.retire(trial.version)
		}
		return fault.New(fault.Conflict, "plugin %s changed meanwhile; its limits stay", id)
	}
	s.turn(func(r *route) { r.current, r.canary = current, trial })
	if p := s.probation; p != nil { // its code keeps the old limits, so it is loaded again if it has to come back
		p.of, p.back.pkg.Limits = current, l
		if loaded := p.back.code; loaded != nil {
			p.back.code = nil
			defer func() { _ = loaded.release(ctx) }()
		}
	}
	s.mu.Unlock()
	s.retire(before.current)
	if before.canary != nil {
		s.retire(before.canary.version)
	}
	current.show()
	r.deps.Log.Info("limits of plugin changed", "plugin", string(id))
	return nil
}

// under returns a version of the same code with other limits, as ready as the
// given one was.
func (s *slot) under(ctx context.Context, v *version, l Limits) (*version, error) {
	fresh := v.again(l)
	v.mu.Lock()
	loaded := v.pool != nil && !v.ended()
	v.mu.Unlock()
	if !loaded {
		return fresh, nil
	}
	return fresh, s.raise(ctx, fresh, nil)
}
