package postgres

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

// Rows travel as one array per column. That is as fast as COPY, needs no
// table to copy into before the upsert, and pipelines with the rest. Edge lists
// that are what they were leave no dead row behind.
const (
	upsertEntities = `INSERT INTO catalog_entities
	(revision, updated_at, orphan, ref, uid, kind, namespace, name, etag, provider, location, origin, digest, status, body, refresh_keys)
	SELECT $1, * FROM unnest($2::timestamptz[], $3::boolean[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
		$9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bytea[], $15::bytea[], $16::bytea[])
	ON CONFLICT (ref) DO UPDATE SET revision = excluded.revision, updated_at = excluded.updated_at, orphan = excluded.orphan,
		kind = excluded.kind, namespace = excluded.namespace, name = excluded.name, etag = excluded.etag,
		provider = excluded.provider, location = excluded.location, origin = excluded.origin, digest = excluded.digest,
		status = excluded.status, body = excluded.body, refresh_keys = excluded.refresh_keys
	WHERE catalog_entities.uid = excluded.uid RETURNING ref`
	upsertChanges = ` ON CONFLICT (ref) DO UPDATE SET revision = excluded.revision, at = excluded.at, deleted = excluded.deleted`
	deleteEntity  = `WITH gone AS (DELETE FROM catalog_entities WHERE ref = ANY ($1) RETURNING ref)
	INSERT INTO catalog_changes (revision, at, deleted, ref) SELECT $2, $3, true, ref FROM gone` + upsertChanges
	putChanges = `INSERT INTO catalog_changes (revision, at, deleted, ref)
	SELECT $1, $2, false, * FROM unnest($3::text[])` + upsertChanges
	putRelations = `INSERT INTO catalog_relations (declared_by, relations) SELECT * FROM unnest($1::text[], $2::bytea[])
	ON CONFLICT (declared_by) DO UPDATE SET relations = excluded.relations WHERE catalog_relations.relations <> excluded.relations`
	putReferences = `INSERT INTO catalog_references (source, targets) SELECT * FROM unnest($1::text[], $2::bytea[])
	ON CONFLICT (source) DO UPDATE SET targets = excluded.targets WHERE catalog_references.targets <> excluded.targets`
	deleteRelations  = "DELETE FROM catalog_relations WHERE declared_by = ANY ($1)"
	deleteReferences = "DELETE FROM catalog_references WHERE source = ANY ($1)"
	putSources       = `INSERT INTO catalog_sources (location, etag, digest, error, entities, checked_at, next_at)
	SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::timestamptz[], $7::timestamptz[])
	ON CONFLICT (location) DO UPDATE SET etag = excluded.etag, digest = excluded.digest, error = excluded.error,
		entities = excluded.entities, checked_at = excluded.checked_at, next_at = excluded.next_at`
)

// One statement carries at most this much, so that a batch of large entities
// stays far below the protocol's 1 GiB a message.
const (
	chunkRows  = 2_000
	chunkBytes = 16 << 20
)

// ApplyCatalog implements store.Catalog.
func (s *Store) ApplyCatalog(ctx context.Context, b store.Batch) (uint64, error) {
	if err := rows.CheckBatch(b); err != nil {
		return 0, err
	}
	var revision uint64
	err := s.write(ctx, "postgres.ApplyCatalog", func(tx pgx.Tx) error {
		step := 0
		if rows.Moves(b) {
			step = 1
		}
		// Takes the lock that every writer of the catalog takes first: no
		// deadlock between batches, and revisions commit in their order.
		err := tx.QueryRow(ctx, "UPDATE catalog_state SET revision = revision + $1 WHERE $2 = 0 OR epoch = $2 RETURNING revision", step, int64(b.Epoch)).Scan(&revision) //nolint:gosec // counted from 0
		if errors.Is(err, pgx.ErrNoRows) {
			return store.ErrFenced
		}
		if err != nil {
			return err
		}
		changes, err := s.compare(ctx, tx, b.Record)
		if err != nil {
			return err
		}
		q, at := &pgx.Batch{}, rows.Moment(s.clock())
		queueDeletes(q, b, revision, at)
		queueEntities(q, b.Upsert, revision, at)
		queueEdges(q, b)
		queueSources(q, b)
		if err := queueHistory(ctx, tx, q, changes, revision, at); err != nil {
			return err
		}
		if q.Len() == 0 {
			return nil
		}
		q.Queue(announce)
		if err := explain(tx.SendBatch(ctx, q).Close()); err != nil {
			return err
		}
		return s.Announce(ctx, ledgerTx{tx}, b, revision)
	})
	if err != nil {
		return 0, err
	}
	return revision, nil
}

