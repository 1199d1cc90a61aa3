package hosttest

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

func equal(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v, want %#v", got, want)
	}
}

func (p *probe) set(q contract.KVSetRequest) uint64 {
	p.t.Helper()
	var e contract.KVEntry
	p.must(abi.CapKV, abi.KVSet, &q, &e)
	return e.Revision
}

func (p *probe) value(key string) (string, uint64) {
	p.t.Helper()
	var e contract.KVEntry
	p.must(abi.CapKV, abi.KVGet, &contract.KVGetRequest{Key: key}, &e)
	return string(e.Value), e.Revision
}

var kvCases = []testCase{
	{"an absent key is not found", Setup{}, func(_ *testing.T, h *probe) {
		h.refuse(abi.CodeNotFound, abi.CapKV, abi.KVGet, &contract.KVGetRequest{Key: "none"})
	}},
	{"what was set is read, and revisions grow", Setup{}, func(_ *testing.T, h *probe) {
		first := h.set(contract.KVSetRequest{Key: "k", Value: []byte("one")})
		second := h.set(contract.KVSetRequest{Key: "k", Value: []byte("two")})
		if value, revision := h.value("k"); value != "two" || revision != second || first == 0 || second <= first {
			h.t.Errorf("value %q, revisions %d, %d, %d", value, first, second, revision)
		}
	}},
	{"an empty value is a value", Setup{}, func(_ *testing.T, h *probe) {
		h.set(contract.KVSetRequest{Key: "k"})
		if value, _ := h.value("k"); value != "" {
			h.t.Errorf("value %q", value)
		}
	}},
	{"an empty key is invalid", Setup{}, func(_ *testing.T, h *probe) {
		h.refuse(abi.CodeInvalid, abi.CapKV, abi.KVSet, &contract.KVSetRequest{Value: []byte("x")})
	}},
	{"compare-and-set keeps the first writer", Setup{}, func(_ *testing.T, h *probe) {
		r := h.set(contract.KVSetRequest{Key: "k", Value: []byte("one"), Compare: true})
		h.refuse(abi.CodeConflict, abi.CapKV, abi.KVSet, &contract.KVSetRequest{Key: "k", Value: []byte("late"), Compare: true})
		h.refuse(abi.CodeConflict, abi.CapKV, abi.KVSet, &contract.KVSetRequest{Key: "k", Value: []byte("late"), Compare: true, IfRevision: r + 100})
		h.set(contract.KVSetRequest{Key: "k", Value: []byte("two"), Compare: true, IfRevision: r})
		if value, _ := h.value("k"); value != "two" {
			h.t.Errorf("value %q", value)
		}
	}},
	{"deleting is idempotent and can compare", Setup{}, func(_ *testing.T, h *probe) {
		r := h.set(contract.KVSetRequest{Key: "k", Value: []byte("one")})
		h.refuse(abi.CodeConflict, abi.CapKV, abi.KVDelete, &contract.KVDeleteRequest{Key: "k", Compare: true, IfRevision: r + 1})
		h.must(abi.CapKV, abi.KVDelete, &contract.KVDeleteRequest{Key: "k", Compare: true, IfRevision: r}, nil)
		h.must(abi.CapKV, abi.KVDelete, &contract.KVDeleteRequest{Key: "k"}, nil)
		h.refuse(abi.CodeNotFound, abi.CapKV, abi.KVGet, &contract.KVGetRequest{Key: "k"})
	}},
	{"a value lives as long as it was given", Setup{}, func(_ *testing.T, h *probe) {
		h.set(contract.KVSetRequest{Key: "k", Value: []byte("x"), TTLMillis: 1000})
		var e contract.KVEntry
		h.must(abi.CapKV, abi.KVGet, &contract.KVGetRequest{Key: "k"}, &e)
		if e.ExpiresAt != start.Add(time.Second).UnixMilli() {
			h.t.Errorf("expires at %d", e.ExpiresAt)
		}
		h.clock.now = start.Add(2 * time.Second)
		h.refuse(abi.CodeNotFound, abi.CapKV, abi.KVGet, &contract.KVGetRequest{Key: "k"})
		h.set(contract.KVSetRequest{Key: "k", Value: []byte("y"), Compare: true})
	}},
	{"a scan goes by prefix, in order, in pages", Setup{}, func(_ *testing.T, h *probe) {
		for _, key := range []string{"b/2", "a/1", "b/1", "b/3", "c/1"} {
			h.set(contract.KVSetRequest{Key: key, Value: []byte(key)})
		}
		var keys []string
		after := ""
		for pages := 0; pages < 10; pages++ {
			var a contract.KVScanAnswer
			h.must(abi.CapKV, abi.KVScan, &contract.KVScanRequest{Prefix: "b/", After: after, Limit: 2}, &a)
			for _, e := range a.Entries {
				keys = append(keys, e.Key+"="+string(e.Value))
			}
			if after = a.Next; after == "" {
				break
			}
		}
		equal(h.t, keys, []string{"b/1=b/1", "b/2=b/2", "b/3=b/3"})
	}},
	{"a batch is all or nothing", Setup{}, func(_ *testing.T, h *probe) {
		h.set(contract.KVSetRequest{Key: "old", Value: []byte("1")})
		h.refuse(abi.CodeConflict, abi.CapKV, abi.KVBatch, &contract.KVBatchRequest{Ops: []contract.KVOp{
			{Set: &contract.KVSetRequest{Key: "new", Value: []byte("1")}},
			{Set: &contract.KVSetRequest{Key: "old", Value: []byte("2"), Compare: true}},
		}})
		h.refuse(abi.CodeNotFound, abi.CapKV, abi.KVGet, &contract.KVGetRequest{Key: "new"})
		h.must(abi.CapKV, abi.KVBatch, &contract.KVBatchRequest{Ops: []contract.KVOp{
			{Set: &contract.KVSetRequest{Key: "new", Value: []byte("1")}}, {Delete: &contract.KVDeleteRequest{Key: "old"}},
		}}, nil)
		if value, _ := h.value("new"); value != "1" {
			h.t.Errorf("value %q", value)
		}
		h.refuse(abi.CodeNotFound, abi.CapKV, abi.KVGet, &contract.KVGetRequest{Key: "old"})
	}},
	{"a write of a batch is one of set and delete", Setup{}, func(_ *testing.T, h *probe) {
		h.refuse(abi.CodeInvalid, abi.CapKV, abi.KVBatch, &contract.KVBatchRequest{Ops: []contract.KVOp{{}}})
	}},
	{"scans go backwards and leave values out", Setup{}, func(_ *testing.T, h *probe) {
		for _, key := range []string{"a", "b/1", "b/2", "b/3", "c"} {
			h.set(contract.KVSetRequest{Key: key, Value: []byte(key)})
		}
		var keys []string
		for after := ""; ; {
			var a contract.KVScanAnswer
			h.must(abi.CapKV, abi.KVScan, &contract.KVScanRequest{Prefix: "b/", After: after, Limit: 2, Reverse: true, KeysOnly: true}, &a)
			for _, e := range a.Entries {
				keys = append(keys, e.Key+"="+string(e.Value))
				if e.Revision == 0 {
					h.t.Errorf("%s has no revision", e.Key)
				}
			}
			if after = a.Next; after == "" {
				break
			}
		}
		equal(h.t, keys, []string{"b/3=", "b/2=", "b/1="})
	}},
	{"many keys answer in their order", Setup{}, func(_ *testing.T, h *probe) {
		h.set(contract.KVSetRequest{Key: "a", Value: []byte("1")})
		h.set(contract.KVSetRequest{Key: "b", Value: []byte("2")})
		var a contract.KVScanAnswer
		h.must(abi.CapKV, abi.KVGetMany, &contract.KVGetManyRequest{Keys: []string{"b", "none", "a"}}, &a)
		var got []string
		for _, e := range a.Entries {
			got = append(got, fmt.Sprint(e.Key, "=", string(e.Value), " ", e.Revision > 0))
		}
		equal(h.t, got, []string{"b=2 true", "none= false", "a=1 true"})
		h.refuse(abi.CodeInvalid, abi.CapKV, abi.KVGetMany, &contract.KVGetManyRequest{})
		h.refuse(abi.CodeInvalid, abi.CapKV, abi.KVGetMany, &contract.KVGetManyRequest{Keys: []string{"a", "a"}})
	}},
	{"usage counts keys and values", Setup{}, func(_ *testing.T, h *probe) {
		h.set(contract.KVSetRequest{Key: "four", Value: []byte("12345678")})
		h.set(contract.KVSetRequest{Key: "gone", Value: []byte("x"), TTLMillis: 1000})
		h.clock.now = h.clock.now.Add(time.Minute)
		var a contract.KVUsageAnswer
		h.must(abi.CapKV, abi.KVUsage, nil, &a)
		if a.Used != 12 || a.Quota < a.Used {
			h.t.Errorf("used %d of %d", a.Used, a.Quota)
		}
	}},
}
