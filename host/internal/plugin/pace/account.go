package pace

import (
	"context"
	"math"
	"sync/atomic"
	"time"
)

// Account is what one plugin uses of the processors.
type Account struct {
	governor *Governor
	budget   atomic.Uint64 // bits of a float64, processors; 0 = no limit
	// paidFor is the time, in ns, at which the budget will have caught up with
	// what was used. The budget is overdrawn while it lies ahead.
	paidFor atomic.Int64
	waiting atomic.Int64 // calls in Admit
}

// Account returns a new account.
func (g *Governor) Account() *Account { return &Account{governor: g} }

// SetBudget limits the plugin to so many processors on average; 0 is no limit.
func (a *Account) SetBudget(processors float64) { a.budget.Store(math.Float64bits(max(processors, 0))) }

// charge takes time inside of guests from the budget.
func (a *Account) charge(used time.Duration) {
	processors := math.Float64frombits(a.budget.Load())
	if processors == 0 || used <= 0 {
		return
	}
	cost := int64(float64(used) / processors)
	for {
		before := a.paidFor.Load()
		if a.paidFor.CompareAndSwap(before, max(before, int64(a.governor.cfg.Now()-budgetWindow))+cost) {
			return
		}
	}
}

// overdrawn returns how long it takes until the budget has caught up.
func (a *Account) overdrawn() time.Duration {
	if a.budget.Load() == 0 {
		return 0
	}
	return max(time.Duration(a.paidFor.Load())-a.governor.cfg.Now(), 0)
}

// Admit waits until the budget allows another call. It gives up, and returns
// how long it would take, when that is longer than a second or than the
// context lasts, or when most calls wait here already.
func (a *Account) Admit(ctx context.Context, most int) (waited, short time.Duration) {
	wait := a.overdrawn()
	if wait == 0 {
		return 0, 0
	}
	if a.waiting.Add(1); wait > budgetWindow || a.waiting.Load() > int64(most) || endsWithin(ctx, wait) {
		a.waiting.Add(-1)
		return 0, wait
	}
	defer a.waiting.Add(-1)
	began := a.governor.cfg.Now()
	a.governor.cfg.Sleep(ctx, wait)
	return a.governor.cfg.Now() - began, 0
}

func endsWithin(ctx context.Context, d time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) < d
}

// Turn is one call inside of a guest. It is used by the goroutine of the call.
type Turn struct {
	account *Account
	behind  bool          // from its beginning
	since   time.Duration // when it began; what began before it is not in its way
	next    time.Duration // inside of the guest, when to look again
	charged time.Duration
	waited  time.Duration
}

// Begin is called for each call that is about to enter a guest.
func (a *Account) Begin() Turn {
	return Turn{account: a, next: look, since: a.governor.called()}
}

// Pace is called by the guest as it computes, with the time that it has
// computed. It may wait, and returns for how long it did; it does not wait
// longer than ctx lasts.
func (t *Turn) Pace(ctx context.Context, inside time.Duration) time.Duration {
	if inside < t.next {
		return 0
	}
	t.next = inside + look
	t.account.charge(inside - t.charged)
	t.charged = inside
	g := t.account.governor
	wait := t.account.overdrawn()
	if t.behind || inside >= foreground {
		behind, length := g.slice(t.since)
		wait, t.next = max(wait, behind), inside+length
	}
	if wait == 0 {
		return 0
	}
	began := g.cfg.Now()
	g.cfg.Sleep(ctx, wait)
	waited := g.cfg.Now() - began
	t.waited += waited
	return waited
}

// End closes the turn with the time that the guest has computed in all, and
// returns how long Pace made it wait.
func (t *Turn) End(inside time.Duration) time.Duration {
	t.account.charge(inside - t.charged)
	return t.waited
}

// Background returns a turn that has no time in the foreground.
func (g *Governor) Background() Turn {
	return Turn{account: g.Account(), behind: true}
}
