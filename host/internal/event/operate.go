package event

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

// Registration is what an installed plugin publishes and listens to.
type Registration struct {
	Installation string
	Plugin       string
	Publish      []string // patterns of its own topics, declared and granted
	Subscribe    []string // patterns, declared and granted
	Enabled      bool     // otherwise its events wait
}

// Register takes over what a plugin's installed version declares. It is called
// at each start and change of a plugin, and does nothing when all is as it was.
// Fault: Invalid (a pattern).
func (e *Engine) Register(ctx context.Context, r Registration) error {
	for _, pattern := range append(append([]string{}, r.Publish...), r.Subscribe...) {
		if err := CheckPattern(pattern); err != nil {
			return fmt.Errorf("registering the events of plugin %s: %w", r.Plugin, err)
		}
	}
	e.mu.Lock()
	p := e.publishers[r.Installation]
	if p == nil {
		p = &publisher{tokens: float64(e.limits.Burst)}
		e.publishers[r.Installation] = p
	}
	p.topics = r.Publish
	e.mu.Unlock()
	if len(r.Subscribe) == 0 {
		return e.config.Store.DeleteSubscription(ctx, r.Installation)
	}
	err := e.config.Store.SaveSubscription(ctx, store.SubscriptionRow{
		Installation: r.Installation, Plugin: r.Plugin, Topics: r.Subscribe, Enabled: r.Enabled,
	})
	if err == nil {
		e.Nudge()
	}
	return err
}

// PauseOthers makes the events of all installations but these wait.
func (e *Engine) PauseOthers(ctx context.Context, installations []string) error {
	all, err := e.config.Store.ListSubscriptions(ctx)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.Enabled && !slices.Contains(installations, s.Installation) {
			s.Enabled = false
			err = errors.Join(err, e.config.Store.SaveSubscription(ctx, s))
		}
	}
	return err
}

// Subscription returns what an installation listens to and how far it is, and
// the id of the newest event. Fault: NotFound.
func (e *Engine) Subscription(ctx context.Context, installation string) (store.SubscriptionRow, uint64, error) {
	head, err := e.config.Store.EventHead(ctx)
	if err != nil {
		return store.SubscriptionRow{}, 0, err
	}
	all, err := e.config.Store.ListSubscriptions(ctx)
	if err != nil {
		return store.SubscriptionRow{}, 0, err
	}
	for _, s := range all {
		if s.Installation == installation {
			return s, head, nil
		}
	}
	return store.SubscriptionRow{}, head, fault.New(fault.NotFound, "the plugin listens to no events")
}

// Deliveries returns what waits for a subscriber, or its dead letters.
func (e *Engine) Deliveries(ctx context.Context, installation string, dead bool, after uint64, limit int) ([]store.Delivery, error) {
	return e.config.Store.ListDeliveries(ctx, installation, dead, after, limit)
}

// Operator is who acts on a plugin's events.
type Operator struct {
	Subject      string // entity ref
	Installation string
	Plugin       string
}

// Redeliver lets dead letters be tried again, one or with 0 all.
func (e *Engine) Redeliver(ctx context.Context, o Operator, event uint64) (int, error) {
	n, err := e.config.Store.RedeliverEvents(ctx, o.Installation, event)
	if err == nil {
		e.record(ctx, "redelivered", o, event, n)
		e.Nudge()
	}
	return n, err
}

// Drop removes dead letters, one or with 0 all.
func (e *Engine) Drop(ctx context.Context, o Operator, event uint64) (int, error) {
	n, err := e.config.Store.DropDeadLetters(ctx, o.Installation, event)
	if err == nil {
		e.record(ctx, "dropped", o, event, n)
	}
	return n, err
}

// Replay delivers again from an event on, which keeps its id: a subscriber
// that remembers ids does its work once.
func (e *Engine) Replay(ctx context.Context, o Operator, from uint64) error {
	err := e.config.Store.ReplayEvents(ctx, o.Installation, from)
	if err == nil {
		e.record(ctx, "replayed", o, from, 1)
		e.Nudge()
	}
	return err
}

func (e *Engine) record(ctx context.Context, action string, o Operator, event uint64, n int) {
	if n > 0 {
		e.config.Audit(ctx, Record{Action: action, Plugin: o.Plugin, Subject: o.Subject, Event: event, Message: fmt.Sprintf("%d events", n)})
	}
}
