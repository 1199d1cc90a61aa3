package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/extension"
	"github.com/callboard/callboard/host/internal/web/route"
)

// installed is what the host knows of a plugin beside the registry.
type installed struct {
	bundle *bundle
	rights *capability.Rights
	routes *route.Table
	limits plugin.Limits
	err    error // why it may not run
}

// pluginSet installs bundles and serves their routes.
type pluginSet struct {
	registry *plugin.Registry
	loader   plugin.Loader
	gate     *capability.Gate
	table    capability.Table
	tracer   trace.Tracer
	log      *slog.Logger

	mu   sync.RWMutex
	byID map[plugin.ID]*installed
}

// install resolves rights and routes of every bundle and hands it to the
// registry. Eager plugins load side by side. A plugin that fails is listed
// with its error and does not keep the others from running.
func (p *pluginSet) install(ctx context.Context, bundles []*bundle, c *config.Config) {
	var loading sync.WaitGroup
	for _, b := range bundles {
		in := p.prepare(b)
		pkg := plugin.Package{ID: plugin.ID(b.id), Digest: b.digest, Wasm: b.wasm, Core: b.core, Info: in}
		if m := b.manifest; m != nil {
			pkg.Version, pkg.Title = m.Version, m.Title
			in.limits = limits(m.Runtime, b.entry.Limits, c.Limits)
			pkg.Limits = in.limits
			pkg.Eager = m.Runtime.Start == "eager" || b.processes() || in.err != nil
		}
		loading.Go(func() {
			if err := p.registry.Install(ctx, pkg); err != nil {
				p.log.ErrorContext(ctx, "plugin does not run", "plugin", b.id, "error", errors.Join(in.err, err))
			}
		})
	}
	loading.Wait()
}

// compileAhead puts the machine code of lazy plugins into the cache, so that
// the first request to one of them does not wait for the compiler.
func (p *pluginSet) compileAhead(ctx context.Context) {
	for _, s := range p.registry.List() {
		in, ok := s.Info.(*installed)
		if !ok || in.err != nil || s.State != plugin.Verified {
			continue
		}
		spec := plugin.Spec{ID: s.ID, Version: s.Version, Digest: s.Digest, Wasm: in.bundle.wasm, Limits: in.limits.WithDefaults()}
		module, err := p.loader.Load(ctx, spec)
		if err == nil {
			err = module.Close(ctx)
		}
		if err != nil {
			p.log.WarnContext(ctx, "plugin was not compiled ahead", "plugin", string(s.ID), "error", err)
		}
	}
}

func (p *pluginSet) prepare(b *bundle) *installed {
	in := &installed{bundle: b, err: b.err}
	defer func() {
		p.mu.Lock()
		p.byID[plugin.ID(b.id)] = in
		p.mu.Unlock()
	}()
	if in.err != nil {
		return in
	}
	requests, err := b.requests()
	if err != nil {
		in.err = err
		return in
	}
	if in.rights, err = p.table.Resolve(requests, b.grants(), b.core); err != nil {
		in.err = fmt.Errorf("plugin %s: %w", b.id, err)
		return in
	}
	var routes []route.Route
	for _, r := range b.manifest.Routes {
		routes = append(routes, route.Route{Method: r.Method, Pattern: r.Path})
	}
	if in.routes, err = route.New(routes); err != nil {
		in.err = fault.New(fault.Invalid, "%s: %w", b.manifest.File(), err)
		return in
	}
	p.gate.SetRights(b.id, b.digest, in.rights)
	return in
}

// grant is plugin.Deps.Grant: what could not be prepared may not run.
func (p *pluginSet) grant(_ context.Context, pkg plugin.Package) error {
	if in := p.get(pkg.ID); in != nil {
		return in.err
	}
	return fault.New(fault.Denied, "plugin %s was not installed by the host", pkg.ID)
}

func (p *pluginSet) get(id plugin.ID) *installed {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.byID[id]
}

// Routes implements web.Plugins.
func (p *pluginSet) Routes(id plugin.ID) *route.Table {
	in := p.get(id)
	if in == nil {
		return nil
	}
	if in.routes == nil {
		return &route.Table{}
	}
	return in.routes
}

// ServeHTTP implements web.Plugins, within a span of its own: the guest sees
// that span's id, so that what it asks for stands below it.
func (p *pluginSet) ServeHTTP(ctx context.Context, r *extension.HTTPRequest) (*extension.HTTPAnswer, error) {
	ctx, span := p.tracer.Start(ctx, "plugin "+string(r.Plugin))
	defer span.End()
	if span.IsRecording() {
		r.TraceID, r.SpanID = span.SpanContext().TraceID(), span.SpanContext().SpanID()
		span.SetAttributes(attribute.String("callboard.plugin", string(r.Plugin)), attribute.String("http.route", r.Route))
	}
	answer, err := extension.HTTP(ctx, p.registry, r)
	if err != nil {
		span.SetStatus(codes.Error, fault.KindOf(err).String())
	}
	return answer, err
}
