package abi_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/callboard/callboard/sdk/abi"
)

func TestHeadersRefuse(t *testing.T) {
	call := (&abi.CallHeader{Op: abi.OpHealth, PayloadLen: 3}).AppendTo(nil)
	reply := (&abi.ReplyHeader{PayloadLen: 3}).AppendTo(nil)
	if len(call) != abi.CallHeaderSize || len(reply) != abi.ReplyHeaderSize {
		t.Fatalf("headers have %d and %d bytes", len(call), len(reply))
	}
	another := func(b []byte, at int, to byte) []byte {
		c := append(bytes.Clone(b), "abc"...)
		c[at] = to
		return c
	}
	for _, tc := range []struct {
		name        string
		call, reply []byte
	}{
		{"nothing", nil, nil},
		{"one byte short", call[:len(call)-1], reply[:len(reply)-1]},
		{"payload too short", append(bytes.Clone(call), "ab"...), append(bytes.Clone(reply), "ab"...)},
		{"payload too long", append(bytes.Clone(call), "abcd"...), append(bytes.Clone(reply), "abcd"...)},
		{"version 2", another(call, 0, 2), another(reply, 0, 2)},
		{"version 257", another(call, 1, 1), another(reply, 1, 1)},
		{"a length over 4 GB less one", another(call, 15, 0xff), another(reply, 7, 0xff)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, _, err := abi.ParseCallHeader(tc.call); err == nil {
				t.Error("the call header was read")
			}
			if _, _, err := abi.ParseReplyHeader(tc.reply); err == nil {
				t.Error("the reply header was read")
			}
		})
	}
	if _, _, err := abi.ParseReplyHeader(another(reply, 3, byte(abi.CodeInternal)+1)); err == nil {
		t.Error("a reply with an unknown code was read")
	}
}

func TestNamesAndNumbers(t *testing.T) {
	for c := abi.CapHandle; c <= abi.CapConfig; c++ {
		if got, ok := abi.CapabilityByName(c.String()); !ok || got != c {
			t.Errorf("capability %d is called %q, which is %d, %v", c, c.String(), got, ok)
		}
	}
	for _, op := range abi.Ops() {
		if op.String() == "unknown" {
			t.Errorf("operation %d has no name", op)
		}
	}
	if abi.Op(0).String() != "unknown" || abi.Code(200).String() != "internal" {
		t.Error("unknown numbers have names")
	}
}

func seed(f *testing.F, kind string) {
	f.Helper()
	for _, v := range readVectors(f) {
		if b, err := hex.DecodeString(v.Hex); err == nil && v.Kind == kind {
			f.Add(b)
		}
	}
	f.Add([]byte{})
}

// FuzzParseCallHeader: what parses has a payload of the stated length and
// encodes to the same bytes, reserved ones aside.
func FuzzParseCallHeader(f *testing.F) {
	seed(f, "call")
	f.Fuzz(func(t *testing.T, b []byte) {
		h, payload, err := abi.ParseCallHeader(b)
		if err != nil {
			return
		}
		if int(h.PayloadLen) != len(payload) || len(payload)+abi.CallHeaderSize != len(b) {
			t.Fatalf("%d bytes, payload %d, stated %d", len(b), len(payload), h.PayloadLen)
		}
		if again := h.AppendTo(nil); !bytes.Equal(again[:76], b[:76]) {
			t.Fatalf("encodes as\n%x\nwas\n%x", again, b[:abi.CallHeaderSize])
		}
	})
}

// FuzzParseReplyHeader: as FuzzParseCallHeader, and the code is a known one.
func FuzzParseReplyHeader(f *testing.F) {
	seed(f, "reply")
	f.Fuzz(func(t *testing.T, b []byte) {
		h, payload, err := abi.ParseReplyHeader(b)
		if err != nil {
			return
		}
		if int(h.PayloadLen) != len(payload) || h.Code > abi.CodeInternal {
			t.Fatalf("payload %d, stated %d, code %d", len(payload), h.PayloadLen, h.Code)
		}
		if again := h.AppendTo(nil); !bytes.Equal(again[:8], b[:8]) {
			t.Fatalf("encodes as\n%x\nwas\n%x", again, b[:abi.ReplyHeaderSize])
		}
	})
}
