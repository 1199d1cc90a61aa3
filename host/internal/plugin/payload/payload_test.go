package payload

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/payload"
)

// The table has one row an operation, whose name names its capability.
func TestTableIsConsistent(t *testing.T) {
	table := NewTable()
	if len(table) != len(payload.Operations()) {
		t.Errorf("%d names for %d operations", len(table), len(payload.Operations()))
	}
	seen := map[[2]uint32]string{}
	for _, o := range payload.Operations() {
		key := [2]uint32{uint32(o.Capability), o.Op}
		if other, twice := seen[key]; twice {
			t.Errorf("%s and %s have the same numbers", other, o.Name)
		}
		seen[key] = o.Name
		capability, _, _ := strings.Cut(o.Name, ".")
		if capability != o.Capability.String() {
			t.Errorf("%s is an operation of %s", o.Name, o.Capability)
		}
		if got, ok := Host(o.Capability, o.Op); !ok || got.Name != o.Name {
			t.Errorf("Host finds %q for %s", got.Name, o.Name)
		}
	}
	if names := table.Names("clock"); len(names) != 1 || names[0] != "clock.now/1" {
		t.Errorf("the operations of clock are %v", names)
	}
}

func pack(t *testing.T, m Message) []byte {
	t.Helper()
	b, err := m.MarshalMsg(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What is written comes back the same, in both spellings of bytes.
func TestThereAndBack(t *testing.T) {
	request, answer := Guest(abi.OpHTTPHandle)
	entry := kvAnswer(t, abi.KVSet)
	batch := kvRequest(t, abi.KVBatch)
	for _, tc := range []struct {
		name    string
		typ     Type
		message Message
		text    string // TextJSON contains it
	}{
		{"bytes that are text", request, &contract.HTTPRequest{Method: "PUT", Body: []byte("héllo \"€\"")}, `"body":{"text":"héllo \"€\""}`},
		{"bytes that are none", request, &contract.HTTPRequest{Method: "PUT", Body: []byte{0xff, 0}}, `"body":{"base64":"/wA="}`},
		{"bytes in a list", answer, &contract.HTTPResponse{Status: 200, Body: []contract.BodyPart{{Bytes: []byte("a")}, {Handle: 7}}}, `{"text":"a"}`},
		{"64 bits", entry, &contract.KVEntry{Key: "k", Value: []byte("v"), Revision: math.MaxUint64, ExpiresAt: math.MinInt64}, "18446744073709551615"},
		{"behind a pointer", batch, &contract.KVBatchRequest{Ops: []contract.KVOp{{Set: &contract.KVSetRequest{Key: "k", Value: []byte("v")}}}}, `"value":{"text":"v"}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want := pack(t, tc.message)
			plain, err := tc.typ.JSON(want)
			if err != nil {
				t.Fatal(err)
			}
			text, err := tc.typ.TextJSON(want)
			if err != nil || !strings.Contains(string(text), tc.text) {
				t.Errorf("as text: %s, %v; want %s in it", text, err, tc.text)
			}
			for _, spelling := range []json.RawMessage{plain, text} {
				got, err := tc.typ.Pack(nil, spelling)
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s came back as %x, %v; want %x", spelling, got, err, want)
				}
			}
		})
	}
}

func TestWhatIsNoPayload(t *testing.T) {
	entry := kvAnswer(t, abi.KVSet)
	for name, do := range map[string]func() error{
		"no JSON":           func() error { _, err := entry.Pack(nil, json.RawMessage(`{"key":`)); return err },
		"another type":      func() error { _, err := entry.Pack(nil, json.RawMessage(`[1]`)); return err },
		"text for a number": func() error { _, err := entry.Pack(nil, json.RawMessage(`{"revision":{"text":"1"}}`)); return err },
		"two values":        func() error { _, err := entry.Pack(nil, json.RawMessage(`{"value":{"text":"1"}} {}`)); return err },
		"bytes of both": func() error {
			_, err := entry.Pack(nil, json.RawMessage(`{"value":{"text":"1","base64":""}}`))
			return err
		},
		"where none belongs": func() error { _, err := Type(nil).Pack(nil, json.RawMessage(`{"a":1}`)); return err },
		"no message":         func() error { _, err := entry.JSON([]byte{0xc1}); return err },
		"bytes after it":     func() error { _, err := entry.JSON(append(pack(t, &contract.KVEntry{}), 1)); return err },
		"bytes for nothing":  func() error { _, err := Type(nil).JSON([]byte{1}); return err },
	} {
		t.Run(name, func(t *testing.T) {
			if err := do(); !fault.Is(err, fault.Invalid) {
				t.Errorf("err = %v, want an invalid one", err)
			}
		})
	}
	if b, err := entry.Pack(nil, json.RawMessage(`{"key":"k","value":{}}`)); err != nil || !bytes.Equal(b, pack(t, &contract.KVEntry{Key: "k"})) {
		t.Errorf("bytes that were left out: %x, %v", b, err)
	}
	for _, text := range []string{"", "null", " {} "} {
		if b, err := Type(nil).Pack([]byte("x"), json.RawMessage(text)); err != nil || string(b) != "x" {
			t.Errorf("nothing from %q: %q, %v", text, b, err)
		}
	}
}

// FuzzPack: no JSON makes it panic, and what it packs is a message that is
// written and packed the same again.
func FuzzPack(f *testing.F) {
	for _, s := range []string{
		`{}`, `null`, `{"value":"dg=="}`, `{"value":{"text":"v"}}`, `{"value":{"base64":"dg=="}}`, `{"ops":[{"set":{"key":"k","value":{"text":"v"}}}]}`,
		`{"body":[{"bytes":{"text":"x"}},{"handle":1}],"status":200}`,
	} {
		f.Add(uint8(0), []byte(s))
	}
	rows := payload.Operations()
	f.Fuzz(func(t *testing.T, row uint8, text []byte) {
		o := rows[int(row)%len(rows)]
		for _, typ := range []Type{Type(o.Request), Type(o.Answer)} {
			packed, err := typ.Pack(nil, text)
			if err != nil || typ == nil {
				continue
			}
			again, err := typ.TextJSON(packed)
			if err != nil {
				t.Fatalf("what was packed is no %s: %v", o.Name, err)
			}
			if twice, err := typ.Pack(nil, again); err != nil || !bytes.Equal(packed, twice) {
				t.Fatalf("%s: %s, then %x and %x, %v", o.Name, again, packed, twice, err)
			}
		}
	})
}

// kvAnswer and kvRequest are the types of an operation of kv.
func kvAnswer(t *testing.T, op uint32) Type {
	t.Helper()
	o, ok := Host(abi.CapKV, op)
	if !ok {
		t.Fatalf("kv has no operation %d", op)
	}
	return o.Answer
}

func kvRequest(t *testing.T, op uint32) Type {
	t.Helper()
	o, ok := Host(abi.CapKV, op)
	if !ok {
		t.Fatalf("kv has no operation %d", op)
	}
	return o.Request
}
