package kv_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/capability/kv"
	"github.com/callboard/callboard/host/internal/store/sqlite"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// rig is two plugins on one real database.
type rig struct {
	t    *testing.T
	gate *capability.Gate
	now  time.Time
}

func newRig(t *testing.T, quota string) *rig {
	t.Helper()
	r := &rig{t: t, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	db, err := sqlite.Open(t.Context(), sqlite.Config{Path: t.TempDir() + "/kv.sqlite", Clock: func() time.Time { return r.now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	table, err := capability.NewTable(kv.New(db, func() time.Time { return r.now }))
	if err != nil {
		t.Fatal(err)
	}
	r.gate = capability.NewGate(capability.Config{Table: table})
	for _, id := range []string{"one", "two"} {
		rights, err := table.Resolve([]capability.Request{{Name: "kv", Scope: json.RawMessage(`{"quota":"` + quota + `"}`)}}, capability.Grants{"kv": json.RawMessage("true")}, false)
		if err != nil {
			t.Fatal(err)
		}
		r.gate.SetRights(id, "d", rights)
	}
	return r
}

func (r *rig) call(plugin string, op uint32, q msgp.Marshaler, answer msgp.Unmarshaler) (abi.Code, string) {
	r.t.Helper()
	payload, err := q.MarshalMsg(nil)
	if err != nil {
		r.t.Fatal(err)
	}
	s := r.gate.Open(capability.Opening{Plugin: plugin, Digest: "d", Installation: "local/" + plugin})
	defer s.Close()
	header, body, err := abi.ParseReplyHeader(s.Call(context.Background(), abi.CapKV, op, payload))
	if err != nil {
		r.t.Fatal(err)
	}
	if header.Code != abi.CodeOK {
		var e contract.Error
		if _, err := e.UnmarshalMsg(body); err != nil {
			r.t.Fatal(err)
		}
		return header.Code, e.Message
	}
	if answer != nil {
		if _, err := answer.UnmarshalMsg(body); err != nil {
			r.t.Fatal(err)
		}
	}
	return abi.CodeOK, ""
}

func (r *rig) want(code abi.Code, plugin string, op uint32, q msgp.Marshaler, answer msgp.Unmarshaler) {
	r.t.Helper()
	if got, message := r.call(plugin, op, q, answer); got != code {
		r.t.Fatalf("got %s (%s), want %s", got, message, code)
	}
}

func TestValuesBelongToTheirPlugin(t *testing.T) {
	r := newRig(t, "1MiB")
	r.want(abi.CodeOK, "one", abi.KVSet, &contract.KVSetRequest{Key: "k", Value: []byte("mine")}, nil)
	r.want(abi.CodeNotFound, "two", abi.KVGet, &contract.KVGetRequest{Key: "k"}, nil)
	var scan contract.KVScanAnswer
	r.want(abi.CodeOK, "two", abi.KVScan, &contract.KVScanRequest{}, &scan)
	if len(scan.Entries) != 0 {
		t.Errorf("the other plugin sees %v", scan.Entries)
	}
	var e contract.KVEntry
	r.want(abi.CodeOK, "one", abi.KVGet, &contract.KVGetRequest{Key: "k"}, &e)
	if string(e.Value) != "mine" || e.Revision == 0 {
		t.Errorf("%+v", e)
	}
}

func TestCompareAndSet(t *testing.T) {
	r := newRig(t, "1MiB")
	var first contract.KVEntry
	r.want(abi.CodeOK, "one", abi.KVSet, &contract.KVSetRequest{Key: "n", Value: []byte("1"), Compare: true}, &first)
	r.want(abi.CodeConflict, "one", abi.KVSet, &contract.KVSetRequest{Key: "n", Value: []byte("2"), Compare: true}, nil)
	var second contract.KVEntry
	r.want(abi.CodeOK, "one", abi.KVSet, &contract.KVSetRequest{Key: "n", Value: []byte("2"), Compare: true, IfRevision: first.Revision}, &second)
	r.want(abi.CodeConflict, "one", abi.KVDelete, &contract.KVDeleteRequest{Key: "n", Compare: true, IfRevision: first.Revision}, nil)
	r.want(abi.CodeOK, "one", abi.KVDelete, &contract.KVDeleteRequest{Key: "n", Compare: true, IfRevision: second.Revision}, nil)
	r.want(abi.CodeOK, "one", abi.KVDelete, &contract.KVDeleteRequest{Key: "n"}, nil)
}

func TestBatchIsAllOrNothing(t *testing.T) {
	r := newRig(t, "1MiB")
	set := func(key string, compare bool, rev uint64) contract.KVOp {
		return contract.KVOp{Set: &contract.KVSetRequest{Key: key, Value: []byte("v"), Compare: compare, IfRevision: rev}}
	}
	r.want(abi.CodeConflict, "one", abi.KVBatch, &contract.KVBatchRequest{Ops: []contract.KVOp{set("a", false, 0), set("b", true, 99)}}, nil)
	r.want(abi.CodeNotFound, "one", abi.KVGet, &contract.KVGetRequest{Key: "a"}, nil)
	r.want(abi.CodeInvalid, "one", abi.KVBatch, &contract.KVBatchRequest{Ops: []contract.KVOp{{}}}, nil)
	r.want(abi.CodeInvalid, "one", abi.KVBatch, &contract.KVBatchRequest{}, nil)
	var done contract.KVScanAnswer
	r.want(abi.CodeOK, "one", abi.KVBatch, &contract.KVBatchRequest{Ops: []contract.KVOp{set("a", true, 0), set("b", false, 0)}}, &done)
	if len(done.Entries) != 2 || done.Entries[1].Key != "b" || done.Entries[1].Revision == 0 {
		t.Errorf("%+v", done)
	}
}

func TestQuotaAndLimits(t *testing.T) {
	r := newRig(t, "64")
	r.want(abi.CodeOK, "one", abi.KVSet, &contract.KVSetRequest{Key: "a", Value: make([]byte, 40)}, nil)
	r.want(abi.CodeExhausted, "one", abi.KVSet, &contract.KVSetRequest{Key: "b", Value: make([]byte, 40)}, nil)
	r.want(abi.CodeOK, "two", abi.KVSet, &contract.KVSetRequest{Key: "b", Value: make([]byte, 40)}, nil)
	r.want(abi.CodeExhausted, "one", abi.KVSet, &contract.KVSetRequest{Key: "b", Value: make([]byte, kv.MaxValue+1)}, nil)
	r.want(abi.CodeInvalid, "one", abi.KVSet, &contract.KVSetRequest{Key: ""}, nil)
	r.want(abi.CodeInvalid, "one", abi.KVGet, &contract.KVGetRequest{Key: strings.Repeat("k", kv.MaxKey+1)}, nil)
	r.want(abi.CodeInvalid, "one", abi.KVSet, &contract.KVSetRequest{Key: "t", TTLMillis: -1}, nil)
}

func TestValuesExpire(t *testing.T) {
	r := newRig(t, "1MiB")
	var e contract.KVEntry
	r.want(abi.CodeOK, "one", abi.KVSet, &contract.KVSetRequest{Key: "k", Value: []byte("v"), TTLMillis: 1000}, &e)
	if e.ExpiresAt != r.now.Add(time.Second).UnixMilli() {
		t.Errorf("expires at %d", e.ExpiresAt)
	}
	r.now = r.now.Add(2 * time.Second)
	r.want(abi.CodeNotFound, "one", abi.KVGet, &contract.KVGetRequest{Key: "k"}, nil)
}

func TestScanPages(t *testing.T) {
	r := newRig(t, "1MiB")
	for _, k := range []string{"a/1", "a/2", "a/3", "b/1"} {
		r.want(abi.CodeOK, "one", abi.KVSet, &contract.KVSetRequest{Key: k, Value: []byte(k)}, nil)
	}
	var seen []string
	for after := ""; ; {
		var page contract.KVScanAnswer
		r.want(abi.CodeOK, "one", abi.KVScan, &contract.KVScanRequest{Prefix: "a/", After: after, Limit: 2}, &page)
		for _, e := range page.Entries {
			seen = append(seen, e.Key)
		}
		if after = page.Next; after == "" {
			break
		}
	}
	if strings.Join(seen, " ") != "a/1 a/2 a/3" {
		t.Errorf("scanned %v", seen)
	}
}
