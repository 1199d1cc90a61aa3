package plugin

import (
	"testing"
	"time"
)

func TestBreaker(t *testing.T) {
	var b breaker
	now := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	admitted := func(want bool) {
		t.Helper()
		if ok, _, _ := b.admit(now); ok != want {
			t.Fatalf("admitted = %v, want %v", ok, want)
		}
	}
	for range 10 { // four in a minute never open it
		now = now.Add(16 * time.Second)
		if b.crashed(now) {
			t.Fatal("opened by four crashes a minute")
		}
	}
	b = breaker{}
	for i := range breakerCrashes {
		if opened := b.crashed(now); opened != (i == breakerCrashes-1) {
			t.Fatalf("crash %d opened: %v", i+1, opened)
		}
	}
	admitted(false)
	wait := backoffFirst
	for range 12 { // each failed trial doubles the wait, up to the most
		now = now.Add(wait - 1)
		admitted(false)
		now = now.Add(1)
		ok, trial, _ := b.admit(now)
		if !ok || !trial {
			t.Fatal("no trial when the wait is over")
		}
		admitted(false) // one at a time
		b.crashed(now)
		b.crashed(now) // a straggler changes nothing
		wait = min(2*wait, backoffMost)
	}
	now = now.Add(wait)
	admitted(true)
	b.undecided()
	admitted(true)
	b.succeeded()
	admitted(true)
	admitted(true)
}

func TestQuantiles(t *testing.T) {
	h, empty := &histogram{}, &histogram{}
	if quantile(0.5, h, empty) != 0 {
		t.Error("an empty histogram has a median")
	}
	for i := 1; i <= 1000; i++ {
		h.add(time.Duration(i) * time.Microsecond)
	}
	for _, tc := range []struct {
		q    float64
		want time.Duration
	}{{0.5, 500 * time.Microsecond}, {0.99, 990 * time.Microsecond}, {1, time.Millisecond}, {0, time.Microsecond}} {
		got := quantile(tc.q, h, empty)
		if got < tc.want || got > tc.want+tc.want/8+1 {
			t.Errorf("quantile %v = %v, want %v and at most an eighth more", tc.q, got, tc.want)
		}
	}
	for _, d := range []time.Duration{-1, 0, 1, 2, 3, 7, 8, 9, 15, 16, 1 << 40, 1<<63 - 1} {
		b := bucketOf(d)
		if upperBound(b) < d || (b > 0 && d > 8 && upperBound(b-1) >= d) {
			t.Errorf("%d is in bucket %d up to %d", d, b, upperBound(b))
		}
	}
}
