package plugin

import (
	"context"
	"time"

	"github.com/callboard/callboard/sdk/abi"
)

// ID names a plugin: 2 to 40 characters of a-z, 0-9 and "-", starting with a letter.
type ID string

// Spec is one version of a plugin's code, ready to load.
type Spec struct {
	ID      ID
	Version string
	Digest  string // sha256 of Wasm, hex
	Wasm    []byte
	Limits  Limits
}

// Limits bound what a plugin may use. The zero value of a field means the
// host's default; the operator's caps are applied before a Spec is made.
type Limits struct {
	MemoryBytes    uint64                   // linear memory of one instance; default 64 MiB
	Instances      int                      // instances alive at once; default 2 × GOMAXPROCS
	Queue          int                      // calls that may wait for an instance; default 16 × Instances
	Deadline       map[abi.Op]time.Duration // per operation; defaults of DefaultDeadline
	HostCalls      int                      // host calls of one call; default 1,000
	Fuel           uint64                   // steps of one call; default 64 for each nanosecond of its deadline, so that the deadline comes first
	LogBytes       int                      // log and stderr of one call; default 64 KiB
	ResponseBytes  int64                    // bytes of one reply; default 8 MiB
	Handles        int                      // live handles of one call; default 64
	HandleBytes    int64                    // bytes behind them; default 64 MiB
	EgressRequests int                      // requests to other servers of one call, redirects included; default 20
	EgressBytes    int64                    // bytes of them, both ways; default 32 MiB
	MaxCalls       int                      // calls before an instance is recycled; default 10,000
	IdleAfter      time.Duration            // an instance idle this long is closed; default 10 min
	RestAfter      time.Duration            // code without a call for this long, and without instances, is released; default 30 min
	CPU            float64                  // processors inside of guests, on average over a second; default 0, no limit
	CompileTimeout time.Duration            // default 2 min: ten times what a large plugin takes on one slow core
}

// Loader turns a plugin's code into a Module. It has two backends, plugin/wasm
// and plugin/extism, held to one suite, plugintest.
type Loader interface {
	// Load validates and compiles. Faults: Invalid (not a module, unknown
	// imports, no ABI marker, over a compile limit; the message names what),
	// Timeout (compiling took too long).
	Load(ctx context.Context, spec Spec) (Module, error)
}

// Module is compiled code of one plugin version, in a runtime of its own.
type Module interface {
	// New makes an instance: memory of its own, start function run, ready to
	// be called. Faults as Instance.Handle.
	New(ctx context.Context) (Instance, error)
	// Warning says what a user of the plugin should know, such as "not
	// metered: unknown opcode 0xfd"; empty when there is nothing.
	Warning() string
	// Close frees code and closes instances that are still alive.
	Close(ctx context.Context) error
}

// Instance is one guest. It serves one call at a time and is used by one
// goroutine at a time. After any error it is closed, never used again.
type Instance interface {
	// Handle runs one operation: in is an abi.CallHeader with its payload, the
	// result an abi.ReplyHeader with its payload, valid until the next call.
	// Faults: Timeout (deadline), Unavailable (cancelled), Exhausted (memory,
	// fuel, reply too long), Internal wrapped in *Crash (trap, exit, bad reply).
	Handle(ctx context.Context, op abi.Op, in []byte, door Door) ([]byte, error)
	// Fuel returns the steps of the latest call, also of one that failed: the
	// same for the same input, on every machine. It is 0 if the module is not
	// metered. Before the first call it returns the steps of the start.
	Fuel() uint64
	// Guest returns the time of the latest call without that of its host calls.
	Guest() time.Duration
	// Memory returns the size of the linear memory in bytes.
	Memory() uint64
	// Stderr returns the first and the last of what the guest wrote to stdout
	// and stderr during its latest call.
	Stderr() string
	// Close frees the instance.
	Close(ctx context.Context) error
}

// Door is the one way out of a guest, bound to one call. The methods run on
// the goroutine of Instance.Handle, with the call's context. The slices that
// they are given are the guest's memory: they are valid until the method
// returns, and touching one later is a fault of the process, not only a race.
type Door interface {
	// Call performs a capability operation and returns an abi.ReplyHeader
	// with its payload, valid until the next method of the door. It never
	// fails: a refusal is a reply with a code.
	Call(ctx context.Context, capability abi.Capability, op uint32, payload []byte) []byte
	// Stash keeps a copy of an answer that did not fit the guest's buffer as a
	// handle below 1<<31, and returns 0 when the call's handles are used up.
	Stash(content []byte) uint32
	// Read copies from a handle at off into dst and returns the count.
	Read(handle uint32, off int64, dst []byte) (int, abi.Code)
	// Write copies src to a handle at off and returns the count.
	Write(handle uint32, off int64, src []byte) (int, abi.Code)
	// Log takes one line of the guest's log, stdout or stderr.
	Log(level abi.Level, line []byte)
}
