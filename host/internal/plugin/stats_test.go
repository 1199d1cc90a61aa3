package plugin_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
	"github.com/callboard/callboard/host/internal/plugin/usage"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

func TestStatsForgetOldDurations(t *testing.T) {
	clock := plugintest.NewClock()
	s := plugin.NewStats(clock)
	called := func(d time.Duration) { s.Called(plugin.CallEvent{Plugin: "xx", Duration: d}) }
	near := func(got, want time.Duration) bool { return got >= want && got <= want+want/8+1 }
	called(time.Second)
	if got := s.Of("xx").P99; !near(got, time.Second) {
		t.Errorf("p99 is %v", got)
	}
	clock.Advance(6 * time.Minute)
	for range 200 {
		called(time.Millisecond)
	}
	counts := s.Of("xx")
	if !near(counts.P50, time.Millisecond) || !near(counts.P99, time.Millisecond) || counts.Calls != 201 {
		t.Errorf("a window later: %+v", counts)
	}
	clock.Advance(20 * time.Minute)
	if counts := s.Of("xx"); counts.P99 != 0 || counts.Calls != 201 {
		t.Errorf("long after: %+v", counts)
	}
	s.Called(plugin.CallEvent{Plugin: "xx", Failed: true, Kind: fault.Timeout, Crashed: true})
	if counts := s.Of("xx"); counts.Errors != 1 || counts.ErrorsBy[fault.Timeout] != 1 || counts.Crashes != 1 {
		t.Errorf("after a failure: %+v", counts)
	}
	s.Forget("xx")
	if counts := s.Of("xx"); counts.Calls != 0 {
		t.Errorf("after forgetting: %+v", counts)
	}
}

func TestObserversAllSee(t *testing.T) {
	clock := plugintest.NewClock()
	a, b := plugin.NewStats(clock), plugin.NewStats(clock)
	all := plugin.Observers{a, b}
	all.Called(plugin.CallEvent{Plugin: "xx"})
	all.Pooled(plugin.PoolEvent{Plugin: "xx", Busy: 2, Idle: 1, MemoryBytes: 10})
	all.Compiled(plugin.CompileEvent{Plugin: "xx", Duration: time.Second})
	all.Changed("xx", plugin.Running)
	for _, s := range []*plugin.Stats{a, b} {
		if c := s.Of("xx"); c.Calls != 1 || c.Busy != 2 || c.Idle != 1 || c.MemoryBytes != 10 || c.CompileTime != time.Second {
			t.Errorf("saw %+v", c)
		}
	}
}

// What a plugin used, with the limits that it came near to.
func TestUsage(t *testing.T) {
	s := &script{handle: empty, guest: 30 * time.Second, memory: 50 << 20}
	st := stage(t, s, plugin.Limits{CPU: 2, MemoryBytes: 100 << 20, HostCalls: 500})
	if err := st.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	reply, err := st.Call(t.Context(), plugin.Call{
		Plugin: "xx", Op: abi.OpHTTPHandle, Authority: viewer(), Payload: &contract.HTTPRequest{Method: "GET", Route: "/things/{id}"},
	})
	if err != nil {
		t.Fatal(err)
	}
	reply.Close()
	st.Clock.Advance(30 * time.Second)
	u, err := st.Usage("xx", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	sum := usage.Point{}
	for _, p := range u.Series {
		sum.Calls += p.Calls
		sum.GuestMs += p.GuestMs
		sum.MemoryBytes = max(sum.MemoryBytes, p.MemoryBytes)
	}
	if u.Step != 1 || sum.Calls != 1 || sum.GuestMs != 30_000 || sum.MemoryBytes != 50<<20 {
		t.Errorf("the series adds up to %+v", sum)
	}
	if len(u.TopCallers) != 1 || u.TopCallers[0].Subject != "user:development/guest" {
		t.Errorf("the callers are %+v", u.TopCallers)
	}
	if len(u.TopRoutes) != 1 || u.TopRoutes[0].Operation != (usage.Operation{Op: "http.handle/1", Method: "GET", Route: "/things/{id}"}) {
		t.Errorf("the routes are %+v", u.TopRoutes)
	}
	for name, want := range map[string]usage.Share{
		"cpu": {Used: 0.5, Limit: 2}, "memoryBytes": {Used: 50 << 20, Limit: 100 << 20}, "hostCalls": {Limit: 500}, "instances": {Limit: float64(2 * runtime.GOMAXPROCS(0))},
	} {
		if got := u.Budget[name]; got != want {
			t.Errorf("of %s it has used %+v, want %+v", name, got, want)
		}
	}
	_, err = st.Usage("yy", time.Minute)
	wantKind(t, err, fault.NotFound)
}
