package ledger

import (
	"context"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

// Tx is a transaction, or for reads a snapshot of one statement each. Queries
// number their parameters: ?1, ?2.
type Tx interface {
	// Exec runs a statement and returns how many rows it touched.
	Exec(ctx context.Context, query string, args ...any) (int64, error)
	// Each runs a query and calls row for every row. row must not use the Tx.
	Each(ctx context.Context, query string, args []any, row func(scan Scan) error) error
}

// Scan reads the columns of one row.
type Scan func(into ...any) error

// DB runs transactions.
type DB interface {
	// Write runs f in a transaction and commits if it returns nil.
	Write(ctx context.Context, op string, f func(Tx) error) error
	// Read runs f without one.
	Read(ctx context.Context, op string, f func(Tx) error) error
	// Stamp is a time as the columns of the backend's own tables keep it.
	Stamp(t time.Time) any
}

// Ledger implements store.Events, store.Schedules, store.Tasks, store.Provided,
// store.Uses and store.History on a DB, and of store.Locations what remembers.
type Ledger struct {
	db         DB
	clock      func() time.Time
	skipLocked string
}

// New returns a ledger. skipLocked is what a SELECT ends with that passes over
// rows which another transaction has locked; empty where writers take turns.
func New(db DB, clock func() time.Time, skipLocked string) *Ledger {
	return &Ledger{db: db, clock: clock, skipLocked: skipLocked}
}

// now is the clock as a column keeps it.
func (l *Ledger) now() int64 { return l.clock().UnixMicro() }

// micros is a time as a column keeps it; the zero time is 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// moment undoes micros.
func moment(v int64) time.Time {
	if v == 0 {
		return time.Time{}
	}
	return time.UnixMicro(v).UTC()
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// one scans the first row of a query and reports whether there is one.
func one(ctx context.Context, tx Tx, query string, args []any, into ...any) (bool, error) {
	found := false
	err := tx.Each(ctx, query, args, func(scan Scan) error {
		if found {
			return nil
		}
		found = true
		return scan(into...)
	})
	return found, err
}

// write runs f in a transaction after its texts were looked at.
func (l *Ledger) write(ctx context.Context, op string, texts []string, f func(Tx) error) error {
	if err := rows.Text(texts...); err != nil {
		return err
	}
	return l.db.Write(ctx, op, f)
}

// known refuses names that no row can have, which PostgreSQL would choke on.
func known(names ...string) bool {
	for _, n := range names {
		if !rows.IsText(n) {
			return false
		}
	}
	return true
}

func lost(what string) error {
	return fault.New(fault.Conflict, "another replica has taken over %s", what)
}

// Purge removes everything of an installation, inside of a backend's transaction.
func Purge(ctx context.Context, tx Tx, installation string) error {
	for _, query := range []string{
		"DELETE FROM event_subscriptions WHERE installation = ?1",
		"DELETE FROM event_deliveries WHERE installation = ?1",
		"DELETE FROM event_deliveries WHERE event IN (SELECT id FROM event_log WHERE installation = ?1)",
		"DELETE FROM event_log WHERE installation = ?1",
		"DELETE FROM plugin_schedules WHERE installation = ?1",
		"DELETE FROM plugin_schedule_runs WHERE installation = ?1",
		"DELETE FROM plugin_task_lines WHERE task IN (SELECT id FROM plugin_tasks WHERE installation = ?1)",
		"DELETE FROM plugin_tasks WHERE installation = ?1",
	} {
		if _, err := tx.Exec(ctx, query, installation); err != nil {
			return err
		}
	}
	return nil
}
