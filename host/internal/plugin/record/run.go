package record

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/replay"
)

// metered is an instance that counts steps.
type metered interface{ Fuel() uint64 }

func fuelOf(i plugin.Instance) uint64 {
	if m, ok := i.(metered); ok {
		return m.Fuel()
	}
	return 0
}

// Run runs a recording on a fresh instance of a module. It ends at the latest
// with ctx, and where the recorded call was stopped. The error is about the
// recording; how the guest fares is the result.
// Faults: Invalid (there is nothing to run).
func Run(ctx context.Context, m plugin.Module, rec *replay.Recording) (replay.Result, error) {
	door := replay.NewDoor(rec)
	start, err := newInstance(ctx, m, rec)
	if err != nil || rec.Op == replay.Start {
		if err == nil {
			defer func() { _ = start.Close(context.WithoutCancel(ctx)) }()
		}
		return door.Result(outcome(start, nil, err)), nil
	}
	defer func() { _ = start.Close(context.WithoutCancel(ctx)) }()
	header, _, err := abi.ParseCallHeader(rec.Input)
	if err != nil {
		return replay.Result{}, fault.New(fault.Invalid, "the recording has no input, so it cannot be run again")
	}
	limited := &stopping{Context: ctx, door: door, instance: start}
	if rec.Outcome.Kind == fault.Timeout.String() {
		limited.fuel = rec.Outcome.Fuel
	}
	out, err := start.Handle(limited, header.Op, rec.Input, door)
	return door.Result(outcome(start, out, err)), nil
}

func newInstance(ctx context.Context, m plugin.Module, rec *replay.Recording) (plugin.Instance, error) {
	if starter, ok := m.(plugin.Starter); ok {
		return starter.NewIn(ctx, replay.NewAmbient(rec.Start, rec.At))
	}
	return m.New(ctx)
}

// stopping is the context of a run. The time of the recorded call is over
// where it was over then: after the same import, or at the same fuel.
type stopping struct {
	context.Context
	door     *replay.Door
	instance plugin.Instance
	fuel     uint64
}

// Err implements context.Context.
func (s *stopping) Err() error {
	if s.door.Stopped() || (s.fuel > 0 && fuelOf(s.instance) >= s.fuel) {
		return context.DeadlineExceeded
	}
	return s.Context.Err()
}

// Verify runs a recording again and says whether it reproduces.
func Verify(ctx context.Context, m plugin.Module, rec *replay.Recording) replay.Verified {
	no := func(why string) replay.Verified {
		return replay.Verified{Reproduced: replay.No, Differences: []string{why}}
	}
	switch {
	case rec.Truncated:
		return no("the call was larger than a recording may be")
	case rec.Outcome.Kind == fault.Timeout.String() && rec.Outcome.Fuel == 0 && !stopsInImport(rec):
		return no("it was stopped by the clock and is not metered, so that nobody knows where")
	}
	began := time.Now()
	run, err := Run(ctx, m, rec)
	switch {
	case err != nil:
		return no(fault.Message(err))
	case ctx.Err() != nil:
		return no("the run was ended after " + time.Since(began).Round(time.Second).String())
	}
	v := replay.Verified{Reproduced: replay.Yes, Fuel: run.Outcome.Fuel}
	if v.Differences = rec.Same(run); len(v.Differences) > 0 {
		v.Reproduced = replay.No
		if rec.EarlierCalls > 0 {
			v.Differences = append(v.Differences, "the instance had served other calls before, which may be part of the cause")
		}
	}
	return v
}

func stopsInImport(rec *replay.Recording) bool {
	for i := range rec.Events {
		if rec.Events[i].Stopped {
			return true
		}
	}
	return false
}

// Spec says how a module is to be loaded for a recording: under the same
// limits, whatever module it is.
func Spec(rec *replay.Recording, wasm []byte) plugin.Spec {
	sum := sha256.Sum256(wasm)
	return plugin.Spec{
		ID: plugin.ID(rec.Plugin), Version: rec.Version, Digest: hex.EncodeToString(sum[:]), Wasm: wasm,
		Limits: plugin.Limits{
			MemoryBytes: rec.Limits.MemoryBytes, HostCalls: rec.Limits.HostCalls, LogBytes: rec.Limits.LogBytes,
			ResponseBytes: rec.Limits.ResponseBytes, Handles: rec.Limits.Handles, HandleBytes: rec.Limits.HandleBytes,
		}.WithDefaults(),
	}
}
