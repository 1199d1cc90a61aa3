package wasm_test

import (
	"context"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/callboard/callboard/host/internal/plugin/meter"
	"github.com/callboard/callboard/host/internal/plugin/sandbox"
	"github.com/callboard/callboard/sdk/abi"
)

// modes are the ways to run a guest: as it is, interrupted by the runtime, and
// metered.
func modes() []string { return []string{"bare", "closing", "metered"} }

// cpu is the time that this process has had. On a shared machine it says more
// than the clock on the wall.
func cpu(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkMetering compares the modes in turns, since the speed of a shared
// machine wanders: run it with -benchtime 15x and read the medians. One turn
// of a mode takes some milliseconds.
func BenchmarkMetering(b *testing.B) {
	codec := buildCodecGuest(b)
	c, err := os.ReadFile("../meter/testdata/guests/c.wasm")
	if err != nil {
		b.Fatal(err)
	}
	for _, load := range []struct {
		name, export string
		module       []byte
		args         []uint64
	}{
		{"json/HTTPRequest", "run", codec, []uint64{0, 1, 50}},
		{"json/CatalogQueryRequest", "run", codec, []uint64{2, 1, 100}},
		{"json/ProcessRequest", "run", codec, []uint64{3, 1, 50}},
		{"msgp/HTTPRequest", "run", codec, []uint64{0, 0, 2000}},
		{"request-through-the-SDK", "serve", codec, []uint64{2000}},
		{"loop/Go", "spin", codec, []uint64{10_000_000}},
		{"loop/C", "spin", c, []uint64{10_000_000}},
		{"calls/C", "fibonacci", c, []uint64{30}},
		{"sort/C", "sorted", c, []uint64{65_536}},
	} {
		b.Run(load.name, func(b *testing.B) {
			var calls []func()
			for _, mode := range modes() {
				calls = append(calls, prepare(b, load.module, mode, load.export, load.args))
			}
			took := make([][]time.Duration, len(calls))
			for range b.N {
				for m, call := range calls {
					began := cpu(b)
					call()
					took[m] = append(took[m], cpu(b)-began)
				}
			}
			bare := median(took[0])
			b.ReportMetric(0, "ns/op") // of all modes together, which says nothing
			for m, mode := range modes() {
				b.ReportMetric(median(took[m]).Seconds()*1000, mode+"-ms")
				if m > 0 {
					b.ReportMetric(float64(median(took[m]))/float64(bare), mode+"/bare")
				}
			}
		})
	}
}

// prepare returns one call of an export, with a deadline as plugins have it.
func prepare(b *testing.B, module []byte, mode, export string, args []uint64) func() {
	b.Helper()
	ctx, cancel := context.WithDeadline(context.Background(), time.Now().Add(time.Hour))
	b.Cleanup(cancel)
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCloseOnContextDone(mode == "closing"))
	b.Cleanup(func() { _ = r.Close(context.Background()) })
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	guest := &sandbox.Guest{Fuel: sandbox.NewFuel(ctx)}
	if mode == "metered" {
		m, err := meter.Rewrite(module)
		if err != nil {
			b.Fatal(err)
		}
		module = m.Wasm
		tick := sandbox.Tick()
		_, err = r.NewHostModuleBuilder(abi.Module).NewFunctionBuilder().
			WithGoModuleFunction(api.GoModuleFunc(func(ctx context.Context, _ api.Module, stack []uint64) {
				tick.Run(ctx, guest, stack)
			}), tick.Params, tick.Results).Export(meter.ImportTick).Instantiate(ctx)
		if err != nil {
			b.Fatal(err)
		}
	}
	mod, err := r.InstantiateWithConfig(ctx, module, wazero.NewModuleConfig().WithStartFunctions("_initialize"))
	if err != nil {
		b.Fatal(err)
	}
	call := mod.ExportedFunction(export)
	return func() {
		guest.Fuel.Begin(ctx, 1<<62)
		res, err := call.Call(ctx, args...)
		if err != nil || res[0] == 0 {
			b.Fatal(res, err)
		}
	}
}
