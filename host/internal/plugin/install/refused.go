package install

import (
	"fmt"

	"github.com/callboard/callboard/host/internal/fault"
)

// Refused says that what an operator asked for does not fit what is so, with
// what a program needs to ask again. It is a fault of kind Conflict.
type Refused struct { //nolint:errname // named for what happened, as Denial and Crash
	// Kind is the last part of the problem's type: "needs-approval",
	// "fixed-by-file", "not-compatible", "does-not-start", "stale".
	Kind    string
	Message string
	Review  *Review // of the version that was refused; nil where there is none
}

// Error returns the message.
func (r *Refused) Error() string { return r.Message }

// As makes it a fault of kind Conflict to errors.As.
func (r *Refused) As(target any) bool {
	f, ok := target.(**fault.Error)
	if ok {
		*f = &fault.Error{Kind: fault.Conflict, Message: r.Message}
	}
	return ok
}

func refused(kind, format string, args ...any) *Refused {
	return &Refused{Kind: kind, Message: fmt.Sprintf(format, args...)}
}
