package extism_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/extism"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// load compiles the hostile guest of Extism's Go kit.
func load(tb testing.TB, limits plugin.Limits) plugin.Module {
	tb.Helper()
	return loadWith(tb, newLoader(tb), limits)
}

func loadWith(tb testing.TB, loader plugin.Loader, limits plugin.Limits) plugin.Module {
	tb.Helper()
	wasm := plugintest.ExtismGo().Hostile(tb)
	sum := sha256.Sum256(wasm)
	m, err := loader.Load(tb.Context(), plugin.Spec{ID: "hostile", Digest: hex.EncodeToString(sum[:]), Wasm: wasm, Limits: limits})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := m.Close(context.Background()); err != nil {
			tb.Errorf("closing the module: %v", err)
		}
	})
	return m
}

func start(tb testing.TB, m plugin.Module) plugin.Instance {
	tb.Helper()
	i, err := m.New(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = i.Close(context.Background()) })
	return i
}

// say tells an instance something and returns the text that it answers.
func say(tb testing.TB, i plugin.Instance, gate *plugintest.Gate, text string) (string, error) {
	tb.Helper()
	door := gate.Open(plugin.CallInfo{Limits: plugin.Limits{}.WithDefaults()})
	defer door.Close()
	out, err := i.Handle(context.Background(), abi.OpHTTPHandle, plugintest.ExtismGo().Request(text), door)
	if err != nil {
		return "", err
	}
	header, payload, err := abi.ParseReplyHeader(out)
	if err != nil {
		tb.Fatal(err)
	}
	if header.Code != abi.CodeOK {
		var e contract.Error
		if _, err := e.UnmarshalMsg(payload); err != nil {
			tb.Fatal(err)
		}
		return header.Code.String() + ": " + e.Message, nil
	}
	var response contract.HTTPResponse
	if _, err := response.UnmarshalMsg(payload); err != nil {
		tb.Fatal(err)
	}
	if len(response.Body) == 0 {
		return "", nil
	}
	return string(response.Body[0].Bytes), nil
}

// Known fault of the SDK: after a trap, a panic or memory that has run out the
// instance stays open, and the next call answers return code 0 from a runtime
// in pieces.
func TestAnInstanceIsNotReusedAfterAFault(t *testing.T) {
	m := load(t, plugin.Limits{MemoryBytes: 16 << 20})
	for name, request := range map[string]string{
		"a trap": "trap", "a panic": "nilmap", "memory that has run out": "alloc", "an exit with 0": "exit 0", "a reply that is none": "badheader",
	} {
		t.Run(name, func(t *testing.T) {
			i := start(t, m)
			if got, err := say(t, i, &plugintest.Gate{}, "echo before"); err != nil || got != "before" {
				t.Fatalf("before: %q, %v", got, err)
			}
			if got, err := say(t, i, &plugintest.Gate{}, request); err == nil {
				t.Fatalf("it answered %q", got)
			}
			got, err := say(t, i, &plugintest.Gate{}, "echo after")
			if err == nil || !strings.Contains(err.Error(), "used after it was closed") {
				t.Errorf("afterwards the same instance answered %q, %v", got, err)
			}
			if got, err := say(t, start(t, m), &plugintest.Gate{}, "echo after"); err != nil || got != "after" {
				t.Errorf("the next instance answered %q, %v", got, err)
			}
		})
	}
}

// Known fault of the SDK: its HTTP client checks the first URL against
// allowed_hosts and follows redirects to anywhere. Here it is not linked at
// all, neither for a host that somebody might have allowed nor for any other.
func TestTheKernelsHTTPClientCannotBeReached(t *testing.T) {
	var hits atomic.Int32
	denied := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		hits.Add(1)
		_, _ = fmt.Fprint(w, "internal data")
	}))
	defer denied.Close()
	allowed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		http.Redirect(w, r, denied.URL, http.StatusFound)
	}))
	defer allowed.Close()
	m := load(t, plugin.Limits{})
	for name, url := range map[string]string{"a redirect": allowed.URL, "directly": denied.URL, "nonsense": "::"} {
		t.Run(name, func(t *testing.T) {
			got, err := say(t, start(t, m), &plugintest.Gate{}, "fetch "+url)
			var crash *plugin.Crash
			if !errors.As(err, &crash) || !strings.Contains(crash.Cause, "http_request is switched off") || !strings.Contains(crash.Cause, "http.fetch/1") {
				t.Errorf("it answered %q, %v", got, err)
			}
		})
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("%d requests reached a server", n)
	}
}

