package kv_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/capability/kv"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// broken is a database that answers one fault to everything.
type broken struct{ err error }

func (b broken) KVGet(context.Context, string, string) (store.KVRow, error) {
	return store.KVRow{}, b.err
}

func (b broken) KVGetMany(context.Context, string, []string, int) ([]store.KVRow, error) {
	return nil, b.err
}

func (b broken) KVApply(context.Context, string, int64, []store.KVWrite) ([]uint64, error) {
	return nil, b.err
}

func (b broken) KVScan(context.Context, string, store.KVQuery) ([]store.KVRow, bool, error) {
	return nil, false, b.err
}
func (b broken) KVUsage(context.Context, string) (int64, error) { return 0, b.err }
func (b broken) KVSweep(context.Context) (int, error)           { return 0, b.err }

// Whatever the database does, a guest learns what it can do about it, and
// nothing that is not its to know.
func TestFaultsOfTheDatabaseReachTheGuest(t *testing.T) {
	secret := "dial tcp 10.1.2.3:5432"
	for _, tt := range []struct {
		err  error
		code abi.Code
	}{
		{fault.Wrap(fault.Unavailable, context.Canceled, "the database does not answer"), abi.CodeUnavailable},
		{fault.Wrap(fault.Timeout, context.DeadlineExceeded, "the database call was cut off"), abi.CodeTimeout},
		{&fault.Error{Kind: fault.Internal, Message: secret}, abi.CodeInternal},
	} {
		table, err := capability.NewTable(kv.New(broken{tt.err}, time.Now))
		if err != nil {
			t.Fatal(err)
		}
		gate := capability.NewGate(capability.Config{Table: table})
		rights, err := table.Resolve([]capability.Request{{Name: "kv"}}, capability.Grants{"kv": json.RawMessage("true")}, false)
		if err != nil {
			t.Fatal(err)
		}
		gate.SetRights("one", "d", rights)
		r := &rig{t: t, gate: gate}
		for op, q := range map[uint32]msgp.Marshaler{
			abi.KVGet: &contract.KVGetRequest{Key: "k"}, abi.KVGetMany: &contract.KVGetManyRequest{Keys: []string{"k"}},
			abi.KVSet: &contract.KVSetRequest{Key: "k"}, abi.KVDelete: &contract.KVDeleteRequest{Key: "k"},
			abi.KVScan: &contract.KVScanRequest{}, abi.KVUsage: nothing{},
			abi.KVBatch: &contract.KVBatchRequest{Ops: []contract.KVOp{{Delete: &contract.KVDeleteRequest{Key: "k"}}}},
		} {
			code, message := r.call("one", op, q, nil)
			if code != tt.code || message == "" || message == secret {
				t.Errorf("operation %d with %v: %s %q", op>>8, tt.err, code, message)
			}
		}
	}
}

// nothing is the payload of an operation that takes none.
type nothing struct{}

func (nothing) MarshalMsg(b []byte) ([]byte, error) { return b, nil }
