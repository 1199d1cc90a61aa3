package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/callboard/callboard/host/internal/plugin/meter"
	"github.com/callboard/callboard/host/pluginbench/work"
)

const (
	turns    = "10000000"
	entities = "50"
)

// measureMetering compares what interrupting guests costs, and what not
// interrupting them costs the rest of the process.
func measureMetering(ctx context.Context, b *bench) (string, error) {
	module, err := os.ReadFile(b.guest)
	if err != nil {
		return "", err
	}
	if err := meter.Validate(module); err != nil {
		return "", err
	}
	began := time.Now()
	metered, err := meter.Rewrite(module)
	if err != nil {
		return "", err
	}
	rewriting := time.Since(began)
	columns := []string{"wazero, cannot be interrupted", "the pass alone", "Callboard: with ticks, deadline, pool, door", "close-on-context-done", "native"}
	runners := make([]runner, 0, len(columns))
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
	for _, form := range []struct {
		module  []byte
		closing bool
	}{{module, false}, {metered.Wasm, false}, {module, true}} {
		r, err := newRaw(ctx, form.module, form.closing)
		if err != nil {
			return "", err
		}
		defer func() { _ = r.runtime.Close(ctx) }()
		runners = append(runners, r.runner(ctx))
	}
	runners = []runner{runners[0], runners[1], s.runner(ctx), runners[2], native}
	rows := []struct {
		name string
		verb string
		n    string
		unit time.Duration
	}{
		{"tight loop, 10 million turns, ms", "spin", turns, time.Millisecond},
		{"the same inlined into a large function, ms", "inlined", turns, time.Millisecond},
		{"entity of 800 B as JSON decoded and encoded 50 times, ms", "json", entities, time.Millisecond},
	}
	var cells []func() (time.Duration, error)
	for _, row := range rows {
		for _, run := range runners {
			cells = append(cells, func() (time.Duration, error) { return run(row.verb, row.n) })
		}
	}
	for _, run := range runners {
		cells = append(cells, func() (time.Duration, error) { return stall(run) })
	}
	medians, err := median(max(b.rounds, 9), cells)
	if err != nil {
		return "", err
	}
	text := row(append([]string{""}, columns...)...) + rule(len(columns)+1)
	for i, r := range append(rows, rows[0]) {
		line := []string{r.name}
		if i == len(rows) {
			line[0] = "`runtime.GC()` while one guest computes for 300 ms, ms"
		}
		values := medians[i*len(runners):][:len(runners)]
		for c, d := range values {
			cell := fmt.Sprintf("%.2f", float64(d)/float64(r.unit))
			if i < len(rows) && c > 0 && c < len(runners)-1 {
				cell += fmt.Sprintf(" (%.2f×)", float64(d)/float64(values[0]))
			}
			line = append(line, cell)
		}
		text += row(line...)
	}
	return text + fmt.Sprintf("\nThe module of %.1f MB was rewritten in %d ms and grew by %.1f %%.\n",
		float64(len(module))/1e6, rewriting.Milliseconds(), 100*float64(len(metered.Wasm)-len(module))/float64(len(module))), nil
}

// runner computes and returns how long it took.
type runner func(verb, n string) (time.Duration, error)

// runner keeps an instance for each verb, as a pool does.
func (r *raw) runner(ctx context.Context) runner {
	calls := map[string]func([]byte) error{}
	return func(verb, n string) (time.Duration, error) {
		call := calls[verb]
		if call == nil {
			var err error
			if call, _, err = r.caller(verb)(ctx); err != nil { // closed with the runtime
				return 0, err
			}
			calls[verb] = call
		}
		began := time.Now()
		err := call([]byte(n))
		return time.Since(began), err
	}
}

func (s *stage) runner(ctx context.Context) runner {
	return func(verb, n string) (time.Duration, error) {
		began := time.Now()
		err := s.send(ctx, "bench", verb+" "+n, func([]byte) error { return nil })
		return time.Since(began), err
	}
}

// native is the same work without a sandbox.
func native(verb, n string) (time.Duration, error) {
	var count int
	if _, err := fmt.Sscan(n, &count); err != nil {
		return 0, err
	}
	began := time.Now()
	switch verb {
	case "spin":
		sink.Store(work.Spin(count))
	case "inlined":
		sink.Store(work.Inlined(count))
	default:
		sink.Store(uint64(len(work.JSON(count))))
	}
	return time.Since(began), nil
}

var sink atomic.Uint64 // so that no work is left out

// stall is the median time of a collection while a guest computes: the
// collector waits until every goroutine can be stopped.
func stall(run runner) (time.Duration, error) {
	var (
		stop = make(chan struct{})
		done = make(chan error, 1)
	)
	go func() {
		for {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			if _, err := run("spin", turns+"0"); err != nil {
				done <- err
				return
			}
		}
	}()
	var all []time.Duration
	for range 5 {
		time.Sleep(20 * time.Millisecond) // the guest is inside
		began := time.Now()
		runtime.GC()
		all = append(all, time.Since(began))
	}
	close(stop)
	err := <-done
	return medianOf(all), err
}
