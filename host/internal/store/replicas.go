package store

import (
	"context"
	"errors"
	"time"
)

// ErrFenced is why a batch is refused: it was made by a replica that no longer
// leads. Nothing of it was written.
var ErrFenced = errors.New("another replica leads the catalog now")

// Replicas is an optional interface of a store that several processes use at
// once. One of them leads: it alone reads sources and writes the catalog. The
// others follow what it writes and hand it what they are asked for.
type Replicas interface {
	// Join opens a session for this process; owner names it to the others.
	// Fault: Unavailable.
	Join(ctx context.Context, owner string) (Session, error)
	// CatalogDelta returns what changed after a revision, as it is now: a page
	// of at least limit refs, if there are so many, which ends with the end of
	// a revision. Fault: Invalid (limit below 1).
	CatalogDelta(ctx context.Context, after uint64, limit int) (Delta, error)
	// PutRequest hands the leader a request. It survives the leader.
	PutRequest(ctx context.Context, r Request) error
	// OpenRequests returns the requests without an answer, oldest first.
	OpenRequests(ctx context.Context) ([]Request, error)
	// AnswerRequest closes a request: one whose asker waits keeps its answer
	// until it is taken, the others go. An absent one is no fault.
	AnswerRequest(ctx context.Context, id string, answer []byte) error
	// TakeAnswers removes the requests of ids that have an answer, and returns
	// them.
	TakeAnswers(ctx context.Context, ids []string) ([]Request, error)
	// DropAnswers removes answers that nobody took since.
	DropAnswers(ctx context.Context, before time.Time) error
	// SaveReport replaces what the leader tells the others of its last pass.
	// Fault: ErrFenced.
	SaveReport(ctx context.Context, epoch uint64, report []byte) error
	// LoadReport returns it; nil before the first pass.
	LoadReport(ctx context.Context) ([]byte, error)
}

// Session is a connection by which a process hears of changes at once, and by
// which the others see that it lives. It is for one goroutine. After a fault it
// is of no more use; leadership goes with it.
type Session interface {
	// Lead asks to lead, or to go on leading. epoch is what batches are to
	// carry, 0 while another leads; leader is the owner of whoever does. The
	// lead falls to another when its session ends, or is silent for ttl by the
	// database's clock. With a new epoch no batch of an earlier one can be
	// written any more, and all that were are visible. Fault: Unavailable.
	Lead(ctx context.Context, ttl time.Duration) (epoch uint64, leader string, err error)
	// Wait returns when the catalog, a request or an answer changed since the
	// last call, or after d. Fault: Unavailable.
	Wait(ctx context.Context, d time.Duration) error
	// Close ends the session, and the lead with it, if it has it.
	Close(ctx context.Context)
}

// Delta is a page of the change feed with what its refs are now.
type Delta struct {
	// Revision is where the next page starts: everything up to it is in this
	// page or an earlier one.
	Revision  uint64
	Entities  []EntityRow
	Relations []RelationRow // that the entities declare
	Deleted   []string
	More      bool // there is another page
}

// Request is what a replica asks of the one that leads.
type Request struct {
	ID     string
	Body   []byte
	Waits  bool   // the asker waits for the answer
	Answer []byte // nil = open
}

// Keys keeps the secrets that all replicas of an installation share.
type Keys interface {
	// HostKey returns the key of a name. The first caller's fresh one is kept.
	// Fault: Unavailable.
	HostKey(ctx context.Context, name string, fresh []byte) ([]byte, error)
}
