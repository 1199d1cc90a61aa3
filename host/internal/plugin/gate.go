package plugin

import (
	"time"

	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
)

// CallInfo is what the other side of the door may know about a call.
type CallInfo struct {
	Plugin    ID
	Version   string
	Digest    string // of the module that runs
	Op        abi.Op
	Authority principal.Authority // ends with this plugin as its innermost actor
	Limits    Limits              // resolved: no field is zero
	Deadline  time.Time
	RequestID string
	CallID    uint64 // of this call; the parent of calls that the guest causes
	ParentID  uint64 // 0 = none
	TraceID   [16]byte
	SpanID    [8]byte
}

// Gate opens the door for one call. It decides nothing itself that the door
// could not be asked: what is declared, granted, allowed and within quota is
// checked when the guest calls out.
type Gate interface {
	// Open returns the call's session. It is always closed, also when the
	// guest was never entered.
	Open(info CallInfo) Session
}

// Session is the door of one call together with the handles that live as long
// as the call's reply. Door methods run on the goroutine of Registry.Call;
// Put, Body, Usage and Close are called by the host before and after it, never
// at the same time.
type Session interface {
	Door

	// Put keeps content as a handle for the guest to read. Handles are never
	// zero and below 1<<31. The content is not copied and must not change.
	// Faults: Exhausted (handles or bytes of the call are used up).
	Put(mediaType string, content []byte) (uint32, error)

	// Body returns what a handle that the guest named in its reply holds, as
	// pieces in order, without copying. The pieces stay valid after Close, since
	// a server may still be sending them, and must not be changed. Faults: Invalid (no such handle), Denied (it was
	// read under wider authority than the call's receiver has).
	Body(handle uint32) (pieces [][]byte, mediaType string, err error)

	// Usage returns what the call has used so far.
	Usage() Usage

	// Close frees the handles. It is safe to call twice.
	Close()
}

// Usage counts what one call used.
type Usage struct {
	HostCalls   int   // capability operations performed
	Denied      int   // of these, answered with denied
	Handles     int   // handles made, dropped ones included
	HandleBytes int64 // bytes behind them
	LogLines    int
	LogBytes    int // of these lines

	EgressRequests int   // requests to other servers, redirects included
	EgressBytes    int64 // of their headers and bodies, both ways
}
