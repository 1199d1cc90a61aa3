package app

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"time"

	"github.com/callboard/callboard/host/internal/plugin/record"
	"github.com/callboard/callboard/plugins"
	"github.com/callboard/callboard/sdk/replay"
)

// ReplayOptions say what is run again. Recording and Module are required.
type ReplayOptions struct {
	Recording *replay.Recording
	Module    []byte
	Against   []byte // another version to run beside it; nil = none
}

// Replayed is what came of it.
type Replayed struct {
	Now         replay.Result
	Differences []string       // from the recording, of Module
	Against     *replay.Result // of Against
	Changes     []string       // from Module to Against
}

// Replay runs a recording outside of any portal: the answers come from the
// recording, and nothing of the machine is reached. Faults: Invalid (no module,
// nothing to run).
func Replay(ctx context.Context, o ReplayOptions) (Replayed, error) {
	var out Replayed
	now, err := runRecording(ctx, o.Recording, o.Module)
	if err != nil {
		return out, err
	}
	out.Now, out.Differences = now, o.Recording.Same(now)
	if o.Against == nil {
		return out, nil
	}
	against, err := runRecording(ctx, o.Recording, o.Against)
	if err != nil {
		return out, fmt.Errorf("running the other version: %w", err)
	}
	out.Against, out.Changes = &against, replay.Changes(now, against)
	return out, nil
}

func runRecording(ctx context.Context, rec *replay.Recording, module []byte) (replay.Result, error) {
	loader, err := newLoaders("", rand.Reader, time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		return replay.Result{}, err
	}
	m, err := loader.Load(ctx, record.Spec(rec, module))
	if err != nil {
		return replay.Result{}, fmt.Errorf("loading the module: %w", err)
	}
	defer func() { _ = m.Close(context.WithoutCancel(ctx)) }()
	return record.Run(ctx, m, rec)
}

// CoreModule returns the module of a core plugin of this binary by its digest, nil if there is none.
func CoreModule(digest string) []byte {
	for _, b := range plugins.Core() {
		if len(b.Wasm) > 0 && digestOf(b.Wasm) == digest {
			return b.Wasm
		}
	}
	return nil
}
