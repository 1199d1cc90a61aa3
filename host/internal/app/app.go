package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/callboard/callboard/host/internal/authn"
	"github.com/callboard/callboard/host/internal/blob"
	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/catalog/history"
	"github.com/callboard/callboard/host/internal/catalog/index"
	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/host/internal/egress"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/install"
	"github.com/callboard/callboard/host/internal/plugin/pace"
	"github.com/callboard/callboard/host/internal/plugin/record"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/telemetry"
	"github.com/callboard/callboard/host/internal/web"
	"github.com/callboard/callboard/host/internal/web/api"
	"github.com/callboard/callboard/plugins"
	"github.com/callboard/callboard/ui"
)

// Options is what a portal is made of. Config is required; the rest has the
// values of a real start.
type Options struct {
	Config  *config.Config
	Version Version
	LogTo   io.Writer // required
	Now     func() time.Time
	Random  io.Reader        // required; crypto/rand.Reader outside of tests
	Core    []plugins.Bundle // nil = plugins.Core()
	// WasmCache is the folder of compiled modules; empty = wasm-cache in the
	// data folder. Its content is executed: it must belong to this user alone.
	WasmCache string
}

// App is a portal. New opens what it needs, Start makes it serve, Close ends it.
type App struct {
	options   Options
	log       *telemetry.Logger
	store     store.Store
	blobs     *blob.Store
	uses      *capability.Uses
	traces    *telemetry.Traces
	metrics   *telemetry.Metrics
	policy    *livePolicy
	index     *index.Index
	catalog   *catalogEngine
	keeper    *history.Keeper
	plugins   *pluginSet
	jobs      *jobs
	installer *install.Installer
	server    *web.Server
	listener  net.Listener
	secrets   boundSecrets
	recorder  *record.Recorder // nil = calls are not recorded
	side      []*http.Server   // metrics and profiles on addresses of their own
	served    chan error
	closers   []func(context.Context) error // in order of opening
}

// New opens the database and wires the parts. What was opened is closed again
// when it fails. Faults: Invalid (configuration), Unavailable (database).
func New(ctx context.Context, o Options) (_ *App, err error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Core == nil {
		o.Core = plugins.Core()
	}
	c := o.Config
	a := &App{options: o, served: make(chan error, 4)}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close(context.WithoutCancel(ctx)))
		}
	}()
	if err := c.CheckExposure(); err != nil {
		return nil, fmt.Errorf("checking the listen address: %w", err)
	}
	if a.log, err = telemetry.NewLogger(o.LogTo, telemetry.LogConfig{Format: c.Telemetry.LogFormat, Level: c.Telemetry.LogLevel}); err != nil {
		return nil, fmt.Errorf("starting the log: %w", err)
	}
	for _, key := range unused(c) {
		a.log.Warn("this key has no effect in this version", "key", key, "origin", c.Origin(key).String())
	}
	out := egress.New(egress.Config{UserAgent: "callboard/" + o.Version.Version})
	if a.traces, err = telemetry.NewTraces(ctx, telemetry.TraceConfig{
		Endpoint: c.Telemetry.OTLPEndpoint, Version: o.Version.Version, Client: collectorClient(out, c.Telemetry.OTLPEndpoint),
	}); err != nil {
		return nil, fmt.Errorf("starting traces: %w", err)
	}
	a.closeLater(a.traces.Close)
	a.metrics = telemetry.NewMetrics(o.Version.Version)
	if a.store, err = openStore(ctx, c, o.Now); err != nil {
		return nil, err
	}
	a.closeLater(func(context.Context) error { return a.store.Close() })
	blobs, closeBlobs, err := openBlobs(ctx, blobDeps{config: c, rows: a.store, egress: out, now: o.Now, random: o.Random, log: a.log.Logger})
	if err != nil {
		return nil, err
	}
	a.blobs = blobs
	a.closeLater(func(context.Context) error { return closeBlobs() })
	cursors, err := hostKey(ctx, a.store, "cursors", o.Random)
	if err != nil {
		return nil, err
	}
	if a.policy, err = newLivePolicy(ctx, c, func(name string) (string, bool) { return a.plugins.permission(name) }, o.Now, a.log.Logger); err != nil {
		return nil, err
	}
	a.index = index.New(index.Config{CursorKey: cursors, Random: o.Random, Logger: a.log.Logger, Visibility: visibility{a.policy.guard}})
	a.closeLater(func(context.Context) error { a.index.Close(); return nil })
	return a, a.wire(ctx, out)
}

