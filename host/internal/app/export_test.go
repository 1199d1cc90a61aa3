package app

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/callboard/callboard/host/internal/blob"
	"github.com/callboard/callboard/host/internal/capability"
	capcatalog "github.com/callboard/callboard/host/internal/capability/catalog"
	"github.com/callboard/callboard/host/internal/catalog/history"
	"github.com/callboard/callboard/host/internal/catalog/index"
	"github.com/callboard/callboard/host/internal/catalog/ingest"
	"github.com/callboard/callboard/host/internal/egress"
	"github.com/callboard/callboard/host/internal/event"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/telemetry"
)

// TestHost is the real table of capabilities on parts that a test brings.
type TestHost struct {
	Index  *index.Index
	Engine *ingest.Engine
	Store  store.Store
	Blobs  *blob.Store
	Config json.RawMessage
	Now    func() time.Time
	Log    *slog.Logger
	Grants []string
	Viewer principal.Authority

	Scopes  map[string]json.RawMessage // declared, and granted in the same words
	Egress  *egress.Egress
	Sources *source.Reader
	Secrets map[string]string
}

type fixedSecrets map[string]string

func (f fixedSecrets) PluginSecret(_, name string) (string, bool) {
	value, ok := f[name]
	return value, ok
}

type fixedConfig json.RawMessage

func (f fixedConfig) PluginConfig(string) json.RawMessage { return json.RawMessage(f) }

type noLocations struct{}

func (noLocations) Locations(context.Context) ([]capcatalog.Location, error) { return nil, nil }

// OpenForTest opens a session of a plugin that declares and is granted Grants.
func OpenForTest(h TestHost) (*capability.Session, error) {
	j := newJobs(h.Store, h.Now, h.Log)
	if err := j.events.Register(context.Background(), event.Registration{Installation: "local/test", Plugin: "test", Publish: []string{"test/*"}, Enabled: true}); err != nil {
		return nil, err
	}
	table, err := capabilities(services{
		events: j.events, schedules: j.schedules, tasks: j.tasks,
		reader: h.Index, graph: h.Index, problems: h.Index, engine: h.Engine, removed: h.Engine, locations: noLocations{},
		history: history.NewReader(history.Deps{Store: h.Store, Catalog: h.Index, Sight: h.Index}), store: h.Store, config: fixedConfig(h.Config), egress: h.Egress, sources: h.Sources, secrets: fixedSecrets(h.Secrets), log: h.Log, now: h.Now,
		blobs: h.Blobs, metrics: telemetry.NewMetrics("test"), audit: &observer{log: h.Log},
	})
	if err != nil {
		return nil, err
	}
	var declared []capability.Request
	granted := capability.Grants{}
	for _, name := range h.Grants {
		declared = append(declared, capability.Request{Name: name, Reason: "a test", Scope: h.Scopes[name]})
		granted[name] = json.RawMessage("true")
		if scope := h.Scopes[name]; scope != nil {
			granted[name] = scope
		}
	}
	rights, err := table.Resolve(declared, granted, false)
	if err != nil {
		return nil, err
	}
	gate := capability.NewGate(capability.Config{Table: table, Log: h.Log})
	gate.SetRights("test", "d", rights)
	return gate.Open(capability.Opening{
		Plugin: "test", Digest: "d", Installation: "local/test", CallID: 1,
		Authority: h.Viewer.Through(principal.Actor{Plugin: "test", Digest: "d"}),
	}), nil
}
