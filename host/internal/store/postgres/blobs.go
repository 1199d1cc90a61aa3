package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

// BeginBlob implements store.Blobs.
func (s *Store) BeginBlob(ctx context.Context, u store.BlobUpload, quota int64) error {
	if err := rows.CheckUpload(u); err != nil {
		return err
	}
	return s.write(ctx, "postgres.BeginBlob", func(tx pgx.Tx) error {
		account, was, err := blobBefore(ctx, tx, u.Installation, u.Key)
		if err != nil {
			return err
		}
		var reserved int64
		if err := tx.QueryRow(ctx, "SELECT coalesce(sum(size), 0)::bigint FROM plugin_blob_uploads WHERE installation = $1", u.Installation).Scan(&reserved); err != nil {
			return err
		}
		if err := rows.BlobFits(account, reserved, was.Size, u.Size, quota); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "INSERT INTO plugin_blob_uploads (content, installation, size, begun_at) VALUES ($1, $2, $3, $4)",
			u.Content, u.Installation, u.Size, rows.Moment(s.clock()))
		return err
	})
}

// CommitBlob implements store.Blobs.
func (s *Store) CommitBlob(ctx context.Context, w store.BlobWrite, quota int64) (store.BlobRow, error) {
	if err := rows.CheckBlob(w); err != nil {
		return store.BlobRow{}, err
	}
	var row store.BlobRow
	err := s.write(ctx, "postgres.CommitBlob", func(tx pgx.Tx) error {
		u := w.Upload
		account, was, err := blobBefore(ctx, tx, u.Installation, u.Key)
		if err != nil {
			return err
		}
		gone, err := tx.Exec(ctx, "DELETE FROM plugin_blob_uploads WHERE content = $1 AND installation = $2", u.Content, u.Installation)
		if err != nil {
			return err
		}
		if gone.RowsAffected() == 0 {
			return rows.GivenUp(u.Key)
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
		q := &pgx.Batch{}
		q.Queue(`INSERT INTO plugin_blobs (installation, key, digest, size, media_type, metadata, revision, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (installation, key) DO UPDATE SET digest = excluded.digest, size = excluded.size,
			media_type = excluded.media_type, metadata = excluded.metadata, revision = excluded.revision, updated_at = excluded.updated_at`,
			u.Installation, []byte(row.Key), row.Digest, row.Size, row.MediaType, row.Metadata, row.Revision, row.CreatedAt, row.UpdatedAt)
		q.Queue("UPDATE plugin_blob_accounts SET bytes = $2, revision = $3 WHERE installation = $1", u.Installation, account.Bytes-was.Size+u.Size, row.Revision)
		return tx.SendBatch(ctx, q).Close()
	})
	if err != nil {
		return store.BlobRow{}, err
	}
	return row, nil
}

// blobBefore locks the installation's account and returns it with the blob of
// a key, zero where there is none.
func blobBefore(ctx context.Context, tx pgx.Tx, installation, key string) (rows.BlobAccount, store.BlobRow, error) {
	var a rows.BlobAccount
	var was store.BlobRow
	q := &pgx.Batch{}
	q.Queue(`INSERT INTO plugin_blob_accounts AS a (installation, bytes, revision) VALUES ($1, 0, 0)
		ON CONFLICT (installation) DO UPDATE SET bytes = a.bytes RETURNING bytes, revision`, installation).
		QueryRow(func(r pgx.Row) error { return r.Scan(&a.Bytes, &a.Revision) })
	q.Queue("SELECT digest, size, revision, created_at FROM plugin_blobs WHERE installation = $1 AND key = $2", installation, []byte(key)).
		QueryRow(func(r pgx.Row) error {
			err := r.Scan(&was.Digest, &was.Size, &was.Revision, &was.CreatedAt)
			if errors.Is(err, pgx.ErrNoRows) {
				return nil
			}
			was.CreatedAt = was.CreatedAt.UTC()
			return err
		})
	err := tx.SendBatch(ctx, q).Close()
	return a, was, err
}

// addContent counts one more key that has a content, and returns what the
// backend keeps it as: the one that was there before this upload, if any.
func addContent(ctx context.Context, tx pgx.Tx, u store.BlobUpload, digest string, now time.Time) (string, error) {
	var content string
	err := tx.QueryRow(ctx, `INSERT INTO plugin_blob_contents AS c (installation, digest, content, refs) VALUES ($1, $2, $3, 1)
		ON CONFLICT (installation, digest) DO UPDATE SET refs = c.refs + 1 RETURNING content`, u.Installation, digest, u.Content).Scan(&content)
	if err != nil || content == u.Content {
		return content, err
	}
	return content, discard(ctx, tx, u.Content, now)
}

// dropContent counts one key less that has a content.
func dropContent(ctx context.Context, tx pgx.Tx, installation, digest string, now time.Time) error {
	var content string
	var refs int
	err := tx.QueryRow(ctx, "UPDATE plugin_blob_contents SET refs = refs - 1 WHERE installation = $1 AND digest = $2 RETURNING content, refs",
		installation, digest).Scan(&content, &refs)
	if err != nil || refs > 0 {
		return err
	}
	if _, err := tx.Exec(ctx, "DELETE FROM plugin_blob_contents WHERE installation = $1 AND digest = $2", installation, digest); err != nil {
		return err
	}
	return discard(ctx, tx, content, now)
}

func discard(ctx context.Context, tx pgx.Tx, content string, now time.Time) error {
	_, err := tx.Exec(ctx, "INSERT INTO plugin_blob_garbage (content, since) VALUES ($1, $2) ON CONFLICT DO NOTHING", content, now)
	return err
}

// AbortBlob implements store.Blobs.
func (s *Store) AbortBlob(ctx context.Context, content string) error {
	if !rows.IsText(content) {
		return nil // no upload has such a name
	}
	_, err := s.exec(ctx, "postgres.AbortBlob", `WITH gone AS (DELETE FROM plugin_blob_uploads WHERE content = $1 RETURNING content)
		INSERT INTO plugin_blob_garbage (content, since) SELECT content, $2 FROM gone ON CONFLICT DO NOTHING`, content, rows.Moment(s.clock()))
	return err
}

// DeleteBlob implements store.Blobs.
func (s *Store) DeleteBlob(ctx context.Context, installation, key string, compare bool, ifRevision uint64) error {
	if err := rows.Text("installation", installation); err != nil {
		return err
	}
	return s.write(ctx, "postgres.DeleteBlob", func(tx pgx.Tx) error {
		_, was, err := blobBefore(ctx, tx, installation, key)
		if err != nil {
			return err
		}
		if err := rows.BlobConflict(key, compare, ifRevision, was.Revision); err != nil || was.Revision == 0 {
			return err
		}
		if err := dropContent(ctx, tx, installation, was.Digest, rows.Moment(s.clock())); err != nil {
			return err
		}
		q := &pgx.Batch{}
		q.Queue("DELETE FROM plugin_blobs WHERE installation = $1 AND key = $2", installation, []byte(key))
		q.Queue("UPDATE plugin_blob_accounts SET bytes = bytes - $2 WHERE installation = $1", installation, was.Size)
		return tx.SendBatch(ctx, q).Close()
	})
}
