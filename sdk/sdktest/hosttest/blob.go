package hosttest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

func (p *probe) put(q contract.BlobPutRequest) contract.BlobInfo {
	p.t.Helper()
	var info contract.BlobInfo
	p.must(abi.CapBlob, abi.BlobPut, &q, &info)
	return info
}

func (p *probe) blob(q contract.BlobGetRequest) (string, contract.BlobInfo) {
	p.t.Helper()
	var a contract.BlobGetAnswer
	p.must(abi.CapBlob, abi.BlobGet, &q, &a)
	return p.read(a.Handle, a.Size), a.Blob
}

var blobCases = []testCase{
	{"a blob comes back with what was said of it", Setup{}, func(_ *testing.T, h *probe) {
		made := h.put(contract.BlobPutRequest{
			Key: "reports/2026.txt", MediaType: "text/plain", Bytes: []byte("hello"),
			Metadata: []contract.BlobField{{Name: "b", Value: "2"}, {Name: "a", Value: "1"}},
		})
		content, info := h.blob(contract.BlobGetRequest{Key: "reports/2026.txt"})
		equal(h.t, content, "hello")
		equal(h.t, info, made)
		want := contract.BlobInfo{
			Key: "reports/2026.txt", Size: 5, MediaType: "text/plain", Revision: made.Revision,
			Digest:    "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
			Metadata:  []contract.BlobField{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}},
			CreatedAt: start.UnixMilli(), UpdatedAt: start.UnixMilli(),
		}
		equal(h.t, info, want)
		h.clock.now = start.Add(time.Minute)
		again := h.put(contract.BlobPutRequest{Key: "reports/2026.txt", Bytes: []byte("other")})
		if again.Revision <= made.Revision || again.CreatedAt != start.UnixMilli() || again.UpdatedAt != h.clock.now.UnixMilli() || again.MediaType != "application/octet-stream" || len(again.Metadata) != 0 {
			h.t.Errorf("written again: %+v", again)
		}
		var stat contract.BlobInfo
		h.must(abi.CapBlob, abi.BlobStat, &contract.BlobRequest{Key: "reports/2026.txt"}, &stat)
		equal(h.t, stat, again)
	}},
	{"an absent blob is not found", Setup{}, func(_ *testing.T, h *probe) {
		h.refuse(abi.CodeNotFound, abi.CapBlob, abi.BlobGet, &contract.BlobGetRequest{Key: "none"})
		h.refuse(abi.CodeNotFound, abi.CapBlob, abi.BlobStat, &contract.BlobRequest{Key: "none"})
		h.must(abi.CapBlob, abi.BlobDelete, &contract.BlobDeleteRequest{Key: "none"}, nil)
	}},
	{"a blob is put from a handle, and read in ranges", Setup{}, func(_ *testing.T, h *probe) {
		content := strings.Repeat("0123456789", 5000)
		var made contract.HandleInfo
		h.must(abi.CapHandle, abi.HandleCreate, &contract.HandleCreateRequest{Type: "text/plain", Bytes: []byte(content)}, &made)
		info := h.put(contract.BlobPutRequest{Key: "k", Handle: made.Handle})
		if info.Size != 50_000 {
			h.t.Errorf("size %d", info.Size)
		}
		for _, r := range []struct{ offset, length, want uint64 }{{0, 0, 50_000}, {49_990, 0, 10}, {12, 3, 3}, {49_999, 100, 1}, {50_000, 5, 0}} {
			got, _ := h.blob(contract.BlobGetRequest{Key: "k", Offset: r.offset, Length: r.length})
			equal(h.t, got, content[r.offset:r.offset+r.want])
		}
		h.refuse(abi.CodeInvalid, abi.CapBlob, abi.BlobGet, &contract.BlobGetRequest{Key: "k", Offset: 50_001})
		h.refuse(abi.CodeInvalid, abi.CapBlob, abi.BlobPut, &contract.BlobPutRequest{Key: "k", Handle: made.Handle, Bytes: []byte("too")})
		h.refuse(abi.CodeInvalid, abi.CapBlob, abi.BlobPut, &contract.BlobPutRequest{Key: "k", Handle: made.Handle + 1000})
	}},
	{"a blob that is read stays as it was", Setup{}, func(_ *testing.T, h *probe) {
		h.put(contract.BlobPutRequest{Key: "k", Bytes: []byte("old")})
		var a contract.BlobGetAnswer
		h.must(abi.CapBlob, abi.BlobGet, &contract.BlobGetRequest{Key: "k"}, &a)
		h.put(contract.BlobPutRequest{Key: "k", Bytes: []byte("new")})
		equal(h.t, h.read(a.Handle, a.Size), "old")
		h.must(abi.CapBlob, abi.BlobDelete, &contract.BlobDeleteRequest{Key: "k"}, nil)
		equal(h.t, h.read(a.Handle, a.Size), "old")
		if _, code := h.host.Write(a.Handle, 0, []byte("X")); code != abi.CodeDenied {
			h.t.Errorf("writing into a blob: %s", code)
		}
	}},
	{"blobs are compared and set", Setup{}, func(_ *testing.T, h *probe) {
		first := h.put(contract.BlobPutRequest{Key: "k", Bytes: []byte("1"), Compare: true})
		h.refuse(abi.CodeConflict, abi.CapBlob, abi.BlobPut, &contract.BlobPutRequest{Key: "k", Bytes: []byte("2"), Compare: true})
		second := h.put(contract.BlobPutRequest{Key: "k", Bytes: []byte("2"), Compare: true, IfRevision: first.Revision})
		h.refuse(abi.CodeConflict, abi.CapBlob, abi.BlobDelete, &contract.BlobDeleteRequest{Key: "k", Compare: true, IfRevision: first.Revision})
		h.must(abi.CapBlob, abi.BlobDelete, &contract.BlobDeleteRequest{Key: "k", Compare: true, IfRevision: second.Revision}, nil)
		if third := h.put(contract.BlobPutRequest{Key: "k", Bytes: []byte("3")}); third.Revision <= second.Revision {
			h.t.Errorf("revision %d after %d", third.Revision, second.Revision)
		}
	}},
	{"blobs are listed by prefix and page, with what they take", Setup{}, func(_ *testing.T, h *probe) {
		for i, key := range []string{"b/3", "a", "b/1", "c", "b/2"} {
			h.put(contract.BlobPutRequest{Key: key, Bytes: []byte(strings.Repeat("x", i))})
		}
		var keys []string
		for after := ""; ; {
			var a contract.BlobListAnswer
			h.must(abi.CapBlob, abi.BlobList, &contract.BlobListRequest{Prefix: "b/", After: after, Limit: 2}, &a)
			for _, b := range a.Blobs {
				keys = append(keys, fmt.Sprint(b.Key, "=", b.Size))
			}
			if a.Used != 10 || a.Quota < a.Used {
				h.t.Errorf("used %d of %d", a.Used, a.Quota)
			}
			if after = a.Next; after == "" {
				break
			}
		}
		equal(h.t, keys, []string{"b/1=2", "b/2=4", "b/3=0"})
	}},
	{"a key or media type that is none is invalid", Setup{}, func(_ *testing.T, h *probe) {
		h.refuse(abi.CodeInvalid, abi.CapBlob, abi.BlobPut, &contract.BlobPutRequest{})
		h.refuse(abi.CodeInvalid, abi.CapBlob, abi.BlobGet, &contract.BlobGetRequest{Key: strings.Repeat("k", 513)})
		h.refuse(abi.CodeInvalid, abi.CapBlob, abi.BlobPut, &contract.BlobPutRequest{Key: "k", MediaType: "text"})
	}},
	{"a key is a name and no path", Setup{}, func(_ *testing.T, h *probe) {
		for _, key := range []string{"../../etc/passwd", "/etc/passwd", ".", "a//b", "~", "%2e%2e/x"} {
			h.put(contract.BlobPutRequest{Key: key, Bytes: []byte(key)})
			got, _ := h.blob(contract.BlobGetRequest{Key: key})
			equal(h.t, got, key)
		}
	}},
}

