package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/callboard/callboard/host/internal/loadtest"
)

const (
	swapCount   = 100
	swapClients = 4
)

// measureSwap sends requests all the while a plugin's version is replaced a
// hundred times, up and down, and compares with as many requests without.
func measureSwap(ctx context.Context, b *bench) (string, error) {
	module, err := os.ReadFile(b.guest)
	if err != nil {
		return "", err
	}
	loader, err := b.wasmLoader()
	if err != nil {
		return "", err
	}
	s := newStage(loader)
	defer func() { _ = s.Close(context.WithoutCancel(ctx)) }()
	if err := s.Install(ctx, pack("bench", "1.0.0", module)); err != nil {
		return "", err
	}
	if err := s.warm(ctx, "bench"); err != nil {
		return "", err
	}
	// Both versions are compiled before anything is measured.
	for i := range 2 {
		if err := s.Swap(ctx, pack("bench", strconv.Itoa(i+2)+".0.0", distinct(module, i+1))); err != nil {
			return "", err
		}
	}
	var swaps []time.Duration
	during := s.underLoad(ctx, func() error {
		for i := range swapCount {
			began := time.Now()
			if err := s.Swap(ctx, pack("bench", strconv.Itoa(i+4)+".0.0", distinct(module, i%2+1))); err != nil {
				return err
			}
			swaps = append(swaps, time.Since(began))
		}
		return nil
	})
	if during.err != nil {
		return "", during.err
	}
	quiet := s.underLoad(ctx, func() error {
		select {
		case <-time.After(during.took):
		case <-ctx.Done():
		}
		return nil
	})
	if quiet.err != nil {
		return "", quiet.err
	}
	text := row(fmt.Sprintf("%d clients", swapClients), "requests", "failed", "requests a second", "p50, µs", "p99, µs") + rule(6)
	for _, line := range []struct {
		name string
		load loaded
	}{{"nothing else", quiet}, {fmt.Sprintf("%d swaps", swapCount), during}} {
		text += row(line.name, strconv.Itoa(len(line.load.times)), strconv.FormatInt(line.load.failed, 10),
			fmt.Sprintf("%.0f", float64(len(line.load.times))/line.load.took.Seconds()), micros(line.load.quantile(0.5)), micros(line.load.quantile(0.99)))
	}
	slices.Sort(swaps)
	return text + fmt.Sprintf("\nA swap took %.0f ms (median; load from the cache, first instance, health, switch), at most %.0f ms.\n",
		ms(loadtest.Median(swaps)), ms(swaps[len(swaps)-1])), nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// loaded is what clients saw.
type loaded struct {
	times  []time.Duration // of requests that were answered, sorted
	failed int64
	took   time.Duration
	err    error // of what was done meanwhile
}

func (l loaded) quantile(q float64) time.Duration {
	if len(l.times) == 0 {
		return 0
	}
	return l.times[min(int(q*float64(len(l.times))), len(l.times)-1)]
}

func (s *stage) underLoad(ctx context.Context, do func() error) loaded {
	return s.underLoadOf(ctx, swapClients, "echo hello", do)
}

// underLoadOf keeps clients at the plugin while something is done.
func (s *stage) underLoadOf(ctx context.Context, clients int, request string, do func() error) (out loaded) {
	var (
		stop   atomic.Bool
		work   sync.WaitGroup
		mu     sync.Mutex
		failed atomic.Int64
	)
	began := time.Now()
	for range clients {
		work.Go(func() {
			var mine []time.Duration
			for !stop.Load() {
				sent := time.Now()
				if err := s.send(ctx, "bench", request, func([]byte) error { return nil }); err != nil {
					failed.Add(1)
					continue
				}
				mine = append(mine, time.Since(sent))
			}
			mu.Lock()
			defer mu.Unlock()
			out.times = append(out.times, mine...)
		})
	}
	out.err = do()
	stop.Store(true)
	work.Wait()
	out.took, out.failed = time.Since(began), failed.Load()
	slices.Sort(out.times)
	return out
}
