package postgres

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/callboard/callboard/host/internal/store/internal/ledger"
)

// ledgerDB is what the ledger stands on.
type ledgerDB struct{ s *Store }

// Write implements ledger.DB.
func (d ledgerDB) Write(ctx context.Context, op string, f func(ledger.Tx) error) error {
	return d.s.write(ctx, op, func(tx pgx.Tx) error { return f(ledgerTx{tx}) })
}

// Read implements ledger.DB.
func (d ledgerDB) Read(ctx context.Context, op string, f func(ledger.Tx) error) error {
	if err := d.s.gate.Enter(); err != nil {
		return err
	}
	defer d.s.gate.Leave()
	return d.s.classify(ctx, op, f(ledgerTx{d.s.pool}))
}

// Stamp implements ledger.DB.
func (ledgerDB) Stamp(t time.Time) any { return stamp(t) }

// ledgerTx is a transaction, or the pool. The ledger writes parameters as
// SQLite does, and no other question mark.
type ledgerTx struct {
	q interface {
		Exec(ctx context.Context, query string, args ...any) (pgconn.CommandTag, error)
		Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
	}
}

// Exec implements ledger.Tx.
func (t ledgerTx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	tag, err := t.q.Exec(ctx, strings.ReplaceAll(query, "?", "$"), args...)
	return tag.RowsAffected(), err
}

// Each implements ledger.Tx.
func (t ledgerTx) Each(ctx context.Context, query string, args []any, row func(ledger.Scan) error) error {
	r, err := t.q.Query(ctx, strings.ReplaceAll(query, "?", "$"), args...)
	if err != nil {
		return err
	}
	defer r.Close()
	for r.Next() {
		if err := row(r.Scan); err != nil {
			return err
		}
	}
	return r.Err()
}
