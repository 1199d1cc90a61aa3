package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing/fstest"
	"time"

	"go.opentelemetry.io/otel/trace/noop"

	"github.com/callboard/callboard/host/internal/authn"
	"github.com/callboard/callboard/host/internal/capability"
	capcatalog "github.com/callboard/callboard/host/internal/capability/catalog"
	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/catalog/index"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/extension"
	"github.com/callboard/callboard/host/internal/plugin/wasm"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/host/internal/telemetry"
	"github.com/callboard/callboard/host/internal/web"
	"github.com/callboard/callboard/host/internal/web/route"
	"github.com/callboard/callboard/sdk/contract"
)

// Ids of the three plugins of the twin server.
const (
	nativeID  plugin.ID = "native"  // handlers in Go, in the host
	guestID   plugin.ID = "guest"   // testdata/guest, in the sandbox
	catalogID plugin.ID = "catalog" // the core plugin, in the sandbox
)

const pattern = "/entities/by-name/{kind}/{namespace}/{name}"

// twin serves the same routes twice behind one web server: by plugins in the
// sandbox and by the same handlers written in Go. Everything before and after
// the handler is the same code.
type twin struct {
	registry *plugin.Registry
	reader   catalog.Reader
	routes   map[plugin.ID]*route.Table
}

// serveTwin listens on addr until ctx ends. guest and catalogModule are files
// of modules; cache keeps their machine code.
func serveTwin(ctx context.Context, addr, guest, catalogModule, cache string) error {
	reader := index.New(index.Config{})
	defer reader.Close()
	reader.Publish(catalog.Update{Reset: true, Upsert: twinEntities(), Revision: 1})
	t, err := newTwin(ctx, reader, guest, catalogModule, cache)
	if err != nil {
		return err
	}
	server, err := web.New(web.Config{
		BaseURL: "http://" + addr, Title: "Callboard", Development: true,
		UI: fstest.MapFS{"index.html": {Data: []byte("<html></html>")}}, OpenAPI: []byte("{}"),
		Metrics: telemetry.NewMetrics("bench"), Tracer: noop.NewTracerProvider().Tracer("bench"), Log: slog.New(slog.DiscardHandler),
		Authn:   authn.New(authn.Config{Guest: true, Directory: nobody{}, Now: time.Now}),
		Plugins: t, Host: bareHost{}, RequestID: rand.Text, Now: time.Now,
	})
	if err != nil {
		return fmt.Errorf("making the HTTP server: %w", err)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	defer context.AfterFunc(ctx, func() { _ = server.Close(context.Background()) })()
	return server.Serve(l)
}

func newTwin(ctx context.Context, reader catalog.Reader, guest, catalogModule, cache string) (*twin, error) {
	table, err := capability.NewTable(capcatalog.New(capcatalog.Deps{Reader: reader, Locations: noLocations{}, Now: time.Now}))
	if err != nil {
		return nil, fmt.Errorf("making the table of capabilities: %w", err)
	}
	doors := capability.NewGate(capability.Config{Table: table})
	loader, err := wasm.New(wasm.Config{CacheDir: cache, Random: rand.Reader, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, fmt.Errorf("starting the Wasm runtime: %w", err)
	}
	var calls atomic.Uint64
	t := &twin{reader: reader, routes: map[plugin.ID]*route.Table{}, registry: plugin.NewRegistry(plugin.Deps{
		Loader: loader, Gate: gate{doors}, Clock: plugin.SystemClock{}, Log: slog.New(slog.DiscardHandler),
		Stats: plugin.NewStats(plugin.SystemClock{}), CallID: func() uint64 { return calls.Add(1) },
	})}
	hello, byName, byQuery := route.Route{Method: "GET", Pattern: "/hello/{name}"}, route.Route{Method: "GET", Pattern: pattern}, route.Route{Method: "GET", Pattern: "/entities/by-query"}
	for id, routes := range map[plugin.ID][]route.Route{nativeID: {hello, byName, byQuery}, guestID: {hello}, catalogID: {byName, byQuery}} {
		if t.routes[id], err = route.New(routes); err != nil {
			return nil, fmt.Errorf("making routes: %w", err)
		}
	}
	rights, err := table.Resolve([]capability.Request{{Name: "catalog"}}, nil, true)
	if err != nil {
		return nil, fmt.Errorf("granting the catalog: %w", err)
	}
	for id, file := range map[plugin.ID]string{guestID: guest, catalogID: catalogModule} {
		module, err := os.ReadFile(filepath.Clean(file))
		if err != nil {
			return nil, fmt.Errorf("reading the module of %s: %w", id, err)
		}
		sum := sha256.Sum256(module)
		digest := hex.EncodeToString(sum[:])
		doors.SetRights(string(id), digest, rights)
		if err := t.registry.Install(ctx, plugin.Package{ID: id, Version: "0", Digest: digest, Wasm: module, Eager: true}); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// Routes implements web.Plugins.
func (t *twin) Routes(id plugin.ID) *route.Table { return t.routes[id] }

// ServeHTTP implements web.Plugins.
func (t *twin) ServeHTTP(ctx context.Context, r *extension.HTTPRequest) (*extension.HTTPAnswer, error) {
	if r.Plugin != nativeID {
		return extension.HTTP(ctx, t.registry, r)
	}
	switch r.Route {
	case "/hello/{name}":
		return nativeHello(r)
	case pattern:
		return t.nativeEntity(ctx, r)
	}
	return t.nativeQuery(ctx, r)
}

const jsonType = "application/json; charset=utf-8"

func param(r *extension.HTTPRequest, name string) string {
	for _, p := range r.Params {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// greeting is the answer of testdata/guest.
type greeting struct {
	Message string   `json:"message"`
	Name    string   `json:"name"`
	Length  int      `json:"length"`
	Tags    []string `json:"tags"`
}

func nativeHello(r *extension.HTTPRequest) (*extension.HTTPAnswer, error) {
	name := param(r, "name")
	b, err := json.Marshal(greeting{Message: "Hello, " + name + "!", Name: name, Length: len(name), Tags: []string{"bench", "plugin"}})
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "encoding a greeting")
	}
	return &extension.HTTPAnswer{Status: 200, Headers: []contract.Header{{Name: "Content-Type", Value: jsonType}}, Body: [][]byte{b}}, nil
}

func (t *twin) nativeEntity(ctx context.Context, r *extension.HTTPRequest) (*extension.HTTPAnswer, error) {
	ref := param(r, "kind") + ":" + param(r, "namespace") + "/" + param(r, "name")
	doc, err := t.reader.Get(ctx, principal.ViewerOf(r.Authority), catalog.GetQuery{Ref: ref})
	if err != nil {
		return nil, err
	}
	return &extension.HTTPAnswer{
		Status:  200,
		Headers: []contract.Header{{Name: "Content-Type", Value: jsonType}, {Name: "ETag", Value: `"` + doc.ETag + `"`}},
		Body:    doc.Body,
	}, nil
}

// nativeQuery understands as much of by-query as the comparison asks: one
// filter, one order, a limit.
func (t *twin) nativeQuery(ctx context.Context, r *extension.HTTPRequest) (*extension.HTTPAnswer, error) {
	params, err := url.ParseQuery(r.RawQuery)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "reading the query")
	}
	limit, err := strconv.Atoi(params.Get("limit"))
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "reading the limit")
	}
	key, value, _ := strings.Cut(params.Get("filter"), "=")
	field, direction, _ := strings.Cut(params.Get("orderField"), ",")
	p, err := t.reader.Query(ctx, principal.ViewerOf(r.Authority), catalog.Query{
		Filter: catalog.Filter{{{Key: key, Values: []string{value}}}},
		Order:  []catalog.Order{{Field: field, Desc: direction == "desc"}}, Limit: limit,
	})
	if err != nil {
		return nil, err
	}
	cursor, err := json.Marshal(p.NextCursor)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "encoding a cursor")
	}
	end := fmt.Appendf(nil, `,"totalItems":%d,"pageInfo":{"nextCursor":%s}}`, p.TotalItems, cursor)
	body := append(append([][]byte{[]byte(`{"items":`)}, p.Body...), end)
	return &extension.HTTPAnswer{Status: 200, Headers: []contract.Header{{Name: "Content-Type", Value: jsonType}}, Body: body}, nil
}

