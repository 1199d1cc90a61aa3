package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	capcatalog "github.com/callboard/callboard/host/internal/capability/catalog"
	"github.com/callboard/callboard/host/internal/catalog/index"
	"github.com/callboard/callboard/host/internal/catalog/ingest"
	"github.com/callboard/callboard/host/internal/catalog/model"
	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/host/internal/egress"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/extension"
	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/manifest"
)

// catalogDeps is what the catalog stands on.
type catalogDeps struct {
	config  *config.Config
	bundles []*bundle
	store   store.Store
	index   *index.Index
	egress  *egress.Egress
	log     *slog.Logger
	now     func() time.Time
}

// catalogEngine is the catalog as app starts, shows and closes it.
type catalogEngine struct {
	engine *ingest.Engine
	index  *index.Index
	calls  *lateCaller
	log    *slog.Logger
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
		Store: d.store, Provided: d.store, Publisher: d.index, Model: compiled, Processors: processors(d.bundles, calls),
		Reader:    ownFiles{newReader(c, d.egress, d.now), c.Files(), c.DataDir},
		Locations: configured, Rules: rules(c), Orphans: c.Catalog.OrphanStrategy, ReadOnly: c.Catalog.ReadOnly,
		Interval: time.Duration(c.Catalog.ProcessingInterval), Watch: true, Log: d.log,
	})
	return &catalogEngine{engine: engine, index: d.index, calls: calls, log: d.log, processes: slices.ContainsFunc(d.bundles, (*bundle).Processes)}, nil
}

// processors are the entity processors of all plugins.
func processors(bundles []*bundle, calls extension.Caller) []ingest.Processor {
	var out []ingest.Processor
	for _, b := range bundles {
		if b.Err != nil || b.Manifest == nil {
			continue
		}
		for _, p := range b.Manifest.Extensions.Processors {
			out = append(out, &processor{plugin: plugin.ID(b.ID), digest: b.Digest, declared: p, calls: calls})
		}
	}
	return out
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
	problems := map[string]error{}
	var layers []model.Layer
	for _, b := range ordered {
		if b.Err != nil || b.Manifest == nil || len(b.Manifest.Model.Kinds) == 0 {
			continue
		}
		with, err := model.Compile(append(slices.Clone(layers), layer(b.Manifest))...)
		if err != nil {
			problems[b.ID] = fault.New(fault.Invalid, "the model of plugin %s: %w", b.ID, err)
			continue
		}
		compiled, layers = with, append(layers, layer(b.Manifest))
	}
	return compiled, problems, nil
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
	c.engine.Use(compiled, processors(current, c.calls))
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
	return Figures{Entities: s.Entities, Revision: c.index.Revision(), Locations: s.Sources, Errors: s.Problems}
}

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

// newReader reads files, and URLs of hosts that configuration allows. A host
// that is named outright may lie in a private network; one that only a
// wildcard covers may not.
func newReader(c *config.Config, out *egress.Egress, now func() time.Time) *source.Reader {
	var allow source.AllowList
	exact := map[string]bool{}
	for _, t := range c.Backend.Reading.Allow {
		allow = append(allow, source.Allowed{Host: t.Host, Paths: t.Paths})
		if !strings.Contains(t.Host, "*") {
			exact[strings.ToLower(t.Host)] = true
		}
	}
	for _, hosts := range [][]config.SourceHost{c.Integrations.GitHub, c.Integrations.GitLab, c.Integrations.Gitea, c.Integrations.BitbucketCloud, c.Integrations.BitbucketServer} {
		for _, h := range hosts {
			if h.Host != "" {
				allow = append(allow, source.Allowed{Host: h.Host})
				exact[strings.ToLower(h.Host)] = true
			}
		}
	}
	client := out.Client(egress.Policy{MaxBytes: 16 << 20, Reach: func(u *url.URL) egress.Reach {
		switch {
		case !allow.Permits(u):
			return egress.Refused
		case exact[strings.ToLower(u.Host)] || exact[strings.ToLower(u.Hostname())]:
			return egress.Private
		default:
			return egress.Public
		}
	}})
	return source.New(source.Config{HTTP: newSlowHosts(client, now), Allow: allow})
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

// processor is a plugin's entity processor as the engine calls it.
type processor struct {
	plugin   plugin.ID
	digest   string
	declared manifest.Processor
	calls    extension.Caller
}

// Name implements ingest.Processor.
func (p *processor) Name() string { return string(p.plugin) + "/" + p.declared.Name }

// Version implements ingest.Processor: other code may answer otherwise.
func (p *processor) Version() string { return p.digest }

// Kinds implements ingest.Processor.
func (p *processor) Kinds() []string {
	var out []string
	for _, k := range p.declared.Kinds {
		if k == "*" {
			return nil
		}
		out = append(out, strings.ToLower(k))
	}
	return out
}

// FailOpen implements ingest.Processor.
func (p *processor) FailOpen() bool { return p.declared.OnFailure != "closed" }

// Process implements ingest.Processor.
func (p *processor) Process(ctx context.Context, q contract.ProcessRequest) (contract.ProcessReply, error) {
	q.Processor = p.declared.Name
	results, err := extension.Process(ctx, p.calls, p.plugin, &q)
	return contract.ProcessReply{Results: results}, err
}
