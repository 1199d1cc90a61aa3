package store

import (
	"context"
	"time"
)

// Action is what happened to an entity.
type Action string

// The actions. A change of several kinds has the first that fits, in this order.
const (
	Created   Action = "created"
	Deleted   Action = "deleted"
	Updated   Action = "updated"   // what its descriptor or a processor says
	Restated  Action = "status"    // its status items
	Reconnect Action = "relations" // what it is connected with, by others or through them
)

// Actions are all actions, in the order of the numbers that columns keep.
var Actions = []Action{Created, Deleted, Updated, Restated, Reconnect}

// Why an entity changed.
const (
	ReasonSource        = "source"        // what its location says
	ReasonProvider      = "provider"      // a plugin brought it, or took it back
	ReasonRegistered    = "registered"    // its location was registered
	ReasonUnregistered  = "unregistered"  // its location was removed
	ReasonRefreshed     = "refreshed"     // somebody had its location read again
	ReasonRemoved       = "removed"       // somebody took the orphan out
	ReasonConfiguration = "configuration" // the operator named its location, or no longer does
	ReasonProcessing    = "processing"    // kinds or processors changed, and its source did not
)

// Cause is who and what led to a change. Empty fields are unknown, or do not apply.
type Cause struct {
	Reason   string `json:"reason,omitempty"`
	Provider string `json:"provider,omitempty"` // the bucket: "config", "registered", "plugin:<id>"
	Location string `json:"location,omitempty"` // "url:https://…", the descriptor
	Origin   string `json:"origin,omitempty"`   // the location that started the chain
	Subject  string `json:"subject,omitempty"`  // ref of who asked
	Plugin   string `json:"plugin,omitempty"`   // through which plugin, or which one brought it
	By       string `json:"by,omitempty"`       // ref of another entity whose change this follows
}

// HistoryRow is one change of one entity. ID, Revision and At are set by the
// store; ids grow with revisions.
type HistoryRow struct {
	ID       uint64
	Revision uint64
	At       time.Time // by the clock of the writer
	Ref      string    // canonical
	UID      string
	Action   Action
	Owner    string // ref of its owner: after the change, for a deletion before it; may be empty
	Cause    Cause
	Delta    []byte // from what is after the change to what was before; of the caller; may be empty
	// Since is the revision from which on what was before the change is known:
	// changes up to it were pruned. 0 = back to the row before, or the floor.
	Since uint64
}

// Record is what a batch writes into the history, in its transaction.
type Record struct {
	Rows []HistoryRow // of entities whose former state does not matter
	// Refs are entities that the batch changes or deletes. Compare is called
	// with each as it is stored before the batch, in no order; nil = it is
	// absent. It returns the row, or false for none. It must not use the store.
	Refs    []string
	Compare func(ref string, before *EntityRow) (HistoryRow, bool)
}

// HistoryFloor is how far back the history is complete: what the catalog was
// before Revision is not known. Both are zero when nothing was ever pruned.
type HistoryFloor struct {
	Revision uint64
	At       time.Time
}

// HistoryQuery selects changes; all of its conditions must hold.
type HistoryQuery struct {
	Ref     string
	Owner   string
	Kind    string   // lower case
	Actions []Action // none = all
	Since   time.Time
	// After is exclusive: only ids beyond it, in the direction of the order.
	// 0 = from the start of it.
	After    uint64
	Oldest   bool   // oldest first
	Newer    uint64 // only changes after that revision
	UpTo     uint64 // and up to that one; 0 = all
	Limit    int
	NoDeltas bool // rows without Delta
}

// HistoryRetention says what PruneHistory removes. Zero bounds nothing.
type HistoryRetention struct {
	Before       time.Time // changes before it go
	MaxPerEntity int       // of each entity the newest stay
	After        string    // with MaxPerEntity: look at refs beyond it
	Limit        int       // changes, and entities, that one step looks at
}

// Pruned is what one step of pruning did.
type Pruned struct {
	Removed int
	After   string // where the next step goes on; empty = all refs were looked at
	More    bool   // the next step may remove more
}

// History stores what the catalog was. ApplyCatalog writes it.
type History interface {
	// ListHistory returns changes by id, newest first unless the query says
	// otherwise. Fault: Invalid (limit below 1).
	ListHistory(ctx context.Context, q HistoryQuery) ([]HistoryRow, error)
	// LastHistory returns the newest row of each ref that has one, in no order.
	LastHistory(ctx context.Context, refs []string) ([]HistoryRow, error)
	// HistoryFloor returns how far back the history is complete.
	HistoryFloor(ctx context.Context) (HistoryFloor, error)
	// RevisionAt returns the newest revision with changes that were written at
	// the moment or before, as far as they are kept: never below the floor.
	RevisionAt(ctx context.Context, at time.Time) (uint64, error)
	// TakeHistoryTurn reports whether the caller is the one who prunes now:
	// it answers yes once in a while, to one of all who ask.
	TakeHistoryTurn(ctx context.Context, every time.Duration) (bool, error)
	// PruneHistory does one step of pruning.
	PruneHistory(ctx context.Context, r HistoryRetention) (Pruned, error)
}

// DeletedLocationRow is a location that was registered once.
type DeletedLocationRow struct {
	ID        string
	Type      string
	Target    string
	CreatedBy string // subject ref
	DeletedAt time.Time
	DeletedBy string // subject ref
	Plugin    string // through which plugin
}
