package sdk

import (
	"time"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// KV is the plugin's own key-value store. Other plugins have their own.
type KV struct{ call *call }

// Entry is one stored value. Revision grows with each write of the key.
type Entry struct {
	Key       string
	Value     []byte
	Revision  uint64
	ExpiresAt time.Time // zero = never
}

// Write is one write: a value, or with Delete the removal of the key.
type Write struct {
	Key    string
	Value  []byte
	TTL    time.Duration // 0 = for ever
	Delete bool
	// With Compare the write happens only if the key's revision is
	// IfRevision; 0 means that the key must be absent. If not: Conflict.
	Compare    bool
	IfRevision uint64
}

var (
	opKVGet    = operation{abi.CapKV, abi.KVGet, "kv.get/1"}
	opKVSet    = operation{abi.CapKV, abi.KVSet, "kv.set/1"}
	opKVDelete = operation{abi.CapKV, abi.KVDelete, "kv.delete/1"}
	opKVScan   = operation{abi.CapKV, abi.KVScan, "kv.scan/1"}
	opKVBatch  = operation{abi.CapKV, abi.KVBatch, "kv.batch/1"}
	opKVMany   = operation{abi.CapKV, abi.KVGetMany, "kv.get-many/1"}
	opKVUsage  = operation{abi.CapKV, abi.KVUsage, "kv.usage/1"}
)

func entryOf(e *contract.KVEntry) Entry {
	out := Entry{Key: e.Key, Value: e.Value, Revision: e.Revision}
	if e.ExpiresAt != 0 {
		out.ExpiresAt = time.UnixMilli(e.ExpiresAt)
	}
	return out
}

// Get returns the entry of a key, or NotFound.
func (k KV) Get(key string) (Entry, error) {
	var e contract.KVEntry
	if err := k.call.do(opKVGet, &contract.KVGetRequest{Key: key}, &e); err != nil {
		return Entry{}, err
	}
	return entryOf(&e), nil
}

// Set stores a value and returns its revision.
func (k KV) Set(key string, value []byte) (revision uint64, err error) {
	return k.Write(Write{Key: key, Value: value})
}

// CompareAndSet stores a value if the key's revision is still ifRevision (0 =
// absent) and returns the new revision; otherwise Conflict.
func (k KV) CompareAndSet(key string, value []byte, ifRevision uint64) (revision uint64, err error) {
	return k.Write(Write{Key: key, Value: value, Compare: true, IfRevision: ifRevision})
}

// Delete removes a key. Deleting what is absent is no error.
func (k KV) Delete(key string) error {
	_, err := k.Write(Write{Key: key, Delete: true})
	return err
}

// Write performs one write and returns the new revision, 0 after a removal.
func (k KV) Write(w Write) (revision uint64, err error) {
	if w.Delete {
		return 0, k.call.do(opKVDelete, w.remove(), nil)
	}
	var e contract.KVEntry
	err = k.call.do(opKVSet, w.set(), &e)
	return e.Revision, err
}

func (w Write) set() *contract.KVSetRequest {
	return &contract.KVSetRequest{
		Key: w.Key, Value: w.Value, TTLMillis: w.TTL.Milliseconds(), Compare: w.Compare, IfRevision: w.IfRevision,
	}
}

func (w Write) remove() *contract.KVDeleteRequest {
	return &contract.KVDeleteRequest{Key: w.Key, Compare: w.Compare, IfRevision: w.IfRevision}
}

// Batch performs up to 1,000 writes, all or none.
func (k KV) Batch(writes ...Write) error {
	req := contract.KVBatchRequest{Ops: make([]contract.KVOp, len(writes))}
	for i, w := range writes {
		if w.Delete {
			req.Ops[i].Delete = w.remove()
		} else {
			req.Ops[i].Set = w.set()
		}
	}
	return k.call.do(opKVBatch, &req, nil)
}

// Scan returns up to limit entries (0 = 1,000) whose keys start with prefix,
// in byte order, after a key. next is the after of the next page, empty at the end.
func (k KV) Scan(prefix, after string, limit int) (entries []Entry, next string, err error) {
	return k.ScanWith(KVScan{Prefix: prefix, After: after, Limit: limit})
}

// KVScan is how to scan. Reverse starts at the last key and goes on below
// After; KeysOnly leaves the values out.
type KVScan struct {
	Prefix   string
	After    string
	Limit    int // 0 = 1,000
	Reverse  bool
	KeysOnly bool
}

// ScanWith returns a page of entries. A page also ends before its values are
// larger than 4 MiB together.
func (k KV) ScanWith(q KVScan) (entries []Entry, next string, err error) {
	var a contract.KVScanAnswer
	req := contract.KVScanRequest(q)
	if err := k.call.do(opKVScan, &req, &a); err != nil {
		return nil, "", err
	}
	return entriesOf(a.Entries), a.Next, nil
}

func entriesOf(in []contract.KVEntry) []Entry {
	entries := make([]Entry, len(in))
	for i := range in {
		entries[i] = entryOf(&in[i])
	}
	return entries
}

// GetMany returns an entry for each of up to 1,000 keys, in their order; one
// with revision 0 is absent.
func (k KV) GetMany(keys ...string) ([]Entry, error) {
	var a contract.KVScanAnswer
	if err := k.call.do(opKVMany, &contract.KVGetManyRequest{Keys: keys}, &a); err != nil {
		return nil, err
	}
	return entriesOf(a.Entries), nil
}

// Usage returns how many bytes of keys and values the plugin keeps, and how
// many it may.
func (k KV) Usage() (used, quota uint64, err error) {
	var a contract.KVUsageAnswer
	err = k.call.do(opKVUsage, nil, &a)
	return a.Used, a.Quota, err
}
