package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/callboard/callboard/host/internal/loadtest"
	"github.com/callboard/callboard/host/internal/plugin"
)

const (
	serveFleet = "PLUGINBENCH_FLEET" // module and cache folder of a child, as JSON
	fleetSize  = 20
)

// fleet is what a process with twenty plugins reports.
type fleet struct {
	Ready    time.Duration // until every plugin has answered
	Idle     int64         // resident bytes after that, one instance each
	Busy     int64         // with two clients a plugin for a while
	Released int64         // when the instances are closed again
}

type fleetOrder struct{ Module, Cache string }

// measureFleet starts twenty plugins of different bytes in a process of their
// own, with an empty cache of machine code and with a full one.
func measureFleet(ctx context.Context, b *bench) (string, error) {
	dir := filepath.Join(b.cache, "fleet")
	var cold, warm []fleet
	for range b.rounds {
		if err := os.RemoveAll(dir); err != nil {
			return "", err
		}
		for _, into := range []*[]fleet{&cold, &warm} {
			one, err := startFleet(ctx, fleetOrder{Module: b.guest, Cache: dir})
			if err != nil {
				return "", err
			}
			*into = append(*into, one)
		}
	}
	text := row(strconv.Itoa(fleetSize)+" plugins in Go", "until all have answered", "resident, idle", "resident, busy", "after the load, instances released") + rule(5)
	for _, line := range []struct {
		name string
		runs []fleet
	}{{"cold: nothing is compiled", cold}, {"warm: machine code is in the cache", warm}} {
		of := func(field func(fleet) int64) int64 {
			values := make([]int64, 0, len(line.runs))
			for _, f := range line.runs {
				values = append(values, field(f))
			}
			return loadtest.Median(values)
		}
		mib := func(n int64) string { return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20)) }
		text += row(line.name, fmt.Sprintf("%.2f s", time.Duration(of(func(f fleet) int64 { return int64(f.Ready) })).Seconds()),
			mib(of(func(f fleet) int64 { return f.Idle })), mib(of(func(f fleet) int64 { return f.Busy })), mib(of(func(f fleet) int64 { return f.Released })))
	}
	return text, nil
}

func startFleet(ctx context.Context, order fleetOrder) (fleet, error) {
	self, err := os.Executable()
	if err != nil {
		return fleet{}, err
	}
	text, err := json.Marshal(order)
	if err != nil {
		return fleet{}, err
	}
	var out bytes.Buffer
	child := exec.CommandContext(ctx, self)
	child.Env = append(os.Environ(), serveFleet+"="+string(text))
	child.Stdout, child.Stderr = &out, os.Stderr
	if err := child.Run(); err != nil {
		return fleet{}, fmt.Errorf("running %d plugins: %w", fleetSize, err)
	}
	var f fleet
	return f, json.Unmarshal(out.Bytes(), &f)
}

// runFleet is the child.
func runFleet(ctx context.Context, text string) (f fleet, err error) {
	var order fleetOrder
	if err := json.Unmarshal([]byte(text), &order); err != nil {
		return f, err
	}
	module, err := os.ReadFile(order.Module)
	if err != nil {
		return f, err
	}
	b := &bench{cache: order.Cache}
	loader, err := b.wasmLoader()
	if err != nil {
		return f, err
	}
	s := newStage(loader)
	defer func() { _ = s.Close(context.WithoutCancel(ctx)) }()
	began := time.Now()
	if bytes.Equal(module, distinct(module, 1)) {
		return f, errors.New("the guest has no salt")
	}
	for i := range fleetSize {
		p := pack(name(i), "1.0.0", distinct(module, i))
		p.Limits = plugin.Limits{Instances: 2}
		if err := s.Install(ctx, p); err != nil {
			return f, err
		}
		if err := s.warm(ctx, name(i)); err != nil {
			return f, err
		}
	}
	f.Ready = time.Since(began)
	debug.FreeOSMemory() // as the portal does once it has started
	if f.Idle, err = resident(); err != nil {
		return f, err
	}
	if err := s.load(ctx, 2*time.Second); err != nil {
		return f, err
	}
	if f.Busy, err = resident(); err != nil {
		return f, err
	}
	for i := range fleetSize {
		if err := s.Remove(ctx, plugin.ID(name(i))); err != nil {
			return f, err
		}
	}
	debug.FreeOSMemory()
	f.Released, err = resident()
	return f, err
}

// load keeps two clients at each plugin.
func (s *stage) load(ctx context.Context, length time.Duration) error {
	var (
		work  sync.WaitGroup
		mu    sync.Mutex
		first error
	)
	until := time.Now().Add(length)
	for i := range 2 * fleetSize {
		work.Go(func() {
			for time.Now().Before(until) {
				if err := s.send(ctx, name(i%fleetSize), "json 5", func([]byte) error { return nil }); err != nil {
					mu.Lock()
					first = err
					mu.Unlock()
					return
				}
			}
		})
	}
	work.Wait()
	return first
}

func name(i int) string { return fmt.Sprintf("plugin-%02d", i) }

// distinct gives a module other bytes and the same meaning, so that its code
// is compiled and kept on its own: the guest's salt is another one.
func distinct(module []byte, i int) []byte {
	const salt = "pluginbench salt "
	return bytes.Replace(module, []byte(salt+"00"), fmt.Appendf(nil, salt+"%02d", i), 1)
}

// resident reads the memory of this process, Linux only.
func resident() (int64, error) {
	m, err := loadtest.ReadMemory(os.Getpid())
	return m.Resident, err
}
