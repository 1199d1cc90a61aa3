package job_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/job"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/testpg"
)

// BenchmarkTask is one task from its order to its end, and begins the next
// one then: what a chain of tasks waits for the host.
func BenchmarkTask(b *testing.B) {
	for _, backend := range []string{"sqlite", "postgres"} {
		b.Run(backend, func(b *testing.B) {
			var db store.Store
			var carrier job.Carrier
			if backend == "sqlite" {
				s := openSQLite(b, time.Now)
				db, carrier = s, job.NewRiver(s.JobDriver(), riverConfig(s, "r"))
			} else {
				s := openPostgres(b, testpg.DSN(b), time.Now)
				db, carrier = s, job.NewRiver(s.JobDriver(), riverConfig(s, "r"))
			}
			ended := make(chan struct{})
			var mu sync.Mutex
			n := 0
			tasks := job.NewTasks(job.TaskConfig{
				Store: db, Carrier: carrier, Owner: "r", Clock: time.Now, Random: func() float64 { return 0 },
				ID: func() string { mu.Lock(); defer mu.Unlock(); n++; return fmt.Sprint("t", n) },
				Authorize: func(context.Context, string, job.Requester) (principal.Authority, bool, error) {
					return principal.Authority{}, true, nil
				},
				Run: func(context.Context, *job.Attempt, principal.Authority, bool) ([]byte, error) {
					ended <- struct{}{}
					return nil, nil
				},
			})
			if err := tasks.Start(b.Context()); err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = tasks.Close(context.Background()) })
			for b.Loop() {
				if _, _, err := tasks.Enqueue(b.Context(), job.Order{Installation: "local/p", Plugin: "p", Requester: ada(), Queue: "q", Name: "build"}); err != nil {
					b.Fatal(err)
				}
				<-ended
			}
		})
	}
}
