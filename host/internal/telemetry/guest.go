package telemetry

import (
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/callboard/callboard/host/internal/fault"
)

// Bounds of the metrics of one plugin.
const (
	MaxGuestMetrics = 50
	MaxGuestSeries  = 200 // all metrics together; a histogram is one
	maxGuestLabels  = 5
	maxGuestValue   = 128 // bytes of a label's value
	maxGuestHelp    = 200
)

// Kinds of guest metrics.
const (
	Counter   = "counter"
	Gauge     = "gauge"
	Histogram = "histogram"
)

// guestBuckets are the same for every histogram of every plugin: what a
// plugin measures is between a millisecond and a quarter of an hour, or
// between one and a million of something.
var guestBuckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 1e4, 1e5, 1e6}

// GuestSample is one change of a plugin's metric.
type GuestSample struct {
	Name   string // "changes_total"
	Kind   string // Counter adds, Gauge sets, Histogram observes
	Help   string
	Value  float64
	Labels []GuestLabel
}

// GuestLabel is one label of a sample.
type GuestLabel struct{ Name, Value string }

// guests are the metrics of plugins. It is a collector that describes nothing
// ahead, for what plugins measure is known when they do.
type guests struct {
	mu       sync.Mutex
	byPlugin map[string]*guestMetrics
}

type guestMetrics struct {
	byName map[string]*guestMetric
	series int
}

type guestMetric struct {
	kind   string
	labels []string // sorted
	desc   *prometheus.Desc
	series map[string]*guestSeries // by label values
}

type guestSeries struct {
	values  []string // of labels
	value   float64  // of a histogram: the sum
	count   uint64
	buckets []uint64 // not cumulative
}

// Guest takes samples of a plugin, all of them or none. They are served as
// callboard_plugin_<plugin>__<name>: two underscores, which a name has not, so
// that no plugin writes into the metrics of the host or of another plugin.
// Faults: Invalid (a name, kind, label or value that is none), Conflict (the
// metric has another kind or other labels), Exhausted (too many metrics or series).
func (m *Metrics) Guest(plugin string, samples []GuestSample) error {
	g := m.guests
	g.mu.Lock()
	defer g.mu.Unlock()
	own := g.byPlugin[plugin]
	if own == nil {
		own = &guestMetrics{byName: map[string]*guestMetric{}}
	}
	next := &guestMetrics{byName: maps.Clone(own.byName), series: own.series}
	for _, s := range samples {
		if err := next.add(plugin, s); err != nil {
			return err
		}
	}
	g.byPlugin[plugin] = next
	return nil
}

// ForgetGuest drops the metrics of a plugin.
func (m *Metrics) ForgetGuest(plugin string) {
	m.guests.mu.Lock()
	defer m.guests.mu.Unlock()
	delete(m.guests.byPlugin, plugin)
}

// add changes g and shares with its origin what stays as it was.
func (g *guestMetrics) add(plugin string, s GuestSample) error {
	labels, values, err := s.check()
	if err != nil {
		return err
	}
	metric := g.byName[s.Name]
	switch {
	case metric == nil && len(g.byName) >= MaxGuestMetrics:
		return fault.New(fault.Exhausted, "the plugin has %d metrics, which is the limit; %q would be one more", MaxGuestMetrics, s.Name)
	case metric == nil:
		metric = &guestMetric{kind: s.Kind, labels: labels, desc: prometheus.NewDesc(
			"callboard_plugin_"+strings.ReplaceAll(plugin, "-", "_")+"__"+s.Name, s.Help, labels, nil)}
	case metric.kind != s.Kind:
		return fault.New(fault.Conflict, "metric %q is a %s already, not a %s", s.Name, metric.kind, s.Kind)
	case !slices.Equal(metric.labels, labels):
		return fault.New(fault.Conflict, "metric %q has the labels %v already, not %v", s.Name, metric.labels, labels)
	}
	key := strings.Join(values, "\xff")
	series := metric.series[key]
	if series == nil {
		if g.series >= MaxGuestSeries {
			return fault.New(fault.Exhausted, "the plugin's metrics have %d series, which is the limit; labels must have few values", MaxGuestSeries)
		}
		g.series++
		series = &guestSeries{values: values}
	}
	copied := *metric
	copied.series = maps.Clone(metric.series)
	if copied.series == nil {
		copied.series = map[string]*guestSeries{}
	}
	copied.series[key] = series.with(s)
	g.byName[s.Name] = &copied
	return nil
}

