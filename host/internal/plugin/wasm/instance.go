package wasm

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/sandbox"
	"github.com/callboard/callboard/sdk/abi"
)

// instance is a plugin.Instance.
type instance struct {
	module *compiled
	limits plugin.Limits
	guest  sandbox.Guest
	mod    api.Module
	memory api.Memory
	linear *sandbox.Linear
	in     api.Function
	handle api.Function
	fuel   api.Function // exchanges the counter of a metered module, else nil

	entered atomic.Bool
	closed  bool

	// State of the call in progress.
	door      plugin.Door // nil between calls
	hostCalls int
	hostPanic string
	inside    time.Duration // of the latest call

	stack   [2]uint64
	counter [1]uint64 // beside stack, which holds the reply until it is read
}

// use tells host functions where the guest's memory is.
func (i *instance) use(memory api.Memory) { i.memory, i.guest.Memory = memory, memory }

// Handle implements plugin.Instance.
func (i *instance) Handle(ctx context.Context, op abi.Op, in []byte, door plugin.Door) ([]byte, error) {
	// A guest is single-threaded and keeps state between callboard_in and
	// callboard_handle, so a second entry would corrupt the first.
	if !i.entered.CompareAndSwap(false, true) {
		return nil, fault.New(fault.Internal, "an instance of plugin %s was entered twice", i.module.spec.ID)
	}
	defer i.entered.Store(false)
	if i.closed {
		return nil, fault.New(fault.Internal, "an instance of plugin %s was used after it was closed", i.module.spec.ID)
	}
	if err := i.module.tenants.Enter(); err != nil {
		return nil, err
	}
	defer i.module.tenants.Leave()

	i.door, i.hostCalls = door, 0
	i.guest.Around = i.module.loader.system
	if around, ok := door.(plugin.Ambient); ok {
		i.guest.Around = around
	}
	i.guest.Output.Begin(door.Log)
	i.guest.Away, i.guest.Pacer = 0, plugin.PacerOf(ctx)
	i.guest.Fuel.Begin(ctx, i.limits.FuelFor(op))
	out, err := i.run(ctx, op, in)
	i.inside = i.guest.Fuel.Elapsed() - i.guest.Away
	i.settle()
	i.guest.Output.End()
	i.door = nil
	if err != nil {
		i.close()
		return nil, err
	}
	return out, nil
}

func (i *instance) run(ctx context.Context, op abi.Op, in []byte) ([]byte, error) {
	// One frame per call: the runtime may look at its context from another
	// goroutine until shortly after the call.
	f := &frame{Context: ctx, instance: i}
	i.stack[0] = uint64(len(in))
	if err := i.in.CallWithStack(f, i.stack[:1]); err != nil {
		return nil, i.autopsy().Explain(ctx, err, abi.ExportIn)
	}
	if !i.memory.Write(uint32(i.stack[0]), in) {
		return nil, i.autopsy().Crash(abi.ExportIn+" answered a range outside of memory", "")
	}
	i.stack[0], i.stack[1] = uint64(op), uint64(len(in))
	if err := i.handle.CallWithStack(f, i.stack[:2]); err != nil {
		return nil, i.autopsy().Explain(ctx, err, op.String())
	}
	if err := ctx.Err(); err != nil {
		// The runtime may already be closing the instance.
		return nil, i.autopsy().Explain(ctx, err, op.String())
	}
	ptr, n := uint32(i.stack[0]>>32), uint32(i.stack[0])
	if int64(n) > i.limits.ResponseBytes+abi.ReplyHeaderSize {
		return nil, fault.New(fault.Exhausted, "plugin %s answered %d bytes, at most %d are allowed; larger content goes into a handle",
			i.module.spec.ID, n, i.limits.ResponseBytes)
	}
	out, ok := i.memory.Read(ptr, n)
	if !ok {
		return nil, i.autopsy().Crash("its reply is outside of memory", "")
	}
	if _, _, err := abi.ParseReplyHeader(out); err != nil {
		return nil, i.autopsy().Crash("its reply has a malformed header", "")
	}
	return out, nil
}

// settle brings the account of steps up to date after a call, whatever became
// of it: a guest that has trapped still has its counter.
func (i *instance) settle() {
	if i.fuel == nil {
		return
	}
	f := &frame{Context: i.module.forever, instance: i}
	i.counter[0] = api.EncodeI32(i.guest.Fuel.Next())
	if err := i.fuel.CallWithStack(f, i.counter[:]); err == nil {
		i.guest.Fuel.End(api.DecodeI32(i.counter[0]))
	}
}

// autopsy is taken when a call has no answer.
func (i *instance) autopsy() sandbox.Autopsy {
	return sandbox.Autopsy{
		Plugin: i.module.spec.ID, Limits: i.limits, Memory: i.Memory(), Stderr: i.Stderr(),
		HostPanic: i.hostPanic, Fuel: i.guest.Fuel.Limit(), Code: i.module.form,
	}
}

// Fuel implements plugin.Instance.
func (i *instance) Fuel() uint64 {
	if i.fuel == nil {
		return 0
	}
	return i.guest.Fuel.Used()
}

// Guest implements plugin.Instance.
func (i *instance) Guest() time.Duration { return i.inside }

// Memory implements plugin.Instance.
func (i *instance) Memory() uint64 {
	if i.memory == nil {
		return 0
	}
	return uint64(i.memory.Size())
}

// Stderr implements plugin.Instance.
func (i *instance) Stderr() string { return i.guest.Output.String() }

// Close implements plugin.Instance.
func (i *instance) Close(context.Context) error {
	if !i.entered.CompareAndSwap(false, true) {
		return fault.New(fault.Internal, "an instance of plugin %s was closed during a call", i.module.spec.ID)
	}
	defer i.entered.Store(false)
	i.close()
	return nil
}

func (i *instance) close() {
	if !i.closed {
		i.closed = true
		_ = i.mod.Close(i.module.forever)
		i.linear.Free()
	}
}
