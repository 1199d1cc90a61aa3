package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

// ExpireBlobUploads implements store.Blobs.
func (s *Store) ExpireBlobUploads(ctx context.Context, before time.Time) (int, error) {
	var expired int64
	err := s.write(ctx, "sqlite.ExpireBlobUploads", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO plugin_blob_garbage (content, since)
			SELECT content, ? FROM plugin_blob_uploads WHERE begun_at < ? ON CONFLICT DO NOTHING`, s.clock().UnixMicro(), before.UnixMicro()); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, "DELETE FROM plugin_blob_uploads WHERE begun_at < ?", before.UnixMicro())
		if err != nil {
			return err
		}
		expired, err = result.RowsAffected()
		return err
	})
	return int(expired), err
}

// BlobGarbage implements store.Blobs.
func (s *Store) BlobGarbage(ctx context.Context, before time.Time, limit int) ([]string, error) {
	if err := rows.Limit(limit); err != nil {
		return nil, err
	}
	var out []string
	err := s.each(ctx, "sqlite.BlobGarbage", "SELECT content FROM plugin_blob_garbage WHERE since < ? ORDER BY since, content LIMIT ?",
		[]any{before.UnixMicro(), limit}, func(r *sql.Rows) error {
			var content string
			err := r.Scan(&content)
			out = append(out, content)
			return err
		})
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
	return s.write(ctx, "sqlite.ForgetBlobs", func(tx *sql.Tx) error {
		for _, content := range contents {
			if _, err := tx.ExecContext(ctx, "DELETE FROM plugin_blob_garbage WHERE content = ?", content); err != nil {
				return err
			}
		}
		return nil
	})
}

// purgeBlobs makes garbage of everything that an installation keeps.
func purgeBlobs(ctx context.Context, tx *sql.Tx, installation string, now time.Time) error {
	return steps(ctx, tx, []step{
		{
			`INSERT INTO plugin_blob_garbage (content, since) SELECT content, ?2 FROM plugin_blob_contents WHERE installation = ?1 ON CONFLICT DO NOTHING`,
			[]any{installation, now.UnixMicro()},
		},
		{
			`INSERT INTO plugin_blob_garbage (content, since) SELECT content, ?2 FROM plugin_blob_uploads WHERE installation = ?1 ON CONFLICT DO NOTHING`,
			[]any{installation, now.UnixMicro()},
		},
		{"DELETE FROM plugin_blobs WHERE installation = ?", []any{installation}},
		{"DELETE FROM plugin_blob_contents WHERE installation = ?", []any{installation}},
		{"DELETE FROM plugin_blob_uploads WHERE installation = ?", []any{installation}},
		{"UPDATE plugin_blob_accounts SET bytes = 0 WHERE installation = ?", []any{installation}},
	})
}
