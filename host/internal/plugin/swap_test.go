package plugin_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

func TestSwap(t *testing.T) {
	c := newCast(map[string]*script{"one": {handle: saying("one")}, "two": {handle: saying("two")}})
	st, events := casting(t, c, nil)
	expect(t, st, "one")
	if err := st.Swap(t.Context(), release("two")); err != nil {
		t.Fatal(err)
	}
	expect(t, st, "two")
	until(t, st, func(s plugin.Status) bool { return len(s.Versions) == 2 }) // the old one has drained
	s, _ := st.Get("xx")
	if s.Version != "two" || s.State != plugin.Running || s.Versions[0].Role != plugin.RoleCurrent || s.Versions[1].Role != plugin.RolePrevious || s.Versions[1].Version != "one" {
		t.Errorf("after the swap: %+v", s)
	}
	if _, open := c.loaded("one"); open != 1 {
		t.Error("on probation the version before is not kept at hand")
	}
	st.Clock.Advance(2 * time.Minute)
	if _, open := c.loaded("one"); open != 0 {
		t.Error("after the probation the version before is still loaded")
	}
	if err := st.Swap(t.Context(), release("one")); err != nil { // and down again
		t.Fatal(err)
	}
	expect(t, st, "one")
	if want := []string{"swapped one two", "swapped two one"}; !slices.Equal(events.all(), want) {
		t.Errorf("observers heard %q, want %q", events.all(), want)
	}
	wantKind(t, st.Swap(t.Context(), plugintest.Package("yy", nil)), fault.NotFound)
}

// Whatever is wrong with the new version, the old one goes on.
func TestASwapThatFailsChangesNothing(t *testing.T) {
	sick := func(context.Context, []byte, plugin.Door) ([]byte, error) {
		return healthy(contract.Health{Message: "the database is not mine"})
	}
	forged := release("two")
	forged.Digest = strings.Repeat("0", 64)
	for _, tc := range []struct {
		name  string
		two   *script
		pkg   plugin.Package
		deps  func(*plugin.Deps)
		kind  fault.Kind
		words string
	}{
		{"a wrong digest", &script{}, forged, nil, fault.Invalid, "digest"},
		{"it does not compile", &script{load: func() error { return fault.New(fault.Invalid, "no module") }}, release("two"), nil, fault.Invalid, "no module"},
		{"it does not start", &script{start: func(context.Context) error { return fault.New(fault.Internal, "exit") }}, release("two"), nil, fault.Internal, ""},
		{"its health crashes", &script{handle: crashing}, release("two"), nil, fault.Unavailable, "not healthy"},
		{"it is not healthy", &script{handle: sick}, release("two"), nil, fault.Unavailable, "the database is not mine"},
		{
			"it is not granted", &script{handle: saying("two")}, release("two"),
			func(d *plugin.Deps) {
				d.Grant = func(_ context.Context, pkg plugin.Package) error {
					if pkg.Version == "two" {
						return fault.New(fault.Denied, "kv waits for approval")
					}
					return nil
				}
			}, fault.Denied, "approval",
		},
		{
			"its data cannot be migrated", &script{handle: saying("two")}, release("two"),
			func(d *plugin.Deps) {
				d.Migrate = func(context.Context, plugin.Package, func(context.Context, plugin.Call) (*plugin.Reply, error)) error {
					return fault.New(fault.Conflict, "somebody else migrates")
				}
			}, fault.Conflict, "somebody else migrates",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCast(map[string]*script{"one": {handle: saying("one")}, "two": tc.two})
			st, events := casting(t, c, tc.deps)
			expect(t, st, "one")
			err := st.Swap(t.Context(), tc.pkg)
			wantKind(t, err, tc.kind)
			if err != nil && !strings.Contains(err.Error(), tc.words) {
				t.Errorf("the error %q does not say %q", err, tc.words)
			}
			expect(t, st, "one")
			until(t, st, func(s plugin.Status) bool { return len(s.Versions) == 1 })
			if s, _ := st.Get("xx"); s.State != plugin.Running || s.Version != "one" || s.Error != "" {
				t.Errorf("afterwards: %+v", s)
			}
			if _, open := c.loaded("two"); open != 0 || len(events.all()) != 0 {
				t.Errorf("%d modules of it are loaded, observers heard %q", open, events.all())
			}
		})
	}
}

