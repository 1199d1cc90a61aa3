package replay

import (
	"time"

	"github.com/callboard/callboard/sdk/abi"
)

// Format is what the first line of a file says. A reader refuses any other.
const Format = "replay/1"

// Start is the Op of a recording of an instance that did not start.
const Start = "start"

// Recording is one call: everything that entered the guest, in order, and what
// became of it.
type Recording struct {
	Head
	Input    []byte  // abi.CallHeader with its payload; nil without bodies and for Start
	Events   []Event // what passed the door, in order
	Around   Around  // time and randomness of the call
	Outcome  Outcome
	Verified Verified
}

// Head says what was called, by whom and with which limits.
type Head struct {
	Format    string    `json:"callboard"` // Format
	ID        string    `json:"id"`
	At        time.Time `json:"at"`
	Plugin    string    `json:"plugin"`
	Version   string    `json:"version"`
	Digest    string    `json:"digest"` // sha256 of the module, hex
	ABI       int       `json:"abi"`
	Host      string    `json:"host"` // version of the host
	Op        string    `json:"op"`   // "http.handle/1", or Start
	Route     string    `json:"route,omitempty"`
	Reason    string    `json:"reason"` // ReasonFailed or ReasonAsked
	RequestID string    `json:"requestId,omitempty"`
	Authority Authority `json:"authority"`
	Limits    Limits    `json:"limits"`
	Config    string    `json:"config,omitempty"` // digest of the plugin's configuration
	Grants    string    `json:"grants,omitempty"` // digest of its grants

	// Bodies says that payloads are in the file. Without them it tells what
	// happened and cannot be run again.
	Bodies bool `json:"bodies"`
	// Truncated says that the call was larger than a recording may be; what is
	// missing is at the end.
	Truncated bool `json:"truncated,omitempty"`
	// Redacted counts the places where a secret was overwritten, with as many
	// bytes as it had.
	Redacted int `json:"redacted,omitempty"`
	// EarlierCalls is how many calls the instance had served before. With more
	// than none its memory may have been part of the cause.
	EarlierCalls int `json:"earlierCalls"`
	// Start is the time and randomness that the instance started with.
	Start Around `json:"start"`
}

// Why a call was recorded.
const (
	ReasonFailed = "failed"
	ReasonAsked  = "asked for"
)

// Authority is for whom a call ran, without credentials.
type Authority struct {
	Mode   string   `json:"mode"`
	Kind   string   `json:"kind"`
	Ref    string   `json:"ref,omitempty"`
	Actors []string `json:"actors,omitempty"` // "id@version", outermost first
}

// Limits are the bounds that a call ran under.
type Limits struct {
	MemoryBytes   uint64        `json:"memoryBytes"`
	HostCalls     int           `json:"hostCalls"`
	LogBytes      int           `json:"logBytes"`
	ResponseBytes int64         `json:"responseBytes"`
	Handles       int           `json:"handles"`
	HandleBytes   int64         `json:"handleBytes"`
	Fuel          uint64        `json:"fuel,omitempty"`
	Deadline      time.Duration `json:"deadlineNanos"`
}

// Around is time and randomness of a call or of a start.
type Around struct {
	Seed      []byte  `json:"seed,omitempty"`      // of ChaCha8, 32 bytes; none = no randomness was drawn
	Wall      []int64 `json:"wall,omitempty"`      // readings of the wall clock in order, Unix nanoseconds
	Monotonic []int64 `json:"monotonic,omitempty"` // readings of the other clock, nanoseconds
	Cut       bool    `json:"cut,omitempty"`       // there were more readings
}

// Kind is what an event is.
type Kind string

// The kinds of events.
const (
	KindPut   Kind = "put"   // the host made a handle before the call: Handle, MediaType, Bytes
	KindCall  Kind = "call"  // a host call: Capability, Op, Request, Answer
	KindStash Kind = "stash" // the answer before it became a handle: Handle
	KindRead  Kind = "read"  // Handle, Off, Size, Bytes, Code
	KindWrite Kind = "write" // Handle, Off, Bytes, Code
	KindLog   Kind = "log"   // Level, Bytes
	KindSleep Kind = "sleep" // Off = nanoseconds
)

// Event is one thing that passed the door.
type Event struct {
	Kind       Kind
	Capability abi.Capability
	Op         uint32
	Request    []byte // of KindCall; nil where only its Hash is known
	Hash       string // sha256 of a request that is not in the file, hex
	Answer     []byte // abi.ReplyHeader with its payload
	Handle     uint32
	Off        int64
	Size       int // bytes asked for, or of what is not in the file
	Bytes      []byte
	MediaType  string
	Code       abi.Code
	Level      abi.Level
	Stopped    bool // the call was stopped as this returned
}

// Outcome is how a run ended.
type Outcome struct {
	// Kind is "ok", the fault's kind ("internal", "timeout", …) or, for an
	// error that the guest answered, its code.
	Kind    string
	Crashed bool
	Cause   string // of a crash: "unreachable", "exit(3)"
	Message string // of the fault
	Stack   string // the guest's, one frame a line
	Stderr  string
	Fuel    uint64 // steps; 0 = not metered
	Memory  uint64 // linear memory afterwards, bytes
	Reply   []byte // abi.ReplyHeader with its payload; nil when it failed before
}

// Verified is what came of running the recording again.
type Verified struct {
	Reproduced  string   `json:"reproduced"` // yes, no, pending
	Differences []string `json:"differences,omitempty"`
	Fuel        uint64   `json:"fuel,omitempty"` // of the run on a fresh instance
}

// Values of Verified.Reproduced.
const (
	Yes     = "yes"
	No      = "no"
	Pending = "pending"
)
