package wasm_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// batch is how many messages one call into the guest handles, so that the
// call itself does not count.
const batch = 200

// BenchmarkCodec decodes and encodes contract types inside Wasm, with the
// generated codec and with encoding/json; "bare" is without interruption,
// "closing" with the runtime's own. BenchmarkMetering has what plugins run in.
// ns/op is a message.
func BenchmarkCodec(b *testing.B) {
	module := buildCodecGuest(b)
	for _, mode := range []struct {
		name    string
		closing bool
	}{{"bare", false}, {"closing", true}} {
		ctx := context.Background()
		r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCloseOnContextDone(mode.closing))
		defer r.Close(ctx) //nolint:errcheck // the benchmark is over
		wasi_snapshot_preview1.MustInstantiate(ctx, r)
		mod, err := r.InstantiateWithConfig(ctx, module, wazero.NewModuleConfig().WithStartFunctions("_initialize"))
		if err != nil {
			b.Fatal(err)
		}
		// each calls an export b.N times in batches; its last argument is the count.
		each := func(export string, args ...uint64) func(*testing.B) {
			return func(b *testing.B) {
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				call := mod.ExportedFunction(export)
				var size uint64
				for left := b.N; left > 0; left -= batch {
					res, err := call.Call(ctx, append(args[:len(args):len(args)], uint64(min(left, batch)))...)
					if err != nil {
						b.Fatal(err)
					}
					if size = res[0]; size == 0 {
						b.Fatal("the guest could not decode or encode")
					}
				}
				b.ReportMetric(float64(size), "bytes/msg")
			}
		}
		for which, subject := range []string{"HTTPRequest", "HTTPResponse", "CatalogQueryRequest", "ProcessRequest"} {
			for codec, name := range []string{"msgp", "encoding-json"} {
				b.Run(mode.name+"/"+subject+"/"+name, each("run", uint64(which), uint64(codec)))
			}
		}
		b.Run(mode.name+"/request-through-the-SDK", each("serve"))
	}
}

// buildCodecGuest builds sdk/contract/bench.
func buildCodecGuest(b *testing.B) []byte {
	b.Helper()
	out := filepath.Join(b.TempDir(), "codec.wasm")
	build := exec.Command("go", "build", "-buildmode=c-shared", "-ldflags=-s -w", "-o", out, "./contract/bench")
	build.Dir = "../../../../sdk"
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=-buildvcs=false")
	if text, err := build.CombinedOutput(); err != nil {
		b.Fatalf("building the codec guest: %v\n%s", err, text)
	}
	wasm, err := os.ReadFile(out)
	if err != nil {
		b.Fatal(err)
	}
	return wasm
}
