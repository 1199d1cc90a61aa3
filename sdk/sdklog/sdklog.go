// Package sdklog is log/slog for plugins: records go to the host with level and attributes.
//
// Owns: the slog.Handler over the log capability.
// Does not own: plain lines on stdout and stderr, which become log lines without it.
// Flow: slog record → Handler → log.emit/1 → the host's log, under the plugin's id and the call's id.
// It is a package of its own because log/slog adds half a megabyte to a guest.
package sdklog

import (
	"context"
	"log/slog"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/abi"
)

// New returns a logger for the call that ctx belongs to. It needs the log
// capability; without the grant its records are dropped.
func New(ctx context.Context) *slog.Logger { return slog.New(&Handler{ctx: ctx}) }

// Handler is a slog.Handler that writes to the host.
type Handler struct {
	ctx    context.Context //nolint:containedctx // a logger belongs to one call
	prefix string
	attrs  []sdk.Attr
}

// Enabled implements slog.Handler; the host filters by level.
func (h *Handler) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	attrs := append([]sdk.Attr(nil), h.attrs...)
	r.Attrs(func(a slog.Attr) bool {
		attrs = appendAttr(attrs, h.prefix, a)
		return true
	})
	if sdk.Trace(ctx).CallID == 0 { // slog passes Background unless told otherwise
		ctx = h.ctx
	}
	return sdk.Log(ctx, level(r.Level), r.Message, attrs...)
}

// WithAttrs implements slog.Handler.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	out := *h
	out.attrs = append([]sdk.Attr(nil), h.attrs...)
	for _, a := range attrs {
		out.attrs = appendAttr(out.attrs, h.prefix, a)
	}
	return &out
}

// WithGroup implements slog.Handler.
func (h *Handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	out := *h
	out.prefix += name + "."
	return &out
}

// appendAttr flattens groups to dotted keys.
func appendAttr(to []sdk.Attr, prefix string, a slog.Attr) []sdk.Attr {
	v := a.Value.Resolve()
	if v.Kind() != slog.KindGroup {
		if a.Key == "" {
			return to
		}
		return append(to, sdk.Attr{Key: prefix + a.Key, Value: v.String()})
	}
	if a.Key != "" {
		prefix += a.Key + "."
	}
	for _, inner := range v.Group() {
		to = appendAttr(to, prefix, inner)
	}
	return to
}

func level(l slog.Level) abi.Level {
	switch {
	case l < slog.LevelInfo:
		return abi.LevelDebug
	case l < slog.LevelWarn:
		return abi.LevelInfo
	case l < slog.LevelError:
		return abi.LevelWarn
	default:
		return abi.LevelError
	}
}
