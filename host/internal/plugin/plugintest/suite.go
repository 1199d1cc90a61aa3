package plugintest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/sdk/abi"
)

// Run holds a loader to the promises of plugin.Loader: whatever a guest does,
// the caller gets the right fault, other plugins answer, the same plugin
// recovers, and nothing is left behind. newLoader may return the same loader
// each time and should keep a compilation cache between its loaders.
func Run(t *testing.T, newLoader func(testing.TB) plugin.Loader) {
	t.Helper()
	RunKit(t, newLoader, ABI())
}

// RunKit is Run with guests of another kit than ABI v1's.
func RunKit(t *testing.T, newLoader func(testing.TB) plugin.Loader, kit Kit) {
	t.Helper()
	hostile := kit.Hostile(t)
	loader := newLoader(t)
	// The first load pays for the compile, so that deadlines below are about
	// guests and not about the compiler.
	warm := NewStageOf(t, loader, kit)
	warm.Install(t, "warm", hostile, plugin.Limits{})
	warm.Warm(t, "warm", "echo x")
	if _, err := warm.Send(context.Background(), "warm", "echo x"); err != nil {
		t.Fatalf("a well-behaved call: %v", err)
	}

	t.Run("refused", func(t *testing.T) { refusals(t, loader, kit, hostile) })
	t.Run("compile", func(t *testing.T) { neverEndingCompile(t, newLoader(t), kit, hostile) })
	t.Run("start", func(t *testing.T) { starts(t, loader, kit, hostile) })
	t.Run("reentry", func(t *testing.T) { reentry(t, loader, kit, hostile) })
	shared := share(t, loader)
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			if why, omitted := kit.omits[c.name]; omitted {
				t.Skipf("%s: %s", kit.Name, why)
			}
			if differ := kit.differs[c.name]; differ != nil {
				differ(&c)
			}
			c.run(t, shared, kit, hostile)
		})
	}
	for name, wasm := range map[string][]byte{"unreachable": kit.modules.trapping, "stack overflow": kit.modules.recursing} {
		t.Run("native "+name, func(t *testing.T) {
			s := NewStageOf(t, loader, kit)
			s.Install(t, "tiny", wasm, patient(64<<20))
			got, err := s.Send(context.Background(), "tiny", "")
			hostileCase{failed: true, kind: fault.Internal, crash: name}.check(t, got, err)
		})
	}
	for name, wasm := range map[string][]byte{
		"minimal": kit.modules.minimal, "broken names are left out": kit.modules.brokenNames, "a table does not grow": kit.modules.growingTable,
	} {
		t.Run(name, func(t *testing.T) {
			s := NewStageOf(t, loader, kit)
			s.Install(t, "tiny", wasm, plugin.Limits{})
			if got, err := s.Send(context.Background(), "tiny", ""); err != nil || got != "" {
				t.Errorf("answered %q, %v", got, err)
			}
		})
	}
}

// hostileCase is one call of the hostile guest and what must come of it.
type hostileCase struct {
	name    string
	request string
	limits  plugin.Limits
	answer  func(context.Context, plugin.CallInfo, abi.Capability, uint32, []byte) []byte
	cancel  bool // the caller gives up after a moment

	// Either an answer that contains want, or a fault.
	want   string
	kind   fault.Kind
	failed bool
	crash  string // the crash's cause contains this; empty: no crash
	stderr string // and its stderr this
	after  func(t *testing.T, s *Stage)
}

func (c hostileCase) run(t *testing.T, loader plugin.Loader, kit Kit, wasm []byte) {
	t.Helper()
	still := quiet(t)
	func() {
		s := NewStageOf(t, loader, kit)
		defer func() { _ = s.Close(context.Background()) }()
		s.Gate.Answer = kit.tell(c.answer)
		s.Install(t, "hostile", wasm, c.limits)
		s.Install(t, "other", wasm, plugin.Limits{})
		for _, id := range []plugin.ID{"hostile", "other"} {
			s.Warm(t, id, "echo x")
			expectEcho(t, s, id)
		}
		s.Gate.TakeLogs()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		if c.cancel {
			stop := time.AfterFunc(50*time.Millisecond, cancel)
			defer stop.Stop()
		}
		got, err := s.Send(ctx, "hostile", c.request)
		c.check(t, got, err)
		if c.after != nil {
			c.after(t, s)
		}
		expectEcho(t, s, "other")
		expectEcho(t, s, "hostile")
		status, err := s.Get("hostile")
		if err != nil || status.State != plugin.Running || status.Instances.Busy != 0 {
			t.Errorf("afterwards the plugin is %s with %+v, %v", status.State, status.Instances, err)
		}
	}()
	still()
}

func (c hostileCase) check(t *testing.T, got string, err error) {
	t.Helper()
	if !c.failed {
		if err != nil || !strings.Contains(got, c.want) {
			t.Errorf("answered %.200q, %v; want %q", got, err, c.want)
		}
		return
	}
	if err == nil {
		t.Fatalf("answered %.200q, want a fault", got)
	}
	if kind := fault.KindOf(err); kind != c.kind {
		t.Errorf("the fault is %v (%v), want %v", kind, err, c.kind)
	}
	var crash *plugin.Crash
	switch crashed := errors.As(err, &crash); {
	case crashed != (c.crash != ""):
		t.Errorf("crashed = %v: %v", crashed, err)
	case crashed && !strings.Contains(crash.Cause, c.crash):
		t.Errorf("the cause is %q, want %q", crash.Cause, c.crash)
	case crashed && !strings.Contains(crash.Stderr, c.stderr):
		t.Errorf("stderr is %q, want %q", crash.Stderr, c.stderr)
	case crashed && crash.Stderr != "" && strings.Contains(err.Error(), crash.Stderr):
		t.Errorf("the error shows what the guest wrote: %v", err)
	}
}

func expectEcho(t *testing.T, s *Stage, id plugin.ID) {
	t.Helper()
	if got, err := s.Send(context.Background(), id, "echo hello"); err != nil || got != "hello" {
		t.Errorf("plugin %s answered %q, %v", id, got, err)
	}
}
