package plugin_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
)

func TestParseID(t *testing.T) {
	for _, id := range []string{"catalog", "a1", "tech-docs", strings.Repeat("a", 40)} {
		if got, err := plugin.ParseID(id); err != nil || string(got) != id {
			t.Errorf("%q: %v", id, err)
		}
	}
	for _, id := range []string{"", "a", "1a", "-a", "a-", "A1", "a_b", "a.b", "a/b", "ä1", strings.Repeat("a", 41), "plugins", "health"} {
		if _, err := plugin.ParseID(id); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v, want invalid", id, err)
		}
	}
}

func newRegistry(loader plugin.Loader, w *watcher, grant func(context.Context, plugin.Package) error) *plugin.Registry {
	clock := plugintest.NewClock()
	var ids atomic.Uint64
	return plugin.NewRegistry(plugin.Deps{
		Loader: loader, Gate: &plugintest.Gate{}, Clock: clock, Stats: plugin.NewStats(clock), Log: slog.New(slog.DiscardHandler),
		CallID: func() uint64 { return ids.Add(1) }, Observer: w, Grant: grant,
	})
}

func TestLife(t *testing.T) {
	ctx := context.Background()
	w := &watcher{}
	r := newRegistry(&script{handle: empty}, w, nil)
	pkg := plugintest.Package("xx", []byte("code"))
	if err := r.Install(ctx, pkg); err != nil {
		t.Fatal(err)
	}
	if s, _ := r.Get("xx"); s.State != plugin.Verified || !s.LoadedAt.IsZero() {
		t.Errorf("a lazy plugin is %s after installing", s.State)
	}
	wantKind(t, r.Install(ctx, pkg), fault.Conflict)
	reply, err := r.Call(ctx, plugin.Call{Plugin: "xx"})
	if err != nil {
		t.Fatal(err)
	}
	reply.Close()
	s, _ := r.Get("xx")
	if s.State != plugin.Running || s.Calls != 1 || s.Instances.Idle != 1 || s.Warning != "scripted" || s.LoadedAt.IsZero() || s.P99Ms < 0 {
		t.Errorf("after a call: %+v", s)
	}
	if err := r.Remove(ctx, "xx"); err != nil {
		t.Fatal(err)
	}
	_, err = r.Call(ctx, plugin.Call{Plugin: "xx"})
	wantKind(t, err, fault.NotFound)
	wantKind(t, r.Remove(ctx, "xx"), fault.NotFound)
	want := []plugin.State{plugin.Discovered, plugin.Verified, plugin.Compiled, plugin.Granted, plugin.Running, plugin.Draining, plugin.Stopped}
	if !slices.Equal(w.states, want) {
		t.Errorf("the life was %v, want %v", w.states, want)
	}
	if err := r.Close(ctx); err != nil {
		t.Fatal(err)
	}
	wantKind(t, r.Install(ctx, pkg), fault.Unavailable)
}

// What does not load is listed as failed with its error.
func TestFailedInstalls(t *testing.T) {
	ctx := context.Background()
	wrong := plugintest.Package("xx", []byte("code"))
	wrong.Digest = strings.Repeat("0", 64)
	for _, tc := range []struct {
		name   string
		loader *script
		pkg    plugin.Package
		grant  func(context.Context, plugin.Package) error
		kind   fault.Kind
		again  fault.Kind // of a call afterwards
	}{
		{"wrong digest", &script{}, wrong, nil, fault.Invalid, fault.Unavailable},
		{"does not compile", &script{load: func() error { return fault.New(fault.Invalid, "no module") }}, plugintest.Package("xx", nil), nil, fault.Invalid, fault.Unavailable},
		{
			"is not granted", &script{handle: empty}, plugintest.Package("xx", nil),
			func(context.Context, plugin.Package) error { return fault.New(fault.Denied, "kv is not granted") }, fault.Denied, fault.Unavailable,
		},
		{"compiles for ever", &script{load: func() error { return fault.New(fault.Timeout, "too long") }}, plugintest.Package("xx", nil), nil, fault.Timeout, fault.Unavailable},
		{
			"does not start", &script{start: func(context.Context) error {
				return fault.Wrap(fault.Internal, &plugin.Crash{Cause: "exit(1)"}, "plugin xx crashed")
			}}, plugintest.Package("xx", nil), nil, fault.Internal, fault.Unavailable,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRegistry(tc.loader, &watcher{}, tc.grant)
			defer func() { _ = r.Close(ctx) }()
			tc.pkg.Eager = true
			err := r.Install(ctx, tc.pkg)
			wantKind(t, err, tc.kind)
			s, getErr := r.Get("xx")
			if getErr != nil || s.State != plugin.Failed || s.Error == "" {
				t.Errorf("afterwards: %+v, %v", s, getErr)
			}
			_, err = r.Call(ctx, plugin.Call{Plugin: "xx"})
			wantKind(t, err, tc.again)
		})
	}
}

