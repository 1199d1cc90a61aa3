package wasm_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/meter"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
	"github.com/callboard/callboard/host/internal/plugin/wasm"
	"github.com/callboard/callboard/sdk/abi"
)

// The stack of a crash has functions without a name by their index in the
// module that the author has, whether or not it was rewritten.
func TestStacksHaveTheModulesOwnIndexes(t *testing.T) {
	s := plugintest.NewStage(t, newLoader(t))
	s.Install(t, "trapping", plugintest.Trapping(), plugin.Limits{})
	_, err := s.Send(t.Context(), "trapping", "")
	var crash *plugin.Crash
	if !errors.As(err, &crash) || !strings.Contains(crash.Stack, ".$1(i32,i32) i64") {
		t.Errorf("%v, want a crash in function 1", err)
	}
	_, err = s.Send(t.Context(), "trapping", "")
	if status, _ := s.Get("trapping"); status.Warning != "" || !strings.Contains(status.Stack, ".$1(") {
		t.Errorf("its status is %+v, after %v", status, err)
	}
}

// A Go guest answers the same metered and bare, and fails in the same way.
func TestGoGuestDoesTheSame(t *testing.T) {
	bare, err := wasm.New(wasm.Config{
		Random: rand.Reader, Log: slog.New(slog.DiscardHandler),
		Rewrite: func([]byte) (meter.Metered, error) { return meter.Metered{}, &meter.Unsupported{What: "nothing"} },
	})
	if err != nil {
		t.Fatal(err)
	}
	sides := [2]*plugintest.Stage{}
	for i, loader := range []plugin.Loader{bare, newLoader(t)} {
		s := plugintest.NewStage(t, loader)
		s.Gate.Answer = func(_ context.Context, _ plugin.CallInfo, _ abi.Capability, _ uint32, payload []byte) []byte {
			return plugintest.Answer(abi.CodeOK, abi.CodecNone, append([]byte("pong "), payload...))
		}
		s.Install(t, "go", plugintest.Hostile(t), plugin.Limits{MemoryBytes: 48 << 20})
		s.Warm(t, "go", "echo x")
		sides[i] = s
	}
	for _, request := range []string{
		"echo x", "header", "files", "huge 300000", "grow 5000000", "call ping", "calls 20", "big x", "badcall", "print x", "flood 3",
		"trap", "nilmap", "overflow", "alloc", "exit 3", "badptr", "badheader", "badlength", "empty", "started", "unknown",
	} {
		want, bareErr := sides[0].Send(t.Context(), "go", request)
		got, meteredErr := sides[1].Send(t.Context(), "go", request)
		if request == "header" {
			want, got = "", "" // it has the id of the call
		}
		if got != want || fault.Message(bareErr) != fault.Message(meteredErr) || fault.KindOf(bareErr) != fault.KindOf(meteredErr) {
			t.Errorf("%s: metered: %.100q, %v; bare: %.100q, %v", request, got, meteredErr, want, bareErr)
		}
	}
}