func (a *App) closeLater(f func(context.Context) error) { a.closers = append(a.closers, f) }

// collectorClient reaches the collector that the operator named and nothing else.
func collectorClient(out *egress.Egress, endpoint string) *http.Client {
	target, err := url.Parse(endpoint)
	return out.Client(egress.Policy{MaxRedirects: -1, Reach: func(u *url.URL) egress.Reach {
		if err == nil && u.Host == target.Host {
			return egress.Private
		}
		return egress.Refused
	}}).HTTPClient()
}

func (a *App) wire(ctx context.Context, out *egress.Egress) error {
	c, o := a.options.Config, a.options
	log := a.log.Logger
	observer := &observer{metrics: a.metrics, log: log}
	a.secrets.current.Store(c)
	all := bundles(c, o.Core)
	configs := &lateConfigs{}
	reader, err := newReader(c, out, o.Now)
	if err != nil {
		return err
	}
	a.jobs = newJobs(a.store, o.Now, log)
	if a.catalog, err = newCatalog(catalogDeps{
		config: c, bundles: all, store: announcing{a.store, a.jobs.events.Nudge}, shared: replicas(a.store), index: a.index, reader: reader, log: log, now: o.Now,
	}); err != nil {
		return err
	}
	kept := c.Catalog.History
	a.keeper = &history.Keeper{
		Store: a.store, Locations: a.store, Now: o.Now, Log: log,
		Retention: history.Retention{Age: time.Duration(kept.Retention), MaxPerEntity: kept.MaxPerEntity},
	}
	others := &peers{}
	table, err := capabilities(services{
		egress: out, sources: reader, secrets: &a.secrets, peers: others, reader: a.index, permits: permits{a.policy.guard, a.index}, graph: a.index, problems: a.index, locations: a.catalog, engine: a.catalog.engine, store: a.store,
		history: history.NewReader(history.Deps{Store: a.store, Catalog: a.index, Sight: a.index}), removed: a.catalog.engine,
		config: configs, log: log, now: o.Now,
		blobs: a.blobs, metrics: a.metrics, audit: observer,
		events: a.jobs.events, schedules: a.jobs.schedules, tasks: a.jobs.tasks,
	})
	if err != nil {
		return fmt.Errorf("making the table of capabilities: %w", err)
	}
	a.uses = capability.NewUses(table, a.store, o.Now)
	doors := capability.NewGate(capability.Config{Table: table, Policy: grants{a.policy.guard}, Audit: observer, Uses: a.uses, Log: log})
	cache := o.WasmCache
	if cache == "" {
		cache = filepath.Join(c.DataDir, "wasm-cache")
	}
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return fmt.Errorf("making the folder of compiled modules: %w", err)
	}
	loader, err := newLoaders(cache, o.Random, o.Now, log)
	if err != nil {
		return err
	}
	var calls atomic.Uint64
	a.plugins = &pluginSet{
		loader: loader, gate: doors, table: table, caps: c.Limits, tracer: a.traces.Tracer("callboard/plugin"), log: log, metrics: a.metrics,
		versions: map[versionKey]*installed{}, serving: map[plugin.ID]*installed{}, fenced: map[plugin.ID]bool{},
	}
	others.set = a.plugins
	governor := pace.New(pace.Config{})
	if a.recorder, err = a.newRecorder(configs, governor); err != nil {
		return err
	}
	var recordingLoader plugin.Loader = loader
	var recordingGate plugin.Gate = gate{doors, a.plugins}
	if a.recorder != nil {
		a.plugins.recorder = a.recorder
		recordingLoader, recordingGate = a.recorder.Loader(recordingLoader), a.recorder.Gate(recordingGate)
		a.closeLater(func(context.Context) error { return a.recorder.Close() })
	}
	a.plugins.registry = plugin.NewRegistry(plugin.Deps{
		Loader: recordingLoader, Gate: recordingGate, Clock: plugin.SystemClock{}, Log: log, Stats: plugin.NewStats(plugin.SystemClock{}),
		CallID: func() uint64 { return calls.Add(1) }, Grant: a.plugins.grant, Observer: observer,
		Migrate: a.plugins.migrate, Pace: governor,
	})
	a.closeLater(a.plugins.registry.Close)
	a.jobs.plugins, a.jobs.shown = a.plugins, a.index
	a.closeLater(a.jobs.close)
	if a.installer, err = newInstaller(ctx, installerDeps{
		config: c, fixed: all, store: a.store, plugins: a.plugins, table: table, catalog: a.catalog, uses: a.uses, jobs: a.jobs, log: log, now: o.Now,
	}); err != nil {
		return err
	}
	configs.Installer, a.plugins.installer, observer.installer = a.installer, a.installer, a.installer
	a.catalog.use(a.plugins)
	gauges(a.metrics, a.plugins.registry, a.catalog)
	certificate, err := serverTLS(c.Backend.HTTPS)
	if err != nil {
		return err
	}
	guest, guests := c.Auth.Guest()
	a.jobs.authn = authn.New(authn.Config{
		Guest: guests, Default: guest.UserEntityRef, Personas: guest.Personas, Directory: &directory{reader: a.index},
		Sessions: a.store, Now: o.Now,
	})
	a.policy.people, a.policy.index, a.policy.issuer = &directory{reader: a.index}, a.index, authn.GuestIssuer
	hooks, err := newWebhooks(c, a.store, a.catalog, a.jobs.events.Nudge, o.Now, log)
	if err != nil {
		return err
	}
	a.server, err = web.New(web.Config{
		BaseURL: c.BaseURL(), Title: c.App.Title, Development: !c.Auth.IsProduction(), UI: ui.FS(), OpenAPI: api.OpenAPI(),
		Metrics: a.metrics, MetricsBeside: c.ServesMetricsBesidePortal(), Tracer: a.traces.Tracer("callboard/web"), Log: log,
		Authn:       a.jobs.authn,
		Jobs:        jobsAPI{a.jobs},
		Webhooks:    hooks,
		Revisions:   a.index,
		Preferences: preferences{a.store},
		Plugins:     a.plugins,
		Host:        &hostAPI{version: o.Version, started: o.Now(), plugins: a.plugins, installer: a.installer, uses: a.uses, store: a.store, catalog: a.catalog},
		Installer:   a.installer, Permissions: permits{a.policy.guard, a.index}, Policy: a.policy,
		Recordings: &recordings{recorder: a.recorder, registry: a.plugins.registry, log: log},
		TLS:        certificate, RequestID: uuid.NewString, Now: o.Now,
	})
	if err != nil {
		return fmt.Errorf("making the HTTP server: %w", err)
	}
	return nil
}

// lateConfigs breaks the circle between capabilities and the installer, which
// knows the configuration of each plugin.
type lateConfigs struct{ *install.Installer }

// Reload takes over what can change while the portal runs, the log level and
// the plugins' own configuration, and says what waits for a restart. A file
// that cannot be used changes nothing.
func (a *App) Reload(change config.Change) {
	if change.Err != nil {
		a.log.Error("the changed configuration cannot be used; the old one stays", "error", change.Err)
		return
	}
	for _, section := range change.Sections {
		switch {
		case section.Unread:
		case section.Restart:
			a.log.Warn("configuration changed; restart to use it", "key", section.Path)
		default:
			a.log.Info("configuration changed", "key", section.Path)
		}
	}
	a.installer.Reload(context.Background(), change.Config)
	a.policy.reload(context.Background(), change.Config)
	a.secrets.current.Store(change.Config)
	if err := a.log.SetLevel(change.Config.Telemetry.LogLevel); err != nil {
		a.log.Error("the log level stays", "error", err)
	}
}

// SweepPlugins deletes at once what the portal deletes by and by: the data of
// plugins whose time is over, and releases that nothing uses.
func (a *App) SweepPlugins(ctx context.Context) error { return a.installer.Sweep(ctx) }
