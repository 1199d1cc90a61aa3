package install

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

const (
	// quiet is how long a replica waits after it said that data is about to
	// change its form: every other one has read that by then, and stopped.
	quiet = 3 * pollEvery
	// leaseTime is how long the lock of a migration outlives its holder, who
	// renews it three times as often.
	leaseTime  = 20 * time.Second
	leaseRetry = 200 * time.Millisecond
)

// Run calls operations of a version that serves nothing yet.
type Run = func(ctx context.Context, call plugin.Call) (*plugin.Reply, error)

// Migrate brings the data of a plugin to what a version writes, once across
// replicas: it takes the lock, looks again, copies the data, and lets the code
// of the version work on it. After an error the data is as it was before.
// Faults: those of the plugin and of the store.
func (i *Installer) Migrate(ctx context.Context, b *Bundle, run Run) error {
	if b.Manifest == nil || b.Manifest.Data.SchemaVersion == 0 {
		return nil
	}
	row, ok, err := i.behind(ctx, b)
	if err != nil || !ok {
		return err
	}
	if !i.movingHere(row.ID) { // else the whole move holds the lock
		release, err := i.hold(ctx, migrationLock(row.ID))
		if err != nil {
			return err
		}
		defer release()
	}
	// Another replica may have been here while this one waited.
	if row, ok, err = i.behind(ctx, b); err != nil || !ok {
		return err
	}
	return i.migrate(ctx, b, row, run)
}

// behind returns the row of a plugin whose data is older than what b writes.
func (i *Installer) behind(ctx context.Context, b *Bundle) (store.InstallationRow, bool, error) {
	if err := i.read(ctx); err != nil {
		return store.InstallationRow{}, false, err
	}
	row, ok := i.live(b.ID)
	return row, ok && row.DataSchema < b.Manifest.Data.SchemaVersion, nil
}

// hold waits for a lease and keeps it until release.
func (i *Installer) hold(ctx context.Context, name string) (release func(), err error) {
	for {
		err := i.deps.Store.AcquireLease(ctx, name, i.deps.Replica, leaseTime)
		if err == nil {
			break
		}
		if !fault.Is(err, fault.Conflict) {
			return nil, err //nolint:wrapcheck // a fault of the store
		}
		select {
		case <-time.After(leaseRetry):
		case <-ctx.Done():
			return nil, fault.Wrap(fault.Unavailable, ctx.Err(), "another replica migrates the data")
		}
	}
	renewing, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-renewing.Done():
				return
			case <-time.After(leaseTime / 3):
			}
			if err := i.deps.Store.AcquireLease(renewing, name, i.deps.Replica, leaseTime); err != nil && renewing.Err() == nil {
				i.deps.Log.WarnContext(renewing, "the lock of a migration is not renewed", "lock", name, "error", err)
			}
		}
	}()
	return func() {
		stop()
		<-done
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteWithin)
		defer cancel()
		if err := i.deps.Store.ReleaseLease(ctx, name, i.deps.Replica); err != nil {
			i.deps.Log.WarnContext(ctx, "the lock of a migration stays until its time is over", "lock", name, "error", err)
		}
	}, nil
}

// migrate copies the data, runs the migration and writes down what the data is
// now. The lock is held.
func (i *Installer) migrate(ctx context.Context, b *Bundle, row store.InstallationRow, run Run) error {
	from, to := row.DataSchema, b.Manifest.Data.SchemaVersion
	if err := i.deps.Store.SnapshotKV(ctx, row.ID, from); err != nil {
		return fmt.Errorf("copying the data before its migration: %w", err)
	}
	err := lifecycleMigrate(ctx, run, b, from, to)
	if err == nil {
		err = i.migrated(ctx, b, row, from, to)
	}
	if err == nil {
		return nil
	}
	return errors.Join(err, i.putBack(ctx, row))
}

// putBack makes the data what it was when its row was read, also when ctx has
// ended.
func (i *Installer) putBack(ctx context.Context, row store.InstallationRow) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteWithin)
	defer cancel()
	if err := i.deps.Store.RestoreKV(ctx, row.ID, row.DataSchema); err != nil {
		return fmt.Errorf("putting the data back: %w", err)
	}
	return nil
}

// lifecycleMigrate calls the plugin. A version that registers no migration
// works on the data as it is: it was let in for that.
func lifecycleMigrate(ctx context.Context, run Run, b *Bundle, from, to int) error {
	reply, err := run(ctx, plugin.Call{Op: abi.OpMigrate, Own: true, Payload: &contract.Migration{From: from, To: to}})
	if fault.Is(err, fault.NotFound) && compatibleFrom(b.Manifest.Data) <= from {
		return nil
	}
	if err != nil {
		return fmt.Errorf("migrating from schema %d to %d: %w", from, to, err)
	}
	reply.Close()
	return nil
}

func (i *Installer) migrated(ctx context.Context, b *Bundle, row store.InstallationRow, from, to int) error {
	row.DataSchema, row.DataCompatible = to, compatibleFrom(b.Manifest.Data)
	o := Order{Plugin: b.ID, Subject: System}
	_, err := i.save(ctx, row, o.event("migrate", b, row, "done", fmt.Sprintf("data from schema %d to %d", from, to)))
	return err
}

