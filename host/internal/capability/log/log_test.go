package log_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/capability/log"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

func emit(t *testing.T, s *capability.Session, r contract.LogRecord) abi.Code {
	t.Helper()
	payload, err := r.MarshalMsg(nil)
	if err != nil {
		t.Fatal(err)
	}
	header, _, err := abi.ParseReplyHeader(s.Call(t.Context(), abi.CapLog, abi.LogEmit, payload))
	if err != nil {
		t.Fatal(err)
	}
	return header.Code
}

func open(t *testing.T, quota int) (*capability.Session, *bytes.Buffer) {
	t.Helper()
	out := &bytes.Buffer{}
	table, err := capability.NewTable(log.New(slog.New(slog.NewTextHandler(out, nil))))
	if err != nil {
		t.Fatal(err)
	}
	rights, err := table.Resolve([]capability.Request{{Name: "log"}}, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	g := capability.NewGate(capability.Config{Table: table})
	g.SetRights("p", "d", rights)
	return g.Open(capability.Opening{Plugin: "p", Digest: "d", CallID: 7, LogBytes: quota}), out
}

func TestARecordCannotPassForAnotherPlugin(t *testing.T) {
	s, out := open(t, 0)
	r := contract.LogRecord{Level: uint32(abi.LevelWarn), Message: "hi\nlevel=ERROR msg=forged", Attrs: []contract.LogAttr{{Key: "plugin", Value: "catalog"}}}
	if code := emit(t, s, r); code != abi.CodeOK {
		t.Fatal(code)
	}
	line := out.String()
	if strings.Count(line, "\n") != 1 || !strings.Contains(line, "plugin=p call=7") || !strings.Contains(line, "guest.plugin=catalog") {
		t.Errorf("%s", line)
	}
}

func TestRecordsCountAgainstTheLogQuota(t *testing.T) {
	s, out := open(t, 100)
	long := contract.LogRecord{Level: uint32(abi.LevelInfo), Message: strings.Repeat("x", 60)}
	for i, want := range []abi.Code{abi.CodeOK, abi.CodeOK, abi.CodeExhausted} {
		if code := emit(t, s, long); code != want {
			t.Errorf("record %d: %s", i, code)
		}
	}
	if n := strings.Count(out.String(), "\n"); n != 2 || s.Usage().LogLines != 2 {
		t.Errorf("%d lines were written, %d counted", n, s.Usage().LogLines)
	}
	if code := emit(t, s, contract.LogRecord{Message: strings.Repeat("x", 5<<10)}); code != abi.CodeInvalid {
		t.Errorf("a record that is too long: %s", code)
	}
}
