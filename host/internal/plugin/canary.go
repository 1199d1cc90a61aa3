package plugin

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
)

// When a canary is judged: not before it has answered and failed a few times,
// and only if it fails so much more often than the current version that chance
// is out of the question, however often it is looked at.
const (
	canaryCalls  = 20
	canaryErrors = 3
	canaryMargin = 0.01 // of all calls, above the current version's share
	canarySigmas = 4
)

// canary is a version that takes a share of the calls.
type canary struct {
	version *version
	percent uint64
	since   time.Time
	// What the current version had done when the canary began.
	before tally
}

// takes spreads the canary's share evenly over the calls. A canary that is not
// well at the moment takes none.
func (c *canary) takes(turn uint64) bool {
	return turn*c.percent%100 < c.percent && c.version.healthy.Load() != nil
}

// score counts what became of the calls of one version. A version's faults are
// its crashes, its timeouts, its answers of kind internal or exhausted, and
// HTTP statuses from 500.
type score struct {
	calls, faults, crashes atomic.Uint64
	busy                   atomic.Int64 // nanoseconds
}

// tally is a score at one moment.
type tally struct {
	calls, faults, crashes uint64
	busy                   time.Duration
}

func (s *score) now() tally {
	return tally{s.calls.Load(), s.faults.Load(), s.crashes.Load(), time.Duration(s.busy.Load())}
}

func (t tally) since(before tally) tally {
	return tally{t.calls - before.calls, t.faults - before.faults, t.crashes - before.crashes, t.busy - before.busy}
}

// Canary loads pkg beside the version that runs, asks its health, and sends it
// percent of the calls from then on, 1 to 99. Its faults and crashes are
// compared with the current version's; one that does worse is withdrawn by
// itself, which observers hear. A canary that is there already is replaced.
// Faults: as Swap; Invalid (percent), Conflict (the plugin is disabled).
func (r *Registry) Canary(ctx context.Context, pkg Package, percent int) error {
	if percent < 1 || percent > 99 {
		return fault.New(fault.Invalid, "a canary takes 1 to 99 percent of the calls, not %d", percent)
	}
	s, err := r.find(pkg.ID)
	if err != nil {
		return err
	}
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	if o := s.route.Load().off; o != nil {
		return fault.Wrap(fault.Conflict, o.err, "a canary needs a plugin that runs; "+fault.Message(o.err))
	}
	v := newVersion(s, pkg)
	if err := v.verify(); err != nil {
		return err
	}
	if err := s.raise(ctx, v, nil); err != nil {
		return err
	}
	s.mu.Lock()
	before := s.route.Load()
	if before.off != nil || ctx.Err() != nil {
		s.mu.Unlock()
		s.retire(v)
		return fault.Wrap(fault.Unavailable, ctx.Err(), "the canary of plugin "+string(s.id)+" was given up")
	}
	c := &canary{version: v, percent: uint64(percent), since: r.deps.Clock.Now(), before: before.current.score.now()}
	v.score.restart()
	s.turn(func(r *route) { r.canary = c })
	s.mu.Unlock()
	if old := before.canary; old != nil {
		s.retire(old.version)
		r.versions.withdrawn(WithdrawEvent{Plugin: s.id, Canary: old.version.name(), Reason: "another canary took its place"})
	}
	r.deps.Log.Info("plugin has a canary", "plugin", string(s.id), "version", pkg.Version, "digest", pkg.Digest, "percent", percent)
	return nil
}

// restart forgets what was counted before the first real call.
func (s *score) restart() {
	s.calls.Store(0)
	s.faults.Store(0)
	s.crashes.Store(0)
	s.busy.Store(0)
}

// Promote makes the canary current, as Swap would. Faults: NotFound (no such
// plugin, or it has no canary), Conflict (withdrawn meanwhile), Unavailable,
// and those of Migrate.
func (r *Registry) Promote(ctx context.Context, id ID) error {
	s, err := r.find(id)
	if err != nil {
		return err
	}
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	c := s.route.Load().canary
	if c == nil {
		return noCanary(id)
	}
	if r.deps.Migrate != nil {
		if err := s.migrate(ctx, c.version, r.deps.Migrate); err != nil {
			return err
		}
	}
	return s.succeed(ctx, c.version, c)
}

// Withdraw takes the canary away; its calls end and go to the current version
// from then on. Faults: NotFound (no such plugin, or it has no canary).
func (r *Registry) Withdraw(_ context.Context, id ID) error {
	s, err := r.find(id)
	if err != nil {
		return err
	}
	c := s.route.Load().canary
	if c == nil || !s.withdraw(c, "") {
		return noCanary(id)
	}
	return nil
}

func noCanary(id ID) error { return fault.New(fault.NotFound, "plugin %s has no canary", id) }

// withdraw ends a canary and reports whether it was still there. A reason
// means that the host did it by itself.
func (s *slot) withdraw(c *canary, reason string) bool {
	s.mu.Lock()
	if s.route.Load().canary != c {
		s.mu.Unlock()
		return false
	}
	s.turn(func(r *route) { r.canary = nil })
	s.mu.Unlock()
	s.retire(c.version)
	if reason != "" {
		s.registry.deps.Log.Error("canary withdrawn by itself", "plugin", string(s.id), "version", c.version.pkg.Version, "reason", reason)
	}
	s.registry.versions.withdrawn(WithdrawEvent{Plugin: s.id, Canary: c.version.name(), Reason: reason})
	return true
}

// judge withdraws the canary if v is it and does worse than the current
// version. It is asked after a fault, the only moment at which that can begin.
func (s *slot) judge(v *version) {
	r := s.route.Load()
	c := r.canary
	if c == nil || c.version != v {
		return
	}
	if verdict := compare(v.score.now(), r.current.score.now().since(c.before)); verdict != "" {
		s.registry.work.Go(func() { s.withdraw(c, verdict) })
	}
}

// compare says what makes the canary worse than the current version, or
// nothing.
func compare(canary, current tally) string {
	for _, what := range []struct {
		name            string
		canary, current uint64
	}{{"crashed", canary.crashes, current.crashes}, {"failed", canary.faults, current.faults}} {
		if canary.calls >= canaryCalls && what.canary >= canaryErrors && worse(what.canary, canary.calls, what.current, current.calls) {
			return fmt.Sprintf("it %s in %d of %d calls, the current version in %d of %d", what.name, what.canary, canary.calls, what.current, current.calls)
		}
	}
	return ""
}

// worse compares two shares: the first must be above the second by a margin,
// and by more than chance explains (a test of two proportions with one call of
// the current version assumed, so that a version without calls counts as one
// without faults).
func worse(faults, calls, ownFaults, ownCalls uint64) bool {
	n, m := float64(calls), float64(ownCalls)+1
	share, own := float64(faults)/n, float64(ownFaults)/m
	if share <= own+canaryMargin {
		return false
	}
	// With few calls to compare with, take it that the current version is good.
	m = max(m, n)
	pooled := (float64(faults) + own*m) / (n + m)
	sigma := math.Sqrt(pooled * (1 - pooled) * (1/n + 1/m))
	return sigma == 0 || (share-own)/sigma > canarySigmas
}
