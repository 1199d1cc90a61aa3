package app

import (
	"context"
	"strings"
	"time"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/catalog/ingest"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/install"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/web"
	"github.com/callboard/callboard/sdk/manifest"
)

// Version says what runs.
type Version struct {
	Version string
	Commit  string
}

// Figures are the catalog's figures.
type Figures struct {
	Entities  int
	Revision  uint64
	Locations int
	Errors    int
	// RefreshedAt is when the last pass of ingestion ended; zero before the first.
	RefreshedAt time.Time
	Took        time.Duration // of that pass
}

// hostAPI is web.Host: the host's own endpoints.
type hostAPI struct {
	version Version
	started time.Time
	plugins *pluginSet
	// installer knows what was asked for, plugins what runs of it.
	installer *install.Installer
	uses      *capability.Uses
	store     store.Store
	catalog   interface {
		Figures() Figures
		Replica() *ingest.Replica
	}
}

// pluginView is one plugin as GET /api/plugins shows it (openapi.json, Plugin).
type pluginView struct {
	plugin.Status
	install.Standing
	Digest       string           `json:"digest"`
	Description  string           `json:"description,omitempty"`
	Owner        string           `json:"owner,omitempty"`
	Error        *pluginError     `json:"error,omitempty"`
	Stderr       *struct{}        `json:"stderr,omitempty"` // shown in Error
	Stack        *struct{}        `json:"stack,omitempty"`
	Capabilities []capabilityView `json:"capabilities"`
	Routes       []routeView      `json:"routes"`
	Processors   []processorView  `json:"processors"`
	UI           *manifest.UI     `json:"ui,omitempty"`
}

type pluginError struct {
	Message string   `json:"message"`
	Stderr  []string `json:"stderr,omitempty"`
	Stack   string   `json:"stack,omitempty"`
}

type capabilityView struct {
	Name    string `json:"name"`
	Scope   string `json:"scope,omitempty"`
	Reason  string `json:"reason,omitempty"`
	Granted bool   `json:"granted"`
}

type routeView struct {
	Method string `json:"method"`
	Path   string `json:"path"`
}

type processorView struct {
	Name  string   `json:"name"`
	Kinds []string `json:"kinds"`
}

// ListPlugins implements web.Host.
func (h *hostAPI) ListPlugins(ctx context.Context, removed bool) any {
	out := []pluginView{}
	for _, s := range h.plugins.registry.List() {
		out = append(out, h.view(ctx, s))
	}
	if removed {
		for _, id := range h.installer.Removed(ctx) {
			out = append(out, h.gone(ctx, id))
		}
	}
	return out
}

// detailView is one plugin with everything that an operator can change.
type detailView struct {
	pluginView
	Capabilities []install.CapabilityDetail `json:"capabilities"`
	Limits       []install.Limit            `json:"limits"`
	Config       install.ConfigDetail       `json:"config"`
	Releases     []install.VersionDetail    `json:"releases"`
	Data         install.DataDetail         `json:"data"`
}

// GetPlugin implements web.Host.
func (h *hostAPI) GetPlugin(ctx context.Context, id string) (any, error) {
	d, err := h.installer.Detail(ctx, id)
	if err != nil {
		return nil, err
	}
	v := detailView{Capabilities: d.Capabilities, Limits: d.Limits, Config: d.Config, Releases: d.Versions, Data: d.Data}
	if s, err := h.plugins.registry.Get(plugin.ID(id)); err == nil {
		v.pluginView = h.view(ctx, s)
	} else {
		v.pluginView = h.gone(ctx, id)
	}
	v.Standing = d.Standing
	return v, h.used(ctx, id, v.Capabilities)
}

// used adds what was used of each capability.
func (h *hostAPI) used(ctx context.Context, id string, capabilities []install.CapabilityDetail) error {
	uses, _, err := h.uses.Of(ctx, id)
	if err != nil {
		return err //nolint:wrapcheck // says what and why
	}
	for n := range capabilities {
		c := &capabilities[n]
		for _, u := range uses {
			if u.Capability != c.Name {
				continue
			}
			c.Uses, c.Denied = c.Uses+u.Uses, c.Denied+u.Denied
			if u.LastUsed.After(c.LastUsedAt) {
				c.LastUsedAt = u.LastUsed
			}
		}
	}
	return nil
}

// Usage implements web.Host.
func (h *hostAPI) Usage(_ context.Context, id string, window time.Duration) (any, error) {
	report, err := h.plugins.registry.Usage(plugin.ID(id), window)
	if err != nil {
		return nil, err //nolint:wrapcheck // a fault of the registry
	}
	return report, nil
}

// gone is a plugin of which nothing runs.
func (h *hostAPI) gone(ctx context.Context, id string) pluginView {
	v := pluginView{
		Status:       plugin.Status{ID: plugin.ID(id), State: plugin.Stopped, Versions: []plugin.VersionStatus{}},
		Capabilities: []capabilityView{}, Routes: []routeView{}, Processors: []processorView{},
	}
	v.Standing, _ = h.installer.Standing(ctx, id)
	return v
}

