package event_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/event"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/sqlite"
	"github.com/callboard/callboard/host/internal/testpg"
)

// BenchmarkEvent is one of a hundred events that are published together and
// delivered to one subscriber that does nothing.
func BenchmarkEvent(b *testing.B) {
	for _, backend := range []string{"sqlite", "postgres"} {
		b.Run(backend, func(b *testing.B) {
			var db store.Store
			var err error
			if backend == "postgres" {
				db = openPostgres(b, testpg.DSN(b), nil)
			} else if db, err = sqlite.Open(b.Context(), sqlite.Config{Path: b.TempDir() + "/bench.sqlite"}); err != nil {
				b.Fatal(err)
			} else {
				b.Cleanup(func() { _ = db.Close() })
			}
			e := event.New(event.Config{
				Store: db, Owner: "r", Clock: time.Now, Random: func() float64 { return 0 }, Limits: event.Limits{Rate: 1e9, Burst: 1e9, Bytes: 1 << 40},
				Deliver: func(context.Context, string, string, store.Delivery) error { return nil },
			})
			for _, r := range []event.Registration{
				{Installation: "local/pub", Plugin: "pub", Publish: []string{"pub/*"}, Enabled: true},
				{Installation: "local/sub", Plugin: "sub", Subscribe: []string{"pub/*"}, Enabled: true},
			} {
				if err := e.Register(b.Context(), r); err != nil {
					b.Fatal(err)
				}
			}
			p := publication()
			for i := range 100 {
				p.Events = append(p.Events, event.Draft{Topic: "pub/a", Key: fmt.Sprint(i)})
			}
			rounds := 0
			for b.Loop() {
				if _, err := e.Publish(b.Context(), p); err != nil {
					b.Fatal(err)
				}
				if err := e.Step(b.Context()); err != nil {
					b.Fatal(err)
				}
				rounds++
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(rounds*len(p.Events)), "µs/event")
		})
	}
}
