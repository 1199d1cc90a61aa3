package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/extism"
	"github.com/callboard/callboard/host/internal/plugin/wasm"
)

// loaders is a plugin.Loader that leaves each module to the runtime of the kit
// that it was built with.
type loaders struct {
	wasm   *wasm.Loader
	extism *extism.Loader
}

// newLoaders returns both runtimes over one cache folder; none without a name.
func newLoaders(cache string, random io.Reader, now func() time.Time, log *slog.Logger) (loaders, error) {
	own, err := wasm.New(wasm.Config{CacheDir: cache, Random: random, Now: now, Log: log})
	if err != nil {
		return loaders{}, fmt.Errorf("starting the Wasm runtime: %w", err)
	}
	kits, err := extism.New(extism.Config{CacheDir: cache, Random: random, Now: now, Log: log})
	if err != nil {
		return loaders{}, fmt.Errorf("starting the Wasm runtime of Extism's kits: %w", err)
	}
	return loaders{own, kits}, nil
}

// Load implements plugin.Loader.
func (l loaders) Load(ctx context.Context, spec plugin.Spec) (plugin.Module, error) {
	if extism.Speaks(spec.Wasm) {
		return l.extism.Load(ctx, spec)
	}
	return l.wasm.Load(ctx, spec)
}