func TestBreakerStopsACrashingPlugin(t *testing.T) {
	s := &script{handle: crashing}
	st := stage(t, s, plugin.Limits{})
	for range 5 {
		wantKind(t, send(st), fault.Internal)
	}
	status, _ := st.Get("xx")
	if status.State != plugin.Failed || status.Crashes != 5 || status.Errors != 5 || status.Stderr != "panic: x" || status.Stack != "main.f" {
		t.Errorf("after five crashes: %+v", status)
	}
	err := send(st)
	wantKind(t, err, fault.Unavailable)
	var busy *plugin.Busy
	if !errors.As(err, &busy) || busy.RetryAfter() != time.Second {
		t.Errorf("the refusal %v does not say to retry in a second", err)
	}
	st.Clock.Advance(time.Second)
	wantKind(t, send(st), fault.Internal) // the trial
	wantKind(t, send(st), fault.Unavailable)
	st.Clock.Advance(time.Second)
	wantKind(t, send(st), fault.Unavailable) // the wait has doubled

	// Half-open, one call at a time is let through.
	entered, leave := make(chan struct{}), make(chan struct{})
	s.handle = func(ctx context.Context, in []byte, d plugin.Door) ([]byte, error) {
		close(entered)
		<-leave
		return empty(ctx, in, d)
	}
	st.Clock.Advance(time.Second)
	trial := make(chan error)
	go func() { trial <- send(st) }()
	<-entered
	wantKind(t, send(st), fault.Unavailable)
	close(leave)
	if err := <-trial; err != nil {
		t.Fatalf("the trial failed: %v", err)
	}
	s.handle = empty
	if err := send(st); err != nil {
		t.Errorf("after a good trial: %v", err)
	}
	if status, _ := st.Get("xx"); status.State != plugin.Running || status.Error != "" {
		t.Errorf("after a good trial: %+v", status)
	}
}

// A plugin that cannot be compiled for the moment is tried again.
func TestLoadIsRetried(t *testing.T) {
	fails := true
	st := stage(t, &script{handle: empty, load: func() error {
		if fails {
			return fault.New(fault.Timeout, "too long")
		}
		return nil
	}}, plugin.Limits{})
	wantKind(t, send(st), fault.Timeout)
	fails = false
	wantKind(t, send(st), fault.Unavailable)
	st.Clock.Advance(time.Second)
	if err := send(st); err != nil {
		t.Errorf("the second load: %v", err)
	}
}

func TestWatchdog(t *testing.T) {
	leave, entered := make(chan struct{}), make(chan struct{}, 1)
	s := &script{handle: func(ctx context.Context, in []byte, d plugin.Door) ([]byte, error) {
		entered <- struct{}{}
		<-leave // whatever the context says
		return empty(ctx, in, d)
	}}
	st := stage(t, s, plugin.Limits{})
	if err := st.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- send(st) }()
	<-entered
	st.Clock.Advance(9 * time.Second)
	if status, _ := st.Get("xx"); status.State == plugin.Failed {
		t.Error("failed before the grace was over")
	}
	st.Clock.Advance(2 * time.Second)
	status, _ := st.Get("xx")
	if status.State != plugin.Failed || !strings.Contains(status.Error, "outlived its deadline") || !strings.Contains(status.Stack, "(*script") {
		t.Errorf("after the grace: %+v", status)
	}
	wantKind(t, send(st), fault.Unavailable)
	close(leave)
	if err := <-done; err != nil {
		t.Errorf("the late call: %v", err)
	}
}

func TestALoadThatEndsAfterCloseBringsNothingBack(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	r := newRegistry(&script{handle: empty, load: func() error {
		close(entered)
		<-leave
		return nil
	}}, &watcher{}, nil)
	if err := r.Install(t.Context(), plugintest.Package("xx", []byte("code"))); err != nil {
		t.Fatal(err)
	}
	called := make(chan error, 1)
	go func() {
		_, err := r.Call(t.Context(), plugin.Call{Plugin: "xx"})
		called <- err
	}()
	<-entered
	ended, cancel := context.WithCancel(t.Context())
	cancel() // Close does not wait for the loader
	if err := r.Close(ended); err != nil {
		t.Fatal(err)
	}
	close(leave)
	if err := <-called; err == nil {
		t.Error("a stopped plugin answered")
	}
	if s, _ := r.Get("xx"); s.State != plugin.Stopped {
		t.Errorf("the plugin is %s", s.State)
	}
}
