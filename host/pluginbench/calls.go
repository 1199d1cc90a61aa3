package main

import (
	"bytes"
	"context"
	"os"
	"time"
)

// sizes are the messages that are sent there and back.
var sizes = []struct {
	name  string
	bytes int
}{{"empty", 0}, {"1 KiB", 1 << 10}, {"64 KiB", 64 << 10}, {"1 MiB", 1 << 20}}

// measureCalls compares what a call costs, in microseconds.
func measureCalls(ctx context.Context, b *bench) (string, error) {
	subjects, err := b.subjects(ctx)
	for _, s := range subjects {
		defer s.close()
	}
	if err != nil {
		return "", err
	}
	text := row("µs a call, 1 goroutine / 2", "empty", "1 KiB", "64 KiB", "1 MiB", "1 KiB that asks the host once") + rule(6)
	var cells []func() (time.Duration, error)
	for _, s := range subjects {
		for _, goroutines := range []int{1, 2} {
			for _, size := range sizes {
				content := bytes.Repeat([]byte("x"), size.bytes)
				cells = append(cells, func() (time.Duration, error) { return rate(ctx, b.each, goroutines, content, s.caller) })
			}
			if s.roundTrip == nil {
				cells = append(cells, nil)
				continue
			}
			content := bytes.Repeat([]byte("x"), 1<<10)
			cells = append(cells, func() (time.Duration, error) { return rate(ctx, b.each, goroutines, content, s.roundTrip) })
		}
	}
	medians, err := median(b.rounds, cells)
	if err != nil {
		return "", err
	}
	columns := len(sizes) + 1
	for i, s := range subjects {
		one := medians[2*i*columns:]
		line := []string{s.name}
		for c := range columns {
			cell := micros(one[c])
			if one[c] != 0 {
				cell += " / " + micros(one[columns+c])
			}
			line = append(line, cell)
		}
		text += row(line...)
	}
	return text, nil
}

// subjects starts everything that is compared. Those that were started are
// returned with an error too, to be closed.
func (b *bench) subjects(ctx context.Context) (out []subject, err error) {
	module, err := os.ReadFile(b.guest)
	if err != nil {
		return nil, err
	}
	loader, err := b.wasmLoader()
	if err != nil {
		return nil, err
	}
	ours, err := registrySubject(ctx, "**Callboard**: metered, with pool, deadline, door, statistics", loader, module)
	if err != nil {
		return nil, err
	}
	out = append(out, ours)
	for _, closing := range []bool{false, true} {
		r, err := newRaw(ctx, module, closing)
		if err != nil {
			return out, err
		}
		name := "wazero 1.12 alone, cannot be interrupted"
		if closing {
			name = "wazero 1.12 alone, close-on-context-done"
		}
		out = append(out, r.subject(name))
	}
	if b.extism != "" {
		kit, err := os.ReadFile(b.extism)
		if err != nil {
			return out, err
		}
		one, err := ourExtismSubject(ctx, b, kit)
		if err != nil {
			return out, err
		}
		out = append(out, one)
		for _, timeout := range []uint64{0, 60_000} {
			if one, err = extismSubject(ctx, kit, timeout); err != nil {
				return out, err
			}
			out = append(out, one)
		}
	}
	process, err := processSubject()
	if err != nil {
		return out, err
	}
	return append(out, process), nil
}
