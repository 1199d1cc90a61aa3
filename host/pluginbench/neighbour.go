package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/callboard/callboard/host/internal/loadtest"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/sdk/abi"
)

// measureNeighbour compares a plugin of short calls alone and beside one that
// computes without end on all of its instances. Both halves of a round see the
// same machine.
func measureNeighbour(ctx context.Context, b *bench) (string, error) {
	module, err := os.ReadFile(b.guest)
	if err != nil {
		return "", err
	}
	text := row("what the neighbour does", "clients of the other plugin", "its rate alone", "its rate kept", "its p99 alone, µs", "its p99, times that alone") + rule(6)
	for _, tc := range []struct {
		name    string
		clients int
		request string
		limits  plugin.Limits
	}{
		{"computes without end, 8 clients", 8, "spin 1000000000000", plugin.Limits{}},
		{"computes without end, 8 clients", 1, "spin 1000000000000", plugin.Limits{}},
		{"computes without end, 8 clients, `cpuPercent: 5`", 8, "spin 1000000000000", plugin.Limits{CPU: 0.05}},
		{"calls of 12 ms, 8 clients", 8, "spin 6000000", plugin.Limits{}},
	} {
		line, err := b.neighbour(ctx, module, tc.clients, tc.request, tc.limits)
		if err != nil {
			return "", err
		}
		text += row(append([]string{tc.name, fmt.Sprint(tc.clients)}, line...)...)
	}
	return text, nil
}

func (b *bench) neighbour(ctx context.Context, module []byte, clients int, request string, limits plugin.Limits) ([]string, error) {
	loader, err := b.wasmLoader()
	if err != nil {
		return nil, err
	}
	s := newStage(loader)
	defer func() { _ = s.Close(context.WithoutCancel(ctx)) }()
	other, burner := pack("bench", "1.0.0", module), pack("burner", "1.0.0", module)
	limits.Deadline = map[abi.Op]time.Duration{abi.OpHTTPHandle: 5 * time.Second}
	burner.Limits = limits
	for _, p := range []plugin.Package{other, burner} {
		if err := s.Install(ctx, p); err != nil {
			return nil, err
		}
		if err := s.warm(ctx, string(p.ID)); err != nil {
			return nil, err
		}
	}
	phase := func() loaded {
		return s.underLoadOf(ctx, clients, "json 1", func() error { return sleep(ctx, b.each) })
	}
	var rates, kept, p99s, slower []float64
	for range max(b.rounds, 9) {
		alone := phase()
		stop := s.burn(ctx, request)
		if err := sleep(ctx, b.each/2); err != nil {
			return nil, err
		}
		beside := phase()
		stop()
		if err := errors.Join(alone.err, beside.err); err != nil {
			return nil, err
		}
		if alone.failed+beside.failed > 0 {
			return nil, fmt.Errorf("%d calls of the other plugin failed", alone.failed+beside.failed)
		}
		rate := func(l loaded) float64 { return float64(len(l.times)) / l.took.Seconds() }
		rates, kept = append(rates, rate(alone)), append(kept, rate(beside)/rate(alone))
		p99s = append(p99s, float64(alone.quantile(0.99)))
		slower = append(slower, float64(beside.quantile(0.99))/float64(alone.quantile(0.99)))
	}
	return []string{
		fmt.Sprintf("%.0f", loadtest.Median(rates)), fmt.Sprintf("%.0f %%", 100*loadtest.Median(kept)),
		micros(time.Duration(loadtest.Median(p99s))), fmt.Sprintf("%.1f×", loadtest.Median(slower)),
	}, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// burn keeps eight clients at the burner until stopped.
func (s *stage) burn(ctx context.Context, request string) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var burners sync.WaitGroup
	for range 8 {
		burners.Go(func() {
			for ctx.Err() == nil {
				err := s.send(ctx, "burner", request, func([]byte) error { return nil })
				var busy *plugin.Busy
				if errors.As(err, &busy) { // a client that does as it is told
					_ = sleep(ctx, min(busy.RetryAfter(), 50*time.Millisecond))
				}
			}
		})
	}
	return func() { cancel(); burners.Wait() }
}
