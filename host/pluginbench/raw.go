package main

import (
	"bytes"
	"context"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/callboard/callboard/host/internal/plugin/meter"
	"github.com/callboard/callboard/sdk/abi"
)

// raw is a module in wazero and nothing else: no pool, no deadline, no checks.
// It is the floor of what a call can cost.
type raw struct {
	runtime wazero.Runtime
	code    wazero.CompiledModule
}

// newRaw compiles a module. With closing the runtime interrupts guests when a
// context ends, which is what everybody does who does not meter.
func newRaw(ctx context.Context, module []byte, closing bool) (*raw, error) {
	r := &raw{runtime: wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCloseOnContextDone(closing))}
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, r.runtime); err != nil {
		return nil, fmt.Errorf("linking WASI: %w", err)
	}
	var (
		i32, i64 = api.ValueTypeI32, api.ValueTypeI64
		nothing  = api.GoFunc(func(_ context.Context, stack []uint64) { stack[0] = 0 })
		host     = r.runtime.NewHostModuleBuilder(abi.Module)
	)
	host.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(echoBack), []api.ValueType{i32, i32, i32, i32, i32, i32}, []api.ValueType{i64}).Export(abi.ImportCall)
	for _, name := range []string{abi.ImportRead, abi.ImportWrite} {
		host.NewFunctionBuilder().WithGoFunction(nothing, []api.ValueType{i32, i32, i32, i32}, []api.ValueType{i64}).Export(name)
	}
	// What metered modules import besides. It looks at nothing: this is the pass alone.
	host.NewFunctionBuilder().WithGoFunction(api.GoFunc(func(_ context.Context, stack []uint64) { stack[0] = meter.Slice }), []api.ValueType{i32}, []api.ValueType{i32}).Export(meter.ImportTick)
	if _, err := host.Instantiate(ctx); err != nil {
		return nil, fmt.Errorf("linking the host: %w", err)
	}
	var err error
	r.code, err = r.runtime.CompileModule(ctx, module)
	return r, err
}

// echoBack answers a host call with its payload.
func echoBack(_ context.Context, mod api.Module, stack []uint64) {
	payload, _ := mod.Memory().Read(uint32(stack[2]), uint32(stack[3]))
	header := abi.ReplyHeader{PayloadLen: uint32(len(payload))}
	out := append(header.AppendTo(nil), payload...)
	mod.Memory().Write(uint32(stack[4]), out)
	stack[0] = uint64(len(out))
}

// caller makes an instance and returns a function that sends a request.
func (r *raw) caller(verb string) func(context.Context) (func([]byte) error, func(), error) {
	return func(ctx context.Context) (func([]byte) error, func(), error) {
		mod, err := r.runtime.InstantiateModule(ctx, r.code, wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize").
			WithSysWalltime().WithSysNanotime())
		if err != nil {
			return nil, nil, fmt.Errorf("making an instance: %w", err)
		}
		in, handle := mod.ExportedFunction(abi.ExportIn), mod.ExportedFunction(abi.ExportHandle)
		var (
			stack [2]uint64
			input []byte
			out   []byte
		)
		call := func(content []byte) error {
			input = request(input[:0], verb, content)
			stack[0] = uint64(len(input))
			if err := in.CallWithStack(ctx, stack[:]); err != nil {
				return err
			}
			mod.Memory().Write(uint32(stack[0]), input)
			stack[0], stack[1] = uint64(abi.OpHTTPHandle), uint64(len(input))
			if err := handle.CallWithStack(ctx, stack[:]); err != nil {
				return err
			}
			view, _ := mod.Memory().Read(uint32(stack[0]>>32), uint32(stack[0]))
			out = append(out[:0], view...)
			if verb == "echo" && !bytes.Equal(out[abi.ReplyHeaderSize:], content) {
				return fmt.Errorf("%d bytes came back as %d", len(content), len(out)-abi.ReplyHeaderSize)
			}
			return nil
		}
		return call, func() { _ = mod.Close(ctx) }, nil
	}
}

// request encodes a call of the guest.
func request(buf []byte, verb string, content []byte) []byte {
	header := abi.CallHeader{Op: abi.OpHTTPHandle, CallID: 1, PayloadLen: uint32(len(verb) + 1 + len(content))}
	buf = header.AppendTo(buf)
	buf = append(append(buf, verb...), ' ')
	return append(buf, content...)
}

func (r *raw) subject(name string) subject {
	return subject{name: name, caller: r.caller("echo"), roundTrip: r.caller("call"), close: func() { _ = r.runtime.Close(context.Background()) }}
}
