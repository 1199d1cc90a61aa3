package sdk

import (
	"context"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Level is a log level.
type Level = abi.Level

// The log levels.
const (
	LevelDebug = abi.LevelDebug
	LevelInfo  = abi.LevelInfo
	LevelWarn  = abi.LevelWarn
	LevelError = abi.LevelError
)

// Attr is one attribute of a log record.
type Attr = contract.LogAttr

var opLogEmit = operation{abi.CapLog, abi.LogEmit, "log.emit/1"}

// Log writes one structured record to the host's log. Package sdklog is
// log/slog on top of it; what a plugin prints becomes lines without it.
func Log(ctx context.Context, level Level, message string, attrs ...Attr) error {
	return callOf(ctx).do(opLogEmit, &contract.LogRecord{Level: uint32(level), Message: message, Attrs: attrs}, nil)
}
