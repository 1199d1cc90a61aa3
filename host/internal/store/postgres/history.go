package postgres

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

const (
	putRevision = "INSERT INTO catalog_revisions (revision, at, first, causes) VALUES ($1, $2, $3, $4)"
	putHistory  = `INSERT INTO catalog_history (revision, id, action, cause, ref, uid, owner, delta)
	SELECT $1, $2::bigint + ordinality - 1, action, cause, ref, uid, owner, delta
	FROM unnest($3::smallint[], $4::integer[], $5::text[], $6::text[], $7::text[], $8::bytea[])
	WITH ORDINALITY AS t (action, cause, ref, uid, owner, delta, ordinality)`
)

// compare returns what the batch writes into the history. It reads what is
// there before the batch, under the lock of the catalog.
func (s *Store) compare(ctx context.Context, tx pgx.Tx, record *store.Record) ([]store.HistoryRow, error) {
	if record == nil {
		return nil, nil
	}
	out := slices.Clone(record.Rows)
	there := make(map[string]bool, len(record.Refs))
	for refs := range slices.Chunk(record.Refs, chunkRows) {
		err := s.eachEntityOf(ctx, tx, refs, func(e *store.EntityRow) {
			there[e.Ref] = true
			if row, changed := record.Compare(e.Ref, e); changed {
				out = append(out, row)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	for _, ref := range record.Refs {
		if there[ref] {
			continue
		}
		if row, changed := record.Compare(ref, nil); changed {
			out = append(out, row)
		}
	}
	return out, nil
}

func (s *Store) eachEntityOf(ctx context.Context, tx pgx.Tx, refs []string, each func(*store.EntityRow)) error {
	found, err := tx.Query(ctx, selectEntities+" WHERE ref = ANY ($1)", refs)
	if err != nil {
		return err
	}
	defer found.Close()
	read := newEntityReader()
	for found.Next() {
		if err := found.Scan(read.into...); err != nil {
			return err
		}
		e, err := read.row()
		if err != nil {
			return err
		}
		each(&e)
	}
	return found.Err()
}

// queueHistory queues the history of the batch.
func queueHistory(ctx context.Context, tx pgx.Tx, q *pgx.Batch, list []store.HistoryRow, revision uint64, at time.Time) error {
	if len(list) == 0 {
		return nil
	}
	h, err := rows.RecordHistory(list)
	if err != nil {
		return err
	}
	var last int64
	if err := tx.QueryRow(ctx, "UPDATE catalog_history_state SET last = last + $1 RETURNING last", len(h.Rows)).Scan(&last); err != nil {
		return fmt.Errorf("numbering changes: %w", err)
	}
	first := last - int64(len(h.Rows)) + 1
	q.Queue(putRevision, revision, at.UnixMicro(), first, h.Packed)
	for from := 0; from < len(h.Rows); {
		var ref, uid, owner []string
		var delta [][]byte
		size, to := 0, from
		for to < len(h.Rows) && to-from < chunkRows && (to == from || size+len(h.Rows[to].Delta) <= chunkBytes) {
			r := &h.Rows[to]
			ref, uid, owner, delta = append(ref, r.Ref), append(uid, r.UID), append(owner, r.Owner), append(delta, rows.Pack(r.Delta))
			size += len(r.Delta)
			to++
		}
		q.Queue(putHistory, revision, first+int64(from), h.Actions[from:to], h.Causes[from:to], ref, uid, owner, delta)
		from = to
	}
	return nil
}
