package sdktest

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/tinylib/msgp/msgp"
)

type kvRow struct {
	value    []byte
	revision uint64
	expires  time.Time
}

// fakeKV is the key-value store. A key keeps counting revisions after it was
// deleted, as long as the store lives.
type fakeKV struct {
	mu   sync.Mutex
	now  func() time.Time
	rows map[string]kvRow
	last uint64
}

func (k *fakeKV) row(key string) (kvRow, bool) {
	row, ok := k.rows[key]
	if ok && !row.expires.IsZero() && !k.now().Before(row.expires) {
		delete(k.rows, key)
		return kvRow{}, false
	}
	return row, ok
}

func (k *fakeKV) entry(key string, row kvRow) contract.KVEntry {
	e := contract.KVEntry{Key: key, Value: row.value, Revision: row.revision}
	if !row.expires.IsZero() {
		e.ExpiresAt = row.expires.UnixMilli()
	}
	return e
}

// apply performs writes, all or none.
func (k *fakeKV) apply(ops []contract.KVOp) (*contract.KVScanAnswer, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	before, last := maps.Clone(k.rows), k.last
	answer := &contract.KVScanAnswer{}
	for _, op := range ops {
		e, err := k.write(op)
		if err != nil {
			k.rows, k.last = before, last
			return nil, err
		}
		answer.Entries = append(answer.Entries, e)
	}
	return answer, nil
}

func (k *fakeKV) write(op contract.KVOp) (contract.KVEntry, error) {
	if (op.Set == nil) == (op.Delete == nil) {
		return contract.KVEntry{}, sdk.Invalid("give exactly one of set and delete")
	}
	key, compare, ifRevision := "", false, uint64(0)
	if op.Set != nil {
		key, compare, ifRevision = op.Set.Key, op.Set.Compare, op.Set.IfRevision
	} else {
		key, compare, ifRevision = op.Delete.Key, op.Delete.Compare, op.Delete.IfRevision
	}
	if key == "" || len(key) > 512 {
		return contract.KVEntry{}, sdk.Invalid("a key has 1 to 512 bytes, not %d", len(key))
	}
	if row, _ := k.row(key); compare && row.revision != ifRevision {
		return contract.KVEntry{}, sdk.Conflict("key %q has revision %d, not %d", key, row.revision, ifRevision)
	}
	if op.Delete != nil {
		delete(k.rows, key)
		return contract.KVEntry{Key: key}, nil
	}
	if op.Set.TTLMillis < 0 {
		return contract.KVEntry{}, sdk.Invalid("the time to live of %q is negative", key)
	}
	k.last++
	row := kvRow{value: slices.Clone(op.Set.Value), revision: k.last}
	if op.Set.TTLMillis > 0 {
		row.expires = k.now().Add(time.Duration(op.Set.TTLMillis) * time.Millisecond)
	}
	k.rows[key] = row
	return k.entry(key, kvRow{revision: row.revision, expires: row.expires}), nil
}

func (f *Fake) kvGet(q *contract.KVGetRequest) (msgp.Marshaler, error) {
	f.kv.mu.Lock()
	defer f.kv.mu.Unlock()
	row, ok := f.kv.row(q.Key)
	if !ok {
		return nil, sdk.NotFound("key %q does not exist", q.Key)
	}
	e := f.kv.entry(q.Key, row)
	return &e, nil
}

func (f *Fake) kvSet(q *contract.KVSetRequest) (msgp.Marshaler, error) {
	a, err := f.kv.apply([]contract.KVOp{{Set: q}})
	if err != nil {
		return nil, err
	}
	return &a.Entries[0], nil
}

func (f *Fake) kvDelete(q *contract.KVDeleteRequest) (msgp.Marshaler, error) {
	_, err := f.kv.apply([]contract.KVOp{{Delete: q}})
	return nil, err
}

func (f *Fake) kvScan(q *contract.KVScanRequest) (msgp.Marshaler, error) {
	f.kv.mu.Lock()
	defer f.kv.mu.Unlock()
	limit := q.Limit
	if limit <= 0 || limit > 1000 {
		limit = 1000
	}
	keys := slices.Sorted(maps.Keys(f.kv.rows))
	if q.Reverse {
		slices.Reverse(keys)
	}
	a := &contract.KVScanAnswer{}
	for _, key := range keys {
		row, ok := f.kv.row(key)
		passed := q.After != "" && (!q.Reverse && key <= q.After || q.Reverse && key >= q.After)
		if !ok || !strings.HasPrefix(key, q.Prefix) || passed {
			continue
		}
		if len(a.Entries) == limit {
			a.Next = a.Entries[limit-1].Key
			break
		}
		if q.KeysOnly {
			row.value = nil
		}
		a.Entries = append(a.Entries, f.kv.entry(key, row))
	}
	return a, nil
}

func (f *Fake) kvGetMany(q *contract.KVGetManyRequest) (msgp.Marshaler, error) {
	f.kv.mu.Lock()
	defer f.kv.mu.Unlock()
	if len(q.Keys) == 0 || len(q.Keys) > 1000 {
		return nil, sdk.Invalid("1 to 1000 keys can be read at once, not %d", len(q.Keys))
	}
	a := &contract.KVScanAnswer{}
	seen := map[string]bool{}
	for _, key := range q.Keys {
		if key == "" || len(key) > 512 || seen[key] {
			return nil, sdk.Invalid("key %q is none, or asked for twice", key)
		}
		seen[key] = true
		row, _ := f.kv.row(key)
		a.Entries = append(a.Entries, f.kv.entry(key, row))
	}
	return a, nil
}

func (f *Fake) kvUsage() (msgp.Marshaler, error) {
	f.kv.mu.Lock()
	defer f.kv.mu.Unlock()
	a := &contract.KVUsageAnswer{Quota: f.quota("kv", 10<<20)}
	for key := range f.kv.rows {
		if row, ok := f.kv.row(key); ok {
			a.Used += uint64(len(key) + len(row.value))
		}
	}
	return a, nil
}

func (f *Fake) kvBatch(q *contract.KVBatchRequest) (msgp.Marshaler, error) {
	if len(q.Ops) == 0 || len(q.Ops) > 1000 {
		return nil, sdk.Invalid("a batch holds 1 to 1000 writes, not %d", len(q.Ops))
	}
	return f.kv.apply(q.Ops)
}
