package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

const (
	putRevision = "INSERT INTO catalog_revisions (revision, at, first, causes) VALUES (?, ?, ?, ?)"
	putHistory  = "INSERT INTO catalog_history (id, revision, action, cause, ref, uid, owner, delta) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)

// compare returns what the batch writes into the history. It reads what is
// there before the batch.
func (a *applier) compare(record *store.Record) ([]store.HistoryRow, error) {
	if record == nil {
		return nil, nil
	}
	out := slices.Clone(record.Rows)
	if len(record.Refs) == 0 {
		return out, nil
	}
	find, err := a.tx.PrepareContext(a.ctx, selectEntities+" WHERE ref = ?")
	if err != nil {
		return nil, err
	}
	for _, ref := range record.Refs {
		before, err := a.before(find, ref)
		if err != nil {
			return nil, err
		}
		if row, changed := record.Compare(ref, before); changed {
			out = append(out, row)
		}
	}
	return out, nil
}

// before returns an entity as it is stored, nil when it is absent.
func (a *applier) before(find *sql.Stmt, ref string) (_ *store.EntityRow, err error) {
	found, err := find.QueryContext(a.ctx, ref)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	if !found.Next() {
		return nil, found.Err()
	}
	e, err := scanEntity(found)
	return &e, err
}

// record writes the history of the batch.
func (a *applier) record(list []store.HistoryRow) error {
	if len(list) == 0 {
		return nil
	}
	h, err := rows.RecordHistory(list)
	if err != nil {
		return err
	}
	var last int64
	if err := a.tx.QueryRowContext(a.ctx, "UPDATE catalog_history_state SET last = last + ? RETURNING last", len(h.Rows)).Scan(&last); err != nil {
		return fmt.Errorf("numbering changes: %w", err)
	}
	first := last - int64(len(h.Rows)) + 1
	if err := a.exec(putRevision, a.revision, a.at, first, h.Packed); err != nil {
		return err
	}
	for i := range h.Rows {
		r := &h.Rows[i]
		if err := a.exec(putHistory, first+int64(i), a.revision, h.Actions[i], h.Causes[i], r.Ref, r.UID, r.Owner, rows.Pack(r.Delta)); err != nil {
			return err
		}
	}
	return nil
}