// A guest that knows nothing of health/1 has shown that it starts and answers.
func TestHealthIsOptional(t *testing.T) {
	refusing := func(ctx context.Context, in []byte, d plugin.Door) ([]byte, error) {
		if opOf(in) == abi.OpHealth {
			return plugintest.Refusal(abi.CodeNotFound, contract.Error{Message: "no such operation"}), nil
		}
		return saying("two")(ctx, in, d)
	}
	st, _ := casting(t, newCast(map[string]*script{"one": {handle: saying("one")}, "two": {handle: refusing}}), nil)
	if err := st.Swap(t.Context(), release("two")); err != nil {
		t.Fatal(err)
	}
	expect(t, st, "two")
}

// The migration runs the new code, before anybody else calls it, and before
// its health is asked.
func TestMigrationRunsBetweenLoadAndHealth(t *testing.T) {
	var mu sync.Mutex
	var ops []abi.Op
	two := &script{handle: func(ctx context.Context, in []byte, d plugin.Door) ([]byte, error) {
		mu.Lock()
		ops = append(ops, opOf(in))
		mu.Unlock()
		return saying("two")(ctx, in, d)
	}}
	var st *plugintest.Stage
	c := newCast(map[string]*script{"one": {handle: saying("one")}, "two": two})
	st, _ = casting(t, c, func(d *plugin.Deps) {
		d.Migrate = func(ctx context.Context, pkg plugin.Package, run func(context.Context, plugin.Call) (*plugin.Reply, error)) error {
			expect(t, st, "one")
			reply, err := run(ctx, plugin.Call{Op: abi.OpMigrate, Own: true})
			if err == nil {
				reply.Close()
			}
			return err
		}
	})
	if err := st.Swap(t.Context(), release("two")); err != nil {
		t.Fatal(err)
	}
	if want := []abi.Op{abi.OpMigrate, abi.OpHealth}; !slices.Equal(ops, want) {
		t.Errorf("the new version was asked %v, want %v", ops, want)
	}
}

// A call that runs on the old version ends there; one that waits for an
// instance of it moves to the new one.
func TestSwapMovesTheQueue(t *testing.T) {
	one, entered, leave := held()
	c := newCast(map[string]*script{"one": one, "two": {handle: saying("two")}})
	st := plugintest.NewStage(t, c)
	pkg := release("one")
	pkg.Limits.Instances, pkg.Limits.Queue = 1, 10
	if err := st.Registry.Install(t.Context(), pkg); err != nil {
		t.Fatal(err)
	}
	type result struct {
		text string
		err  error
	}
	results := make(chan result, 3)
	call := func() {
		text, err := st.Send(context.Background(), "xx", "")
		results <- result{text, err}
	}
	go call()
	<-entered
	go call()
	go call()
	until(t, st, func(s plugin.Status) bool { return s.Instances.Waiting == 2 })
	if err := st.Swap(t.Context(), release("two")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if r := <-results; r.err != nil || r.text != "two" {
			t.Errorf("a call that waited: %q, %v", r.text, r.err)
		}
	}
	until(t, st, func(s plugin.Status) bool {
		return len(s.Versions) == 3 && s.Versions[2].Role == plugin.RoleDraining && s.Versions[2].Inside == 1
	})
	close(leave)
	if r := <-results; r.err != nil || r.text != "" {
		t.Errorf("the call that was inside: %q, %v", r.text, r.err)
	}
	until(t, st, func(s plugin.Status) bool { return len(s.Versions) == 2 })
}

