package wasm_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/pace"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
	"github.com/callboard/callboard/sdk/abi"
)

// A metered guest asks its pacer as it computes: a long call is made to wait,
// and counts that apart from its own time; a short one is not.
func TestMeteredGuestsArePaced(t *testing.T) {
	var slept atomic.Int64
	st := plugintest.NewStageWith(t, newLoader(t), func(d *plugin.Deps) {
		d.Pace = pace.New(pace.Config{Sleep: func(context.Context, time.Duration) { slept.Add(1) }})
	})
	st.Install(t, "versioned", plugintest.Versioned(t, "1"), plugin.Limits{Deadline: map[abi.Op]time.Duration{abi.OpHTTPHandle: time.Minute}})
	st.Warm(t, "versioned", "")
	slept.Store(0)
	for _, tc := range []struct {
		request string
		waits   bool
	}{{"work 1000", false}, {"work 300000000", true}} { // some microseconds, and a good part of a second
		if _, err := st.Send(t.Context(), "versioned", tc.request); err != nil {
			t.Fatal(err)
		}
		if waited := slept.Swap(0) > 0; waited != tc.waits {
			t.Errorf("%q was made to wait: %v, want %v", tc.request, waited, tc.waits)
		}
	}
}

// A limit on processors bites inside of a call that has begun.
func TestBudgetBitesInsideOfACall(t *testing.T) {
	var slept atomic.Int64
	st := plugintest.NewStageWith(t, newLoader(t), func(d *plugin.Deps) {
		d.Pace = pace.New(pace.Config{Sleep: func(_ context.Context, d time.Duration) { slept.Add(int64(d)) }})
	})
	limits := plugin.Limits{CPU: 0.02, Deadline: map[abi.Op]time.Duration{abi.OpHTTPHandle: time.Minute}}
	st.Install(t, "versioned", plugintest.Versioned(t, "1"), limits)
	st.Warm(t, "versioned", "")
	if _, err := st.Send(t.Context(), "versioned", "work 50000000"); err != nil {
		t.Fatal(err)
	}
	// At a fiftieth of a processor each of its milliseconds takes fifty.
	if waited := time.Duration(slept.Load()); waited < time.Second {
		t.Errorf("it was made to wait %v", waited)
	}
}
