package contract

//go:generate go tool msgp -io=false

// AuditField is one field of an audit event.
type AuditField struct {
	Name  string `msg:"n" json:"name"`
	Value string `msg:"v" json:"value"`
}

// AuditRecord is the payload of audit.emit/1. The host adds the plugin, the
// subject, the path of plugins, the call and the time: none of them can be
// forged.
type AuditRecord struct {
	Event    string       `msg:"e" json:"event"`              // "rota.changed": 1 to 64 of a-z, 0-9, ".", "-"
	Severity string       `msg:"s" json:"severity,omitempty"` // low (default), medium, high or critical
	Outcome  string       `msg:"o" json:"outcome,omitempty"`  // succeeded (default), failed or denied
	Resource string       `msg:"r" json:"resource,omitempty"` // entity ref, or another name of what it is about
	Message  string       `msg:"m" json:"message,omitempty"`  // for people
	Fields   []AuditField `msg:"f,limit=100" json:"fields,omitempty"`
}

// MetricLabel is one label of a sample.
type MetricLabel struct {
	Name  string `msg:"n" json:"name"`
	Value string `msg:"v" json:"value"`
}

// MetricSample is one change of a metric: counters add Value, gauges take it,
// histograms observe it. The first sample of a name decides its kind and the
// names of its labels.
type MetricSample struct {
	Name   string        `msg:"n" json:"name"` // "rota_changes_total": shown as callboard_plugin_<plugin>_<name>
	Kind   string        `msg:"k" json:"kind"` // counter, gauge or histogram
	Value  float64       `msg:"v" json:"value"`
	Labels []MetricLabel `msg:"l,limit=100" json:"labels,omitempty"`
	Help   string        `msg:"h" json:"help,omitempty"` // of the first sample
}

// MetricRequest is the payload of metric.emit/1: all samples, or none.
type MetricRequest struct {
	Samples []MetricSample `msg:"s,limit=20000" json:"samples"`
}
