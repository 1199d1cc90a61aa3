package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/callboard/callboard/host/internal/loadtest"
)

const own = "github.com/callboard/callboard/host/internal/"

// stages are the parts of a request's way, found by the innermost function
// that one of them knows. Machine code of guests has no names: the runtime
// shows it as external code.
func stages() []loadtest.Stage {
	return []loadtest.Stage{
		{Name: "HTTP", Functions: []string{
			own + "web", own + "authn", own + "telemetry", "github.com/gofiber/", "github.com/valyala/", "net.", "internal/poll.",
			"go.opentelemetry.io/", "github.com/prometheus/", own + "app.(*directory)",
		}},
		{Name: "door in", Functions: []string{
			own + "plugin.", own + "plugin/extension.", own + "app.gate", own + "app.session", own + "app.(*pluginSet)", own + "app.observer",
			own + "plugin/wasm.(*instance)", own + "plugin/wasm.(*compiled)", "github.com/callboard/callboard/sdk/contract.(*HTTPRe",
		}},
		{Name: "guest", Functions: []string{"runtime._ExternalCode", "github.com/tetratelabs/wazero"}},
		{Name: "door out", Functions: []string{
			own + "capability", own + "principal", own + "plugin/wasm.", "github.com/callboard/callboard/sdk/contract.",
		}},
		{Name: "index", Functions: []string{own + "catalog", "github.com/RoaringBitmap/"}},
		{Name: "garbage collector", Functions: []string{"runtime.gcBgMarkWorker", "runtime.bgsweep", "runtime.bgscavenge"}},
		{Name: "scheduler", Functions: []string{"runtime.mcall", "runtime.mstart", "runtime.goexit0", "runtime.schedule"}},
	}
}

// profileResult is where the time of one case went.
type profileResult struct {
	Case   string           `json:"case"`
	Rate   float64          `json:"rate"` // while profiling, 16 clients
	CPU    float64          `json:"cpuMs"`
	Stages []loadtest.Share `json:"stages"`
}

// profile loads the server on SQLite and divides its CPU time by stage.
func (b *bench) profile(ctx context.Context) (_ []profileResult, err error) {
	s, err := b.newStage(ctx, "sqlite")
	if err != nil {
		return nil, err
	}
	defer s.close()
	side, err := loadtest.FreePort(ctx)
	if err != nil {
		return nil, err
	}
	srv, err := s.start(ctx, "CALLBOARD_PPROF="+side)
	if err != nil {
		return nil, err
	}
	defer func() { err = firstOf(err, srv.stop()) }()
	if _, err := srv.wait(ctx, "every entity is visible", s.complete(srv)); err != nil {
		return nil, err
	}
	cases, err := b.catalogCases(ctx, srv)
	if err != nil {
		return nil, err
	}
	var out []profileResult
	for _, c := range cases {
		one, err := b.profileCase(ctx, srv, side, c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		b.say("  %-14s %8.0f/s  %.3f ms CPU", one.Case, one.Rate, one.CPU)
		for _, st := range one.Stages {
			b.say("      %-18s %5.1f %%", st.Stage, 100*st.Share)
		}
		out = append(out, one)
	}
	return out, nil
}

// profileCase takes a profile in the middle of a load that lasts longer.
func (b *bench) profileCase(ctx context.Context, srv *server, side string, c testCase) (profileResult, error) {
	target := fmt.Sprintf("/debug/pprof/profile?seconds=%d", b.profileFor)
	type answer struct {
		status int
		body   []byte
		err    error
	}
	taken := make(chan answer, 1)
	load := loadtest.Load{Address: srv.addr, Requests: c.requests, Clients: 16, Duration: 2 * time.Second}
	if _, err := b.generator.Run(ctx, load); err != nil { // warm-up
		return profileResult{}, err
	}
	go func() {
		var a answer
		a.status, a.body, a.err = loadtest.Fetch(ctx, side, loadtest.NewRequest("GET", side, target, "", ""))
		taken <- a
	}()
	load.Duration = time.Duration(b.profileFor) * time.Second
	meter := loadtest.Meter{PID: srv.pid()}
	if err := meter.Start(); err != nil {
		return profileResult{}, err
	}
	res, err := b.generator.Run(ctx, load)
	if err != nil {
		return profileResult{}, err
	}
	cost, err := meter.Stop(res.ClientCPU)
	if err != nil {
		return profileResult{}, err
	}
	a := <-taken
	if a.err != nil || a.status != 200 {
		return profileResult{}, fmt.Errorf("taking a profile: status %d, %w: %s", a.status, a.err, shorten(a.body))
	}
	if dir := os.Getenv("CALLBOARD_BENCH_PROFILES"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, c.name+".prof"), a.body, 0o600); err != nil {
			return profileResult{}, fmt.Errorf("keeping a profile: %w", err)
		}
	}
	samples, err := loadtest.ParseProfile(bytes.NewReader(a.body))
	if err != nil {
		return profileResult{}, err
	}
	return profileResult{
		Case: c.name, Rate: res.Rate(), CPU: oneRun{res, cost}.perRequest(), Stages: loadtest.Attribute(samples, stages(), 12),
	}, nil
}
