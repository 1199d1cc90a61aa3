// Package telemetry is how the host tells what it does: logs, metrics, traces.
//
// Owns: the slog handler, the Prometheus registry with the host's metric names, the tracer provider.
// Does not own: what is worth telling (each domain) or where /metrics is served (web).
// Flow: a domain logs, counts or starts a span → here → stderr, /metrics, the OTLP endpoint.
package telemetry
