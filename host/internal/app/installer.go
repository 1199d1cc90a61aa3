package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin/install"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/sdk/contract"
)

// installerDeps is what installing stands on.
type installerDeps struct {
	config  *config.Config
	fixed   []*bundle
	store   store.Store
	plugins *pluginSet
	table   capability.Table
	catalog *catalogEngine
	uses    *capability.Uses
	jobs    *jobs
	log     *slog.Logger
	now     func() time.Time
}

func newInstaller(ctx context.Context, d installerDeps) (*install.Installer, error) {
	return install.New(ctx, install.Deps{
		Store: d.store, Registry: d.plugins.registry, Preparer: d.plugins, Table: d.table,
		Describe: func(ctx context.Context, wasm []byte) (contract.Description, error) {
			return describe(ctx, d.plugins.loader, wasm)
		},
		Fits:   fits,
		Limits: explain,
		Changed: func(ctx context.Context, current []*bundle) {
			d.catalog.follow(ctx, current)
			d.jobs.follow(ctx, current)
		},
		Fixed: d.fixed, Config: d.config, Now: d.now, NewID: uuid.NewString, Replica: uuid.NewString(), Log: d.log,
		Audit: func(ctx context.Context, e store.PluginEvent) {
			d.log.InfoContext(ctx, "plugin "+e.Action, "plugin", e.Plugin, "version", e.Version, "digest", e.Digest,
				"subject", e.Subject, "outcome", e.Outcome, "message", e.Message)
			if (e.Action == "remove" || e.Action == "purge") && e.Outcome == "done" {
				// Nobody keeps them up to date any more; a reinstallation brings them again.
				d.catalog.drop(ctx, e.Installation)
				if err := d.uses.Forget(context.WithoutCancel(ctx), e.Plugin); err != nil {
					d.log.WarnContext(ctx, "what a removed plugin used is kept", "plugin", e.Plugin, "error", err)
				}
			}
		},
	})
}

// fits says what keeps a plugin from running in this host beside the others:
// routes that contradict each other, a model that does not fit the rest.
func fits(b *bundle, others []*bundle) []install.Problem {
	var out []install.Problem
	add := func(err error) {
		out = append(out, install.Problem{Severity: install.SeverityError, Message: fault.Message(err)})
	}
	if _, err := routesOf(b); err != nil {
		add(err)
	}
	_, problems, err := compileModel(append(others[:len(others):len(others)], b))
	if err != nil {
		add(err)
	}
	for id, err := range problems {
		if id == b.ID {
			add(err)
			continue
		}
		out = append(out, install.Problem{Severity: install.SeverityError, Message: "it takes the place of another plugin's model: " + fault.Message(err)})
	}
	return out
}
