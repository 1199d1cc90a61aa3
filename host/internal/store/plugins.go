package store

import (
	"context"
	"time"
)

// ModuleRow is one plugin module, kept under what it contains.
type ModuleRow struct {
	Digest    string // sha256 of Wasm, lower-case hex
	Plugin    string // id in its manifest
	Version   string // of its manifest
	Publisher string // who signed it; "local" for a module without a signature
	Manifest  string // plugin.yaml as the module carries it
	Size      int64  // bytes of Wasm
	Wasm      []byte // nil in listings
	CreatedAt time.Time
	CreatedBy string // subject ref
}

// InstallationRow is what shall be true of one plugin on every replica, and
// what owns its data. A row with a RemovedAt is what is left of a plugin that
// was removed: nothing of it runs, and its data waits for a reinstallation by
// the same publisher or for the sweep.
type InstallationRow struct {
	ID        string // owns kv, blobs, events and tasks
	Publisher string
	Plugin    string // plugin id

	Current       string // digest that serves; empty for a plugin that the binary or the configuration brings
	Previous      string // digest that Current replaced
	Canary        string // digest on trial beside Current
	CanaryPercent int    // of new calls that the canary gets, 1 to 99
	Pending       string // digest that waits for its grants

	Enabled bool
	Reason  string // why it is not enabled

	Grants []byte // JSON object: capability → true, false or a scope; nil = nothing was said
	Limits []byte // JSON object as plugins.entries.<id>.limits; nil = nothing was said
	Config []byte // JSON object; nil = nothing was said

	DataSchema     int  // version of the data that the installation holds
	DataCompatible int  // oldest version whose code reads that data
	Migrating      bool // no version may touch the data
	Unproven       bool // nobody has seen Current start

	Revision  uint64 // grows by one with each write
	CreatedAt time.Time
	UpdatedAt time.Time
	RemovedAt time.Time // zero = installed
}

// Installations are all rows at one moment.
type Installations struct {
	Revision uint64
	Rows     []InstallationRow // by plugin id, then by id
}

// PluginEvent is one line of a plugin's history.
type PluginEvent struct {
	ID           uint64 // set by the store; grows
	At           time.Time
	Plugin       string
	Installation string
	Action       string // "activate", "rollback", "disable", …
	Subject      string // who did it; "system" for the host itself
	Version      string
	Digest       string
	Outcome      string // "done", "waits", "refused", "failed"
	Message      string
}

// Plugins stores the modules of plugins, what is installed, and what became of it.
type Plugins interface {
	// PutModule keeps a module; one that is there already stays as it is.
	// Fault: Invalid (a digest, plugin or module that is empty).
	PutModule(ctx context.Context, m ModuleRow) error
	// GetModule returns a module with its bytes. Fault: NotFound.
	GetModule(ctx context.Context, digest string) (ModuleRow, error)
	// ListModules returns the modules of a plugin without their bytes, newest
	// first, then by digest.
	ListModules(ctx context.Context, plugin string) ([]ModuleRow, error)
	// SweepModules deletes modules made before a moment that no installation
	// names as current, previous, canary or pending, and returns how many.
	SweepModules(ctx context.Context, before time.Time) (int, error)

	// PluginsRevision returns the number of writes to installations so far. It
	// costs one row, for replicas that ask often.
	PluginsRevision(ctx context.Context) (uint64, error)
	// ListInstallations returns every row, those removed included, and the
	// revision at which they were so.
	ListInstallations(ctx context.Context) (Installations, error)
	// SaveInstallation writes a row whose Revision is the one that was read, 0
	// for a new one, together with its event, and moves the revision of all
	// installations. It returns the row as written. Faults: Conflict (somebody
	// else wrote the row, the publisher has such an installation, or the plugin
	// is installed under another id), Invalid (an id that is empty).
	SaveInstallation(ctx context.Context, row InstallationRow, event PluginEvent) (InstallationRow, error)
	// PurgeInstallation deletes the row at a revision, with its values, their
	// snapshots and its blobs, whose content becomes garbage, and adds the
	// event. Faults: NotFound, Conflict (another revision).
	PurgeInstallation(ctx context.Context, id string, revision uint64, event PluginEvent) error
	// AddPluginEvent adds a line to the history.
	AddPluginEvent(ctx context.Context, event PluginEvent) error
	// PluginHistory returns the newest events of a plugin, newest first. Fault:
	// Invalid (limit below 1).
	PluginHistory(ctx context.Context, plugin string, limit int) ([]PluginEvent, error)

	// AcquireLease makes owner the holder of a name for a time, or prolongs what
	// it holds. Fault: Conflict (another holds it and its time is not over).
	AcquireLease(ctx context.Context, name, owner string, ttl time.Duration) error
	// ReleaseLease ends the lease if owner holds it.
	ReleaseLease(ctx context.Context, name, owner string) error
	// SnapshotKV copies the live values of an installation under a schema
	// version, in place of an earlier copy.
	SnapshotKV(ctx context.Context, installation string, schema int) error
	// RestoreKV replaces the values of an installation by the copy of a schema
	// version. Revisions of keys go on growing. The copy stays. Fault: NotFound.
	RestoreKV(ctx context.Context, installation string, schema int) error
}
