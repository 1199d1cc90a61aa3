package sandbox

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/callboard/callboard/host/internal/plugin"
)

// Memory is a guest's memory as host functions need it. It refuses what is not
// inside; what Read returns is the memory itself, valid until the guest runs on.
type Memory interface {
	Read(offset, count uint32) ([]byte, bool)
	Write(offset uint32, content []byte) bool
	WriteUint32Le(offset, v uint32) bool
	WriteUint64Le(offset uint32, v uint64) bool
}

// Guest is one instance as the system interface sees it.
type Guest struct {
	Memory Memory // nil until the instance has one
	Output Output
	Around plugin.Ambient
	Fuel   Fuel          // of a metered guest
	Pacer  plugin.Pacer  // of the call in progress; nil = it never waits
	Away   time.Duration // time of the latest call in the host on the guest's behalf, or waiting for its turn
}

// Outside takes the time of what the host does for the guest.
func (g *Guest) Outside(do func()) {
	began := time.Now()
	do()
	g.Away += time.Since(began)
}

// perByte is what copying a byte may take of a guest's own time.
const perByte = time.Nanosecond

// Copy takes the time of a move of n bytes between the host and the guest. To
// copy is the guest's own work, as it would be inside of it; to wait for the
// bytes is not. No step counts it, so that what takes long has its rest here.
func (g *Guest) Copy(ctx context.Context, move func() (n int)) {
	began := time.Now()
	n := move()
	took := time.Since(began)
	g.Away += max(took-time.Duration(n)*perByte, 0)
	if n >= maxTransfer {
		g.rest(ctx, g.Fuel.Elapsed())
	}
}

// Func is one function of the host. The stack holds the arguments and takes
// the result, as the runtime lays them out.
type Func struct {
	Signature
	Run func(ctx context.Context, g *Guest, stack []uint64)
}

// Signature is the type of a function.
type Signature struct{ Params, Results []api.ValueType }

// NewSignature spells value types as letters: i is i32, I is i64.
func NewSignature(params, results string) Signature {
	types := func(letters string) []api.ValueType {
		out := []api.ValueType{}
		for _, l := range letters {
			if l == 'I' {
				out = append(out, api.ValueTypeI64)
			} else {
				out = append(out, api.ValueTypeI32)
			}
		}
		return out
	}
	return Signature{types(params), types(results)}
}

// Matches reports whether a function has this type.
func (s Signature) Matches(def api.FunctionDefinition) bool {
	return slices.Equal(s.Params, def.ParamTypes()) && slices.Equal(s.Results, def.ResultTypes())
}

// Is reports whether a function of a scanned module has this type.
func (s Signature) Is(t FuncType) bool {
	return string(s.Params) == t.Params && string(s.Results) == t.Results
}

// Stop is what a host function panics with to unwind the guest on purpose; any
// other panic is a bug of the host.
type Stop struct{ Cause error } //nolint:errname // a signal that unwinds a guest, never returned

func (s Stop) Error() string { return s.Cause.Error() }

// Unwrap returns the cause.
func (s Stop) Unwrap() error { return s.Cause }

// Exit is the cause of a stop by proc_exit.
type Exit uint32 //nolint:errname // a signal that unwinds a guest, never returned

func (e Exit) Error() string { return fmt.Sprintf("exit(%d)", uint32(e)) }

// Interrupt unwinds the guest if its time is up. Host functions that took time
// call it last, so that a guest whose deadline has passed never runs on.
func Interrupt(ctx context.Context) {
	if err := ctx.Err(); err != nil {
		panic(Stop{err})
	}
}
