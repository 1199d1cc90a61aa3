package main

import (
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/loadtest"
)

func TestCommandLeavesPathsOut(t *testing.T) {
	got := command([]string{"-binary", "bin/callboard", "-postgres=postgres://x", "-suites", "ratio", "-runs=5", "-json", "x.json"})
	if want := "callboard-bench -suites ratio -runs=5"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestFootnotesSayWhenTheMachineWasBusy(t *testing.T) {
	for _, c := range []struct {
		name   string
		others float64
		busy   bool
	}{{"quiet", 0.05, false}, {"busy", 0.5, true}} {
		t.Run(c.name, func(t *testing.T) {
			r := &report{Stores: []*storeResult{{Cases: []caseResult{{Name: "list", Others: c.others}}}}}
			if text := r.footnotes(); strings.Contains(text, "busy with other work") != c.busy {
				t.Errorf("%s", text)
			}
		})
	}
}

// A figure that misses its goal must be marked, and errors must be seen.
func TestRequestTablesMarkWhatIsMissed(t *testing.T) {
	with := func(rate float64, errors int64) *report {
		c := caseResult{Name: "by-name", Clients: 16, Runs: []oneRun{{
			Result: loadtest.Result{Requests: int64(rate), Errors: errors, Duration: time.Second, P99: time.Millisecond},
			Cost:   loadtest.Cost{Server: time.Second},
		}}}
		c.summarize(2)
		return &report{Stores: []*storeResult{{Store: "sqlite", Cases: []caseResult{c}}}}
	}
	if text := with(20_000, 0).requestTables(); strings.Contains(text, "missed") || !strings.Contains(text, "| 20,000 |") || !strings.Contains(text, "Errors: 0.") {
		t.Errorf("reached: %s", text)
	}
	if text := with(10_000, 3).requestTables(); !strings.Contains(text, "10,000 **(missed)**") || !strings.Contains(text, "Errors: 3.") {
		t.Errorf("missed: %s", text)
	}
}

func TestSummarizeTakesMedians(t *testing.T) {
	run := func(requests int64, server time.Duration) oneRun {
		return oneRun{loadtest.Result{Requests: requests, Duration: 2 * time.Second}, loadtest.Cost{Server: server, Others: time.Second}}
	}
	c := caseResult{Runs: []oneRun{run(1000, time.Second), run(10, time.Second), run(2000, time.Second)}}
	c.summarize(2)
	if c.Rate != 500 || c.CPU != 1 || c.Others != 0.25 {
		t.Errorf("rate %v, CPU %v, others %v", c.Rate, c.CPU, c.Others)
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		in         float64
		short, all string
	}{
		{0, "0", "0"},
		{0.0423, "0.042", "0"},
		{5, "5", "5"},
		{9.87, "9.87", "10"},
		{69.5, "69.5", "70"},
		{1234567, "1234567", "1,234,567"},
	} {
		if got := number(c.in); got != c.short {
			t.Errorf("number(%v) = %q, want %q", c.in, got, c.short)
		}
		if got := thousands(c.in); got != c.all {
			t.Errorf("thousands(%v) = %q, want %q", c.in, got, c.all)
		}
	}
}
