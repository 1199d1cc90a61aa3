package sqlite_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/sqlite"
	"github.com/callboard/callboard/host/internal/store/storetest"
)

func open(t testing.TB, c sqlite.Config) *sqlite.Store {
	t.Helper()
	if c.Path == "" {
		c.Path = filepath.Join(t.TempDir(), "callboard.db")
	}
	s, err := sqlite.Open(t.Context(), c)
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
	return open(t, sqlite.Config{Clock: clock})
}

func TestStore(t *testing.T) { storetest.Run(t, openClock) }

func BenchmarkStore(b *testing.B) { storetest.Bench(b, openClock) }

func BenchmarkStart(b *testing.B) {
	c := sqlite.Config{Path: filepath.Join(b.TempDir(), "callboard.db")}
	storetest.BenchStart(b, func() store.Store { return open(b, c) })
}
