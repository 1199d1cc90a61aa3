package wasm

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/format"
	"github.com/callboard/callboard/host/internal/plugin/meter"
	"github.com/callboard/callboard/host/internal/plugin/sandbox"
	"github.com/callboard/callboard/sdk/abi"
)

// Config says how guests are compiled and what they see of the world.
type Config struct {
	// CacheDir keeps machine code between starts; empty means no cache. It
	// must belong to this process alone, since its content is executed.
	CacheDir string
	Bounds   sandbox.Bounds   // zero: sandbox.DefaultBounds
	Compiles int              // compiles at once, abandoned ones included; default 2
	Now      func() time.Time // clock of the guests; default time.Now
	Random   io.Reader        // randomness of the guests; required, crypto/rand.Reader outside of tests
	// Rewrite is the metering pass; default meter.Rewrite. Tests replace it to
	// see what becomes of modules that it cannot read.
	Rewrite func(module []byte) (meter.Metered, error)
	Log     *slog.Logger // required
}

// Loader is a plugin.Loader on wazero.
type Loader struct {
	cfg     Config
	slots   *sandbox.Slots
	imports importTable
	tick    hostFunc // what metered modules import besides
	system  plugin.Ambient
}

// New checks the cache folder and returns a loader.
func New(cfg Config) (*Loader, error) {
	if cfg.Bounds == (sandbox.Bounds{}) {
		cfg.Bounds = sandbox.DefaultBounds()
	}
	if cfg.Compiles <= 0 {
		cfg.Compiles = 2
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.CacheDir != "" {
		if err := sandbox.OpenCache(cfg.CacheDir); err != nil {
			return nil, err
		}
	}
	return &Loader{
		cfg: cfg, slots: sandbox.NewSlots(cfg.Compiles), imports: newImportTable(),
		tick: ofGuest(sandbox.Tick()), system: sandbox.System(cfg.Now, cfg.Random),
	}, nil
}

// Load implements plugin.Loader.
func (l *Loader) Load(ctx context.Context, spec plugin.Spec) (plugin.Module, error) {
	spec.Limits = spec.Limits.WithDefaults()
	module, err := sandbox.Scan(spec.Wasm, l.cfg.Bounds)
	if err != nil {
		return nil, fault.New(fault.Invalid, "plugin %s cannot be loaded: %w", spec.ID, err)
	}
	if err := l.checkShape(module); err != nil {
		return nil, fault.New(fault.Invalid, "plugin %s cannot be loaded: %w", spec.ID, err)
	}

	return l.slots.Compile(ctx, spec, func(ctx context.Context) (plugin.Module, error) {
		m, err := sandbox.Build(l.metering(spec.ID), module.Wasm, func(code sandbox.Code, cacheDir string) (*compiled, error) {
			return l.build(ctx, spec, module, code, cacheDir)
		})
		if err != nil {
			return nil, err
		}
		return m, nil
	})
}

func (l *Loader) metering(id plugin.ID) sandbox.Metering {
	return sandbox.Metering{Dir: l.cfg.CacheDir, Rewrite: l.cfg.Rewrite, Log: l.cfg.Log.With("plugin", string(id))}
}

// host returns a function of the host by the names under which it is imported.
func (l *Loader) host(module, name string) hostFunc {
	if module == abi.Module && name == meter.ImportTick {
		return l.tick
	}
	return l.imports[module][name]
}

// checkShape looks for what every plugin has: the marker, the two exports, and
// no import that the host does not know.
func (l *Loader) checkShape(m sandbox.Scanned) error {
	if _, ok := m.Exports[abi.Marker]; !ok {
		for name := range m.Exports {
			if strings.HasPrefix(name, "callboard_abi_v") {
				return fmt.Errorf("it speaks %s, this host speaks %s", name, abi.Marker)
			}
		}
		return fmt.Errorf("it does not export %s, so it is no plugin", abi.Marker)
	}
	for _, name := range []string{abi.ExportIn, abi.ExportHandle} {
		if kind, ok := m.Exports[name]; !ok || kind != format.KindFunction {
			return fmt.Errorf("it does not export the function %s", name)
		}
	}
	var unknown []string
	for _, ref := range m.Imports {
		if _, ok := l.imports[ref.Module][ref.Name]; !ok || !ref.Function {
			unknown = append(unknown, ref.Module+"."+ref.Name)
		}
	}
	if len(unknown) > 0 {
		return fmt.Errorf("it imports what this host does not offer: %s", strings.Join(unknown, ", "))
	}
	return nil
}

// build makes a runtime for the module, with a context without end. It is not
// interruptible.
func (l *Loader) build(ctx context.Context, spec plugin.Spec, module sandbox.Scanned, code sandbox.Code, cacheDir string) (_ *compiled, err error) {
	m := &compiled{loader: l, spec: spec, forever: ctx, form: code}
	m.form.Wasm = nil // the machine code is kept
	m.tenants.Free = m.free
	pages := uint32(min(spec.Limits.MemoryBytes, 4<<30-plugin.PageBytes) / plugin.PageBytes)
	config := wazero.NewRuntimeConfig().
		WithCoreFeatures(api.CoreFeaturesV2).
		WithCloseOnContextDone(!code.Metered).
		WithDebugInfoEnabled(false). // DWARF is hostile input to one more parser
		WithMemoryLimitPages(pages)
	if cacheDir != "" {
		// A cache object per version over the shared folder: modules share
		// files, never an engine.
		if m.cache, err = wazero.NewCompilationCacheWithDir(cacheDir); err != nil {
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
	if m.code, err = m.runtime.CompileModule(ctx, code.Wasm); err != nil {
		return nil, err
	}
	if err := l.checkSignatures(m.code); err != nil {
		return nil, err
	}
	imports := module.Imports
	if code.Metered {
		imports = append(slices.Clone(imports), sandbox.Import{Module: abi.Module, Name: meter.ImportTick, Function: true})
	}
	if err := m.link(ctx, imports); err != nil {
		return nil, fmt.Errorf("linking imports: %w", err)
	}
	return m, nil
}
