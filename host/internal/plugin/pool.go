package plugin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/sdk/abi"
)

// guest is an instance with what the pool knows about it. While it is busy it
// belongs to the goroutine of its call; the rest is guarded by the pool.
type guest struct {
	Instance
	calls  int
	memory uint64
	used   time.Time

	turn          // of the call in progress
	slot     int  // in pool.busy
	reported bool // by the watchdog
}

// turn is what the pool knows about one call.
type turn struct {
	op       abi.Op
	deadline time.Time // on the registry's clock, for the watchdog
	own      bool      // the deadline is the plugin's limit, not its caller's
	depth    int       // plugins on the path before this one
	cancel   context.CancelFunc
}

// pool holds the instances of one plugin version. Idle ones are taken last in,
// first out, so that the warmest serves and the coldest can be let go.
type pool struct {
	id     ID
	module Module
	limits Limits
	clock  Clock
	seen   func(PoolEvent)
	// forever is for closing instances, which nobody may cancel.
	forever context.Context

	mu      sync.Mutex
	idle    []*guest
	busy    []*guest // with a call, or being made for one
	alive   int      // idle, busy and on the way between them
	waiting []chan *guest
	used    time.Time // when a call ended last
	closed  bool
	drained chan struct{} // closed when closed and nothing is alive
}

// errMoved is the cause inside of the refusal of a version that takes no more
// calls. The call has not entered a guest, so another version can take it.
var errMoved = errors.New("the version takes no more calls")

func newPool(forever context.Context, id ID, module Module, limits Limits, clock Clock, seen func(PoolEvent)) *pool {
	return &pool{
		forever: forever, id: id, module: module, limits: limits, clock: clock, seen: seen,
		used: clock.Now(), drained: make(chan struct{}),
	}
}

// acquire returns an instance for one call.
// Faults: Exhausted (the queue is full) and Unavailable (waited until ctx
// ended, or closing, then with errMoved inside), both with *Busy inside; and
// those of Module.New.
func (p *pool) acquire(ctx context.Context, t turn) (*guest, error) {
	p.mu.Lock()
	switch {
	case p.closed:
		p.mu.Unlock()
		return nil, p.moved()
	case len(p.idle) > 0:
		g := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		p.begin(g, t)
		p.mu.Unlock()
		return g, nil
	case p.alive < p.limits.Instances:
		p.alive++
		g := p.reserve(t)
		p.mu.Unlock()
		return p.make(ctx, g)
	case t.depth > 0 && !p.serves(t.depth):
		// Plugins that call each other would otherwise hold all instances of
		// both and wait for one. With one for each depth, the deepest call
		// always ends, and so do those above it.
		p.alive++
		g := p.reserve(t)
		p.mu.Unlock()
		return p.make(ctx, g)
	case len(p.waiting) >= p.limits.Queue:
		n := len(p.waiting)
		p.mu.Unlock()
		return nil, p.refuse(fault.Exhausted, fmt.Sprintf("%d calls wait already", n))
	}
	// A guest in the channel is ready to use; nil is the right to make one;
	// a closed channel means that the pool closes.
	place := make(chan *guest, 1)
	p.waiting = append(p.waiting, place)
	p.mu.Unlock()
	select {
	case g, open := <-place:
		if !open {
			return nil, p.moved()
		}
		p.mu.Lock()
		if g == nil {
			g = p.reserve(t)
			p.mu.Unlock()
			return p.make(ctx, g)
		}
		p.begin(g, t)
		p.mu.Unlock()
		return g, nil
	case <-ctx.Done():
		p.leaveQueue(place)
		if errors.Is(ctx.Err(), context.Canceled) {
			return nil, fault.Wrap(fault.Unavailable, ctx.Err(), fmt.Sprintf("the call of plugin %s was cancelled", p.id))
		}
		return nil, p.refuse(fault.Unavailable, "no instance became free in time")
	}
}

// busyWait is when a refused caller should come back.
const busyWait = time.Second

func (p *pool) refuse(kind fault.Kind, reason string) error {
	return fault.Wrap(kind, &Busy{Reason: reason, Wait: busyWait}, fmt.Sprintf("plugin %s is busy: %s", p.id, reason))
}

func (p *pool) moved() error {
	busy := &Busy{Reason: "it is being unloaded", Wait: busyWait}
	return fault.Wrap(fault.Unavailable, errors.Join(errMoved, busy), fmt.Sprintf("plugin %s is busy: %s", p.id, busy.Reason))
}

// serves reports whether a call of a depth has an instance.
func (p *pool) serves(depth int) bool {
	return slices.ContainsFunc(p.busy, func(g *guest) bool { return g.depth == depth })
}

// reserve is begin for an instance that is yet to be made, so that whatever
// looks after calls, draining and the watchdog, finds its start function too.
func (p *pool) reserve(t turn) *guest {
	g := &guest{}
	p.begin(g, t)
	return g
}

// begin marks g busy. A waiter's guest is in neither list until then.
func (p *pool) begin(g *guest, t turn) {
	g.turn, g.reported = t, false
	g.slot = len(p.busy)
	p.busy = append(p.busy, g)
}

// end takes g from the busy ones.
func (p *pool) end(g *guest) {
	last := p.busy[len(p.busy)-1]
	p.busy[g.slot], last.slot = last, g.slot
	p.busy[len(p.busy)-1] = nil
	p.busy = p.busy[:len(p.busy)-1]
}

