package fault

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Kind says what sort of failure an error is. It decides the HTTP status, the
// Backstage error name and whether the message may be shown to the client.
type Kind uint8

// The kinds. Internal is the zero value on purpose: an error that nobody
// classified is a bug of ours, and its text is never shown to a client.
const (
	Internal        Kind = iota
	Invalid              // the caller's input is wrong
	Unauthenticated      // nobody is signed in and somebody must be
	Denied               // somebody is signed in and may not
	NotFound             // it does not exist, or the viewer may not see it
	Conflict             // it exists already, or changed meanwhile
	Exhausted            // a quota or limit is used up
	Unavailable          // something we need does not answer; try again
	Timeout              // a deadline passed
)

var names = [...]string{
	"internal", "invalid", "unauthenticated", "denied", "not_found",
	"conflict", "exhausted", "unavailable", "timeout",
}

// String returns the kind's stable name, as used in logs and problem types.
func (k Kind) String() string {
	if int(k) < len(names) {
		return names[k]
	}
	return names[Internal]
}

// ParseKind is the inverse of String; an unknown name is Internal.
func ParseKind(name string) Kind {
	for i, n := range names {
		if n == name {
			return Kind(i)
		}
	}
	return Internal
}

// Error is a classified failure.
type Error struct {
	Kind    Kind
	Op      string // where it happened, "catalog.Get"; may be empty
	Message string // for the reader of the answer: what, where, how to mend
	Err     error  // the cause; logged, never shown
}

// Error formats the fault for logs: op, message and cause.
func (e *Error) Error() string {
	msg := e.Message
	if msg == "" {
		msg = e.Kind.String()
	}
	if e.Op != "" {
		msg = e.Op + ": " + msg
	}
	// New formats its cause into the message; it is not said twice.
	if e.Err != nil && !strings.Contains(msg, e.Err.Error()) {
		msg += ": " + e.Err.Error()
	}
	return msg
}

// Unwrap gives errors.Is and errors.As access to the cause.
func (e *Error) Unwrap() error { return e.Err }

// New returns a fault with a formatted message; %w in the format keeps the cause.
func New(kind Kind, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: kind, Message: err.Error(), Err: errors.Unwrap(err)}
}

// Wrap classifies a cause. The message is shown to the client; the cause is not.
func Wrap(kind Kind, err error, message string) *Error {
	return &Error{Kind: kind, Message: message, Err: err}
}

// KindOf returns the kind of the outermost fault in err's chain. Context
// errors are Timeout and Unavailable; anything else is Internal.
func KindOf(err error) Kind {
	var f *Error
	switch {
	case errors.As(err, &f):
		return f.Kind
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	case errors.Is(err, context.Canceled):
		return Unavailable
	default:
		return Internal
	}
}

// Is reports whether err is a fault of the given kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// Message returns what a client may read about err: the outermost fault's
// message, or "internal error" for what is internal or no fault.
func Message(err error) string {
	var f *Error
	if errors.As(err, &f) && f.Kind != Internal && f.Message != "" {
		return f.Message
	}
	if k := KindOf(err); k != Internal {
		return k.String()
	}
	return "internal error"
}
