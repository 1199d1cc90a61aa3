package meter_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/callboard/callboard/host/internal/plugin/meter"
)

// TestGuestsOfOtherLanguages runs what the compilers of C, Rust and
// AssemblyScript emit, bare and metered: results and memory are the same, traps
// have the same stack by name, and fuel is the same in every run.
func TestGuestsOfOtherLanguages(t *testing.T) {
	for _, language := range []string{"c", "rust", "assemblyscript"} {
		t.Run(language, func(t *testing.T) {
			module, err := os.ReadFile(filepath.Join("testdata", "guests", language+".wasm"))
			if err != nil {
				t.Fatal(err)
			}
			if err := meter.Validate(module); err != nil {
				t.Fatal(err)
			}
			m, err := meter.Rewrite(module)
			if err != nil {
				t.Fatal(err)
			}
			var fuel, again int64
			bare, metered, second := start(t, module, nil), start(t, m.Wasm, &fuel), start(t, m.Wasm, &again)
			functions, traps := 0, 0
			for name, def := range bare.ExportedFunctionDefinitions() {
				if strings.HasPrefix(name, "_") || len(def.ParamTypes()) != 1 || len(def.ResultTypes()) != 1 || def.ResultTypes()[0] != api.ValueTypeI64 {
					continue
				}
				functions++
				for _, n := range []uint64{0, 1, 2, 7, 100, 999, 40_000, 1 << 20} {
					fuel, again = 0, 0
					want, bareErr := bare.ExportedFunction(name).Call(t.Context(), n)
					got, meteredErr := metered.ExportedFunction(name).Call(t.Context(), n)
					_, _ = second.ExportedFunction(name).Call(t.Context(), n)
					if text(bareErr) != text(meteredErr) {
						t.Fatalf("%s(%d): metered: %v\nbare: %v", name, n, meteredErr, bareErr)
					}
					if bareErr == nil && want[0] != got[0] {
						t.Errorf("%s(%d) = %d, want %d", name, n, got[0], want[0])
					}
					if bareErr != nil {
						traps++
						if !strings.Contains(bareErr.Error(), "fail") {
							t.Errorf("%s(%d): the stack does not name the function: %v", name, n, bareErr)
						}
					}
					if fuel != again {
						t.Errorf("%s(%d) had %d ticks, and then %d", name, n, fuel, again)
					}
					sameMemory(t, bare, metered)
				}
			}
			if functions < 5 || traps == 0 {
				t.Errorf("%d functions, %d traps: the guest is not what it should be", functions, traps)
			}
		})
	}
}

func start(t *testing.T, module []byte, ticks *int64) api.Module {
	t.Helper()
	r := wazero.NewRuntimeWithConfig(t.Context(), wazero.NewRuntimeConfig().WithCoreFeatures(api.CoreFeaturesV2))
	t.Cleanup(func() { _ = r.Close(context.Background()) })
	if ticks != nil {
		host(t, r, func(int32) int32 {
			*ticks++
			return 100
		})
	}
	_, err := r.NewHostModuleBuilder("env").NewFunctionBuilder().
		WithFunc(func(_, _, _, _ uint32) {}).Export("abort").Instantiate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	mod, err := r.Instantiate(t.Context(), module)
	if err != nil {
		t.Fatal(err)
	}
	return mod
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func sameMemory(t *testing.T, bare, metered api.Module) {
	t.Helper()
	b, m := bare.Memory(), metered.Memory()
	want, _ := b.Read(0, b.Size())
	got, _ := m.Read(0, m.Size())
	if string(want) != string(got) {
		t.Error("the memories differ")
	}
}
