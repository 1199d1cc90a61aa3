package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"path/filepath"

	extism "github.com/extism/go-sdk"

	"github.com/callboard/callboard/host/internal/plugin"
	ours "github.com/callboard/callboard/host/internal/plugin/extism"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// extismSubject is Extism's own host: its recipe for a plugin that can be
// stopped has a timeout, which turns close-on-context-done on.
func extismSubject(ctx context.Context, module []byte, timeoutMillis uint64) (subject, error) {
	manifest := extism.Manifest{Wasm: []extism.Wasm{extism.WasmData{Data: module}}, Timeout: timeoutMillis}
	echoed := extism.NewHostFunctionWithStack("callboard_call", func(_ context.Context, p *extism.CurrentPlugin, stack []uint64) {
		content, err := p.ReadBytes(stack[0])
		if err != nil {
			panic(err)
		}
		if stack[0], err = p.WriteBytes(content); err != nil {
			panic(err)
		}
	}, []extism.ValueType{extism.ValueTypeI64}, []extism.ValueType{extism.ValueTypeI64})
	echoed.SetNamespace("extism:host/user")
	compiled, err := extism.NewCompiledPlugin(ctx, manifest, extism.PluginConfig{EnableWasi: true}, []extism.HostFunction{echoed})
	if err != nil {
		return subject{}, fmt.Errorf("compiling for Extism: %w", err)
	}
	name := "Extism go-sdk 1.7.1, cannot be interrupted"
	if timeoutMillis > 0 {
		name = "Extism go-sdk 1.7.1 with a timeout"
	}
	call := func(export string) func(context.Context) (func([]byte) error, func(), error) {
		return func(ctx context.Context) (func([]byte) error, func(), error) {
			instance, err := compiled.Instance(ctx, extism.PluginInstanceConfig{})
			if err != nil {
				return nil, nil, err
			}
			return func(content []byte) error {
				_, out, err := instance.CallWithContext(ctx, export, content)
				if err != nil {
					return err
				}
				if !bytes.Equal(out, content) {
					return fmt.Errorf("%d bytes came back as %d", len(content), len(out))
				}
				return nil
			}, func() { _ = instance.Close(ctx) }, nil
		}
	}
	return subject{name: name, caller: call("echo"), roundTrip: call("ask"), close: func() { _ = compiled.Close(context.Background()) }}, nil
}

// ourExtismSubject is the same module in our registry, through our loader for
// Extism's kits: payloads are JSON there.
func ourExtismSubject(ctx context.Context, b *bench, module []byte) (subject, error) {
	loader, err := ours.New(ours.Config{CacheDir: filepath.Join(b.cache, "extism"), Random: rand.Reader, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return subject{}, err
	}
	s := newStage(loader)
	if err := s.Install(ctx, pack("bench", "1.0.0", module)); err != nil {
		return subject{}, err
	}
	return subject{
		name: "Callboard's loader for Extism's kits: metered, all as above, JSON",
		caller: func(ctx context.Context) (func([]byte) error, func(), error) {
			return func(content []byte) error {
				// In the payload whatever its size, as the others have it.
				q := &contract.HTTPRequest{Method: "POST", Route: "/", Path: "/", Body: content}
				reply, err := s.Call(ctx, plugin.Call{Plugin: "bench", Op: abi.OpHTTPHandle, Authority: viewer, Payload: q})
				if err != nil {
					return err
				}
				defer reply.Close()
				var res contract.HTTPResponse
				if err := reply.Decode(&res); err != nil {
					return err
				}
				var got int
				for _, part := range res.Body {
					got += len(part.Bytes)
				}
				if got != len(content) {
					return fmt.Errorf("%d bytes came back as %d", len(content), got)
				}
				return nil
			}, func() {}, nil
		},
		close: func() { _ = s.Close(context.Background()) },
	}, nil
}
