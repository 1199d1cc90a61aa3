package extism

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

func pack(t *testing.T, m payload.Message) []byte {
	t.Helper()
	b, err := m.MarshalMsg(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What is written comes back the same, in both spellings of bytes.
func TestThereAndBack(t *testing.T) {
	request, answer := payload.Guest(abi.OpHTTPHandle)
	entry := kvAnswer(t, abi.KVSet)
	batch := kvRequest(t, abi.KVBatch)
	for _, tc := range []struct {
		name    string
		typ     payload.Type
		message payload.Message
		text    string // textJSON contains it
	}{
		{"bytes that are text", request, &contract.HTTPRequest{Method: "PUT", Body: []byte("héllo \"€\"")}, `"body":{"text":"héllo \"€\""}`},
		{"bytes that are none", request, &contract.HTTPRequest{Method: "PUT", Body: []byte{0xff, 0}}, `"body":{"base64":"/wA="}`},
		{"bytes in a list", answer, &contract.HTTPResponse{Status: 200, Body: []contract.BodyPart{{Bytes: []byte("a")}, {Handle: 7}}}, `{"text":"a"}`},
		{"64 bits", entry, &contract.KVEntry{Key: "k", Value: []byte("v"), Revision: math.MaxUint64, ExpiresAt: math.MinInt64}, "18446744073709551615"},
		{"behind a pointer", batch, &contract.KVBatchRequest{Ops: []contract.KVOp{{Set: &contract.KVSetRequest{Key: "k", Value: []byte("v")}}}}, `"value":{"text":"v"}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want := pack(t, tc.message)
			plain, err := plainJSON(tc.typ, want)
			if err != nil {
				t.Fatal(err)
			}
			text, err := textJSON(tc.typ, want)
			if err != nil || !strings.Contains(string(text), tc.text) {
				t.Errorf("as text: %s, %v; want %s in it", text, err, tc.text)
			}
			for _, spelling := range []json.RawMessage{plain, text} {
				got, err := packJSON(tc.typ, nil, spelling)
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
		"no JSON":           func() error { _, err := packJSON(entry, nil, json.RawMessage(`{"key":`)); return err },
		"another type":      func() error { _, err := packJSON(entry, nil, json.RawMessage(`[1]`)); return err },
		"text for a number": func() error { _, err := packJSON(entry, nil, json.RawMessage(`{"revision":{"text":"1"}}`)); return err },
		"two values":        func() error { _, err := packJSON(entry, nil, json.RawMessage(`{"value":{"text":"1"}} {}`)); return err },
		"bytes of both": func() error {
			_, err := packJSON(entry, nil, json.RawMessage(`{"value":{"text":"1","base64":""}}`))
			return err
		},
		"where none belongs": func() error { _, err := packJSON(nil, nil, json.RawMessage(`{"a":1}`)); return err },
		"no message":         func() error { _, err := plainJSON(entry, []byte{0xc1}); return err },
		"bytes after it":     func() error { _, err := plainJSON(entry, append(pack(t, &contract.KVEntry{}), 1)); return err },
		"bytes for nothing":  func() error { _, err := plainJSON(nil, []byte{1}); return err },
	} {
		t.Run(name, func(t *testing.T) {
			if err := do(); !fault.Is(err, fault.Invalid) {
				t.Errorf("err = %v, want an invalid one", err)
			}
		})
	}
	if b, err := packJSON(entry, nil, json.RawMessage(`{"key":"k","value":{}}`)); err != nil || !bytes.Equal(b, pack(t, &contract.KVEntry{Key: "k"})) {
		t.Errorf("bytes that were left out: %x, %v", b, err)
	}
	for _, text := range []string{"", "null", " {} "} {
		if b, err := packJSON(nil, []byte("x"), json.RawMessage(text)); err != nil || string(b) != "x" {
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
		for _, typ := range []payload.Type{o.Request, o.Answer} {
			packed, err := packJSON(typ, nil, text)
			if err != nil || typ == nil {
				continue
			}
			again, err := textJSON(typ, packed)
			if err != nil {
				t.Fatalf("what was packed is no %s: %v", o.Name, err)
			}
			if twice, err := packJSON(typ, nil, again); err != nil || !bytes.Equal(packed, twice) {
				t.Fatalf("%s: %s, then %x and %x, %v", o.Name, again, packed, twice, err)
			}
		}
	})
}

// kvAnswer and kvRequest are the types of an operation of kv.
func kvAnswer(t *testing.T, op uint32) payload.Type {
	t.Helper()
	o, ok := payload.Host(abi.CapKV, op)
	if !ok {
		t.Fatalf("kv has no operation %d", op)
	}
	return o.Answer
}

func kvRequest(t *testing.T, op uint32) payload.Type {
	t.Helper()
	o, ok := payload.Host(abi.CapKV, op)
	if !ok {
		t.Fatalf("kv has no operation %d", op)
	}
	return o.Request
}
