package plugin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
)

// version is one version of a plugin under one set of limits, with its life.
// It lives once: what has stopped is replaced and never started again.
type version struct {
	slot   *slot
	pkg    Package
	limits Limits
	actor  principal.Actor
	score  *score // shared with versions of the same code

	// healthy is the pool while calls may simply go on: the plugin is running
	// and its breaker closed. Nil sends them the long way, through ready.
	healthy atomic.Pointer[pool]
	// shown says that observers hear of its states: it is the one that answers.
	shown atomic.Bool

	mu       sync.Mutex
	state    State
	failure  string
	stderr   string
	stack    string
	loadedAt time.Time
	code     *code // nil until loaded, or set before by who has it already
	pool     *pool
	loading  chan struct{} // closed when the load in progress ends
	loadErr  error         // of the latest load
	final    bool          // loading again would not help
	stuck    bool          // it did not stop; its calls are still inside
	breaker  breaker
}

func newVersion(s *slot, pkg Package) *version {
	return &version{
		slot: s, pkg: pkg, limits: pkg.Limits.WithDefaults(), state: Discovered, score: &score{},
		actor: principal.Actor{Plugin: string(pkg.ID), Version: pkg.Version, Digest: pkg.Digest},
	}
}

// again returns an unloaded version of the same code under limits.
func (v *version) again(limits Limits) *version {
	pkg := v.pkg
	pkg.Limits = limits
	fresh := newVersion(v.slot, pkg)
	fresh.score = v.score
	v.mu.Lock()
	defer v.mu.Unlock()
	fresh.failure, fresh.stderr, fresh.stack, fresh.loadErr, fresh.final = v.failure, v.stderr, v.stack, v.loadErr, v.final
	fresh.state = Verified
	if v.final {
		fresh.state = Failed
	}
	return fresh
}

// enter changes the state; v.mu is held.
func (v *version) enter(state State) {
	if v.state == state {
		return
	}
	v.state = state
	if v.shown.Load() {
		v.slot.registry.observe.Changed(v.pkg.ID, state)
	}
}

// show tells observers from now on, beginning with the state that it is in.
func (v *version) show() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.shown.Swap(true) {
		v.slot.registry.observe.Changed(v.pkg.ID, v.state)
	}
}

// ended reports that the version takes no calls any more; v.mu is held.
func (v *version) ended() bool { return v.state == Draining || v.state == Stopped }

func (v *version) verify() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	sum := sha256.Sum256(v.pkg.Wasm)
	if got := hex.EncodeToString(sum[:]); got != v.pkg.Digest {
		v.loadErr = fault.New(fault.Invalid, "plugin %s is not what its digest says: the module has %s", v.pkg.ID, got)
		v.failure, v.final = v.loadErr.Error(), true
		v.enter(Failed)
		return v.loadErr
	}
	v.enter(Verified)
	return nil
}