// move replaces a version across versions of the data: was is the row as it
// is, next as it shall be. Where the two versions do not get along, nothing of
// the plugin runs meanwhile, on any replica.
func (i *Installer) move(ctx context.Context, o Order, action string, b *Bundle, was, next store.InstallationRow, data DataReview, restore bool) error {
	if apart := !data.RollbackPossible || !data.Readable; apart && was.Enabled && was.RemovedAt.IsZero() {
		halted, err := i.halt(ctx, o, b, was)
		if err != nil {
			return err
		}
		next.Revision, next.Migrating = halted.Revision, true
		defer i.resume(was)
	}
	older := !data.Readable && restore
	if older {
		if !next.Migrating { // what runs nowhere was not halted, and not copied
			if err := i.deps.Store.SnapshotKV(ctx, was.ID, was.DataSchema); err != nil {
				return fmt.Errorf("copying the data before its older form takes its place: %w", err)
			}
		}
		if err := i.takeCopy(ctx, b, &next); err != nil {
			return errors.Join(err, i.giveUp(ctx, o.Plugin))
		}
	}
	next, err := i.save(ctx, next, o.event(action, b, next, "started", o.Reason))
	if err != nil {
		if older { // the data goes with the row, which is as it was
			err = errors.Join(err, i.putBack(ctx, was), i.giveUp(ctx, o.Plugin))
		}
		return err
	}
	if err := i.bring(ctx, next); err != nil {
		return err
	}
	row, _ := i.live(o.Plugin)
	if row.Current != b.Digest {
		return refused("stale", "plugin %s was changed by somebody else meanwhile", o.Plugin)
	}
	row.Migrating = false
	return i.prove(ctx, o, action, b, row)
}

// halt stops a plugin everywhere and copies its data. The lease says that
// somebody is at it: without its holder the others undo what was begun.
func (i *Installer) halt(ctx context.Context, o Order, b *Bundle, row store.InstallationRow) (store.InstallationRow, error) {
	release, err := i.hold(ctx, migrationLock(row.ID))
	if err != nil {
		return row, err
	}
	i.mu.Lock()
	i.moving[row.ID] = release
	i.mu.Unlock()
	row.Migrating, row.Unproven = true, false
	row, err = i.save(ctx, row, o.event("halt", b, row, "started", "the data changes its form; the plugin stops meanwhile"))
	if err == nil {
		i.deps.Preparer.Fence(pluginID(row.Plugin), true)
		select {
		case <-time.After(quiet):
		case <-ctx.Done():
			err = fault.Wrap(fault.Unavailable, ctx.Err(), "stopping the plugin on every replica")
		}
	}
	if err == nil {
		err = i.deps.Store.SnapshotKV(ctx, row.ID, row.DataSchema)
	}
	if err != nil {
		i.resume(row)
		return row, errors.Join(err, i.giveUp(ctx, row.Plugin))
	}
	return row, nil
}

// resume ends what halt began on this replica.
func (i *Installer) resume(row store.InstallationRow) {
	i.mu.Lock()
	release := i.moving[row.ID]
	delete(i.moving, row.ID)
	i.mu.Unlock()
	i.deps.Preparer.Fence(pluginID(row.Plugin), false)
	if release != nil {
		release()
	}
	i.nudge()
}

// takeCopy puts the data back to the copy that a version can read.
func (i *Installer) takeCopy(ctx context.Context, b *Bundle, row *store.InstallationRow) error {
	code := b.Manifest.Data
	if err := i.deps.Store.RestoreKV(ctx, row.ID, code.SchemaVersion); err != nil {
		if fault.Is(err, fault.NotFound) {
			return refused("not-compatible", "there is no copy of the data at version %d, which version %s of plugin %s reads", code.SchemaVersion, b.Manifest.Version, b.ID)
		}
		return fmt.Errorf("putting the data back: %w", err)
	}
	row.DataSchema, row.DataCompatible = code.SchemaVersion, compatibleFrom(code)
	return nil
}

// giveUp lets a plugin that was stopped for a migration go on with the version
// and the data that it has.
func (i *Installer) giveUp(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteWithin)
	defer cancel()
	if err := i.read(ctx); err != nil {
		return err
	}
	row, ok := i.live(id)
	if !ok || !row.Migrating {
		return nil
	}
	row.Migrating = false
	_, err := i.save(ctx, row, Order{Plugin: id, Subject: System}.event("halt", nil, row, "done", "the plugin goes on after a migration that was cut off or given up"))
	return err
}

// salvage undoes migrations whose replica died: the lease is there to take.
func (i *Installer) salvage(ctx context.Context) {
	i.mu.Lock()
	rows := i.rows
	i.mu.Unlock()
	for _, row := range rows {
		if !row.Migrating || !row.RemovedAt.IsZero() || i.movingHere(row.ID) {
			continue
		}
		lock := migrationLock(row.ID)
		if i.deps.Store.AcquireLease(ctx, lock, i.deps.Replica, leaseTime) != nil {
			continue
		}
		err := i.undo(ctx, row)
		if err != nil {
			i.deps.Log.ErrorContext(ctx, "a migration that was cut off is not undone yet", "plugin", row.Plugin, "error", err)
		}
		_ = i.deps.Store.ReleaseLease(ctx, lock, i.deps.Replica)
	}
}

// undo ends a migration that was cut off. One that got to its end is not
// undone: the plugin goes on with its new version.
func (i *Installer) undo(ctx context.Context, row store.InstallationRow) error {
	if !row.Unproven { // nothing had begun but that the plugin stopped
		return i.giveUp(ctx, row.Plugin)
	}
	b, err := i.bundle(ctx, row.Current)
	if err != nil {
		return err
	}
	if row.DataSchema == b.Manifest.Data.SchemaVersion {
		return i.giveUp(ctx, row.Plugin)
	}
	// The copy is of this attempt: halt takes it before the version changes.
	if err := i.deps.Store.RestoreKV(ctx, row.ID, row.DataSchema); err != nil {
		return fmt.Errorf("putting the data back: %w", err)
	}
	return i.revert(ctx, row.Plugin, row.Current, "the replica that migrated the data ended in the middle")
}

func (i *Installer) movingHere(installation string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.moving[installation] != nil
}

func migrationLock(installation string) string { return "migrate/" + installation }
