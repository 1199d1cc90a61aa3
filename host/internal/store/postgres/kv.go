package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

// KVGet implements store.KV.
func (s *Store) KVGet(ctx context.Context, installation, key string) (store.KVRow, error) {
	absent := fault.New(fault.NotFound, "key %q is absent", key)
	if rows.Text("installation", installation) != nil {
		return store.KVRow{}, absent
	}
	row := store.KVRow{Key: key}
	var expires *time.Time
	err := s.row(ctx, "postgres.KVGet", []any{&row.Value, &row.Revision, &expires},
		`SELECT value, revision, expires_at FROM plugin_kv WHERE installation = $1 AND key = $2 AND (expires_at IS NULL OR expires_at > $3)`,
		installation, []byte(key), rows.Moment(s.clock()))
	if errors.Is(err, pgx.ErrNoRows) {
		return store.KVRow{}, absent
	}
	row.ExpiresAt = moment(expires)
	return row, err
}

// KVGetMany implements store.KV.
func (s *Store) KVGetMany(ctx context.Context, installation string, keys []string, maxBytes int) ([]store.KVRow, error) {
	if !rows.IsText(installation) {
		return nil, nil
	}
	wanted := make([][]byte, len(keys))
	for i, key := range keys {
		wanted[i] = []byte(key)
	}
	many := rows.KVMany{MaxBytes: maxBytes}
	var key, value []byte
	var revision uint64
	var expires *time.Time
	err := s.each(ctx, "postgres.KVGetMany", `SELECT key, value, revision, expires_at FROM plugin_kv WHERE installation = $1
		AND (expires_at IS NULL OR expires_at > $2) AND key = ANY ($3)`, []any{installation, rows.Moment(s.clock()), wanted},
		[]any{&key, &value, &revision, &expires}, func() error {
			return many.Add(store.KVRow{Key: string(key), Value: value, Revision: revision, ExpiresAt: moment(expires)})
		})
	if err != nil {
		return nil, err
	}
	return many.Rows, nil
}

// KVScan implements store.KV.
func (s *Store) KVScan(ctx context.Context, installation string, q store.KVQuery) ([]store.KVRow, bool, error) {
	if err := rows.Limit(q.Limit); err != nil {
		return nil, false, err
	}
	if !rows.IsText(installation) { // nothing can be stored under such a name
		return nil, false, nil
	}
	column, beyond, order := "value", ">", "ASC"
	if q.KeysOnly {
		column = "''::bytea"
	}
	if q.Reverse {
		beyond, order = "<", "DESC"
	}
	query := `SELECT key, ` + column + `, revision, expires_at FROM plugin_kv WHERE installation = $1
		AND (expires_at IS NULL OR expires_at > $2) AND key >= $3 AND ($4::bytea IS NULL OR key ` + beyond + ` $4) AND ($5::bytea IS NULL OR key < $5)
		ORDER BY key ` + order + ` LIMIT $6`
	var from []byte
	if q.After != "" {
		from = []byte(q.After)
	}
	page := rows.KVPage{Query: q}
	var key, value []byte
	var revision uint64
	var expires *time.Time
	err := s.each(ctx, "postgres.KVScan", query,
		[]any{installation, rows.Moment(s.clock()), []byte(q.Prefix), from, rows.After(q.Prefix), q.Limit + 1},
		[]any{&key, &value, &revision, &expires}, func() error {
			if !page.Add(store.KVRow{Key: string(key), Value: value, Revision: revision, ExpiresAt: moment(expires)}) {
				return rows.ErrPageFull
			}
			return nil
		})
	if err != nil && !errors.Is(err, rows.ErrPageFull) {
		return nil, false, err
	}
	return page.Rows, page.More, nil
}

// KVUsage implements store.KV.
func (s *Store) KVUsage(ctx context.Context, installation string) (int64, error) {
	if !rows.IsText(installation) {
		return 0, nil
	}
	var used int64
	err := s.row(ctx, "postgres.KVUsage", []any{&used}, `SELECT (
		coalesce((SELECT bytes FROM plugin_kv_accounts WHERE installation = $1), 0) -
		coalesce((SELECT sum(size) FROM plugin_kv WHERE installation = $1 AND expires_at <= $2), 0))::bigint`,
		installation, rows.Moment(s.clock()))
	return used, err
}

