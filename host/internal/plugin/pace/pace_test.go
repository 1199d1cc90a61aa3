package pace_test

import (
	"context"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/plugin/pace"
)

// world is time that only passes when somebody sleeps or computes.
type world struct {
	now   time.Duration
	slept []time.Duration
}

func (w *world) governor(processors int) *pace.Governor {
	return pace.New(pace.Config{
		Processors: processors,
		Now:        func() time.Duration { return w.now },
		Sleep: func(ctx context.Context, d time.Duration) {
			if ctx.Err() == nil {
				w.slept = append(w.slept, d)
				w.now += d
			}
		},
	})
}

// compute runs a guest for a while, with a tick every 50 µs, and returns how
// long it was kept waiting.
func (w *world) compute(turn *pace.Turn, from, to time.Duration) (waited time.Duration) {
	const tick = 50 * time.Microsecond
	for inside := from + tick; inside <= to; inside += tick {
		w.now += tick
		waited += turn.Pace(context.Background(), inside)
	}
	return waited
}

func TestShortCallsNeverWait(t *testing.T) {
	w := &world{now: time.Hour}
	account := w.governor(2).Account()
	for range 1000 {
		turn := account.Begin()
		if waited := w.compute(&turn, 0, 24*time.Millisecond); waited != 0 {
			t.Fatalf("a call of 24 ms waited %v", waited)
		}
	}
}

// A call does not stand in its own way: nobody else calls.
func TestALongCallAloneDoesNotWait(t *testing.T) {
	w := &world{now: time.Hour}
	account := w.governor(2).Account()
	for range 10 {
		turn := account.Begin()
		if waited := w.compute(&turn, 0, 60*time.Millisecond); waited > 2*time.Millisecond {
			t.Fatalf("it waited %v", waited)
		}
	}
}

// A guest that goes on and on gets all processors but one while nobody else
// calls, and a twentieth of them while somebody does.
func TestLongCallsStepBack(t *testing.T) {
	for _, tc := range []struct {
		name       string
		processors int
		callers    bool // others call meanwhile
		guests     int
		want       float64 // processors that the long calls get in all
	}{
		{"alone", 2, false, 1, 1},
		{"many, alone", 2, false, 4, 1},
		{"many, alone, on a large machine", 8, false, 12, 7},
		{"beside others", 2, true, 1, 0.1},
		{"many, beside others", 2, true, 4, 0.1},
		{"on one processor, alone", 1, false, 2, 0.75},
		{"on one processor, beside others", 1, true, 2, 0.05},
		{"on a large machine, beside others", 8, true, 12, 0.4},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := share(tc.processors, tc.callers, tc.guests)
			if got < tc.want*0.85 || got > tc.want*1.15 {
				t.Errorf("long calls get %.3f processors, want %.2f", got, tc.want)
			}
		})
	}
}

// share simulates guests as parallel processes over ten seconds: each has the
// time at which it goes on, and the earliest is next.
func share(processors int, callers bool, guests int) float64 {
	const tick = 50 * time.Microsecond
	w := &world{now: time.Hour}
	start := w.now
	var slept time.Duration
	g := pace.New(pace.Config{
		Processors: processors, Now: func() time.Duration { return w.now },
		Sleep: func(_ context.Context, d time.Duration) { slept = d },
	})
	plugin, other := g.Account(), g.Account()
	turns, inside, at := make([]pace.Turn, guests), make([]time.Duration, guests), make([]time.Duration, guests)
	for i := range turns {
		turns[i], at[i] = plugin.Begin(), w.now
	}
	var used time.Duration
	for {
		i := 0
		for k := range at {
			if at[k] < at[i] {
				i = k
			}
		}
		if w.now = at[i]; w.now > start+11*time.Second {
			return used.Seconds() / 10
		}
		if callers {
			other.Begin()
		}
		inside[i] += tick
		if w.now > start+time.Second { // past the time in the foreground
			used += tick
		}
		slept = 0
		w.now += tick
		turns[i].Pace(context.Background(), inside[i])
		at[i] = w.now + slept
	}
}

func TestBackgroundWaitsFromItsBeginning(t *testing.T) {
	w := &world{now: time.Hour}
	g := w.governor(2)
	g.Account().Begin() // somebody calls
	turn := g.Background()
	w.compute(&turn, 0, 2*time.Millisecond)
	if len(w.slept) == 0 {
		t.Error("work that nobody waits for did not step back")
	}
}

func TestBudget(t *testing.T) {
	ctx := context.Background()
	w := &world{now: time.Hour}
	account := w.governor(4).Account()
	account.SetBudget(0.5)
	call := func(inside time.Duration) time.Duration {
		turn := account.Begin()
		w.compute(&turn, 0, inside)
		return turn.End(inside)
	}
	began, used := w.now, time.Duration(0)
	for w.now < began+20*time.Second {
		waited, short := account.Admit(ctx, 10)
		if short != 0 {
			t.Fatalf("a call that would wait %v was refused", short)
		}
		if waited > time.Second {
			t.Fatalf("a call waited %v", waited)
		}
		call(20 * time.Millisecond)
		used += 20 * time.Millisecond
	}
	if share := used.Seconds() / (w.now - began).Seconds(); share < 0.48 || share > 0.56 {
		t.Errorf("with half a processor it used %.2f", share)
	}

	// Inside of one long call it is held to it too.
	began = w.now
	turn := account.Begin()
	w.compute(&turn, 0, 10*time.Second)
	if took := w.now - began; took < 19*time.Second || took > 23*time.Second {
		t.Errorf("ten seconds of computing with half a processor took %v", took)
	}
	if waited := turn.End(10 * time.Second); waited < 9*time.Second {
		t.Errorf("it says that it waited %v", waited)
	}

	account.SetBudget(0)
	if waited, short := account.Admit(ctx, 10); waited != 0 || short != 0 {
		t.Errorf("without a budget a call waits %v, %v", waited, short)
	}
}

func TestAdmissionGivesUp(t *testing.T) {
	overdraw := func(by time.Duration) (*world, *pace.Account) {
		w := &world{now: time.Hour}
		account := w.governor(2).Account()
		account.SetBudget(1)
		turn := account.Begin()
		turn.End(time.Second + by) // a second may be used at once
		return w, account
	}
	soon, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	for _, tc := range []struct {
		name string
		ctx  context.Context
		by   time.Duration
		most int
		want bool
	}{
		{"a short wait", context.Background(), 500 * time.Millisecond, 1, true},
		{"too long", context.Background(), 1500 * time.Millisecond, 1, false},
		{"longer than the caller waits", soon, 500 * time.Millisecond, 1, false},
		{"too many wait", context.Background(), 500 * time.Millisecond, 0, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, account := overdraw(tc.by)
			waited, short := account.Admit(tc.ctx, tc.most)
			if tc.want && (waited != tc.by || short != 0) || !tc.want && short != tc.by {
				t.Errorf("waited %v, short of %v", waited, short)
			}
		})
	}
}

// A caller that is gone is not waited for.
func TestPaceEndsWithItsContext(t *testing.T) {
	g := pace.New(pace.Config{Processors: 2})
	account := g.Account()
	account.SetBudget(0.001)
	turn := account.Begin()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	turn.Pace(ctx, time.Minute) // would wait for hours
}
