package plugintest

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/sdk/abi"
)

// RunMetered holds a loader that meters to what only metering can promise:
// everything ends at its deadline while others go on, fuel is the same for the
// same input, and no module gets at its own counter.
func RunMetered(t *testing.T, newLoader func(testing.TB) plugin.Loader) {
	t.Helper()
	loader := newLoader(t)
	hostile := Hostile(t)
	t.Run("deadline", func(t *testing.T) {
		still := quiet(t)
		s := NewStage(t, loader)
		s.Install(t, "other", hostile, plugin.Limits{})
		s.Warm(t, "other", "echo x")
		for _, b := range Burners() {
			for _, place := range []string{BurnsInCall, BurnsInStart, BurnsInInitialize} {
				t.Run(b.Name+" "+place, func(t *testing.T) { burn(t, s, b.Wasm(place), place != BurnsInCall) })
			}
		}
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
		still()
	})
	t.Run("cancelled", func(t *testing.T) { cancelled(t, loader) })
	t.Run("forgery", func(t *testing.T) { forgeries(t, loader) })
	t.Run("fuel", func(t *testing.T) {
		t.Run("the same for the same input", func(t *testing.T) { sameFuel(t, loader, hostile) })
		t.Run("ends at the same step", func(t *testing.T) { sameEnd(t, loader) })
		t.Run("is exact", func(t *testing.T) { exactFuel(t, loader) })
		t.Run("used up", func(t *testing.T) { usedUp(t, loader, hostile) })
	})
	t.Run("account", func(t *testing.T) { account(t, loader, hostile) })
}

// burn: the guest ends at its deadline; meanwhile and afterwards another answers.
func burn(t *testing.T, s *Stage, wasm []byte, starting bool) {
	t.Helper()
	id := plugin.ID("burner-" + strconv.Itoa(len(s.List())))
	s.Install(t, id, wasm, within(100*time.Millisecond))
	s.Warm(t, id, "") // which burns once
	done := make(chan error)
	go func() {
		_, err := s.Send(context.Background(), id, "")
		done <- err
	}()
	expectEcho(t, s, "other")
	err := <-done
	var crash *plugin.Crash
	if !fault.Is(err, fault.Timeout) || errors.As(err, &crash) != starting {
		t.Errorf("the fault is %v: %v, crashed %v", fault.KindOf(err), err, crash != nil)
	}
	expectEcho(t, s, "other")
	if status, err := s.Get(id); err != nil || status.Warning != "" {
		t.Errorf("its status warns %q, %v", status.Warning, err)
	}
}

func cancelled(t *testing.T, loader plugin.Loader) {
	t.Helper()
	for _, b := range Burners() {
		t.Run(b.Name, func(t *testing.T) {
			m := load(t, loader, spec("burner", b.Wasm(BurnsInCall)))
			inst, err := m.New(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			stop := time.AfterFunc(20*time.Millisecond, cancel)
			defer stop.Stop()
			door := (&Gate{}).Open(plugin.CallInfo{})
			defer door.Close()
			if _, err := inst.Handle(ctx, abi.OpHTTPHandle, Request(""), door); !fault.Is(err, fault.Unavailable) {
				t.Errorf("the fault is %v: %v", fault.KindOf(err), err)
			}
			if inst.Fuel() == 0 && !strings.Contains(b.Name, "_") { // those within an import have counted little
				t.Error("no fuel was counted")
			}
		})
	}
}

// forgeries are refused, whatever the runtime would make of them afterwards.
func forgeries(t *testing.T, loader plugin.Loader) {
	t.Helper()
	for name, wasm := range Forgeries() {
		t.Run(name, func(t *testing.T) {
			m, err := loader.Load(context.Background(), spec("forger", wasm))
			if err == nil {
				_ = m.Close(context.Background())
				t.Fatal("it was loaded")
			}
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("the fault is %v: %v", fault.KindOf(err), err)
			}
		})
	}
}

// steady surrounds a guest with the same time and randomness in every run.
type steady struct {
	plugin.Session
	now int64
}

func (s *steady) Now(uint32) int64 {
	s.now += 1000
	return s.now
}

func (s *steady) Random(p []byte) error {
	for i := range p {
		p[i] = byte(i)
	}
	return nil
}

func (s *steady) Sleep(context.Context, time.Duration) {}

// load loads a module for the time of a test.
func load(t *testing.T, loader plugin.Loader, s plugin.Spec) plugin.Module {
	t.Helper()
	m, err := loader.Load(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close(context.Background()) })
	return m
}

// fuelOf runs one request in a fresh instance.
func fuelOf(t *testing.T, m plugin.Module, limits plugin.Limits, request string) (fuel uint64, logs []string, err error) {
	t.Helper()
	gate := &Gate{}
	around := &steady{Session: gate.Open(plugin.CallInfo{Limits: limits.WithDefaults()})}
	defer around.Close()
	starter, ok := m.(plugin.Starter)
	if !ok {
		t.Skip("its start cannot be given a clock")
	}
	inst, err := starter.NewIn(context.Background(), around)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = inst.Close(context.Background()) }()
	_, err = inst.Handle(context.Background(), abi.OpHTTPHandle, Request(request), around)
	return inst.Fuel(), gate.TakeLogs(), err
}

