package wasm

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/tetratelabs/wazero/api"

	"github.com/callboard/callboard/host/internal/plugin/sandbox"
	"github.com/callboard/callboard/sdk/abi"
)

// hostFunc is one function that a guest may import. The stack holds the
// arguments and takes the result, as the runtime lays them out.
type hostFunc struct {
	sandbox.Signature
	run func(ctx context.Context, i *instance, stack []uint64)
}

// importTable is everything that a guest may import: module -> name.
type importTable map[string]map[string]hostFunc

func newImportTable() importTable {
	table := importTable{
		abi.Module: {
			abi.ImportCall:  {sandbox.NewSignature("iiiiii", "I"), hostCall},
			abi.ImportRead:  {sandbox.NewSignature("iiii", "I"), hostRead},
			abi.ImportWrite: {sandbox.NewSignature("iiii", "I"), hostWrite},
			abi.ImportLog:   {sandbox.NewSignature("iii", ""), hostLog},
		},
		sandbox.WASIModule: {},
	}
	for name, f := range sandbox.WASI() {
		table[sandbox.WASIModule][name] = ofGuest(f)
	}
	return table
}

// ofGuest is a function that needs no more of an instance than its guest.
func ofGuest(f sandbox.Func) hostFunc {
	return hostFunc{f.Signature, func(ctx context.Context, i *instance, stack []uint64) { f.Run(ctx, &i.guest, stack) }}
}

// link makes the host modules, with only the functions that the guest imports.
func (m *compiled) link(ctx context.Context, refs []sandbox.Import) error {
	wanted := map[string][]string{}
	for _, ref := range refs {
		if !slices.Contains(wanted[ref.Module], ref.Name) {
			wanted[ref.Module] = append(wanted[ref.Module], ref.Name)
		}
	}
	for module, names := range wanted {
		builder := m.runtime.NewHostModuleBuilder(module)
		for _, name := range names {
			fn := m.loader.host(module, name)
			builder.NewFunctionBuilder().
				WithGoModuleFunction(guarded(fn.run), fn.Params, fn.Results).
				WithName(name).
				Export(name)
		}
		if _, err := builder.Instantiate(ctx); err != nil {
			return err
		}
	}
	return nil
}

// frame is the context of one entry into a guest. It carries the instance to
// the imports.
type frame struct {
	context.Context
	instance *instance
}

type frameKey struct{}

// Value implements context.Context.
func (f *frame) Value(key any) any {
	if key == (frameKey{}) {
		return f
	}
	return f.Context.Value(key)
}

// guarded finds the instance, and tells a bug of the host from a crash of the
// guest: a panic in an import is noted on the instance before it unwinds.
func guarded(run func(context.Context, *instance, []uint64)) api.GoModuleFunc {
	return func(ctx context.Context, mod api.Module, stack []uint64) {
		f, ok := ctx.Value(frameKey{}).(*frame)
		if !ok {
			panic(errors.New("a guest was entered without a frame"))
		}
		i := f.instance
		if i.memory == nil { // the start function is running
			i.use(mod.Memory())
		}
		defer func() {
			r := recover()
			if r == nil {
				return
			}
			if _, meant := r.(sandbox.Stop); !meant {
				i.hostPanic = fmt.Sprintf("%v\n%s", r, debug.Stack())
			}
			panic(r)
		}()
		run(f.Context, i, stack)
		// The steps of a metered guest do not say how long its imports took.
		sandbox.Interrupt(f.Context)
	}
}

func refuse(code abi.Code) uint64 { return uint64(-int64(code)) }

// hostCall is callboard.call(cap, op, ptr, len, outptr, outcap) -> i64.
func hostCall(ctx context.Context, i *instance, stack []uint64) {
	capability, op := abi.Capability(uint32(stack[0])), uint32(stack[1])
	if i.door == nil {
		stack[0] = refuse(abi.CodeInternal)
		return
	}
	// Both ranges are checked first: nothing is done that cannot be answered.
	payload, ok := i.memory.Read(uint32(stack[2]), uint32(stack[3]))
	outPtr, outCap := uint32(stack[4]), uint32(stack[5])
	if _, fits := i.memory.Read(outPtr, outCap); !ok || !fits {
		stack[0] = refuse(abi.CodeInvalid)
		return
	}
	if i.hostCalls++; i.hostCalls > i.limits.HostCalls {
		stack[0] = refuse(abi.CodeExhausted)
		return
	}
	var answer []byte
	i.guest.Outside(func() { answer = i.door.Call(ctx, capability, op, payload) })
	sandbox.Interrupt(ctx)
	var handle uint32
	first := answer
	if len(answer) > int(outCap) {
		first = answer[:outCap]
		if handle = i.door.Stash(answer); handle == 0 || handle >= 1<<31 {
			stack[0] = refuse(abi.CodeExhausted)
			return
		}
	}
	if len(answer) >= 1<<32 || !i.memory.Write(outPtr, first) {
		stack[0] = refuse(abi.CodeInternal)
		return
	}
	stack[0] = uint64(handle)<<32 | uint64(len(answer))
}

// hostRead is callboard.read(handle, off, ptr, len) -> i64.
func hostRead(ctx context.Context, i *instance, stack []uint64) {
	transfer(ctx, i, stack, func(handle uint32, off int64, view []byte) (int, abi.Code) {
		return i.door.Read(handle, off, view)
	})
}

// hostWrite is callboard.write(handle, off, ptr, len) -> i64.
func hostWrite(ctx context.Context, i *instance, stack []uint64) {
	transfer(ctx, i, stack, func(handle uint32, off int64, view []byte) (int, abi.Code) {
		return i.door.Write(handle, off, view)
	})
}

func transfer(ctx context.Context, i *instance, stack []uint64, move func(uint32, int64, []byte) (int, abi.Code)) {
	handle, off := uint32(stack[0]), int64(uint32(stack[1]))
	view, ok := i.memory.Read(uint32(stack[2]), uint32(stack[3]))
	switch {
	case i.door == nil:
		stack[0] = refuse(abi.CodeInternal)
	case !ok:
		stack[0] = refuse(abi.CodeInvalid)
	default:
		var n int
		var code abi.Code
		i.guest.Copy(ctx, func() int {
			n, code = move(handle, off, view)
			return n
		})
		sandbox.Interrupt(ctx)
		stack[0] = uint64(n)
		if code != abi.CodeOK {
			stack[0] = refuse(code)
		}
	}
}

// hostLog is callboard.log(level, ptr, len).
func hostLog(_ context.Context, i *instance, stack []uint64) {
	level := min(abi.Level(uint32(stack[0])), abi.LevelError)
	if line, ok := i.memory.Read(uint32(stack[1]), min(uint32(stack[2]), sandbox.MaxLine)); ok {
		i.guest.Output.Log(level, line)
	}
}
