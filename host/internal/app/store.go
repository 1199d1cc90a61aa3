package app

import (
	"context"
	"fmt"
	"io"
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

// hostKey returns a secret of 32 bytes that all replicas share and that
// outlives them.
func hostKey(ctx context.Context, db store.Store, name string, random io.Reader) ([]byte, error) {
	fresh := make([]byte, 32)
	if _, err := io.ReadFull(random, fresh); err != nil {
		return nil, fmt.Errorf("making the key %q: %w", name, err)
	}
	key, err := db.HostKey(ctx, name, fresh)
	if err != nil {
		return nil, fmt.Errorf("reading the key %q: %w", name, err)
	}
	return key, nil
}

// replicas is the store as processes share it; nil when one alone may use it.
func replicas(db store.Store) store.Replicas {
	shared, _ := db.(store.Replicas)
	return shared
}
