package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/callboard/callboard/host/internal/store/internal/ledger"
)

// ledgerDB is what the ledger stands on.
type ledgerDB struct{ s *Store }

// Write implements ledger.DB.
func (d ledgerDB) Write(ctx context.Context, op string, f func(ledger.Tx) error) error {
	return d.s.write(ctx, op, func(tx *sql.Tx) error { return f(ledgerTx{tx}) })
}

// Read implements ledger.DB.
func (d ledgerDB) Read(ctx context.Context, op string, f func(ledger.Tx) error) error {
	return d.s.read(ctx, op, func(db *sql.DB) error { return f(ledgerTx{db}) })
}

// Stamp implements ledger.DB.
func (ledgerDB) Stamp(t time.Time) any { return micros(t) }

// ledgerTx is a transaction, or the pool of readers.
type ledgerTx struct {
	q interface {
		ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	}
}

// Exec implements ledger.Tx.
func (t ledgerTx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := t.q.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Each implements ledger.Tx.
func (t ledgerTx) Each(ctx context.Context, query string, args []any, row func(ledger.Scan) error) error {
	r, err := t.q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // its error is r.Err()'s
	for r.Next() {
		if err := row(r.Scan); err != nil {
			return err
		}
	}
	return r.Err()
}
