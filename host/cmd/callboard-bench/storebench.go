package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/callboard/callboard/host/internal/loadtest"
)

// measureStore starts the server in every state of its data folder, then puts
// it under load.
func (b *bench) measureStore(ctx context.Context, store string) (*storeResult, error) {
	s, err := b.newStage(ctx, store)
	if err != nil {
		return nil, err
	}
	defer s.close()
	r := &storeResult{Store: store}
	if r.Version, err = s.version(ctx); err != nil {
		return nil, err
	}
	b.say("%s: %s, %d entities", store, r.Version, b.entities)
	for range b.runs {
		one, err := s.measureStarts(ctx)
		if err != nil {
			return nil, err
		}
		r.Starts = append(r.Starts, one)
		b.say("  all visible %.2f s after a cold start; %.2f s with compiled plugins (%.2f s CPU, peak %d MiB); ready again after %.3f s (%.2f s CPU)",
			one.Cold.Seconds, one.Ingest.Seconds, one.Ingest.CPU, one.Ingest.Peak>>20, one.Ready.Seconds, one.Ready.CPU)
	}
	r.summarizeStarts()
	if err := s.measureLoad(ctx, r); err != nil {
		return nil, err
	}
	r.Database, err = s.databaseBytes(ctx)
	return r, err
}

func (r *storeResult) summarizeStarts() {
	median := func(kind func(starts) start) start {
		var seconds, cpu, peak []float64
		for _, one := range r.Starts {
			seconds = append(seconds, kind(one).Seconds)
			cpu = append(cpu, kind(one).CPU)
			peak = append(peak, float64(kind(one).Peak))
		}
		return start{loadtest.Median(seconds), loadtest.Median(cpu), int64(loadtest.Median(peak))}
	}
	r.Cold = median(func(o starts) start { return o.Cold })
	r.Ingest = median(func(o starts) start { return o.Ingest })
	r.Ready = median(func(o starts) start { return o.Ready })
}

// measureStarts starts with nothing, with an empty database, and with all.
func (s *stage) measureStarts(ctx context.Context) (one starts, err error) {
	if err := os.RemoveAll(filepath.Join(s.data, "wasm-cache")); err != nil {
		return one, fmt.Errorf("removing the compile cache: %w", err)
	}
	if err := s.empty(ctx); err != nil {
		return one, err
	}
	if one.Cold, err = s.timed(ctx, "every entity is visible", s.complete); err != nil {
		return one, err
	}
	if err := s.empty(ctx); err != nil {
		return one, err
	}
	if one.Ingest, err = s.timed(ctx, "every entity is visible", s.complete); err != nil {
		return one, err
	}
	one.Ready, err = s.timed(ctx, "the server is ready again", s.ready)
	return one, err
}

// timed starts the server, waits and stops it. It returns what was used until then.
func (s *stage) timed(ctx context.Context, what string, done func(*server) func(context.Context) bool) (one start, err error) {
	srv, err := s.start(ctx)
	if err != nil {
		return one, err
	}
	defer func() { err = firstOf(err, srv.stop()) }()
	took, err := srv.wait(ctx, what, done(srv))
	if err != nil {
		return one, err
	}
	memory, err := loadtest.ReadMemory(srv.pid())
	if err != nil {
		return one, err
	}
	cpu, err := loadtest.CPU(srv.pid())
	return start{Seconds: took.Seconds(), CPU: cpu.Seconds(), Peak: memory.Peak}, err
}

// measureLoad reads memory idle and loaded, and runs every case in between.
func (s *stage) measureLoad(ctx context.Context, r *storeResult) (err error) {
	srv, err := s.start(ctx)
	if err != nil {
		return err
	}
	defer func() { err = firstOf(err, srv.stop()) }()
	if _, err := srv.wait(ctx, "the server is ready again", s.ready(srv)); err != nil {
		return err
	}
	select {
	case <-time.After(idleFor):
	case <-ctx.Done():
		return ctx.Err()
	}
	if r.Idle, err = loadtest.ReadMemory(srv.pid()); err != nil {
		return err
	}
	cases, err := s.bench.catalogCases(ctx, srv)
	if err != nil {
		return err
	}
	if r.Cases, err = s.bench.measure(ctx, srv, cases, s.bench.say); err != nil {
		return err
	}
	if r.Loaded, err = loadtest.ReadMemory(srv.pid()); err != nil {
		return err
	}
	r.Changes, err = s.measureChanges(ctx, srv)
	return err
}
