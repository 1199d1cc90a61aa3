package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

// AcquireLease implements store.Plugins. Replicas' clocks differ by little
// beside the time of a lease.
func (s *Store) AcquireLease(ctx context.Context, name, owner string, ttl time.Duration) error {
	if err := rows.Text("name", name, "owner", owner); err != nil {
		return err
	}
	now := s.clock()
	n, err := s.exec(ctx, "postgres.AcquireLease", `INSERT INTO plugin_leases AS l (name, owner, expires_at) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, expires_at = excluded.expires_at
		WHERE l.owner = excluded.owner OR l.expires_at <= $4`,
		name, owner, rows.Moment(now.Add(ttl)), rows.Moment(now))
	if err != nil || n > 0 {
		return err
	}
	return fault.New(fault.Conflict, "%s is held by another replica", name)
}

// ReleaseLease implements store.Plugins.
func (s *Store) ReleaseLease(ctx context.Context, name, owner string) error {
	if !rows.IsText(name) || !rows.IsText(owner) {
		return nil // nobody can hold it
	}
	_, err := s.exec(ctx, "postgres.ReleaseLease", "DELETE FROM plugin_leases WHERE name = $1 AND owner = $2", name, owner)
	return err
}

// lockAccount takes the lock that every writer of an installation's values takes.
const lockAccount = `INSERT INTO plugin_kv_accounts AS a (installation, bytes, revision) VALUES ($1, 0, 0)
	ON CONFLICT (installation) DO UPDATE SET bytes = a.bytes`

// SnapshotKV implements store.Plugins.
func (s *Store) SnapshotKV(ctx context.Context, installation string, schema int) error {
	if err := rows.Text("installation", installation); err != nil {
		return err
	}
	now := rows.Moment(s.clock())
	return s.write(ctx, "postgres.SnapshotKV", func(tx pgx.Tx) error {
		q := &pgx.Batch{}
		q.Queue(lockAccount, installation)
		q.Queue("DELETE FROM plugin_kv_snapshot_rows WHERE installation = $1 AND schema = $2", installation, schema)
		q.Queue(`INSERT INTO plugin_kv_snapshots (installation, schema, taken_at) VALUES ($1, $2, $3)
			ON CONFLICT (installation, schema) DO UPDATE SET taken_at = excluded.taken_at`, installation, schema, now)
		q.Queue(`INSERT INTO plugin_kv_snapshot_rows (installation, schema, size, expires_at, key, value)
			SELECT installation, $2, size, expires_at, key, value FROM plugin_kv
			WHERE installation = $1 AND (expires_at IS NULL OR expires_at > $3)`, installation, schema, now)
		return tx.SendBatch(ctx, q).Close()
	})
}

// RestoreKV implements store.Plugins.
func (s *Store) RestoreKV(ctx context.Context, installation string, schema int) error {
	absent := fault.New(fault.NotFound, "installation %s has no copy of its data at version %d", installation, schema)
	if !rows.IsText(installation) {
		return absent
	}
	return s.write(ctx, "postgres.RestoreKV", func(tx pgx.Tx) error {
		var copies int
		if err := tx.QueryRow(ctx, "SELECT count(*) FROM plugin_kv_snapshots WHERE installation = $1 AND schema = $2",
			installation, schema).Scan(&copies); err != nil {
			return err
		}
		if copies == 0 {
			return absent
		}
		q := &pgx.Batch{}
		q.Queue(lockAccount, installation)
		q.Queue("DELETE FROM plugin_kv WHERE installation = $1", installation)
		q.Queue(`INSERT INTO plugin_kv (installation, key, revision, size, expires_at, value)
			SELECT r.installation, r.key, a.revision + row_number() OVER (ORDER BY r.key), r.size, r.expires_at, r.value
			FROM plugin_kv_snapshot_rows r JOIN plugin_kv_accounts a ON a.installation = r.installation
			WHERE r.installation = $1 AND r.schema = $2`, installation, schema)
		q.Queue(`UPDATE plugin_kv_accounts SET
			bytes = coalesce((SELECT sum(size) FROM plugin_kv WHERE installation = $1), 0),
			revision = greatest(revision, coalesce((SELECT max(revision) FROM plugin_kv WHERE installation = $1), 0))
			WHERE installation = $1`, installation)
		return tx.SendBatch(ctx, q).Close()
	})
}
