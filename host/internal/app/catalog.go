package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	capcatalog "github.com/callboard/callboard/host/internal/capability/catalog"
	"github.com/callboard/callboard/host/internal/catalog/descriptor"
	"github.com/callboard/callboard/host/internal/catalog/index"
	"github.com/callboard/callboard/host/internal/catalog/ingest"
	"github.com/callboard/callboard/host/internal/catalog/model"
	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin/extension"
	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/sdk/manifest"
)

// catalogDeps is what the catalog stands on.
type catalogDeps struct {
	config  *config.Config
	bundles []*bundle
	store   store.Store
	shared  store.Replicas // nil = no other process uses the store
	index   *index.Index
	reader  *source.Reader
	log     *slog.Logger
	now     func() time.Time
}

// catalogEngine is the catalog as app starts, shows and closes it.
type catalogEngine struct {
	engine *ingest.Engine
	index  *index.Index
	calls  *lateCaller
	log    *slog.Logger
	// options are what the operator says about processors.
	options map[string]config.ProcessorOptions
	// processes says that plugins take part in processing from the start.
	processes bool

	mu        sync.Mutex
	following string // which bundles the engine works with
}

// lateCaller breaks the circle between catalog and plugins: processors are
// known before the registry that calls them.
type lateCaller struct{ extension.Caller }

func newCatalog(d catalogDeps) (*catalogEngine, error) {
	calls := &lateCaller{}
	compiled, problems, err := compileModel(d.bundles)
	if err != nil {
		return nil, err
	}
	for _, b := range d.bundles {
		if err := problems[b.ID]; err != nil {
			b.Err = err
		}
	}
	c := d.config
	configured, err := locations(c)
	if err != nil {
		return nil, err
	}
	engine := ingest.New(ingest.Config{
		Store: d.store, Replicas: d.shared, Owner: replicaName(), Provided: d.store, Publisher: d.index, Model: compiled, Processors: processors(d.bundles, calls, c.Catalog.ProcessorOptions),
		Reader: ownFiles{d.reader, c.Files(), c.DataDir}, Sources: d.reader.Version(),
		Locations: configured, Rules: rules(c), Orphans: c.Catalog.OrphanStrategy, ReadOnly: c.Catalog.ReadOnly,
		Interval: time.Duration(c.Catalog.ProcessingInterval), Watch: true, Log: d.log, Limits: catalogLimits(c),
	})
	for _, name := range unknownProcessors(d.bundles, c.Catalog.ProcessorOptions) {
		d.log.Warn("catalog.processorOptions names a processor that no plugin has", "processor", name)
	}
	return &catalogEngine{engine: engine, index: d.index, calls: calls, log: d.log, options: c.Catalog.ProcessorOptions, processes: slices.ContainsFunc(d.bundles, (*bundle).Processes)}, nil
}

// replicaName tells an operator which process leads: the machine, or in a
// cluster the pod, and what tells two processes on it apart.
func replicaName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s/%d/%s", host, os.Getpid(), uuid.NewString()[:8])
}

// compileModel joins the layers of all plugins, core plugins first and then by
// id. A layer that does not compile or contradicts an earlier one is left out;
// what is wrong with it is said by plugin id.
func compileModel(bundles []*bundle) (*model.Model, map[string]error, error) {
	ordered := slices.Clone(bundles)
	slices.SortStableFunc(ordered, func(a, b *bundle) int {
		switch {
		case a.Core() == b.Core():
			return strings.Compare(a.ID, b.ID)
		case a.Core():
			return -1
		default:
			return 1
		}
	})
	compiled, err := model.Compile()
	if err != nil {
		return nil, nil, fmt.Errorf("compiling the model: %w", err)
	}
	var waiting []*bundle
	for _, b := range ordered {
		if b.Err == nil && b.Manifest != nil && hasModel(b.Manifest) {
			waiting = append(waiting, b)
		}
	}
	// A plugin may extend a kind of one that comes later: what does not compile
	// yet is tried again for as long as others do.
	var layers []model.Layer
	problems := map[string]error{}
	for added := true; added && len(waiting) > 0; {
		added = false
		var rest []*bundle
		for _, b := range waiting {
			with, err := model.Compile(append(slices.Clone(layers), layer(b.Manifest))...)
			if err != nil {
				problems[b.ID] = fault.New(fault.Invalid, "the model of plugin %s: %w", b.ID, err)
				rest = append(rest, b)
				continue
			}
			compiled, layers, added = with, append(layers, layer(b.Manifest)), true
			delete(problems, b.ID)
		}
		waiting = rest
	}
	return compiled, problems, nil
}

func hasModel(m *manifest.Manifest) bool {
	return len(m.Model.Kinds)+len(m.Model.Extends)+len(m.Model.Relations)+len(m.Model.Annotations)+len(m.Model.Labels) > 0
}

