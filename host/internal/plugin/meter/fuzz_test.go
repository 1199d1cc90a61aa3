package meter_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/callboard/callboard/host/internal/plugin/meter"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
	"github.com/callboard/callboard/host/internal/plugin/sandbox"
)

// FuzzRewrite: no bytes make the pass panic; what was valid is valid
// afterwards, or the pass says that it cannot read it.
func FuzzRewrite(f *testing.F) {
	for _, module := range plugintest.Forgeries() {
		f.Add(module)
	}
	for _, b := range plugintest.Burners() {
		f.Add(b.Wasm(plugintest.BurnsInInitialize))
	}
	f.Add(generate([]byte("some choices of a generated module")))
	files, err := filepath.Glob("testdata/guests/*.wasm")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		if b, err := os.ReadFile(file); err == nil && len(b) < 32<<10 {
			f.Add(b)
		}
	}
	bounds := sandbox.DefaultBounds()
	bounds.ModuleBytes, bounds.Locals, bounds.BodyBytes = 64<<10, 1000, 16<<10
	f.Fuzz(func(t *testing.T, module []byte) {
		_, _ = meter.Rewrite(module)
		scanned, err := sandbox.Scan(module, bounds) // or validating could take gigabytes
		if err != nil {
			return
		}
		valid := meter.Validate(scanned.Wasm) == nil
		m, err := meter.Rewrite(scanned.Wasm)
		var unsupported *meter.Unsupported
		switch {
		case !valid || errors.As(err, &unsupported):
		case err != nil:
			if _, reserved := scanned.Exports[meter.ExportFuel]; !reserved && !slices.ContainsFunc(scanned.Imports, isTick) {
				t.Fatalf("a valid module is refused: %v", err)
			}
		default:
			if err := meter.Validate(m.Wasm); err != nil {
				t.Fatalf("a valid module became invalid: %v", err)
			}
			if _, err := meter.Rewrite(m.Wasm); err == nil {
				t.Fatal("a module that imports tick was rewritten")
			}
		}
	})
}

func isTick(i sandbox.Import) bool { return i.Module == "callboard" && i.Name == meter.ImportTick }

// FuzzSameResult: a generated module does the same bare and metered, and uses
// the same fuel whenever there are ticks.
func FuzzSameResult(f *testing.F) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // seeds of a test
	for range 64 {
		choices := make([]byte, 200)
		for i := range choices {
			choices[i] = byte(random.Uint32())
		}
		f.Add(choices)
	}
	f.Fuzz(func(t *testing.T, choices []byte) {
		if len(choices) > 2000 {
			return
		}
		module := generate(choices)
		if err := meter.Validate(module); err != nil {
			t.Fatalf("the generator wrote an invalid module: %v", err)
		}
		m, err := meter.Rewrite(module)
		if err != nil {
			t.Fatal(err)
		}
		bare := run(t, module, nil)
		for _, slice := range []int32{0, 7, 4096} {
			if metered := run(t, m.Wasm, &slice); !bare.same(metered) {
				t.Fatalf("with ticks every %d steps: %v\nbare: %v", slice, metered, bare)
			} else if bare.fuel == 0 {
				bare.fuel = metered.fuel
			} else if metered.fuel != bare.fuel {
				t.Fatalf("with ticks every %d steps it used %d steps, else %d", slice, metered.fuel, bare.fuel)
			}
		}
	})
}

// outcome is what a run leaves.
type outcome struct {
	result  uint64
	err     string
	globals [2]uint64
	memory  []byte
	calls   []uint64 // of imports
	fuel    int64
}

func (o outcome) same(p outcome) bool {
	return o.result == p.result && o.err == p.err && o.globals == p.globals && slices.Equal(o.memory, p.memory) && slices.Equal(o.calls, p.calls)
}

// run calls "run" of a generated module; slice is how far apart ticks are, nil
// for a bare one.
func run(t *testing.T, module []byte, slice *int32) outcome {
	t.Helper()
	ctx := context.Background()
	// The pass is the same for both engines, and this one starts quickly.
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(api.CoreFeaturesV2))
	defer func() { _ = r.Close(ctx) }()
	var o outcome
	builder := r.NewHostModuleBuilder("env")
	for i := range genImports {
		builder.NewFunctionBuilder().WithFunc(func(a uint32, b uint64) uint32 {
			o.calls = append(o.calls, uint64(a), b)
			return a*3 + uint32(b) + uint32(i)
		}).Export(string(rune('f' + i)))
	}
	if _, err := builder.Instantiate(ctx); err != nil {
		t.Fatal(err)
	}
	set := int64(meter.Slice)
	if slice != nil {
		host(t, r, func(left int32) int32 {
			o.fuel += set - int64(left)
			set = int64(*slice)
			return *slice
		})
	}
	mod, err := r.Instantiate(ctx, module)
	if err != nil {
		t.Fatal(err)
	}
	fuel := func(next int32) {
		left, err := mod.ExportedFunction(meter.ExportFuel).Call(ctx, uint64(uint32(next))) //nolint:gosec // not negative
		if err != nil {
			t.Fatal(err)
		}
		o.fuel += set - int64(int32(left[0])) //nolint:gosec // its bits
		set = int64(next)
	}
	if slice != nil {
		fuel(*slice)
	}
	results, err := mod.ExportedFunction("run").Call(ctx, 7, 11)
	o.err = firstLine(err)
	if len(results) == 1 {
		o.result = results[0]
	}
	o.globals = [2]uint64{mod.ExportedGlobal("a").Get(), mod.ExportedGlobal("b").Get()}
	memory, _ := mod.Memory().Read(0, mod.Memory().Size())
	o.memory = slices.Clone(memory)
	if slice != nil {
		fuel(0)
	}
	return o
}
