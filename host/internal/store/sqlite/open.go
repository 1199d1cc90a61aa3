package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"modernc.org/sqlite"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/internal/ledger"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

// Config says where the database is and how it behaves.
type Config struct {
	Path        string           // of the database file; its folder is made with mode 0700 if absent
	Clock       func() time.Time // nil = time.Now
	BusyTimeout time.Duration    // how long to wait for another process's lock; 0 = 5 s
	Readers     int              // connections that read at once; 0 = 4
	MaxBytes    int64            // the file never grows beyond; 0 = no bound
}

// Store is a SQLite database that implements store.Store.
//
// One connection writes and the others read, so a write never meets SQLITE_BUSY
// from within the process and queues fairly in database/sql instead.
//
// The journal is a WAL with synchronous=NORMAL: a commit survives the end of
// the process, however it ends. Losing power may lose the last commits, but not
// the database; what the catalog loses is ingested again, and what a plugin
// or a session loses are the last seconds. FULL costs an fsync per commit.
//
// On a full disk a write is Unavailable and leaves nothing behind; reads go on.
type Store struct {
	path   string
	clock  func() time.Time
	writer *sql.DB
	reader *sql.DB
	gate   rows.Gate

	*ledger.Ledger
}

var _ store.Store = (*Store)(nil)

// pageSize holds about five compressed entities; SQLite's default of 4096
// holds two and wastes a quarter.
const pageSize = 8192

// Open opens the database, makes it if absent with mode 0600, and migrates it.
// Faults: Invalid (the path), Unavailable (it cannot be opened, or its schema
// is newer than this program).
func Open(ctx context.Context, c Config) (*Store, error) {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.BusyTimeout == 0 {
		c.BusyTimeout = 5 * time.Second
	}
	if c.Readers == 0 {
		c.Readers = 4
	}
	path, err := makeFile(c.Path)
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, clock: c.Clock}
	s.Ledger = ledger.New(ledgerDB{s}, c.Clock, "") // one writes at a time
	pragmas := []string{
		fmt.Sprintf("busy_timeout(%d)", c.BusyTimeout.Milliseconds()),
		fmt.Sprintf("page_size(%d)", pageSize),
		"journal_mode(WAL)",
		"synchronous(NORMAL)",
		"journal_size_limit(8388608)",
		"temp_store(MEMORY)",
	}
	if c.MaxBytes > 0 {
		pragmas = append(pragmas, fmt.Sprintf("max_page_count(%d)", max(c.MaxBytes/pageSize, 1)))
	}
	if s.writer, err = connect(path, 1, append(pragmas, "cache_size(-8192)")); err != nil {
		return nil, err
	}
	if err := migrate(ctx, s.writer); err != nil {
		return nil, errors.Join(err, s.writer.Close())
	}
	if s.reader, err = connect(path, c.Readers, []string{pragmas[0], "query_only(1)", "temp_store(MEMORY)", "cache_size(-2048)"}); err != nil {
		return nil, errors.Join(err, s.writer.Close())
	}
	return s, nil
}

// makeFile creates the file before SQLite does, so that at no moment others
// may read it; the journal takes over the file's mode.
func makeFile(path string) (string, error) {
	if path == "" {
		return "", fault.New(fault.Invalid, "the path of the SQLite database is empty")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("resolving database path: %w", err)
	}
	cannot := func(err error) error {
		return fault.Wrap(fault.Unavailable, err, "the SQLite database "+strconv.Quote(path)+" cannot be opened")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", cannot(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", cannot(err)
	}
	defer func() { _ = f.Close() }() // nothing was written to it
	if err := f.Chmod(0o600); err != nil {
		return "", cannot(err)
	}
	return path, nil
}

func connect(path string, conns int, pragmas []string) (*sql.DB, error) {
	query := url.Values{"_txlock": {"immediate"}, "_pragma": pragmas}
	dsn := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: query.Encode()}
	connector, err := sqlite.NewConnector(dsn.String())
	if err != nil {
		return nil, fmt.Errorf("building SQLite connector: %w", err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

// Backend returns "sqlite".
func (s *Store) Backend() string { return "sqlite" }

// Ping reads one row, for SQLite's own ping does not touch the file.
func (s *Store) Ping(ctx context.Context) error {
	_, err := s.CatalogRevision(ctx)
	return err
}

// SizeBytes returns the size of the file and its write-ahead log.
func (s *Store) SizeBytes(context.Context) (int64, error) {
	if err := s.gate.Enter(); err != nil {
		return 0, err
	}
	defer s.gate.Leave()
	var size int64
	for _, path := range []string{s.path, s.path + "-wal"} {
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return 0, fault.Wrap(fault.Unavailable, err, "the database file cannot be read")
		default:
			size += info.Size()
		}
	}
	return size, nil
}

// Close waits for calls under way, folds the log into the file and closes it.
func (s *Store) Close() error {
	if !s.gate.Shut() {
		return nil
	}
	// SQLite folds the log into the file when the last connection closes; the
	// writer must be that one, for readers may not write.
	return errors.Join(s.reader.Close(), s.writer.Close())
}

// write runs f in the one write transaction, and commits if f returns nil.
func (s *Store) write(ctx context.Context, op string, f func(*sql.Tx) error) error {
	if err := s.gate.Enter(); err != nil {
		return err
	}
	defer s.gate.Leave()
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return classify(ctx, op, err)
	}
	defer func() { _ = tx.Rollback() }() // no effect after Commit
	if err := f(tx); err != nil {
		return classify(ctx, op, err)
	}
	return classify(ctx, op, tx.Commit())
}

// read runs f with the pool of readers.
func (s *Store) read(ctx context.Context, op string, f func(*sql.DB) error) error {
	if err := s.gate.Enter(); err != nil {
		return err
	}
	defer s.gate.Leave()
	return classify(ctx, op, f(s.reader))
}

// micros is a time as a column keeps it; the zero time is NULL.
func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// moment undoes micros.
func moment(v sql.NullInt64) time.Time {
	if !v.Valid {
		return time.Time{}
	}
	return time.UnixMicro(v.Int64).UTC()
}
