package wasm_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
)

// load is clients that call a plugin without pause, and what they saw.
type load struct {
	tb      testing.TB
	ended   atomic.Bool
	clients sync.WaitGroup
	began   time.Time
	calls   atomic.Int64

	mu    sync.Mutex
	took  []time.Duration
	lasts time.Duration
}

func startLoad(tb testing.TB, r *plugin.Registry, id plugin.ID, request string, clients int) *load {
	tb.Helper()
	l := &load{tb: tb, began: time.Now()}
	viewer := principal.Guest("user:development/guest")
	for range clients {
		l.clients.Go(func() {
			var took []time.Duration
			for !l.ended.Load() {
				began := time.Now()
				reply, err := r.Call(context.Background(), plugin.Call{Plugin: id, Op: abi.OpHTTPHandle, Authority: viewer, Payload: msgp.Raw(request)})
				if err != nil {
					tb.Errorf("a call of %s: %v", id, err)
					return
				}
				reply.Close()
				took = append(took, time.Since(began))
				l.calls.Add(1)
			}
			l.mu.Lock()
			defer l.mu.Unlock()
			l.took = append(l.took, took...)
		})
	}
	return l
}

// await returns after n more calls.
func (l *load) await(n int64) {
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for until := l.calls.Load() + n; l.calls.Load() < until && !l.tb.Failed(); {
		<-poll.C
	}
}

func (l *load) stop() *load {
	l.lasts = time.Since(l.began)
	l.ended.Store(true)
	l.clients.Wait()
	slices.Sort(l.took)
	return l
}

func (l *load) rate() float64 { return float64(len(l.took)) / l.lasts.Seconds() }

func (l *load) quantile(q float64) time.Duration {
	if len(l.took) == 0 {
		return 0
	}
	return l.took[min(int(q*float64(len(l.took))), len(l.took)-1)]
}

// report adds the figures to a benchmark's line.
func (l *load) report(b *testing.B, prefix string) {
	b.Helper()
	b.ReportMetric(l.rate(), prefix+"calls/s")
	b.ReportMetric(float64(l.quantile(0.5).Microseconds()), prefix+"p50-µs")
	b.ReportMetric(float64(l.quantile(0.99).Microseconds()), prefix+"p99-µs")
	b.ReportMetric(float64(l.quantile(1).Microseconds()), prefix+"max-µs")
}
