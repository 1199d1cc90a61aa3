package record_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
	"github.com/callboard/callboard/host/internal/plugin/record"
	"github.com/callboard/callboard/host/internal/plugin/wasm"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// BenchmarkByName is the hot path of a portal, an entity by its name through
// the catalog plugin, with and without recording. The host's answer costs
// nothing here, so that the share of recording is an upper bound.
func BenchmarkByName(b *testing.B) {
	module, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "plugins", "catalog", "dist", "plugin.wasm"))
	if err != nil {
		b.Skip("the catalog plugin is not built: make build")
	}
	loader, err := wasm.New(wasm.Config{Random: rand.Reader, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	key, err := record.NewKey([]byte("k"))
	if err != nil {
		b.Fatal(err)
	}
	store, err := record.OpenStore(record.StoreConfig{Dir: b.TempDir(), Key: key, Random: rand.Reader, Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	recorder := record.New(record.Config{Store: store, Now: time.Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler), Bodies: true})
	b.Cleanup(func() { _ = recorder.Close() })
	payload, err := (&contract.CatalogHandle{Handle: 1, Size: 2048, ETag: `"0123456789abcdef"`, Revision: 42}).MarshalMsg(nil)
	if err != nil {
		b.Fatal(err)
	}
	answer := plugintest.Answer(abi.CodeOK, abi.CodecMsgpack, payload)
	gate := &plugintest.Gate{Answer: func(context.Context, plugin.CallInfo, abi.Capability, uint32, []byte) []byte { return answer }}
	request := plugin.Call{
		Plugin: "catalog", Op: abi.OpHTTPHandle, Authority: principal.Guest("user:development/guest"), RequestID: "r",
		Payload: &contract.HTTPRequest{
			Method: "GET", Route: "/entities/by-name/{kind}/{namespace}/{name}", Path: "/entities/by-name/component/default/ledger-core",
			Params:  []contract.Param{{Name: "kind", Value: "component"}, {Name: "namespace", Value: "default"}, {Name: "name", Value: "ledger-core"}},
			Headers: []contract.Header{{Name: "Accept", Value: "application/json"}, {Name: "User-Agent", Value: "bench"}},
		},
	}
	for _, recorded := range []bool{false, true} {
		name := "plain"
		var l plugin.Loader = loader
		var g plugin.Gate = gate
		if recorded {
			name, l, g = "recorded", recorder.Loader(loader), recorder.Gate(gate)
		}
		b.Run(name, func(b *testing.B) {
			var ids atomic.Uint64
			r := plugin.NewRegistry(plugin.Deps{
				Loader: l, Gate: g, Clock: plugin.SystemClock{}, Stats: plugin.NewStats(plugin.SystemClock{}),
				Log: slog.New(slog.DiscardHandler), CallID: func() uint64 { return ids.Add(1) },
			})
			defer func() { _ = r.Close(context.Background()) }()
			pkg := plugintest.Package("catalog", module)
			pkg.Eager = true
			if err := r.Install(b.Context(), pkg); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				reply, err := r.Call(b.Context(), request)
				if err != nil {
					b.Fatal(err)
				}
				reply.Close()
			}
		})
	}
}

// BenchmarkTape is what recording adds to a call that succeeds, alone: a
// session with its tape, one host call of the size of BenchmarkByName, two
// readings of the clock, and what sees the guest end.
func BenchmarkTape(b *testing.B) {
	key, err := record.NewKey([]byte("k"))
	if err != nil {
		b.Fatal(err)
	}
	store, err := record.OpenStore(record.StoreConfig{Dir: b.TempDir(), Key: key, Random: rand.Reader, Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	recorder := record.New(record.Config{Store: store, Now: time.Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler)})
	b.Cleanup(func() { _ = recorder.Close() })
	info := plugin.CallInfo{Plugin: "catalog", Op: abi.OpHTTPHandle, Limits: plugin.Limits{}.WithDefaults()}
	question := make([]byte, 60)
	for name, way := range map[string]struct {
		gate   plugin.Gate
		loader plugin.Loader
	}{"plain": {still{}, still{}}, "recorded": {recorder.Gate(still{}), recorder.Loader(still{})}} {
		b.Run(name, func(b *testing.B) {
			m, err := way.loader.Load(b.Context(), plugin.Spec{ID: "catalog"})
			if err != nil {
				b.Fatal(err)
			}
			i, err := m.New(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				s := way.gate.Open(info)
				if _, err := i.Handle(b.Context(), abi.OpHTTPHandle, question, s); err != nil {
					b.Fatal(err)
				}
				s.Close()
			}
		})
	}
}

// still is a host and a guest of which nothing costs anything.
type still struct{ plugin.Session }

func (still) Open(plugin.CallInfo) plugin.Session                         { return still{} }
func (still) Load(context.Context, plugin.Spec) (plugin.Module, error)    { return stillModule{}, nil }
func (still) Close()                                                      {}
func (still) Call(context.Context, abi.Capability, uint32, []byte) []byte { return stillAnswer[:] }

var stillAnswer [76]byte

type stillModule struct{ plugin.Module }

func (stillModule) New(context.Context) (plugin.Instance, error) { return stillInstance{}, nil }

type stillInstance struct{ plugin.Instance }

func (stillInstance) Handle(ctx context.Context, _ abi.Op, in []byte, door plugin.Door) ([]byte, error) {
	around, _ := door.(plugin.Ambient)
	for clock := range uint32(2) {
		if around != nil {
			around.Now(clock)
		} else if time.Now().IsZero() {
			return nil, nil
		}
	}
	door.Call(ctx, abi.CapCatalog, abi.CatalogGet, in)
	return stillReply[:], nil
}

var stillReply = [abi.ReplyHeaderSize]byte{0: abi.Version}
