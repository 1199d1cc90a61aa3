package postgres

import (
	"context"
	"crypto/tls"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/internal/ledger"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

// Config says where the database is and how it is used. What the DSN says
// itself (statement_timeout, application_name, pool_max_conns, …) wins.
type Config struct {
	DSN              string           // URL or key=value form
	Clock            func() time.Time // nil = time.Now
	MaxConns         int32            // 0 = pgx's default, the larger of 4 and the number of CPUs
	StatementTimeout time.Duration    // of one statement, on the server; 0 = 30 s
	LockTimeout      time.Duration    // waiting for another replica's transaction; 0 = 10 s
	TLS              *tls.Config      // replaces what the DSN says of TLS; nil = as the DSN says
	ApplicationName  string           // as pg_stat_activity shows it; "" = "callboard"
}

// Store is a PostgreSQL database that implements store.Store. Any number of
// processes may use one database.
//
// A connection that breaks is Unavailable for the call that had it; the pool
// drops its idle connections then, so that the next call opens a fresh one and
// works as soon as the server does. A full disk is Unavailable, too; nothing
// of the failed transaction stays.
type Store struct {
	pool  *pgxpool.Pool
	clock func() time.Time
	gate  rows.Gate

	*ledger.Ledger
}

var _ store.Store = (*Store)(nil)

// Open connects and migrates the schema; replicas that start together take
// turns. Faults: Invalid (the DSN), Unavailable (the server does not answer or
// refuses us, or the schema is newer than this program).
func Open(ctx context.Context, c Config) (*Store, error) {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	pc, err := poolConfig(c)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, fmt.Errorf("opening PostgreSQL pool: %w", err)
	}
	s := &Store{pool: pool, clock: c.Clock}
	s.Ledger = ledger.New(ledgerDB{s}, c.Clock, " FOR UPDATE SKIP LOCKED")
	if err := s.prepare(ctx, pc.ConnConfig); err != nil {
		pool.Close()
		return nil, err
	}
	return s, nil
}

func poolConfig(c Config) (*pgxpool.Config, error) {
	pc, err := pgxpool.ParseConfig(c.DSN)
	if err != nil { // pgx leaves the password out of its message
		return nil, fault.Wrap(fault.Invalid, err, "the PostgreSQL connection string cannot be read")
	}
	if c.TLS != nil {
		pc.ConnConfig.TLSConfig = named(c.TLS, pc.ConnConfig.Host)
		for _, other := range pc.ConnConfig.Fallbacks {
			other.TLSConfig = named(c.TLS, other.Host)
		}
	}
	if c.MaxConns > 0 {
		pc.MaxConns = c.MaxConns
	}
	if pc.ConnConfig.ConnectTimeout == 0 {
		pc.ConnConfig.ConnectTimeout = 5 * time.Second
	}
	for name, value := range map[string]string{
		"application_name":                    orDefault(c.ApplicationName, "callboard"),
		"statement_timeout":                   millis(c.StatementTimeout, 30*time.Second),
		"lock_timeout":                        millis(c.LockTimeout, 10*time.Second),
		"idle_in_transaction_session_timeout": "60000",
	} {
		if _, said := pc.ConnConfig.RuntimeParams[name]; !said {
			pc.ConnConfig.RuntimeParams[name] = value
		}
	}
	return pc, nil
}

// named returns the configuration for one host, whose certificate must be in
// that host's name.
func named(c *tls.Config, host string) *tls.Config {
	c = c.Clone()
	if c.ServerName == "" {
		c.ServerName = host
	}
	return c
}

func orDefault(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func millis(d, otherwise time.Duration) string {
	if d == 0 {
		d = otherwise
	}
	return strconv.FormatInt(d.Milliseconds(), 10)
}

// prepare checks the database and brings its schema up to this program's.
func (s *Store) prepare(ctx context.Context, cc *pgx.ConnConfig) error {
	var encoding string
	if err := s.pool.QueryRow(ctx, "SHOW server_encoding").Scan(&encoding); err != nil {
		return s.classify(ctx, "postgres.Open", err)
	}
	if encoding != "UTF8" {
		return fault.New(fault.Unavailable, "the PostgreSQL database has encoding %s: create it with ENCODING 'UTF8'", encoding)
	}
	return s.migrate(ctx, cc)
}

// Backend returns "postgres".
func (s *Store) Backend() string { return "postgres" }

// Ping implements store.Store.
func (s *Store) Ping(ctx context.Context) error {
	_, err := s.CatalogRevision(ctx)
	return err
}

// SizeBytes returns the size of the database, other schemas in it included.
func (s *Store) SizeBytes(ctx context.Context) (int64, error) {
	var size int64
	err := s.row(ctx, "postgres.SizeBytes", []any{&size}, "SELECT pg_database_size(current_database())")
	return size, err
}

// Close waits for calls under way and closes the connections.
func (s *Store) Close() error {
	if s.gate.Shut() {
		s.pool.Close()
	}
	return nil
}

// write runs f in a transaction, and commits if f returns nil.
func (s *Store) write(ctx context.Context, op string, f func(pgx.Tx) error) error {
	if err := s.gate.Enter(); err != nil {
		return err
	}
	defer s.gate.Leave()
	return s.classify(ctx, op, pgx.BeginFunc(ctx, s.pool, f))
}

// exec runs one statement and returns how many rows it touched.
func (s *Store) exec(ctx context.Context, op, query string, args ...any) (int64, error) {
	if err := s.gate.Enter(); err != nil {
		return 0, err
	}
	defer s.gate.Leave()
	tag, err := s.pool.Exec(ctx, query, args...)
	return tag.RowsAffected(), s.classify(ctx, op, err)
}

// row scans the one row of a query; no row is pgx.ErrNoRows.
func (s *Store) row(ctx context.Context, op string, into []any, query string, args ...any) error {
	if err := s.gate.Enter(); err != nil {
		return err
	}
	defer s.gate.Leave()
	return s.classify(ctx, op, s.pool.QueryRow(ctx, query, args...).Scan(into...))
}

// each runs a query, scans every row and calls row for it.
func (s *Store) each(ctx context.Context, op, query string, args, into []any, row func() error) error {
	if err := s.gate.Enter(); err != nil {
		return err
	}
	defer s.gate.Leave()
	r, err := s.pool.Query(ctx, query, args...)
	if err != nil {
		return s.classify(ctx, op, err)
	}
	defer r.Close()
	for r.Next() {
		if err := r.Scan(into...); err != nil {
			return s.classify(ctx, op, err)
		}
		if err := row(); err != nil {
			return err // the callee's own, whatever it looks like
		}
	}
	return s.classify(ctx, op, r.Err())
}

// stamp is a time as a column keeps it; the zero time is NULL.
func stamp(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = rows.Moment(t)
	return &t
}

// moment undoes stamp.
func moment(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}