func (h *hostAPI) view(ctx context.Context, s plugin.Status) pluginView {
	v := pluginView{Status: s, Capabilities: []capabilityView{}, Routes: []routeView{}, Processors: []processorView{}}
	v.Standing, _ = h.installer.Standing(ctx, string(s.ID))
	if s.Digest != "" {
		v.Digest = "sha256:" + s.Digest
	}
	if s.Error != "" || s.Stderr != "" {
		v.Error = &pluginError{Message: s.Error, Stack: s.Stack}
		if text := strings.TrimRight(s.Stderr, "\n"); text != "" {
			v.Error.Stderr = strings.Split(text, "\n")
		}
		if v.Error.Message == "" {
			v.Error.Message = "the latest crash left this on stderr"
		}
	}
	in := h.plugins.get(s.ID)
	if in == nil {
		return v
	}
	if in.err != nil {
		v.Error = &pluginError{Message: fault.Message(in.err)}
		if fault.Is(in.err, fault.Internal) {
			v.Error.Message = in.err.Error()
		}
	}
	if in.rights != nil {
		v.Capabilities = capabilityViews(in.rights.List())
	}
	if m := in.bundle.Manifest; m != nil {
		v.Description, v.Owner, v.UI = m.Description, m.Owner, &m.UI
		for _, r := range m.Routes {
			v.Routes = append(v.Routes, routeView{r.Method, r.Path})
		}
		for _, p := range m.Extensions.Processors {
			v.Processors = append(v.Processors, processorView{p.Name, p.Kinds})
		}
	}
	return v
}

func capabilityViews(rights []capability.Right) []capabilityView {
	out := make([]capabilityView, 0, len(rights))
	for _, r := range rights {
		v := capabilityView{Name: r.Name, Reason: r.Reason, Granted: r.Granted}
		if r.Effective != "granted" {
			v.Scope = r.Effective
		}
		out = append(out, v)
	}
	return out
}

// info is the answer of GET /api/app/info.
type info struct {
	Version   string      `json:"version"`
	Commit    string      `json:"commit"`
	StartedAt time.Time   `json:"startedAt"`
	Database  string      `json:"database"`
	Catalog   catalogInfo `json:"catalog"`
	// Absent where the process has the database to itself.
	Replica *replicaInfo `json:"replica,omitempty"`
}

type replicaInfo struct {
	Name      string `json:"name"`
	Leader    string `json:"leader,omitempty"`
	Leads     bool   `json:"leads"`
	Connected bool   `json:"connected"`
	// How many revisions of the catalog this process has yet to take over;
	// absent when the database does not say.
	Behind *uint64 `json:"behind,omitempty"`
}

type catalogInfo struct {
	Entities  int    `json:"entities"`
	Revision  uint64 `json:"revision"`
	Locations int    `json:"locations"`
	Errors    int    `json:"errors"`
	// Of the last pass of ingestion, absent before the first.
	RefreshedAt *time.Time `json:"refreshedAt,omitempty"`
	TookMillis  *int64     `json:"tookMillis,omitempty"`
}

func catalogInfoOf(f Figures) catalogInfo {
	c := catalogInfo{Entities: f.Entities, Revision: f.Revision, Locations: f.Locations, Errors: f.Errors}
	if !f.RefreshedAt.IsZero() {
		took := f.Took.Milliseconds()
		c.RefreshedAt, c.TookMillis = &f.RefreshedAt, &took
	}
	return c
}

// Info implements web.Host.
func (h *hostAPI) Info(ctx context.Context) any {
	// Before the figures: what is written in between makes nobody look behind.
	replica := h.replica(ctx)
	f := h.catalog.Figures()
	if replica != nil && replica.Behind != nil {
		*replica.Behind -= min(*replica.Behind, f.Revision)
	}
	return info{
		Version: h.version.Version, Commit: h.version.Commit, StartedAt: h.started, Database: h.store.Backend(),
		Catalog: catalogInfoOf(f), Replica: replica,
	}
}

// replica returns the standing of this process, with the newest revision of
// the database as what it is behind by.
func (h *hostAPI) replica(ctx context.Context) *replicaInfo {
	r := h.catalog.Replica()
	if r == nil {
		return nil
	}
	out := &replicaInfo{Name: r.Name, Leader: r.Leader, Leads: r.Leads, Connected: r.Connected}
	ctx, cancel := context.WithTimeout(ctx, databaseCheck)
	defer cancel()
	if newest, err := h.store.CatalogRevision(ctx); err == nil {
		out.Behind = &newest
	}
	return out
}

// databaseCheck bounds how long readiness waits for the database.
const databaseCheck = 2 * time.Second

// Ready implements web.Host. Reads come from memory, so that a database that
// does not answer degrades the portal and does not end it; a plugin that
// failed does neither, but is shown.
func (h *hostAPI) Ready(ctx context.Context) web.Readiness {
	r := web.Readiness{Status: "ok"}
	add := func(name, status, message string) {
		r.Checks = append(r.Checks, web.Check{Name: name, Status: status, Message: message})
		if status != "ok" && r.Status != "error" {
			r.Status = status
		}
	}
	ctx, cancel := context.WithTimeout(ctx, databaseCheck)
	defer cancel()
	if err := h.store.Ping(ctx); err != nil {
		add("database", "degraded", "the database does not answer: pages are served from memory, changes wait")
	} else {
		add("database", "ok", "")
	}
	switch replica := h.catalog.Replica(); {
	case replica == nil:
	case replica.Connected:
		add("replicas", "ok", "")
	default:
		add("replicas", "degraded", "out of touch with the other replicas: what they change shows later")
	}
	for _, s := range h.plugins.registry.List() {
		switch {
		case s.State == plugin.Failed && s.Core:
			add("plugin "+string(s.ID), "degraded", "the core plugin has failed; see the plugins page")
		case s.State == plugin.Failed:
			add("plugin "+string(s.ID), "degraded", "the plugin has failed; everything else works")
		default:
			add("plugin "+string(s.ID), "ok", "")
		}
	}
	return r
}
