package app

import (
	"time"

	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/install"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/manifest"
)

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
		{"cpuPercent", "percent", "cpuPercent", func(manifest.Runtime) int64 { return 0 }, func(l config.Limits) int64 { return int64(l.CPUPercent) }, func(l plugin.Limits) int64 { return int64(l.CPU*100 + 0.5) }},
		{"fuel", "steps", "fuel", func(r manifest.Runtime) int64 { return int64(r.Fuel) }, func(l config.Limits) int64 { return l.Fuel }, func(l plugin.Limits) int64 { return int64(l.FuelFor(abi.OpHTTPHandle)) }}, //nolint:gosec // steps fit
		{"hostCalls", "count", "hostCalls", func(r manifest.Runtime) int64 { return int64(r.HostCalls) }, func(l config.Limits) int64 { return int64(l.HostCalls) }, func(l plugin.Limits) int64 { return int64(l.HostCalls) }},
		{"handles", "count", "handles", func(r manifest.Runtime) int64 { return int64(r.Handles) }, func(l config.Limits) int64 { return int64(l.Handles) }, func(l plugin.Limits) int64 { return int64(l.Handles) }},
		{"handleBytes", "bytes", "handleBytes", func(r manifest.Runtime) int64 { return int64(r.HandleBytes) }, func(l config.Limits) int64 { return int64(l.HandleBytes) }, func(l plugin.Limits) int64 { return l.HandleBytes }},
		{"logBytes", "bytes", "logBytes", func(r manifest.Runtime) int64 { return int64(r.LogBytes) }, func(l config.Limits) int64 { return int64(l.LogBytes) }, func(l plugin.Limits) int64 { return int64(l.LogBytes) }},
		{"egressRequests", "count", "egressRequests", func(r manifest.Runtime) int64 { return int64(r.EgressRequests) }, func(l config.Limits) int64 { return int64(l.EgressRequests) }, func(l plugin.Limits) int64 { return int64(l.EgressRequests) }},
		{"egressBytes", "bytes", "egressBytes", func(r manifest.Runtime) int64 { return int64(r.EgressBytes) }, func(l config.Limits) int64 { return int64(l.EgressBytes) }, func(l plugin.Limits) int64 { return l.EgressBytes }},
		{"responseBytes", "bytes", "responseBytes", func(r manifest.Runtime) int64 { return int64(r.ResponseBytes) }, func(l config.Limits) int64 { return int64(l.ResponseBytes) }, func(l plugin.Limits) int64 { return l.ResponseBytes }},
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
