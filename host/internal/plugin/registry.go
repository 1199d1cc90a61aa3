package plugin

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
)

// Package is one plugin as the operator installed it.
type Package struct {
	ID      ID
	Version string
	Title   string
	Digest  string // sha256 of Wasm, lower-case hex
	Wasm    []byte
	Limits  Limits
	Core    bool // ships with the host
	Eager   bool // loaded when installed, not at its first call
	Info    any  // what the installer wants to find again in Status, such as the manifest
}

// Deps is what a Registry works with. All fields but Grant and Observer are
// required.
type Deps struct {
	Loader Loader
	Gate   Gate
	Clock  Clock
	Log    *slog.Logger
	CallID func() uint64 // unique while the process lives, never 0
	Stats  *Stats
	// Grant says whether a compiled plugin may run, and why not. Without it
	// everything that is installed may.
	Grant    func(context.Context, Package) error
	Observer Observer
}

// Timing of the registry's own work.
const (
	sweepEvery    = time.Second
	watchdogGrace = 5 * time.Second  // a call may outlive its deadline by this
	stopGrace     = 2 * time.Second  // guests get this long to stop once cancelled
	startLimit    = 10 * time.Second // for the start function of an eager plugin
)

// Registry knows the installed plugins and calls them.
type Registry struct {
	deps    Deps
	observe Observers
	buffers bufferPool

	// plugins is replaced as a whole, so that a call reads it without a lock.
	plugins atomic.Pointer[map[ID]*installed]
	mu      sync.Mutex // of changes to plugins, and of the fields below
	closed  bool
	stop    func() // of the sweep
}

// NewRegistry returns a registry without plugins.
func NewRegistry(deps Deps) *Registry {
	r := &Registry{deps: deps, observe: Observers{deps.Stats}}
	if deps.Observer != nil {
		r.observe = append(r.observe, deps.Observer)
	}
	r.plugins.Store(&map[ID]*installed{})
	return r
}

// Start begins the housekeeping: idle instances are closed and overdue calls
// reported.
func (r *Registry) Start(context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.stop != nil {
		return fault.New(fault.Internal, "the plugin registry was started before")
	}
	r.stop = r.deps.Clock.AfterFunc(sweepEvery, r.sweep)
	return nil
}

func (r *Registry) sweep() {
	now := r.deps.Clock.Now()
	for _, in := range *r.plugins.Load() {
		in.sweep(now)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.stop = r.deps.Clock.AfterFunc(sweepEvery, r.sweep)
	}
}

// Install adds a plugin and, if it is eager, loads it. A plugin that does not
// verify or load stays listed as failed, with the error that is returned.
// Faults: Invalid, Conflict (the id is installed already), and those of Loader
// and Grant.
func (r *Registry) Install(ctx context.Context, pkg Package) error {
	if _, err := ParseID(string(pkg.ID)); err != nil {
		return err
	}
	in := newInstalled(r, pkg)
	if err := r.add(in); err != nil {
		return err
	}
	if err := in.verify(); err != nil {
		return err
	}
	if !pkg.Eager {
		return nil
	}
	return in.warm(ctx)
}

func (r *Registry) add(in *installed) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return fault.New(fault.Unavailable, "the host is shutting down")
	}
	plugins := maps.Clone(*r.plugins.Load())
	if _, taken := plugins[in.pkg.ID]; taken {
		return fault.New(fault.Conflict, "plugin %s is installed already", in.pkg.ID)
	}
	plugins[in.pkg.ID] = in
	r.plugins.Store(&plugins)
	r.observe.Changed(in.pkg.ID, Discovered)
	return nil
}

// Remove drains a plugin until ctx ends and forgets it. Faults: NotFound.
func (r *Registry) Remove(ctx context.Context, id ID) error {
	r.mu.Lock()
	plugins := maps.Clone(*r.plugins.Load())
	in, ok := plugins[id]
	delete(plugins, id)
	r.plugins.Store(&plugins)
	r.mu.Unlock()
	if !ok {
		return notInstalled(id)
	}
	err := in.close(ctx)
	r.deps.Stats.Forget(id)
	return err
}

// Close drains all plugins at once until ctx ends, then cancels what runs.
func (r *Registry) Close(ctx context.Context) error {
	r.mu.Lock()
	r.closed = true
	if r.stop != nil {
		r.stop()
	}
	plugins := *r.plugins.Load()
	r.mu.Unlock()
	errs := make(chan error, len(plugins))
	for _, in := range plugins {
		go func() { errs <- in.close(ctx) }()
	}
	var all error
	for range plugins {
		all = errors.Join(all, <-errs)
	}
	return all
}

func (r *Registry) find(id ID) (*installed, error) {
	if in, ok := (*r.plugins.Load())[id]; ok {
		return in, nil
	}
	return nil, notInstalled(id)
}

func notInstalled(id ID) error {
	return fault.New(fault.NotFound, "plugin %q is not installed", id)
}

// Get returns the status of one plugin. Faults: NotFound.
func (r *Registry) Get(id ID) (Status, error) {
	in, err := r.find(id)
	if err != nil {
		return Status{}, err
	}
	return in.status(), nil
}

// List returns the status of all plugins, by id.
func (r *Registry) List() []Status {
	out := []Status{}
	for _, in := range *r.plugins.Load() {
		out = append(out, in.status())
	}
	slices.SortFunc(out, func(a, b Status) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return out
}
