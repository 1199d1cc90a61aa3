package event

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

// pump delivers to one subscriber until nothing is due. It holds the claim on
// the subscription meanwhile, and renews it before each batch: a batch ends
// before the claim does.
func (e *Engine) pump(ctx context.Context, s store.SubscriptionRow) error {
	defer func() {
		// Also when ctx is over: another replica shall not wait for the lease.
		_ = e.config.Store.ReleaseSubscription(context.WithoutCancel(ctx), s.Installation, e.config.Owner)
	}()
	for {
		if err := e.config.Store.ClaimSubscription(ctx, s.Installation, e.config.Owner, e.limits.Lease); err != nil {
			return ignoreConflict(err)
		}
		admitted, err := e.config.Store.AdmitEvents(ctx, s.Installation, e.config.Owner, e.limits.Window)
		if err != nil {
			return ignoreConflict(err)
		}
		due, err := e.config.Store.DueDeliveries(ctx, s.Installation, e.limits.Parallel)
		if err != nil {
			return err
		}
		if len(due) == 0 {
			if admitted {
				continue
			}
			return nil
		}
		if err := e.batch(ctx, s, due); err != nil {
			return ignoreConflict(err)
		}
	}
}

// ignoreConflict is for a claim that another replica has: it does the work.
func ignoreConflict(err error) error {
	if fault.Is(err, fault.Conflict) {
		return nil
	}
	return err
}

// batch delivers events of different topics or keys at once and writes how
// each ended. Nothing is written of a batch that the end of ctx cut off.
func (e *Engine) batch(ctx context.Context, s store.SubscriptionRow, due []store.Delivery) error {
	results := make([]error, len(due))
	var all sync.WaitGroup
	for i, d := range due {
		all.Go(func() { results[i] = e.try(ctx, s, d) })
	}
	all.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	settlements := make([]store.Settlement, len(due))
	for i, d := range due {
		settlements[i] = e.settlement(d, results[i])
	}
	if err := e.config.Store.SettleDeliveries(ctx, s.Installation, e.config.Owner, settlements); err != nil {
		return err
	}
	for i, one := range settlements {
		if one.Dead {
			e.config.Audit(ctx, Record{Action: "dead-letter", Plugin: s.Plugin, Topic: due[i].Event.Topic, Event: one.Event, Message: one.Error})
		}
	}
	return nil
}

func (e *Engine) try(ctx context.Context, s store.SubscriptionRow, d store.Delivery) (err error) {
	ctx, cancel := context.WithTimeout(ctx, e.limits.Deadline)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			err = fault.New(fault.Internal, "delivering event %d: %v", d.Event.ID, r)
		}
	}()
	return e.config.Deliver(ctx, s.Installation, s.Plugin, d)
}

func (e *Engine) settlement(d store.Delivery, err error) store.Settlement {
	if err == nil {
		return store.Settlement{Event: d.Event.ID, Done: true}
	}
	out := store.Settlement{Event: d.Event.ID, Error: reason(err)}
	if d.Attempts+1 >= e.limits.Attempts {
		out.Dead = true
		return out
	}
	out.RetryAt = e.config.Clock().Add(e.backoff(d.Attempts))
	return out
}

// backoff doubles from failure to failure, less up to a half by chance, so
// that what failed together is not tried again together.
func (e *Engine) backoff(failures int) time.Duration {
	d := e.limits.Backoff << min(failures, 30)
	if d <= 0 || d > e.limits.Longest {
		d = e.limits.Longest
	}
	return d - time.Duration(e.config.Random()*float64(d)/2)
}

// maxReason bounds what is kept of an error.
const maxReason = 1000

func reason(err error) string {
	text := fault.Message(err)
	if fault.Is(err, fault.Internal) {
		text = err.Error() // operators read it, nobody else
	}
	if errors.Is(err, context.DeadlineExceeded) {
		text = "the subscriber did not answer in time"
	}
	if len(text) > maxReason {
		text = text[:maxReason] + "…"
	}
	return text
}
