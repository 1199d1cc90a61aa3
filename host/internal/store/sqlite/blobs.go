package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

// BeginBlob implements store.Blobs.
func (s *Store) BeginBlob(ctx context.Context, u store.BlobUpload, quota int64) error {
	if err := rows.CheckUpload(u); err != nil {
		return err
	}
	return s.write(ctx, "sqlite.BeginBlob", func(tx *sql.Tx) error {
		account, was, err := blobBefore(ctx, tx, u.Installation, u.Key)
		if err != nil {
			return err
		}
		var reserved int64
		if err := tx.QueryRowContext(ctx, "SELECT coalesce(sum(size), 0) FROM plugin_blob_uploads WHERE installation = ?", u.Installation).Scan(&reserved); err != nil {
			return err
		}
		if err := rows.BlobFits(account, reserved, was.Size, u.Size, quota); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO plugin_blob_uploads (content, installation, size, begun_at) VALUES (?, ?, ?, ?)",
			u.Content, u.Installation, u.Size, s.clock().UnixMicro())
		return err
	})
}

// CommitBlob implements store.Blobs.
func (s *Store) CommitBlob(ctx context.Context, w store.BlobWrite, quota int64) (store.BlobRow, error) {
	if err := rows.CheckBlob(w); err != nil {
		return store.BlobRow{}, err
	}
	var row store.BlobRow
	err := s.write(ctx, "sqlite.CommitBlob", func(tx *sql.Tx) error {
		u := w.Upload
		account, was, err := blobBefore(ctx, tx, u.Installation, u.Key)
		if err != nil {
			return err
		}
		gone, err := tx.ExecContext(ctx, "DELETE FROM plugin_blob_uploads WHERE content = ? AND installation = ?", u.Content, u.Installation)
		if err != nil {
			return err
		}
		if n, err := gone.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, rows.GivenUp(u.Key))
		}
		if err := rows.BlobConflict(u.Key, w.Compare, w.IfRevision, was.Revision); err != nil {
			return err
		}
		if err := rows.BlobFits(account, 0, was.Size, u.Size, quota); err != nil {
			return err
		}
		now := rows.Moment(s.clock())
		content, err := addContent(ctx, tx, u, w.Digest, now)
		if err != nil {
			return err
		}
		if was.Revision != 0 {
			if err := dropContent(ctx, tx, u.Installation, was.Digest, now); err != nil {
				return err
			}
		}
		row = rows.BlobWritten(was, w, content, account.Revision+1, now)
		return steps(ctx, tx, []step{
			{`INSERT OR REPLACE INTO plugin_blobs (installation, key, digest, size, media_type, metadata, revision, created_at, updated_at)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, []any{
				u.Installation, []byte(row.Key), row.Digest, row.Size, row.MediaType, row.Metadata, row.Revision,
				row.CreatedAt.UnixMicro(), row.UpdatedAt.UnixMicro(),
			}},
			{
				"INSERT OR REPLACE INTO plugin_blob_accounts (installation, bytes, revision) VALUES (?, ?, ?)",
				[]any{u.Installation, account.Bytes - was.Size + u.Size, row.Revision},
			},
		})
	})
	if err != nil {
		return store.BlobRow{}, err
	}
	return row, nil
}

// blobBefore returns the installation's account and the blob of a key, zero
// where there is none.
func blobBefore(ctx context.Context, tx *sql.Tx, installation, key string) (rows.BlobAccount, store.BlobRow, error) {
	var a rows.BlobAccount
	err := tx.QueryRowContext(ctx, "SELECT bytes, revision FROM plugin_blob_accounts WHERE installation = ?", installation).Scan(&a.Bytes, &a.Revision)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return a, store.BlobRow{}, err
	}
	var was store.BlobRow
	var created int64
	err = tx.QueryRowContext(ctx, "SELECT digest, size, revision, created_at FROM plugin_blobs WHERE installation = ? AND key = ?",
		installation, []byte(key)).Scan(&was.Digest, &was.Size, &was.Revision, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return a, store.BlobRow{}, nil
	}
	was.CreatedAt = time.UnixMicro(created).UTC()
	return a, was, err
}

// addContent counts one more key that has a content, and returns what the
// backend keeps it as: the one that was there before this upload, if any.
func addContent(ctx context.Context, tx *sql.Tx, u store.BlobUpload, digest string, now time.Time) (string, error) {
	var content string
	err := tx.QueryRowContext(ctx, `INSERT INTO plugin_blob_contents (installation, digest, content, refs) VALUES (?, ?, ?, 1)
		ON CONFLICT (installation, digest) DO UPDATE SET refs = refs + 1 RETURNING content`, u.Installation, digest, u.Content).Scan(&content)
	if err != nil || content == u.Content {
		return content, err
	}
	return content, discard(ctx, tx, u.Content, now)
}

// dropContent counts one key less that has a content.
func dropContent(ctx context.Context, tx *sql.Tx, installation, digest string, now time.Time) error {
	var content string
	var refs int
	err := tx.QueryRowContext(ctx, "UPDATE plugin_blob_contents SET refs = refs - 1 WHERE installation = ? AND digest = ? RETURNING content, refs",
		installation, digest).Scan(&content, &refs)
	if err != nil || refs > 0 {
		return err
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM plugin_blob_contents WHERE installation = ? AND digest = ?", installation, digest); err != nil {
		return err
	}
	return discard(ctx, tx, content, now)
}

func discard(ctx context.Context, tx *sql.Tx, content string, now time.Time) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO plugin_blob_garbage (content, since) VALUES (?, ?) ON CONFLICT DO NOTHING", content, now.UnixMicro())
	return err
}

// AbortBlob implements store.Blobs.
func (s *Store) AbortBlob(ctx context.Context, content string) error {
	return s.write(ctx, "sqlite.AbortBlob", func(tx *sql.Tx) error {
		gone, err := tx.ExecContext(ctx, "DELETE FROM plugin_blob_uploads WHERE content = ?", content)
		if err != nil {
			return err
		}
		if n, err := gone.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return discard(ctx, tx, content, s.clock())
	})
}

// DeleteBlob implements store.Blobs.
func (s *Store) DeleteBlob(ctx context.Context, installation, key string, compare bool, ifRevision uint64) error {
	return s.write(ctx, "sqlite.DeleteBlob", func(tx *sql.Tx) error {
		_, was, err := blobBefore(ctx, tx, installation, key)
		if err != nil {
			return err
		}
		if err := rows.BlobConflict(key, compare, ifRevision, was.Revision); err != nil || was.Revision == 0 {
			return err
		}
		if err := dropContent(ctx, tx, installation, was.Digest, s.clock()); err != nil {
			return err
		}
		return steps(ctx, tx, []step{
			{"DELETE FROM plugin_blobs WHERE installation = ? AND key = ?", []any{installation, []byte(key)}},
			{"UPDATE plugin_blob_accounts SET bytes = bytes - ? WHERE installation = ?", []any{was.Size, installation}},
		})
	})
}

const selectBlobs = `SELECT b.key, b.digest, c.content, b.size, b.media_type, b.metadata, b.revision, b.created_at, b.updated_at
	FROM plugin_blobs b JOIN plugin_blob_contents c ON c.installation = b.installation AND c.digest = b.digest
	WHERE b.installation = ?`

func scanBlob(r interface{ Scan(...any) error }) (store.BlobRow, error) {
	var key []byte
	var created, updated int64
	var b store.BlobRow
	err := r.Scan(&key, &b.Digest, &b.Content, &b.Size, &b.MediaType, &b.Metadata, &b.Revision, &created, &updated)
	b.Key, b.CreatedAt, b.UpdatedAt = string(key), time.UnixMicro(created).UTC(), time.UnixMicro(updated).UTC()
	return b, err
}

// GetBlob implements store.Blobs.
func (s *Store) GetBlob(ctx context.Context, installation, key string) (store.BlobRow, error) {
	var row store.BlobRow
	err := s.read(ctx, "sqlite.GetBlob", func(db *sql.DB) error {
		var err error
		row, err = scanBlob(db.QueryRowContext(ctx, selectBlobs+" AND b.key = ?", installation, []byte(key)))
		if errors.Is(err, sql.ErrNoRows) {
			return fault.New(fault.NotFound, "there is no blob %q", key)
		}
		return err
	})
	if err != nil {
		return store.BlobRow{}, err
	}
	return row, nil
}

// ListBlobs implements store.Blobs.
func (s *Store) ListBlobs(ctx context.Context, installation, prefix, after string, limit int) ([]store.BlobRow, error) {
	if err := rows.Limit(limit); err != nil {
		return nil, err
	}
	query, args := selectBlobs+" AND b.key >= ?", []any{installation, []byte(prefix)}
	if after != "" {
		query, args = query+" AND b.key > ?", append(args, []byte(after))
	}
	if end := rows.After(prefix); end != nil {
		query, args = query+" AND b.key < ?", append(args, end)
	}
	var out []store.BlobRow
	err := s.each(ctx, "sqlite.ListBlobs", query+" ORDER BY b.key LIMIT ?", append(args, limit), func(r *sql.Rows) error {
		row, err := scanBlob(r)
		out = append(out, row)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// BlobUsage implements store.Blobs.
func (s *Store) BlobUsage(ctx context.Context, installation string) (int64, error) {
	var used int64
	err := s.read(ctx, "sqlite.BlobUsage", func(db *sql.DB) error {
		return db.QueryRowContext(ctx, "SELECT coalesce((SELECT bytes FROM plugin_blob_accounts WHERE installation = ?), 0)", installation).Scan(&used)
	})
	return used, err
}
