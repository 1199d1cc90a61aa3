package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/install"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/manifest"
)

// installerDeps is what installing stands on.
type installerDeps struct {
	config  *config.Config
	fixed   []*bundle
	store   store.Store
	plugins *pluginSet
	table   capability.Table
	catalog *catalogEngine
	log     *slog.Logger
	now     func() time.Time
}

func newInstaller(ctx context.Context, d installerDeps) (*install.Installer, error) {
	return install.New(ctx, install.Deps{
		Store: d.store, Registry: d.plugins.registry, Preparer: d.plugins, Table: d.table,
		Describe: func(ctx context.Context, wasm []byte) (contract.Description, error) {
			return describe(ctx, d.plugins.loader, wasm)
		},
		Fits: fits,
		Limits: func(id string, asked manifest.Runtime, said config.Limits) []install.Limit {
			return explain(d.config, id, asked, said)
		},
		Changed: d.catalog.follow,
		Purge:   func(context.Context, string) error { return nil },
		Fixed:   d.fixed, Config: d.config, Now: d.now, NewID: uuid.NewString, Replica: uuid.NewString(), Log: d.log,
		Audit: func(ctx context.Context, e store.PluginEvent) {
			d.log.InfoContext(ctx, "plugin "+e.Action, "plugin", e.Plugin, "version", e.Version, "digest", e.Digest,
				"subject", e.Subject, "outcome", e.Outcome, "message", e.Message)
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

// limitRow is one limit as the three that have a say in it spell it.
type limitRow struct {
	name, unit string
	key        string // in plugins.entries.<id>.limits
	asked      func(manifest.Runtime) int64
	said       func(config.Limits) int64
	effective  func(plugin.Limits) int64
}

func limitRows() []limitRow {
	deadlineRow := func(name string, op abi.Op) limitRow {
		return limitRow{
			name, "ms", "deadline", func(r manifest.Runtime) int64 { return time.Duration(r.Deadlines[op.String()]).Milliseconds() },
			func(l config.Limits) int64 { return deadline(l.Deadline, op).Milliseconds() },
			func(l plugin.Limits) int64 { return l.For(op).Milliseconds() },
		}
	}
	return []limitRow{
		{"memory", "bytes", "memory", func(r manifest.Runtime) int64 { return int64(r.Memory) }, func(l config.Limits) int64 { return int64(l.Memory) }, func(l plugin.Limits) int64 { return int64(l.MemoryBytes) }}, //nolint:gosec // sizes fit
		{"instances", "count", "instances", func(r manifest.Runtime) int64 { return int64(r.Instances) }, func(l config.Limits) int64 { return int64(l.Instances) }, func(l plugin.Limits) int64 { return int64(l.Instances) }},
		deadlineRow("deadline.request", abi.OpHTTPHandle),
		deadlineRow("deadline.process", abi.OpEntityProcess),
		deadlineRow("deadline.schedule", abi.OpScheduleRun),
		{"fuel", "steps", "fuel", func(r manifest.Runtime) int64 { return int64(r.Fuel) }, func(l config.Limits) int64 { return l.Fuel }, func(l plugin.Limits) int64 { return int64(l.Fuel) }}, //nolint:gosec // below what a deadline allows
		{"cpuPercent", "percent", "cpuPercent", func(manifest.Runtime) int64 { return 0 }, func(l config.Limits) int64 { return int64(l.CPUPercent) }, func(l plugin.Limits) int64 { return int64(l.CPU*100 + 0.5) }},
		{"hostCalls", "count", "hostCalls", func(r manifest.Runtime) int64 { return int64(r.HostCalls) }, func(l config.Limits) int64 { return int64(l.HostCalls) }, func(l plugin.Limits) int64 { return int64(l.HostCalls) }},
		{"handles", "count", "handles", func(r manifest.Runtime) int64 { return int64(r.Handles) }, func(l config.Limits) int64 { return int64(l.Handles) }, func(l plugin.Limits) int64 { return int64(l.Handles) }},
		{"handleBytes", "bytes", "handleBytes", func(r manifest.Runtime) int64 { return int64(r.HandleBytes) }, func(l config.Limits) int64 { return int64(l.HandleBytes) }, func(l plugin.Limits) int64 { return l.HandleBytes }},
		{"logBytes", "bytes", "logBytes", func(r manifest.Runtime) int64 { return int64(r.LogBytes) }, func(l config.Limits) int64 { return int64(l.LogBytes) }, func(l plugin.Limits) int64 { return int64(l.LogBytes) }},
		{"responseBytes", "bytes", "responseBytes", func(r manifest.Runtime) int64 { return int64(r.ResponseBytes) }, func(l config.Limits) int64 { return int64(l.ResponseBytes) }, func(l plugin.Limits) int64 { return l.ResponseBytes }},
		{"egressRequests", "count", "egressRequests", func(r manifest.Runtime) int64 { return int64(r.EgressRequests) }, func(l config.Limits) int64 { return int64(l.EgressRequests) }, func(l plugin.Limits) int64 { return int64(l.EgressRequests) }},
		{"egressBytes", "bytes", "egressBytes", func(r manifest.Runtime) int64 { return int64(r.EgressBytes) }, func(l config.Limits) int64 { return int64(l.EgressBytes) }, func(l plugin.Limits) int64 { return l.EgressBytes }},
	}
}

// explain shows every limit of a plugin: asked, said, capped, and what comes of it.
func explain(c *config.Config, id string, asked manifest.Runtime, said config.Limits) []install.Limit {
	effective := limits(asked, said, c.Limits).WithDefaults()
	out := []install.Limit{}
	for _, row := range limitRows() {
		l := install.Limit{
			Name: row.name, Unit: row.unit, Asked: row.asked(asked), Said: row.said(said), Cap: row.said(c.Limits),
			Effective: row.effective(effective), Editable: true,
		}
		if !c.Lookup("plugins", "entries", id, "limits", row.key).IsZero() {
			l.Editable, l.FixedBy = false, c.Origin("plugins.entries."+id+".limits."+row.key).String()
		}
		out = append(out, l)
	}
	return out
}
