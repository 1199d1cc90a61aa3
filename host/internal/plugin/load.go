package plugin

import (
	"context"
	"sync"

	"github.com/callboard/callboard/host/internal/fault"
)

// code is a loaded module with a count of those who use it: a version, and for
// a while after a swap whoever may have to go back to it.
type code struct {
	module Module

	mu    sync.Mutex
	users int
}

func newCode(m Module) *code { return &code{module: m, users: 1} }

// share adds a user. It returns nil when the last one has left before.
func (c *code) share() *code {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.users == 0 {
		return nil
	}
	c.users++
	return c
}

// release takes a user away; with the last one the module closes.
func (c *code) release(ctx context.Context) error {
	c.mu.Lock()
	c.users--
	last := c.users == 0
	c.mu.Unlock()
	if !last {
		return nil
	}
	return c.module.Close(ctx)
}

// load compiles, unless the code is there already, and asks for the grant.
func (v *version) load(ctx context.Context, done chan struct{}) {
	r := v.slot.registry
	began := r.deps.Clock.Now()
	v.mu.Lock()
	loaded := v.code
	v.code = nil
	v.mu.Unlock()
	var err error
	if loaded == nil {
		loaded, err = v.compile(ctx)
	}
	if err == nil {
		v.mu.Lock()
		if !v.ended() {
			v.enter(Compiled)
		}
		v.mu.Unlock()
		if r.deps.Grant != nil {
			err = r.deps.Grant(ctx, v.pkg)
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	defer close(done)
	v.loading = nil
	if v.ended() {
		err = fault.Wrap(fault.Unavailable, errMoved, "plugin "+string(v.pkg.ID)+" was stopped while it was loading")
	}
	v.loadErr = err
	if err != nil {
		if loaded != nil {
			_ = loaded.release(ctx)
		}
		v.loadFailed(err)
		return
	}
	v.code = loaded
	v.pool = newPool(ctx, v.pkg.ID, loaded.module, v.limits, r.deps.Clock, r.observe.Pooled)
	v.loadedAt = r.deps.Clock.Now()
	v.enter(Granted)
	r.deps.Log.Info("plugin loaded", "plugin", string(v.pkg.ID), "version", v.pkg.Version, "digest", v.pkg.Digest, "took", v.loadedAt.Sub(began))
}

func (v *version) compile(ctx context.Context) (*code, error) {
	r := v.slot.registry
	began := r.deps.Clock.Now()
	module, err := r.deps.Loader.Load(ctx, Spec{
		ID: v.pkg.ID, Version: v.pkg.Version, Digest: v.pkg.Digest, Wasm: v.pkg.Wasm, Limits: v.limits,
	})
	r.observe.Compiled(CompileEvent{Plugin: v.pkg.ID, Duration: r.deps.Clock.Now().Sub(began), Failed: err != nil})
	if err != nil {
		return nil, err
	}
	return newCode(module), nil
}

// loadFailed notes why; what might pass is tried again after a while. v.mu is
// held.
func (v *version) loadFailed(err error) {
	if v.ended() {
		return
	}
	v.failure = err.Error()
	v.final = fault.Is(err, fault.Invalid) || fault.Is(err, fault.Denied)
	if !v.final {
		v.breaker.open(v.slot.registry.deps.Clock.Now())
	}
	v.enter(Failed)
	v.slot.registry.deps.Log.Error("plugin does not load", "plugin", string(v.pkg.ID), "version", v.pkg.Version, "error", err)
}
