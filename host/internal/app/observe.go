package app

import (
	"context"
	"log/slog"

	"github.com/callboard/callboard/host/internal/capability"
	capaudit "github.com/callboard/callboard/host/internal/capability/audit"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/install"
	"github.com/callboard/callboard/host/internal/telemetry"
)

// observer feeds what plugins do to metrics and log.
type observer struct {
	metrics *telemetry.Metrics
	log     *slog.Logger
	// installer writes down what the registry does by itself; nil until it is made.
	installer *install.Installer
}

// Called implements plugin.Observer.
func (o *observer) Called(e plugin.CallEvent) {
	outcome := "ok"
	if e.Failed {
		outcome = e.Kind.String()
	}
	o.metrics.PluginCall(string(e.Plugin), e.Op.String(), outcome, e.Duration)
	o.metrics.PluginWork(string(e.Plugin), e.Guest, e.Fuel)
}

// Pooled implements plugin.Observer; gauges are read from the registry instead.
func (*observer) Pooled(plugin.PoolEvent) {}

// Compiled implements plugin.Observer.
func (o *observer) Compiled(e plugin.CompileEvent) {
	o.log.Debug("plugin compiled", "plugin", string(e.Plugin), "duration", e.Duration, "failed", e.Failed)
}

// Changed implements plugin.Observer.
func (o *observer) Changed(id plugin.ID, state plugin.State) {
	level := slog.LevelDebug
	switch state {
	case plugin.Running, plugin.Stopped:
		level = slog.LevelInfo
	case plugin.Failed:
		level = slog.LevelError
	}
	o.log.Log(context.Background(), level, "plugin is "+string(state), "plugin", string(id))
}

// Swapped implements plugin.VersionObserver: the installer asked for it.
func (o *observer) Swapped(e plugin.SwapEvent) {
	o.metrics.PluginVersion(string(e.Plugin), "swapped")
}

// RolledBack implements plugin.VersionObserver.
func (o *observer) RolledBack(e plugin.RollbackEvent) {
	o.metrics.PluginVersion(string(e.Plugin), "rolled_back")
	if e.From.Digest != e.To.Digest { // the same code again, after a migration at its start
		o.installer.Withdrawn(string(e.Plugin), e.From.Digest, e.Reason)
	}
}

// Withdrawn implements plugin.VersionObserver. Without a reason it was asked for.
func (o *observer) Withdrawn(e plugin.WithdrawEvent) {
	o.metrics.PluginVersion(string(e.Plugin), "withdrawn")
	if e.Reason != "" {
		o.installer.Withdrawn(string(e.Plugin), e.Canary.Digest, e.Reason)
	}
}

// CapabilityCall implements capability.Audit: the first denial of a call and
// capability is logged, everything is counted.
func (o *observer) CapabilityCall(e capability.Event) {
	outcome := "ok"
	if e.Err != nil {
		outcome = fault.KindOf(e.Err).String()
	}
	o.metrics.CapabilityCall(e.Plugin, e.Capability.String(), outcome)
	if fault.Is(e.Err, fault.Denied) && !e.Repeated {
		o.log.Warn("capability denied", "plugin", e.Plugin, "capability", e.Capability.String(), "operation", e.Operation,
			"subject", e.Authority.Subject.Ref, "mode", e.Authority.Mode.String(), "call", e.CallID, "reason", fault.Message(e.Err))
	}
	for _, x := range e.Exchanges {
		o.log.Debug("plugin asked another server", "plugin", e.Plugin, "method", x.Method, "host", x.Host, "status", x.Status,
			"subject", e.Authority.Subject.Ref, "mode", e.Authority.Mode.String(), "call", e.CallID)
	}
	for _, s := range e.Secrets {
		level, message := slog.LevelDebug, "secret sent"
		if s.Revealed {
			level, message = slog.LevelInfo, "secret revealed to a plugin"
		}
		o.log.Log(context.Background(), level, message, "plugin", e.Plugin, "secret", s.Name, "host", s.Host,
			"subject", e.Authority.Subject.Ref, "mode", e.Authority.Mode.String(), "call", e.CallID)
	}
}

// gauges registers what is read when metrics are scraped.
func gauges(m *telemetry.Metrics, registry *plugin.Registry, catalogue interface{ Figures() Figures }) {
	m.Gauge("callboard_catalog_entities", "Entities in the catalog.", nil, func() float64 { return float64(catalogue.Figures().Entities) })
	m.Gauge("callboard_catalog_revision", "Revision that reads see.", nil, func() float64 { return float64(catalogue.Figures().Revision) })
	m.Gauge("callboard_catalog_locations", "Locations that are read.", nil, func() float64 { return float64(catalogue.Figures().Locations) })
	m.Gauge("callboard_catalog_errors", "Entities and locations with an error.", nil, func() float64 { return float64(catalogue.Figures().Errors) })
	table := func(name, help string, value func(plugin.Status) float64) {
		m.Table(name, help, []string{"plugin"}, func(sample func(float64, ...string)) {
			for _, s := range registry.List() {
				sample(value(s), string(s.ID))
			}
		})
	}
	table("callboard_plugin_memory_bytes", "Linear memory of all instances.", func(s plugin.Status) float64 { return float64(s.MemoryBytes) })
	table("callboard_plugin_instances_busy", "Instances that serve a call.", func(s plugin.Status) float64 { return float64(s.Instances.Busy) })
	table("callboard_plugin_instances_idle", "Instances that wait for a call.", func(s plugin.Status) float64 { return float64(s.Instances.Idle) })
	table("callboard_plugin_crashes", "Crashes since the plugin was installed.", func(s plugin.Status) float64 { return float64(s.Crashes) })
	table("callboard_plugin_egress_requests", "Requests to other servers since the plugin was installed.", func(s plugin.Status) float64 { return float64(s.EgressRequests) })
	table("callboard_plugin_egress_bytes", "Bytes exchanged with other servers since the plugin was installed.", func(s plugin.Status) float64 { return float64(s.EgressBytes) })
	table("callboard_plugin_throttled_seconds", "Time that calls were kept waiting so that others may compute, or by their CPU budget.", func(s plugin.Status) float64 { return s.PacedMs / 1000 })
	m.Table("callboard_plugin_state", "1 for the state that a plugin is in.", []string{"plugin", "state"}, func(sample func(float64, ...string)) {
		for _, s := range registry.List() {
			sample(1, string(s.ID), string(s.State))
		}
	})
}

// PluginAudit implements the audit capability's Sink: the event is one line of
// the log, with what the guest says in a group of its own.
func (o *observer) PluginAudit(ctx context.Context, e capaudit.Event) error {
	path := make([]string, 0, len(e.Authority.Path()))
	for _, actor := range e.Authority.Path() {
		path = append(path, actor.Plugin+"@"+actor.Digest)
	}
	fields := make([]any, 0, len(e.Fields))
	for _, f := range e.Fields {
		fields = append(fields, slog.String(f.Name, f.Value))
	}
	o.log.LogAttrs(ctx, slog.LevelInfo, "audit", slog.Time("at", e.At), slog.String("event", e.Plugin+"/"+e.Name),
		slog.String("severity", e.Severity), slog.String("outcome", e.Outcome), slog.String("plugin", e.Plugin),
		slog.String("installation", e.Installation), slog.Any("path", path), slog.String("subject", e.Authority.Subject.Ref),
		slog.String("mode", e.Authority.Mode.String()), slog.Uint64("call", e.CallID),
		slog.Group("guest", slog.String("resource", e.Resource), slog.String("message", e.Message), slog.Group("fields", fields...)))
	return nil
}
