package install

import (
	"context"
	"fmt"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/store"
)

type pluginID = plugin.ID

const (
	// KeepRemoved is how long the data of a removed plugin waits for it.
	KeepRemoved = 30 * 24 * time.Hour
	// keepReleases is how long a release that was never activated is kept.
	keepReleases = 30 * 24 * time.Hour
	sweepEvery   = time.Hour
	noteWithin   = 30 * time.Second
)

// sweep deletes what nobody came back for.
func (i *Installer) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := i.Sweep(ctx); err != nil && ctx.Err() == nil {
			i.deps.Log.WarnContext(ctx, "what removed plugins left behind stays for now", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Sweep deletes the data of plugins that were removed KeepRemoved ago and the
// releases that nothing uses. Any replica may do it; the store decides who was first.
func (i *Installer) Sweep(ctx context.Context) error {
	if err := i.read(ctx); err != nil {
		return err
	}
	i.mu.Lock()
	rows := i.rows
	i.mu.Unlock()
	now := i.deps.Now()
	for _, row := range rows {
		if row.RemovedAt.IsZero() || now.Sub(row.RemovedAt) < KeepRemoved {
			continue
		}
		err := i.purge(ctx, row, System)
		if fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound) {
			err = i.read(ctx) // another did it, or brought the plugin back: what is shown follows
		}
		if err != nil {
			return fmt.Errorf("deleting the data of plugin %s: %w", row.Plugin, err)
		}
	}
	if _, err := i.deps.Store.SweepModules(ctx, now.Add(-keepReleases)); err != nil {
		return fmt.Errorf("deleting old releases: %w", err)
	}
	return nil
}

// purge deletes everything that an installation owns, in one transaction.
func (i *Installer) purge(ctx context.Context, row store.InstallationRow, subject string) error {
	e := i.stamped(Order{Plugin: row.Plugin, Subject: subject}.event("purge", nil, row, "done", ""))
	if err := i.deps.Store.PurgeInstallation(ctx, row.ID, row.Revision, e); err != nil {
		return err //nolint:wrapcheck // the caller says of which plugin
	}
	i.deps.Audit(ctx, e)
	return i.read(ctx)
}
