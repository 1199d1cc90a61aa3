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

// installed is one plugin version with its life.
type installed struct {
	registry *Registry
	pkg      Package
	limits   Limits
	actor    principal.Actor

	// healthy is the pool while calls may simply go on: the plugin is running
	// and its breaker closed. Nil sends them the long way, through ready.
	healthy atomic.Pointer[pool]

	mu       sync.Mutex
	state    State
	failure  string
	stderr   string
	stack    string
	loadedAt time.Time
	module   Module
	pool     *pool
	loading  chan struct{} // closed when the load in progress ends
	loadErr  error         // of the latest load
	final    bool          // loading again would not help
	breaker  breaker
}

func newInstalled(r *Registry, pkg Package) *installed {
	return &installed{
		registry: r, pkg: pkg, limits: pkg.Limits.WithDefaults(), state: Discovered,
		actor: principal.Actor{Plugin: string(pkg.ID), Version: pkg.Version, Digest: pkg.Digest},
	}
}

// enter changes the state; in.mu is held.
func (in *installed) enter(state State) {
	if in.state == state {
		return
	}
	in.state = state
	in.registry.observe.Changed(in.pkg.ID, state)
}

func (in *installed) verify() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	sum := sha256.Sum256(in.pkg.Wasm)
	if got := hex.EncodeToString(sum[:]); got != in.pkg.Digest {
		in.loadErr = fault.New(fault.Invalid, "plugin %s is not what its digest says: the module has %s", in.pkg.ID, got)
		in.failure, in.final = in.loadErr.Error(), true
		in.enter(Failed)
		return in.loadErr
	}
	in.enter(Verified)
	return nil
}

