package extism

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	sdk "github.com/extism/go-sdk"
	"github.com/tetratelabs/wazero/api"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/meter"
	"github.com/callboard/callboard/host/internal/plugin/sandbox"
	"github.com/callboard/callboard/sdk/abi"
)

// instance is a plugin.Instance.
type instance struct {
	module   *compiled
	limits   plugin.Limits
	guest    sandbox.Guest
	walls    *walls
	starting *sdk.Plugin // stands in for plugin while it is made
	plugin   *sdk.Plugin // nil until it is made
	main     api.Module  // the guest's; nil until it was entered
	handle   api.Function
	fuel     api.Function // exchanges the counter of a metered module

	entered atomic.Bool
	closed  bool

	// State of the call in progress.
	door                 plugin.Door // nil between calls
	input                []byte
	inputAt              uint64 // the block with the input, if the guest asked for one
	blocks               blocks
	outputAt, outputSize uint64
	problem              string // what error_set said
	hostCalls            int
	hostPanic            string
	inside               time.Duration // of the latest call

	reply   []byte    // of the latest call
	counter [1]uint64 // what the guest's functions take and answer
}

// begin forgets the call before; door is nil when the guest starts.
func (i *instance) begin(door plugin.Door, input []byte) {
	i.door, i.input, i.inputAt = door, input, 0
	i.blocks.reset()
	i.outputAt, i.outputSize, i.problem, i.hostCalls = 0, 0, "", 0
	if door == nil {
		i.guest.Output.Begin(nil)
		return
	}
	i.guest.Around = i.module.loader.system
	if around, ok := door.(plugin.Ambient); ok {
		i.guest.Around = around
	}
	i.guest.Output.Begin(door.Log)
}

// Handle implements plugin.Instance.
func (i *instance) Handle(ctx context.Context, op abi.Op, in []byte, door plugin.Door) ([]byte, error) {
	// The kernel has one input, one output and one error: a second entry
	// would overwrite the first's.
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

	input, err := writeCall(in)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, fmt.Sprintf("a call of plugin %s cannot be written as JSON", i.module.spec.ID))
	}
	i.begin(door, input)
	i.guest.Away, i.guest.Pacer = 0, plugin.PacerOf(ctx)
	i.guest.Fuel.Begin(ctx, i.limits.FuelFor(op))
	out, err := i.run(ctx, op)
	i.inside = i.guest.Fuel.Elapsed() - i.guest.Away
	i.settle()
	i.guest.Output.End()
	i.door, i.input = nil, nil
	if err != nil {
		i.close()
		return nil, err
	}
	return out, nil
}

func (i *instance) run(ctx context.Context, op abi.Op) ([]byte, error) {
	rc, err := i.enter(ctx, ExportHandle)
	if err != nil {
		return nil, i.autopsy().Explain(ctx, err, op.String())
	}
	if err := ctx.Err(); err != nil {
		// The runtime may already be closing the instance.
		return nil, i.autopsy().Explain(ctx, err, op.String())
	}
	if rc != 0 || i.problem != "" {
		// The kits' way to fail: an error and a return code.
		i.reply, err = readReply(i.reply[:0], op, refusalJSON(abi.CodeInternal, "%s (return code %d)", i.problem, rc))
		return i.reply, err
	}
	// Base64 makes four bytes of three; the exact limit is that of the reply.
	if most := i.limits.ResponseBytes/3*4 + 64<<10; int64(i.outputSize) > most { //nolint:gosec // a size in memory
		return nil, i.tooLong(int64(i.outputSize)) //nolint:gosec // as above
	}
	output := i.walls.kernel().view[i.outputAt : i.outputAt+i.outputSize]
	if i.reply, err = readReply(i.reply[:0], op, output); err != nil {
		return nil, i.autopsy().Crash(err.Error(), "")
	}
	if n := int64(len(i.reply)); n > i.limits.ResponseBytes+abi.ReplyHeaderSize {
		return nil, i.tooLong(n)
	}
	return i.reply, nil
}

func (i *instance) tooLong(n int64) error {
	return fault.New(fault.Exhausted, "plugin %s answered %d bytes, at most %d are allowed; larger content goes into a handle",
		i.module.spec.ID, n, i.limits.ResponseBytes)
}

// enter runs one function of the guest. The input does not go through the
// kernel: the functions that load it read the host's copy.
//
// The SDK's call makes a stack of its own for each of the eight functions that
// it calls around the guest's. Once the guest's module is known it is entered
// directly, and of the eight are left those that make the kernel forget the
// call before.
func (i *instance) enter(ctx context.Context, name string) (rc uint32, err error) {
	f := &frame{Context: ctx, instance: i}
	if i.main == nil {
		rc, _, err = i.plugin.CallWithContext(f, name, nil)
		return rc, err //nolint:wrapcheck // explain turns it into a fault
	}
	if _, err := i.plugin.SetInputWithContext(i.module.forever, nil); err != nil {
		return 0, fmt.Errorf("resetting the kernel: %w", err)
	}
	if i.handle == nil {
		i.handle = i.main.ExportedFunction(name)
	}
	i.counter[0] = 0
	err = i.handle.CallWithStack(f, i.counter[:])
	return api.DecodeU32(i.counter[0]), err //nolint:wrapcheck // as above
}

// settle brings the account of steps up to date after a call, whatever became
// of it: a guest that has trapped still has its counter.
func (i *instance) settle() {
	if !i.module.metered || i.main == nil {
		return
	}
	if i.fuel == nil {
		i.fuel = i.main.ExportedFunction(meter.ExportFuel)
	}
	i.counter[0] = api.EncodeI32(i.guest.Fuel.Next())
	if err := i.fuel.CallWithStack(i.module.forever, i.counter[:]); err == nil {
		i.guest.Fuel.End(api.DecodeI32(i.counter[0]))
	}
}

// autopsy is taken when a call has no answer. What the guest set as its error
// is told with what it wrote.
func (i *instance) autopsy() sandbox.Autopsy {
	stderr := i.Stderr()
	if i.problem != "" {
		stderr += "error: " + i.problem + "\n"
	}
	return sandbox.Autopsy{
		Plugin: i.module.spec.ID, Limits: i.limits, Memory: i.Memory(), Stderr: stderr,
		HostPanic: i.hostPanic, Fuel: i.guest.Fuel.Limit(),
	}
}

// Fuel implements plugin.Instance.
func (i *instance) Fuel() uint64 {
	if !i.module.metered {
		return 0
	}
	return i.guest.Fuel.Used()
}

// Guest implements plugin.Instance.
func (i *instance) Guest() time.Duration { return i.inside }

// Memory implements plugin.Instance: the guest's own and the kernel's.
func (i *instance) Memory() uint64 { return i.walls.used }

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
		if i.plugin != nil {
			_ = i.plugin.CloseWithContext(i.module.forever)
		}
		i.walls.free()
	}
}
