//go:build unix

package testpg

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Env names a running server to use: a URL whose role may create databases.
const Env = "CALLBOARD_TEST_PG"

// Run runs a package's tests with a server, and returns the exit code. Call it
// from TestMain:
//
//	func TestMain(m *testing.M) { os.Exit(testpg.Run(m)) }
func Run(m *testing.M) int {
	if os.Getenv(Env) != "" {
		return m.Run()
	}
	bin, err := find()
	if err != nil {
		return m.Run() // DSN says so in each test that needs a server
	}
	dir, err := os.MkdirTemp("", "callboard-pg-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "testpg:", err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	server, err := start(bin, dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testpg:", err)
		return 1
	}
	defer server.Stop()
	if err := os.Setenv(Env, server.URL()); err != nil {
		fmt.Fprintln(os.Stderr, "testpg:", err)
		return 1
	}
	return m.Run()
}

// DSN returns the URL of a fresh, empty database, which is dropped when the
// test ends. Without PostgreSQL the test is skipped, and fails if CI is true.
func DSN(t testing.TB) string {
	t.Helper()
	return create(t, "template0 ENCODING 'UTF8'")
}

// Copy returns the URL of a database that is as another one is now, to which
// nobody may be connected. It is dropped when the test ends.
func Copy(t testing.TB, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatalf("testpg: %s is not a URL: %v", dsn, err)
	}
	return create(t, strings.TrimPrefix(u.Path, "/"))
}

func create(t testing.TB, template string) string {
	t.Helper()
	server := os.Getenv(Env)
	if server == "" {
		if _, err := find(); err != nil {
			absent(t, err)
		}
		t.Fatal("testpg: TestMain must call testpg.Run")
	}
	name := "test_" + strings.ToLower(rand.Text())
	Exec(t, server, "CREATE DATABASE "+name+" TEMPLATE "+template)
	t.Cleanup(func() { Exec(t, server, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("testpg: %s is not a URL: %v", Env, err)
	}
	u.Path = "/" + name
	return u.String()
}

// StartServer returns a server of the test's own, for tests that crash it.
func StartServer(t testing.TB) *Server {
	t.Helper()
	bin, err := find()
	if err != nil {
		absent(t, err)
	}
	dir, err := os.MkdirTemp("", "callboard-pg-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	server, err := start(bin, dir)
	if err != nil {
		t.Fatalf("testpg: %v", err)
	}
	t.Cleanup(server.Stop)
	return server
}

// absent ends a test that needs PostgreSQL where there is none.
func absent(t testing.TB, why error) {
	t.Helper()
	message := fmt.Sprintf("testpg: SKIPPED, no PostgreSQL: %v; run scripts/postgres.sh or set %s", why, Env)
	if os.Getenv("CI") == "true" {
		t.Fatal(message)
	}
	fmt.Fprintln(os.Stderr, message) // go test hides the reason of a skip
	t.Skip(message)
}

// Exec runs a statement on a database.
func Exec(t testing.TB, dsn, statement string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context()) // which is over when Cleanup runs
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatalf("testpg: connecting: %v", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Errorf("testpg: %s: %v", statement, err)
	}
}