// warm loads the plugin and makes a first instance.
func (in *installed) warm(ctx context.Context) error {
	p, trial, err := in.ready(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	deadline := in.registry.deps.Clock.Now().Add(startLimit)
	g, err := p.acquire(ctx, turn{op: abi.OpHealth, deadline: deadline, own: true, cancel: cancel})
	if err != nil {
		in.doesNotStart(err)
		return err
	}
	p.release(g, false)
	in.settle(nil, trial, true)
	return nil
}

// doesNotStart fails a plugin at its first instance; it is tried again later.
func (in *installed) doesNotStart(err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.state == Draining || in.state == Stopped {
		return
	}
	var crash *Crash
	if errors.As(err, &crash) {
		in.stderr, in.stack = crash.Stderr, crash.Stack
	}
	in.breaker.open(in.registry.deps.Clock.Now())
	in.fail(err, true)
}

// ready returns the pool to call through, loading the plugin if that has not
// been done, and whether the call is the trial of a half-open breaker.
func (in *installed) ready(ctx context.Context) (*pool, bool, error) {
	if p := in.healthy.Load(); p != nil {
		return p, false, nil
	}
	in.mu.Lock()
	switch {
	case in.state == Draining || in.state == Stopped:
		in.mu.Unlock()
		return nil, false, fault.New(fault.Unavailable, "plugin %s is stopped", in.pkg.ID)
	case in.final:
		err := in.loadErr
		in.mu.Unlock()
		return nil, false, fault.Wrap(fault.Unavailable, err, "plugin "+string(in.pkg.ID)+" is not running: "+fault.Message(err))
	}
	ok, trial, wait := in.breaker.admit(in.registry.deps.Clock.Now())
	if !ok {
		reason := in.failure
		in.mu.Unlock()
		return nil, false, fault.Wrap(fault.Unavailable, &Busy{Reason: reason, Wait: wait}, "plugin "+string(in.pkg.ID)+" has failed and restarts")
	}
	if in.pool != nil {
		p := in.pool
		in.mu.Unlock()
		return p, trial, nil
	}
	if in.loading == nil {
		in.loading = make(chan struct{})
		// Not on the caller's context: others wait for the same load.
		go in.load(context.WithoutCancel(ctx), in.loading)
	}
	loading := in.loading
	in.mu.Unlock()
	select {
	case <-loading:
	case <-ctx.Done():
		in.abandon(trial)
		return nil, false, fault.Wrap(fault.Unavailable, &Busy{Reason: "it is still loading", Wait: time.Second},
			"plugin "+string(in.pkg.ID)+" is still loading")
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.pool == nil {
		return nil, false, in.loadErr
	}
	return in.pool, trial, nil
}

// abandon gives a trial back that its call could not make.
func (in *installed) abandon(trial bool) {
	if trial {
		in.mu.Lock()
		in.breaker.undecided()
		in.mu.Unlock()
	}
}

// load compiles and asks for the grant.
func (in *installed) load(ctx context.Context, done chan struct{}) {
	clock := in.registry.deps.Clock
	began := clock.Now()
	module, err := in.registry.deps.Loader.Load(ctx, Spec{
		ID: in.pkg.ID, Version: in.pkg.Version, Digest: in.pkg.Digest, Wasm: in.pkg.Wasm, Limits: in.limits,
	})
	in.registry.observe.Compiled(CompileEvent{Plugin: in.pkg.ID, Duration: clock.Now().Sub(began), Failed: err != nil})
	if err == nil {
		in.mu.Lock()
		if in.state != Draining && in.state != Stopped {
			in.enter(Compiled)
		}
		in.mu.Unlock()
		if grant := in.registry.deps.Grant; grant != nil {
			err = grant(ctx, in.pkg)
		}
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	defer close(done)
	in.loading = nil
	if in.state == Draining || in.state == Stopped {
		err = fault.New(fault.Unavailable, "plugin %s was stopped while it was loading", in.pkg.ID)
	}
	in.loadErr = err
	if err != nil {
		if module != nil {
			_ = module.Close(ctx)
		}
		in.loadFailed(err)
		return
	}
	in.module = module
	in.pool = newPool(ctx, in.pkg.ID, module, in.limits, clock, in.registry.observe.Pooled)
	in.loadedAt = clock.Now()
	in.enter(Granted)
	in.registry.deps.Log.Info("plugin loaded", "plugin", string(in.pkg.ID), "version", in.pkg.Version, "digest", in.pkg.Digest, "took", clock.Now().Sub(began))
}

// loadFailed notes why; what might pass is tried again after a while.
func (in *installed) loadFailed(err error) {
	if in.state == Draining || in.state == Stopped {
		return
	}
	in.failure = err.Error()
	in.final = fault.Is(err, fault.Invalid) || fault.Is(err, fault.Denied)
	if !in.final {
		in.breaker.open(in.registry.deps.Clock.Now())
	}
	in.enter(Failed)
	in.registry.deps.Log.Error("plugin does not load", "plugin", string(in.pkg.ID), "version", in.pkg.Version, "error", err)
}

// settle draws the consequences of a call for the plugin's life. own says that
// the deadline was the plugin's, not its caller's.
func (in *installed) settle(err error, trial, own bool) {
	var crash *Crash
	crashed := errors.As(err, &crash)
	if err == nil && !trial && in.healthy.Load() != nil {
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	switch {
	case in.state == Draining || in.state == Stopped:
	case crashed, trial && own && fault.Is(err, fault.Timeout):
		if crashed {
			in.stderr, in.stack = crash.Stderr, crash.Stack
		}
		in.fail(err, in.breaker.crashed(in.registry.deps.Clock.Now()))
	case err != nil:
		if trial { // it failed for another reason, which says nothing
			in.breaker.undecided()
		}
	case trial || !in.breaker.opened:
		if trial {
			in.registry.deps.Log.Info("plugin works again", "plugin", string(in.pkg.ID))
			in.breaker.succeeded()
		}
		in.failure = ""
		in.enter(Running)
		in.healthy.Store(in.pool)
	}
}

// fail notes a crash and, if the breaker opened, stops the plugin for a while.
func (in *installed) fail(err error, opened bool) {
	log := in.registry.deps.Log.With("plugin", string(in.pkg.ID), "version", in.pkg.Version, "error", err)
	if !opened {
		log.Warn("plugin crashed", "stderr", in.stderr, "stack", in.stack)
		return
	}
	in.failure = err.Error()
	in.healthy.Store(nil)
	in.enter(Failed)
	log.Error("plugin failed", "stderr", in.stderr, "stack", in.stack, "retryIn", in.breaker.backoff)
	if in.pool != nil {
		// What an instance of a failing plugin remembers is not to be trusted.
		in.pool.shrink(true)
	}
}

// close drains, then frees the code.
func (in *installed) close(ctx context.Context) error {
	in.mu.Lock()
	in.healthy.Store(nil)
	if in.state == Draining || in.state == Stopped {
		in.mu.Unlock()
		return nil
	}
	in.enter(Draining)
	loading := in.loading
	in.mu.Unlock()
	if loading != nil { // it finds the plugin draining and frees what it made
		select {
		case <-loading:
		case <-ctx.Done():
		}
	}
	in.mu.Lock()
	p, module := in.pool, in.module
	in.mu.Unlock()
	var err error
	if p != nil {
		if !p.drain(ctx, stopGrace) {
			in.registry.deps.Log.Error("plugin does not stop", "plugin", string(in.pkg.ID))
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
		defer cancel()
		err = module.Close(ctx)
	}
	in.mu.Lock()
	in.enter(Stopped)
	in.mu.Unlock()
	return err
}
