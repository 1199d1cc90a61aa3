package telemetry

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics is the host's registry with the series that more than one domain
// feeds. Labels are bounded: routes are patterns, never paths.
type Metrics struct {
	registry     *prometheus.Registry
	httpDuration *prometheus.HistogramVec
	httpBytes    *prometheus.CounterVec
	callDuration *prometheus.HistogramVec
	guestTime    *prometheus.CounterVec
	fuel         *prometheus.CounterVec
	capability   *prometheus.CounterVec
	versions     *prometheus.CounterVec
	guests       *guests
}

// NewMetrics returns a registry with Go and process metrics in it.
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		guests:   &guests{byPlugin: map[string]*guestMetrics{}},
		httpDuration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "callboard_http_request_duration_seconds", Help: "Time from the first byte of a request to the last byte of its answer.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 2.5, 12),
		}, []string{"method", "route", "status"}),
		httpBytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "callboard_http_response_bytes_total", Help: "Bytes of answers before compression.",
		}, []string{"route"}),
		callDuration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "callboard_plugin_call_duration_seconds", Help: "Time of a call into a plugin, waiting for an instance included.",
			Buckets: prometheus.ExponentialBuckets(0.00001, 3, 14),
		}, []string{"plugin", "op", "outcome"}),
		guestTime: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "callboard_plugin_guest_seconds_total", Help: "Time inside of a plugin's code, without its calls to capabilities.",
		}, []string{"plugin"}),
		fuel: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "callboard_plugin_fuel_total", Help: "Steps of a plugin's code: function entries and turns of loops.",
		}, []string{"plugin"}),
		capability: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "callboard_capability_calls_total", Help: "Calls of plugins to capabilities, by outcome.",
		}, []string{"plugin", "capability", "outcome"}),
		versions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "callboard_plugin_version_changes_total", Help: "Changes of the version that answers: swapped, rolled_back or withdrawn (a canary).",
		}, []string{"plugin", "change"}),
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "callboard_build_info", Help: "Always 1; the version is the label.", ConstLabels: prometheus.Labels{"version": version},
	})
	info.Set(1)
	m.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.httpDuration, m.httpBytes, m.callDuration, m.guestTime, m.fuel, m.capability, m.guests, info,
	)
	return m
}

// Handler serves the registry in Prometheus' text format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry, MaxRequestsInFlight: 4})
}

// HTTP records one answered request. route is a pattern.
func (m *Metrics) HTTP(method, route string, status int, d time.Duration, bytes int64) {
	m.httpDuration.WithLabelValues(method, route, strconv.Itoa(status)).Observe(d.Seconds())
	m.httpBytes.WithLabelValues(route).Add(float64(bytes))
}

// PluginCall records one call into a plugin. outcome is "ok" or a fault kind.
func (m *Metrics) PluginCall(plugin, op, outcome string, d time.Duration) {
	m.callDuration.WithLabelValues(plugin, op, outcome).Observe(d.Seconds())
}

// PluginWork records what the code of a plugin did within one call: the time
// inside of it and its steps.
func (m *Metrics) PluginWork(plugin string, guest time.Duration, fuel uint64) {
	m.guestTime.WithLabelValues(plugin).Add(guest.Seconds())
	m.fuel.WithLabelValues(plugin).Add(float64(fuel))
}

// CapabilityCall records one call of a plugin to a capability.
func (m *Metrics) CapabilityCall(plugin, capability, outcome string) {
	m.capability.WithLabelValues(plugin, capability, outcome).Inc()
}

// PluginVersion records a change of the version that answers for a plugin.
func (m *Metrics) PluginVersion(plugin, change string) {
	m.versions.WithLabelValues(plugin, change).Inc()
}

// Gauge registers a gauge that is read when metrics are scraped.
func (m *Metrics) Gauge(name, help string, labels map[string]string, read func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, read))
}

// Counter registers a counter that is read when metrics are scraped.
func (m *Metrics) Counter(name, help string, labels map[string]string, read func() float64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels}, read))
}

// Table registers a metric with one sample per row that read returns when
// metrics are scraped: for things that come and go, such as plugins.
func (m *Metrics) Table(name, help string, labels []string, read func(sample func(value float64, labels ...string))) {
	m.registry.MustRegister(&table{desc: prometheus.NewDesc(name, help, labels, nil), read: read})
}

type table struct {
	desc *prometheus.Desc
	read func(sample func(value float64, labels ...string))
}

func (t *table) Describe(ch chan<- *prometheus.Desc) { ch <- t.desc }

func (t *table) Collect(ch chan<- prometheus.Metric) {
	t.read(func(value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(t.desc, prometheus.GaugeValue, value, labels...)
	})
}
