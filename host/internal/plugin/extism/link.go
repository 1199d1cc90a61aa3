package extism

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	sdk "github.com/extism/go-sdk"

	"github.com/callboard/callboard/host/internal/plugin/format"
	"github.com/callboard/callboard/host/internal/plugin/sandbox"
	"github.com/callboard/callboard/sdk/abi"
)

// Names of what guests import, and of the module that stands in for Extism's.
const (
	EnvModule  = "extism:host/env"
	UserModule = "extism:host/user"
	ownModule  = "callboard:extism"
)

// ExportHandle is the function that every plugin exports. It has the name of
// ABI v1's and another type: nothing in, an i32 out.
const ExportHandle = abi.ExportHandle

// initialisers are exports that run before any other, the first that is there.
func initialisers() []string { return []string{"_initialize", "__wasm_call_ctors"} }

// importCall is the one function of UserModule: it takes the offset of a
// request and returns the offset of a reply.
const importCall = "callboard_call"

// hostFunc is one function that a guest may import.
type hostFunc struct {
	sandbox.Signature
	run func(ctx context.Context, i *instance, p *sdk.CurrentPlugin, stack []uint64)
}

// importTable is everything that a guest may import: module -> name.
type importTable map[string]map[string]hostFunc

func newImportTable() importTable {
	table := importTable{
		EnvModule:          envTable(),
		UserModule:         {importCall: {sandbox.NewSignature("I", "I"), hostCall}},
		sandbox.WASIModule: {},
	}
	for name, f := range sandbox.WASI() {
		table[sandbox.WASIModule][name] = ofGuest(f)
	}
	return table
}

// ofGuest is a function that both runtimes have.
func ofGuest(f sandbox.Func) hostFunc {
	return hostFunc{f.Signature, func(ctx context.Context, i *instance, _ *sdk.CurrentPlugin, stack []uint64) {
		if memory := i.walls.guest(); memory != nil {
			i.guest.Memory = memory
		}
		f.Run(ctx, &i.guest, stack)
	}}
}

// check looks for what every plugin has, and for imports that the host does
// not know or knows with another type.
func (t importTable) check(m sandbox.Scanned) error {
	if kind, ok := m.Exports[ExportHandle]; !ok || kind != format.KindFunction {
		return fmt.Errorf("it does not export the function %s", ExportHandle)
	}
	if kind, ok := m.Exports["memory"]; !ok || kind != format.KindMemory {
		return errors.New("it exports no memory")
	}
	if typ := m.Types[ExportHandle]; !sandbox.NewSignature("", "i").Is(typ) && !sandbox.NewSignature("", "").Is(typ) {
		return fmt.Errorf("its export %s has another signature than () -> i32", ExportHandle)
	}
	for _, name := range initialisers() {
		if typ, ok := m.Types[name]; ok && !sandbox.NewSignature("", "").Is(typ) {
			return fmt.Errorf("its export %s has another signature than () -> ()", name)
		}
	}
	var unknown []string
	for _, ref := range m.Imports {
		if _, ok := t[ref.Module][ref.Name]; !ok || !ref.Function {
			unknown = append(unknown, ref.Module+"."+ref.Name)
		}
	}
	if len(unknown) > 0 {
		return fmt.Errorf("it imports what this host does not offer: %s", strings.Join(unknown, ", "))
	}
	for _, ref := range m.Imports {
		if !t[ref.Module][ref.Name].Is(ref.Type) {
			return fmt.Errorf("its import %s.%s has another signature than the host's", ref.Module, ref.Name)
		}
	}
	return nil
}

// functions returns what a guest imports, for the SDK to link. Of
// extism:host/env it is what stands in for it.
func (t importTable) functions(refs []sandbox.Import) []sdk.HostFunction {
	var out []sdk.HostFunction
	seen := map[string]bool{}
	for _, ref := range refs {
		name := ref.Module + "." + ref.Name
		if seen[name] {
			continue
		}
		seen[name] = true
		f := t[ref.Module][ref.Name]
		if ref.Module == abi.Module {
			f = ofGuest(sandbox.Tick())
		}
		module, run := ref.Module, guarded(f.run)
		switch {
		case module == EnvModule && slices.Contains([]string{"load_u8", "load_u64", "store_u8", "store_u64", "input_load_u8", "input_load_u64"}, ref.Name):
			module, run = ownModule, direct(f.run) // called for every eight bytes; they have no bugs to catch
		case module == EnvModule:
			module = ownModule
		}
		function := sdk.NewHostFunctionWithStack(ref.Name, run, f.Params, f.Results)
		function.SetNamespace(module)
		out = append(out, function)
	}
	return out
}

// frame is the context of one entry into a guest. It carries the instance to
// the host functions.
type frame struct {
	context.Context
	instance *instance
}

type frameKey struct{}

// pluginKey is how the SDK finds its plugin; its host functions panic without.
const pluginKey = sdk.PluginCtxKey("plugin")

// Value implements context.Context.
func (f *frame) Value(key any) any {
	switch key {
	case frameKey{}:
		return f
	case pluginKey:
		if f.instance.plugin == nil {
			// A start section runs. What it may call needs no plugin.
			return f.instance.starting
		}
		return f.instance.plugin
	default:
		return f.Context.Value(key)
	}
}

func frameOf(ctx context.Context) *frame {
	f, ok := ctx.Value(frameKey{}).(*frame)
	if !ok {
		panic(errors.New("a guest was entered without a frame"))
	}
	return f
}

// direct finds the instance.
func direct(run func(context.Context, *instance, *sdk.CurrentPlugin, []uint64)) sdk.HostFunctionStackCallback {
	return func(ctx context.Context, p *sdk.CurrentPlugin, stack []uint64) {
		f := frameOf(ctx)
		run(f.Context, f.instance, p, stack)
	}
}

// guarded also tells a bug of the host from a crash of the guest: a panic in a
// host function is noted on the instance before it unwinds, and never becomes
// the text of an answer.
func guarded(run func(context.Context, *instance, *sdk.CurrentPlugin, []uint64)) sdk.HostFunctionStackCallback {
	return func(ctx context.Context, p *sdk.CurrentPlugin, stack []uint64) {
		f := frameOf(ctx)
		i := f.instance
		defer func() {
			r := recover()
			if r == nil {
				return
			}
			if _, meant := r.(sandbox.Stop); !meant {
				i.hostPanic = fmt.Sprintf("%v\n%s", r, debug.Stack())
			}
			panic(r)
		}()
		run(f.Context, i, p, stack)
		// The steps of a metered guest do not say how long its imports took.
		sandbox.Interrupt(f.Context)
	}
}
