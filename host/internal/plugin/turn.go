package plugin

import (
	"context"
	"fmt"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin/pace"
)

// Pacer is asked by a metered guest, at every tick, whether to go on.
type Pacer interface {
	// Pace is called on the guest's goroutine with the time that the guest has
	// computed in this call. It may wait, at most until ctx ends, and returns
	// for how long it did.
	Pace(ctx context.Context, inside time.Duration) time.Duration
}

type pacerKey struct{}

// PacerOf returns the pacer of the call that ctx belongs to, nil without one.
func PacerOf(ctx context.Context) Pacer {
	p, _ := ctx.Value(pacerKey{}).(Pacer)
	return p
}

// pacedContext is the context of one call into a guest.
type pacedContext struct {
	context.Context
	turn pace.Turn
}

// Value implements context.Context.
func (c *pacedContext) Value(key any) any {
	if key == (pacerKey{}) {
		return &c.turn
	}
	return c.Context.Value(key)
}

// InBackground returns a context in which a guest runs behind all calls, for
// work of the host that nobody waits for.
func InBackground(ctx context.Context, g *pace.Governor) context.Context {
	return &pacedContext{ctx, g.Background()}
}

// admit waits for the plugin's CPU budget. Fault: Exhausted, with *Busy inside.
func (s *slot) admit(ctx context.Context) (time.Duration, error) {
	limits := &s.route.Load().current.limits
	waited, short := s.account.Admit(ctx, limits.Queue)
	if short > 0 {
		busy := &Busy{Reason: fmt.Sprintf("it has used up its %g processors", limits.CPU), Wait: short}
		return 0, fault.Wrap(fault.Exhausted, busy, fmt.Sprintf("plugin %s is busy: %s", s.id, busy.Reason))
	}
	return waited, nil
}
