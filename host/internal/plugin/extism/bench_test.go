package extism_test

import (
	"context"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
	"github.com/callboard/callboard/sdk/abi"
)

// BenchmarkCall is Registry.Call of an echo, with everything that it does;
// plugin/wasm has the same for ABI v1.
func BenchmarkCall(b *testing.B) {
	for name, kit := range map[string]plugintest.Kit{"go": plugintest.ExtismGo(), "assemblyscript": plugintest.ExtismAS()} {
		s := plugintest.NewStageOf(b, newLoader(b), kit)
		s.Install(b, "echo", kit.Hostile(b), plugin.Limits{MaxCalls: 1 << 60, HostCalls: 1 << 60})
		s.Gate.Answer = plugintest.Told(kit, func(_ context.Context, _ plugin.CallInfo, _ abi.Capability, _ uint32, payload []byte) []byte {
			return plugintest.Answer(abi.CodeOK, abi.CodecNone, payload)
		})
		s.Warm(b, "echo", "echo x")
		for _, size := range []struct {
			name string
			n    int
		}{{"empty", 0}, {"1KiB", 1 << 10}, {"64KiB", 64 << 10}, {"1MiB", 1 << 20}} {
			request := "echo " + strings.Repeat("x", size.n)
			b.Run(name+"/"+size.name, func(b *testing.B) { send(b, s, request) })
		}
		b.Run(name+"/hostcall1KiB", func(b *testing.B) { send(b, s, "call "+strings.Repeat("x", 1<<10)) })
	}
}

func send(b *testing.B, s *plugintest.Stage, request string) {
	b.Helper()
	b.SetBytes(int64(len(request)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Send(context.Background(), "echo", request); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkInstance is what a cold call pays: a new instance and its kernel.
func BenchmarkInstance(b *testing.B) {
	m := load(b, plugin.Limits{})
	for b.Loop() {
		i, err := m.New(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		_ = i.Close(context.Background())
	}
}
