package wasm_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/meter"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
	"github.com/callboard/callboard/sdk/abi"
)

// BenchmarkOvershoot is how long after its deadline each hostile guest ends:
// the median and the worst of the iterations, each of them a fresh instance
// with 50 ms. What runs in a start function is measured from New.
func BenchmarkOvershoot(b *testing.B) {
	for _, burner := range plugintest.Burners() {
		for _, place := range []string{plugintest.BurnsInCall, plugintest.BurnsInStart} {
			b.Run(burner.Name+" "+place, func(b *testing.B) {
				m, err := newLoader(b).Load(b.Context(), plugin.Spec{ID: "burner", Digest: b.Name(), Wasm: burner.Wasm(place)})
				if err != nil {
					b.Fatal(err)
				}
				defer func() { _ = m.Close(context.Background()) }()
				var late []float64
				for range b.N {
					late = append(late, float64(overshoot(b, m).Microseconds())/1000)
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(median(late), "ms-late")
				b.ReportMetric(late[len(late)-1], "ms-worst")
			})
		}
	}
}

func overshoot(b *testing.B, m plugin.Module) time.Duration {
	b.Helper()
	deadline := time.Now().Add(50 * time.Millisecond)
	ctx, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()
	instance, err := m.New(ctx)
	if err == nil {
		deadline = time.Now().Add(50 * time.Millisecond)
		ctx, cancel := context.WithDeadline(context.Background(), deadline)
		defer cancel()
		gate := &plugintest.Gate{}
		door := gate.Open(plugin.CallInfo{})
		defer door.Close()
		_, err = instance.Handle(ctx, abi.OpHTTPHandle, plugintest.Request(""), door)
	}
	if err == nil {
		b.Fatal("it has ended by itself")
	}
	return time.Since(deadline)
}

// BenchmarkCollection is how long runtime.GC takes while both processors
// compute: natively, and inside of guests.
func BenchmarkCollection(b *testing.B) {
	b.Run("native", func(b *testing.B) {
		collect(b, func(ctx context.Context) {
			x := uint32(1)
			for ctx.Err() == nil {
				for range 1 << 16 {
					x ^= x << 13
					x ^= x >> 17
					x ^= x << 5
				}
			}
			runtime.KeepAlive(x)
		})
	})
	for _, name := range []string{"endless loop", "exponential recursion without a loop", "huge memory.copy up"} {
		for _, burner := range plugintest.Burners() {
			if burner.Name != name {
				continue
			}
			b.Run("guest/"+name, func(b *testing.B) {
				m, err := newLoader(b).Load(b.Context(), plugin.Spec{ID: "burner", Digest: b.Name(), Wasm: burner.Wasm(plugintest.BurnsInCall)})
				if err != nil {
					b.Fatal(err)
				}
				defer func() { _ = m.Close(context.Background()) }()
				collect(b, func(ctx context.Context) {
					instance, err := m.New(ctx)
					if err != nil {
						return
					}
					gate := &plugintest.Gate{}
					door := gate.Open(plugin.CallInfo{})
					defer door.Close()
					_, _ = instance.Handle(ctx, abi.OpHTTPHandle, plugintest.Request(""), door)
				})
			})
		}
	}
}

// collect runs the collector while work runs on every processor.
func collect(b *testing.B, work func(context.Context)) {
	b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() { work(ctx) })
	}
	var took []float64
	for range b.N {
		began := time.Now()
		runtime.GC()
		took = append(took, float64(time.Since(began).Microseconds())/1000)
	}
	cancel()
	workers.Wait()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(took), "ms-median")
	b.ReportMetric(took[len(took)-1], "ms-worst")
}

// BenchmarkRewrite is what the pass and the validation before it cost, of the
// core plugins as they are built.
func BenchmarkRewrite(b *testing.B) {
	files, err := filepath.Glob("../../../../plugins/*/dist/plugin.wasm")
	if err != nil || len(files) == 0 {
		b.Skip("no core plugin is built")
	}
	for _, file := range files {
		module, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		name := filepath.Base(filepath.Dir(filepath.Dir(file)))
		b.Run(name+"/validate", func(b *testing.B) {
			b.SetBytes(int64(len(module)))
			for b.Loop() {
				if err := meter.Validate(module); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/rewrite", func(b *testing.B) {
			b.SetBytes(int64(len(module)))
			var m meter.Metered
			for b.Loop() {
				if m, err = meter.Rewrite(module); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(m.Wasm))/float64(len(module))*100-100, "%-larger")
			b.ReportMetric(float64(m.Points), "points")
		})
	}
}
