package wasm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/sdk/abi"
)

// Config says how guests are compiled and what they see of the world.
type Config struct {
	// CacheDir keeps machine code between starts; empty means no cache. It
	// must belong to this process alone, since its content is executed.
	CacheDir string
	Bounds   Bounds           // zero: DefaultBounds
	Compiles int              // compiles at once, abandoned ones included; default 2
	Now      func() time.Time // clock of the guests; default time.Now
	Random   io.Reader        // randomness of the guests; required, crypto/rand.Reader outside of tests
	Log      *slog.Logger     // required
}

// Loader is a plugin.Loader on wazero.
type Loader struct {
	cfg     Config
	slots   *slots
	imports importTable
	start   time.Time // zero of the guests' monotonic clock
}

// New checks the cache folder and returns a loader.
func New(cfg Config) (*Loader, error) {
	if cfg.Bounds == (Bounds{}) {
		cfg.Bounds = DefaultBounds()
	}
	if cfg.Compiles <= 0 {
		cfg.Compiles = 2
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.CacheDir != "" {
		if err := openCache(cfg.CacheDir); err != nil {
			return nil, err
		}
	}
	return &Loader{cfg: cfg, slots: newSlots(cfg.Compiles), imports: newImportTable(), start: cfg.Now()}, nil
}

// Load implements plugin.Loader.
func (l *Loader) Load(ctx context.Context, spec plugin.Spec) (plugin.Module, error) {
	spec.Limits = spec.Limits.WithDefaults()
	module, err := scan(spec.Wasm, l.cfg.Bounds)
	if err != nil {
		return nil, fault.New(fault.Invalid, "plugin %s cannot be loaded: %w", spec.ID, err)
	}
	if err := l.checkShape(module); err != nil {
		return nil, fault.New(fault.Invalid, "plugin %s cannot be loaded: %w", spec.ID, err)
	}

	ctx, cancel := context.WithTimeout(ctx, spec.Limits.CompileTimeout)
	defer cancel()
	release, err := l.slots.take(ctx, spec.Digest)
	if err != nil {
		return nil, loadTimeout(spec, err, "no compile slot became free")
	}

	type outcome struct {
		module *compiled
		err    error
	}
	done := make(chan outcome)
	go func() {
		defer release()
		m, err := l.compile(context.WithoutCancel(ctx), spec, module)
		select {
		case done <- outcome{m, err}:
		case <-ctx.Done():
			// Abandoned: nobody waits any more.
			if err == nil {
				_ = m.Close(context.WithoutCancel(ctx))
			}
		}
	}()
	select {
	case o := <-done:
		if o.err != nil {
			return nil, fault.New(fault.Invalid, "plugin %s cannot be loaded: %w", spec.ID, o.err)
		}
		return o.module, nil
	case <-ctx.Done():
		return nil, loadTimeout(spec, ctx.Err(), "compiling took too long and was abandoned")
	}
}

func loadTimeout(spec plugin.Spec, err error, what string) error {
	if errors.Is(err, context.Canceled) {
		return fault.Wrap(fault.Unavailable, err, fmt.Sprintf("loading plugin %s was cancelled", spec.ID))
	}
	return fault.Wrap(fault.Timeout, err, fmt.Sprintf("plugin %s is not loaded: %s (limit %v)", spec.ID, what, spec.Limits.CompileTimeout))
}

// checkShape looks for what every plugin has: the marker, the two exports, and
// no import that the host does not know.
func (l *Loader) checkShape(m scanned) error {
	if _, ok := m.exports[abi.Marker]; !ok {
		for name := range m.exports {
			if strings.HasPrefix(name, "callboard_abi_v") {
				return fmt.Errorf("it speaks %s, this host speaks %s", name, abi.Marker)
			}
		}
		return fmt.Errorf("it does not export %s, so it is no plugin", abi.Marker)
	}
	for _, name := range []string{abi.ExportIn, abi.ExportHandle} {
		if kind, ok := m.exports[name]; !ok || kind != kindFunction {
			return fmt.Errorf("it does not export the function %s", name)
		}
	}
	var unknown []string
	for _, ref := range m.imports {
		if _, ok := l.imports[ref.module][ref.name]; !ok || !ref.function {
			unknown = append(unknown, ref.module+"."+ref.name)
		}
	}
	if len(unknown) > 0 {
		return fmt.Errorf("it imports what this host does not offer: %s", strings.Join(unknown, ", "))
	}
	return nil
}

// compile makes a runtime for the module. It is not interruptible.
func (l *Loader) compile(ctx context.Context, spec plugin.Spec, module scanned) (m *compiled, err error) {
	// The compiler has panicked on hostile input before; on this goroutine a
	// panic can be caught, which is why compiling has no workers of its own.
	defer func() {
		if r := recover(); r != nil {
			m, err = nil, fmt.Errorf("compiling it failed: %v", r)
		}
	}()
	m, err = l.build(ctx, spec, module)
	if err != nil && strings.Contains(err.Error(), "compilationcache") {
		l.cfg.Log.Warn("the compilation cache is damaged; compiling without it", "plugin", string(spec.ID), "error", err)
		plain := *l
		plain.cfg.CacheDir = ""
		return plain.build(ctx, spec, module)
	}
	return m, err
}

// build is given a context without end: what it makes outlives the caller.
func (l *Loader) build(ctx context.Context, spec plugin.Spec, module scanned) (_ *compiled, err error) {
	m := &compiled{loader: l, spec: spec, forever: ctx}
	pages := uint32(min(spec.Limits.MemoryBytes, 4<<30-plugin.PageBytes) / plugin.PageBytes)
	config := wazero.NewRuntimeConfig().
		WithCoreFeatures(api.CoreFeaturesV2).
		WithCloseOnContextDone(true).
		WithDebugInfoEnabled(false). // DWARF is hostile input to one more parser
		WithMemoryLimitPages(pages)
	if l.cfg.CacheDir != "" {
		// A cache object per version over the shared folder: modules share
		// files, never an engine.
		if m.cache, err = wazero.NewCompilationCacheWithDir(l.cfg.CacheDir); err != nil {
			return nil, fmt.Errorf("opening compilation cache: %w", err)
		}
		config = config.WithCompilationCache(m.cache)
	}
	m.runtime = wazero.NewRuntimeWithConfig(ctx, config)
	defer func() {
		if err != nil {
			m.free()
		}
	}()
	if m.code, err = m.runtime.CompileModule(ctx, module.wasm); err != nil {
		return nil, err
	}
	if err := l.checkSignatures(m.code); err != nil {
		return nil, err
	}
	if err := m.link(ctx, module.imports); err != nil {
		return nil, fmt.Errorf("linking imports: %w", err)
	}
	return m, nil
}
