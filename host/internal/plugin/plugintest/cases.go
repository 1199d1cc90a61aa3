package plugintest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/sdk/abi"
)

// within bounds time alone: a quick loop would use up the fuel of a short
// deadline before it.
func within(d time.Duration) plugin.Limits {
	return plugin.Limits{Fuel: 1 << 60, Deadline: map[abi.Op]time.Duration{abi.OpHTTPHandle: d}}
}

// patient bounds memory and leaves the time to fill it on a slow machine.
func patient(memory uint64) plugin.Limits {
	limits := within(time.Minute)
	limits.MemoryBytes = memory
	return limits
}

func cases() []hostileCase {
	moment := within(400 * time.Millisecond)
	return slices.Concat([]hostileCase{
		{name: "endless loop", request: "loop", limits: moment, failed: true, kind: fault.Timeout},
		{name: "endless loop, caller gives up", request: "loop", cancel: true, failed: true, kind: fault.Unavailable},
		{
			name: "memory bomb", request: "alloc", limits: patient(16 << 20),
			failed: true, kind: fault.Exhausted, crash: "unreachable", stderr: "out of memory",
		},
		{name: "trap", request: "trap", failed: true, kind: fault.Internal, crash: "out of bounds memory access"},
		{
			name: "nil map panic", request: "nilmap", failed: true, kind: fault.Internal,
			crash: "e", stderr: "assignment to entry in nil map",
		},
		{
			name: "stack overflow", request: "overflow", limits: patient(32 << 20),
			failed: true, kind: fault.Exhausted, crash: "unreachable", stderr: "main.descend",
		},
		{name: "exit(3)", request: "exit 3", failed: true, kind: fault.Internal, crash: "exit(3)"},
		{name: "exit(0)", request: "exit 0", failed: true, kind: fault.Internal, crash: "exit(0)"},
		{name: "huge output", request: "huge 9000000", failed: true, kind: fault.Exhausted},
		{name: "large output within the limit", request: "huge 8000000", want: "\x00\x00"},
		{name: "reply outside of memory", request: "badptr", failed: true, kind: fault.Internal, crash: "outside of memory"},
		{name: "reply without header", request: "badheader", failed: true, kind: fault.Internal, crash: "malformed header"},
		{name: "reply of wrong length", request: "badlength", failed: true, kind: fault.Internal, crash: "malformed header"},
		{name: "empty reply", request: "empty", failed: true, kind: fault.Internal, crash: "malformed header"},
		{name: "long sleep", request: "sleep 60000", limits: moment, failed: true, kind: fault.Timeout},
		{name: "long sleep, caller gives up", request: "sleep 60000", cancel: true, failed: true, kind: fault.Unavailable},
		{name: "short sleep", request: "sleep 5", want: ""},
		{name: "no files, arguments, environment", request: "files", want: "true args=0 env=0"},
		{
			name: "memory is recycled", request: "grow 60000000", limits: plugin.Limits{MemoryBytes: 80 << 20},
			after: func(t *testing.T, s *Stage) {
				t.Helper()
				if status, _ := s.Get("hostile"); status.Instances.Idle != 0 {
					t.Errorf("an instance of %d bytes was kept", status.MemoryBytes)
				}
			},
		},
	}, doorCases(), outputCases())
}

func doorCases() []hostileCase {
	big := bytes.Repeat([]byte("0123456789"), 10_000)
	return []hostileCase{
		{name: "ungranted call", request: "call x", want: "not granted"},
		{name: "call before any call", request: "started", want: "-9"},
		{name: "bad pointers", request: "badcall", want: "[-1 -1 -1 -1 -1 -4]"},
		{name: "call budget", request: "calls 11", limits: plugin.Limits{HostCalls: 10}, want: "-6"},
		{
			name: "call within budget", request: "calls 10", limits: plugin.Limits{HostCalls: 10},
			answer: answering(nil), want: "16",
		},
		{
			name: "call round trip", request: "call ping",
			answer: func(_ context.Context, _ plugin.CallInfo, _ abi.Capability, _ uint32, payload []byte) []byte {
				return Answer(abi.CodeOK, abi.CodecNone, append([]byte("pong after "), payload...))
			},
			want: "pong after ping",
		},
		{
			name: "answer larger than its room", request: "big x", answer: answering(big), want: string(big),
		},
		{name: "slow host call", request: "call x", limits: within(400 * time.Millisecond), answer: blocking, failed: true, kind: fault.Timeout},
		{name: "slow host call, caller gives up", request: "call x", cancel: true, answer: blocking, failed: true, kind: fault.Unavailable},
		{
			name: "panic in a host call", request: "call x", failed: true, kind: fault.Internal,
			answer: func(context.Context, plugin.CallInfo, abi.Capability, uint32, []byte) []byte {
				panic("a bug of the host")
			},
		},
	}
}

func answering(payload []byte) func(context.Context, plugin.CallInfo, abi.Capability, uint32, []byte) []byte {
	return func(context.Context, plugin.CallInfo, abi.Capability, uint32, []byte) []byte {
		return Answer(abi.CodeOK, abi.CodecNone, payload)
	}
}

func blocking(ctx context.Context, _ plugin.CallInfo, _ abi.Capability, _ uint32, _ []byte) []byte {
	<-ctx.Done()
	return Answer(abi.CodeTimeout, abi.CodecNone, nil)
}

func outputCases() []hostileCase {
	return []hostileCase{
		{
			name: "stdout and stderr become log lines", request: "print hello",
			after: func(t *testing.T, s *Stage) {
				t.Helper()
				want := []string{fmt.Sprintf("%d out hello", abi.LevelInfo), fmt.Sprintf("%d err hello", abi.LevelWarn)}
				if got := s.Gate.TakeLogs(); !slices.Equal(got, want) {
					t.Errorf("logged %q, want %q", got, want)
				}
			},
		},
		{
			name: "log budget", request: "flood 1000", limits: plugin.Limits{LogBytes: 10 << 10},
			after: func(t *testing.T, s *Stage) {
				t.Helper()
				logs := s.Gate.TakeLogs()
				if len(logs) != 11 || !strings.Contains(logs[10], "log budget of 10240 bytes is used up") {
					t.Errorf("%d lines were logged, the last is %.100q", len(logs), logs[len(logs)-1])
				}
			},
		},
	}
}
