package plugin_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
	"github.com/callboard/callboard/sdk/abi"
)

// script is a loader whose guests are Go functions, for what is about the
// registry and not about Wasm.
type script struct {
	load   func() error
	start  func(context.Context) error
	handle func(ctx context.Context, in []byte, door plugin.Door) ([]byte, error)

	guest time.Duration // of each call

	mu           sync.Mutex
	made, closed int
	memory       uint64
}

func (s *script) Load(context.Context, plugin.Spec) (plugin.Module, error) {
	if s.load != nil {
		if err := s.load(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *script) New(ctx context.Context) (plugin.Instance, error) {
	if s.start != nil {
		if err := s.start(ctx); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made++
	return &scripted{script: s}, nil
}

func (s *script) Warning() string             { return "scripted" }
func (s *script) Close(context.Context) error { return nil }

func (s *script) alive() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.made - s.closed
}

type scripted struct {
	script *script
	closed bool
}

func (i *scripted) Handle(ctx context.Context, _ abi.Op, in []byte, door plugin.Door) ([]byte, error) {
	return i.script.handle(ctx, in, door)
}

func (i *scripted) Memory() uint64 {
	i.script.mu.Lock()
	defer i.script.mu.Unlock()
	return i.script.memory
}

func (i *scripted) Stderr() string       { return "" }
func (i *scripted) Fuel() uint64         { return 0 }
func (i *scripted) Guest() time.Duration { return i.script.guest }

func (i *scripted) Close(context.Context) error {
	i.script.mu.Lock()
	defer i.script.mu.Unlock()
	if !i.closed {
		i.closed = true
		i.script.closed++
	}
	return nil
}

func empty(context.Context, []byte, plugin.Door) ([]byte, error) {
	return plugintest.Answer(abi.CodeOK, abi.CodecNone, nil), nil
}

func crashing(context.Context, []byte, plugin.Door) ([]byte, error) {
	return nil, fault.Wrap(fault.Internal, &plugin.Crash{Cause: "unreachable", Stderr: "panic: x", Stack: "main.f"}, "plugin x crashed")
}

// stage installs one scripted plugin, "xx".
func stage(t *testing.T, s *script, limits plugin.Limits) *plugintest.Stage {
	t.Helper()
	st := plugintest.NewStage(t, s)
	st.Install(t, "xx", []byte("code"), limits)
	return st
}

func send(s *plugintest.Stage) error {
	_, err := s.Send(context.Background(), "xx", "")
	return err
}

func wantKind(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("the fault is %v, want %v", describe(err), kind)
	}
}

func describe(err error) string {
	if err == nil {
		return "none"
	}
	return fmt.Sprintf("%v (%v)", fault.KindOf(err), err)
}

// watcher records changes of state.
type watcher struct {
	mu     sync.Mutex
	states []plugin.State
}

func (w *watcher) Called(plugin.CallEvent)      {}
func (w *watcher) Pooled(plugin.PoolEvent)      {}
func (w *watcher) Compiled(plugin.CompileEvent) {}

func (w *watcher) Changed(_ plugin.ID, state plugin.State) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.states = append(w.states, state)
}
