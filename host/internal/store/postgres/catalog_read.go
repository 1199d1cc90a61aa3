package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

const selectEntities = `SELECT ref, uid, kind, namespace, name, etag, provider, location, origin, digest,
	orphan, revision, updated_at, status, body, refresh_keys FROM catalog_entities`

// LoadEntities implements store.Catalog.
func (s *Store) LoadEntities(ctx context.Context, each func(store.EntityRow) error) error {
	return s.eachEntity(ctx, "postgres.LoadEntities", selectEntities, nil, each)
}

// GetEntities implements store.Catalog.
func (s *Store) GetEntities(ctx context.Context, refs []string) ([]store.EntityRow, error) {
	storable := make([]string, 0, len(refs))
	for _, ref := range refs {
		if rows.Text("ref", ref) == nil {
			storable = append(storable, ref)
		}
	}
	var out []store.EntityRow
	err := s.eachEntity(ctx, "postgres.GetEntities", selectEntities+" WHERE ref = ANY ($1)", []any{storable}, func(e store.EntityRow) error {
		out = append(out, e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (s *Store) eachEntity(ctx context.Context, op, query string, args []any, each func(store.EntityRow) error) error {
	read := newEntityReader()
	return s.each(ctx, op, query, args, read.into, func() error {
		e, err := read.row()
		if err != nil {
			return err
		}
		return each(e)
	})
}

// scanEntities calls each for the rows of a query, and closes it.
func scanEntities(r pgx.Rows, each func(store.EntityRow) error) error {
	read := newEntityReader()
	_, err := pgx.ForEachRow(r, read.into, func() error {
		e, err := read.row()
		if err != nil {
			return err
		}
		return each(e)
	})
	return err
}

// entityReader scans the columns of selectEntities, one row after another.
type entityReader struct {
	e       store.EntityRow
	updated *time.Time

	status, body, keys pgtype.DriverBytes // of the connection, until the next row
	into               []any
}

func newEntityReader() *entityReader {
	r := &entityReader{}
	e := &r.e
	r.into = []any{
		&e.Ref, &e.UID, &e.Kind, &e.Namespace, &e.Name, &e.ETag, &e.Provider, &e.Location, &e.Origin, &e.Digest,
		&e.Orphan, &e.Revision, &r.updated, &r.status, &r.body, &r.keys,
	}
	return r
}

// row returns what was scanned last.
func (r *entityReader) row() (_ store.EntityRow, err error) {
	r.e.UpdatedAt = moment(r.updated)
	if r.e.Status, err = rows.Unpack(r.status); err != nil {
		return r.e, fmt.Errorf("unpacking status of %q: %w", r.e.Ref, err)
	}
	if r.e.RefreshKeys, err = rows.Strings(r.keys); err != nil {
		return r.e, fmt.Errorf("unpacking refresh keys of %q: %w", r.e.Ref, err)
	}
	if r.e.Body, err = rows.Unpack(r.body); err != nil {
		return r.e, fmt.Errorf("unpacking body of %q: %w", r.e.Ref, err)
	}
	return r.e, nil
}

// LoadRelations implements store.Catalog.
func (s *Store) LoadRelations(ctx context.Context, each func(store.RelationRow) error) error {
	var declarer string
	var packed pgtype.DriverBytes
	return s.each(ctx, "postgres.LoadRelations", "SELECT declared_by, relations FROM catalog_relations", nil,
		[]any{&declarer, &packed}, func() error { return rows.EachRelation(declarer, packed, each) })
}

// LoadReferences implements store.Catalog.
func (s *Store) LoadReferences(ctx context.Context, each func(store.Reference) error) error {
	var source string
	var packed pgtype.DriverBytes
	return s.each(ctx, "postgres.LoadReferences", "SELECT source, targets FROM catalog_references", nil,
		[]any{&source, &packed}, func() error { return rows.EachReference(source, packed, each) })
}

// LoadSources implements store.Catalog.
func (s *Store) LoadSources(ctx context.Context, each func(store.SourceRow) error) error {
	var r store.SourceRow
	var checked, next *time.Time
	return s.each(ctx, "postgres.LoadSources", "SELECT location, etag, digest, error, entities, checked_at, next_at FROM catalog_sources", nil,
		[]any{&r.Location, &r.ETag, &r.Digest, &r.Error, &r.Entities, &checked, &next}, func() error {
			r.CheckedAt, r.NextAt = moment(checked), moment(next)
			return each(r)
		})
}

// CatalogRevision implements store.Catalog.
func (s *Store) CatalogRevision(ctx context.Context) (uint64, error) {
	var revision uint64
	err := s.row(ctx, "postgres.CatalogRevision", []any{&revision}, "SELECT revision FROM catalog_state")
	return revision, err
}

// CatalogChanges implements store.Catalog.
func (s *Store) CatalogChanges(ctx context.Context, after uint64, limit int) ([]store.Change, error) {
	if err := rows.Limit(limit); err != nil {
		return nil, err
	}
	// The page ends where the revision of its limit-th change ends.
	const query = `SELECT revision, ref, deleted, at FROM catalog_changes WHERE revision > $1 AND revision <= coalesce(
		(SELECT revision FROM catalog_changes WHERE revision > $1 ORDER BY revision LIMIT 1 OFFSET $2),
		9223372036854775807) ORDER BY revision, ref`
	var out []store.Change
	var c store.Change
	err := s.each(ctx, "postgres.CatalogChanges", query, []any{int64(min(after, 1<<63-1)), limit - 1},
		[]any{&c.Revision, &c.Ref, &c.Deleted, &c.At}, func() error {
			c.At = c.At.UTC()
			out = append(out, c)
			return nil
		})
	if err != nil {
		return nil, err
	}
	return out, nil
}
