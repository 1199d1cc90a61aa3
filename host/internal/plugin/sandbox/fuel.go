package sandbox

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/callboard/callboard/host/internal/plugin/meter"
)

// ErrFuel is the cause of a stop by the budget of steps.
var ErrFuel = errors.New("the fuel is used up")

// StartFuel is what a start function and _initialize may use. They are no
// call, so that a plugin with little fuel for a call still starts; the deadline
// comes first.
const StartFuel = 10_000_000_000

// How far the host lets a guest run between two ticks. Every tick is a call of
// a Go function, so the collector can stop it there, and looks at the deadline.
// Code whose steps are slow is looked at after fewer of them: which steps have a
// tick does not change what is counted, nor where fuel ends.
//
// Other goroutines are let in less often: where a processor is idle, each yield
// wakes it to take the guest over, which costs more than all the rest of a tick.
const (
	slowSlice  = 500 * time.Microsecond
	leastSlice = 64
	yieldEvery = time.Millisecond
)

// Fuel counts the steps of one instance of a metered module, one call after
// another, and stops it at its budget, its deadline or when it is cancelled.
type Fuel struct {
	limit    uint64
	used     uint64
	slice    int64 // what the counter was set to last
	pace     int64 // what it will be set to next
	began    time.Time
	deadline time.Duration // since began; 0 = none
	ticked   time.Duration // since began; 0 = not yet
	yielded  time.Duration // since began
}

// NewFuel returns the account of a new instance, for its start.
func NewFuel(ctx context.Context) Fuel {
	f := Fuel{slice: meter.Slice, pace: meter.Slice}
	f.Begin(ctx, StartFuel)
	return f
}

// Begin starts a call with a budget of steps; less than meter.Slice counts as
// that.
func (f *Fuel) Begin(ctx context.Context, limit uint64) {
	f.limit, f.used, f.ticked, f.yielded = max(limit, meter.Slice), 0, 0, 0
	f.began, f.deadline = time.Now(), 0
	if d, ok := ctx.Deadline(); ok {
		f.deadline = max(d.Sub(f.began), 1)
	}
}

// Next is what to set the counter to before the next call.
func (f *Fuel) Next() int32 { return int32(f.pace) } //nolint:gosec // at most meter.Slice

// End takes the counter's value at the end of a call, when it has been set to
// Next.
func (f *Fuel) End(left int32) {
	f.used += uint64(f.slice - int64(left)) //nolint:gosec // the counter only goes down
	f.slice = f.pace
}

// Limit returns the budget of the latest call.
func (f *Fuel) Limit() uint64 { return f.limit }

// Used returns the steps of the latest call.
func (f *Fuel) Used() uint64 { return f.used }

// Elapsed returns the time since the latest call began.
func (f *Fuel) Elapsed() time.Duration { return time.Since(f.began) }

// Tick is the function callboard.tick, which the rewriting pass imports.
func Tick() Func {
	return Func{NewSignature("i", "i"), func(ctx context.Context, g *Guest, stack []uint64) {
		stack[0] = uint64(g.Fuel.tick(ctx, int32(uint32(stack[0])), g.rest)) //nolint:gosec // not negative
	}}
}

// tick takes what is left of the counter and returns what to set it to. Between
// two slices it rests.
func (f *Fuel) tick(ctx context.Context, left int32, rest func(context.Context, time.Duration)) uint32 {
	f.used += uint64(f.slice - int64(left)) //nolint:gosec // the counter only goes down
	f.slice = int64(left)
	if f.used > f.limit {
		panic(Stop{ErrFuel})
	}
	now := f.Elapsed()
	if f.ticked > 0 {
		f.adapt(now - f.ticked)
	}
	if now-f.yielded >= yieldEvery {
		f.yielded = now
		runtime.Gosched()
	}
	rest(ctx, now)
	Interrupt(ctx)
	f.ticked = f.Elapsed()
	// The timer of the context may be late on a busy machine.
	if f.deadline > 0 && f.ticked >= f.deadline {
		panic(Stop{context.DeadlineExceeded})
	}
	f.slice = int64(min(uint64(f.pace), f.limit-f.used)) //nolint:gosec // both are small and positive
	return uint32(f.slice)                               //nolint:gosec // likewise
}

// rest keeps away from the processor for as long as the pacer says.
func (g *Guest) rest(ctx context.Context, elapsed time.Duration) {
	if g.Pacer != nil {
		g.Away += g.Pacer.Pace(ctx, elapsed-g.Away)
	}
}

// adapt sets the pace by the time that the latest slice took.
func (f *Fuel) adapt(took time.Duration) {
	if took > slowSlice {
		f.pace = max(f.pace*int64(slowSlice)/int64(2*took), leastSlice)
		return
	}
	f.pace = min(2*f.pace, meter.Slice)
}
