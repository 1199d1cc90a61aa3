package audit_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/capability/audit"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

type sink struct {
	events []audit.Event
	err    error
}

func (s *sink) PluginAudit(_ context.Context, e audit.Event) error {
	s.events = append(s.events, e)
	return s.err
}

func emit(t testing.TB, s *sink, granted bool, r contract.AuditRecord) abi.Code {
	t.Helper()
	table, err := capability.NewTable(audit.New(s, func() time.Time { return time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC) }))
	if err != nil {
		t.Fatal(err)
	}
	grants := capability.Grants{}
	if granted {
		grants["audit"] = json.RawMessage("true")
	}
	rights, err := table.Resolve([]capability.Request{{Name: "audit"}}, grants, false)
	if err != nil {
		t.Fatal(err)
	}
	gate := capability.NewGate(capability.Config{Table: table})
	gate.SetRights("oncall", "d1", rights)
	payload, err := r.MarshalMsg(nil)
	if err != nil {
		t.Fatal(err)
	}
	session := gate.Open(capability.Opening{
		Plugin: "oncall", Digest: "d1", Installation: "i1", CallID: 7,
		Authority: principal.Guest("user:default/ada").Through(principal.Actor{Plugin: "desk", Digest: "d0"}).Through(principal.Actor{Plugin: "oncall", Digest: "d1"}),
	})
	defer session.Close()
	header, _, err := abi.ParseReplyHeader(session.Call(t.Context(), abi.CapAudit, abi.AuditEmit, payload))
	if err != nil {
		t.Fatal(err)
	}
	return header.Code
}

// Whatever a guest says, who did it is what the host knows.
func TestNobodyWritesInAnothersName(t *testing.T) {
	s := &sink{}
	code := emit(t, s, true, contract.AuditRecord{
		Event: "rota.changed", Message: "by system", Fields: []contract.AuditField{{Name: "plugin", Value: "policy"}, {Name: "subject", Value: "user:default/root"}},
	})
	if code != abi.CodeOK || len(s.events) != 1 {
		t.Fatalf("%s, %d events", code, len(s.events))
	}
	e := s.events[0]
	path := e.Authority.Path()
	if e.Plugin != "oncall" || e.Installation != "i1" || e.CallID != 7 || e.Authority.Subject.Ref != "user:default/ada" || len(path) != 2 || path[0].Plugin != "desk" ||
		path[1].Digest != "d1" || e.At.IsZero() || e.Severity != "low" || e.Outcome != "succeeded" {
		t.Errorf("%+v", e)
	}
}

func TestAnEventIsWrittenWholeOrTheGuestKnows(t *testing.T) {
	s := &sink{err: fault.New(fault.Unavailable, "the log is full")}
	if code := emit(t, s, true, contract.AuditRecord{Event: "a"}); code != abi.CodeUnavailable {
		t.Errorf("a log that takes nothing: %s", code)
	}
	none := &sink{}
	if code := emit(t, none, false, contract.AuditRecord{Event: "a"}); code != abi.CodeDenied {
		t.Errorf("without the grant: %s", code)
	}
	for name, r := range map[string]contract.AuditRecord{
		"too large":          {Event: "a", Message: strings.Repeat("x", audit.MaxBytes+1)},
		"too many fields":    {Event: "a", Fields: make([]contract.AuditField, audit.MaxFields+1)},
		"a field twice":      {Event: "a", Fields: []contract.AuditField{{Name: "n"}, {Name: "n"}}},
		"a line of its own":  {Event: "a", Message: "one\nlevel=ERROR msg=two"},
		"an escape sequence": {Event: "a", Resource: "\x1b[2J"},
		"not UTF-8":          {Event: "a", Message: "\xff"},
		"another's event":    {Event: "policy/changed"},
	} {
		if code := emit(t, none, true, r); code != abi.CodeInvalid {
			t.Errorf("%s: %s", name, code)
		}
	}
	if len(none.events) != 0 {
		t.Errorf("written: %+v", none.events)
	}
}
