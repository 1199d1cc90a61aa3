package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// LogConfig says how the host logs.
type LogConfig struct {
	Format string // "text" (default) or "json"
	Level  string // "debug", "info" (default), "warn", "error"
}

// Logger is the host's logger, whose level can be changed while it runs.
type Logger struct {
	*slog.Logger
	level *slog.LevelVar
}

// SetLevel changes the least severe level that is logged.
func (l *Logger) SetLevel(name string) error {
	var level slog.Level
	if name != "" {
		if err := level.UnmarshalText([]byte(name)); err != nil {
			return fmt.Errorf("log level %q: use debug, info, warn or error", name)
		}
	}
	l.level.Set(level)
	return nil
}

// NewLogger returns a logger that writes to w. Records logged with a context
// made by WithRequestID carry request_id.
func NewLogger(w io.Writer, c LogConfig) (*Logger, error) {
	l := &Logger{level: &slog.LevelVar{}}
	if err := l.SetLevel(c.Level); err != nil {
		return nil, err
	}
	options := &slog.HandlerOptions{Level: l.level}
	var h slog.Handler
	switch strings.ToLower(c.Format) {
	case "", "text":
		h = slog.NewTextHandler(w, options)
	case "json":
		h = slog.NewJSONHandler(w, options)
	default:
		return nil, fmt.Errorf("log format %q: use text or json", c.Format)
	}
	l.Logger = slog.New(requestHandler{h})
	return l, nil
}

type requestIDKey struct{}

// WithRequestID returns a context whose log records carry the request id.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// RequestID returns the id that WithRequestID put into ctx, or "".
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// requestHandler adds the request id of the context to each record.
type requestHandler struct{ slog.Handler }

func (h requestHandler) Handle(ctx context.Context, r slog.Record) error {
	if id := RequestID(ctx); id != "" {
		r.AddAttrs(slog.String("request_id", id))
	}
	return h.Handler.Handle(ctx, r)
}

func (h requestHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return requestHandler{h.Handler.WithAttrs(attrs)}
}

func (h requestHandler) WithGroup(name string) slog.Handler {
	return requestHandler{h.Handler.WithGroup(name)}
}
