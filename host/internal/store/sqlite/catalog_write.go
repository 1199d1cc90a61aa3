package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

const (
	upsertEntity = `INSERT INTO catalog_entities
	(ref, uid, kind, namespace, name, etag, provider, location, origin, digest, orphan, revision, updated_at, status, body, refresh_keys)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT (ref) DO UPDATE SET kind = excluded.kind, namespace = excluded.namespace, name = excluded.name,
		etag = excluded.etag, provider = excluded.provider, location = excluded.location, origin = excluded.origin,
		digest = excluded.digest, orphan = excluded.orphan, revision = excluded.revision,
		updated_at = excluded.updated_at, status = excluded.status, body = excluded.body, refresh_keys = excluded.refresh_keys
	WHERE uid = excluded.uid`
	upsertChange = `INSERT INTO catalog_changes (ref, revision, deleted, at) VALUES (?, ?, ?, ?)
	ON CONFLICT (ref) DO UPDATE SET revision = excluded.revision, deleted = excluded.deleted, at = excluded.at`
	upsertSource = `INSERT OR REPLACE INTO catalog_sources (location, etag, digest, error, entities, checked_at, next_at)
	VALUES (?, ?, ?, ?, ?, ?, ?)`
	putRelations = `INSERT INTO catalog_relations (declared_by, relations) VALUES (?, ?)
	ON CONFLICT (declared_by) DO UPDATE SET relations = excluded.relations WHERE relations <> excluded.relations`
	deleteRelations  = "DELETE FROM catalog_relations WHERE declared_by = ?"
	deleteReferences = "DELETE FROM catalog_references WHERE source = ?"
	putReferences    = `INSERT INTO catalog_references (source, targets) VALUES (?, ?)
	ON CONFLICT (source) DO UPDATE SET targets = excluded.targets WHERE targets <> excluded.targets`
)

// ApplyCatalog implements store.Catalog.
func (s *Store) ApplyCatalog(ctx context.Context, b store.Batch) (uint64, error) {
	if err := rows.CheckBatch(b); err != nil {
		return 0, err
	}
	var revision uint64
	err := s.write(ctx, "sqlite.ApplyCatalog", func(tx *sql.Tx) error {
		a := applier{ctx: ctx, tx: tx, at: s.clock().UnixMicro(), prepared: map[string]*sql.Stmt{}}
		if rows.Moves(b) {
			if err := a.exec("UPDATE catalog_state SET revision = revision + 1"); err != nil {
				return err
			}
		}
		if err := tx.QueryRowContext(ctx, "SELECT revision FROM catalog_state").Scan(&a.revision); err != nil {
			return err
		}
		revision = a.revision
		changes, err := a.compare(b.Record)
		if err != nil {
			return err
		}
		if err := a.apply(b); err != nil {
			return err
		}
		if err := a.record(changes); err != nil {
			return err
		}
		return s.Announce(ctx, ledgerTx{tx}, b, revision)
	})
	if err != nil {
		return 0, err
	}
	return revision, nil
}

// applier writes one batch, with each statement prepared once.
type applier struct {
	ctx      context.Context
	tx       *sql.Tx
	at       int64
	revision uint64
	affected int64 // rows of the last exec
	prepared map[string]*sql.Stmt
}

func (a *applier) exec(query string, args ...any) error {
	stmt := a.prepared[query]
	if stmt == nil {
		var err error
		if stmt, err = a.tx.PrepareContext(a.ctx, query); err != nil {
			return err
		}
		a.prepared[query] = stmt // closed with the transaction
	}
	result, err := stmt.ExecContext(a.ctx, args...)
	if err != nil {
		return err
	}
	a.affected, err = result.RowsAffected()
	return err
}

func (a *applier) apply(b store.Batch) error {
	for _, ref := range rows.Deleted(b) {
		if err := a.delete(ref); err != nil {
			return err
		}
	}
	for i := range b.Upsert {
		if err := a.upsert(&b.Upsert[i]); err != nil {
			return err
		}
	}
	for key, relations := range b.Relations {
		if err := a.replace(deleteRelations, putRelations, key, len(relations), func() []byte { return rows.PackRelations(key, relations) }); err != nil {
			return err
		}
	}
	for key, targets := range b.References {
		if err := a.replace(deleteReferences, putReferences, key, len(targets), func() []byte { return rows.PackReferences(targets) }); err != nil {
			return err
		}
	}
	for _, location := range b.DropSources {
		if err := a.exec("DELETE FROM catalog_sources WHERE location = ?", location); err != nil {
			return err
		}
	}
	for _, r := range b.Sources {
		if err := a.exec(upsertSource, r.Location, r.ETag, r.Digest, rows.Readable(r.Error), r.Entities,
			micros(r.CheckedAt), micros(r.NextAt)); err != nil {
			return err
		}
	}
	return nil
}

func (a *applier) delete(ref string) error {
	if err := a.exec(deleteRelations, ref); err != nil {
		return err
	}
	if err := a.exec(deleteReferences, ref); err != nil {
		return err
	}
	if err := a.exec("DELETE FROM catalog_entities WHERE ref = ?", ref); err != nil || a.affected == 0 {
		return err
	}
	return a.exec(upsertChange, ref, a.revision, true, a.at)
}

func (a *applier) upsert(e *store.EntityRow) error {
	err := a.exec(upsertEntity, e.Ref, e.UID, e.Kind, e.Namespace, e.Name, e.ETag, e.Provider, e.Location, e.Origin,
		e.Digest, e.Orphan, a.revision, micros(e.UpdatedAt), rows.Pack(e.Status), rows.Pack(e.Body), rows.PackReferences(e.RefreshKeys))
	if err = classify(a.ctx, "sqlite.ApplyCatalog", err); fault.Is(err, fault.Conflict) {
		return fault.Wrap(fault.Conflict, err, fmt.Sprintf("uid %q of entity %q belongs to another entity", e.UID, e.Ref))
	}
	if err != nil {
		return err
	}
	if a.affected == 0 {
		return fault.New(fault.Conflict, "entity %q lives under another uid than %q", e.Ref, e.UID)
	}
	return a.exec(upsertChange, e.Ref, a.revision, false, a.at)
}

// replace writes the packed list of a key, or deletes an empty one.
func (a *applier) replace(drop, put, key string, n int, pack func() []byte) error {
	if n == 0 {
		return a.exec(drop, key)
	}
	return a.exec(put, key, pack())
}
