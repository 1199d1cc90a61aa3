package capability_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/capability/kv"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// bell is a capability with one operation, which counts how often it rang.
type bell struct{ rung int }

func (b *bell) row(harmless bool) capability.Capability {
	return capability.Capability{ID: abi.CapClock, Harmless: harmless, Ops: map[uint32]capability.Operation{
		1: capability.Op("clock.ring/1", func(_ context.Context, c *capability.Call, q *contract.HandleRequest) (msgp.Marshaler, error) {
			b.rung++
			switch q.Handle {
			case 1:
				return nil, errors.New("secret detail of the database")
			case 2:
				n, err := c.Handles.PutOwned([]byte("mine"), "text/plain", c.Viewer(true).Authority())
				return &contract.HandleInfo{Handle: n}, err
			}
			return &contract.ClockAnswer{UnixNano: 42}, nil
		}),
	}}
}

type recorder struct{ events []capability.Event }

func (r *recorder) CapabilityCall(e capability.Event) { r.events = append(r.events, e) }

type denyPolicy struct{}

func (denyPolicy) Allow(_ context.Context, q capability.Question) error {
	return fault.New(fault.Denied, "policy says no to %s", q.Operation)
}

func open(t *testing.T, g *capability.Gate, rights *capability.Rights, o capability.Opening) *capability.Session {
	t.Helper()
	o.Plugin, o.Digest = "hello", "d1"
	o.Authority = principal.Guest("user:development/guest").Through(principal.Actor{Plugin: "hello", Digest: "d1"})
	g.SetRights("hello", "d1", rights)
	return g.Open(o)
}

func call(t *testing.T, s *capability.Session, id abi.Capability, op uint32, q msgp.Marshaler) (abi.Code, []byte, contract.Error) {
	t.Helper()
	var payload []byte
	if q != nil {
		var err error
		if payload, err = q.MarshalMsg(nil); err != nil {
			t.Fatal(err)
		}
	}
	header, body, err := abi.ParseReplyHeader(s.Call(t.Context(), id, op, payload))
	if err != nil {
		t.Fatal(err)
	}
	var e contract.Error
	if header.Code != abi.CodeOK {
		if _, err := e.UnmarshalMsg(body); err != nil {
			t.Fatal(err)
		}
	}
	return header.Code, body, e
}

func TestOnlyDeclaredAndGrantedAndAllowedCallsReachAPower(t *testing.T) {
	declared := []capability.Request{{Name: "clock", Reason: "to ring"}}
	for _, tc := range []struct {
		name     string
		declared []capability.Request
		granted  capability.Grants
		harmless bool
		core     bool
		policy   capability.Policy
		id       abi.Capability
		op       uint32
		code     abi.Code
		missing  string
		message  string
	}{
		{"declared and granted", declared, capability.Grants{"clock": json.RawMessage("true")}, false, false, nil, abi.CapClock, 1, abi.CodeOK, "", ""},
		{"declared, not granted", declared, nil, false, false, nil, abi.CapClock, 1, abi.CodeDenied, "clock", "has not granted"},
		{"not declared", nil, nil, false, false, nil, abi.CapClock, 1, abi.CodeDenied, "clock", "does not declare"},
		{"harmless needs no grant", declared, nil, true, false, nil, abi.CapClock, 1, abi.CodeOK, "", ""},
		{"harmless and withdrawn", declared, capability.Grants{"clock": json.RawMessage("false")}, true, false, nil, abi.CapClock, 1, abi.CodeDenied, "clock", "has not granted"},
		{"harmless but not declared", nil, nil, true, false, nil, abi.CapClock, 1, abi.CodeDenied, "clock", "does not declare"},
		{"core needs no grant", declared, nil, false, true, nil, abi.CapClock, 1, abi.CodeOK, "", ""},
		{"core, withdrawn", declared, capability.Grants{"clock": json.RawMessage("false")}, false, true, nil, abi.CapClock, 1, abi.CodeDenied, "clock", ""},
		{"policy denies", declared, capability.Grants{"clock": json.RawMessage("true")}, false, false, denyPolicy{}, abi.CapClock, 1, abi.CodeDenied, "", "policy says no to clock.ring/1"},
		{"not offered", declared, nil, true, false, nil, abi.CapHTTP, 1, abi.CodeDenied, "http", "not offered"},
		{"unknown number", declared, nil, true, false, nil, abi.Capability(999), 1, abi.CodeDenied, "unknown", "not offered"},
		{"unknown operation", declared, nil, true, false, nil, abi.CapClock, 7, abi.CodeInvalid, "", "no operation"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := &bell{}
			table, err := capability.NewTable(b.row(tc.harmless))
			if err != nil {
				t.Fatal(err)
			}
			rights, err := table.Resolve(tc.declared, tc.granted, tc.core)
			if err != nil {
				t.Fatal(err)
			}
			audit := &recorder{}
			g := capability.NewGate(capability.Config{Table: table, Policy: tc.policy, Audit: audit})
			code, _, e := call(t, open(t, g, rights, capability.Opening{}), tc.id, tc.op, &contract.HandleRequest{})
			if code != tc.code || e.MissingGrant != tc.missing || !strings.Contains(e.Message, tc.message) {
				t.Errorf("got %s, %+v", code, e)
			}
			if (b.rung > 0) != (tc.code == abi.CodeOK) {
				t.Errorf("the power was reached %d times", b.rung)
			}
			if len(audit.events) != 1 || (audit.events[0].Err == nil) != (tc.code == abi.CodeOK) {
				t.Errorf("audit saw %+v", audit.events)
			}
		})
	}
}

