package wasm_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
)

// BenchmarkNoisyNeighbour measures what one plugin at full burn, on all its
// instances, costs another one that answers short calls. One iteration is half
// a second of the other one alone and half a second beside the burner, so that
// both see the same machine; the figures are medians of the iterations.
// "kept" is the share of its rate that the other one keeps, "p99x" how many
// times its p99 alone its p99 is.
func BenchmarkNoisyNeighbour(b *testing.B) {
	for _, tc := range []struct {
		name    string
		clients int // of the victim
		request string
		limits  plugin.Limits
	}{
		{"endless/busy", 8, "spin", plugin.Limits{}},
		{"endless/quiet", 1, "spin", plugin.Limits{}},
		{"endless/limited", 8, "spin", plugin.Limits{CPU: 0.05}},
		{"short/busy", 8, "work 2000000", plugin.Limits{}},
		{"short/limited", 8, "work 2000000", plugin.Limits{CPU: 0.05}},
	} {
		b.Run(tc.name, func(b *testing.B) {
			st := plugintest.NewStage(b, newLoader(b))
			guest := plugintest.Versioned(b, "1")
			st.Install(b, "victim", guest, plugin.Limits{Deadline: map[abi.Op]time.Duration{abi.OpHTTPHandle: time.Minute}})
			tc.limits.Deadline = map[abi.Op]time.Duration{abi.OpHTTPHandle: 5 * time.Second}
			st.Install(b, "burner", guest, tc.limits)
			st.Warm(b, "victim", "")
			st.Warm(b, "burner", "")
			phase := func() *load {
				l := startLoad(b, st.Registry, "victim", "work 20000", tc.clients)
				pause(500 * time.Millisecond)
				return l.stop()
			}
			var kept, slower, rates, p99s, done []float64
			for b.Loop() {
				alone := phase()
				stop := burn(st.Registry, tc.request, 8)
				pause(200 * time.Millisecond)
				beside := phase()
				done = append(done, float64(stop())/0.7)
				kept = append(kept, beside.rate()/alone.rate()*100)
				slower = append(slower, float64(beside.quantile(0.99))/float64(alone.quantile(0.99)))
				rates, p99s = append(rates, alone.rate()), append(p99s, float64(alone.quantile(0.99).Microseconds()))
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median(rates), "alone/s")
			b.ReportMetric(median(p99s), "alone-p99-µs")
			b.ReportMetric(median(done), "burner/s")
			b.ReportMetric(median(kept), "kept-%")
			b.ReportMetric(median(slower), "p99x")
		})
	}
}

func pause(d time.Duration) { <-time.After(d) }

func median[T cmp.Ordered](all []T) T {
	slices.Sort(all)
	return all[len(all)/2]
}

// burn calls the burner from so many clients until stopped.
func burn(r *plugin.Registry, request string, clients int) (stop func() (calls int64)) {
	ctx, cancel := context.WithCancel(context.Background())
	var ended atomic.Bool
	var calls atomic.Int64
	var burners sync.WaitGroup
	for range clients {
		burners.Go(func() {
			for !ended.Load() {
				reply, err := r.Call(ctx, plugin.Call{
					Plugin: "burner", Op: abi.OpHTTPHandle, Authority: principal.Guest("user:development/guest"), Payload: msgp.Raw(request),
				})
				var busy *plugin.Busy
				switch {
				case err == nil:
					reply.Close()
					calls.Add(1)
				case errors.As(err, &busy): // a client that does as it is told
					pause(min(busy.RetryAfter(), 50*time.Millisecond))
				}
			}
		})
	}
	return func() int64 {
		ended.Store(true)
		cancel()
		burners.Wait()
		return calls.Load()
	}
}
