package install

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Timing of the work in the background.
const (
	// pollEvery is how often a replica asks whether anything changed. With the
	// time to load a version it stays well below the two seconds in which every
	// replica shall follow.
	pollEvery  = 400 * time.Millisecond
	retryEvery = 5 * time.Second
	// drainRemoved is how long calls of a removed plugin may go on.
	drainRemoved = 10 * time.Second
)

// slot is one plugin of this replica's registry.
type slot struct {
	mu      sync.Mutex // held while the plugin is changed
	is      *applied   // nil: it is not in the registry
	dirty   bool       // the latest try failed
	retryAt time.Time
}

// applied is what the registry was last told.
type applied struct {
	installation  string
	current       *Bundle
	before        *Bundle // what current replaced, where the registry may go back to it by itself
	canary        string  // digest
	percent       int
	off           bool
	reason        string
	rights, limit string // fingerprints
}

func (i *Installer) slot(id plugin.ID) *slot {
	i.mu.Lock()
	defer i.mu.Unlock()
	s := i.slots[id]
	if s == nil {
		s = &slot{}
		i.slots[id] = s
	}
	return s
}

// converge brings every plugin to what is wanted, side by side.
func (i *Installer) converge(ctx context.Context) {
	ids := map[plugin.ID]bool{}
	i.mu.Lock()
	i.followed = i.seen
	for id := range i.slots {
		ids[id] = true
	}
	i.mu.Unlock()
	for id := range i.wanted(ctx) {
		ids[id] = true
	}
	var all sync.WaitGroup
	for id := range ids {
		all.Go(func() { _ = i.reach(ctx, id) })
	}
	all.Wait()
	i.announce(ctx)
	i.prune()
}

// prune lets go of modules that no installation names: the store has them.
func (i *Installer) prune() {
	i.mu.Lock()
	defer i.mu.Unlock()
	named := map[string]bool{}
	for _, row := range i.rows {
		for _, digest := range []string{row.Current, row.Previous, row.Canary, row.Pending} {
			named[digest] = named[digest] || row.RemovedAt.IsZero()
		}
	}
	maps.DeleteFunc(i.bundles, func(digest string, _ *Bundle) bool { return !named[digest] })
}

// announce tells which versions are current.
func (i *Installer) announce(ctx context.Context) {
	i.announcing.Lock() // the latest word is the last one
	defer i.announcing.Unlock()
	var current []*Bundle
	for _, d := range i.wanted(ctx) {
		if d.Enabled {
			current = append(current, d.Bundle)
		}
	}
	i.deps.Changed(ctx, current)
}

// reach brings one plugin to what is wanted. What does not start is given back
// to the store, so that the other replicas need not find out for themselves.
func (i *Installer) reach(ctx context.Context, id plugin.ID) error {
	s := i.slot(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	// Asked for here, under the lock: whoever comes last brings the latest.
	d := i.desired(ctx, string(id))
	if d != nil && d.removed() {
		d = nil
	}
	err := i.apply(ctx, s, id, d)
	s.dirty = err != nil
	if err == nil {
		return nil
	}
	s.retryAt = i.deps.Now().Add(retryEvery)
	i.deps.Log.ErrorContext(ctx, "plugin is not as wanted", "plugin", string(id), "error", err)
	var failed *notStarted
	if errors.As(err, &failed) && ctx.Err() == nil {
		i.giveBack(ctx, id, failed)
	}
	return err
}

// notStarted says that a version did not start where another one was to make
// room for it, or that was never seen to start.
type notStarted struct {
	digest string
	canary bool
	err    error
}

func (e *notStarted) Error() string { return e.err.Error() }
func (e *notStarted) Unwrap() error { return e.err }

func (i *Installer) apply(ctx context.Context, s *slot, id plugin.ID, d *Desired) error {
	switch {
	case s.is == nil && d == nil:
		return nil
	case d == nil || s.is != nil && s.is.installation != d.Installation:
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainRemoved)
		defer cancel()
		err := i.deps.Registry.Remove(drain, id)
		i.deps.Preparer.Forget(id, "")
		i.forgetConfig(id)
		s.is = nil
		if err != nil || d == nil {
			return err //nolint:wrapcheck // a fault of the registry
		}
	}
	if err := i.takeConfig(d); err != nil {
		broken := *d.Bundle
		broken.Err = err
		d.Bundle = &broken
	}
	if s.is == nil {
		return i.install(ctx, s, id, d)
	}
	return i.turn(ctx, s, id, d)
}

// install puts a plugin into the registry for the first time.
func (i *Installer) install(ctx context.Context, s *slot, id plugin.ID, d *Desired) error {
	v := d.version(i, d.Bundle)
	pkg := i.deps.Preparer.Prepare(v)
	s.is = &applied{installation: d.Installation, current: d.Bundle}
	s.is.remember(v)
	err := i.deps.Registry.Install(ctx, pkg)
	if err == nil && d.Enabled {
		err = i.first(ctx, id, d, pkg)
	}
	i.deps.Preparer.Serve(id, d.Bundle.Digest) // a failed one, too: it is listed with what is wrong
	if err != nil && d.Unproven && d.Enabled {
		return &notStarted{digest: d.Bundle.Digest, err: err}
	}
	if err != nil {
		i.deps.Log.ErrorContext(ctx, "plugin does not run", "plugin", string(id), "error", err)
	}
	return i.rest(ctx, s, id, d)
}

