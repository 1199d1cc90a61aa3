package record

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/replay"
)

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
	out, err := start.Handle(&stopping{Context: ctx, door: door}, header.Op, rec.Input, door)
	o := outcome(start, out, err)
	if endsByFuel(rec) && o.Kind == fault.Exhausted.String() && !o.Crashed && o.Fuel == rec.Outcome.Fuel {
		// It ended at the very step at which the clock ended the recorded call.
		o.Kind, o.Cause, o.Message = rec.Outcome.Kind, rec.Outcome.Cause, rec.Outcome.Message
	}
	return door.Result(o), nil
}

func newInstance(ctx context.Context, m plugin.Module, rec *replay.Recording) (plugin.Instance, error) {
	if starter, ok := m.(plugin.Starter); ok {
		return starter.NewIn(ctx, replay.NewAmbient(rec.Start, rec.At))
	}
	return m.New(ctx)
}

// stopping is the context of a run. The time of the recorded call is over
// after the import in which it was over then.
type stopping struct {
	context.Context
	door *replay.Door
}

// Err implements context.Context.
func (s *stopping) Err() error {
	if s.door.Stopped() {
		return context.DeadlineExceeded
	}
	return s.Context.Err()
}

// verify runs a recording again and says whether it reproduces.
func (m *module) verify(ctx context.Context, rec *replay.Recording) replay.Verified {
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
	run, err := m.rerun(ctx, rec)
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

// rerun runs a recording on the module that made it. With other fuel, and when
// that module was closed meanwhile (its plugin was disabled, or another version
// took over), it runs on the code loaded once more.
func (m *module) rerun(ctx context.Context, rec *replay.Recording) (replay.Result, error) {
	if !endsByFuel(rec) {
		run, err := Run(ctx, m.Module, rec)
		closed := fault.Unavailable.String()
		if err != nil || run.Outcome.Kind != closed || rec.Outcome.Kind == closed {
			return run, err
		}
	}
	again, err := m.loader.Load(ctx, Spec(rec, m.spec.Wasm))
	if err != nil {
		return replay.Result{}, fmt.Errorf("loading the module once more: %w", err)
	}
	defer func() { _ = again.Close(context.WithoutCancel(ctx)) }()
	return Run(ctx, again, rec)
}

func stopsInImport(rec *replay.Recording) bool {
	for i := range rec.Events {
		if rec.Events[i].Stopped {
			return true
		}
	}
	return false
}

// endsByFuel reports whether a run of the recording is ended by its fuel: the
// clock that ended the call says nothing to another run, its steps do.
func endsByFuel(rec *replay.Recording) bool {
	return rec.Outcome.Kind == fault.Timeout.String() && rec.Outcome.Fuel > 0 && !stopsInImport(rec)
}

// Spec says how a module is to be loaded for a recording: under the same
// limits, whatever module it is. What was stopped by the clock gets the fuel
// that it had used by then.
func Spec(rec *replay.Recording, wasm []byte) plugin.Spec {
	sum := sha256.Sum256(wasm)
	fuel := rec.Limits.Fuel
	if endsByFuel(rec) {
		fuel = rec.Outcome.Fuel - 1 // it ends at the first step over it
	}
	header, _, _ := abi.ParseCallHeader(rec.Input) // without input nothing runs
	op := header.Op
	return plugin.Spec{
		ID: plugin.ID(rec.Plugin), Version: rec.Version, Digest: hex.EncodeToString(sum[:]), Wasm: wasm,
		Limits: plugin.Limits{
			MemoryBytes: rec.Limits.MemoryBytes, HostCalls: rec.Limits.HostCalls, LogBytes: rec.Limits.LogBytes,
			ResponseBytes: rec.Limits.ResponseBytes, Handles: rec.Limits.Handles, HandleBytes: rec.Limits.HandleBytes,
			Fuel: fuel, Deadline: map[abi.Op]time.Duration{op: rec.Limits.Deadline},
		}.WithDefaults(),
	}
}
