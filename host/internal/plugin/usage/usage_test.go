package usage_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/plugin/usage"
)

var epoch = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

func TestSeries(t *testing.T) {
	var l usage.Log
	now := epoch
	for i := range 3 * 24 * 3600 { // one call a second for three days, so that every ring goes around
		now = epoch.Add(time.Duration(i) * time.Second)
		l.Add(now, &usage.Call{Failed: i%4 == 0, Fuel: 10, Guest: 2 * time.Millisecond, Wait: time.Millisecond, HostCalls: 3, EgressBytes: 5, LogBytes: 7})
		l.Memory(now, 1000+uint64(i%10))
	}
	for _, tc := range []struct {
		window time.Duration
		step   int64
		points int
	}{
		{0, 1, 1},
		{time.Minute, 1, 60},
		{2 * time.Minute, 1, 120},
		{3 * time.Minute, 10, 18},
		{time.Hour, 10, 360},
		{2 * time.Hour, 300, 24},
		{24 * time.Hour, 300, 288},
		{1000 * time.Hour, 300, 288},
	} {
		r := l.Report(now, tc.window)
		if r.Step != tc.step || len(r.Series) != tc.points {
			t.Fatalf("window %v: %d points of %d s, want %d of %d s", tc.window, len(r.Series), r.Step, tc.points, tc.step)
		}
		step := time.Duration(tc.step) * time.Second
		for i, p := range r.Series {
			want := uint64(tc.step)
			if i == len(r.Series)-1 { // not over yet
				want = uint64(now.Sub(p.At)/time.Second) + 1
			}
			if !p.At.Equal(now.Truncate(step).Add(-time.Duration(len(r.Series)-1-i) * step)) {
				t.Fatalf("window %v: point %d is at %v", tc.window, i, p.At)
			}
			if p.Calls != want || p.Fuel != 10*want || p.HostCalls != 3*want || p.EgressBytes != 5*want || p.LogBytes != 7*want ||
				p.GuestMs < 1.99*float64(want) || p.GuestMs > 2.01*float64(want) || p.WaitMs < 0.99*float64(want) {
				t.Fatalf("window %v: point %d is %+v, want %d calls", tc.window, i, p, want)
			}
			if tc.step >= 10 && i < len(r.Series)-1 && p.MemoryBytes != 1009 {
				t.Fatalf("window %v: point %d has a peak of %d bytes", tc.window, i, p.MemoryBytes)
			}
		}
	}
}

// Time without calls is there, and empty; what is older than a ring is gone.
func TestGaps(t *testing.T) {
	var l usage.Log
	l.Add(epoch, &usage.Call{})
	l.Add(epoch.Add(30*time.Second), &usage.Call{})
	r := l.Report(epoch.Add(40*time.Second), time.Minute)
	for i, p := range r.Series {
		want := uint64(0)
		if i == 19 || i == 49 {
			want = 1
		}
		if p.Calls != want {
			t.Errorf("point %d at %v has %d calls, want %d", i, p.At, p.Calls, want)
		}
	}
	r = l.Report(epoch.Add(25*time.Hour), 24*time.Hour)
	for _, p := range r.Series {
		if p.Calls != 0 {
			t.Errorf("a call of 25 hours ago is shown at %v", p.At)
		}
	}
}

// The heavy ones are found among any number of callers, in bounded memory.
func TestTopCallers(t *testing.T) {
	var l usage.Log
	for i := range 100_000 {
		l.Add(epoch, &usage.Call{Subject: fmt.Sprintf("user:default/u%d", i), Guest: time.Microsecond})
		if i%10 == 0 {
			l.Add(epoch, &usage.Call{Subject: "user:default/busy", Guest: 100 * time.Microsecond, Operation: usage.Operation{Op: "http.handle/1", Method: "GET", Route: "/x"}})
		}
		if i%1000 == 0 {
			l.Add(epoch, &usage.Call{Subject: "user:default/heavy", Guest: 100 * time.Millisecond})
		}
	}
	l.Add(epoch, &usage.Call{Subject: strings.Repeat("x", 10_000), Guest: time.Hour})
	r := l.Report(epoch, time.Minute)
	if len(r.TopCallers) != 10 || r.TopCallers[0].Subject != "user:default/heavy" || r.TopCallers[1].Subject != "user:default/busy" {
		t.Fatalf("the top callers are %+v", r.TopCallers)
	}
	if heavy := r.TopCallers[0]; heavy.Calls > 100 || heavy.Calls < 95 || heavy.GuestMs < 9500 {
		t.Errorf("the heaviest is %+v", heavy)
	}
	if len(r.TopRoutes) != 2 || r.TopRoutes[1].Route != "/x" || r.TopRoutes[1].Calls != 10_000 {
		t.Errorf("the top routes are %+v", r.TopRoutes)
	}

	// They are forgotten after an hour or two.
	if r := l.Report(epoch.Add(90*time.Minute), time.Minute); len(r.TopCallers) != 10 {
		t.Errorf("after an hour: %+v", r.TopCallers)
	}
	if r := l.Report(epoch.Add(4*time.Hour), time.Minute); len(r.TopCallers) != 0 {
		t.Errorf("after four hours: %+v", r.TopCallers)
	}
}

func TestPeaksAndProcessors(t *testing.T) {
	var l usage.Log
	if l.Processors(epoch) != 0 {
		t.Error("an empty log has used processors")
	}
	for i := range 60 {
		l.Add(epoch.Add(time.Duration(i)*time.Second), &usage.Call{Guest: 250 * time.Millisecond, Fuel: uint64(i), HostCalls: uint64(60 - i)})
	}
	now := epoch.Add(59 * time.Second)
	if got := l.Processors(now); got < 0.249 || got > 0.251 {
		t.Errorf("it used %v processors, want 0.25", got)
	}
	if p := l.Peak(now); p.Fuel != 59 || p.HostCalls != 60 {
		t.Errorf("the peaks are %+v", p)
	}
	if p := l.Peak(now.Add(3 * time.Hour)); p != (usage.Peak{}) {
		t.Errorf("three hours later the peaks are %+v", p)
	}
}

// The names are those of the API.
func TestJSON(t *testing.T) {
	var l usage.Log
	l.Add(epoch, &usage.Call{Subject: "user:default/a", Operation: usage.Operation{Op: "http.handle/1", Method: "GET", Route: "/x"}})
	r := l.Report(epoch, 0)
	r.Budget["memoryBytes"] = usage.Share{Used: 1, Limit: 2}
	text, err := json.Marshal(r)
	want := `{"step":1,"series":[{"at":"2024-01-01T00:00:00Z","calls":1,"errors":0,"fuel":0,"guestMs":0,"waitMs":0,"pacedMs":0,"memoryBytes":0,` +
		`"hostCalls":0,"egressRequests":0,"egressBytes":0,"logBytes":0}],"topCallers":[{"subject":"user:default/a","calls":1,"guestMs":0}],` +
		`"topRoutes":[{"op":"http.handle/1","method":"GET","route":"/x","calls":1,"guestMs":0}],"errorsByKind":{},"budget":{"memoryBytes":{"used":1,"limit":2}}}`
	if err != nil || string(text) != want {
		t.Errorf("got  %s\nwant %s\n%v", text, want, err)
	}
}

func BenchmarkAdd(b *testing.B) {
	var l usage.Log
	c := usage.Call{Subject: "user:default/a", Guest: time.Microsecond, Operation: usage.Operation{Op: "http.handle/1", Method: "GET", Route: "/x"}}
	now := epoch
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(10 * time.Microsecond)
		l.Add(now, &c)
	}
}
