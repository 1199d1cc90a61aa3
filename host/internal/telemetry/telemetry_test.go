package telemetry_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/egress"
	"github.com/callboard/callboard/host/internal/telemetry"
)

func TestLogRecordsCarryTheRequestID(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		var out bytes.Buffer
		log, err := telemetry.NewLogger(&out, telemetry.LogConfig{Format: format, Level: "warn"})
		if err != nil {
			t.Fatal(err)
		}
		ctx := telemetry.WithRequestID(t.Context(), "req-1")
		log.InfoContext(ctx, "too quiet")
		log.With("a", 1).WithGroup("g").WarnContext(ctx, "loud")
		if s := out.String(); !strings.Contains(s, "req-1") || strings.Contains(s, "too quiet") {
			t.Errorf("%s: %s", format, s)
		}
		if err := log.SetLevel("debug"); err != nil {
			t.Fatal(err)
		}
		if log.Debug("quiet no more"); !strings.Contains(out.String(), "quiet no more") {
			t.Errorf("%s: the level did not change", format)
		}
		if err := log.SetLevel("loud"); err == nil {
			t.Error("an unknown level was accepted")
		}
	}
	for _, c := range []telemetry.LogConfig{{Format: "xml"}, {Level: "loud"}} {
		if _, err := telemetry.NewLogger(io.Discard, c); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
}

func TestMetricsAreServed(t *testing.T) {
	m := telemetry.NewMetrics("1.2.3")
	m.HTTP("GET", "/api/{plugin}", 200, time.Millisecond, 42)
	m.PluginCall("catalog", "http.handle/1", "ok", time.Millisecond)
	m.PluginWork("catalog", 250*time.Millisecond, 4096)
	m.CapabilityCall("hello", "kv", "denied")
	m.Gauge("callboard_catalog_entities", "Entities.", nil, func() float64 { return 7 })
	m.Table("callboard_plugin_memory_bytes", "Memory.", []string{"plugin"}, func(sample func(float64, ...string)) { sample(64, "hello") })
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{
		`callboard_build_info{version="1.2.3"} 1`,
		`callboard_http_request_duration_seconds_count{method="GET",route="/api/{plugin}",status="200"} 1`,
		`callboard_plugin_call_duration_seconds_count{op="http.handle/1",outcome="ok",plugin="catalog"} 1`,
		`callboard_plugin_guest_seconds_total{plugin="catalog"} 0.25`, `callboard_plugin_fuel_total{plugin="catalog"} 4096`,
		`callboard_capability_calls_total{capability="kv",outcome="denied",plugin="hello"} 1`,
		"callboard_catalog_entities 7",
		`callboard_plugin_memory_bytes{plugin="hello"} 64`,
		"go_goroutines", "process_resident_memory_bytes",
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
}

func TestTracesGoToTheCollectorOnlyWhenConfigured(t *testing.T) {
	got := make(chan string, 4)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- r.URL.Path + " " + string(body)
	}))
	defer collector.Close()
	client := egress.New(egress.Config{}).Client(egress.Policy{Reach: func(*url.URL) egress.Reach { return egress.Private }}).HTTPClient()

	off, err := telemetry.NewTraces(t.Context(), telemetry.TraceConfig{Client: client})
	if err != nil {
		t.Fatal(err)
	}
	_, span := off.Tracer("test").Start(t.Context(), "unseen")
	if span.IsRecording() {
		t.Error("a span is recorded although no endpoint is configured")
	}
	span.End()

	on, err := telemetry.NewTraces(t.Context(), telemetry.TraceConfig{Endpoint: collector.URL, Version: "1", Client: client})
	if err != nil {
		t.Fatal(err)
	}
	_, span = on.Tracer("test").Start(t.Context(), "plugin.call")
	span.End()
	if err := on.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := <-got; !strings.HasPrefix(s, "/v1/traces ") || !strings.Contains(s, "plugin.call") {
		t.Errorf("the collector got %q", s)
	}
	if _, err := telemetry.NewTraces(t.Context(), telemetry.TraceConfig{Endpoint: "collector:4318"}); err == nil {
		t.Error("an endpoint without scheme was accepted")
	}
}