// with returns the series after a sample.
func (s *guestSeries) with(sample GuestSample) *guestSeries {
	out := *s
	switch sample.Kind {
	case Gauge:
		out.value = sample.Value
	case Counter:
		out.value += sample.Value
	case Histogram:
		out.value += sample.Value
		out.count++
		out.buckets = append(make([]uint64, 0, len(guestBuckets)), s.buckets...)[:len(guestBuckets)]
		if at, _ := slices.BinarySearch(guestBuckets, sample.Value); at < len(guestBuckets) {
			out.buckets[at]++
		}
	}
	return &out
}

// check returns the sample's labels by name, and their values in that order.
func (s GuestSample) check() (names, values []string, err error) {
	invalid := func(format string, args ...any) ([]string, []string, error) {
		return nil, nil, fault.New(fault.Invalid, format, args...)
	}
	switch {
	case !isName(s.Name, 64):
		return invalid("metric %.70q: a name has 1 to 64 of a-z, 0-9 and single underscores, and starts with a letter", s.Name)
	case s.Kind != Counter && s.Kind != Gauge && s.Kind != Histogram:
		return invalid("metric %q: kind %.40q is not counter, gauge or histogram", s.Name, s.Kind)
	case math.IsNaN(s.Value) || math.IsInf(s.Value, 0) || s.Kind != Gauge && s.Value < 0:
		return invalid("metric %q: a %s does not take the value %v", s.Name, s.Kind, s.Value)
	case len(s.Labels) > maxGuestLabels:
		return invalid("metric %q: %d labels, at most %d", s.Name, len(s.Labels), maxGuestLabels)
	case len(s.Help) > maxGuestHelp || !utf8.ValidString(s.Help):
		return invalid("metric %q: its help is not a text of at most %d bytes", s.Name, maxGuestHelp)
	}
	sorted := slices.SortedFunc(slices.Values(s.Labels), func(a, b GuestLabel) int { return strings.Compare(a.Name, b.Name) })
	for i, l := range sorted {
		switch {
		case !isName(l.Name, 32) || l.Name == "le" || l.Name == "quantile":
			return invalid("metric %q: %.40q is no name of a label", s.Name, l.Name)
		case i > 0 && sorted[i-1].Name == l.Name:
			return invalid("metric %q: label %q stands there twice", s.Name, l.Name)
		case len(l.Value) > maxGuestValue || !utf8.ValidString(l.Value):
			return invalid("metric %q: the value of label %q is not a text of at most %d bytes", s.Name, l.Name, maxGuestValue)
		}
		names, values = append(names, l.Name), append(values, l.Value)
	}
	return names, values, nil
}

func isName(s string, longest int) bool {
	if s == "" || len(s) > longest || s[0] < 'a' || s[0] > 'z' || strings.Contains(s, "__") || strings.HasSuffix(s, "_") {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// Describe implements prometheus.Collector.
func (*guests) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector. What it sends was checked when it
// was taken.
func (g *guests) Collect(ch chan<- prometheus.Metric) {
	g.mu.Lock()
	all := slices.Collect(maps.Values(g.byPlugin)) // they are never changed, only replaced
	g.mu.Unlock()
	for _, plugin := range all {
		for _, m := range plugin.byName {
			for _, s := range m.series {
				ch <- m.sample(s)
			}
		}
	}
}

func (m *guestMetric) sample(s *guestSeries) prometheus.Metric {
	switch m.kind {
	case Histogram:
		buckets, below := make(map[float64]uint64, len(guestBuckets)), uint64(0)
		for i, bound := range guestBuckets {
			below += s.buckets[i]
			buckets[bound] = below
		}
		return prometheus.MustNewConstHistogram(m.desc, s.count, s.value, buckets, s.values...)
	case Gauge:
		return prometheus.MustNewConstMetric(m.desc, prometheus.GaugeValue, s.value, s.values...)
	}
	return prometheus.MustNewConstMetric(m.desc, prometheus.CounterValue, s.value, s.values...)
}
