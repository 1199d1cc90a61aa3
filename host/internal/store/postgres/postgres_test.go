package postgres_test

import (
	"os"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/postgres"
	"github.com/callboard/callboard/host/internal/store/storetest"
	"github.com/callboard/callboard/host/internal/testpg"
)

func TestMain(m *testing.M) { os.Exit(testpg.Run(m)) }

func open(t testing.TB, c postgres.Config) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), c)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

func openClock(t testing.TB, clock func() time.Time) store.Store {
	return open(t, postgres.Config{DSN: testpg.DSN(t), Clock: clock})
}

func TestStore(t *testing.T) {
	migrated := testpg.DSN(t)
	s, err := postgres.Open(t.Context(), postgres.Config{DSN: migrated})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	storetest.Run(t, func(t testing.TB, clock func() time.Time) store.Store {
		return open(t, postgres.Config{DSN: testpg.Copy(t, migrated), Clock: clock})
	})
}

func BenchmarkStore(b *testing.B) { storetest.Bench(b, openClock) }

func BenchmarkStart(b *testing.B) {
	c := postgres.Config{DSN: testpg.DSN(b)}
	storetest.BenchStart(b, func() store.Store { return open(b, c) })
}