func TestRightsBelongToCode(t *testing.T) {
	b := &bell{}
	table, _ := capability.NewTable(b.row(true))
	rights, err := table.Resolve([]capability.Request{{Name: "clock"}}, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	g := capability.NewGate(capability.Config{Table: table})
	g.SetRights("hello", "d1", rights)
	s := g.Open(capability.Opening{Plugin: "hello", Digest: "d2"})
	if code, _, _ := call(t, s, abi.CapClock, 1, &contract.HandleRequest{}); code != abi.CodeDenied {
		t.Errorf("other bytes of the same plugin got %s", code)
	}
}

func TestResolveNamesWhatIsWrong(t *testing.T) {
	table, err := capability.NewTable((&bell{}).row(false), kv.New(nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name     string
		declared []capability.Request
		granted  capability.Grants
		want     string
	}{
		{"unknown capability", []capability.Request{{Name: "clok"}}, nil, `"clok" is not one of this host (it has clock, kv)`},
		{"declared twice", []capability.Request{{Name: "clock"}, {Name: "clock"}}, nil, "declared twice"},
		{"scope where there is none", []capability.Request{{Name: "clock", Scope: json.RawMessage(`{"a":1}`)}}, nil, "capabilities.clock.scope: clock has no scope"},
		{"unreadable scope", []capability.Request{{Name: "kv", Scope: json.RawMessage(`{"quota":"a lot"}`)}}, nil, `capabilities.kv.scope: quota "a lot"`},
		{"unreadable grant", []capability.Request{{Name: "kv"}}, capability.Grants{"kv": json.RawMessage(`{"quotta":"1"}`)}, "grants.kv: a kv scope is written"},
		{"grant for nothing", nil, capability.Grants{"kv": json.RawMessage("true")}, "grants.kv: the plugin's manifest does not declare"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := table.Resolve(tc.declared, tc.granted, false)
			if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestGrantsNarrowScopes(t *testing.T) {
	table, _ := capability.NewTable(kv.New(nil, nil))
	rights, err := table.Resolve(
		[]capability.Request{{Name: "kv", Scope: json.RawMessage(`{"quota":"5MiB"}`)}},
		capability.Grants{"kv": json.RawMessage(`{"quota":"1MiB"}`)}, false)
	if err != nil {
		t.Fatal(err)
	}
	if got := rights.List()[0]; !got.Granted || got.Effective != "keep up to 1048576 bytes" {
		t.Errorf("%+v", got)
	}
}

func TestQuotaOfHostCalls(t *testing.T) {
	b := &bell{}
	table, _ := capability.NewTable(b.row(true))
	rights, _ := table.Resolve([]capability.Request{{Name: "clock"}}, nil, false)
	s := open(t, capability.NewGate(capability.Config{Table: table}), rights, capability.Opening{HostCalls: 3})
	for range 3 {
		if code, _, e := call(t, s, abi.CapClock, 1, &contract.HandleRequest{}); code != abi.CodeOK {
			t.Fatal(e)
		}
	}
	if code, _, e := call(t, s, abi.CapClock, 1, &contract.HandleRequest{}); code != abi.CodeExhausted || b.rung != 3 {
		t.Errorf("the fourth call: %s %+v", code, e)
	}
}

func TestInternalCausesStayInside(t *testing.T) {
	table, _ := capability.NewTable((&bell{}).row(true))
	rights, _ := table.Resolve([]capability.Request{{Name: "clock"}}, nil, false)
	s := open(t, capability.NewGate(capability.Config{Table: table}), rights, capability.Opening{})
	code, _, e := call(t, s, abi.CapClock, 1, &contract.HandleRequest{Handle: 1})
	if code != abi.CodeInternal || strings.Contains(e.Message, "secret") {
		t.Errorf("%s %+v", code, e)
	}
	if code, _, _ := call(t, s, abi.CapClock, 1, nil); code != abi.CodeInvalid {
		t.Errorf("an empty payload: %s", code)
	}
}

func TestHandles(t *testing.T) {
	table, _ := capability.NewTable((&bell{}).row(true))
	rights, _ := table.Resolve([]capability.Request{{Name: "clock"}}, nil, false)
	g := capability.NewGate(capability.Config{Table: table})
	s := open(t, g, rights, capability.Opening{Handles: 2, HandleBytes: 16})

	code, body, e := call(t, s, abi.CapHandle, abi.HandleCreate, &contract.HandleCreateRequest{Type: "text/plain", Bytes: []byte("hello")})
	var info contract.HandleInfo
	if _, err := info.UnmarshalMsg(body); err != nil || code != abi.CodeOK {
		t.Fatal(err, e)
	}
	if n, c := s.Write(info.Handle, 5, []byte(" world")); n != 6 || c != abi.CodeOK {
		t.Errorf("write: %d %s", n, c)
	}
	dst := make([]byte, 32)
	if n, c := s.Read(info.Handle, 6, dst); c != abi.CodeOK || string(dst[:n]) != "world" {
		t.Errorf("read: %q %s", dst[:n], c)
	}
	if _, c := s.Write(info.Handle, 11, make([]byte, 6)); c != abi.CodeExhausted {
		t.Errorf("writing past the quota: %s", c)
	}
	if _, c := s.Read(info.Handle, 12, dst); c != abi.CodeInvalid {
		t.Errorf("reading past the end: %s", c)
	}
	if n := s.Stash([]byte("x")); n == 0 {
		t.Error("no handle left for the second of two")
	}
	if n := s.Stash([]byte("y")); n != 0 {
		t.Error("a third handle of two")
	}
	later := open(t, g, rights, capability.Opening{})
	if _, c := later.Read(info.Handle, 0, dst); c != abi.CodeInvalid {
		t.Errorf("a handle of an earlier call was read: %s", c)
	}
	if code, _, _ := call(t, s, abi.CapHandle, abi.HandleDrop, &contract.HandleRequest{Handle: info.Handle}); code != abi.CodeOK {
		t.Error("drop failed")
	}
	if _, c := s.Read(info.Handle, 0, dst); c != abi.CodeInvalid {
		t.Errorf("a dropped handle was read: %s", c)
	}
}

func TestWhatWasReadWithOwnRightsIsNotShownToAViewer(t *testing.T) {
	table, _ := capability.NewTable((&bell{}).row(true))
	rights, _ := table.Resolve([]capability.Request{{Name: "clock"}}, nil, false)
	s := open(t, capability.NewGate(capability.Config{Table: table}), rights, capability.Opening{})
	_, body, _ := call(t, s, abi.CapClock, 1, &contract.HandleRequest{Handle: 2})
	var info contract.HandleInfo
	if _, err := info.UnmarshalMsg(body); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Body(info.Handle); !fault.Is(err, fault.Denied) {
		t.Errorf("the viewer's answer may hold what own rights read: %v", err)
	}
}

func TestADenialIsToldOnceACall(t *testing.T) {
	b, r := &bell{}, &recorder{}
	table, _ := capability.NewTable(b.row(false))
	rights, _ := table.Resolve([]capability.Request{{Name: "clock"}}, nil, false)
	g := capability.NewGate(capability.Config{Table: table, Audit: r})
	s := open(t, g, rights, capability.Opening{})
	for _, id := range []abi.Capability{abi.CapClock, abi.CapClock, abi.CapKV, abi.CapKV, 1000, 2000} {
		call(t, s, id, 1, &contract.HandleRequest{})
	}
	call(t, open(t, g, rights, capability.Opening{}), abi.CapClock, 1, &contract.HandleRequest{})
	var repeated []bool
	for _, e := range r.events {
		repeated = append(repeated, e.Repeated)
	}
	if want := []bool{false, true, false, true, false, true, false}; !slices.Equal(repeated, want) {
		t.Errorf("repeated %v, want %v", repeated, want)
	}
}
