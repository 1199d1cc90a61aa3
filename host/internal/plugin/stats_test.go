package plugin_test

import (
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
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
