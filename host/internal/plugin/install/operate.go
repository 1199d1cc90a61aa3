package install

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

// begin reads what is so and returns the row that an order is about. For a
// plugin of the binary or the configuration it may be a new one. Faults:
// NotFound, Conflict (*Refused "stale").
func (i *Installer) begin(ctx context.Context, o Order) (store.InstallationRow, error) {
	if err := i.read(ctx); err != nil {
		return store.InstallationRow{}, err
	}
	row, ok := i.live(o.Plugin)
	if !ok {
		b := i.fixed(o.Plugin)
		if b == nil {
			return row, fault.New(fault.NotFound, "plugin %q is not installed", o.Plugin)
		}
		row = store.InstallationRow{ID: localInstallation(b.ID), Publisher: LocalPublisher, Plugin: b.ID, Enabled: true}
	}
	return row, o.fresh(row)
}

// installed is begin for what only an installed plugin has: versions.
func (i *Installer) installed(ctx context.Context, o Order) (store.InstallationRow, error) {
	if err := i.free(o.Plugin); err != nil {
		return store.InstallationRow{}, err
	}
	return i.begin(ctx, o)
}

// change saves a row and makes this replica follow.
func (i *Installer) change(ctx context.Context, row store.InstallationRow, e store.PluginEvent) error {
	row, err := i.save(ctx, row, e)
	if err != nil {
		return err
	}
	return i.bring(ctx, row)
}

// Promote makes the canary current. Faults: NotFound, Conflict.
func (i *Installer) Promote(ctx context.Context, o Order) error {
	row, err := i.installed(ctx, o)
	if err != nil {
		return err
	}
	if row.Canary == "" {
		return refused("no-canary", "plugin %s has no version on trial", o.Plugin)
	}
	b, err := i.bundle(ctx, row.Canary)
	if err != nil {
		return err
	}
	review, err := i.reviewOf(ctx, b)
	if err != nil {
		return err
	}
	return i.replace(ctx, o, "promote", b, row, review.Data, false)
}

// Withdraw ends the canary. Faults: NotFound, Conflict.
func (i *Installer) Withdraw(ctx context.Context, o Order) error {
	row, err := i.installed(ctx, o)
	if err != nil {
		return err
	}
	if row.Canary == "" {
		return refused("no-canary", "plugin %s has no version on trial", o.Plugin)
	}
	b, err := i.bundle(ctx, row.Canary)
	if err != nil {
		return err
	}
	row.Canary, row.CanaryPercent = "", 0
	return i.change(ctx, row, o.event("withdraw", b, row, "done", o.Reason))
}

// Rollback makes an earlier version current again, the one before when digest
// is empty. It asks for no approval: the version was approved when it was
// activated. So one that never was is for Activate, with the permission that
// takes.
// Faults: NotFound, Conflict (*Refused).
func (i *Installer) Rollback(ctx context.Context, o Order, digest string, restore bool) error {
	row, err := i.installed(ctx, o)
	if err != nil {
		return err
	}
	if digest = bare(digest); digest == "" {
		digest = row.Previous
	}
	if digest == "" {
		return refused("no-previous", "plugin %s has no earlier version to go back to", o.Plugin)
	}
	b, err := i.bundle(ctx, digest)
	if err != nil {
		return err
	}
	if b.ID != o.Plugin {
		return fault.New(fault.Invalid, "release sha256:%s is plugin %s, not %s", b.Digest, b.ID, o.Plugin)
	}
	if earlier, err := i.ranBefore(ctx, row, digest); err != nil || !earlier {
		return cmp.Or[error](err, refused("no-previous", "version %s of plugin %s never ran here; activate it instead", b.Manifest.Version, o.Plugin))
	}
	review, err := i.reviewOf(ctx, b)
	if err != nil {
		return err
	}
	if err := (Activation{Order: o, Digest: digest, Restore: restore}).admissible(review, row); err != nil {
		return err
	}
	return i.replace(ctx, o, "rollback", b, row, review.Data, restore)
}

// ranBefore reports whether a version was activated for the installation, as
// far back as the history is read.
func (i *Installer) ranBefore(ctx context.Context, row store.InstallationRow, digest string) (bool, error) {
	if digest == row.Current || digest == row.Previous {
		return true, nil
	}
	events, err := i.deps.Store.PluginHistory(ctx, row.Plugin, maxHistory)
	if err != nil {
		return false, fmt.Errorf("reading the history: %w", err)
	}
	return slices.ContainsFunc(events, func(e store.PluginEvent) bool {
		return e.Installation == row.ID && e.Digest == digest && e.Outcome == "done" &&
			(e.Action == "activate" || e.Action == "promote" || e.Action == "rollback")
	}), nil
}

// Disable is the kill switch: calls are refused at once and those under way
// are cancelled, on every replica. Faults: NotFound, Conflict.
func (i *Installer) Disable(ctx context.Context, o Order) error { return i.switchTo(ctx, o, false) }

// Enable undoes Disable. Faults: NotFound, Conflict.
func (i *Installer) Enable(ctx context.Context, o Order) error { return i.switchTo(ctx, o, true) }

func (i *Installer) switchTo(ctx context.Context, o Order, on bool) error {
	row, err := i.begin(ctx, o)
	if err != nil {
		return err
	}
	if at := i.origin(o.Plugin, "enabled"); at != "" {
		return refused("fixed-by-file", "%s sets plugins.entries.%s.enabled; change it there", at, o.Plugin)
	}
	action := "enable"
	row.Enabled, row.Reason = on, ""
	if !on {
		action, row.Reason = "disable", o.Reason
	}
	var b *Bundle
	if d := i.desired(ctx, o.Plugin); d != nil {
		b = d.Bundle
	}
	return i.change(ctx, row, o.event(action, b, row, "done", o.Reason))
}

// Remove ends a plugin. Its data is kept for KeepRemoved, or deleted at once
// with purge. Purging a plugin that was removed before deletes what was kept.
// Faults: NotFound, Conflict.
func (i *Installer) Remove(ctx context.Context, o Order, purge bool) error {
	if err := i.free(o.Plugin); err != nil {
		return err
	}
	row, err := i.begin(ctx, o)
	if fault.Is(err, fault.NotFound) && purge {
		return i.purgeRemoved(ctx, o, err)
	}
	if err != nil {
		return err
	}
	b, err := i.bundle(ctx, row.Current)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	row.RemovedAt = i.deps.Now()
	row.Canary, row.CanaryPercent, row.Pending = "", 0, ""
	row, err = i.save(ctx, row, o.event("remove", b, row, "done", o.Reason))
	if err != nil {
		return err
	}
	if err := i.reach(ctx, pluginID(o.Plugin)); err != nil {
		return err
	}
	i.announce(ctx)
	if purge {
		return i.purge(ctx, row, o.Subject)
	}
	return nil
}

func (i *Installer) purgeRemoved(ctx context.Context, o Order, absent error) error {
	i.mu.Lock()
	rows := i.rows
	i.mu.Unlock()
	for _, row := range rows {
		if row.Plugin == o.Plugin && !row.RemovedAt.IsZero() {
			if err := i.purge(ctx, row, o.Subject); err != nil {
				return fmt.Errorf("deleting the data of plugin %s: %w", o.Plugin, err)
			}
			absent = nil
		}
	}
	return absent
}