// explain says what a unique violation is about: in a batch, only uids can
// collide.
func explain(err error) error {
	var theirs *pgconn.PgError
	if errors.As(err, &theirs) && theirs.Code == uniqueViolation {
		return fault.Wrap(fault.Conflict, err, "the uid of an entity belongs to another entity: "+theirs.Detail)
	}
	return err
}

func queueDeletes(q *pgx.Batch, b store.Batch, revision uint64, at time.Time) {
	if len(b.Delete) == 0 {
		return
	}
	gone := rows.Deleted(b)
	q.Queue(deleteRelations, gone)
	q.Queue(deleteReferences, gone)
	q.Queue(deleteEntity, gone, revision, at)
}

func queueEntities(q *pgx.Batch, list []store.EntityRow, revision uint64, at time.Time) {
	for len(list) > 0 {
		n, size := 0, 0
		for n < len(list) && n < chunkRows && (n == 0 || size+len(list[n].Body)+len(list[n].Status) <= chunkBytes) {
			size += len(list[n].Body) + len(list[n].Status)
			n++
		}
		queueChunk(q, list[:n], revision, at)
		list = list[n:]
	}
}

func queueChunk(q *pgx.Batch, list []store.EntityRow, revision uint64, at time.Time) {
	var text [10][]string
	for i := range text {
		text[i] = make([]string, len(list))
	}
	updated, orphan := make([]*time.Time, len(list)), make([]bool, len(list))
	status, body, keys := make([][]byte, len(list)), make([][]byte, len(list)), make([][]byte, len(list))
	for i := range list {
		e := &list[i]
		for k, v := range [...]string{e.Ref, e.UID, e.Kind, e.Namespace, e.Name, e.ETag, e.Provider, e.Location, e.Origin, e.Digest} {
			text[k][i] = v
		}
		updated[i], orphan[i] = stamp(e.UpdatedAt), e.Orphan
		status[i], body[i], keys[i] = rows.Pack(e.Status), rows.Pack(e.Body), rows.PackReferences(e.RefreshKeys)
	}
	args := []any{revision, updated, orphan}
	for i := range text {
		args = append(args, text[i])
	}
	q.Queue(upsertEntities, append(args, status, body, keys)...).Query(func(r pgx.Rows) error {
		written, err := pgx.CollectRows(r, pgx.RowTo[string])
		if err != nil || len(written) == len(list) {
			return err
		}
		for i := range list {
			if !slices.Contains(written, list[i].Ref) {
				return fault.New(fault.Conflict, "entity %q lives under another uid than %q", list[i].Ref, list[i].UID)
			}
		}
		return nil
	})
	q.Queue(putChanges, revision, at, text[0])
}

// queueEdges queues relations and references.
func queueEdges(q *pgx.Batch, b store.Batch) {
	var keys, empty []string
	var packed [][]byte
	for key, relations := range b.Relations {
		if len(relations) == 0 {
			empty = append(empty, key)
			continue
		}
		keys, packed = append(keys, key), append(packed, rows.PackRelations(key, relations))
	}
	queueLists(q, deleteRelations, putRelations, empty, keys, packed)
	empty, keys, packed = nil, nil, nil
	for key, targets := range b.References {
		if len(targets) == 0 {
			empty = append(empty, key)
			continue
		}
		keys, packed = append(keys, key), append(packed, rows.PackReferences(targets))
	}
	queueLists(q, deleteReferences, putReferences, empty, keys, packed)
}

func queueLists(q *pgx.Batch, drop, put string, empty, keys []string, packed [][]byte) {
	if len(empty) > 0 {
		q.Queue(drop, empty)
	}
	if len(keys) > 0 {
		q.Queue(put, keys, packed)
	}
}

func queueSources(q *pgx.Batch, b store.Batch) {
	if len(b.DropSources) > 0 {
		q.Queue("DELETE FROM catalog_sources WHERE location = ANY ($1)", b.DropSources)
	}
	list := rows.LastSources(b.Sources)
	if len(list) == 0 {
		return
	}
	var location, etag, digest, message []string
	var entities []int
	var checked, next []*time.Time
	for _, r := range list {
		location, etag, digest = append(location, r.Location), append(etag, r.ETag), append(digest, r.Digest)
		message, entities = append(message, rows.Readable(r.Error)), append(entities, r.Entities)
		checked, next = append(checked, stamp(r.CheckedAt)), append(next, stamp(r.NextAt))
	}
	q.Queue(putSources, location, etag, digest, message, entities, checked, next)
}
