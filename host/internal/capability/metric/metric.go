// Package metric is the capability to measure: counters, gauges and histograms under the plugin's name.
//
// Owns: metric.emit/1, how many samples one request has.
// Does not own: names, labels, bounds and the page /metrics (telemetry).
// Flow: guest → Session → telemetry.Metrics.Guest, under callboard_plugin_<id>__<name>.
package metric

import (
	"context"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/telemetry"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// MaxSamples is how many samples one request holds.
const MaxSamples = 100

// Metrics keeps what plugins measure; telemetry.Metrics does.
type Metrics interface {
	// Guest takes samples of a plugin, all or none. Faults: Invalid, Conflict,
	// Exhausted.
	Guest(plugin string, samples []telemetry.GuestSample) error
}

// New returns the table's row. Measuring reaches nothing but the plugin's own
// numbers, which are bounded, so that declaring it is enough.
func New(metrics Metrics) capability.Capability {
	return capability.Capability{
		ID: abi.CapMetric, Harmless: true,
		Ops: map[uint32]capability.Operation{
			abi.MetricEmit: capability.Op("metric.emit/1", func(_ context.Context, c *capability.Call, q *contract.MetricRequest) (msgp.Marshaler, error) {
				if len(q.Samples) > MaxSamples {
					return nil, fault.New(fault.Invalid, "%d samples in one request, at most %d", len(q.Samples), MaxSamples)
				}
				samples := make([]telemetry.GuestSample, len(q.Samples))
				for i, s := range q.Samples {
					samples[i] = telemetry.GuestSample{Name: s.Name, Kind: s.Kind, Help: s.Help, Value: s.Value}
					for _, l := range s.Labels {
						samples[i].Labels = append(samples[i].Labels, telemetry.GuestLabel(l))
					}
				}
				return nil, metrics.Guest(c.Plugin, samples) //nolint:wrapcheck // a fault with the message for the guest
			}),
		},
	}
}