// A version that crashes again and again soon after a swap gives way to the
// one before, without anybody's doing.
func TestAutomaticRollback(t *testing.T) {
	bad := func(ctx context.Context, in []byte, d plugin.Door) ([]byte, error) {
		if opOf(in) == abi.OpHealth {
			return healthy(contract.Health{OK: true})
		}
		return crashing(ctx, in, d)
	}
	install := func(t *testing.T, irreversible bool) (*plugintest.Stage, *cast, *chronicle) {
		t.Helper()
		c := newCast(map[string]*script{"one": {handle: saying("one")}, "two": {handle: bad}})
		st, events := casting(t, c, nil)
		expect(t, st, "one")
		pkg := release("two")
		pkg.Irreversible = irreversible
		if err := st.Swap(t.Context(), pkg); err != nil {
			t.Fatal(err)
		}
		return st, c, events
	}
	t.Run("on probation", func(t *testing.T) {
		st, c, events := install(t, false)
		for range 5 {
			wantKind(t, send(st), fault.Internal)
		}
		until(t, st, func(s plugin.Status) bool { return s.Version == "one" })
		expect(t, st, "one")
		if loads, _ := c.loaded("one"); loads != 1 {
			t.Errorf("the version before was loaded %d times, so it was not kept at hand", loads)
		}
		until(t, st, func(s plugin.Status) bool { return len(s.Versions) == 1 })
		s, _ := st.Get("xx")
		if s.State != plugin.Running || len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], "rolled back from version two to one") {
			t.Errorf("afterwards: %+v", s)
		}
		if got := events.all(); len(got) != 2 || !strings.HasPrefix(got[1], "rolled back two one ") || !strings.Contains(got[1], "crashed") {
			t.Errorf("observers heard %q", got)
		}
	})
	t.Run("not after it", func(t *testing.T) {
		st, _, events := install(t, false)
		st.Clock.Advance(3 * time.Minute)
		for range 5 {
			wantKind(t, send(st), fault.Internal)
		}
		wantKind(t, send(st), fault.Unavailable)
		if s, _ := st.Get("xx"); s.Version != "two" || s.State != plugin.Failed || len(events.all()) != 1 {
			t.Errorf("afterwards: %+v; observers heard %q", s, events.all())
		}
	})
	t.Run("not when the data is gone for it", func(t *testing.T) {
		st, _, events := install(t, true)
		for range 5 {
			wantKind(t, send(st), fault.Internal)
		}
		wantKind(t, send(st), fault.Unavailable)
		if s, _ := st.Get("xx"); s.Version != "two" || s.State != plugin.Failed || len(events.all()) != 1 {
			t.Errorf("afterwards: %+v; observers heard %q", s, events.all())
		}
	})
}

// What cannot be stopped is shown and does not hold up anybody.
func TestAVersionThatDoesNotStopIsShown(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	one := &script{handle: func(ctx context.Context, in []byte, d plugin.Door) ([]byte, error) {
		close(entered)
		<-leave // whatever the context says
		return empty(ctx, in, d)
	}}
	st := plugintest.NewStage(t, newCast(map[string]*script{"one": one, "two": {handle: saying("two")}}))
	if err := st.Registry.Install(t.Context(), release("one")); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- send(st) }()
	<-entered
	if err := st.Disable(t.Context(), "xx", "it loops"); err != nil {
		t.Fatal(err)
	}
	s, _ := st.Get("xx")
	if len(s.Versions) != 2 || s.Versions[1].Role != plugin.RoleStuck || len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], "has not stopped") {
		t.Errorf("it is not shown: %+v", s)
	}
	if err := st.Swap(t.Context(), release("two")); err != nil {
		t.Fatal(err)
	}
	if err := st.Enable(t.Context(), "xx"); err != nil {
		t.Fatal(err)
	}
	expect(t, st, "two")
	close(leave)
	if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("the late call: %v", err)
	}
	if err := st.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, st, func(s plugin.Status) bool {
		st.Clock.Advance(time.Second)
		return len(s.Versions) == 1 && len(s.Warnings) == 0
	})
}
