// Package log is the capability to write structured log records.
//
// Owns: log.emit/1. Does not own: lines on stdout and stderr, which need no capability.
// Flow: guest's slog handler → Session → the host's logger, with the plugin's id on each record.
package log

import (
	"context"
	"log/slog"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Bounds of one record.
const (
	maxMessage = 4 << 10
	maxAttrs   = 32
)

// New returns the table's row.
func New(log *slog.Logger) capability.Capability {
	return capability.Capability{
		ID: abi.CapLog, Harmless: true,
		Ops: map[uint32]capability.Operation{
			abi.LogEmit: capability.Op("log.emit/1", func(ctx context.Context, c *capability.Call, q *contract.LogRecord) (msgp.Marshaler, error) {
				if len(q.Message) > maxMessage || len(q.Attrs) > maxAttrs {
					return nil, fault.New(fault.Invalid, "a log record holds at most %d bytes of message and %d attributes", maxMessage, maxAttrs)
				}
				size := len(q.Message)
				for _, a := range q.Attrs {
					size += len(a.Key) + len(a.Value)
				}
				if err := c.ChargeLog(size); err != nil {
					return nil, err
				}
				attrs := make([]slog.Attr, 0, len(q.Attrs))
				for _, a := range q.Attrs {
					if len(a.Key)+len(a.Value) > maxMessage {
						return nil, fault.New(fault.Invalid, "log attribute %.40q is longer than %d bytes", a.Key, maxMessage)
					}
					attrs = append(attrs, slog.String(a.Key, a.Value))
				}
				level := [...]slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}[min(q.Level, uint32(abi.LevelError))]
				// The attributes are in a group: a guest cannot pass as the host or another plugin.
				log.LogAttrs(ctx, level, q.Message, slog.String("plugin", c.Plugin), slog.Uint64("call", c.CallID),
					slog.Attr{Key: "guest", Value: slog.GroupValue(attrs...)})
				return nil, nil //nolint:nilnil // the operation has no answer
			}),
		},
	}
}
