package install

import (
	"context"
	"time"

	"github.com/callboard/callboard/host/internal/plugin"
)

// Start brings the registry to what is wanted and follows changes until Close.
// A plugin that does not run keeps nothing else from running.
func (i *Installer) Start(ctx context.Context) error {
	i.salvage(ctx)
	i.converge(ctx)
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	i.stop = stop
	i.working.Go(func() { i.follow(background) })
	i.working.Go(func() { i.sweep(background) })
	return nil
}

// Close stops following.
func (i *Installer) Close(context.Context) error {
	i.mu.Lock()
	i.closed = true
	i.mu.Unlock()
	if i.stop != nil {
		i.stop()
		i.working.Wait()
	}
	return nil
}

// follow asks the store again and again. While it does not answer, what runs
// runs on.
func (i *Installer) follow(ctx context.Context) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	down := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-i.wake:
		}
		changed, err := i.poll(ctx)
		if (err != nil) != down {
			if down = err != nil; down {
				i.deps.Log.WarnContext(ctx, "the store does not say what is installed; what runs runs on", "error", err)
			} else {
				i.deps.Log.InfoContext(ctx, "the store says again what is installed")
			}
		}
		if err != nil {
			continue
		}
		i.salvage(ctx)
		// Neither is waited for: a version that takes long to load holds up nobody else.
		if changed {
			i.background(func() { i.converge(ctx) })
			continue
		}
		for id := range i.wanted(ctx) {
			if i.due(id) {
				i.background(func() { _ = i.reach(ctx, id) })
			}
		}
	}
}

// background runs work that Close waits for.
func (i *Installer) background(work func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.closed {
		i.working.Go(work)
	}
}

func (i *Installer) poll(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	revision, err := i.deps.Store.PluginsRevision(ctx)
	if err != nil {
		return false, err //nolint:wrapcheck // logged as it is
	}
	i.mu.Lock()
	seen := i.seen
	i.mu.Unlock()
	if revision != seen {
		if err := i.read(ctx); err != nil {
			return false, err
		}
	}
	// What this replica wrote itself counts, too: not all of it was followed.
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.seen != i.followed, nil
}

func (i *Installer) due(id plugin.ID) bool {
	s := i.slot(id)
	if !s.mu.TryLock() {
		return false
	}
	defer s.mu.Unlock()
	return s.dirty && i.deps.Now().After(s.retryAt)
}
