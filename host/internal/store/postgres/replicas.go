package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

var _ store.Replicas = (*Store)(nil)

// channel is what replicas listen to. What happened is read from the tables.
const channel = "callboard_catalog"

const announce = "SELECT pg_notify('" + channel + "', '')"

// CatalogDelta implements store.Replicas.
func (s *Store) CatalogDelta(ctx context.Context, after uint64, limit int) (store.Delta, error) {
	if err := rows.Limit(limit); err != nil {
		return store.Delta{}, err
	}
	if err := s.gate.Enter(); err != nil {
		return store.Delta{}, err
	}
	defer s.gate.Leave()
	var d store.Delta
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		// A failed attempt leaves nothing: the transaction is tried once.
		var newest uint64
		if err := tx.QueryRow(ctx, "SELECT revision FROM catalog_state").Scan(&newest); err != nil {
			return err
		}
		if d.Revision = newest; newest <= after {
			return nil
		}
		return delta(ctx, tx, &d, after, limit)
	})
	return d, s.classify(ctx, "postgres.CatalogDelta", err)
}

// delta reads a page. The page ends where the revision of its limit-th change ends.
func delta(ctx context.Context, tx pgx.Tx, d *store.Delta, after uint64, limit int) error {
	var last *int64
	if err := tx.QueryRow(ctx, "SELECT min(revision) FROM (SELECT revision FROM catalog_changes WHERE revision > $1 ORDER BY revision LIMIT 1 OFFSET $2) page",
		int64(after), limit-1).Scan(&last); err != nil { //nolint:gosec // a revision of this database
		return err
	}
	if last != nil && uint64(*last) < d.Revision { //nolint:gosec // revisions are positive
		d.Revision, d.More = uint64(*last), true
	}
	changed, err := tx.Query(ctx, "SELECT ref, deleted FROM catalog_changes WHERE revision > $1 AND revision <= $2", int64(after), int64(d.Revision)) //nolint:gosec // as above
	if err != nil {
		return err
	}
	var refs []string
	var ref string
	var deleted bool
	if _, err := pgx.ForEachRow(changed, []any{&ref, &deleted}, func() error {
		if deleted {
			d.Deleted = append(d.Deleted, ref)
		} else {
			refs = append(refs, ref)
		}
		return nil
	}); err != nil || len(refs) == 0 {
		return err
	}
	found, err := tx.Query(ctx, selectEntities+" WHERE ref = ANY ($1)", refs)
	if err != nil {
		return err
	}
	if err := scanEntities(found, func(e store.EntityRow) error { d.Entities = append(d.Entities, e); return nil }); err != nil {
		return err
	}
	relations, err := tx.Query(ctx, "SELECT declared_by, relations FROM catalog_relations WHERE declared_by = ANY ($1)", refs)
	if err != nil {
		return err
	}
	var declarer string
	var packed []byte
	_, err = pgx.ForEachRow(relations, []any{&declarer, &packed}, func() error {
		return rows.EachRelation(declarer, packed, func(r store.RelationRow) error {
			d.Relations = append(d.Relations, r)
			return nil
		})
	})
	return err
}

// PutRequest implements store.Replicas.
func (s *Store) PutRequest(ctx context.Context, r store.Request) error {
	if err := rows.Text("id", r.ID); err != nil {
		return err
	}
	return s.write(ctx, "postgres.PutRequest", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "INSERT INTO catalog_requests (id, waits, at, body) VALUES ($1, $2, $3, $4)",
			r.ID, r.Waits, rows.Moment(s.clock()), r.Body); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, announce)
		return err
	})
}

// OpenRequests implements store.Replicas.
func (s *Store) OpenRequests(ctx context.Context) ([]store.Request, error) {
	return s.requests(ctx, "postgres.OpenRequests", "SELECT id, body, waits, answer FROM catalog_requests WHERE answer IS NULL ORDER BY seq")
}

// TakeAnswers implements store.Replicas.
func (s *Store) TakeAnswers(ctx context.Context, ids []string) ([]store.Request, error) {
	return s.requests(ctx, "postgres.TakeAnswers", "DELETE FROM catalog_requests WHERE id = ANY ($1) AND answer IS NOT NULL RETURNING id, body, waits, answer", ids)
}

func (s *Store) requests(ctx context.Context, op, query string, args ...any) ([]store.Request, error) {
	var out []store.Request
	var r store.Request
	err := s.each(ctx, op, query, args, []any{&r.ID, &r.Body, &r.Waits, &r.Answer}, func() error {
		out = append(out, r)
		r.Body, r.Answer = nil, nil
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// AnswerRequest implements store.Replicas.
func (s *Store) AnswerRequest(ctx context.Context, id string, answer []byte) error {
	if answer == nil {
		answer = []byte{}
	}
	return s.write(ctx, "postgres.AnswerRequest", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM catalog_requests WHERE id = $1 AND NOT waits", id); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE catalog_requests SET answer = $2, at = $3 WHERE id = $1", id, answer, rows.Moment(s.clock())); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, announce)
		return err
	})
}

// DropAnswers implements store.Replicas.
func (s *Store) DropAnswers(ctx context.Context, before time.Time) error {
	_, err := s.exec(ctx, "postgres.DropAnswers", "DELETE FROM catalog_requests WHERE answer IS NOT NULL AND at < $1", rows.Moment(before))
	return err
}

// SaveReport implements store.Replicas.
func (s *Store) SaveReport(ctx context.Context, epoch uint64, report []byte) error {
	n, err := s.exec(ctx, "postgres.SaveReport", "UPDATE catalog_leader SET report = $2 WHERE epoch = $1", int64(epoch), rows.Pack(report)) //nolint:gosec // counted from 0
	if err == nil && n == 0 {
		return store.ErrFenced
	}
	return err
}

// LoadReport implements store.Replicas.
func (s *Store) LoadReport(ctx context.Context) ([]byte, error) {
	var packed []byte
	if err := s.row(ctx, "postgres.LoadReport", []any{&packed}, "SELECT report FROM catalog_leader"); err != nil || packed == nil {
		return nil, err
	}
	report, err := rows.Unpack(packed)
	if err != nil {
		return nil, fmt.Errorf("unpacking the report: %w", err)
	}
	return report, nil
}

// HostKey implements store.Keys.
func (s *Store) HostKey(ctx context.Context, name string, fresh []byte) ([]byte, error) {
	var key []byte
	err := s.row(ctx, "postgres.HostKey", []any{&key},
		"INSERT INTO host_keys AS k (name, key) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET key = k.key RETURNING key", name, fresh)
	return key, err
}
