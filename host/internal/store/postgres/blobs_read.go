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

const selectBlobs = `SELECT b.key, b.digest, c.content, b.size, b.media_type, b.metadata, b.revision, b.created_at, b.updated_at
	FROM plugin_blobs b JOIN plugin_blob_contents c ON c.installation = b.installation AND c.digest = b.digest
	WHERE b.installation = $1`

// blobFields are where a row of selectBlobs goes; finish completes it.
func blobFields(b *store.BlobRow, key *[]byte) []any {
	return []any{key, &b.Digest, &b.Content, &b.Size, &b.MediaType, &b.Metadata, &b.Revision, &b.CreatedAt, &b.UpdatedAt}
}

func finishBlob(b store.BlobRow, key []byte) store.BlobRow {
	b.Key, b.CreatedAt, b.UpdatedAt = string(key), b.CreatedAt.UTC(), b.UpdatedAt.UTC()
	return b
}

// GetBlob implements store.Blobs.
func (s *Store) GetBlob(ctx context.Context, installation, key string) (store.BlobRow, error) {
	absent := fault.New(fault.NotFound, "there is no blob %q", key)
	if !rows.IsText(installation) {
		return store.BlobRow{}, absent
	}
	var row store.BlobRow
	var name []byte
	err := s.row(ctx, "postgres.GetBlob", blobFields(&row, &name), selectBlobs+" AND b.key = $2", installation, []byte(key))
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return store.BlobRow{}, absent
	case err != nil:
		return store.BlobRow{}, err
	}
	return finishBlob(row, name), nil
}

// ListBlobs implements store.Blobs.
func (s *Store) ListBlobs(ctx context.Context, installation, prefix, after string, limit int) ([]store.BlobRow, error) {
	if err := rows.Limit(limit); err != nil {
		return nil, err
	}
	if !rows.IsText(installation) {
		return nil, nil
	}
	var from []byte
	if after != "" {
		from = []byte(after)
	}
	var out []store.BlobRow
	var row store.BlobRow
	var key []byte
	err := s.each(ctx, "postgres.ListBlobs", selectBlobs+` AND b.key >= $2 AND ($3::bytea IS NULL OR b.key > $3) AND ($4::bytea IS NULL OR b.key < $4)
		ORDER BY b.key LIMIT $5`, []any{installation, []byte(prefix), from, rows.After(prefix), limit}, blobFields(&row, &key), func() error {
		out = append(out, finishBlob(row, key))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// BlobUsage implements store.Blobs.
func (s *Store) BlobUsage(ctx context.Context, installation string) (int64, error) {
	if !rows.IsText(installation) {
		return 0, nil
	}
	var used int64
	err := s.row(ctx, "postgres.BlobUsage", []any{&used},
		"SELECT coalesce((SELECT bytes FROM plugin_blob_accounts WHERE installation = $1), 0)::bigint", installation)
	return used, err
}

// ExpireBlobUploads implements store.Blobs.
func (s *Store) ExpireBlobUploads(ctx context.Context, before time.Time) (int, error) {
	n, err := s.exec(ctx, "postgres.ExpireBlobUploads", `WITH gone AS (DELETE FROM plugin_blob_uploads WHERE begun_at < $1 RETURNING content)
		INSERT INTO plugin_blob_garbage (content, since) SELECT content, $2 FROM gone ON CONFLICT DO NOTHING`, rows.Moment(before), rows.Moment(s.clock()))
	return int(n), err
}

// BlobGarbage implements store.Blobs.
func (s *Store) BlobGarbage(ctx context.Context, before time.Time, limit int) ([]string, error) {
	if err := rows.Limit(limit); err != nil {
		return nil, err
	}
	var out []string
	var content string
	err := s.each(ctx, "postgres.BlobGarbage", "SELECT content FROM plugin_blob_garbage WHERE since < $1 ORDER BY since, content LIMIT $2",
		[]any{rows.Moment(before), limit}, []any{&content}, func() error { out = append(out, content); return nil })
	if err != nil {
		return nil, err
	}
	return out, nil
}

// ForgetBlobs implements store.Blobs.
func (s *Store) ForgetBlobs(ctx context.Context, contents []string) error {
	if len(contents) == 0 {
		return nil
	}
	_, err := s.exec(ctx, "postgres.ForgetBlobs", "DELETE FROM plugin_blob_garbage WHERE content = ANY ($1)", contents)
	return err
}

// purgeBlobs queues what makes garbage of everything that an installation
// keeps. A writer of its blobs holds the lock of the account.
func purgeBlobs(q *pgx.Batch, installation string, now time.Time) {
	q.Queue("SELECT FROM plugin_blob_accounts WHERE installation = $1 FOR UPDATE", installation)
	q.Queue(`WITH gone AS (DELETE FROM plugin_blob_contents WHERE installation = $1 RETURNING content)
		INSERT INTO plugin_blob_garbage (content, since) SELECT content, $2 FROM gone ON CONFLICT DO NOTHING`, installation, now)
	q.Queue(`WITH gone AS (DELETE FROM plugin_blob_uploads WHERE installation = $1 RETURNING content)
		INSERT INTO plugin_blob_garbage (content, since) SELECT content, $2 FROM gone ON CONFLICT DO NOTHING`, installation, now)
	q.Queue("DELETE FROM plugin_blobs WHERE installation = $1", installation)
	q.Queue("UPDATE plugin_blob_accounts SET bytes = 0 WHERE installation = $1", installation)
}
