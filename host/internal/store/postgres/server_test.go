package postgres_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/postgres"
	"github.com/callboard/callboard/host/internal/store/storetest"
	"github.com/callboard/callboard/host/internal/testpg"
)

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}

func run(t *testing.T, conn *pgx.Conn, statement string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// with returns the DSN with a parameter.
func with(t *testing.T, dsn, name, value string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}

func wantFault(t *testing.T, err error, kind fault.Kind, says string) {
	t.Helper()
	if !fault.Is(err, kind) || !strings.Contains(err.Error(), says) {
		t.Fatalf("error is %v (%v), want %v saying %q", err, fault.KindOf(err), kind, says)
	}
}

func batch(names ...string) store.Batch {
	var b store.Batch
	for _, name := range names {
		b.Upsert = append(b.Upsert, storetest.Entity(name))
	}
	return b
}

// holdCatalog takes the lock that every batch takes first, and lets it go when
// the returned function is called.
func holdCatalog(t *testing.T, conn *pgx.Conn) func() {
	t.Helper()
	run(t, conn, "BEGIN")
	run(t, conn, "SELECT FROM catalog_state FOR UPDATE")
	return func() { run(t, conn, "ROLLBACK") }
}

func TestReplicasStartTogether(t *testing.T) {
	dsn := testpg.DSN(t)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			s, err := postgres.Open(t.Context(), postgres.Config{DSN: dsn})
			if err != nil {
				t.Errorf("replica %d: %v", i, err)
				return
			}
			if _, err := s.ApplyCatalog(t.Context(), batch(fmt.Sprint(i))); err != nil {
				t.Errorf("replica %d: %v", i, err)
			}
			if err := s.Close(); err != nil {
				t.Errorf("replica %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	if got := storetest.Load(t, open(t, postgres.Config{DSN: dsn})); len(got.Entities) != 4 {
		t.Errorf("%d entities, want one of each replica", len(got.Entities))
	}
}

func TestOpenRefuses(t *testing.T) {
	dsn := testpg.DSN(t)
	conn := connect(t, dsn)
	newer := testpg.DSN(t)
	if err := open(t, postgres.Config{DSN: newer}).Close(); err != nil {
		t.Fatal(err)
	}
	run(t, connect(t, newer), "INSERT INTO callboard_migrations (version_id, is_applied) VALUES (9000, true)")
	ascii := conn.Config().Database + "_ascii"
	run(t, conn, "CREATE DATABASE "+ascii+" TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'")
	defer run(t, conn, "DROP DATABASE "+ascii+" WITH (FORCE)")
	other := func(database string) string {
		u, err := url.Parse(dsn)
		if err != nil {
			t.Fatal(err)
		}
		u.Path = "/" + database
		return u.String()
	}
	for _, tc := range []struct {
		name, dsn string
		kind      fault.Kind
		says      string
	}{
		{"a newer schema", newer, fault.Unavailable, "schema version 9000"},
		{"an encoding that loses text", other(ascii), fault.Unavailable, "ENCODING 'UTF8'"},
		{"an absent database", other("absent"), fault.Unavailable, ""},
		{"an absent server", "postgres://127.0.0.1:1/x?sslmode=disable", fault.Unavailable, "does not answer"},
		{"nonsense", "postgres://user:secret@host:port/", fault.Invalid, "cannot be read"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := postgres.Open(t.Context(), postgres.Config{DSN: tc.dsn})
			wantFault(t, err, tc.kind, tc.says)
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}

func TestConnectionsSayWhoTheyAre(t *testing.T) {
	dsn := testpg.DSN(t)
	conn := connect(t, dsn)
	for name, tc := range map[string]struct {
		c    postgres.Config
		want string
	}{
		"by default":    {postgres.Config{DSN: dsn}, "callboard"},
		"as configured": {postgres.Config{DSN: dsn, ApplicationName: "callboard-2"}, "callboard-2"},
		"as the DSN":    {postgres.Config{DSN: with(t, dsn, "application_name", "mine"), ApplicationName: "x"}, "mine"},
	} {
		s := open(t, tc.c)
		var n int
		if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()",
			tc.want).Scan(&n); err != nil || n == 0 {
			t.Errorf("%s: %d connections of %q, error %v", name, n, tc.want, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestAConnectionLostInABatch(t *testing.T) {
	dsn := testpg.DSN(t)
	s, conn := open(t, postgres.Config{DSN: dsn}), connect(t, dsn)
	if _, err := s.ApplyCatalog(t.Context(), batch("a")); err != nil {
		t.Fatal(err)
	}
	release := holdCatalog(t, conn)
	failed := make(chan error, 1)
	go func() {
		_, err := s.ApplyCatalog(t.Context(), batch("b"))
		failed <- err
	}()
	killer := connect(t, dsn)
	for killed := false; !killed; { // until the batch waits for the lock
		if err := killer.QueryRow(t.Context(), `SELECT coalesce(bool_or(pg_terminate_backend(pid)), false) FROM pg_stat_activity
			WHERE application_name = 'callboard' AND datname = current_database() AND wait_event_type = 'Lock'`).Scan(&killed); err != nil {
			t.Fatal(err)
		}
	}
	wantFault(t, <-failed, fault.Unavailable, "does not answer")
	release()
	if got := storetest.Load(t, s); len(got.Entities) != 1 {
		t.Errorf("the lost batch left %v", got.Entities)
	}
	if r, err := s.ApplyCatalog(t.Context(), batch("b")); err != nil || r != 2 {
		t.Errorf("the next batch: revision %d, error %v", r, err)
	}
}

func TestAConnectionLostInALoad(t *testing.T) {
	dsn := testpg.DSN(t)
	s, conn := open(t, postgres.Config{DSN: dsn}), connect(t, dsn)
	for _, b := range storetest.BenchBatches()[:5] { // more than the sockets buffer
		if _, err := s.ApplyCatalog(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	calls := 0
	err := s.LoadEntities(t.Context(), func(store.EntityRow) error {
		if calls++; calls == 1 {
			run(t, conn, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
				WHERE application_name = 'callboard' AND datname = current_database()`)
		}
		return nil
	})
	wantFault(t, err, fault.Unavailable, "does not answer")
	if got := storetest.Load(t, s); len(got.Entities) != 5000 {
		t.Errorf("the next load saw %d entities", len(got.Entities))
	}
}

func TestTheServerCrashesAndComesBack(t *testing.T) {
	server := testpg.StartServer(t)
	s := open(t, postgres.Config{DSN: server.URL()})
	var last uint64
	for i := range 5 {
		r, err := s.ApplyCatalog(t.Context(), batch(fmt.Sprint(i)))
		if err != nil {
			t.Fatal(err)
		}
		last = r
	}
	before := storetest.Load(t, s)
	server.Kill()
	_, err := s.ApplyCatalog(t.Context(), batch("during"))
	wantFault(t, err, fault.Unavailable, "does not answer")
	wantFault(t, s.Ping(t.Context()), fault.Unavailable, "does not answer")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	// The first call after the outage works: no stale connection is left.
	if r, err := s.CatalogRevision(t.Context()); err != nil || r != last {
		t.Fatalf("revision is %d, error %v, want %d", r, err, last)
	}
	after := storetest.Load(t, s)
	if len(after.Entities) != 5 || len(before.Entities) != 5 {
		t.Errorf("%d entities came back of %d", len(after.Entities), len(before.Entities))
	}
	if r, err := s.ApplyCatalog(t.Context(), batch("after")); err != nil || r != last+1 {
		t.Errorf("the next batch: revision %d, error %v", r, err)
	}
}

func TestTimeoutsOfTheServer(t *testing.T) {
	dsn := testpg.DSN(t)
	conn := connect(t, dsn)
	for _, tc := range []struct {
		name string
		c    postgres.Config
		kind fault.Kind
		says string
	}{
		{"a lock", postgres.Config{DSN: dsn, LockTimeout: 10 * time.Millisecond}, fault.Unavailable, "another replica"},
		{"a statement", postgres.Config{DSN: dsn, StatementTimeout: 10 * time.Millisecond, LockTimeout: time.Hour}, fault.Timeout, "too long"},
		{"what the DSN says wins", postgres.Config{DSN: with(t, dsn, "lock_timeout", "10ms"), LockTimeout: time.Hour}, fault.Unavailable, "another replica"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			open(t, postgres.Config{DSN: dsn}) // the schema, without the short timeouts
			s := open(t, tc.c)
			release := holdCatalog(t, conn)
			_, err := s.ApplyCatalog(t.Context(), batch("a"))
			wantFault(t, err, tc.kind, tc.says)
			release()
		})
	}
}

func TestAReadOnlyServer(t *testing.T) {
	dsn := testpg.DSN(t)
	open(t, postgres.Config{DSN: dsn})
	s := open(t, postgres.Config{DSN: with(t, dsn, "default_transaction_read_only", "on")}) // as a standby
	_, err := s.ApplyCatalog(t.Context(), batch("a"))
	wantFault(t, err, fault.Unavailable, "read-only")
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("reading: %v", err)
	}
}

func TestTheCalleesErrorIsItsOwn(t *testing.T) {
	s := open(t, postgres.Config{DSN: testpg.DSN(t)})
	if _, err := s.ApplyCatalog(t.Context(), batch("a")); err != nil {
		t.Fatal(err)
	}
	// Not taken for a lost connection of ours, though it looks like one.
	mine := &url.Error{Op: "Get", URL: "https://example.com", Err: errors.New("refused")}
	if err := s.LoadEntities(t.Context(), func(store.EntityRow) error { return mine }); !errors.Is(err, mine) {
		t.Errorf("LoadEntities returned %v", err)
	}
}
