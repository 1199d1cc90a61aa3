package sdk

import (
	"errors"
	"fmt"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Code says what sort of failure an Error is, and decides the HTTP status.
type Code = abi.Code

// The codes, with the status that a client of a route sees.
const (
	CodeInvalid         = abi.CodeInvalid         // 400
	CodeUnauthenticated = abi.CodeUnauthenticated // 401
	CodeDenied          = abi.CodeDenied          // 403
	CodeNotFound        = abi.CodeNotFound        // 404
	CodeConflict        = abi.CodeConflict        // 409
	CodeExhausted       = abi.CodeExhausted       // 429
	CodeUnavailable     = abi.CodeUnavailable     // 503
	CodeTimeout         = abi.CodeTimeout         // 504
	CodeInternal        = abi.CodeInternal        // 500
)

// Error is a failure with a code. Capabilities return it, and a handler that
// returns it decides the status of the response. Find it with errors.As.
type Error struct {
	Code         Code
	Op           string // the capability operation, "catalog.get/1"; empty for the plugin's own
	Message      string // shown to the client
	Retryable    bool   // the same call may succeed later
	MissingGrant string // for denied: what plugin.yaml must ask for and the operator must grant
	Err          error  // the cause; logged, never shown
}

// Error formats the failure for logs.
func (e *Error) Error() string {
	msg := e.Message
	if msg == "" {
		msg = e.Code.String()
	}
	if e.Op != "" {
		msg = e.Op + ": " + msg
	}
	if e.MissingGrant != "" {
		msg += " (missing grant: " + e.MissingGrant + ")"
	}
	if e.Err != nil {
		msg += ": " + e.Err.Error()
	}
	return msg
}

// Unwrap gives errors.Is and errors.As access to the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an Error with a formatted message; %w in the format keeps the cause.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), Err: errors.Unwrap(err)}
}

// Invalid says that the client's input is wrong (400).
func Invalid(format string, args ...any) *Error { return Errorf(CodeInvalid, format, args...) }

// NotFound says that something does not exist, or not for this viewer (404).
func NotFound(format string, args ...any) *Error { return Errorf(CodeNotFound, format, args...) }

// Denied says that the viewer may not (403).
func Denied(format string, args ...any) *Error { return Errorf(CodeDenied, format, args...) }

// Conflict says that something exists already or changed meanwhile (409).
func Conflict(format string, args ...any) *Error { return Errorf(CodeConflict, format, args...) }

// Unavailable says that something needed does not answer (503).
func Unavailable(format string, args ...any) *Error { return Errorf(CodeUnavailable, format, args...) }

// CodeOf returns the code in err's chain. nil is ok; an error without a code is internal.
func CodeOf(err error) Code {
	if err == nil {
		return abi.CodeOK
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}

// wireError is what the client may know about err.
func wireError(err error) (Code, contract.Error) {
	var e *Error
	if !errors.As(err, &e) || e.Code == CodeInternal || e.Code == abi.CodeOK {
		return CodeInternal, contract.Error{Code: CodeInternal.String(), Message: "internal error"}
	}
	msg := e.Message
	if msg == "" {
		msg = e.Code.String()
	}
	return e.Code, contract.Error{Code: e.Code.String(), Message: msg, Retryable: e.Retryable, MissingGrant: e.MissingGrant}
}
