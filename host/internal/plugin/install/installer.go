package install

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/manifest"
)

// Store is the part of the store that an Installer needs.
type Store interface {
	store.Plugins
	KVUsage(ctx context.Context, installation string) (int64, error)
	BlobUsage(ctx context.Context, installation string) (int64, error)
}

// Registry runs plugins; plugin.Registry implements it.
type Registry interface {
	Install(ctx context.Context, pkg plugin.Package) error
	Swap(ctx context.Context, pkg plugin.Package) error
	Canary(ctx context.Context, pkg plugin.Package, percent int) error
	Promote(ctx context.Context, id plugin.ID) error
	Withdraw(ctx context.Context, id plugin.ID) error
	Disable(ctx context.Context, id plugin.ID, reason string) error
	Enable(ctx context.Context, id plugin.ID) error
	SetLimits(ctx context.Context, id plugin.ID, l plugin.Limits) error
	Remove(ctx context.Context, id plugin.ID) error
	Call(ctx context.Context, call plugin.Call) (*plugin.Reply, error)
}

// Preparer makes what runs of what is wanted: it resolves rights, routes and
// limits, and gives the code its rights at the gate.
type Preparer interface {
	// Prepare never fails: what cannot run is a package that says why when it
	// is loaded.
	Prepare(v Version) plugin.Package
	// Serve makes the routes of a version those of its plugin.
	Serve(id plugin.ID, digest string)
	// Fence keeps calls of a plugin away from its data, and lets them in again.
	// Its migration and its health check pass.
	Fence(id plugin.ID, on bool)
	// Forget takes a version's rights away; an empty digest is all versions.
	Forget(id plugin.ID, digest string)
}

// Version is one version of a plugin with what the operator allows it.
type Version struct {
	Bundle       *Bundle
	Installation string
	Grants       capability.Grants
	Limits       config.Limits
	// Eager loads the code when it is installed, whatever the manifest says.
	Eager bool
	// Irreversible says that the version before cannot read the data any more.
	Irreversible bool
}

// Deps is what an Installer works with. All fields are required.
type Deps struct {
	Store    Store
	Registry Registry
	Preparer Preparer
	Table    capability.Table
	// Describe asks a module what its code registers.
	Describe func(ctx context.Context, wasm []byte) (contract.Description, error)
	// Fits says what keeps a bundle from running in this host beside the others.
	Fits func(b *Bundle, others []*Bundle) []Problem
	// Limits explains the limits of a plugin.
	Limits func(c *config.Config, id string, asked manifest.Runtime, said config.Limits) []Limit
	// Changed learns which bundles are current, whenever that changes.
	Changed func(ctx context.Context, current []*Bundle)
	Fixed   []*Bundle // of the binary and of the configuration
	Config  *config.Config
	Now     func() time.Time
	NewID   func() string
	Replica string // unique to this process
	Log     *slog.Logger
	Audit   func(ctx context.Context, e store.PluginEvent)
}

// Installer holds what an operator wants of plugins and brings it about.
type Installer struct {
	deps   Deps
	config atomic.Pointer[config.Config]

	mu        sync.Mutex // of the fields below
	closed    bool
	rows      []store.InstallationRow
	seen      uint64             // revision of rows
	followed  uint64             // revision that the registry was last brought to
	bundles   map[string]*Bundle // of the store, by digest
	described map[string]contract.Description
	slots     map[plugin.ID]*slot
	configs   map[string]json.RawMessage // good configuration, by plugin id
	moving    map[string]func()          // installations whose data this replica migrates, with what gives the lock back

	announcing sync.Mutex // held while Deps.Changed is told

	stop    context.CancelFunc
	working sync.WaitGroup
	wake    chan struct{}
}

// New returns an installer that has read what is installed. Fault: Unavailable
// (the store).
func New(ctx context.Context, d Deps) (*Installer, error) {
	i := &Installer{
		deps: d, bundles: map[string]*Bundle{}, described: map[string]contract.Description{},
		slots: map[plugin.ID]*slot{}, configs: map[string]json.RawMessage{}, moving: map[string]func(){}, wake: make(chan struct{}, 1),
	}
	i.config.Store(d.Config)
	if err := i.read(ctx); err != nil {
		return nil, err
	}
	return i, nil
}

// read takes over the rows of the store.
func (i *Installer) read(ctx context.Context) error {
	all, err := i.deps.Store.ListInstallations(ctx)
	if err != nil {
		return fmt.Errorf("reading what is installed: %w", err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if all.Revision >= i.seen { // a slower reader brings nothing new
		i.rows, i.seen = all.Rows, all.Revision
	}
	return nil
}

// bundle returns a module of the store. Faults: NotFound, Invalid, Unavailable.
func (i *Installer) bundle(ctx context.Context, digest string) (*Bundle, error) {
	i.mu.Lock()
	b := i.bundles[digest]
	i.mu.Unlock()
	if b != nil {
		return b, nil
	}
	row, err := i.deps.Store.GetModule(ctx, digest)
	if err != nil {
		return nil, fmt.Errorf("reading the module: %w", err)
	}
	// What comes out of a database is not believed.
	if Digest(row.Wasm) != digest {
		return nil, fault.New(fault.Internal, "the module that is stored as %s is another", digest)
	}
	if b, err = ReadModule(row.Wasm); err != nil {
		return nil, err
	}
	b.Publisher = row.Publisher
	i.mu.Lock()
	defer i.mu.Unlock()
	i.bundles[digest] = b
	return b, nil
}

// describe asks a module what it registers, once.
func (i *Installer) describe(ctx context.Context, b *Bundle) (contract.Description, error) {
	i.mu.Lock()
	code, known := i.described[b.Digest]
	i.mu.Unlock()
	if known {
		return code, nil
	}
	code, err := i.deps.Describe(ctx, b.Wasm)
	if err != nil {
		return code, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.described[b.Digest] = code
	return code, nil
}

// entry is what the configuration says of a plugin.
func (i *Installer) entry(id string) config.PluginEntry { return i.config.Load().Plugins.Entries[id] }

// origin says where the configuration sets a key of a plugin's entry, "" when
// it does not.
func (i *Installer) origin(id string, keys ...string) string {
	c := i.config.Load()
	path := append([]string{"plugins", "entries", id}, keys...)
	if c.Lookup(path...).IsZero() {
		return ""
	}
	at := "plugins.entries." + id
	for _, key := range keys {
		at += "." + key
	}
	return c.Origin(at).String()
}

func (i *Installer) fixedGrant(id, capability string) string {
	return i.origin(id, "grants", capability)
}

func (i *Installer) fixed(id string) *Bundle {
	for _, b := range i.deps.Fixed {
		if b.ID == id && (b.Core() || b.Entry.Source != "") {
			return b
		}
	}
	return nil
}
