package sdktest

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/tinylib/msgp/msgp"
)

// auditPerMinute is how many events of a minute the host takes.
const auditPerMinute = 100

func (f *Fake) auditEmit(q *contract.AuditRecord) (msgp.Marshaler, error) {
	e := sdk.AuditEvent{
		Name: q.Event, Severity: cmp.Or(q.Severity, "low"), Outcome: cmp.Or(q.Outcome, "succeeded"),
		Resource: q.Resource, Message: q.Message, Fields: map[string]string{},
	}
	switch {
	case strings.Trim(q.Event, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" || q.Event == "":
		return nil, sdk.Invalid("event %q: a name has a-z, 0-9, dots and hyphens", q.Event)
	case !slices.Contains([]string{"low", "medium", "high", "critical"}, e.Severity):
		return nil, sdk.Invalid("severity %q is not low, medium, high or critical", e.Severity)
	case !slices.Contains([]string{"succeeded", "failed", "denied"}, e.Outcome):
		return nil, sdk.Invalid("outcome %q is not succeeded, failed or denied", e.Outcome)
	}
	for _, field := range q.Fields {
		if strings.ContainsAny(field.Value, "\n\r") {
			return nil, sdk.Invalid("the value of field %q is not one line", field.Name)
		}
		e.Fields[field.Name] = field.Value
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := f.now(); now.Sub(f.auditMinute) >= time.Minute {
		f.auditMinute, f.auditCount = now, 0
	}
	if f.auditCount++; f.auditCount > auditPerMinute {
		return nil, &sdk.Error{Code: sdk.CodeExhausted, Message: "the plugin has written 100 audit events within a minute, which is the limit"}
	}
	f.audit = append(f.audit, e)
	return nil, nil
}

// metric is what a plugin measured under one name.
type metric struct {
	kind   string
	labels []string
	values map[string]float64 // by labels, "team=a": the sum, or the latest value of a gauge
}

func (f *Fake) metricEmit(q *contract.MetricRequest) (msgp.Marshaler, error) {
	if len(q.Samples) > 100 {
		return nil, sdk.Invalid("%d samples in one request, at most 100", len(q.Samples))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	next := maps.Clone(f.metrics)
	for _, s := range q.Samples {
		if s.Name == "" || strings.Trim(s.Name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" || strings.Contains(s.Name, "__") {
			return nil, sdk.Invalid("metric %q: a name has a-z, 0-9 and single underscores", s.Name)
		}
		if !slices.Contains([]string{"counter", "gauge", "histogram"}, s.Kind) || s.Value < 0 && s.Kind != "gauge" {
			return nil, sdk.Invalid("metric %q: a %s does not take the value %v", s.Name, s.Kind, s.Value)
		}
		labels := slices.SortedFunc(slices.Values(s.Labels), func(a, b contract.MetricLabel) int { return strings.Compare(a.Name, b.Name) })
		names, key := []string{}, []string{}
		for _, l := range labels {
			names, key = append(names, l.Name), append(key, l.Name+"="+l.Value)
		}
		m, ok := next[s.Name]
		switch {
		case !ok:
			m = metric{kind: s.Kind, labels: names}
		case m.kind != s.Kind || !slices.Equal(m.labels, names):
			return nil, sdk.Conflict("metric %q is a %s with the labels %v already", s.Name, m.kind, m.labels)
		}
		m.values = maps.Clone(m.values)
		if m.values == nil {
			m.values = map[string]float64{}
		}
		at := strings.Join(key, ",")
		if s.Kind == "gauge" {
			m.values[at] = s.Value
		} else {
			m.values[at] += s.Value
		}
		next[s.Name] = m
	}
	f.metrics = next
	return nil, nil
}

// Audit returns the audit events that the plugin has written.
func (h *Harness) Audit() []sdk.AuditEvent {
	h.fake.mu.Lock()
	defer h.fake.mu.Unlock()
	return slices.Clone(h.fake.audit)
}

// Metric returns what the plugin has measured: the sum of a counter or a
// histogram, or the value of a gauge. labels are "team=a,tier=1", by name.
func (h *Harness) Metric(name, labels string) float64 {
	h.fake.mu.Lock()
	defer h.fake.mu.Unlock()
	return h.fake.metrics[name].values[labels]
}
