package rows

import (
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

// CheckModule refuses a module that a backend could not write or find again.
func CheckModule(m store.ModuleRow) error {
	if m.Digest == "" || m.Plugin == "" || len(m.Wasm) == 0 {
		return fault.New(fault.Invalid, "module %q of plugin %q with %d bytes: none may be empty", m.Digest, m.Plugin, len(m.Wasm))
	}
	return Text("digest", m.Digest, "plugin", m.Plugin, "version", m.Version, "publisher", m.Publisher,
		"manifest", m.Manifest, "subject", m.CreatedBy)
}

// CheckInstallation refuses a row that a backend could not write.
func CheckInstallation(r store.InstallationRow) error {
	if r.ID == "" || r.Plugin == "" || r.Publisher == "" {
		return fault.New(fault.Invalid, "installation %q of plugin %q by %q: none may be empty", r.ID, r.Plugin, r.Publisher)
	}
	return Text("installation", r.ID, "publisher", r.Publisher, "plugin", r.Plugin, "current", r.Current,
		"previous", r.Previous, "canary", r.Canary, "pending", r.Pending, "reason", r.Reason)
}

// PluginEvent returns the event with a message and texts that every backend can hold.
func PluginEvent(e store.PluginEvent) store.PluginEvent {
	for _, s := range []*string{&e.Plugin, &e.Installation, &e.Action, &e.Subject, &e.Version, &e.Digest, &e.Outcome, &e.Message} {
		*s = Readable(*s)
	}
	return e
}

// Written returns the row as a write at a moment leaves it.
func Written(r store.InstallationRow, at store.PluginEvent) store.InstallationRow {
	r.Revision++
	r.UpdatedAt = Moment(at.At)
	if r.CreatedAt.IsZero() {
		r.CreatedAt = r.UpdatedAt
	}
	r.CreatedAt, r.RemovedAt = Moment(r.CreatedAt), Moment(r.RemovedAt)
	return r
}

// StaleInstallation is the refusal of a write that somebody else came before.
func StaleInstallation(plugin string) error {
	return fault.New(fault.Conflict, "plugin %s was changed by somebody else meanwhile; look at it again", plugin)
}
