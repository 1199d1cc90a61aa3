package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
	"github.com/callboard/callboard/host/internal/plugin/wasm"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
)

// stage is a registry as the portal has it, with a gate that answers host
// calls with their payload.
type stage struct {
	*plugin.Registry
	stats *plugin.Stats
}

func newStage(loader plugin.Loader) *stage {
	gate := &plugintest.Gate{Answer: func(_ context.Context, _ plugin.CallInfo, _ abi.Capability, _ uint32, payload []byte) []byte {
		return plugintest.Answer(abi.CodeOK, abi.CodecNone, payload)
	}}
	var ids atomic.Uint64
	s := &stage{stats: plugin.NewStats(plugin.SystemClock{})}
	s.Registry = plugin.NewRegistry(plugin.Deps{
		Loader: loader, Gate: gate, Clock: plugin.SystemClock{}, Stats: s.stats, Log: slog.New(slog.DiscardHandler),
		CallID: func() uint64 { return ids.Add(1) },
	})
	return s
}

func (b *bench) wasmLoader() (*wasm.Loader, error) {
	return wasm.New(wasm.Config{CacheDir: filepath.Join(b.cache, "wasm"), Random: rand.Reader, Log: slog.New(slog.DiscardHandler)})
}

func pack(id, version string, module []byte) plugin.Package {
	sum := sha256.Sum256(module)
	return plugin.Package{
		ID: plugin.ID(id), Version: version, Title: id, Digest: hex.EncodeToString(sum[:]), Wasm: module, Eager: true,
		Limits: plugin.Limits{MaxCalls: 1 << 60, HostCalls: 1 << 60},
	}
}

var viewer = principal.Guest("user:development/guest")

// send calls a plugin and hands its answer to check.
func (s *stage) send(ctx context.Context, id, request string, check func(payload []byte) error) error {
	reply, err := s.Call(ctx, plugin.Call{Plugin: plugin.ID(id), Op: abi.OpHTTPHandle, Authority: viewer, Payload: msgp.Raw(request)})
	if err != nil {
		return err
	}
	defer reply.Close()
	return check(reply.Payload)
}

// warm waits until a plugin is loaded.
func (s *stage) warm(ctx context.Context, id string) error {
	for {
		err := s.send(ctx, id, "echo x", func([]byte) error { return nil })
		var busy *plugin.Busy
		if !errors.As(err, &busy) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// caller sends through everything that the portal has between HTTP and guest.
func (s *stage) caller(id, verb string) func(context.Context) (func([]byte) error, func(), error) {
	return func(ctx context.Context) (func([]byte) error, func(), error) {
		var text []byte
		return func(content []byte) error {
			text = append(append(append(text[:0], verb...), ' '), content...)
			reply, err := s.Call(ctx, plugin.Call{Plugin: plugin.ID(id), Op: abi.OpHTTPHandle, Authority: viewer, Payload: msgp.Raw(text)})
			if err != nil {
				return err
			}
			defer reply.Close()
			if !bytes.Equal(reply.Payload, content) {
				return fmt.Errorf("%d bytes came back as %d", len(content), len(reply.Payload))
			}
			return nil
		}, func() {}, nil
	}
}

// registrySubject installs the guest in a registry.
func registrySubject(ctx context.Context, name string, loader plugin.Loader, module []byte) (subject, error) {
	s := newStage(loader)
	if err := s.Install(ctx, pack("bench", "1.0.0", module)); err != nil {
		return subject{}, err
	}
	if err := s.warm(ctx, "bench"); err != nil {
		return subject{}, err
	}
	return subject{
		name: name, caller: s.caller("bench", "echo"), roundTrip: s.caller("bench", "call"),
		close: func() { _ = s.Close(context.Background()) },
	}, nil
}