var emitCases = []testCase{
	{"an audit event is taken, and one that is none is not", Setup{}, func(_ *testing.T, h *probe) {
		h.must(abi.CapAudit, abi.AuditEmit, &contract.AuditRecord{
			Event: "rota.changed", Severity: "medium", Outcome: "succeeded", Resource: "component:default/web", Message: "Ada takes over",
			Fields: []contract.AuditField{{Name: "from", Value: "user:default/bob"}},
		}, nil)
		for _, bad := range []contract.AuditRecord{
			{},
			{Event: "Rota changed"},
			{Event: "a", Severity: "loud"},
			{Event: "a", Outcome: "maybe"},
			{Event: "a", Fields: []contract.AuditField{{Name: "n", Value: "one\ntwo"}}},
		} {
			h.refuse(abi.CodeInvalid, abi.CapAudit, abi.AuditEmit, &bad)
		}
	}},
	{"audit events of a minute are bounded", Setup{}, func(_ *testing.T, h *probe) {
		for range 100 {
			h.must(abi.CapAudit, abi.AuditEmit, &contract.AuditRecord{Event: "a"}, nil)
		}
		h.refuse(abi.CodeExhausted, abi.CapAudit, abi.AuditEmit, &contract.AuditRecord{Event: "a"})
		h.clock.now = h.clock.now.Add(time.Minute)
		h.must(abi.CapAudit, abi.AuditEmit, &contract.AuditRecord{Event: "a"}, nil)
	}},
	{"metrics keep their kind and labels", Setup{}, func(_ *testing.T, h *probe) {
		team := []contract.MetricLabel{{Name: "team", Value: "a"}}
		emit := func(samples ...contract.MetricSample) *contract.MetricRequest {
			return &contract.MetricRequest{Samples: samples}
		}
		h.must(abi.CapMetric, abi.MetricEmit, emit(
			contract.MetricSample{Name: "changes_total", Kind: "counter", Value: 2, Labels: team},
			contract.MetricSample{Name: "open", Kind: "gauge", Value: -1}, contract.MetricSample{Name: "seconds", Kind: "histogram", Value: .5},
		), nil)
		h.refuse(abi.CodeConflict, abi.CapMetric, abi.MetricEmit, emit(contract.MetricSample{Name: "open", Kind: "counter", Value: 1}))
		h.refuse(abi.CodeConflict, abi.CapMetric, abi.MetricEmit, emit(contract.MetricSample{Name: "changes_total", Kind: "counter", Value: 1}))
		h.refuse(abi.CodeInvalid, abi.CapMetric, abi.MetricEmit, emit(contract.MetricSample{Name: "Changes", Kind: "counter"}))
		h.refuse(abi.CodeInvalid, abi.CapMetric, abi.MetricEmit, emit(contract.MetricSample{Name: "x", Kind: "counter", Value: -1}))
		h.refuse(abi.CodeInvalid, abi.CapMetric, abi.MetricEmit, emit(contract.MetricSample{Name: "a__b", Kind: "gauge"}))
		h.refuse(abi.CodeInvalid, abi.CapMetric, abi.MetricEmit, &contract.MetricRequest{Samples: make([]contract.MetricSample, 101)})
	}},
}
