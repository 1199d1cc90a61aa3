package app

import (
	"log/slog"
	"time"

	"github.com/callboard/callboard/host/internal/blob"
	"github.com/callboard/callboard/host/internal/capability"
	capaudit "github.com/callboard/callboard/host/internal/capability/audit"
	capblob "github.com/callboard/callboard/host/internal/capability/blob"
	capcatalog "github.com/callboard/callboard/host/internal/capability/catalog"
	"github.com/callboard/callboard/host/internal/capability/clock"
	capconfig "github.com/callboard/callboard/host/internal/capability/config"
	capevent "github.com/callboard/callboard/host/internal/capability/event"
	caphttp "github.com/callboard/callboard/host/internal/capability/http"
	"github.com/callboard/callboard/host/internal/capability/identity"
	"github.com/callboard/callboard/host/internal/capability/kv"
	caplog "github.com/callboard/callboard/host/internal/capability/log"
	capmetric "github.com/callboard/callboard/host/internal/capability/metric"
	capplugin "github.com/callboard/callboard/host/internal/capability/plugin"
	caprender "github.com/callboard/callboard/host/internal/capability/render"
	capschedule "github.com/callboard/callboard/host/internal/capability/schedule"
	"github.com/callboard/callboard/host/internal/capability/secret"
	capsource "github.com/callboard/callboard/host/internal/capability/source"
	captask "github.com/callboard/callboard/host/internal/capability/task"
	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/egress"
	"github.com/callboard/callboard/host/internal/render"
	"github.com/callboard/callboard/host/internal/store"
)

// services is what the capabilities stand on.
type services struct {
	reader    catalog.Reader
	graph     catalog.Graph
	problems  catalog.Problems
	locations capcatalog.Locations
	engine    capcatalog.Engine
	history   capcatalog.History
	removed   capcatalog.Registrations
	permits   capcatalog.Permits
	store     store.Store
	config    capconfig.Source
	peers     capplugin.Peers
	events    capevent.Publisher
	schedules capschedule.Schedules
	tasks     captask.Tasks
	egress    *egress.Egress
	sources   capsource.Reader
	secrets   secret.Source
	blobs     *blob.Store
	metrics   capmetric.Metrics
	audit     capaudit.Sink
	log       *slog.Logger
	now       func() time.Time
}

// capabilities is the table: every power that a plugin can ask for.
func capabilities(s services) (capability.Table, error) {
	return capability.NewTable(
		capcatalog.New(capcatalog.Deps{Reader: s.reader, Graph: s.graph, Problems: s.problems, Locations: s.locations, Engine: s.engine, Past: s.history, Removed: s.removed, Permits: s.permits, Now: s.now}),
		kv.New(s.store, s.now),
		capconfig.New(s.config),
		caplog.New(s.log),
		caprender.New(caprender.Deps{Renderer: render.New(), YAML: yamlToJSON}),
		clock.New(s.now),
		identity.New(),
		capplugin.New(s.peers),
		capevent.New(s.events),
		capschedule.New(s.schedules, s.now),
		captask.New(s.tasks),
		caphttp.New(caphttp.Deps{Egress: s.egress, Secrets: secret.NewVault(s.secrets)}),
		secret.New(s.secrets),
		capsource.New(s.sources),
		capblob.New(s.blobs),
		capaudit.New(s.audit, s.now),
		capmetric.New(s.metrics),
	)
}
