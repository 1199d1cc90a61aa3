package testpg_test

import (
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/callboard/callboard/host/internal/testpg"
)

func TestMain(m *testing.M) { os.Exit(testpg.Run(m)) }

func TestDatabasesAreFreshAndGoWithTheTest(t *testing.T) {
	names := map[string]bool{}
	for range 2 {
		t.Run("a test", func(t *testing.T) {
			conn := connect(t, testpg.DSN(t))
			var name string
			if err := conn.QueryRow(t.Context(), "SELECT current_database()").Scan(&name); err != nil {
				t.Fatal(err)
			}
			if names[name] {
				t.Errorf("database %q again", name)
			}
			names[name] = true
			if _, err := conn.Exec(t.Context(), "CREATE TABLE t ()"); err != nil {
				t.Error(err)
			}
		})
	}
	var left int
	err := connect(t, testpg.DSN(t)).QueryRow(t.Context(), "SELECT count(*) FROM pg_database WHERE datname = ANY ($1)", keys(names)).Scan(&left)
	if err != nil || left != 0 {
		t.Errorf("%d databases are left, error %v", left, err)
	}
}

func TestServerComesBackWithItsDataAfterAKill(t *testing.T) {
	server := testpg.StartServer(t)
	if _, err := connect(t, server.URL()).Exec(t.Context(), "CREATE TABLE t AS SELECT 7 AS n"); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	if conn, err := pgx.Connect(t.Context(), server.URL()); err == nil {
		_ = conn.Close(t.Context())
		t.Error("the killed server answers")
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := connect(t, server.URL()).QueryRow(t.Context(), "SELECT n FROM t").Scan(&n); err != nil || n != 7 {
		t.Errorf("n = %d, error %v", n, err)
	}
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}

func keys(m map[string]bool) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	return out
}
