package plugin

import (
	"context"
	"errors"
	"fmt"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// probation is the time after a swap in which the former version is kept at
// hand, loaded, to go back to.
type probation struct {
	of   *version
	back *former
	stop func() // of the timer that ends it
}

// former is a version to go back to.
type former struct {
	pkg  Package
	code *code // nil = it was not loaded
}

func (f *former) drop(ctx context.Context) {
	if f.code != nil {
		_ = f.code.release(ctx)
	}
}

// Swap loads pkg beside the version that runs, asks its health, and makes it
// current; the old one drains for at most 30 s and closes. When pkg does not
// load or is not healthy, the old one stays current. It is also the way to go
// down a version, or back. Calls meanwhile are served by the one or the other.
// For a while afterwards the plugin is on probation (Deps.Probation): if the
// new version keeps crashing, the old one comes back by itself. A plugin that
// is disabled gets pkg without running any of it.
//
// Faults: NotFound (no such plugin), Invalid, and those of Loader, Grant and
// Migrate; Unavailable (not healthy, another change is under way, disabled
// meanwhile).
func (r *Registry) Swap(ctx context.Context, pkg Package) error {
	s, err := r.find(pkg.ID)
	if err != nil {
		return err
	}
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	v := newVersion(s, pkg)
	if err := v.verify(); err != nil {
		return err
	}
	if o := s.route.Load().off; o == nil {
		if err := s.raise(ctx, v, r.deps.Migrate); err != nil {
			return err
		}
	}
	return s.succeed(ctx, v, nil)
}

// raise brings a version that nobody calls yet to where it could answer. One
// that does not get there is closed.
func (s *slot) raise(ctx context.Context, v *version, migrate Migration) (err error) {
	defer func() {
		if err != nil {
			s.retire(v)
		}
	}()
	if err := v.warm(ctx); err != nil {
		return err
	}
	if migrate != nil {
		if err := s.migrate(ctx, v, migrate); err != nil {
			return err
		}
	}
	return v.health(ctx)
}

// migrate lets data be brought to what v writes, with v's own code.
func (s *slot) migrate(ctx context.Context, v *version, migrate Migration) error {
	run := func(ctx context.Context, call Call) (*Reply, error) {
		call.Plugin = s.id
		return s.registry.attempt(ctx, v, call, now())
	}
	if err := migrate(ctx, v.pkg, run); err != nil {
		return fmt.Errorf("migrating the data of plugin %s to version %s: %w", s.id, v.pkg.Version, err)
	}
	return nil
}

// health asks a version whether it can work. A guest that does not know the
// operation has started and answered, which is as much as it can show.
func (v *version) health(ctx context.Context) error {
	sick := func(err error, why string) error {
		return fault.Wrap(fault.Unavailable, err, fmt.Sprintf("version %s of plugin %s is not healthy: %s", v.pkg.Version, v.pkg.ID, why))
	}
	reply, err := v.slot.registry.attempt(ctx, v, Call{Plugin: v.pkg.ID, Op: abi.OpHealth, Own: true}, now())
	var answer *GuestError
	switch {
	case err != nil && errors.As(err, &answer) && (fault.Is(err, fault.NotFound) || fault.Is(err, fault.Invalid)):
		return nil
	case err != nil:
		return sick(err, fault.Message(err))
	}
	defer reply.Close()
	if len(reply.Payload) == 0 {
		return nil
	}
	var h contract.Health
	if err := reply.Decode(&h); err != nil {
		return sick(err, "its answer is malformed")
	}
	if !h.OK {
		return sick(nil, h.Message)
	}
	return nil
}

// succeed makes v current; from is the canary that v has been, if any. The
// former version stays at hand unless its data is gone for it. Another canary
// is withdrawn, since what it was compared with is gone.
func (s *slot) succeed(ctx context.Context, v *version, from *canary) error {
	s.endProbation()
	s.mu.Lock()
	before := s.route.Load()
	switch {
	case from != nil && before.canary != from:
		s.mu.Unlock()
		return fault.New(fault.Conflict, "the canary of plugin %s was withdrawn meanwhile", s.id)
	case before.off != nil && before.off.disabled == nil, before.off == nil && ctx.Err() != nil:
		s.mu.Unlock()
		if from == nil {
			s.retire(v)
		}
		return fault.Wrap(fault.Unavailable, ctx.Err(), "the change of plugin "+string(s.id)+" was given up")
	}
	old, next := before.current, v
	if before.off != nil { // disabled: nothing of it runs before Enable
		next = v.again(v.limits)
	}
	s.turn(func(r *route) { r.current, r.canary = next, nil })
	s.rolled = nil
	if !v.pkg.Irreversible && before.off == nil {
		s.probe(next, old)
	}
	s.mu.Unlock()
	if next != v {
		s.retire(v)
	}
	if c := before.canary; c != nil && c != from {
		s.retire(c.version)
		s.registry.versions.withdrawn(WithdrawEvent{Plugin: s.id, Canary: c.version.name(), Reason: "another version was installed"})
	}
	s.retire(old)
	next.show()
	s.registry.versions.swapped(SwapEvent{Plugin: s.id, From: old.name(), To: next.name()})
	s.registry.deps.Log.Info("plugin swapped", "plugin", string(s.id), "from", old.pkg.Version, "to", next.pkg.Version, "digest", next.pkg.Digest)
	return nil
}

// probe begins the probation of v; s.mu is held.
func (s *slot) probe(v, old *version) {
	back := &former{pkg: old.pkg}
	old.mu.Lock()
	if old.code != nil {
		back.code = old.code.share()
	}
	old.mu.Unlock()
	p := &probation{of: v, back: back}
	p.stop = s.registry.deps.Clock.AfterFunc(s.registry.probation(), s.endProbation)
	s.probation = p
}

// endProbation lets go of the former version.
func (s *slot) endProbation() {
	s.mu.Lock()
	p := s.probation
	s.probation = nil
	s.mu.Unlock()
	if p == nil {
		return
	}
	p.stop()
	ctx, cancel := s.registry.within(stopGrace)
	defer cancel()
	p.back.drop(ctx)
}

// failed is told by a version whose breaker has opened. It must not wait: the
// version holds its lock.
func (s *slot) failed(v *version, reason string) {
	s.registry.work.Go(func() {
		if c := s.route.Load().canary; c != nil && c.version == v {
			s.withdraw(c, reason)
			return
		}
		s.rollBack(v, reason)
	})
}

// rollBack returns to the former version if v is current and on probation.
func (s *slot) rollBack(v *version, reason string) {
	ctx, cancel := s.registry.within(rollbackLimit)
	defer cancel()
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return
	}
	defer done()
	s.mu.Lock()
	p := s.probation
	if p == nil || p.of != v || s.route.Load().current != v || s.route.Load().off != nil {
		s.mu.Unlock()
		return
	}
	s.probation = nil
	s.mu.Unlock()
	p.stop()
	log := s.registry.deps.Log.With("plugin", string(s.id), "from", v.pkg.Version, "to", p.back.pkg.Version, "reason", reason)
	back := newVersion(s, p.back.pkg)
	back.state, back.code = Verified, p.back.code
	if err := s.raise(ctx, back, nil); err != nil {
		log.Error("the version before does not come back", "error", err)
		return
	}
	event := RollbackEvent{Plugin: s.id, From: v.name(), To: back.name(), Reason: reason, At: s.registry.deps.Clock.Now()}
	s.mu.Lock()
	if s.route.Load().off != nil {
		s.mu.Unlock()
		s.retire(back)
		return
	}
	s.turn(func(r *route) { r.current = back })
	s.rolled = &event
	s.mu.Unlock()
	s.retire(v)
	back.show()
	s.registry.versions.rolledBack(event)
	log.Error("plugin rolled back by itself")
}

// name says which code a version is.
func (v *version) name() Code { return Code{Version: v.pkg.Version, Digest: v.pkg.Digest} }
