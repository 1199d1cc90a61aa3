package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

// AcquireLease implements store.Plugins.
func (s *Store) AcquireLease(ctx context.Context, name, owner string, ttl time.Duration) error {
	if err := rows.Text("name", name, "owner", owner); err != nil {
		return err
	}
	return s.write(ctx, "sqlite.AcquireLease", func(tx *sql.Tx) error {
		now := s.clock()
		result, err := tx.ExecContext(ctx, `INSERT INTO plugin_leases (name, owner, expires_at) VALUES (?1, ?2, ?3)
			ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, expires_at = excluded.expires_at
			WHERE plugin_leases.owner = excluded.owner OR plugin_leases.expires_at <= ?4`,
			name, owner, now.Add(ttl).UnixMicro(), now.UnixMicro())
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return fault.New(fault.Conflict, "%s is held by another replica", name)
	})
}

// ReleaseLease implements store.Plugins.
func (s *Store) ReleaseLease(ctx context.Context, name, owner string) error {
	return s.write(ctx, "sqlite.ReleaseLease", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM plugin_leases WHERE name = ? AND owner = ?", name, owner)
		return err
	})
}

// SnapshotKV implements store.Plugins.
func (s *Store) SnapshotKV(ctx context.Context, installation string, schema int) error {
	if err := rows.Text("installation", installation); err != nil {
		return err
	}
	return s.write(ctx, "sqlite.SnapshotKV", func(tx *sql.Tx) error {
		now := s.clock().UnixMicro()
		return steps(ctx, tx, []step{
			{"DELETE FROM plugin_kv_snapshot_rows WHERE installation = ? AND schema = ?", []any{installation, schema}},
			{"INSERT OR REPLACE INTO plugin_kv_snapshots (installation, schema, taken_at) VALUES (?, ?, ?)", []any{installation, schema, now}},
			{`INSERT INTO plugin_kv_snapshot_rows (installation, schema, key, size, expires_at, value)
				SELECT installation, ?2, key, size, expires_at, value FROM plugin_kv
				WHERE installation = ?1 AND (expires_at IS NULL OR expires_at > ?3)`, []any{installation, schema, now}},
		})
	})
}

// RestoreKV implements store.Plugins.
func (s *Store) RestoreKV(ctx context.Context, installation string, schema int) error {
	return s.write(ctx, "sqlite.RestoreKV", func(tx *sql.Tx) error {
		var copies int
		err := tx.QueryRowContext(ctx, "SELECT count(*) FROM plugin_kv_snapshots WHERE installation = ? AND schema = ?", installation, schema).Scan(&copies)
		if err != nil {
			return err
		}
		if copies == 0 {
			return fault.New(fault.NotFound, "installation %s has no copy of its data at version %d", installation, schema)
		}
		return steps(ctx, tx, []step{
			{"INSERT INTO plugin_kv_accounts (installation, bytes, revision) VALUES (?, 0, 0) ON CONFLICT DO NOTHING", []any{installation}},
			{"DELETE FROM plugin_kv WHERE installation = ?", []any{installation}},
			{`INSERT INTO plugin_kv (installation, key, revision, size, expires_at, value)
				SELECT r.installation, r.key, a.revision + row_number() OVER (ORDER BY r.key), r.size, r.expires_at, r.value
				FROM plugin_kv_snapshot_rows r JOIN plugin_kv_accounts a ON a.installation = r.installation
				WHERE r.installation = ? AND r.schema = ?`, []any{installation, schema}},
			{`UPDATE plugin_kv_accounts SET
				bytes = coalesce((SELECT sum(size) FROM plugin_kv WHERE installation = ?1), 0),
				revision = max(revision, coalesce((SELECT max(revision) FROM plugin_kv WHERE installation = ?1), 0))
				WHERE installation = ?1`, []any{installation}},
		})
	})
}

// step is one statement of a transaction.
type step struct {
	query string
	args  []any
}

func steps(ctx context.Context, tx *sql.Tx, all []step) error {
	for _, one := range all {
		if _, err := tx.ExecContext(ctx, one.query, one.args...); err != nil {
			return err
		}
	}
	return nil
}
