package job_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/job"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/postgres"
	"github.com/callboard/callboard/host/internal/store/sqlite"
	"github.com/callboard/callboard/host/internal/testpg"
)

// replicas opens n carriers on one database; SQLite has one.
func replicas(t *testing.T, backend string, n int) []job.Carrier {
	t.Helper()
	var out []job.Carrier
	switch backend {
	case "local":
		return []job.Carrier{job.NewLocal()}
	case "sqlite":
		db := openSQLite(t, time.Now)
		return []job.Carrier{job.NewRiver(db.JobDriver(), riverConfig(db, "r0"))}
	}
	dsn := testpg.DSN(t)
	for i := range n {
		db := openPostgres(t, dsn, time.Now)
		out = append(out, job.NewRiver(db.JobDriver(), riverConfig(db, fmt.Sprint("r", i))))
	}
	return out
}

func riverConfig(db store.Store, owner string) job.RiverConfig {
	return job.RiverConfig{
		Owner:  owner,
		Lock:   func(ctx context.Context) error { return db.AcquireLease(ctx, "river", owner, time.Minute) },
		Unlock: func(ctx context.Context) error { return db.ReleaseLease(ctx, "river", owner) },
	}
}

func openSQLite(t testing.TB, clock func() time.Time) *sqlite.Store {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Config{Path: t.TempDir() + "/jobs.sqlite", Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func openPostgres(t testing.TB, dsn string, clock func() time.Time) *postgres.Store {
	t.Helper()
	db, err := postgres.Open(t.Context(), postgres.Config{DSN: dsn, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// Each carrier brings every errand, also while the store is written to by others.
func TestCarriersBringEveryErrand(t *testing.T) {
	for _, backend := range []string{"local", "sqlite", "postgres"} {
		t.Run(backend, func(t *testing.T) {
			const errands = 60
			var mu sync.Mutex
			brought := map[string]bool{}
			carriers := replicas(t, backend, 2)
			var starting sync.WaitGroup
			for _, c := range carriers {
				starting.Go(func() { // together: both want to make River's tables
					if err := c.Start(t.Context(), func(_ context.Context, task string) {
						mu.Lock()
						defer mu.Unlock()
						brought[task] = true
					}); err != nil {
						t.Error(err)
					}
				})
				t.Cleanup(func() {
					if err := c.Close(context.Background()); err != nil {
						t.Error(err)
					}
				})
			}
			if starting.Wait(); t.Failed() {
				t.FailNow()
			}
			for i := range errands {
				if err := carriers[i%len(carriers)].Send(t.Context(), fmt.Sprint("task-", i), 1+i%4); err != nil {
					t.Fatal(err)
				}
			}
			until(t, func() bool {
				mu.Lock()
				defer mu.Unlock()
				return len(brought) == errands
			})
		})
	}
}

// until waits for a condition that other goroutines bring about.
func until(t *testing.T, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(2 * time.Minute)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatal("it never came about")
		}
	}
}
