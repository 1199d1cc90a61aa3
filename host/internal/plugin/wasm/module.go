package wasm

import (
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/meter"
	"github.com/callboard/callboard/host/internal/plugin/sandbox"
	"github.com/callboard/callboard/sdk/abi"
)

// compiled is a plugin.Module.
type compiled struct {
	loader  *Loader
	spec    plugin.Spec
	forever context.Context // for closing, which nobody may cancel
	runtime wazero.Runtime
	cache   wazero.CompilationCache // nil without a cache folder
	code    wazero.CompiledModule
	form    sandbox.Code // what it was compiled from, without the bytes

	tenants sandbox.Tenants
}

// Warning implements plugin.Module.
func (m *compiled) Warning() string { return m.form.Warning }

// Close implements plugin.Module. Calls in progress are waited for until ctx
// ends; the last of them then frees the code.
func (m *compiled) Close(ctx context.Context) error {
	if err := m.tenants.Close(ctx); err != nil {
		return fmt.Errorf("closing plugin %s: %w", m.spec.ID, err)
	}
	return nil
}

func (m *compiled) free() {
	_ = m.runtime.Close(m.forever)
	if m.cache != nil {
		_ = m.cache.Close(m.forever)
	}
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
	i := &instance{module: m, limits: m.spec.Limits, linear: &sandbox.Linear{}}
	i.guest = sandbox.Guest{Output: sandbox.Output{Budget: m.spec.Limits.LogBytes}, Around: around, Fuel: sandbox.NewFuel(ctx), Pacer: plugin.PacerOf(ctx)}
	defer func() {
		// The runtime does not free the memory of an instance that it could
		// not finish, and an allocation that fails is a panic there.
		if r := recover(); r != nil {
			err = fault.New(fault.Unavailable, "an instance of plugin %s could not be made: %v", m.spec.ID, r)
		}
		if err != nil {
			i.linear.Free()
		}
	}()
	f := &frame{Context: experimental.WithMemoryAllocator(ctx, i.linear), instance: i}
	mod, err := m.runtime.InstantiateModule(f, m.code,
		wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize"))
	if err == nil && (ctx.Err() != nil || mod.Memory() == nil) {
		_ = mod.Close(m.forever)
		err = errors.New("it has no memory")
	}
	if err != nil {
		return nil, i.autopsy().Explain(ctx, err, "starting")
	}
	i.mod = mod
	i.use(mod.Memory())
	i.in = mod.ExportedFunction(abi.ExportIn)
	i.handle = mod.ExportedFunction(abi.ExportHandle)
	if m.form.Metered {
		i.fuel = mod.ExportedFunction(meter.ExportFuel)
		i.settle()
	}
	return i, nil
}

// checkSignatures compares the types of exports and imports with the ABI, so
// that a mistake is a message at load and not a failure to link.
func (l *Loader) checkSignatures(code wazero.CompiledModule) error {
	exports := code.ExportedFunctions()
	for name, want := range map[string]sandbox.Signature{
		abi.ExportIn:     sandbox.NewSignature("i", "i"),
		abi.ExportHandle: sandbox.NewSignature("ii", "I"),
		"_initialize":    sandbox.NewSignature("", ""),
	} {
		if def, ok := exports[name]; ok && !want.Matches(def) {
			return fmt.Errorf("its export %s has another signature than the ABI", name)
		}
	}
	for _, def := range code.ImportedFunctions() {
		module, name, _ := def.Import()
		if !l.host(module, name).Matches(def) {
			return fmt.Errorf("its import %s.%s has another signature than the ABI", module, name)
		}
	}
	return nil
}
