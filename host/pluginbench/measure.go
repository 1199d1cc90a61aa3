package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/callboard/callboard/host/internal/loadtest"
)

// subject is one way of calling a plugin.
type subject struct {
	name string
	// caller returns a function for one goroutine that sends content and gets
	// it back; close frees what it holds.
	caller func(ctx context.Context) (call func(content []byte) error, close func(), err error)
	// roundTrip is as caller for a call whose guest asks the host once and
	// answers what the host said; nil where there is no such thing.
	roundTrip func(ctx context.Context) (call func(content []byte) error, close func(), err error)
	close     func()
}

// rate calls in goroutines for a while and returns the wall time of one call.
func rate(ctx context.Context, length time.Duration, goroutines int, content []byte, open func(context.Context) (func([]byte) error, func(), error)) (time.Duration, error) {
	var (
		work  sync.WaitGroup
		count atomic.Int64
		first atomic.Pointer[error]
	)
	calls := make([]func([]byte) error, goroutines)
	for i := range calls {
		call, done, err := open(ctx)
		if err != nil {
			return 0, err
		}
		defer done()
		for range 3 { // warm
			if err := call(content); err != nil {
				return 0, err
			}
		}
		calls[i] = call
	}
	began := time.Now()
	for _, call := range calls {
		work.Go(func() {
			n := int64(0)
			for time.Since(began) < length {
				if err := call(content); err != nil {
					first.Store(&err)
					return
				}
				n++
			}
			count.Add(n)
		})
	}
	work.Wait()
	if err := first.Load(); err != nil {
		return 0, *err
	}
	return time.Since(began) / time.Duration(max(count.Load(), 1)), nil
}

// median measures every cell of a table in rounds, so that what disturbs the
// machine for a while disturbs all of them, and returns the medians.
func median(rounds int, cells []func() (time.Duration, error)) ([]time.Duration, error) {
	all := make([][]time.Duration, len(cells))
	for range rounds {
		for i, cell := range cells {
			if cell == nil {
				continue
			}
			d, err := cell()
			if err != nil {
				return nil, err
			}
			all[i] = append(all[i], d)
		}
	}
	out := make([]time.Duration, len(cells))
	for i, values := range all {
		out[i] = medianOf(values)
	}
	return out, nil
}

func medianOf(all []time.Duration) time.Duration { return loadtest.Median(all) }

// micros writes a duration in microseconds with three digits that count.
func micros(d time.Duration) string {
	us := float64(d.Nanoseconds()) / 1000
	switch {
	case d == 0:
		return "–"
	case us < 10:
		return fmt.Sprintf("%.2f", us)
	case us < 100:
		return fmt.Sprintf("%.1f", us)
	}
	return fmt.Sprintf("%.0f", us)
}

func row(cells ...string) string { return "| " + strings.Join(cells, " | ") + " |\n" }

func rule(n int) string { return "|" + strings.Repeat(" --- |", n) + "\n" }
