package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

func storeCases() []testCase {
	return []testCase{
		{"it answers and has a size", func(t *testing.T, s store.Store, _ *Clock) {
			if err := s.Ping(t.Context()); err != nil {
				t.Errorf("Ping: %v", err)
			}
			if n := must[int64](t)(s.SizeBytes(t.Context())); n < 8192 {
				t.Errorf("SizeBytes = %d", n)
			}
			if b := s.Backend(); b != "sqlite" && b != "postgres" {
				t.Errorf("Backend = %q", b)
			}
		}},
		{"a cancelled call writes nothing and says so", func(t *testing.T, s store.Store, _ *Clock) {
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(errors.New("the client left"))
			_, err := s.ApplyCatalog(ctx, store.Batch{Upsert: []store.EntityRow{Entity("a")}})
			wantFault(t, err, fault.Unavailable)
			_, err = s.KVApply(ctx, "p", noQuota, []store.KVWrite{put("k", "v")})
			wantFault(t, err, fault.Unavailable)
			if got := Load(t, s); len(got.Entities) != 0 || len(scan(t, s, "", "", 1)) != 0 {
				t.Errorf("it wrote %v", got)
			}
		}},
		{"a passed deadline is a timeout", func(t *testing.T, s store.Store, clock *Clock) {
			ctx, cancel := context.WithDeadline(t.Context(), clock.Now().AddDate(-20, 0, 0))
			defer cancel()
			_, err := s.ApplyCatalog(ctx, store.Batch{Upsert: []store.EntityRow{Entity("a")}})
			wantFault(t, err, fault.Timeout)
			_, err = s.CatalogRevision(ctx)
			wantFault(t, err, fault.Timeout)
		}},
		{"cancelling in the middle of a load ends it", func(t *testing.T, s store.Store, _ *Clock) {
			apply(t, s, store.Batch{Upsert: entities("e", 100)})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			err := s.LoadEntities(ctx, func(store.EntityRow) error {
				cancel()
				return ctx.Err()
			})
			wantFault(t, err, fault.Unavailable)
			if got := Load(t, s); len(got.Entities) != 100 {
				t.Errorf("%d entities after the cancelled load", len(got.Entities))
			}
		}},
		{"a closed store is unavailable", func(t *testing.T, s store.Store, _ *Clock) {
			for range 2 {
				if err := s.Close(); err != nil {
					t.Fatalf("Close: %v", err)
				}
			}
			_, err := s.ApplyCatalog(t.Context(), store.Batch{Upsert: []store.EntityRow{Entity("a")}})
			wantFault(t, err, fault.Unavailable)
			wantFault(t, s.Ping(t.Context()), fault.Unavailable)
			wantFault(t, s.LoadEntities(t.Context(), func(store.EntityRow) error { return nil }), fault.Unavailable)
			_, err = s.SizeBytes(t.Context())
			wantFault(t, err, fault.Unavailable)
		}},
		{"closing waits for calls under way", func(t *testing.T, s store.Store, _ *Clock) {
			apply(t, s, store.Batch{Upsert: entities("e", 50)})
			started, closing := make(chan struct{}), make(chan struct{})
			loaded := make(chan int, 1)
			go func() {
				n := 0
				err := s.LoadEntities(t.Context(), func(store.EntityRow) error {
					if n == 0 {
						close(started)
						<-closing
					}
					n++
					return nil
				})
				if err != nil {
					t.Errorf("the load that Close should wait for: %v", err)
				}
				loaded <- n
			}()
			<-started
			closed := make(chan error, 1)
			go func() { closed <- s.Close() }()
			for s.Ping(t.Context()) == nil { // until Close has begun
			}
			select {
			case err := <-closed:
				t.Error("Close returned in the middle of a load", err)
			default:
			}
			close(closing)
			if err := <-closed; err != nil {
				t.Errorf("Close: %v", err)
			}
			if n := <-loaded; n != 50 {
				t.Errorf("the load saw %d of 50 entities", n)
			}
		}},
	}
}
