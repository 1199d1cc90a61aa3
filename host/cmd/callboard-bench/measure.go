package main

import (
	"context"
	"fmt"
	"time"

	"github.com/callboard/callboard/host/internal/loadtest"
)

// caseResult is a case under one number of clients: medians of the runs.
type caseResult struct {
	Name    string  `json:"name"`
	Request string  `json:"request"`
	Clients int     `json:"clients"`
	Rate    float64 `json:"rate"` // requests a second
	// Latencies in milliseconds, as the client sees them.
	P50 float64 `json:"p50Ms"`
	P99 float64 `json:"p99Ms"`
	// CPU time of the server process per request, in milliseconds.
	CPU float64 `json:"cpuMs"`
	// Others is the share of the cores that neither server nor generator used.
	Others   float64  `json:"othersShare"`
	Errors   int64    `json:"errors"`
	BodySize int      `json:"bodyBytes"` // of the answer that was checked
	Runs     []oneRun `json:"runs"`
}

type oneRun struct {
	loadtest.Result
	loadtest.Cost
}

// plan says how much is measured.
type plan struct {
	generator loadtest.Generator
	runs      int
	seconds   int
	clients   []int
	cores     int
}

// measure runs every case as often as planned, in rounds: what disturbs the
// machine for a while then touches one run of many cases, which the median
// drops, and not all runs of one.
func (p plan) measure(ctx context.Context, s *server, cases []testCase, say func(string, ...any)) ([]caseResult, error) {
	var out []caseResult
	for _, clients := range p.clients {
		for _, c := range cases {
			size, err := p.verify(ctx, s, c)
			if err != nil {
				return nil, err
			}
			out = append(out, caseResult{Name: c.name, Request: c.request, Clients: clients, BodySize: size})
		}
	}
	for round := range p.runs {
		for i := range out {
			c, r := cases[i%len(cases)], &out[i]
			one, err := p.once(ctx, s, c, r.Clients, round == 0)
			if err != nil {
				return nil, fmt.Errorf("measuring %s with %d clients: %w", c.name, r.Clients, err)
			}
			r.Runs = append(r.Runs, one)
			say("  run %d of %d  %-14s %2d clients  %8.0f/s  p99 %6.2f ms  %.3f ms CPU", round+1, p.runs, c.name, r.Clients,
				one.Rate(), millis(one.P99), one.perRequest())
		}
	}
	for i := range out {
		out[i].summarize(p.cores)
	}
	return out, nil
}

// verify looks at one answer of a case, outside of the measurement.
func (p plan) verify(ctx context.Context, s *server, c testCase) (size int, err error) {
	status, body, err := loadtest.Fetch(ctx, s.addr, c.requests[0])
	if err != nil {
		return 0, fmt.Errorf("checking %s: %w", c.name, err)
	}
	if status != 200 {
		return 0, fmt.Errorf("checking %s: status %d: %s", c.name, status, shorten(body))
	}
	if err := c.check(body); err != nil {
		return 0, fmt.Errorf("checking %s: the answer is wrong: %w", c.name, err)
	}
	return len(body), nil
}

// once measures one run, after a warm-up.
func (p plan) once(ctx context.Context, s *server, c testCase, clients int, cold bool) (oneRun, error) {
	load := loadtest.Load{Address: s.addr, Requests: c.requests, Clients: clients, Duration: time.Second}
	if cold {
		load.Duration = 2 * time.Second
	}
	if _, err := p.generator.Run(ctx, load); err != nil {
		return oneRun{}, err
	}
	load.Duration = time.Duration(p.seconds) * time.Second
	meter := loadtest.Meter{PID: s.pid()}
	if err := meter.Start(); err != nil {
		return oneRun{}, err
	}
	res, err := p.generator.Run(ctx, load)
	if err != nil {
		return oneRun{}, err
	}
	cost, err := meter.Stop(res.ClientCPU)
	return oneRun{res, cost}, err
}

// perRequest returns the server's CPU time per request in milliseconds.
func (r oneRun) perRequest() float64 {
	if r.Requests == 0 {
		return 0
	}
	return millis(r.Cost.Server) / float64(r.Requests)
}

func (r *caseResult) summarize(cores int) {
	median := func(value func(oneRun) float64) float64 {
		var values []float64
		for _, one := range r.Runs {
			values = append(values, value(one))
		}
		return loadtest.Median(values)
	}
	r.Rate = median(func(o oneRun) float64 { return o.Rate() })
	r.P50 = median(func(o oneRun) float64 { return millis(o.P50) })
	r.P99 = median(func(o oneRun) float64 { return millis(o.P99) })
	r.CPU = median(oneRun.perRequest)
	r.Others = median(func(o oneRun) float64 { return o.Cost.Others.Seconds() / o.Duration.Seconds() / float64(cores) })
	for _, one := range r.Runs {
		r.Errors += one.Errors
	}
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
