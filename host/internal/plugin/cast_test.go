package plugin_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// cast is a loader of several scripts, by the content of the module.
type cast struct {
	mu      sync.Mutex
	scripts map[string]*script
	loads   map[string]int
	open    map[string]int // modules that are loaded
}

func newCast(scripts map[string]*script) *cast {
	return &cast{scripts: scripts, loads: map[string]int{}, open: map[string]int{}}
}

func (c *cast) Load(ctx context.Context, spec plugin.Spec) (plugin.Module, error) {
	c.mu.Lock()
	name := string(spec.Wasm)
	s := c.scripts[name]
	c.loads[name]++
	c.mu.Unlock()
	m, err := s.Load(ctx, spec)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[name]++
	return &castModule{Module: m, cast: c, name: name}, nil
}

func (c *cast) loaded(name string) (loads, open int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.loads[name], c.open[name]
}

type castModule struct {
	plugin.Module
	cast *cast
	name string
}

func (m *castModule) Close(ctx context.Context) error {
	m.cast.mu.Lock()
	m.cast.open[m.name]--
	m.cast.mu.Unlock()
	return m.Module.Close(ctx)
}

// saying answers every call with a word, and health/1 with ok.
func saying(word string) func(context.Context, []byte, plugin.Door) ([]byte, error) {
	return func(_ context.Context, in []byte, _ plugin.Door) ([]byte, error) {
		if opOf(in) == abi.OpHealth {
			return healthy(contract.Health{OK: true})
		}
		return plugintest.Answer(abi.CodeOK, abi.CodecNone, []byte(word)), nil
	}
}

func opOf(in []byte) abi.Op {
	header, _, err := abi.ParseCallHeader(in)
	if err != nil {
		panic(err) // of a call that the registry made
	}
	return header.Op
}

func healthy(h contract.Health) ([]byte, error) {
	payload, err := h.MarshalMsg(nil)
	return plugintest.Answer(abi.CodeOK, abi.CodecMsgpack, payload), err
}

// chronicle records which versions come and go.
type chronicle struct {
	watcher
	events []string
}

func (c *chronicle) note(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = append(c.events, line)
}

func (c *chronicle) Swapped(e plugin.SwapEvent) {
	c.note("swapped " + e.From.Version + " " + e.To.Version)
}

func (c *chronicle) RolledBack(e plugin.RollbackEvent) {
	c.note("rolled back " + e.From.Version + " " + e.To.Version + " " + e.Reason)
}

func (c *chronicle) Withdrawn(e plugin.WithdrawEvent) {
	c.note(strings.TrimSpace("withdrawn " + e.Canary.Version + " " + e.Reason))
}

func (c *chronicle) all() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.events)
}

// casting installs version "one" of plugin xx from a cast.
func casting(t *testing.T, c *cast, adjust func(*plugin.Deps)) (*plugintest.Stage, *chronicle) {
	t.Helper()
	events := &chronicle{}
	st := plugintest.NewStageWith(t, c, func(d *plugin.Deps) {
		d.Observer = events
		if adjust != nil {
			adjust(d)
		}
	})
	if err := st.Registry.Install(t.Context(), release("one")); err != nil {
		t.Fatal(err)
	}
	return st, events
}

// release is a package whose version, code and words are the same.
func release(name string) plugin.Package {
	pkg := plugintest.Package("xx", []byte(name))
	pkg.Version = name
	pkg.Limits.Deadline = map[abi.Op]time.Duration{abi.OpHTTPHandle: time.Hour, abi.OpHealth: time.Hour}
	return pkg
}

func expect(t *testing.T, st *plugintest.Stage, want string) {
	t.Helper()
	if got, err := st.Send(context.Background(), "xx", ""); err != nil || got != want {
		t.Errorf("answered %q, %v; want %q", got, err, want)
	}
}