// sameFuel: a Go guest, with its collector and its maps.
func sameFuel(t *testing.T, loader plugin.Loader, hostile []byte) {
	t.Helper()
	m := load(t, loader, spec("go", hostile))
	for _, request := range []string{"echo x", "grow 20000000", "huge 1000000", "trap", "nilmap", "overflow"} {
		first, _, err := fuelOf(t, m, plugin.Limits{}, request)
		if first == 0 {
			t.Errorf("%s: no fuel was counted: %v", request, err)
		}
		for range 3 {
			if again, _, _ := fuelOf(t, m, plugin.Limits{}, request); again != first {
				t.Errorf("%s used %d steps, and then %d", request, first, again)
			}
		}
	}
}

// sameEnd: a guest that logs every step ends after the same line, whatever
// ticks there were.
func sameEnd(t *testing.T, loader plugin.Loader) {
	t.Helper()
	limited := spec("logger", LogsEachStep())
	limited.Limits = plugin.Limits{Fuel: 10_000, LogBytes: 1 << 30}
	m := load(t, loader, limited)
	first, lines, err := fuelOf(t, m, limited.Limits, "")
	if !fault.Is(err, fault.Exhausted) || !strings.Contains(fault.Message(err), "fuel of 10000 steps") {
		t.Fatalf("the fault is %v: %v", fault.KindOf(err), err)
	}
	// One step for callboard_in, one for each line, of which the first pays for
	// entering callboard_handle, and the one that was too much.
	if want := 10_000 - 1; first != 10_001 || len(lines) != want {
		t.Errorf("it used %d steps for %d lines, want 10001 for %d", first, len(lines), want)
	}
	for range 3 {
		if again, l, _ := fuelOf(t, m, limited.Limits, ""); again != first || !slices.Equal(l, lines) {
			t.Errorf("it used %d steps for %d lines, and then %d for %d", first, len(lines), again, len(l))
		}
	}
}

// exactFuel: the account has neither what a host call cost nor the rest of an
// earlier call.
func exactFuel(t *testing.T, loader plugin.Loader) {
	t.Helper()
	m := load(t, loader, spec("minimal", Minimal()))
	inst, err := m.New(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if inst.Fuel() != 1 { // its start function
		t.Errorf("the start used %d steps, want 1", inst.Fuel())
	}
	door := (&Gate{}).Open(plugin.CallInfo{})
	defer door.Close()
	request := Request("")
	for range 10_000 {
		if _, err := inst.Handle(context.Background(), abi.OpHTTPHandle, request, door); err != nil {
			t.Fatal(err)
		}
		if inst.Fuel() != 2 {
			t.Fatalf("a call used %d steps, want 2", inst.Fuel())
		}
	}
}

// usedUp: running out of fuel is no crash, and the plugin goes on.
func usedUp(t *testing.T, loader plugin.Loader, hostile []byte) {
	t.Helper()
	s := NewStage(t, loader)
	s.Install(t, "go", hostile, plugin.Limits{Fuel: 5_000_000})
	s.Warm(t, "go", "echo x")
	for range 8 { // more often than a breaker lets pass
		_, err := s.Send(context.Background(), "go", "loop")
		var crash *plugin.Crash
		if !fault.Is(err, fault.Exhausted) || errors.As(err, &crash) || !strings.Contains(fault.Message(err), "fuel of 5000000 steps") {
			t.Fatalf("the fault is %v: %v", fault.KindOf(err), err)
		}
	}
	expectEcho(t, s, "go")
}

// account: the plugin's figures have its steps and its time, which does not
// hold the time of its host calls.
func account(t *testing.T, loader plugin.Loader, hostile []byte) {
	t.Helper()
	s := NewStage(t, loader)
	s.Install(t, "go", hostile, plugin.Limits{})
	s.Warm(t, "go", "echo x")
	expectEcho(t, s, "go")
	before := s.Stats.Of("go")
	if before.Fuel == 0 || before.Guest <= 0 {
		t.Errorf("calls have used %d steps and %v", before.Fuel, before.Guest)
	}
	var inHost time.Duration
	s.Gate.Answer = func(ctx context.Context, _ plugin.CallInfo, _ abi.Capability, _ uint32, _ []byte) []byte {
		began := time.Now()
		timer := time.NewTimer(50 * time.Millisecond)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		inHost = time.Since(began)
		return Answer(abi.CodeOK, abi.CodecNone, nil)
	}
	began := time.Now()
	if _, err := s.Send(context.Background(), "go", "call x"); err != nil {
		t.Fatal(err)
	}
	whole := time.Since(began)
	after := s.Stats.Of("go")
	if guest := after.Guest - before.Guest; guest <= 0 || guest+inHost > whole {
		t.Errorf("of %v the guest had %v and the host %v", whole, guest, inHost)
	}
	if after.Fuel <= before.Fuel {
		t.Errorf("fuel went from %d to %d", before.Fuel, after.Fuel)
	}
}