// Known fault of the SDK: the kernel keeps its list of blocks in the memory
// that guests write to. A guest that writes over a length makes it walk in
// circles, where neither a deadline nor the collector can interrupt it.
func TestAGuestCannotTouchTheKernelsBooks(t *testing.T) {
	m := load(t, plugin.Limits{MemoryBytes: 16 << 20})
	for _, tc := range []struct{ name, request, crash, want string }{
		{"a length is overwritten", "circle", "reads 8 bytes at", ""},
		{"a write past the end of a block", "outside", "writes 8 bytes at", ""},
		{"lengths that wrap around", "wrap", "", "0 0 true"},
		{"a block that only looks like one is freed", "fake", "", "0 17"},
		{"as many blocks as it can get", "blocks", "", "655"},
		{"output that is nowhere", "badptr", "its output is outside of memory", ""},
		{"a request that is nowhere", "badcall", "where it has no block", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			i := start(t, m)
			got, err := say(t, i, &plugintest.Gate{}, tc.request)
			var crash *plugin.Crash
			switch {
			case tc.crash != "":
				if !errors.As(err, &crash) || !strings.Contains(crash.Cause, tc.crash) {
					t.Errorf("it answered %q, %v; want the crash %q", got, err, tc.crash)
				}
			case err != nil || !strings.HasPrefix(got, tc.want):
				t.Errorf("it answered %q, %v; want %q", got, err, tc.want)
			default: // the kernel is whole: it serves the next call
				if got, err := say(t, i, &plugintest.Gate{}, "echo next"); err != nil || got != "next" {
					t.Errorf("the next call answered %q, %v", got, err)
				}
			}
		})
	}
}

// The kernel's memory counts with the guest's: a guest cannot have the limit
// twice.
func TestTheKernelsMemoryCounts(t *testing.T) {
	const limit = 16 << 20
	i := start(t, load(t, plugin.Limits{MemoryBytes: limit}))
	before := i.Memory()
	got, err := say(t, i, &plugintest.Gate{}, "fill")
	if err != nil {
		t.Fatal(err)
	}
	if after := i.Memory(); after <= before || after > limit+2<<20 {
		t.Errorf("after %s blocks of 1 MiB it has %d bytes, before %d; the limit is %d", got, after, before, limit)
	}
}

// Known faults of the SDK: the maps of configuration and hosts are shared by
// all instances, the log level by the process; variables live in an instance
// and hold one call's data for the next.
func TestInstancesShareNothing(t *testing.T) {
	m := load(t, plugin.Limits{})
	config := func(value string) *plugintest.Gate {
		return &plugintest.Gate{Answer: func(_ context.Context, _ plugin.CallInfo, capability abi.Capability, _ uint32, _ []byte) []byte {
			if capability != abi.CapConfig {
				return plugintest.Refusal(abi.CodeDenied, contract.Error{Message: "not granted"})
			}
			packed, err := (&contract.ConfigAnswer{JSON: []byte(value)}).MarshalMsg(nil)
			if err != nil {
				t.Fatal(err)
			}
			return plugintest.Answer(abi.CodeOK, abi.CodecMsgpack, packed)
		}}
	}
	one, two := start(t, m), start(t, m)
	for range 2 {
		for _, tc := range []struct {
			i            plugin.Instance
			config, want string
		}{
			{one, `{"team":"a"}`, "true a"}, {two, `{"team":"b"}`, "true b"}, {one, `{"other":1}`, "false "}, {two, `{"team":{"x":[1]}}`, `true {"x":[1]}`},
		} {
			if got, err := say(t, tc.i, config(tc.config), "config team"); err != nil || got != tc.want {
				t.Errorf("with %s it has %q, %v; want %q", tc.config, got, err, tc.want)
			}
		}
	}
	if got, err := say(t, one, &plugintest.Gate{}, "config team"); err != nil || got != "false " {
		t.Errorf("without a grant it has %q, %v", got, err)
	}
	if got, err := say(t, two, &plugintest.Gate{}, "getvar"); err != nil || got != "" {
		t.Errorf("a variable is %q, %v", got, err)
	}
	var crash *plugin.Crash
	if _, err := say(t, two, &plugintest.Gate{}, "setvar x"); !errors.As(err, &crash) || !strings.Contains(crash.Cause, "kv.set/1") {
		t.Errorf("setting a variable: %v", err)
	}
}

