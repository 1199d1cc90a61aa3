package abi_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

var update = flag.Bool("update", false, "write the hex of testdata/vectors.json anew from its meaning")

const vectorFile = "testdata/vectors.json"

// vector is one golden vector: bytes, and what they mean.
type vector struct {
	Name        string          `json:"name"`
	Kind        string          `json:"kind"` // call, reply, payload
	Header      *vectorHeader   `json:"header,omitempty"`
	PayloadType string          `json:"payloadType,omitempty"`
	Payload     json.RawMessage `json:"payload,omitempty"`
	Hex         string          `json:"hex"`
}

type vectorHeader struct {
	Codec    abi.Codec `json:"codec,omitempty"`
	Code     abi.Code  `json:"code,omitempty"`
	Flags    uint8     `json:"flags,omitempty"`
	Features uint32    `json:"features,omitempty"`
	Op       abi.Op    `json:"op,omitempty"`
	CallID   uint64    `json:"callId,omitempty"`
	ParentID uint64    `json:"parentId,omitempty"`
	Deadline int64     `json:"deadlineUnixNano,omitempty"`
	TraceID  string    `json:"traceId,omitempty"`
	SpanID   string    `json:"spanId,omitempty"`
	Author   uint64    `json:"authority,omitempty"`
	Body     uint32    `json:"body,omitempty"`
}

type payload interface {
	msgp.Marshaler
	msgp.Unmarshaler
}

// newPayload returns an empty value of a contract type.
func newPayload(t *testing.T, name string) payload {
	t.Helper()
	known := map[string]payload{
		"HTTPRequest": &contract.HTTPRequest{}, "HTTPResponse": &contract.HTTPResponse{}, "Error": &contract.Error{},
		"KVSetRequest": &contract.KVSetRequest{}, "KVEntry": &contract.KVEntry{},
	}
	p, ok := known[name]
	if !ok {
		t.Fatalf("payload type %q is not known here", name)
	}
	return p
}

func (h *vectorHeader) call(t *testing.T, payloadLen int) abi.CallHeader {
	t.Helper()
	c := abi.CallHeader{
		Codec: h.Codec, Flags: h.Flags, Features: h.Features, Op: h.Op, PayloadLen: uint32(payloadLen),
		CallID: h.CallID, ParentID: h.ParentID, Authority: h.Author, Body: h.Body,
	}
	if h.Deadline != 0 {
		c.Deadline = time.Unix(0, h.Deadline)
	}
	for _, id := range []struct {
		text string
		into []byte
	}{{h.TraceID, c.TraceID[:]}, {h.SpanID, c.SpanID[:]}} {
		if _, err := hex.Decode(id.into, []byte(id.text)); err != nil {
			t.Fatalf("reading an id: %v", err)
		}
	}
	return c
}

// encode makes bytes from the meaning.
func (v vector) encode(t *testing.T) []byte {
	t.Helper()
	var body []byte
	if v.PayloadType != "" {
		p := newPayload(t, v.PayloadType)
		if err := json.Unmarshal(v.Payload, p); err != nil {
			t.Fatalf("reading the payload: %v", err)
		}
		var err error
		if body, err = p.MarshalMsg(nil); err != nil {
			t.Fatalf("encoding the payload: %v", err)
		}
	}
	switch v.Kind {
	case "call":
		h := v.Header.call(t, len(body))
		return append(h.AppendTo(nil), body...)
	case "reply":
		h := abi.ReplyHeader{Codec: v.Header.Codec, Code: v.Header.Code, PayloadLen: uint32(len(body))}
		return append(h.AppendTo(nil), body...)
	case "payload":
		return body
	}
	t.Fatalf("kind %q is not known", v.Kind)
	return nil
}

// decode checks that the bytes have the meaning.
func (v vector) decode(t *testing.T, b []byte) {
	t.Helper()
	rest := b
	switch v.Kind {
	case "call":
		got, p, err := abi.ParseCallHeader(b)
		if want := v.Header.call(t, len(b)-abi.CallHeaderSize); err != nil || !got.Deadline.Equal(want.Deadline) || !sameCall(got, want) {
			t.Errorf("the header means %+v, %v; want %+v", got, err, want)
		}
		rest = p
	case "reply":
		got, p, err := abi.ParseReplyHeader(b)
		want := abi.ReplyHeader{Codec: v.Header.Codec, Code: v.Header.Code, PayloadLen: uint32(len(b) - abi.ReplyHeaderSize)}
		if err != nil || got != want {
			t.Errorf("the header means %+v, %v; want %+v", got, err, want)
		}
		rest = p
	}
	if v.PayloadType == "" {
		if len(rest) != 0 {
			t.Errorf("%d bytes of payload, want none", len(rest))
		}
		return
	}
	got, want := newPayload(t, v.PayloadType), newPayload(t, v.PayloadType)
	if left, err := got.UnmarshalMsg(rest); err != nil || len(left) != 0 {
		t.Fatalf("decoding the payload: %v, %d bytes left", err, len(left))
	}
	if err := json.Unmarshal(v.Payload, want); err != nil {
		t.Fatalf("reading the payload: %v", err)
	}
	// Compared as JSON: msgpack does not tell an empty list from none.
	gotJSON, _ := json.Marshal(got)
	wantJSON, _ := json.Marshal(want)
	if !bytes.Equal(normal(t, gotJSON), normal(t, wantJSON)) {
		t.Errorf("the payload means %s, want %s", gotJSON, wantJSON)
	}
}

func sameCall(a, b abi.CallHeader) bool {
	a.Deadline, b.Deadline = time.Time{}, time.Time{}
	return a == b
}

// normal drops empty values, which the two encodings spell differently.
func normal(t *testing.T, text []byte) []byte {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	for k, v := range m {
		if v == nil || reflect.ValueOf(v).IsZero() {
			delete(m, k)
		}
	}
	out, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func readVectors(t testing.TB) []vector {
	t.Helper()
	text, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	return vectors
}

// TestVectors holds the encoder and the decoder to the golden vectors. Who
// writes an SDK in another language tests it against the same file.
func TestVectors(t *testing.T) {
	vectors := readVectors(t)
	if *update {
		for i := range vectors {
			vectors[i].Hex = hex.EncodeToString(vectors[i].encode(t))
		}
		var out bytes.Buffer
		enc := json.NewEncoder(&out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(vectors); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(vectorFile, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			want, err := hex.DecodeString(v.Hex)
			if err != nil || len(want) == 0 {
				t.Fatalf("the vector has no bytes: %v", err)
			}
			if got := v.encode(t); !bytes.Equal(got, want) {
				t.Errorf("the meaning encodes as\n%x\nwant\n%x", got, want)
			}
			v.decode(t, want)
		})
	}
}
