package store

import (
	"context"
	"strings"
	"time"
)

// EventRow is one event of the log.
type EventRow struct {
	ID           uint64 // set by the store; grows in the order in which events become visible
	Topic        string // "<plugin id>/…"
	Key          string // events of one topic and key are delivered in order
	Installation string // of the publisher; "host" for the host itself
	Plugin       string // id of the publisher
	Ref          string // what it is about: an entity ref, a task id; may be empty
	Revision     uint64 // of what Ref names; 0 = none
	Payload      []byte // may be empty
	Cause        []byte // JSON: who and what led to it, for audit only; may be empty
	At           time.Time
}

// EventBounds limits what one publisher may have waiting. Zero is no bound.
type EventBounds struct {
	Events int   // events that a subscriber has not taken yet
	Bytes  int64 // of all stored events of the publisher
}

// SubscriptionRow is what one installation listens to, and how far it is.
type SubscriptionRow struct {
	Installation string
	Plugin       string
	Topics       []string // patterns of TopicMatches
	Enabled      bool
	Cursor       uint64    // id of the last event that was looked at for it
	Missed       int       // events that retention removed before it took them
	Owner        string    // replica that delivers, empty = none
	LeaseUntil   time.Time // until when
	Pending      int       // deliveries that wait; set by ListSubscriptions
	DueAt        time.Time // when the first of them may be tried; set by ListSubscriptions
	Dead         int       // dead letters; set by ListSubscriptions
}

// Delivery is one event on its way to one subscriber.
type Delivery struct {
	Event    EventRow
	Attempts int       // tries that failed
	NextAt   time.Time // not before
	Dead     bool      // nobody tries it any more
	Error    string    // why the last try failed
	Since    time.Time // when the subscriber took it
}

// Settlement says how one try ended.
type Settlement struct {
	Event   uint64
	Done    bool
	Dead    bool      // no further try
	RetryAt time.Time // with neither Done nor Dead
	Error   string
}

// EventRetention says what the sweep removes.
type EventRetention struct {
	Before     time.Time // events older than this
	DeadBefore time.Time // dead letters that are older
	Bytes      int64     // at most this much of each publisher stays; 0 = no bound
}

// Events stores the event log, its subscriptions and their deliveries.
//
// The log is an outbox: what publishes together with another write does so in
// its transaction (Batch.Announce). A subscriber's deliveries are claimed by one
// owner at a time; what settles them under a lapsed claim is Conflict.
type Events interface {
	// PublishEvents appends events of one publisher and returns their ids.
	// Fault: Exhausted (bounds; the message names the slowest subscriber).
	PublishEvents(ctx context.Context, bounds EventBounds, events []EventRow) ([]uint64, error)
	// EventHead returns the id of the newest event, 0 for none.
	EventHead(ctx context.Context) (uint64, error)
	// SaveSubscription makes a subscription that starts with the next event, or
	// changes topics and enablement of the one that the installation has.
	SaveSubscription(ctx context.Context, s SubscriptionRow) error
	// DeleteSubscription removes a subscription with its deliveries.
	DeleteSubscription(ctx context.Context, installation string) error
	// ListSubscriptions returns all subscriptions by installation.
	ListSubscriptions(ctx context.Context) ([]SubscriptionRow, error)
	// ClaimSubscription makes owner the one who delivers for a time, or prolongs
	// that. Fault: Conflict (another does, or it is not enabled).
	ClaimSubscription(ctx context.Context, installation, owner string, ttl time.Duration) error
	// ReleaseSubscription ends the claim if owner holds it.
	ReleaseSubscription(ctx context.Context, installation, owner string) error
	// AdmitEvents turns events behind the cursor into deliveries, as long as
	// fewer than window wait, and moves the cursor. It reports whether it
	// looked at any. Fault: Conflict (owner does not hold the claim).
	AdmitEvents(ctx context.Context, installation, owner string, window int) (bool, error)
	// DueDeliveries returns at most limit deliveries that may be tried now, of
	// each topic and key only the oldest that is not dead.
	DueDeliveries(ctx context.Context, installation string, limit int) ([]Delivery, error)
	// SettleDeliveries writes how tries ended. Fault: Conflict (owner does not
	// hold the claim; nothing is written).
	SettleDeliveries(ctx context.Context, installation, owner string, s []Settlement) error
	// ListDeliveries returns deliveries after an event id, oldest first: those
	// that wait, or the dead letters.
	ListDeliveries(ctx context.Context, installation string, dead bool, after uint64, limit int) ([]Delivery, error)
	// RedeliverEvents lets dead letters be tried again as if never tried, one or
	// with 0 all, and returns how many. Fault: NotFound (that one is not dead).
	RedeliverEvents(ctx context.Context, installation string, event uint64) (int, error)
	// DropDeadLetters removes dead letters, one or with 0 all. Fault: NotFound.
	DropDeadLetters(ctx context.Context, installation string, event uint64) (int, error)
	// ReplayEvents moves the cursor back so that the event with the id is the
	// next one, or the oldest that is kept. Fault: NotFound (no subscription),
	// Invalid (the cursor is before it already).
	ReplayEvents(ctx context.Context, installation string, from uint64) error
	// SweepEvents removes what retention says and returns how many events.
	SweepEvents(ctx context.Context, r EventRetention) (int, error)
}

// TopicMatches reports whether a pattern covers a topic: the topic itself, or
// "prefix/*" for everything below the prefix.
func TopicMatches(pattern, topic string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "/*"); ok {
		return strings.HasPrefix(topic, prefix+"/")
	}
	return pattern == topic
}