// Known fault of the SDK: the text of a panic in a host function, with a stack
// of the host, is the error of the call. Here it is internal, which no client
// is shown, and no part of the crash that the plugins page shows.
func TestAPanicOfTheHostTellsNobody(t *testing.T) {
	i := start(t, load(t, plugin.Limits{}))
	_, err := say(t, i, &plugintest.Gate{Answer: func(context.Context, plugin.CallInfo, abi.Capability, uint32, []byte) []byte {
		panic("the password is swordfish")
	}}, "call x")
	var crash *plugin.Crash
	if !fault.Is(err, fault.Internal) || errors.As(err, &crash) {
		t.Errorf("err = %v", err)
	}
	if _, err := say(t, i, &plugintest.Gate{}, "echo x"); err == nil {
		t.Error("the instance is used after a panic in the middle of it")
	}
}

// The kits' own way to fail is an error and a return code.
func TestAGuestThatSetsAnErrorIsNoCrash(t *testing.T) {
	i := start(t, load(t, plugin.Limits{}))
	if got, err := say(t, i, &plugintest.Gate{}, "seterror the disk is full"); err != nil || got != "internal: the disk is full (return code 3)" {
		t.Errorf("it answered %q, %v", got, err)
	}
	if got, err := say(t, i, &plugintest.Gate{}, "echo x"); err != nil || got != "x" {
		t.Errorf("the next call answered %q, %v", got, err)
	}
}

// The same input takes the same steps: chance and time aside, nothing else
// enters an instance.
func TestFuelIsTheSameForTheSameInput(t *testing.T) {
	steps := func() uint64 {
		now := time.Unix(1_700_000_000, 0)
		l, err := extism.New(extism.Config{
			CacheDir: cacheDir, Random: rand.NewChaCha8([32]byte{}), Log: slog.New(slog.DiscardHandler),
			Now: func() time.Time { now = now.Add(time.Microsecond); return now },
		})
		if err != nil {
			t.Fatal(err)
		}
		m := loadWith(t, l, plugin.Limits{})
		if w := m.Warning(); w != "" {
			t.Fatalf("the guest is not metered: %s", w)
		}
		i := start(t, m)
		if _, err := say(t, i, &plugintest.Gate{}, "echo hello"); err != nil {
			t.Fatal(err)
		}
		return i.Fuel()
	}
	first := steps()
	if first == 0 {
		t.Fatal("no step was counted")
	}
	if again := steps(); again != first {
		t.Errorf("%d steps, then %d", first, again)
	}
}

// A budget of steps ends a call, whatever its deadline is.
func TestFuelRunsOut(t *testing.T) {
	i := start(t, load(t, plugin.Limits{Fuel: 10_000_000}))
	if _, err := say(t, i, &plugintest.Gate{}, "loop"); !fault.Is(err, fault.Exhausted) || !strings.Contains(err.Error(), "fuel of 10000000 steps") {
		t.Errorf("err = %v", err)
	}
}