// warm loads the plugin and makes a first instance.
func (v *version) warm(ctx context.Context) error {
	p, trial, err := v.ready(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	deadline := v.slot.registry.deps.Clock.Now().Add(startLimit)
	g, err := p.acquire(ctx, turn{op: abi.OpHealth, deadline: deadline, own: true, cancel: cancel})
	if err != nil {
		v.doesNotStart(err)
		return err
	}
	p.release(g, false)
	v.settle(nil, trial, true)
	return nil
}

// doesNotStart fails a plugin at its first instance; it is tried again later.
func (v *version) doesNotStart(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.ended() {
		return
	}
	var crash *Crash
	if errors.As(err, &crash) {
		v.stderr, v.stack = crash.Stderr, crash.Stack
	}
	v.breaker.open(v.slot.registry.deps.Clock.Now())
	v.fail(err, true)
}

// ready returns the pool to call through, loading the plugin if that has not
// been done, and whether the call is the trial of a half-open breaker. Faults
// have errMoved inside when the version has ended.
func (v *version) ready(ctx context.Context) (*pool, bool, error) {
	if p := v.healthy.Load(); p != nil {
		return p, false, nil
	}
	v.mu.Lock()
	switch {
	case v.ended():
		v.mu.Unlock()
		return nil, false, fault.Wrap(fault.Unavailable, errMoved, "plugin "+string(v.pkg.ID)+" is stopped")
	case v.final:
		err := v.loadErr
		v.mu.Unlock()
		return nil, false, fault.Wrap(fault.Unavailable, err, "plugin "+string(v.pkg.ID)+" is not running: "+fault.Message(err))
	}
	ok, trial, wait := v.breaker.admit(v.slot.registry.deps.Clock.Now())
	if !ok {
		reason := v.failure
		v.mu.Unlock()
		return nil, false, fault.Wrap(fault.Unavailable, &Busy{Reason: reason, Wait: wait}, "plugin "+string(v.pkg.ID)+" has failed and restarts")
	}
	if v.pool != nil {
		p := v.pool
		v.mu.Unlock()
		return p, trial, nil
	}
	if v.loading == nil {
		v.loading = make(chan struct{})
		// Not on the caller's context: others wait for the same load.
		go v.load(context.WithoutCancel(ctx), v.loading)
	}
	loading := v.loading
	v.mu.Unlock()
	select {
	case <-loading:
	case <-ctx.Done():
		v.abandon(trial)
		return nil, false, fault.Wrap(fault.Unavailable, &Busy{Reason: "it is still loading", Wait: time.Second},
			"plugin "+string(v.pkg.ID)+" is still loading")
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.pool == nil {
		return nil, false, v.loadErr
	}
	return v.pool, trial, nil
}

// abandon gives a trial back that its call could not make.
func (v *version) abandon(trial bool) {
	if trial {
		v.mu.Lock()
		v.breaker.undecided()
		v.mu.Unlock()
	}
}

// settle draws the consequences of a call for the version's life. own says
// that the deadline was the plugin's, not its caller's.
func (v *version) settle(err error, trial, own bool) {
	if err == nil && !trial && v.healthy.Load() != nil {
		return
	}
	var crash *Crash
	crashed := errors.As(err, &crash)
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.ended():
	case crashed, trial && own && fault.Is(err, fault.Timeout):
		if crashed {
			v.stderr, v.stack = crash.Stderr, crash.Stack
		}
		v.fail(err, v.breaker.crashed(v.slot.registry.deps.Clock.Now()))
	case err != nil:
		if trial { // it failed for another reason, which says nothing
			v.breaker.undecided()
		}
	case trial || !v.breaker.opened:
		if trial {
			v.slot.registry.deps.Log.Info("plugin works again", "plugin", string(v.pkg.ID), "version", v.pkg.Version)
			v.breaker.succeeded()
		}
		v.failure = ""
		v.enter(Running)
		v.healthy.Store(v.pool)
	}
}

// fail notes a crash and, if the breaker opened, stops the version for a while
// and lets the slot look for a better one. v.mu is held.
func (v *version) fail(err error, opened bool) {
	log := v.slot.registry.deps.Log.With("plugin", string(v.pkg.ID), "version", v.pkg.Version, "error", err)
	if !opened {
		log.Warn("plugin crashed", "stderr", v.stderr, "stack", v.stack)
		return
	}
	v.failure = err.Error()
	v.healthy.Store(nil)
	v.enter(Failed)
	log.Error("plugin failed", "stderr", v.stderr, "stack", v.stack, "retryIn", v.breaker.backoff)
	if v.pool != nil {
		// What an instance of a failing plugin remembers is not to be trusted.
		v.pool.shrink(true)
	}
	v.slot.failed(v, v.failure)
}

// close drains until ctx ends, cancels what still runs, and frees the code.
func (v *version) close(ctx context.Context) error {
	v.mu.Lock()
	v.healthy.Store(nil)
	if v.ended() {
		v.mu.Unlock()
		return nil
	}
	v.enter(Draining)
	loading := v.loading
	v.mu.Unlock()
	if loading != nil { // it finds the version draining and frees what it made
		select {
		case <-loading:
		case <-ctx.Done():
		}
	}
	v.mu.Lock()
	p, code := v.pool, v.code
	v.code = nil
	v.mu.Unlock()
	stopped := true
	if p != nil {
		if stopped = p.drain(ctx, stopGrace); !stopped {
			v.slot.registry.deps.Log.Error("plugin does not stop; what it holds is lost until its calls end",
				"plugin", string(v.pkg.ID), "version", v.pkg.Version, "calls", p.inside())
		}
	}
	var err error
	if code != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
		defer cancel()
		err = code.release(ctx)
	}
	v.mu.Lock()
	v.stuck = !stopped
	v.enter(Stopped)
	v.mu.Unlock()
	return err
}

// cancel ends the calls in progress of a version that drains.
func (v *version) cancel() {
	v.mu.Lock()
	p := v.pool
	v.mu.Unlock()
	if p != nil {
		p.cancel()
	}
}
