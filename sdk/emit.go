package sdk

import (
	"context"
	"maps"
	"slices"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// AuditEvent is one event of the plugin's own in the audit log. The host adds
// the plugin, the subject, the call and the time.
type AuditEvent struct {
	Name     string // "rota.changed"
	Severity string // low (default), medium, high or critical
	Outcome  string // succeeded (default), failed or denied
	Resource string // entity ref, or another name of what it is about
	Message  string
	Fields   map[string]string
}

var (
	opAuditEmit  = operation{abi.CapAudit, abi.AuditEmit, "audit.emit/1"}
	opMetricEmit = operation{abi.CapMetric, abi.MetricEmit, "metric.emit/1"}
)

// Audit writes an event into the audit log. An error means that it is not there.
func Audit(ctx context.Context, e AuditEvent) error {
	req := contract.AuditRecord{Event: e.Name, Severity: e.Severity, Outcome: e.Outcome, Resource: e.Resource, Message: e.Message}
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		req.Fields = append(req.Fields, contract.AuditField{Name: name, Value: e.Fields[name]})
	}
	return callOf(ctx).do(opAuditEmit, &req, nil)
}

// Label is one label of a metric. Labels must have few values: a plugin has
// 200 series in all.
type Label = contract.MetricLabel

// Metrics sends what the plugin measures: callboard_plugin_<id>__<name> at the
// host's /metrics.
type Metrics struct{ call *call }

// Metric returns the client of the plugin's metrics.
func Metric(ctx context.Context) Metrics { return Metrics{call: callOf(ctx)} }

// Sample is one change of a metric: see contract.MetricSample.
type Sample = contract.MetricSample

// Emit sends up to 100 samples at once, all or none.
func (m Metrics) Emit(samples ...Sample) error {
	return m.call.do(opMetricEmit, &contract.MetricRequest{Samples: samples}, nil)
}

// Count adds to a counter.
func (m Metrics) Count(name string, by float64, labels ...Label) error {
	return m.Emit(Sample{Name: name, Kind: "counter", Value: by, Labels: labels})
}

// Set sets a gauge.
func (m Metrics) Set(name string, value float64, labels ...Label) error {
	return m.Emit(Sample{Name: name, Kind: "gauge", Value: value, Labels: labels})
}

// Observe adds an observation to a histogram.
func (m Metrics) Observe(name string, value float64, labels ...Label) error {
	return m.Emit(Sample{Name: name, Kind: "histogram", Value: value, Labels: labels})
}
