package history

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/callboard/callboard/host/internal/store"
)

// Retention says how much of the past is kept. Zero bounds nothing.
type Retention struct {
	Age          time.Duration
	MaxPerEntity int // changes
}

// Keeper prunes the history as the operator wants it. Several replicas may
// have one: they take turns.
type Keeper struct {
	Store     store.History
	Locations store.Locations
	Retention Retention
	Now       func() time.Time
	Log       *slog.Logger
}

// One run removes at most so much, in transactions that others need not wait
// for; what is left waits for the next run.
const (
	turnEvery = 10 * time.Minute
	perStep   = 1000
	maxSteps  = 200
)

// Prune removes what is too old or too much, if it is this replica's turn, and
// returns how many changes that were. Fault: Unavailable.
func (k *Keeper) Prune(ctx context.Context) (int, error) {
	mine, err := k.Store.TakeHistoryTurn(ctx, turnEvery)
	if err != nil || !mine {
		return 0, err //nolint:wrapcheck // a fault of the store
	}
	r := store.HistoryRetention{MaxPerEntity: k.Retention.MaxPerEntity, Limit: perStep}
	if k.Retention.Age > 0 {
		r.Before = k.Now().Add(-k.Retention.Age)
		if _, err := k.Locations.SweepDeletedLocations(ctx, r.Before); err != nil {
			return 0, fmt.Errorf("forgetting removed locations: %w", err)
		}
	}
	removed := 0
	for range maxSteps {
		p, err := k.Store.PruneHistory(ctx, r)
		if err != nil {
			return removed, fmt.Errorf("pruning the history: %w", err)
		}
		removed += p.Removed
		if r.After = p.After; !p.More {
			break
		}
	}
	if removed > 0 {
		k.Log.InfoContext(ctx, "history pruned", "changes", removed)
	}
	return removed, nil
}
