package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

// AddLocation implements store.Locations.
func (s *Store) AddLocation(ctx context.Context, l store.LocationRow) error {
	if err := rows.Text("id", l.ID, "type", l.Type, "target", l.Target, "subject", l.CreatedBy); err != nil {
		return err
	}
	err := s.write(ctx, "sqlite.AddLocation", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO catalog_locations (id, type, target, created_at, created_by) VALUES (?, ?, ?, ?, ?)",
			l.ID, l.Type, l.Target, micros(l.CreatedAt), l.CreatedBy)
		return err
	})
	if fault.Is(err, fault.Conflict) {
		return fault.Wrap(fault.Conflict, err, fmt.Sprintf("location %q exists already", l.Type+":"+l.Target))
	}
	return err
}

// ListLocations implements store.Locations.
func (s *Store) ListLocations(ctx context.Context) ([]store.LocationRow, error) {
	var out []store.LocationRow
	const query = "SELECT id, type, target, created_at, created_by FROM catalog_locations ORDER BY created_at, id"
	err := s.each(ctx, "sqlite.ListLocations", query, nil, func(r *sql.Rows) error {
		var l store.LocationRow
		var created sql.NullInt64
		err := r.Scan(&l.ID, &l.Type, &l.Target, &created, &l.CreatedBy)
		l.CreatedAt = moment(created)
		out = append(out, l)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
