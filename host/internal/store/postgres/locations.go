package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

// AddLocation implements store.Locations.
func (s *Store) AddLocation(ctx context.Context, l store.LocationRow) error {
	if err := rows.Text("id", l.ID, "type", l.Type, "target", l.Target, "subject", l.CreatedBy); err != nil {
		return err
	}
	_, err := s.exec(ctx, "postgres.AddLocation",
		"INSERT INTO catalog_locations (id, type, target, created_at, created_by) VALUES ($1, $2, $3, $4, $5)",
		l.ID, l.Type, l.Target, stamp(l.CreatedAt), l.CreatedBy)
	if fault.Is(err, fault.Conflict) {
		return fault.Wrap(fault.Conflict, err, fmt.Sprintf("location %q exists already", l.Type+":"+l.Target))
	}
	return err
}

// ListLocations implements store.Locations.
func (s *Store) ListLocations(ctx context.Context) ([]store.LocationRow, error) {
	var out []store.LocationRow
	var l store.LocationRow
	var created *time.Time
	err := s.each(ctx, "postgres.ListLocations",
		"SELECT id, type, target, created_at, created_by FROM catalog_locations ORDER BY created_at NULLS FIRST, id", nil,
		[]any{&l.ID, &l.Type, &l.Target, &created, &l.CreatedBy}, func() error {
			l.CreatedAt = moment(created)
			out = append(out, l)
			return nil
		})
	if err != nil {
		return nil, err
	}
	return out, nil
}
