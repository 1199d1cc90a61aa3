package app

import (
	"context"
	"fmt"
	"time"

	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/postgres"
	"github.com/callboard/callboard/host/internal/store/sqlite"
)

// openStore opens the database that configuration names.
func openStore(ctx context.Context, c *config.Config, now func() time.Time) (store.Store, error) {
	db := c.Backend.Database
	if db.IsPostgres() {
		certificates, err := databaseTLS(db.Connection.SSL)
		if err != nil {
			return nil, err
		}
		s, err := postgres.Open(ctx, postgres.Config{DSN: db.PostgresURL().Reveal(), Clock: now, TLS: certificates})
		if err != nil {
			return nil, fmt.Errorf("opening PostgreSQL: %w", err)
		}
		return s, nil
	}
	s, err := sqlite.Open(ctx, sqlite.Config{Path: db.SQLiteFile(c.DataDir), Clock: now})
	if err != nil {
		return nil, fmt.Errorf("opening SQLite: %w", err)
	}
	return s, nil
}
