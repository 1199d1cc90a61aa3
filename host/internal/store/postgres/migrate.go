package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/callboard/callboard/host/internal/fault"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	// versions is the table of the migrations that ran.
	versions = "callboard_migrations"
	// migrationLock is the advisory lock that a migrating replica holds.
	migrationLock = 0x63616c6c626f6172 // "callboar"
)

// migrate brings the schema up to this program's, and refuses one that is newer.
func (s *Store) migrate(ctx context.Context, cc *pgx.ConnConfig) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("reading migrations: %w", err)
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockID(migrationLock), lock.WithLockTimeout(1, 600))
	if err != nil {
		return fmt.Errorf("making migration lock: %w", err)
	}
	cc = cc.Copy()
	cc.RuntimeParams["statement_timeout"] = "0" // a migration takes the time it takes
	cc.RuntimeParams["lock_timeout"] = "0"
	db := stdlib.OpenDB(*cc) // opens no connection until it is used
	defer func() { _ = db.Close() }()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithTableName(versions), goose.WithDisableGlobalRegistry(true), goose.WithSessionLocker(locker))
	if err != nil {
		return fmt.Errorf("reading migrations: %w", err)
	}
	sources := provider.ListSources()
	newest := sources[len(sources)-1].Version
	current, err := s.version(ctx)
	if err != nil {
		return fmt.Errorf("reading schema version: %w", err)
	}
	if current < newest {
		if _, err := provider.Up(ctx); err != nil {
			return fmt.Errorf("migrating database: %w", s.classify(ctx, "postgres.Open", err))
		}
		// A newer program may have migrated while this one waited for the lock.
		if current, err = s.version(ctx); err != nil {
			return fmt.Errorf("reading schema version: %w", err)
		}
	}
	if current > newest {
		return fault.New(fault.Unavailable,
			"the database has schema version %d and this program knows up to %d: run the newer program, or restore a backup of before", current, newest)
	}
	return nil
}

// version returns the version of the schema, 0 for an empty database.
func (s *Store) version(ctx context.Context) (int64, error) {
	var v int64
	err := s.pool.QueryRow(ctx, "SELECT coalesce(max(version_id), 0) FROM "+versions+" WHERE is_applied").Scan(&v)
	var theirs *pgconn.PgError
	if errors.As(err, &theirs) && theirs.Code == "42P01" { // undefined_table
		return 0, nil
	}
	return v, s.classify(ctx, "postgres.Open", err)
}
