package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"github.com/callboard/callboard/host/internal/fault"
)

//go:embed migrations/*.sql
var migrations embed.FS

// versions is the table of the migrations that ran.
const versions = "callboard_migrations"

// migrate brings the schema up to this program's, and refuses one that is newer.
func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("reading migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files,
		goose.WithTableName(versions), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("reading migrations: %w", err)
	}
	sources := provider.ListSources()
	newest := sources[len(sources)-1].Version
	current, err := version(ctx, db)
	switch {
	case err != nil:
		return fmt.Errorf("reading schema version: %w", classify(ctx, "sqlite.Open", err))
	case current > newest:
		return fault.New(fault.Unavailable,
			"the database has schema version %d and this program knows up to %d: run the newer program, or restore a backup of before", current, newest)
	case current == newest:
		return nil
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrating database: %w", classify(ctx, "sqlite.Open", err))
	}
	return nil
}

// version returns the version of the schema, 0 for an empty database.
func version(ctx context.Context, db *sql.DB) (int64, error) {
	var present int
	err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?", versions).Scan(&present)
	if err != nil || present == 0 {
		return 0, err
	}
	var v sql.NullInt64
	err = db.QueryRowContext(ctx, "SELECT max(version_id) FROM "+versions+" WHERE is_applied").Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return v.Int64, err
}
