package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

const selectEntities = `SELECT ref, uid, kind, namespace, name, etag, provider, location, origin, digest,
	orphan, revision, updated_at, status, body, refresh_keys FROM catalog_entities`

// LoadEntities implements store.Catalog.
func (s *Store) LoadEntities(ctx context.Context, each func(store.EntityRow) error) error {
	return s.each(ctx, "sqlite.LoadEntities", selectEntities, nil, func(r *sql.Rows) error {
		e, err := scanEntity(r)
		if err != nil {
			return err
		}
		return each(e)
	})
}

// GetEntities implements store.Catalog.
func (s *Store) GetEntities(ctx context.Context, refs []string) ([]store.EntityRow, error) {
	list, err := json.Marshal(refs)
	if err != nil {
		return nil, fmt.Errorf("encoding refs: %w", err)
	}
	var out []store.EntityRow
	err = s.each(ctx, "sqlite.GetEntities", selectEntities+" WHERE ref IN (SELECT value FROM json_each(?))", []any{string(list)},
		func(r *sql.Rows) error {
			e, err := scanEntity(r)
			out = append(out, e)
			return err
		})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func scanEntity(r *sql.Rows) (store.EntityRow, error) {
	var e store.EntityRow
	var updated sql.NullInt64
	var status, body, keys sql.RawBytes
	err := r.Scan(&e.Ref, &e.UID, &e.Kind, &e.Namespace, &e.Name, &e.ETag, &e.Provider, &e.Location, &e.Origin, &e.Digest,
		&e.Orphan, &e.Revision, &updated, &status, &body, &keys)
	if err != nil {
		return e, err
	}
	e.UpdatedAt = moment(updated)
	if e.Status, err = rows.Unpack(status); err != nil {
		return e, fmt.Errorf("unpacking status of %q: %w", e.Ref, err)
	}
	if e.RefreshKeys, err = rows.Strings(keys); err != nil {
		return e, fmt.Errorf("unpacking refresh keys of %q: %w", e.Ref, err)
	}
	if e.Body, err = rows.Unpack(body); err != nil {
		return e, fmt.Errorf("unpacking body of %q: %w", e.Ref, err)
	}
	return e, nil
}

// LoadRelations implements store.Catalog.
func (s *Store) LoadRelations(ctx context.Context, each func(store.RelationRow) error) error {
	return s.each(ctx, "sqlite.LoadRelations", "SELECT declared_by, relations FROM catalog_relations", nil, func(r *sql.Rows) error {
		var declarer string
		var packed sql.RawBytes
		if err := r.Scan(&declarer, &packed); err != nil {
			return err
		}
		return rows.EachRelation(declarer, packed, each)
	})
}

// LoadReferences implements store.Catalog.
func (s *Store) LoadReferences(ctx context.Context, each func(store.Reference) error) error {
	return s.each(ctx, "sqlite.LoadReferences", "SELECT source, targets FROM catalog_references", nil, func(r *sql.Rows) error {
		var source string
		var packed sql.RawBytes
		if err := r.Scan(&source, &packed); err != nil {
			return err
		}
		return rows.EachReference(source, packed, each)
	})
}

// LoadSources implements store.Catalog.
func (s *Store) LoadSources(ctx context.Context, each func(store.SourceRow) error) error {
	const query = "SELECT location, etag, digest, error, entities, checked_at, next_at FROM catalog_sources"
	return s.each(ctx, "sqlite.LoadSources", query, nil, func(r *sql.Rows) error {
		var row store.SourceRow
		var checked, next sql.NullInt64
		if err := r.Scan(&row.Location, &row.ETag, &row.Digest, &row.Error, &row.Entities, &checked, &next); err != nil {
			return err
		}
		row.CheckedAt, row.NextAt = moment(checked), moment(next)
		return each(row)
	})
}

// CatalogRevision implements store.Catalog.
func (s *Store) CatalogRevision(ctx context.Context) (uint64, error) {
	var revision uint64
	err := s.read(ctx, "sqlite.CatalogRevision", func(db *sql.DB) error {
		return db.QueryRowContext(ctx, "SELECT revision FROM catalog_state").Scan(&revision)
	})
	return revision, err
}

// CatalogChanges implements store.Catalog.
func (s *Store) CatalogChanges(ctx context.Context, after uint64, limit int) ([]store.Change, error) {
	if err := rows.Limit(limit); err != nil {
		return nil, err
	}
	// The page ends where the revision of its limit-th change ends.
	const query = `SELECT revision, ref, deleted, at FROM catalog_changes WHERE revision > ?1 AND revision <= coalesce(
		(SELECT revision FROM catalog_changes WHERE revision > ?1 ORDER BY revision LIMIT 1 OFFSET ?2),
		9223372036854775807) ORDER BY revision, ref`
	var out []store.Change
	err := s.each(ctx, "sqlite.CatalogChanges", query, []any{int64(min(after, 1<<63-1)), limit - 1}, func(r *sql.Rows) error {
		var c store.Change
		var at int64
		if err := r.Scan(&c.Revision, &c.Ref, &c.Deleted, &at); err != nil {
			return err
		}
		c.At = time.UnixMicro(at).UTC()
		out = append(out, c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// each runs a query and calls row for every row of it.
func (s *Store) each(ctx context.Context, op, query string, args []any, row func(*sql.Rows) error) error {
	return s.read(ctx, op, func(db *sql.DB) (err error) {
		r, err := db.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		defer func() {
			if closed := r.Close(); err == nil {
				err = closed
			}
		}()
		for r.Next() {
			if err := row(r); err != nil {
				return err
			}
		}
		return r.Err()
	})
}
