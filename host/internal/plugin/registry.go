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
	"github.com/callboard/callboard/host/internal/plugin/pace"
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
	// Irreversible says that the version before could not read the data once
	// this one has migrated it, so nothing goes back by itself.
	Irreversible bool
	Info         any // what the installer wants to find again in Status, such as the manifest
}

// Migration brings a plugin's data to what pkg writes, before pkg answers its
// first call. run calls operations of that code, lifecycle.migrate/1 among
// them, as Registry.Call does. It holds whatever lock the data needs.
type Migration func(ctx context.Context, pkg Package, run func(context.Context, Call) (*Reply, error)) error

// Deps is what a Registry works with. Grant, Migrate, Observer, Probation and
// Pace may be left out.
type Deps struct {
	Loader Loader
	Gate   Gate
	Clock  Clock
	Log    *slog.Logger
	CallID func() uint64 // unique while the process lives, never 0
	Stats  *Stats
	// Grant says whether a compiled plugin may run, and why not. Without it
	// everything that is installed may.
	Grant   func(context.Context, Package) error
	Migrate Migration
	// Observer hears of versions too if it is a VersionObserver.
	Observer  Observer
	Probation time.Duration  // after a swap; default 2 min
	Pace      *pace.Governor // of all guests of the process; default one for this registry
}

// Timing of the registry's own work.
const (
	sweepEvery    = time.Second
	watchdogGrace = 5 * time.Second  // a call may outlive its deadline by this
	stopGrace     = 2 * time.Second  // guests get this long to stop once cancelled
	startLimit    = 10 * time.Second // for the start function of an eager plugin
	drainLimit    = 30 * time.Second // a version that was replaced gets this long to end its calls
	rollbackLimit = 2 * time.Minute  // for what might have to be compiled again
	probationTime = 2 * time.Minute
)

// Registry knows the installed plugins and calls them.
type Registry struct {
	deps     Deps
	observe  Observers
	versions versionObservers
	buffers  bufferPool
	work     crew               // drains and rollbacks
	life     context.Context    // of that work; ends when Close may wait no longer
	end      context.CancelFunc // of life

	// plugins is replaced as a whole, so that a call reads it without a lock.
	plugins atomic.Pointer[map[ID]*slot]
	mu      sync.Mutex // of changes to plugins, and of the fields below
	closed  bool
	stop    func() // of the sweep
}

// NewRegistry returns a registry without plugins.
func NewRegistry(deps Deps) *Registry {
	if deps.Pace == nil {
		deps.Pace = pace.New(pace.Config{})
	}
	r := &Registry{deps: deps, observe: Observers{deps.Stats}}
	if deps.Observer != nil {
		r.observe = append(r.observe, deps.Observer)
	}
	for _, o := range r.observe {
		if v, ok := o.(VersionObserver); ok {
			r.versions = append(r.versions, v)
		}
	}
	r.life, r.end = context.WithCancel(context.Background())
	r.plugins.Store(&map[ID]*slot{})
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
	for _, s := range *r.plugins.Load() {
		s.sweep(now)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.stop = r.deps.Clock.AfterFunc(sweepEvery, r.sweep)
	}
}

// within returns a context for work that nobody waits for.
func (r *Registry) within(d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(r.life, d)
}

func (r *Registry) probation() time.Duration {
	if r.deps.Probation > 0 {
		return r.deps.Probation
	}
	return probationTime
}

// Install adds a plugin and, if it is eager, loads it. A plugin that does not
// verify or load stays listed as failed, with the error that is returned.
// Faults: Invalid, Conflict (the id is installed already), and those of Loader
// and Grant.
func (r *Registry) Install(ctx context.Context, pkg Package) error {
	if _, err := ParseID(string(pkg.ID)); err != nil {
		return err
	}
	s := newSlot(r, pkg)
	if err := r.add(s); err != nil {
		return err
	}
	v := s.route.Load().current
	if err := v.verify(); err != nil {
		return err
	}
	if !pkg.Eager {
		return nil
	}
	return v.warm(ctx)
}

func (r *Registry) add(s *slot) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return fault.New(fault.Unavailable, "the host is shutting down")
	}
	plugins := maps.Clone(*r.plugins.Load())
	if _, taken := plugins[s.id]; taken {
		return fault.New(fault.Conflict, "plugin %s is installed already", s.id)
	}
	plugins[s.id] = s
	r.plugins.Store(&plugins)
	r.observe.Changed(s.id, Discovered)
	return nil
}

// Remove drains a plugin until ctx ends and forgets it. Faults: NotFound.
func (r *Registry) Remove(ctx context.Context, id ID) error {
	r.mu.Lock()
	plugins := maps.Clone(*r.plugins.Load())
	s, ok := plugins[id]
	delete(plugins, id)
	r.plugins.Store(&plugins)
	r.mu.Unlock()
	if !ok {
		return notInstalled(id)
	}
	err := s.close(ctx, notInstalled(id))
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
	for id, s := range plugins {
		go func() { errs <- s.close(ctx, fault.New(fault.Unavailable, "plugin %s is stopped", id)) }()
	}
	var all error
	for range plugins {
		all = errors.Join(all, <-errs)
	}
	stopping := context.AfterFunc(ctx, r.end)
	defer stopping()
	r.work.wait()
	r.end()
	return all
}

func (r *Registry) find(id ID) (*slot, error) {
	if s, ok := (*r.plugins.Load())[id]; ok {
		return s, nil
	}
	return nil, notInstalled(id)
}

func notInstalled(id ID) error {
	return fault.New(fault.NotFound, "plugin %q is not installed", id)
}

// Get returns the status of one plugin. Faults: NotFound.
func (r *Registry) Get(id ID) (Status, error) {
	s, err := r.find(id)
	if err != nil {
		return Status{}, err
	}
	return s.status(), nil
}

// List returns the status of all plugins, by id.
func (r *Registry) List() []Status {
	out := []Status{}
	for _, s := range *r.plugins.Load() {
		out = append(out, s.status())
	}
	slices.SortFunc(out, func(a, b Status) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return out
}
