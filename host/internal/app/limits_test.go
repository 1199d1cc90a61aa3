package app

import (
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/manifest"
)

func TestWhatAPluginMayCostIsTheOperatorsWord(t *testing.T) {
	greedy := manifest.Runtime{
		Memory: 4 << 30, Instances: 100_000, HostCalls: 1 << 30, LogBytes: 1 << 40, ResponseBytes: 1 << 40, Handles: 1 << 30, HandleBytes: 1 << 40,
		Deadlines: map[string]manifest.Duration{"http.handle/1": manifest.Duration(24 * time.Hour)},
	}
	for _, tc := range []struct {
		name         string
		asked        manifest.Runtime
		entry, limit config.Limits
		memory       uint64
		request      time.Duration
	}{
		{"nothing is asked", manifest.Runtime{}, config.Limits{}, config.Limits{}, 64 << 20, 5 * time.Second},
		{"a little is asked", manifest.Runtime{Memory: 96 << 20}, config.Limits{}, config.Limits{}, 96 << 20, 5 * time.Second},
		{"everything is asked", greedy, config.Limits{}, config.Limits{}, 256 << 20, 20 * time.Second},
		{"the operator gives more", greedy, config.Limits{Memory: 1 << 30, Deadline: config.Deadlines{Request: config.Duration(time.Minute)}}, config.Limits{}, 1 << 30, time.Minute},
		{"the operator caps all", greedy, config.Limits{Memory: 1 << 30}, config.Limits{Memory: 32 << 20}, 32 << 20, 20 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := limits(tc.asked, tc.entry, tc.limit)
			if got.MemoryBytes != tc.memory || got.For(abi.OpHTTPHandle) != tc.request {
				t.Errorf("memory %d, request %v", got.MemoryBytes, got.For(abi.OpHTTPHandle))
			}
			if got.HostCalls > 4000 || got.LogBytes > 256<<10 || got.ResponseBytes > 32<<20 || got.Handles > 256 || got.HandleBytes > 256<<20 || got.Instances > 1000 {
				t.Errorf("%+v", got)
			}
		})
	}
	if got := greedy.Deadlines["http.handle/1"]; got != manifest.Duration(24*time.Hour) {
		t.Error("the manifest was changed")
	}
}

func TestCPUBudget(t *testing.T) {
	for _, tc := range []struct {
		name         string
		entry, limit int
		want         float64 // processors; 0 = no limit
	}{
		{"nobody says", 0, 0, 0},
		{"the entry", 50, 0, 0.5},
		{"the cap bounds it", 150, 100, 1},
		{"the cap bounds what has no limit", 0, 100, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := limits(manifest.Runtime{}, config.Limits{CPUPercent: tc.entry}, config.Limits{CPUPercent: tc.limit}); got.CPU != tc.want {
				t.Errorf("%v processors, want %v", got.CPU, tc.want)
			}
		})
	}
}

func TestFuel(t *testing.T) {
	for _, tc := range []struct {
		name                string
		asked, entry, limit int64
		want                uint64 // of a request
	}{
		{"nobody says", 0, 0, 0, 320_000_000_000},
		{"the manifest", 1_000_000, 0, 0, 1_000_000},
		{"the entry replaces it", 1_000_000, 2_000_000, 0, 2_000_000},
		{"the cap bounds it", 1_000_000, 2_000_000, 1_500_000, 1_500_000},
		{"the cap bounds the default", 0, 0, 1_500_000, 1_500_000},
		{"less than nothing is nothing", -1, 0, 0, 320_000_000_000},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := limits(manifest.Runtime{Fuel: int(tc.asked)}, config.Limits{Fuel: tc.entry}, config.Limits{Fuel: tc.limit})
			if fuel := got.FuelFor(abi.OpHTTPHandle); fuel != tc.want {
				t.Errorf("fuel %d, want %d", fuel, tc.want)
			}
		})
	}
}

func TestEachLimitIsShownOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range limitRows() {
		if seen[row.name] {
			t.Errorf("limit %s is shown twice", row.name)
		}
		seen[row.name] = true
	}
}
