package record_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
	"github.com/callboard/callboard/host/internal/plugin/record"
	"github.com/callboard/callboard/host/internal/plugin/wasm"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/replay"
)

// bench is a registry that records, as app wires one.
type bench struct {
	*plugin.Registry
	gate     *plugintest.Gate
	recorder *record.Recorder
	store    *record.Store
	loader   plugin.Loader // without recording
}

type setting func(*record.Config)

func newBench(t *testing.T, settings ...setting) *bench {
	t.Helper()
	key, err := record.NewKey([]byte("a key of the test"))
	if err != nil {
		t.Fatal(err)
	}
	store, err := record.OpenStore(record.StoreConfig{Dir: filepath.Join(t.TempDir(), "recordings"), Key: key, Random: rand.Reader, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	c := record.Config{Store: store, Now: time.Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler), Host: "test", Bodies: true}
	for _, set := range settings {
		set(&c)
	}
	b := &bench{gate: &plugintest.Gate{}, store: store, recorder: record.New(c), loader: newLoader(t)}
	var ids atomic.Uint64
	b.Registry = plugin.NewRegistry(plugin.Deps{
		Loader: b.recorder.Loader(b.loader), Gate: b.recorder.Gate(b.gate), Clock: plugin.SystemClock{},
		Stats: plugin.NewStats(plugin.SystemClock{}), Log: slog.New(slog.DiscardHandler), CallID: func() uint64 { return ids.Add(1) },
	})
	t.Cleanup(func() {
		_ = b.recorder.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := b.Close(ctx); err != nil {
			t.Errorf("closing the registry: %v", err)
		}
		if n := b.gate.Sessions(); n != 0 {
			t.Errorf("%d sessions are still open", n)
		}
	})
	return b
}

// cache is shared by the tests of one run: what they load is the same code.
func newLoader(t *testing.T) plugin.Loader {
	t.Helper()
	l, err := wasm.New(wasm.Config{CacheDir: plugintest.CacheDir("wasm"), Random: rand.Reader, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (b *bench) install(t *testing.T, version string, limits plugin.Limits) {
	t.Helper()
	pkg := plugintest.Package("recorded", plugintest.Recorded(t, version))
	pkg.Limits, pkg.Eager = limits, version != "broken"
	if err := b.Install(t.Context(), pkg); err != nil {
		t.Fatalf("installing: %v", err)
	}
}

// send calls the guest and reports how that ended.
func (b *bench) send(t *testing.T, request string, body []byte) (string, error) {
	t.Helper()
	reply, err := b.Call(t.Context(), plugin.Call{
		Plugin: "recorded", Op: abi.OpHTTPHandle, Authority: principal.Guest("user:development/guest"),
		Payload: msgp.Raw(request), Body: body, BodyType: "text/plain", RequestID: "request-1",
	})
	if err != nil {
		return "", err
	}
	defer reply.Close()
	return string(reply.Payload), nil
}

// recorded waits for n verified recordings and returns the newest.
func (b *bench) recorded(t *testing.T, n int) *replay.Recording {
	t.Helper()
	list := b.list(t, n)
	file, err := b.store.Read("recorded", list[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	rec, err := replay.Read(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

func (b *bench) list(t *testing.T, n int) []record.Entry {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; {
		list, err := b.store.List("recorded")
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == n && !slices.ContainsFunc(list, func(e record.Entry) bool { return e.Reproduced == replay.Pending }) {
			return list
		}
		if time.Now().After(deadline) {
			t.Fatalf("there are %+v, want %d", list, n)
		}
		time.Sleep(time.Millisecond)
	}
}

// rerun is another process: a loader of its own runs the file.
func rerun(t *testing.T, rec *replay.Recording, version string) replay.Result {
	t.Helper()
	module := plugintest.Recorded(t, version)
	m, err := newLoader(t).Load(t.Context(), record.Spec(rec, module))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = m.Close(context.Background()) }()
	run, err := record.Run(t.Context(), m, rec)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func answer(_ context.Context, _ plugin.CallInfo, capability abi.Capability, _ uint32, payload []byte) []byte {
	if capability == abi.CapCatalog {
		return plugintest.Answer(abi.CodeOK, abi.CodecNone, bytes.Repeat([]byte("entity "), 4000))
	}
	return plugintest.Answer(abi.CodeOK, abi.CodecNone, append([]byte("value of "), payload...))
}

// Each way to fail is recorded in one process and runs again in another, to the
// same end.
func TestFailuresReproduce(t *testing.T) {
	long := plugin.Limits{Deadline: map[abi.Op]time.Duration{abi.OpHTTPHandle: time.Minute}}
	moment := plugin.Limits{Deadline: map[abi.Op]time.Duration{abi.OpHTTPHandle: time.Second}, Fuel: 1 << 50}
	thrifty := long
	thrifty.Fuel = 3_000_000
	tight := long
	tight.MemoryBytes = 24 << 20
	for _, tt := range []struct {
		request string
		body    []byte
		limits  plugin.Limits
		kind    string
		cause   string
		stderr  string
	}{
		{request: "trap", kind: "internal", cause: "out of bounds memory access"},
		{request: "panic on purpose", kind: "internal", cause: "e", stderr: "panic: failed: on purpose"},
		{request: "alloc", limits: tight, kind: "exhausted", cause: "unreachable", stderr: "out of memory"},
		{request: "random", kind: "internal", cause: "e", stderr: "panic: failed: "},
		{request: "born", kind: "internal", cause: "e", stderr: "panic: failed: "},
		{request: "clock", kind: "internal", cause: "e", stderr: "panic: failed: "},
		{request: "order", kind: "internal", cause: "e", stderr: "panic: failed: "},
		{request: "sleep", kind: "internal", cause: "e", stderr: "panic: failed: true"},
		{request: "ask", kind: "internal", cause: "e", stderr: "value of first 1value of second"},
		{request: "large x", kind: "internal", cause: "e", stderr: "panic: failed: "},
		{request: "body", body: bytes.Repeat([]byte("body "), 10_000), kind: "internal", cause: "e", stderr: "panic: failed: "},
		{request: "log", kind: "internal", cause: "e", stderr: "panic: failed: logged"},
		{request: "internal x", kind: "internal"},
		{request: "loop", limits: moment, kind: "timeout", cause: "deadline exceeded"},
		{request: "loop ", limits: thrifty, kind: "exhausted", cause: "fuel is used up"},
	} {
		t.Run(tt.request, func(t *testing.T) {
			b := newBench(t)
			b.gate.Answer = answer
			if tt.limits.Deadline == nil {
				tt.limits = long
			}
			b.install(t, "1", tt.limits)
			if got, err := b.send(t, tt.request, tt.body); err == nil {
				t.Fatalf("answered %q", got)
			}
			rec := b.recorded(t, 1)
			if rec.Verified.Reproduced != replay.Yes {
				t.Fatalf("the host says: %+v\nrecorded %+v", rec.Verified, rec.Outcome)
			}
			o := rec.Outcome
			if o.Kind != tt.kind || !strings.Contains(o.Cause, tt.cause) || !strings.Contains(o.Stderr, tt.stderr) {
				t.Errorf("recorded %+v", o)
			}
			run := rerun(t, rec, "1")
			if differences := rec.Same(run); len(differences) > 0 {
				t.Errorf("elsewhere it differs:\n%s", strings.Join(differences, "\n"))
			}
			if o.Kind != "ok" && o.Fuel == 0 {
				t.Error("the fuel is not known")
			}
			if run.Outcome.Stderr != o.Stderr || run.Outcome.Fuel != rec.Fuel() {
				t.Errorf("elsewhere:\n%s\nfuel %d\nwant\n%s\nfuel %d", run.Outcome.Stderr, run.Outcome.Fuel, o.Stderr, rec.Fuel())
			}
		})
	}
}
