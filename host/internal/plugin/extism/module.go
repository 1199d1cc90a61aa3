package extism

import (
	"context"
	"fmt"
	"slices"

	sdk "github.com/extism/go-sdk"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/format"
	"github.com/callboard/callboard/host/internal/plugin/sandbox"
)

// compiled is a plugin.Module.
type compiled struct {
	loader  *Loader
	spec    plugin.Spec
	metered bool
	warning string
	exports map[string]byte
	forever context.Context         // for closing, which nobody may cancel
	cache   wazero.CompilationCache // never nil: closing it frees what the SDK leaves behind when it fails
	code    *sdk.CompiledPlugin
	tenants sandbox.Tenants
}

// Warning implements plugin.Module.
func (m *compiled) Warning() string { return m.warning }

// Close implements plugin.Module. Calls in progress are waited for until ctx
// ends; the last of them then frees the code.
func (m *compiled) Close(ctx context.Context) error {
	if err := m.tenants.Close(ctx); err != nil {
		return fmt.Errorf("closing plugin %s: %w", m.spec.ID, err)
	}
	return nil
}

func (m *compiled) free() {
	if m.code != nil {
		_ = m.code.Close(m.forever)
	}
	_ = m.cache.Close(m.forever)
}

// New implements plugin.Module.
func (m *compiled) New(ctx context.Context) (plugin.Instance, error) {
	return m.NewIn(ctx, m.loader.system)
}

// NewIn implements plugin.Starter.
func (m *compiled) NewIn(ctx context.Context, around plugin.Ambient) (_ plugin.Instance, err error) {
	if err := m.tenants.Enter(); err != nil {
		return nil, err
	}
	defer m.tenants.Leave()
	i := &instance{
		module: m, limits: m.spec.Limits, walls: &walls{room: m.spec.Limits.MemoryBytes}, starting: &sdk.Plugin{},
		guest: sandbox.Guest{Output: sandbox.Output{Budget: m.spec.Limits.LogBytes}, Around: around, Fuel: sandbox.NewFuel(ctx)},
	}
	defer func() {
		// An allocation that fails is a panic in the runtime.
		if r := recover(); r != nil {
			err = fault.New(fault.Unavailable, "an instance of plugin %s could not be made: %v", m.spec.ID, r)
		}
		if err != nil {
			i.close()
		}
	}()
	i.begin(nil, nil)
	made, err := m.code.Instance(
		&frame{Context: experimental.WithMemoryAllocator(ctx, i.walls), instance: i},
		sdk.PluginInstanceConfig{ModuleConfig: wazero.NewModuleConfig()},
	)
	if err != nil {
		return nil, i.autopsy().Explain(ctx, err, "starting")
	}
	i.plugin = made
	if name := m.initialiser(); name != "" {
		if _, err := i.enter(ctx, name); err != nil {
			return nil, i.autopsy().Explain(ctx, err, "starting")
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, i.autopsy().Explain(ctx, err, "starting")
	}
	i.settle()
	i.guest.Output.End()
	return i, nil
}

// initialiser returns the export to run before any other. The SDK would do it
// within the first call and only with a WASI of its own; of Haskell's kit it
// does, which then needs its own order.
func (m *compiled) initialiser() string {
	if _, haskell := m.exports["hs_init"]; haskell {
		return ""
	}
	for _, name := range initialisers() {
		if kind, ok := m.exports[name]; ok && kind == format.KindFunction {
			return name
		}
	}
	return ""
}

// watch lets an instance learn which module it is: the SDK shows it to nobody,
// and the counter of steps is exchanged by calling it. The one function that
// is watched is that by which it is entered.
type watch struct{}

// NewFunctionListener implements experimental.FunctionListenerFactory.
func (watch) NewFunctionListener(def api.FunctionDefinition) experimental.FunctionListener {
	for _, name := range def.ExportNames() {
		if name == ExportHandle || slices.Contains(initialisers(), name) {
			return experimental.FunctionListenerFunc(func(ctx context.Context, main api.Module, _ api.FunctionDefinition, _ []uint64, _ experimental.StackIterator) {
				if f, ok := ctx.Value(frameKey{}).(*frame); ok {
					f.instance.main = main
				}
			})
		}
	}
	return nil
}
