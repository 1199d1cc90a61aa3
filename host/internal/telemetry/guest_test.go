package telemetry_test

import (
	"fmt"
	"io"
	"math"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/telemetry"
)

func scrape(t testing.TB, m *telemetry.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	b, err := io.ReadAll(w.Body)
	if err != nil || w.Code != 200 {
		t.Fatalf("status %d, %v: %s", w.Code, err, b)
	}
	return string(b)
}

func label(name, value string) []telemetry.GuestLabel {
	return []telemetry.GuestLabel{{Name: name, Value: value}}
}

func TestGuestMetricsAreServed(t *testing.T) {
	m := telemetry.NewMetrics("test")
	for _, s := range [][]telemetry.GuestSample{
		{{Name: "changes_total", Kind: telemetry.Counter, Value: 2, Help: "Changes.", Labels: label("team", `a"b`)}},
		{{Name: "changes_total", Kind: telemetry.Counter, Value: 3, Labels: label("team", `a"b`)}, {Name: "open", Kind: telemetry.Gauge, Value: 7}},
		{{Name: "open", Kind: telemetry.Gauge, Value: -1}, {Name: "seconds", Kind: telemetry.Histogram, Value: .3}, {Name: "seconds", Kind: telemetry.Histogram, Value: 2e6}},
	} {
		if err := m.Guest("on-call", s); err != nil {
			t.Fatal(err)
		}
	}
	got := scrape(t, m)
	for _, want := range []string{
		`callboard_plugin_on_call__changes_total{team="a\"b"} 5`, "# HELP callboard_plugin_on_call__changes_total Changes.",
		"callboard_plugin_on_call__open -1", `callboard_plugin_on_call__seconds_bucket{le="0.25"} 0`, `callboard_plugin_on_call__seconds_bucket{le="0.5"} 1`,
		`callboard_plugin_on_call__seconds_bucket{le="+Inf"} 2`, "callboard_plugin_on_call__seconds_count 2", "# TYPE callboard_plugin_on_call__seconds histogram",
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("/metrics has no %s", want)
		}
	}
	m.ForgetGuest("on-call")
	if strings.Contains(scrape(t, m), "on_call") {
		t.Error("forgotten metrics are served")
	}
}

// A name must not reach into the metrics of the host or of another plugin.
func TestGuestMetricsHaveNamesOfTheirOwn(t *testing.T) {
	m := telemetry.NewMetrics("test")
	m.PluginCall("a", "http.handle/1", "ok", 1)
	for plugin, name := range map[string]string{"a": "b_c", "a-b": "c", "call": "duration_seconds"} {
		if err := m.Guest(plugin, []telemetry.GuestSample{{Name: name, Kind: telemetry.Gauge, Value: 1}}); err != nil {
			t.Errorf("%s %s: %v", plugin, name, err)
		}
	}
	got := scrape(t, m)
	for _, want := range []string{"callboard_plugin_a__b_c 1", "callboard_plugin_a_b__c 1", "callboard_plugin_call__duration_seconds 1"} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("/metrics has no %s", want)
		}
	}
	for _, name := range []string{"", "_a", "a_", "a__b", "A", "a-b", "9a", "a b", "a{x=\"y\"} 1\nfake", strings.Repeat("a", 65)} {
		if err := m.Guest("a", []telemetry.GuestSample{{Name: name, Kind: telemetry.Gauge}}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestGuestMetricsAreBounded(t *testing.T) {
	m := telemetry.NewMetrics("test")
	gauge := func(name string, labels ...telemetry.GuestLabel) telemetry.GuestSample {
		return telemetry.GuestSample{Name: name, Kind: telemetry.Gauge, Value: 1, Labels: labels}
	}
	ok := func(s ...telemetry.GuestSample) {
		t.Helper()
		if err := m.Guest("p", s); err != nil {
			t.Fatal(err)
		}
	}
	refuse := func(kind fault.Kind, s ...telemetry.GuestSample) {
		t.Helper()
		if err := m.Guest("p", s); !fault.Is(err, kind) {
			t.Errorf("got %v, want %s", err, kind)
		}
	}
	ok(gauge("g", label("l", "1")...))
	refuse(fault.Conflict, telemetry.GuestSample{Name: "g", Kind: telemetry.Counter, Labels: label("l", "1")})
	refuse(fault.Conflict, gauge("g"))
	refuse(fault.Conflict, gauge("g", label("other", "1")...))
	for name, bad := range map[string]telemetry.GuestSample{
		"a kind that is none":       {Name: "x", Kind: "summary"},
		"not a number":              {Name: "x", Kind: telemetry.Gauge, Value: math.NaN()},
		"infinity":                  {Name: "x", Kind: telemetry.Gauge, Value: math.Inf(1)},
		"a counter that goes back":  {Name: "x", Kind: telemetry.Counter, Value: -1},
		"a label of histograms":     gauge("x", label("le", "1")...),
		"a reserved label":          gauge("x", label("__name__", "1")...),
		"a label twice":             gauge("x", append(label("a", "1"), label("a", "2")...)...),
		"a value that is too long":  gauge("x", label("a", strings.Repeat("v", 129))...),
		"a value that is not UTF-8": gauge("x", label("a", "\xff")...),
	} {
		if err := m.Guest("p", []telemetry.GuestSample{gauge("kept"), bad}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if strings.Contains(scrape(t, m), "__kept") {
		t.Error("half of a refused request was taken")
	}
	for i := range telemetry.MaxGuestSeries - 1 {
		ok(gauge("g", label("l", fmt.Sprint("v", i))...))
	}
	refuse(fault.Exhausted, gauge("g", label("l", "one more")...))
	ok(gauge("g", label("l", "v7")...)) // what is there goes on
	if err := m.Guest("q", []telemetry.GuestSample{gauge("g", label("l", "mine")...)}); err != nil {
		t.Errorf("another plugin: %v", err)
	}
	m.ForgetGuest("p")
	for i := range telemetry.MaxGuestMetrics {
		ok(gauge(fmt.Sprint("g", i)))
	}
	refuse(fault.Exhausted, gauge("one_more"))
}
