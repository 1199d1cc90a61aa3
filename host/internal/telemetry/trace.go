package telemetry

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// TraceConfig says where spans go.
type TraceConfig struct {
	Endpoint string // OTLP over HTTP, "http://127.0.0.1:4318"; empty = no traces
	Version  string
	// Client sends to the collector: one of egress, the host's only HTTP client.
	Client *http.Client
}

// Traces is the tracer provider and what closes it.
type Traces struct {
	trace.TracerProvider
	shutdown func(context.Context) error
}

// NewTraces returns a provider: without an endpoint it records nothing and
// opens no connection. A collector that does not answer costs spans, never requests.
func NewTraces(ctx context.Context, c TraceConfig) (*Traces, error) {
	if c.Endpoint == "" {
		return &Traces{noop.NewTracerProvider(), func(context.Context) error { return nil }}, nil
	}
	u, err := url.Parse(c.Endpoint)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("telemetry.otlpEndpoint %q: write http://host:4318 or https://host:4318", c.Endpoint)
	}
	path := strings.TrimSuffix(u.Path, "/")
	if !strings.HasSuffix(path, "/v1/traces") {
		path += "/v1/traces"
	}
	options := []otlptracehttp.Option{
		otlptracehttp.WithEndpoint(u.Host), otlptracehttp.WithURLPath(path),
		otlptracehttp.WithHTTPClient(c.Client),
	}
	if u.Scheme == "http" {
		options = append(options, otlptracehttp.WithInsecure())
	}
	exporter, err := otlptrace.New(ctx, otlptracehttp.NewClient(options...))
	if err != nil {
		return nil, fmt.Errorf("starting the trace exporter: %w", err)
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter),
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "callboard"), attribute.String("service.version", c.Version),
		)),
	)
	return &Traces{provider, provider.Shutdown}, nil
}

// Close sends what is waiting, within ctx.
func (t *Traces) Close(ctx context.Context) error { return t.shutdown(ctx) }