// follow takes over the plugins that are current now: their kinds and their
// processors.
func (c *catalogEngine) follow(ctx context.Context, current []*bundle) {
	current = slices.Clone(current)
	slices.SortFunc(current, func(a, b *bundle) int { return strings.Compare(a.ID, b.ID) })
	var key strings.Builder
	for _, b := range current {
		fmt.Fprintf(&key, "%s %s %t\n", b.ID, b.Digest, b.Err == nil)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if key.String() == c.following {
		return
	}
	compiled, problems, err := compileModel(current)
	if err != nil {
		c.log.ErrorContext(ctx, "the catalog keeps its model", "error", err)
		return
	}
	for id, err := range problems {
		c.log.ErrorContext(ctx, "the model of a plugin is left out", "plugin", id, "error", err)
	}
	c.engine.Use(compiled, processors(current, c.calls, c.options))
	c.following = key.String()
}

// drop takes the entities of a removed plugin out of the catalog.
func (c *catalogEngine) drop(ctx context.Context, installation string) {
	if err := c.engine.DropProvided(context.WithoutCancel(ctx), installation); err != nil {
		c.log.ErrorContext(ctx, "the entities of a removed plugin stay in the catalog", "installation", installation, "error", err)
	}
}

// use gives the processors the registry that runs them.
func (c *catalogEngine) use(p *pluginSet) { c.calls.Caller = p.registry }

func (c *catalogEngine) start(ctx context.Context) error {
	if err := c.engine.Start(ctx); err != nil {
		return fmt.Errorf("loading entities: %w", err)
	}
	return nil
}

func (c *catalogEngine) close() error { return c.engine.Close() }

// Figures returns the catalog's figures as they are now.
func (c *catalogEngine) Figures() Figures {
	s := c.engine.Stats()
	return Figures{Entities: s.Entities, Revision: c.index.Revision(), Locations: s.Sources, Errors: s.Problems, RefreshedAt: s.At, Took: s.Walk + s.Write + s.Publish}
}

// Replica returns how this process stands among those that share its
// database; nil when it has the database to itself.
func (c *catalogEngine) Replica() *ingest.Replica { return c.engine.Replica() }

// Locations implements the catalog capability's list of registered locations.
func (c *catalogEngine) Locations(ctx context.Context) ([]capcatalog.Location, error) {
	rows, err := c.engine.Locations(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing locations: %w", err)
	}
	var out []capcatalog.Location
	for _, r := range rows {
		if r.ID != "" {
			out = append(out, capcatalog.Location{ID: r.ID, Type: r.Type, Target: r.Target, EntityRef: r.EntityRef})
		}
	}
	return out, nil
}

// locations are the configured locations; a file is relative to the file that
// names it. A URL with credentials is fault Invalid: everybody who reads the
// catalog sees where an entity comes from.
func locations(c *config.Config) ([]ingest.Location, error) {
	var out []ingest.Location
	for i, l := range c.Catalog.Locations {
		target, key := l.Target, fmt.Sprintf("catalog.locations[%d].target", i)
		if u, err := url.Parse(target); err == nil && u.User != nil {
			return nil, fault.New(fault.Invalid, "%s: %s has credentials in it, which the catalog would show; put them under integrations", c.Origin(key), key)
		}
		if l.Type == "file" && !filepath.IsAbs(target) {
			from := c.Origin(key).File
			if abs, err := filepath.Abs(filepath.Join(filepath.Dir(from), target)); err == nil {
				target = abs
			}
		}
		one := ingest.Location{Type: l.Type, Target: target}
		for _, r := range l.Rules {
			one.Rules = append(one.Rules, ingest.LocationRule{Allow: allowed(r.Allow)})
		}
		out = append(out, one)
	}
	return out, nil
}

// rules are catalog.rules; nil leaves Backstage's default in force.
func rules(c *config.Config) []ingest.Rule {
	if c.Catalog.Rules == nil {
		return nil
	}
	out := []ingest.Rule{}
	for _, r := range c.Catalog.Rules {
		one := ingest.Rule{Allow: allowed(r.Allow)}
		if r.Locations != nil {
			one.Locations = []ingest.Matcher{}
		}
		for _, m := range r.Locations {
			one.Locations = append(one.Locations, ingest.Matcher{Type: m.Type, Exact: m.Exact, Pattern: m.Pattern})
		}
		out = append(out, one)
	}
	return out
}

func allowed(kinds []string) []ingest.AllowedKind {
	out := make([]ingest.AllowedKind, len(kinds))
	for i, k := range kinds {
		out[i] = ingest.AllowedKind{Kind: k}
	}
	return out
}

func catalogLimits(c *config.Config) ingest.Limits {
	l := c.Catalog.Limits
	d := descriptor.DefaultLimits()
	d.Documents = l.EntitiesPerFile
	return ingest.Limits{
		Descriptor: d, Targets: l.TargetsPerLocation, Origin: l.EntitiesPerLocation, Provided: l.EntitiesPerProvider, Bytes: int64(l.BytesPerProvider),
	}
}
