package app

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/extension"
	"github.com/callboard/callboard/host/internal/plugin/install"
	"github.com/callboard/callboard/host/internal/plugin/record"
	"github.com/callboard/callboard/host/internal/telemetry"
	"github.com/callboard/callboard/host/internal/web/route"
)

// installed is what the host knows of one version of a plugin beside the
// registry. It is not changed once it is made.
type installed struct {
	bundle       *bundle
	installation string // owns the plugin's data
	rights       *capability.Rights
	routes       *route.Table
	limits       plugin.Limits
	err          error // why it may not run
}

// versionKey names one version's code.
type versionKey struct {
	id     plugin.ID
	digest string
}

// pluginSet makes versions of plugins ready to run, and serves their routes.
type pluginSet struct {
	registry  *plugin.Registry
	loader    plugin.Loader
	gate      *capability.Gate
	table     capability.Table
	caps      config.Limits // the section limits
	tracer    trace.Tracer
	log       *slog.Logger
	metrics   *telemetry.Metrics // what plugins measure
	recorder  *record.Recorder   // nil = calls are not recorded
	installer *install.Installer // knows the state of each plugin's data

	mu       sync.RWMutex
	versions map[versionKey]*installed
	serving  map[plugin.ID]*installed
	fenced   map[plugin.ID]bool // its data is being migrated
}

// compileAhead puts the machine code of lazy plugins into the cache, so that
// the first request to one of them does not wait for the compiler.
func (p *pluginSet) compileAhead(ctx context.Context) {
	for _, s := range p.registry.List() {
		in, ok := s.Info.(*installed)
		if !ok || in.err != nil || s.State != plugin.Verified {
			continue
		}
		spec := plugin.Spec{ID: s.ID, Version: s.Version, Digest: s.Digest, Wasm: in.bundle.Wasm, Limits: in.limits.WithDefaults()}
		module, err := p.loader.Load(ctx, spec)
		if err == nil {
			err = module.Close(ctx)
		}
		if err != nil {
			p.log.WarnContext(ctx, "plugin was not compiled ahead", "plugin", string(s.ID), "error", err)
		}
	}
}

// Prepare implements install.Preparer.
func (p *pluginSet) Prepare(v install.Version) plugin.Package {
	b := v.Bundle
	in := p.ready(v)
	key := versionKey{plugin.ID(b.ID), b.Digest}
	p.mu.Lock()
	p.versions[key] = in
	if now := p.serving[key.id]; now != nil && now.bundle.Digest == key.digest {
		p.serving[key.id] = in
	}
	p.mu.Unlock()
	switch {
	case in.err == nil:
		p.gate.SetRights(b.ID, b.Digest, in.rights)
	case b.Err == nil && in.rights == nil:
		// What is granted cannot be read. It may be less than before, so that
		// what runs does not go on with that.
		p.gate.SetRights(b.ID, b.Digest, nil)
	}
	pkg := plugin.Package{ID: key.id, Digest: b.Digest, Wasm: b.Wasm, Core: b.Core(), Info: in}
	if m := b.Manifest; m != nil {
		pkg.Version, pkg.Title, pkg.Limits = m.Version, m.Title, in.limits
		pkg.Irreversible = v.Irreversible
		pkg.Eager = v.Eager || m.Runtime.Start == "eager" || b.Processes() || in.err != nil
	}
	return pkg
}

// ready resolves rights, routes and limits.
func (p *pluginSet) ready(v install.Version) *installed {
	b := v.Bundle
	in := &installed{bundle: b, installation: v.Installation, err: b.Err}
	if b.Manifest != nil {
		in.limits = limits(b.Manifest.Runtime, v.Limits, p.caps)
	}
	if in.err != nil {
		return in
	}
	requests, err := b.Requests()
	if err != nil {
		in.err = err
		return in
	}
	if in.rights, err = p.table.Resolve(requests, v.Grants, b.Core()); err != nil {
		in.err = fmt.Errorf("plugin %s: %w", b.ID, err)
		return in
	}
	if in.routes, err = routesOf(b); err != nil {
		in.err = err
	}
	return in
}

// routesOf compiles the routes of a manifest. Fault: Invalid.
func routesOf(b *bundle) (*route.Table, error) {
	changes := map[string]bool{} // permissions to do more than read
	for _, p := range b.Manifest.Permissions {
		changes[p.Name] = p.Action == "create" || p.Action == "update" || p.Action == "delete"
	}
	var routes []route.Route
	for _, r := range b.Manifest.Routes {
		next := route.Route{Method: r.Method, Pattern: r.Path}
		if changes[r.Permission] {
			next.Permission = r.Permission
		}
		routes = append(routes, next)
	}
	table, err := route.New(routes)
	if err != nil {
		return nil, fault.New(fault.Invalid, "%s: %w", b.Manifest.File(), err)
	}
	return table, nil
}

// Serve implements install.Preparer.
func (p *pluginSet) Serve(id plugin.ID, digest string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if in := p.versions[versionKey{id, digest}]; in != nil {
		p.serving[id] = in
	}
}

// Forget implements install.Preparer.
func (p *pluginSet) Forget(id plugin.ID, digest string) {
	p.forget(id, digest)
	if digest != "" {
		return
	}
	p.metrics.ForgetGuest(string(id))
	if p.recorder != nil {
		p.recorder.Forget(id)
	}
}

func (p *pluginSet) forget(id plugin.ID, digest string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key := range p.versions {
		if key.id == id && (digest == "" || key.digest == digest) {
			delete(p.versions, key)
			p.gate.SetRights(string(id), key.digest, nil)
		}
	}
	if in := p.serving[id]; in != nil && (digest == "" || in.bundle.Digest == digest) {
		delete(p.serving, id)
	}
}

// Fence implements install.Preparer.
func (p *pluginSet) Fence(id plugin.ID, on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if on {
		p.fenced[id] = true
		return
	}
	delete(p.fenced, id)
}

// away reports whether calls of a plugin are kept from its data for now.
func (p *pluginSet) away(id plugin.ID) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.fenced[id]
}

// grant is plugin.Deps.Grant: what could not be prepared may not run.
func (p *pluginSet) grant(_ context.Context, pkg plugin.Package) error {
	if in, ok := pkg.Info.(*installed); ok {
		return in.err
	}
	return fault.New(fault.Denied, "plugin %s was not installed by the host", pkg.ID)
}

// migrate is plugin.Deps.Migrate.
func (p *pluginSet) migrate(ctx context.Context, pkg plugin.Package, run func(context.Context, plugin.Call) (*plugin.Reply, error)) error {
	in, ok := pkg.Info.(*installed)
	if !ok {
		return nil
	}
	return p.installer.Migrate(ctx, in.bundle, run)
}

// get returns what is known of the version that serves, nil if there is none.
func (p *pluginSet) get(id plugin.ID) *installed {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.serving[id]
}

// installation is the owner of the values of one version's code.
func (p *pluginSet) installation(id plugin.ID, digest string) string {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if in := p.versions[versionKey{id, digest}]; in != nil {
		return in.installation
	}
	return install.LocalPublisher + "/" + string(id)
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
	if p.away(r.Plugin) {
		busy := &plugin.Busy{Reason: "its data is being migrated", Wait: time.Second}
		return nil, fault.Wrap(fault.Unavailable, busy, "plugin "+string(r.Plugin)+" is being upgraded; its data changes its form")
	}
	answer, err := extension.HTTP(ctx, p.registry, r)
	if err != nil {
		span.SetStatus(codes.Error, fault.KindOf(err).String())
	}
	return answer, err
}
