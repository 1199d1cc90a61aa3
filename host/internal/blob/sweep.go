package blob

import (
	"context"
	"fmt"
)

// sweepPage is how many contents one round of the sweep takes.
const sweepPage = 100

// Sweep gives up uploads that took too long and deletes garbage that nobody
// reads any more from the backend. It returns how many contents it deleted.
// Content is forgotten after the backend deleted it, so that a sweep that is
// cut off, or runs on several replicas at once, repeats a deletion and never
// omits one. Fault: Unavailable (database or backend); the rest waits for the
// next sweep.
func (s *Store) Sweep(ctx context.Context) (int, error) {
	now := s.config.Now()
	given, err := s.config.Rows.ExpireBlobUploads(ctx, now.Add(-s.config.Upload))
	if err != nil {
		return 0, fmt.Errorf("giving up uploads: %w", err)
	}
	if given > 0 {
		s.config.Log.WarnContext(ctx, "uploads of blobs were given up: their process ended, or they took too long", "uploads", given)
	}
	deleted := 0
	for {
		page, err := s.config.Rows.BlobGarbage(ctx, now.Add(-s.config.Keep), sweepPage)
		if err != nil {
			return deleted, fmt.Errorf("listing garbage: %w", err)
		}
		for i, name := range page {
			if err := s.config.Backend.Delete(ctx, name); err != nil {
				if forgotten := s.config.Rows.ForgetBlobs(ctx, page[:i]); forgotten != nil {
					return deleted, fmt.Errorf("forgetting garbage: %w", forgotten)
				}
				return deleted + i, fmt.Errorf("deleting content %s: %w", name, err)
			}
		}
		if err := s.config.Rows.ForgetBlobs(ctx, page); err != nil {
			return deleted, fmt.Errorf("forgetting garbage: %w", err)
		}
		if deleted += len(page); len(page) < sweepPage {
			return deleted, nil
		}
	}
}