// KVApply implements store.KV.
func (s *Store) KVApply(ctx context.Context, installation string, quota int64, writes []store.KVWrite) ([]uint64, error) {
	if err := rows.Text("installation", installation); err != nil || len(writes) == 0 {
		return nil, err
	}
	var plan rows.KVPlan
	err := s.write(ctx, "postgres.KVApply", func(tx pgx.Tx) error {
		account, current, err := readAccount(ctx, tx, installation, rows.Moment(s.clock()), writes)
		if err != nil {
			return err
		}
		if plan, err = rows.PlanKV(current, account, quota, writes); err != nil {
			return err
		}
		return writePlan(ctx, tx, installation, plan)
	})
	if err != nil {
		return nil, err
	}
	return plan.Revisions, nil
}

// readAccount locks the installation's account, clears its expired rows away
// and reads the keys that the writes name, in one round trip. Each statement
// sees what was committed before it began, and so what the lock's last holder
// wrote.
func readAccount(ctx context.Context, tx pgx.Tx, installation string, now time.Time, writes []store.KVWrite) (rows.KVAccount, map[string]rows.KVState, error) {
	var account rows.KVAccount
	var expired int64
	current := make(map[string]rows.KVState, len(writes))
	keys := make([][]byte, len(writes))
	for i, w := range writes {
		keys[i] = []byte(w.Key)
	}
	q := &pgx.Batch{}
	q.Queue(`INSERT INTO plugin_kv_accounts AS a (installation, bytes, revision) VALUES ($1, 0, 0)
		ON CONFLICT (installation) DO UPDATE SET bytes = a.bytes RETURNING bytes, revision`, installation).
		QueryRow(func(r pgx.Row) error { return r.Scan(&account.Bytes, &account.Revision) })
	q.Queue(`WITH gone AS (DELETE FROM plugin_kv WHERE installation = $1 AND expires_at <= $2 RETURNING size)
		SELECT coalesce(sum(size), 0)::bigint FROM gone`, installation, now).
		QueryRow(func(r pgx.Row) error { return r.Scan(&expired) })
	q.Queue("SELECT key, revision, size FROM plugin_kv WHERE installation = $1 AND key = ANY ($2)", installation, keys).
		Query(func(r pgx.Rows) error {
			var key []byte
			var state rows.KVState
			_, err := pgx.ForEachRow(r, []any{&key, &state.Revision, &state.Size}, func() error {
				current[string(key)] = state
				return nil
			})
			return err
		})
	err := tx.SendBatch(ctx, q).Close()
	account.Bytes -= expired
	return account, current, err
}

func writePlan(ctx context.Context, tx pgx.Tx, installation string, p rows.KVPlan) error {
	q := &pgx.Batch{}
	for _, key := range p.Delete {
		q.Queue("DELETE FROM plugin_kv WHERE installation = $1 AND key = $2", installation, []byte(key))
	}
	for _, row := range p.Put {
		value := row.Value
		if value == nil {
			value = []byte{} // nil would be NULL
		}
		q.Queue(`INSERT INTO plugin_kv (installation, key, revision, size, expires_at, value) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (installation, key) DO UPDATE SET revision = excluded.revision, size = excluded.size,
				expires_at = excluded.expires_at, value = excluded.value`,
			installation, []byte(row.Key), row.Revision, len(row.Key)+len(row.Value), stamp(row.ExpiresAt), value)
	}
	q.Queue("UPDATE plugin_kv_accounts SET bytes = $2, revision = $3 WHERE installation = $1", installation, p.Account.Bytes, p.Account.Revision)
	return tx.SendBatch(ctx, q).Close()
}

// KVSweep implements store.KV. It takes one installation after the other, each
// in a transaction that locks the account first, as a write does.
func (s *Store) KVSweep(ctx context.Context) (int, error) {
	now := rows.Moment(s.clock())
	var due []string
	var installation string
	err := s.each(ctx, "postgres.KVSweep", "SELECT DISTINCT installation FROM plugin_kv WHERE expires_at <= $1", []any{now},
		[]any{&installation}, func() error { due = append(due, installation); return nil })
	if err != nil {
		return 0, err
	}
	swept := 0
	for _, installation := range due {
		err := s.write(ctx, "postgres.KVSweep", func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "SELECT FROM plugin_kv_accounts WHERE installation = $1 FOR UPDATE", installation); err != nil {
				return err
			}
			var n int
			err := tx.QueryRow(ctx, `WITH gone AS (DELETE FROM plugin_kv WHERE installation = $1 AND expires_at <= $2 RETURNING size),
				freed AS (UPDATE plugin_kv_accounts SET bytes = bytes - (SELECT coalesce(sum(size), 0) FROM gone) WHERE installation = $1)
				SELECT count(*) FROM gone`, installation, now).Scan(&n)
			swept += n
			return err
		})
		if err != nil {
			return swept, err
		}
	}
	return swept, nil
}
