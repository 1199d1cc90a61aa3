package plugintest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/sdk/abi"
)

// refusal is a module that never gets as far as a call.
type refusal struct {
	name  string
	wasm  []byte
	limit uint64
	words []string // all of them are in the message
}

// refused are the refusals that every kit has; write is the kit's.
func refused(minimal []byte, write func(tiny) []byte) []refusal {
	return []refusal{
		{"nothing", nil, 0, []string{"not a WebAssembly module"}},
		{"garbage", []byte("MZ this is something else entirely"), 0, []string{"not a WebAssembly module"}},
		{"truncated", minimal[:len(minimal)-9], 0, []string{"ends too early"}},
		{"truncated in a section head", minimal[:9], 0, []string{"ends too early"}},
		{"trailing bytes", append(minimal[:len(minimal):len(minimal)], 99, 0), 0, []string{"section 99 is not known"}},
		{"no handle", write(noHandle()), 0, []string{"callboard_handle"}},
		{"memory over the limit", write(greedyMemory()), 0, []string{"memory"}},
		{"table over the limit", write(greedyTable()), 0, []string{"table entries"}},
		{"four billion locals", write(manyLocals()), 0, []string{"4294967295 locals"}},
		{"a function too large", write(hugeFunction()), 0, []string{"function", "bytes"}},
		{"a function too wide", write(wideFunction()), 0, []string{"together too much to compile"}},
		{"more than 32 MiB", make([]byte, 33<<20), 0, []string{"34603008 bytes"}},
	}
}

func refusals(t *testing.T, loader plugin.Loader, kit Kit, hostile []byte) {
	t.Helper()
	for _, tc := range append(kit.refusals, refusal{"memory over a lower limit", hostile, kit.starved, []string{"memory"}}) {
		t.Run(tc.name, func(t *testing.T) {
			s := spec("refused", tc.wasm)
			s.Limits.MemoryBytes = tc.limit
			m, err := loader.Load(context.Background(), s)
			if err == nil {
				_ = m.Close(context.Background())
				t.Fatal("it was loaded")
			}
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("the fault is %v: %v", fault.KindOf(err), err)
			}
			for _, word := range tc.words {
				if !strings.Contains(fault.Message(err), word) {
					t.Errorf("the message %q does not name %q", fault.Message(err), word)
				}
			}
		})
	}
	if strings.Contains(loadError(t, loader, kit.modules.unknownImports), kit.modules.knownImport) {
		t.Error("a known import is reported as unknown")
	}
}

func loadError(t *testing.T, loader plugin.Loader, wasm []byte) string {
	t.Helper()
	_, err := loader.Load(context.Background(), spec("refused", wasm))
	if err == nil {
		t.Fatal("it was loaded")
	}
	return err.Error()
}

// neverEndingCompile: the caller gets its answer in time, others load, and the
// abandoned compile ends and frees what it held.
func neverEndingCompile(t *testing.T, loader plugin.Loader, kit Kit, hostile []byte) {
	t.Helper()
	still := quiet(t)
	slow := spec("slow", kit.modules.slowCompile())
	slow.Limits.CompileTimeout = 20 * time.Millisecond
	if _, err := loader.Load(context.Background(), slow); !fault.Is(err, fault.Timeout) {
		t.Errorf("loading: %v, want a timeout", err)
	}
	m, err := loader.Load(context.Background(), spec("other", hostile))
	if err != nil {
		t.Fatalf("another plugin does not load meanwhile: %v", err)
	}
	defer func() { _ = m.Close(context.Background()) }()
	still()
}

// starts are modules that load and do not start.
func starts(t *testing.T, loader plugin.Loader, kit Kit, hostile []byte) {
	t.Helper()
	for _, tc := range []struct {
		name string
		wasm []byte
		kind fault.Kind
	}{
		{"endless start function", kit.modules.endlessStart, fault.Timeout},
		{"exit while starting", kit.modules.exitingStart, fault.Internal},
	} {
		t.Run(tc.name, func(t *testing.T) {
			still := quiet(t)
			s := NewStageOf(t, loader, kit)
			s.Install(t, "other", hostile, plugin.Limits{})
			s.Install(t, "stuck", tc.wasm, within(400*time.Millisecond))
			s.Warm(t, "other", "echo x")
			s.Warm(t, "stuck", "echo x")
			_, err := s.Send(context.Background(), "stuck", "echo x")
			var crash *plugin.Crash
			if !fault.Is(err, tc.kind) || !errors.As(err, &crash) {
				t.Errorf("the fault is %v: %v", fault.KindOf(err), err)
			}
			expectEcho(t, s, "other")
			if err := s.Close(context.Background()); err != nil {
				t.Errorf("closing: %v", err)
			}
			still()
		})
	}
}

// reentry: one instance is never entered twice, whoever tries.
func reentry(t *testing.T, loader plugin.Loader, kit Kit, hostile []byte) {
	t.Helper()
	ctx := context.Background()
	t.Run("the instance refuses", func(t *testing.T) {
		m, err := loader.Load(ctx, spec("hostile", hostile))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = m.Close(ctx) }()
		inst, err := m.New(ctx)
		if err != nil {
			t.Fatal(err)
		}
		gate := &Gate{}
		door := gate.Open(plugin.CallInfo{Limits: plugin.Limits{}.WithDefaults()})
		defer door.Close()
		var inner, closing error
		gate.Answer = kit.tell(func(ctx context.Context, _ plugin.CallInfo, _ abi.Capability, _ uint32, _ []byte) []byte {
			_, inner = inst.Handle(ctx, abi.OpHTTPHandle, kit.Request("echo inner"), door)
			closing = inst.Close(ctx)
			return Answer(abi.CodeOK, abi.CodecNone, []byte("outer"))
		})
		out, err := inst.Handle(ctx, abi.OpHTTPHandle, kit.Request("call x"), door)
		if err != nil || !strings.Contains(string(out), "outer") {
			t.Errorf("the outer call answered %q, %v", out, err)
		}
		if inner == nil || closing == nil {
			t.Errorf("inside of the call: entering again gave %v, closing %v; want refusals", inner, closing)
		}
	})
	t.Run("the registry refuses a path that comes back", func(t *testing.T) {
		s := NewStageOf(t, loader, kit)
		s.Install(t, "hostile", hostile, plugin.Limits{Instances: 1})
		var inner error
		s.Gate.Answer = kit.tell(func(ctx context.Context, info plugin.CallInfo, _ abi.Capability, _ uint32, _ []byte) []byte {
			_, inner = s.Call(ctx, plugin.Call{Plugin: "hostile", Op: abi.OpHTTPHandle, Authority: info.Authority, ParentID: info.CallID})
			return Answer(abi.CodeOK, abi.CodecNone, nil)
		})
		if _, err := s.Send(ctx, "hostile", "call x"); err != nil {
			t.Errorf("the outer call failed: %v", err)
		}
		if !fault.Is(inner, fault.Denied) {
			t.Errorf("the inner call gave %v, want denied", inner)
		}
	})
}

// Request encodes a call of http.handle with text as its payload.
func Request(text string) []byte { return Kit{encode: plainText}.Request(text) }

// Request encodes a call of http.handle that says text to a guest of the kit.
func (k Kit) Request(text string) []byte {
	payload, err := k.encode(text).MarshalMsg(nil)
	if err != nil {
		panic(err) // of types that always encode
	}
	header := abi.CallHeader{Op: abi.OpHTTPHandle, Codec: abi.CodecMsgpack, CallID: 1, PayloadLen: uint32(len(payload))}
	return append(header.AppendTo(nil), payload...)
}