// make gives a reserved guest its instance.
func (p *pool) make(ctx context.Context, g *guest) (*guest, error) {
	instance, err := p.module.New(ctx)
	if fault.Is(err, fault.Timeout) && g.own {
		err = fault.Wrap(fault.Timeout, &Crash{Cause: "the start function did not end"}, fmt.Sprintf("plugin %s does not start in time", p.id))
	}
	p.mu.Lock()
	defer p.report()
	defer p.mu.Unlock()
	if err != nil {
		p.end(g)
		p.gone()
		return nil, err
	}
	g.Instance, g.memory = instance, instance.Memory()
	return g, nil
}

func (p *pool) leaveQueue(place chan *guest) {
	p.mu.Lock()
	if i := slices.Index(p.waiting, place); i >= 0 {
		p.waiting = slices.Delete(p.waiting, i, i+1)
		p.mu.Unlock()
		return
	}
	p.mu.Unlock()
	// Its turn came at the same moment: pass it on.
	switch g, open := <-place; {
	case !open:
	case g != nil:
		p.park(g)
	default:
		p.mu.Lock()
		p.gone()
		p.mu.Unlock()
	}
}

// release takes back a guest after its call. A dead one, or one due for
// recycling, is closed; dead says that the instance closed itself.
func (p *pool) release(g *guest, dead bool) {
	g.calls++
	memory, now := g.Memory(), p.clock.Now()
	recycle := g.calls >= p.limits.MaxCalls || memory > p.limits.MemoryBytes/4*3
	p.mu.Lock()
	g.memory, g.used, p.used = memory, now, now
	p.end(g)
	surplus := p.alive > p.limits.Instances // it was made for a call of another plugin
	p.mu.Unlock()
	if !dead && !recycle && !surplus {
		p.park(g)
		return
	}
	_ = g.Close(p.forever)
	p.mu.Lock()
	if surplus = p.alive > p.limits.Instances; surplus {
		p.less()
	} else {
		p.gone()
	}
	p.mu.Unlock()
	p.report()
}

// park gives a guest that is in neither list to the first waiter, or keeps it.
func (p *pool) park(g *guest) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		_ = g.Close(p.forever)
		p.mu.Lock()
		p.gone()
		p.mu.Unlock()
		return
	}
	if len(p.waiting) > 0 {
		place := p.waiting[0]
		p.waiting = slices.Delete(p.waiting, 0, 1)
		place <- g
	} else {
		p.idle = append(p.idle, g)
	}
	p.mu.Unlock()
}

// gone counts an instance out and lets the first waiter make a new one.
func (p *pool) gone() {
	if len(p.waiting) > 0 && !p.closed {
		place := p.waiting[0]
		p.waiting = slices.Delete(p.waiting, 0, 1)
		place <- nil // its place in alive passes on
		return
	}
	p.less()
}

// less counts an instance out whose place nobody takes.
func (p *pool) less() {
	p.alive--
	if p.closed && p.alive == 0 {
		close(p.drained)
	}
}

// shrink closes instances that have been idle since before the limit, all of
// them with everything set.
func (p *pool) shrink(everything bool) {
	before := p.clock.Now().Add(-p.limits.IdleAfter)
	p.mu.Lock()
	var out []*guest
	p.idle = slices.DeleteFunc(p.idle, func(g *guest) bool {
		if everything || g.used.Before(before) {
			out = append(out, g)
			return true
		}
		return false
	})
	p.mu.Unlock()
	for _, g := range out {
		_ = g.Close(p.forever)
		p.mu.Lock()
		p.gone()
		p.mu.Unlock()
	}
	if len(out) > 0 {
		p.report()
	}
}

// refuseNew lets no more calls in. Those that wait are told to go elsewhere.
func (p *pool) refuseNew() {
	p.mu.Lock()
	first := !p.closed
	p.closed = true
	for _, place := range p.waiting {
		close(place)
	}
	p.waiting = nil
	if first && p.alive == 0 {
		close(p.drained)
	}
	p.mu.Unlock()
	p.shrink(true)
}

// drain refuses new calls and waits for those in progress. When ctx ends it
// cancels them and waits no longer than grace for the guests to stop. It
// reports whether all are gone.
func (p *pool) drain(ctx context.Context, grace time.Duration) bool {
	p.refuseNew()
	select {
	case <-p.drained:
		return true
	case <-ctx.Done():
	}
	p.cancel()
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.drained:
		return true
	case <-timer.C:
		return false
	}
}

// cancel ends the calls in progress.
func (p *pool) cancel() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, g := range p.busy {
		g.cancel()
	}
}

// isDrained reports whether the pool is closed and all its guests are gone.
func (p *pool) isDrained() bool {
	select {
	case <-p.drained:
		return true
	default:
		return false
	}
}

// emptySince reports whether nobody has needed an instance since before.
func (p *pool) emptySince(before time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.closed && p.alive == 0 && p.used.Before(before)
}

// inside counts the calls in progress.
func (p *pool) inside() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.busy)
}

func (p *pool) report() { p.seen(p.event()) }

func (p *pool) event() PoolEvent {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := PoolEvent{Plugin: p.id, Busy: len(p.busy), Idle: len(p.idle), Waiting: len(p.waiting)}
	for _, g := range p.idle {
		e.MemoryBytes += g.memory
	}
	for _, g := range p.busy {
		e.MemoryBytes += g.memory
	}
	return e
}

// overdue returns the calls that have outlived their deadline by grace and
// were not reported before.
func (p *pool) overdue(now time.Time, grace time.Duration) []abi.Op {
	p.mu.Lock()
	defer p.mu.Unlock()
	var ops []abi.Op
	for _, g := range p.busy {
		if !g.reported && now.After(g.deadline.Add(grace)) {
			g.reported = true
			ops = append(ops, g.op)
		}
	}
	return ops
}
