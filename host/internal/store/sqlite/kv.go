package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

const live = " AND (expires_at IS NULL OR expires_at > ?)"

// KVGet implements store.KV.
func (s *Store) KVGet(ctx context.Context, installation, key string) (store.KVRow, error) {
	var row store.KVRow
	err := s.read(ctx, "sqlite.KVGet", func(db *sql.DB) error {
		var err error
		row, err = scanKV(db.QueryRowContext(ctx,
			"SELECT key, value, revision, expires_at FROM plugin_kv WHERE installation = ? AND key = ?"+live,
			installation, []byte(key), s.clock().UnixMicro()))
		if errors.Is(err, sql.ErrNoRows) {
			return fault.New(fault.NotFound, "key %q is absent", key)
		}
		return err
	})
	return row, err
}

func scanKV(r interface{ Scan(...any) error }) (store.KVRow, error) {
	var key []byte
	var row store.KVRow
	var expires sql.NullInt64
	if err := r.Scan(&key, &row.Value, &row.Revision, &expires); err != nil {
		return store.KVRow{}, err
	}
	if row.Value == nil { // the driver's empty value
		row.Value = []byte{}
	}
	row.Key, row.ExpiresAt = string(key), moment(expires)
	return row, nil
}

// KVGetMany implements store.KV.
func (s *Store) KVGetMany(ctx context.Context, installation string, keys []string, maxBytes int) ([]store.KVRow, error) {
	many := rows.KVMany{MaxBytes: maxBytes}
	now := s.clock().UnixMicro()
	// SQLite bounds the parameters of one statement.
	for chunk := range slices.Chunk(keys, 500) {
		args := []any{installation, now}
		for _, key := range chunk {
			args = append(args, []byte(key))
		}
		err := s.each(ctx, "sqlite.KVGetMany", "SELECT key, value, revision, expires_at FROM plugin_kv WHERE installation = ?"+live+
			" AND key IN (?"+strings.Repeat(", ?", len(chunk)-1)+")", args, func(r *sql.Rows) error {
			row, err := scanKV(r)
			if err == nil {
				err = many.Add(row)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return many.Rows, nil
}

// KVScan implements store.KV.
func (s *Store) KVScan(ctx context.Context, installation string, q store.KVQuery) ([]store.KVRow, bool, error) {
	if err := rows.Limit(q.Limit); err != nil {
		return nil, false, err
	}
	value, order, beyond := "value", " ORDER BY key", " AND key > ?"
	if q.KeysOnly {
		value = "x''"
	}
	if q.Reverse {
		order, beyond = " ORDER BY key DESC", " AND key < ?"
	}
	query := "SELECT key, " + value + ", revision, expires_at FROM plugin_kv WHERE installation = ?" + live + " AND key >= ?"
	args := []any{installation, s.clock().UnixMicro(), []byte(q.Prefix)}
	if q.After != "" {
		query, args = query+beyond, append(args, []byte(q.After))
	}
	if end := rows.After(q.Prefix); end != nil {
		query, args = query+" AND key < ?", append(args, end)
	}
	page := rows.KVPage{Query: q}
	err := s.each(ctx, "sqlite.KVScan", query+order+" LIMIT ?", append(args, q.Limit+1), func(r *sql.Rows) error {
		row, err := scanKV(r)
		if err == nil && !page.Add(row) {
			err = rows.ErrPageFull
		}
		return err
	})
	if err != nil && !errors.Is(err, rows.ErrPageFull) {
		return nil, false, err
	}
	return page.Rows, page.More, nil
}

// KVUsage implements store.KV.
func (s *Store) KVUsage(ctx context.Context, installation string) (int64, error) {
	var used int64
	err := s.read(ctx, "sqlite.KVUsage", func(db *sql.DB) error {
		return db.QueryRowContext(ctx, `SELECT
			coalesce((SELECT bytes FROM plugin_kv_accounts WHERE installation = ?1), 0) -
			coalesce((SELECT sum(size) FROM plugin_kv WHERE installation = ?1 AND expires_at <= ?2), 0)`,
			installation, s.clock().UnixMicro()).Scan(&used)
	})
	return used, err
}

// KVApply implements store.KV.
func (s *Store) KVApply(ctx context.Context, installation string, quota int64, writes []store.KVWrite) ([]uint64, error) {
	if err := rows.Text("installation", installation); err != nil || len(writes) == 0 {
		return nil, err
	}
	var plan rows.KVPlan
	err := s.write(ctx, "sqlite.KVApply", func(tx *sql.Tx) error {
		account, err := s.account(ctx, tx, installation)
		if err != nil {
			return err
		}
		current := make(map[string]rows.KVState, len(writes))
		for _, w := range writes {
			var state rows.KVState
			err := tx.QueryRowContext(ctx, "SELECT revision, size FROM plugin_kv WHERE installation = ? AND key = ?",
				installation, []byte(w.Key)).Scan(&state.Revision, &state.Size)
			if err == nil {
				current[w.Key] = state
			} else if !errors.Is(err, sql.ErrNoRows) {
				return err
			}
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

// account returns the installation's account after its expired rows are gone.
func (s *Store) account(ctx context.Context, tx *sql.Tx, installation string) (rows.KVAccount, error) {
	var a rows.KVAccount
	err := tx.QueryRowContext(ctx, "SELECT bytes, revision FROM plugin_kv_accounts WHERE installation = ?", installation).Scan(&a.Bytes, &a.Revision)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return a, err
	}
	now := s.clock().UnixMicro()
	var expired, bytes int64
	err = tx.QueryRowContext(ctx, "SELECT count(*), coalesce(sum(size), 0) FROM plugin_kv WHERE installation = ? AND expires_at <= ?",
		installation, now).Scan(&expired, &bytes)
	if err != nil || expired == 0 {
		return a, err
	}
	a.Bytes -= bytes
	_, err = tx.ExecContext(ctx, "DELETE FROM plugin_kv WHERE installation = ? AND expires_at <= ?", installation, now)
	return a, err
}

func writePlan(ctx context.Context, tx *sql.Tx, installation string, p rows.KVPlan) error {
	for _, key := range p.Delete {
		if _, err := tx.ExecContext(ctx, "DELETE FROM plugin_kv WHERE installation = ? AND key = ?", installation, []byte(key)); err != nil {
			return err
		}
	}
	for _, row := range p.Put {
		value := row.Value
		if value == nil {
			value = []byte{} // nil would be NULL
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO plugin_kv (installation, key, revision, size, expires_at, value) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (installation, key) DO UPDATE SET revision = excluded.revision, size = excluded.size,
				expires_at = excluded.expires_at, value = excluded.value`,
			installation, []byte(row.Key), row.Revision, len(row.Key)+len(row.Value), micros(row.ExpiresAt), value); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO plugin_kv_accounts (installation, bytes, revision) VALUES (?, ?, ?)",
		installation, p.Account.Bytes, p.Account.Revision)
	return err
}

// KVSweep implements store.KV.
func (s *Store) KVSweep(ctx context.Context) (int, error) {
	var swept int64
	err := s.write(ctx, "sqlite.KVSweep", func(tx *sql.Tx) error {
		now := s.clock().UnixMicro()
		if _, err := tx.ExecContext(ctx, `UPDATE plugin_kv_accounts SET bytes = bytes - coalesce(
			(SELECT sum(size) FROM plugin_kv AS k WHERE k.installation = plugin_kv_accounts.installation AND expires_at <= ?), 0)`, now); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, "DELETE FROM plugin_kv WHERE expires_at <= ?", now)
		if err != nil {
			return err
		}
		swept, err = result.RowsAffected()
		return err
	})
	return int(swept), err
}
