package plugin_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
)

func TestKillSwitch(t *testing.T) {
	one, entered, leave := held()
	c := newCast(map[string]*script{"one": one, "two": {handle: saying("two")}})
	st := plugintest.NewStage(t, c)
	pkg := release("one")
	pkg.Limits.Instances = 1
	if err := st.Registry.Install(t.Context(), pkg); err != nil {
		t.Fatal(err)
	}
	calls := make(chan error, 2)
	go func() { calls <- send(st) }()
	<-entered
	go func() { calls <- send(st) }()
	until(t, st, func(s plugin.Status) bool { return s.Instances.Waiting == 1 })

	if err := st.Disable(t.Context(), "xx", "it sends mail"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		refused(t, <-calls, "it sends mail")
	}
	refused(t, send(st), "it sends mail")
	if err := st.Disable(t.Context(), "xx", "really"); err != nil {
		t.Fatal(err)
	}
	refused(t, send(st), "really")
	s, _ := st.Get("xx")
	if s.State != plugin.Stopped || s.Disabled == nil || s.Disabled.Reason != "really" || s.Disabled.At.IsZero() || s.Instances.Busy != 0 {
		t.Errorf("while disabled: %+v", s)
	}
	if _, open := c.loaded("one"); open != 0 {
		t.Error("its code is still loaded")
	}
	wantKind(t, st.Canary(t.Context(), release("two"), 10), fault.Conflict)

	close(leave)
	for range 2 { // the second time changes nothing
		if err := st.Enable(t.Context(), "xx"); err != nil {
			t.Fatal(err)
		}
	}
	if err := send(st); err != nil {
		t.Errorf("enabled again: %v", err)
	}
	if s, _ := st.Get("xx"); s.State != plugin.Running || s.Disabled != nil {
		t.Errorf("enabled again: %+v", s)
	}
	for _, err := range []error{st.Disable(t.Context(), "yy", ""), st.Enable(t.Context(), "yy"), st.SetLimits(t.Context(), "yy", plugin.Limits{})} {
		wantKind(t, err, fault.NotFound)
	}
}

func refused(t *testing.T, err error, reason string) {
	t.Helper()
	wantKind(t, err, fault.Unavailable)
	if m := fault.Message(err); !strings.Contains(m, "disabled by the operator") || !strings.Contains(m, reason) {
		t.Errorf("the refusal is %q", m)
	}
}

// Nothing of a disabled plugin runs, not even what is installed meanwhile.
func TestASwapOfADisabledPluginRunsNothing(t *testing.T) {
	c := newCast(map[string]*script{"one": {handle: saying("one")}, "two": {handle: saying("two")}})
	st, events := casting(t, c, nil)
	if err := st.Disable(t.Context(), "xx", ""); err != nil {
		t.Fatal(err)
	}
	if err := st.Swap(t.Context(), release("two")); err != nil {
		t.Fatal(err)
	}
	if loads, _ := c.loaded("two"); loads != 0 {
		t.Error("the new version was loaded")
	}
	if s, _ := st.Get("xx"); s.Version != "two" || s.State != plugin.Stopped {
		t.Errorf("after the swap: %+v", s)
	}
	refused(t, send(st), "")
	if err := st.Enable(t.Context(), "xx"); err != nil {
		t.Fatal(err)
	}
	expect(t, st, "two")
	if want := []string{"swapped one two"}; !slices.Equal(events.all(), want) {
		t.Errorf("observers heard %q, want %q", events.all(), want)
	}
}

// The switch does not wait for a change of versions that is under way.
func TestKillSwitchEndsASwap(t *testing.T) {
	entered := make(chan struct{})
	two := &script{handle: func(ctx context.Context, _ []byte, _ plugin.Door) ([]byte, error) {
		close(entered) // health/1
		<-ctx.Done()
		return nil, fault.Wrap(fault.Unavailable, ctx.Err(), "stopped")
	}}
	c := newCast(map[string]*script{"one": {handle: saying("one")}, "two": two})
	st, _ := casting(t, c, nil)
	swapped := make(chan error, 1)
	go func() { swapped <- st.Swap(context.Background(), release("two")) }()
	<-entered
	if err := st.Disable(t.Context(), "xx", ""); err != nil {
		t.Fatal(err)
	}
	wantKind(t, <-swapped, fault.Unavailable)
	if err := st.Enable(t.Context(), "xx"); err != nil {
		t.Fatal(err)
	}
	expect(t, st, "one")
}

func TestSetLimits(t *testing.T) {
	c := newCast(map[string]*script{"one": {handle: saying("one")}, "two": {handle: saying("two")}})
	st, _ := casting(t, c, nil)
	limits := func(n int) plugin.Limits {
		l := release("one").Limits
		l.HostCalls = n
		return l
	}
	if err := st.SetLimits(t.Context(), "xx", limits(7)); err != nil {
		t.Fatal(err)
	}
	if loads, _ := c.loaded("one"); loads != 0 {
		t.Error("a plugin that rests was loaded for its limits")
	}
	expect(t, st, "one")
	if got := st.Gate.Last().Limits.HostCalls; got != 7 {
		t.Errorf("a call sees a limit of %d, want 7", got)
	}
	if err := st.Canary(t.Context(), release("two"), 99); err != nil {
		t.Fatal(err)
	}
	if err := st.SetLimits(t.Context(), "xx", limits(9)); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for range 100 {
		text, err := st.Send(t.Context(), "xx", "")
		if err != nil {
			t.Fatal(err)
		}
		seen[text] = true
		if got := st.Gate.Last().Limits.HostCalls; got != 9 {
			t.Errorf("a call of %s sees a limit of %d, want 9", text, got)
		}
	}
	if len(seen) != 2 {
		t.Errorf("only %v answered", seen)
	}

	// Under limits that it does not start with, the old ones stay.
	c.mu.Lock()
	c.scripts["one"].start = func(context.Context) error { return fault.New(fault.Exhausted, "no memory") }
	c.mu.Unlock()
	wantKind(t, st.SetLimits(t.Context(), "xx", limits(11)), fault.Exhausted)
	for range 10 {
		if err := send(st); err != nil {
			t.Error(err)
		}
		if got := st.Gate.Last().Limits.HostCalls; got != 9 {
			t.Errorf("a call sees a limit of %d, want 9", got)
		}
	}
}

// Instances first, then code: an idle plugin holds nothing, and its next call
// brings it back.
func TestIdleCodeIsReleased(t *testing.T) {
	c := newCast(map[string]*script{"one": {handle: saying("one")}})
	st := plugintest.NewStage(t, c)
	pkg := release("one")
	pkg.Limits.IdleAfter, pkg.Limits.RestAfter = time.Minute, 3*time.Minute
	if err := st.Registry.Install(t.Context(), pkg); err != nil {
		t.Fatal(err)
	}
	if err := st.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for round := range 2 {
		expect(t, st, "one")
		for range 175 {
			st.Clock.Advance(time.Second)
		}
		if loads, open := c.loaded("one"); loads != round+1 || open != 1 {
			t.Fatalf("round %d: loaded %d times, %d open before its time to rest", round, loads, open)
		}
		for range 10 {
			st.Clock.Advance(time.Second)
		}
		until(t, st, func(s plugin.Status) bool {
			_, open := c.loaded("one")
			return open == 0 && s.State == plugin.Verified && len(s.Versions) == 1
		})
	}
	expect(t, st, "one")
}