// first is what a swap does before a version serves, for one that has nothing
// to be swapped with: its data is brought to what it writes, and a version that
// nobody has seen start is asked for its health.
func (i *Installer) first(ctx context.Context, id plugin.ID, d *Desired, pkg plugin.Package) error {
	if m := d.Bundle.Manifest; d.Bundle.Err == nil && m != nil && d.row != nil && m.Data.SchemaVersion > d.Schema {
		return i.deps.Registry.Swap(ctx, pkg) //nolint:wrapcheck // a fault of the registry
	}
	if !d.Unproven {
		return nil
	}
	reply, err := i.deps.Registry.Call(ctx, plugin.Call{Plugin: id, Op: abi.OpHealth, Own: true})
	var answer *plugin.GuestError
	if errors.As(err, &answer) && (fault.Is(err, fault.NotFound) || fault.Is(err, fault.Invalid)) {
		return nil // it does not know the question, and it answered
	}
	if err != nil {
		return err //nolint:wrapcheck // a fault of the registry
	}
	defer reply.Close()
	var h contract.Health
	if len(reply.Payload) == 0 {
		return nil
	}
	if err := reply.Decode(&h); err != nil {
		return err //nolint:wrapcheck // a fault of the registry
	}
	if !h.OK {
		return fault.New(fault.Unavailable, "version %s of plugin %s is not healthy: %s", pkg.Version, id, h.Message)
	}
	return nil
}

// turn takes a plugin from what the registry was told to what is wanted.
func (i *Installer) turn(ctx context.Context, s *slot, id plugin.ID, d *Desired) error {
	if !d.Enabled { // first of all: what shall stop does not wait for anything
		if err := i.rest(ctx, s, id, d); err != nil {
			return err
		}
	}
	if s.is.current.Digest != d.Bundle.Digest {
		v := d.version(i, d.Bundle)
		pkg := i.deps.Preparer.Prepare(v)
		var err error
		if s.is.canary == d.Bundle.Digest && d.Bundle.Digest != "" {
			err = i.deps.Registry.Promote(ctx, id)
			s.is.canary, s.is.percent = "", 0
		} else {
			err = i.deps.Registry.Swap(ctx, pkg)
		}
		if err != nil {
			i.deps.Preparer.Forget(id, d.Bundle.Digest)
			return &notStarted{digest: d.Bundle.Digest, err: err}
		}
		i.deps.Preparer.Serve(id, d.Bundle.Digest)
		s.is.before, s.is.current = s.is.current, d.Bundle
		s.is.remember(v)
	}
	return i.rest(ctx, s, id, d)
}

// rest applies everything but the version: canary, rights, limits, the switch.
func (i *Installer) rest(ctx context.Context, s *slot, id plugin.ID, d *Desired) error {
	if d.Enabled == s.is.off || !d.Enabled && d.Reason != s.is.reason {
		var err error
		if d.Enabled {
			err = i.deps.Registry.Enable(ctx, id)
		} else {
			err = i.deps.Registry.Disable(ctx, id, d.Reason)
			s.is.canary, s.is.percent = "", 0 // gone for good
		}
		if err != nil {
			return fmt.Errorf("switching the plugin: %w", err)
		}
		s.is.off, s.is.reason = !d.Enabled, d.Reason
	}
	v := d.version(i, d.Bundle)
	if was := *s.is; was.changed(v) {
		pkg := i.deps.Preparer.Prepare(v)
		s.is.remember(v)
		if was.limit != s.is.limit {
			if err := i.deps.Registry.SetLimits(ctx, id, pkg.Limits); err != nil {
				return fmt.Errorf("changing the limits: %w", err)
			}
		}
		if d.Canary != nil && s.is.canary == d.Canary.Digest {
			i.deps.Preparer.Prepare(d.version(i, d.Canary))
		}
		if s.is.before != nil { // the registry may still go back to it: not to rights that were taken away since
			i.deps.Preparer.Prepare(d.version(i, s.is.before))
		}
	}
	return i.trial(ctx, s, id, d)
}

// trial starts, changes or ends the canary.
func (i *Installer) trial(ctx context.Context, s *slot, id plugin.ID, d *Desired) error {
	digest := ""
	if d.Canary != nil {
		digest = d.Canary.Digest
	}
	switch {
	case !d.Enabled, digest == s.is.canary && (digest == "" || d.Percent == s.is.percent):
		return nil
	case digest == "":
		s.is.canary, s.is.percent = "", 0
		if err := i.deps.Registry.Withdraw(ctx, id); err != nil && !fault.Is(err, fault.NotFound) {
			return err //nolint:wrapcheck // a fault of the registry
		}
		return nil
	}
	if s.is.canary == digest { // another share of the calls: the registry would tell a canary from its like by the digest
		if err := i.deps.Registry.Withdraw(ctx, id); err != nil && !fault.Is(err, fault.NotFound) {
			return err //nolint:wrapcheck // a fault of the registry
		}
	}
	if err := i.deps.Registry.Canary(ctx, i.deps.Preparer.Prepare(d.version(i, d.Canary)), d.Percent); err != nil {
		i.deps.Preparer.Forget(id, digest)
		return &notStarted{digest: digest, canary: true, err: err}
	}
	s.is.canary, s.is.percent = digest, d.Percent
	return nil
}

// remember keeps the fingerprints of what a version was given.
func (a *applied) remember(v Version) { a.rights, a.limit = fingerprints(v) }

func (a *applied) changed(v Version) bool {
	rights, limit := fingerprints(v)
	return rights != a.rights || limit != a.limit
}

func fingerprints(v Version) (rights, limit string) {
	text, err := json.Marshal(v.Grants) // raw JSON by name, sorted
	if err != nil {
		text = nil
	}
	return string(text), fmt.Sprintf("%+v", v.Limits)
}
