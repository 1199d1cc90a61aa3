package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

// DeleteLocation implements store.Locations.
func (l *Ledger) DeleteLocation(ctx context.Context, id, subject, plugin string) error {
	absent := fault.New(fault.NotFound, "location %q is absent", id)
	if !known(id) {
		return absent
	}
	return l.write(ctx, "store.DeleteLocation", []string{"subject", subject, "plugin", plugin}, func(tx Tx) error {
		var kind, target, created string
		found, err := one(ctx, tx, "DELETE FROM catalog_locations WHERE id = ?1 RETURNING type, target, created_by", []any{id}, &kind, &target, &created)
		if err != nil {
			return err
		}
		if !found {
			return absent
		}
		if _, err := tx.Exec(ctx, "DELETE FROM catalog_deleted_locations WHERE id = ?1 OR (type = ?2 AND target = ?3)", id, kind, target); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO catalog_deleted_locations (id, type, target, created_by, deleted_at, deleted_by, plugin)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`, id, kind, target, created, l.now(), subject, plugin)
		return err
	})
}

// ListDeletedLocations implements store.Locations.
func (l *Ledger) ListDeletedLocations(ctx context.Context, limit int) ([]store.DeletedLocationRow, error) {
	if err := rows.Limit(limit); err != nil {
		return nil, err
	}
	const query = `SELECT id, type, target, created_by, deleted_at, deleted_by, plugin FROM catalog_deleted_locations d
		WHERE NOT EXISTS (SELECT 1 FROM catalog_locations l WHERE l.type = d.type AND l.target = d.target)
		ORDER BY deleted_at DESC, id LIMIT ?1`
	var out []store.DeletedLocationRow
	err := l.db.Read(ctx, "store.ListDeletedLocations", func(tx Tx) error {
		return tx.Each(ctx, query, []any{limit}, func(scan Scan) error {
			var d store.DeletedLocationRow
			var at int64
			err := scan(&d.ID, &d.Type, &d.Target, &d.CreatedBy, &at, &d.DeletedBy, &d.Plugin)
			d.DeletedAt = moment(at)
			out = append(out, d)
			return err
		})
	})
	return out, err
}

// RestoreLocation implements store.Locations.
func (l *Ledger) RestoreLocation(ctx context.Context, id, subject string) (store.LocationRow, error) {
	absent := fault.New(fault.NotFound, "no removed location has the id %q", id)
	if !known(id) {
		return store.LocationRow{}, absent
	}
	row := store.LocationRow{ID: id, CreatedBy: subject, CreatedAt: rows.Moment(l.clock())}
	err := l.write(ctx, "store.RestoreLocation", []string{"subject", subject}, func(tx Tx) error {
		found, err := one(ctx, tx, "DELETE FROM catalog_deleted_locations WHERE id = ?1 RETURNING type, target", []any{id}, &row.Type, &row.Target)
		if err != nil {
			return err
		}
		if !found {
			return absent
		}
		_, err = tx.Exec(ctx, "INSERT INTO catalog_locations (id, type, target, created_at, created_by) VALUES (?1, ?2, ?3, ?4, ?5)",
			id, row.Type, row.Target, l.db.Stamp(row.CreatedAt), subject)
		return err
	})
	if fault.Is(err, fault.Conflict) {
		err = fault.Wrap(fault.Conflict, err, fmt.Sprintf("location %q is registered again already", row.Type+":"+row.Target))
	}
	if err != nil {
		return store.LocationRow{}, err
	}
	return row, nil
}

// SweepDeletedLocations implements store.Locations.
func (l *Ledger) SweepDeletedLocations(ctx context.Context, before time.Time) (int, error) {
	var n int64
	err := l.write(ctx, "store.SweepDeletedLocations", nil, func(tx Tx) (err error) {
		n, err = tx.Exec(ctx, "DELETE FROM catalog_deleted_locations WHERE deleted_at < ?1", micros(before))
		return err
	})
	return int(n), err
}
