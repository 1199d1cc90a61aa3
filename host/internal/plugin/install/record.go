package install

import (
	"context"
	"errors"
	"fmt"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

// System is the subject of what the host does by itself.
const System = "system"

// maxHistory is how many lines of history are read at once.
const maxHistory = 500

// save writes a row, tells the audit and takes the rows over.
func (i *Installer) save(ctx context.Context, row store.InstallationRow, e store.PluginEvent) (store.InstallationRow, error) {
	e = i.stamped(e)
	saved, err := i.deps.Store.SaveInstallation(ctx, row, e)
	if err != nil {
		return row, fmt.Errorf("writing what shall be installed: %w", err)
	}
	i.deps.Audit(ctx, e)
	if err := i.read(ctx); err != nil {
		return saved, err
	}
	return saved, nil
}

// event adds a line of history that goes with no change.
func (i *Installer) event(ctx context.Context, e store.PluginEvent) {
	e = i.stamped(e)
	i.deps.Audit(ctx, e)
	if err := i.deps.Store.AddPluginEvent(ctx, e); err != nil {
		i.deps.Log.WarnContext(ctx, "a line of history is lost", "plugin", e.Plugin, "action", e.Action, "error", err)
	}
}

func (i *Installer) stamped(e store.PluginEvent) store.PluginEvent {
	e.At = i.deps.Now()
	if e.Subject == "" {
		e.Subject = System
	}
	return e
}

// event is a line about an order.
func (o Order) event(action string, b *Bundle, row store.InstallationRow, outcome, message string) store.PluginEvent {
	e := store.PluginEvent{
		Plugin: o.Plugin, Installation: row.ID, Action: action, Subject: o.Subject, Outcome: outcome, Message: message,
	}
	if b != nil {
		e.Digest = b.Digest
		if b.Manifest != nil {
			e.Version = b.Manifest.Version
		}
	}
	return e
}

func asRefused(err error, to **Refused) bool       { return errors.As(err, to) }
func asNotStarted(err error, to **notStarted) bool { return errors.As(err, to) }

// giveBack takes a version that does not start out of the truth, unless
// somebody decided otherwise meanwhile: the one before is current again, or the
// plugin is off where there is none.
func (i *Installer) giveBack(ctx context.Context, id pluginID, failed *notStarted) {
	if err := i.revert(ctx, string(id), failed.digest, "does not start: "+fault.Message(failed.err)); err != nil {
		i.deps.Log.ErrorContext(ctx, "that a version failed was not noted", "plugin", string(id), "digest", failed.digest, "error", err)
	}
}

// Withdrawn notes that the registry went back from a version by itself: its
// canary was bad, or it crashed in its probation. Other replicas follow.
func (i *Installer) Withdrawn(id, digest, reason string) {
	i.background(func() {
		ctx, cancel := context.WithTimeout(context.Background(), noteWithin)
		defer cancel()
		i.noticed(pluginID(id), digest)
		if err := i.revert(ctx, id, digest, reason); err != nil {
			i.deps.Log.ErrorContext(ctx, "that a version was taken back was not noted", "plugin", id, "digest", digest, "error", err)
		}
	})
}

// noticed takes over what the registry did by itself, so that converging does
// not do it again.
func (i *Installer) noticed(id pluginID, digest string) {
	s := i.slot(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.is == nil {
		return
	}
	if s.is.canary == digest {
		s.is.canary, s.is.percent = "", 0
		return
	}
	if s.is.current.Digest == digest && s.is.before != nil {
		s.is.current, s.is.before = s.is.before, nil
		s.is.rights, s.is.limit = "", "" // it was given its own, before anything that was said since
		i.deps.Preparer.Serve(id, s.is.current.Digest)
	}
}

// revert writes that a version is out. It tries again when somebody else wrote
// the row meanwhile.
func (i *Installer) revert(ctx context.Context, id, digest, reason string) error {
	for range 5 {
		if err := i.read(ctx); err != nil {
			return err
		}
		row, ok := i.live(id)
		if !ok || row.Current != digest && row.Canary != digest {
			return nil
		}
		action, outcome := "rollback", "done"
		switch {
		case row.Canary == digest:
			action = "withdraw"
			row.Canary, row.CanaryPercent = "", 0
		case row.Previous != "":
			if err := i.dataFor(ctx, row.Previous, &row); err != nil {
				return err
			}
			row.Current, row.Previous, row.Unproven, row.Migrating = row.Previous, "", false, false
		default:
			action, outcome = "disable", "failed"
			row.Enabled, row.Reason, row.Migrating = false, reason, false
		}
		o := Order{Plugin: id, Subject: System}
		e := o.event(action, nil, row, outcome, reason)
		e.Digest = digest
		if b, err := i.bundle(ctx, digest); err == nil {
			e.Version = b.Manifest.Version
		}
		_, err := i.save(ctx, row, e)
		if !fault.Is(err, fault.Conflict) {
			i.nudge()
			return err
		}
	}
	return fault.New(fault.Conflict, "plugin %s is written by others again and again", id)
}

// dataFor puts the data of an installation where a version can read it, when
// what replaced that version has migrated it and did not get to serve.
func (i *Installer) dataFor(ctx context.Context, digest string, row *store.InstallationRow) error {
	b, err := i.bundle(ctx, digest)
	if err != nil || reads(b.Manifest.Data, row.DataSchema, row.DataCompatible) {
		return err
	}
	return i.takeCopy(ctx, b, row)
}

// nudge makes this replica look at once.
func (i *Installer) nudge() {
	select {
	case i.wake <- struct{}{}:
	default:
	}
}

// live returns the row of an installed plugin.
func (i *Installer) live(id string) (store.InstallationRow, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, row := range i.rows {
		if row.Plugin == id && row.RemovedAt.IsZero() {
			return row, true
		}
	}
	return store.InstallationRow{}, false
}