// gate shows the capability gate to the registry.
type gate struct{ *capability.Gate }

// Open implements plugin.Gate.
func (g gate) Open(info plugin.CallInfo) plugin.Session {
	return session{g.Gate.Open(capability.Opening{
		Plugin: string(info.Plugin), Digest: info.Digest, Installation: "bench/" + string(info.Plugin),
		Authority: info.Authority, CallID: info.CallID,
		HostCalls: info.Limits.HostCalls, LogBytes: info.Limits.LogBytes,
		Handles: info.Limits.Handles, HandleBytes: info.Limits.HandleBytes,
	})}
}

type session struct{ *capability.Session }

// Usage implements plugin.Session.
func (s session) Usage() plugin.Usage { return plugin.Usage(s.Session.Usage()) }

type nobody struct{}

// Profile implements authn.Directory.
func (nobody) Profile(_ context.Context, ref string) authn.Profile { return authn.Profile{Ref: ref} }

type noLocations struct{}

// Locations implements the catalog capability's Locations.
func (noLocations) Locations(context.Context) ([]capcatalog.Location, error) { return nil, nil }

// bareHost has no endpoints of its own to show.
type bareHost struct{}

// ListPlugins implements web.Host.
func (bareHost) ListPlugins(context.Context, bool) any { return []any{} }

func (bareHost) Usage(context.Context, string, time.Duration) (any, error) {
	return nil, nil //nolint:nilnil // never asked for
}

// GetPlugin implements web.Host.
func (bareHost) GetPlugin(_ context.Context, id string) (any, error) {
	return nil, fault.New(fault.NotFound, "no plugin %q", id)
}

// Info implements web.Host.
func (bareHost) Info(context.Context) any { return struct{}{} }

// Ready implements web.Host.
func (bareHost) Ready(context.Context) web.Readiness { return web.Readiness{Status: "ok"} }
