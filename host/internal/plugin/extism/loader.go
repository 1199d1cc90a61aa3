package extism

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	sdk "github.com/extism/go-sdk"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/meter"
	"github.com/callboard/callboard/host/internal/plugin/sandbox"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/payload"
)

// Config says how guests are compiled and what they see of the world; the
// fields are those of the other runtime.
type Config struct {
	CacheDir string           // machine code between starts; empty means no cache
	Bounds   sandbox.Bounds   // zero: sandbox.DefaultBounds
	Compiles int              // compiles at once, abandoned ones included; default 1
	Now      func() time.Time // clock of the guests; default time.Now
	Random   io.Reader        // randomness of the guests; required, crypto/rand.Reader outside of tests
	// Rewrite is the metering pass; default meter.Rewrite.
	Rewrite func(module []byte) (meter.Metered, error)
	Log     *slog.Logger // required
}

// Loader is a plugin.Loader on Extism's host SDK.
type Loader struct {
	cfg        Config
	slots      *sandbox.Slots
	imports    importTable
	operations map[string]payload.Operation // by name
	system     plugin.Ambient
}

// New checks the cache folder and returns a loader.
func New(cfg Config) (*Loader, error) {
	if cfg.Bounds == (sandbox.Bounds{}) {
		cfg.Bounds = sandbox.DefaultBounds()
	}
	if cfg.Compiles <= 0 {
		cfg.Compiles = 1
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
		cfg: cfg, slots: sandbox.NewSlots(cfg.Compiles), imports: newImportTable(), operations: operations(),
		system: sandbox.System(cfg.Now, cfg.Random),
	}, nil
}

// Speaks reports whether a module was built with a kit of Extism's.
func Speaks(module []byte) bool { return sandbox.ImportsFrom(module, EnvModule) }

// Load implements plugin.Loader.
func (l *Loader) Load(ctx context.Context, spec plugin.Spec) (plugin.Module, error) {
	spec.Limits = spec.Limits.WithDefaults()
	module, err := sandbox.Scan(spec.Wasm, l.cfg.Bounds)
	if err == nil {
		err = l.imports.check(module)
	}
	if err != nil {
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

// build compiles code, with a context without end. It is not interruptible.
func (l *Loader) build(ctx context.Context, spec plugin.Spec, module sandbox.Scanned, code sandbox.Code, cacheDir string) (_ *compiled, err error) {
	relinked, err := sandbox.Relink(code.Wasm, EnvModule, ownModule)
	if err != nil {
		return nil, err
	}
	m := &compiled{loader: l, spec: spec, forever: ctx, exports: module.Exports, metered: code.Metered, warning: code.Warning}
	m.tenants.Free = m.free
	if cacheDir == "" {
		m.cache = wazero.NewCompilationCache()
	} else if m.cache, err = wazero.NewCompilationCacheWithDir(cacheDir); err != nil {
		return nil, fmt.Errorf("opening compilation cache: %w", err)
	}
	defer func() {
		if err != nil {
			m.free()
		}
	}()
	imports := module.Imports
	if code.Metered {
		imports = append(slices.Clone(imports), sandbox.Import{Module: abi.Module, Name: meter.ImportTick})
	}
	pages := uint32(min(spec.Limits.MemoryBytes, 4<<30-plugin.PageBytes) / plugin.PageBytes)
	m.code, err = sdk.NewCompiledPlugin(
		experimental.WithFunctionListenerFactory(ctx, watch{}),
		sdk.Manifest{ // AllowedHosts, AllowedPaths, Config and Timeout stay empty, variables have no room
			Wasm:   []sdk.Wasm{sdk.WasmData{Data: relinked, Name: "main"}},
			Memory: &sdk.ManifestMemory{MaxPages: pages},
		},
		sdk.PluginConfig{RuntimeConfig: wazero.NewRuntimeConfig().
			WithCoreFeatures(api.CoreFeaturesV2).
			WithCompilationCache(m.cache).
			WithCloseOnContextDone(!code.Metered).
			WithDebugInfoEnabled(false)}, // DWARF is hostile input to one more parser
		l.imports.functions(imports))
	if err != nil {
		return nil, fmt.Errorf("compiling: %w", err)
	}
	return m, nil
}
