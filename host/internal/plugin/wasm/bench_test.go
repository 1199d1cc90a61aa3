package wasm_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
)

// requests are echoes of these sizes; the guest is the hostile one, behaving.
func requests() map[string]string {
	return map[string]string{
		"empty": "echo ", "1KiB": "echo " + string(bytes.Repeat([]byte("x"), 1<<10)), "64KiB": "echo " + string(bytes.Repeat([]byte("x"), 64<<10)),
	}
}

// BenchmarkRaw is the floor: the runtime alone, no pool, no deadline, no
// checks; without and with close-on-context-done.
func BenchmarkRaw(b *testing.B) {
	module := plugintest.Hostile(b)
	for _, closing := range []bool{false, true} {
		ctx := context.Background()
		cache, err := wazero.NewCompilationCacheWithDir(cacheDir)
		if err != nil {
			b.Fatal(err)
		}
		r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCompilationCache(cache).WithCloseOnContextDone(closing))
		defer func() { _ = r.Close(ctx) }()
		wasi_snapshot_preview1.MustInstantiate(ctx, r)
		i32, i64 := api.ValueTypeI32, api.ValueTypeI64
		nothing := api.GoFunc(func(_ context.Context, stack []uint64) { stack[0] = 0 })
		host := r.NewHostModuleBuilder(abi.Module)
		for name, sig := range map[string][2][]api.ValueType{
			"call": {{i32, i32, i32, i32, i32, i32}, {i64}}, "read": {{i32, i32, i32, i32}, {i64}},
			"write": {{i32, i32, i32, i32}, {i64}}, "log": {{i32, i32, i32}, nil},
		} {
			host.NewFunctionBuilder().WithGoFunction(nothing, sig[0], sig[1]).Export(name)
		}
		if _, err := host.Instantiate(ctx); err != nil {
			b.Fatal(err)
		}
		mod, err := r.InstantiateWithConfig(ctx, module, wazero.NewModuleConfig().WithStartFunctions("_initialize"))
		if err != nil {
			b.Fatal(err)
		}
		in, handle := mod.ExportedFunction(abi.ExportIn), mod.ExportedFunction(abi.ExportHandle)
		for name, request := range requests() {
			input := plugintest.Request(request)
			b.Run(fmt.Sprintf("closing=%v/%s", closing, name), func(b *testing.B) {
				b.SetBytes(int64(len(request)))
				b.ReportAllocs()
				var stack [2]uint64
				for b.Loop() {
					stack[0] = uint64(len(input))
					if err := in.CallWithStack(ctx, stack[:]); err != nil {
						b.Fatal(err)
					}
					mod.Memory().Write(uint32(stack[0]), input)
					stack[0], stack[1] = uint64(abi.OpHTTPHandle), uint64(len(input))
					if err := handle.CallWithStack(ctx, stack[:]); err != nil {
						b.Fatal(err)
					}
					out, _ := mod.Memory().Read(uint32(stack[0]>>32), uint32(stack[0]))
					_ = bytes.Clone(out)
				}
			})
		}
	}
}

// BenchmarkCall is Registry.Call with everything that it does.
func BenchmarkCall(b *testing.B) {
	s := plugintest.NewStage(b, newLoader(b))
	s.Install(b, "echo", plugintest.Hostile(b), plugin.Limits{MaxCalls: 1 << 60, HostCalls: 1 << 60})
	s.Install(b, "minimal", plugintest.Minimal(), plugin.Limits{MaxCalls: 1 << 60})
	s.Gate.Answer = func(_ context.Context, _ plugin.CallInfo, _ abi.Capability, _ uint32, payload []byte) []byte {
		return plugintest.Answer(abi.CodeOK, abi.CodecNone, payload)
	}
	s.Warm(b, "echo", "echo x")
	s.Warm(b, "minimal", "")
	viewer := principal.Guest("user:development/guest")
	run := func(name string, id plugin.ID, payload msgp.Marshaler, size int) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			ctx := context.Background()
			for b.Loop() {
				reply, err := s.Call(ctx, plugin.Call{Plugin: id, Op: abi.OpHTTPHandle, Authority: viewer, Payload: payload})
				if err != nil {
					b.Fatal(err)
				}
				reply.Close()
			}
		})
	}
	run("minimal", "minimal", nil, 0)
	for name, request := range requests() {
		run(name, "echo", msgp.Raw(request), len(request))
	}
	kib := "call " + string(bytes.Repeat([]byte("x"), 1<<10))
	run("hostcall1KiB", "echo", msgp.Raw(kib), len(kib))
	b.Run("parallel/1KiB", func(b *testing.B) {
		payload := msgp.Raw(requests()["1KiB"])
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				reply, err := s.Call(context.Background(), plugin.Call{Plugin: "echo", Op: abi.OpHTTPHandle, Authority: viewer, Payload: payload})
				if err != nil {
					b.Fatal(err)
				}
				reply.Close()
			}
		})
	})
}

// BenchmarkInstance is what a cold call pays: a new instance of a Go guest.
func BenchmarkInstance(b *testing.B) {
	module := plugintest.Hostile(b)
	ctx := context.Background()
	m, err := newLoader(b).Load(ctx, plugin.Spec{ID: "echo", Digest: "bench", Wasm: module})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = m.Close(ctx) }()
	for b.Loop() {
		i, err := m.New(ctx)
		if err != nil {
			b.Fatal(err)
		}
		_ = i.Close(ctx)
	}
}
