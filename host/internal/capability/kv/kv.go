package kv

import (
	"context"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Bounds of one request.
const (
	MaxKey   = 512
	MaxValue = 1 << 20
	MaxBatch = 1000
	MaxScan  = 1000
	MaxPage  = 4 << 20 // bytes of values in one answer
)

// New returns the table's row. now gives expiry its clock.
func New(rows store.KV, now func() time.Time) capability.Capability {
	s := service{rows, now}
	return capability.Capability{
		ID: abi.CapKV, Scope: scopes{},
		Ops: map[uint32]capability.Operation{
			abi.KVGet:    capability.Op("kv.get/1", s.get),
			abi.KVSet:    capability.Op("kv.set/1", s.set),
			abi.KVDelete: capability.Op("kv.delete/1", s.delete),
			abi.KVScan:   capability.Op("kv.scan/1", s.scan),
			abi.KVBatch:  capability.Op("kv.batch/1", s.batch),

			abi.KVGetMany: capability.Op("kv.get-many/1", s.getMany),
			abi.KVUsage:   capability.Plain("kv.usage/1", s.usage),
		},
	}
}

type service struct {
	rows store.KV
	now  func() time.Time
}

func (s service) get(ctx context.Context, c *capability.Call, q *contract.KVGetRequest) (msgp.Marshaler, error) {
	if err := checkKey(q.Key); err != nil {
		return nil, err
	}
	row, err := s.rows.KVGet(ctx, c.Installation, q.Key)
	if err != nil {
		return nil, err
	}
	e := entry(row)
	return &e, nil
}

func (s service) set(ctx context.Context, c *capability.Call, q *contract.KVSetRequest) (msgp.Marshaler, error) {
	w, err := s.write(q)
	if err != nil {
		return nil, err
	}
	revisions, err := s.apply(ctx, c, []store.KVWrite{w})
	if err != nil {
		return nil, err
	}
	e := entry(store.KVRow{Key: q.Key, Revision: revisions[0], ExpiresAt: w.ExpiresAt})
	return &e, nil
}

func (s service) delete(ctx context.Context, c *capability.Call, q *contract.KVDeleteRequest) (msgp.Marshaler, error) {
	if err := checkKey(q.Key); err != nil {
		return nil, err
	}
	_, err := s.apply(ctx, c, []store.KVWrite{{Key: q.Key, Delete: true, Compare: q.Compare, IfRevision: q.IfRevision}})
	return nil, err
}

func (s service) scan(ctx context.Context, c *capability.Call, q *contract.KVScanRequest) (msgp.Marshaler, error) {
	limit := q.Limit
	if limit <= 0 || limit > MaxScan {
		limit = MaxScan
	}
	rows, more, err := s.rows.KVScan(ctx, c.Installation, store.KVQuery{
		Prefix: q.Prefix, After: q.After, Limit: limit, Reverse: q.Reverse, KeysOnly: q.KeysOnly, MaxBytes: MaxPage - MaxValue,
	})
	if err != nil {
		return nil, err
	}
	answer := &contract.KVScanAnswer{}
	for _, row := range rows {
		if q.KeysOnly {
			row.Value = nil
		}
		answer.Entries = append(answer.Entries, entry(row))
	}
	if more {
		answer.Next = rows[len(rows)-1].Key
	}
	return answer, nil
}

func (s service) getMany(ctx context.Context, c *capability.Call, q *contract.KVGetManyRequest) (msgp.Marshaler, error) {
	if len(q.Keys) == 0 || len(q.Keys) > MaxBatch {
		return nil, fault.New(fault.Invalid, "1 to %d keys can be read at once, not %d", MaxBatch, len(q.Keys))
	}
	seen := make(map[string]bool, len(q.Keys))
	for _, key := range q.Keys {
		if err := checkKey(key); err != nil {
			return nil, err
		}
		if seen[key] {
			return nil, fault.New(fault.Invalid, "key %q is asked for twice", key)
		}
		seen[key] = true
	}
	rows, err := s.rows.KVGetMany(ctx, c.Installation, q.Keys, MaxPage)
	if err != nil {
		return nil, err
	}
	byKey := make(map[string]store.KVRow, len(rows))
	for _, row := range rows {
		byKey[row.Key] = row
	}
	answer := &contract.KVScanAnswer{Entries: make([]contract.KVEntry, len(q.Keys))}
	for i, key := range q.Keys {
		row := byKey[key]
		row.Key = key
		answer.Entries[i] = entry(row)
	}
	return answer, nil
}

func (s service) usage(ctx context.Context, c *capability.Call) (msgp.Marshaler, error) {
	scope, err := scopeOf(c)
	if err != nil {
		return nil, err
	}
	used, err := s.rows.KVUsage(ctx, c.Installation)
	if err != nil {
		return nil, err
	}
	return &contract.KVUsageAnswer{Used: uint64(max(used, 0)), Quota: uint64(max(scope.Quota, 0))}, nil
}

func (s service) batch(ctx context.Context, c *capability.Call, q *contract.KVBatchRequest) (msgp.Marshaler, error) {
	if len(q.Ops) == 0 || len(q.Ops) > MaxBatch {
		return nil, fault.New(fault.Invalid, "a batch holds 1 to %d writes, not %d", MaxBatch, len(q.Ops))
	}
	writes := make([]store.KVWrite, 0, len(q.Ops))
	for i, op := range q.Ops {
		switch {
		case (op.Set == nil) == (op.Delete == nil):
			return nil, fault.New(fault.Invalid, "write %d of the batch: give exactly one of set and delete", i)
		case op.Set != nil:
			w, err := s.write(op.Set)
			if err != nil {
				return nil, err
			}
			writes = append(writes, w)
		default:
			if err := checkKey(op.Delete.Key); err != nil {
				return nil, err
			}
			writes = append(writes, store.KVWrite{Key: op.Delete.Key, Delete: true, Compare: op.Delete.Compare, IfRevision: op.Delete.IfRevision})
		}
	}
	revisions, err := s.apply(ctx, c, writes)
	if err != nil {
		return nil, err
	}
	answer := &contract.KVScanAnswer{Entries: make([]contract.KVEntry, len(writes))}
	for i, w := range writes {
		answer.Entries[i] = entry(store.KVRow{Key: w.Key, Revision: revisions[i], ExpiresAt: w.ExpiresAt})
	}
	return answer, nil
}

func (s service) apply(ctx context.Context, c *capability.Call, writes []store.KVWrite) ([]uint64, error) {
	scope, err := scopeOf(c)
	if err != nil {
		return nil, err
	}
	return s.rows.KVApply(ctx, c.Installation, scope.Quota, writes)
}

func scopeOf(c *capability.Call) (*Scope, error) {
	scope, ok := c.Scope.(*Scope)
	if !ok {
		return nil, fault.New(fault.Internal, "the call has no kv scope")
	}
	return scope, nil
}

func (s service) write(q *contract.KVSetRequest) (store.KVWrite, error) {
	if err := checkKey(q.Key); err != nil {
		return store.KVWrite{}, err
	}
	if len(q.Value) > MaxValue {
		return store.KVWrite{}, fault.New(fault.Exhausted, "the value of %q has %d bytes, at most %d; keep larger things as blobs", q.Key, len(q.Value), MaxValue)
	}
	if q.TTLMillis < 0 {
		return store.KVWrite{}, fault.New(fault.Invalid, "the time to live of %q is negative", q.Key)
	}
	value := q.Value
	if value == nil {
		value = []byte{}
	}
	w := store.KVWrite{Key: q.Key, Value: value, Compare: q.Compare, IfRevision: q.IfRevision}
	if q.TTLMillis > 0 {
		w.ExpiresAt = s.now().Add(time.Duration(q.TTLMillis) * time.Millisecond)
	}
	return w, nil
}

func checkKey(key string) error {
	if key == "" || len(key) > MaxKey {
		return fault.New(fault.Invalid, "a key has 1 to %d bytes, not %d", MaxKey, len(key))
	}
	return nil
}

func entry(row store.KVRow) contract.KVEntry {
	e := contract.KVEntry{Key: row.Key, Value: row.Value, Revision: row.Revision}
	if !row.ExpiresAt.IsZero() {
		e.ExpiresAt = row.ExpiresAt.UnixMilli()
	}
	return e
}
