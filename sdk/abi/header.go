package abi

import (
	"encoding/binary"
	"errors"
	"time"
)

// CallHeaderSize is the length in bytes of an encoded CallHeader.
const CallHeaderSize = 80

// CallHeader stands before the payload of every call into a guest.
//
//	offset size field (little endian)
//	     0    2 ABI version = 1
//	     2    1 codec of the payload
//	     3    1 flags, 0
//	     4    4 feature bits of the host
//	     8    4 op
//	    12    4 payload length
//	    16    8 call id
//	    24    8 parent call id, 0 = none
//	    32    8 deadline, Unix nanoseconds, 0 = none
//	    40   16 trace id
//	    56    8 span id
//	    64    8 authority token, opaque to the guest
//	    72    4 handle of the request body, 0 = none
//	    76    4 reserved, 0
type CallHeader struct {
	Codec      Codec
	Flags      uint8
	Features   uint32
	Op         Op
	PayloadLen uint32
	CallID     uint64
	ParentID   uint64
	Deadline   time.Time
	TraceID    [16]byte
	SpanID     [8]byte
	Authority  uint64
	Body       uint32
}

// ErrHeader is returned for a header that is too short or of another version.
var ErrHeader = errors.New("abi: not a version 1 header")

// AppendTo appends the encoded header to b.
func (h *CallHeader) AppendTo(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint16(b, Version)
	b = append(b, byte(h.Codec), h.Flags)
	b = le.AppendUint32(b, h.Features)
	b = le.AppendUint32(b, uint32(h.Op))
	b = le.AppendUint32(b, h.PayloadLen)
	b = le.AppendUint64(b, h.CallID)
	b = le.AppendUint64(b, h.ParentID)
	var deadline int64
	if !h.Deadline.IsZero() {
		deadline = h.Deadline.UnixNano()
	}
	b = le.AppendUint64(b, uint64(deadline))
	b = append(b, h.TraceID[:]...)
	b = append(b, h.SpanID[:]...)
	b = le.AppendUint64(b, h.Authority)
	b = le.AppendUint32(b, h.Body)
	return le.AppendUint32(b, 0)
}

// ParseCallHeader reads a header and returns the payload behind it.
func ParseCallHeader(b []byte) (CallHeader, []byte, error) {
	le := binary.LittleEndian
	if len(b) < CallHeaderSize || le.Uint16(b) != Version {
		return CallHeader{}, nil, ErrHeader
	}
	h := CallHeader{
		Codec: Codec(b[2]), Flags: b[3], Features: le.Uint32(b[4:]), Op: Op(le.Uint32(b[8:])),
		PayloadLen: le.Uint32(b[12:]), CallID: le.Uint64(b[16:]), ParentID: le.Uint64(b[24:]),
		Authority: le.Uint64(b[64:]), Body: le.Uint32(b[72:]),
	}
	if ns := int64(le.Uint64(b[32:])); ns != 0 {
		h.Deadline = time.Unix(0, ns)
	}
	copy(h.TraceID[:], b[40:])
	copy(h.SpanID[:], b[56:])
	payload := b[CallHeaderSize:]
	if uint64(len(payload)) != uint64(h.PayloadLen) {
		return CallHeader{}, nil, ErrHeader
	}
	return h, payload, nil
}

// ReplyHeaderSize is the length in bytes of an encoded ReplyHeader.
const ReplyHeaderSize = 16

// ReplyHeader stands before the payload of a guest's reply and of the answer
// to a host call.
//
//	offset size field (little endian)
//	     0    2 ABI version = 1
//	     2    1 codec of the payload
//	     3    1 code: 0 = ok, else the payload is a contract.Error
//	     4    4 payload length
//	     8    8 reserved, 0
type ReplyHeader struct {
	Codec      Codec
	Code       Code
	PayloadLen uint32
}

// AppendTo appends the encoded header to b.
func (h *ReplyHeader) AppendTo(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint16(b, Version)
	b = append(b, byte(h.Codec), byte(h.Code))
	b = le.AppendUint32(b, h.PayloadLen)
	return le.AppendUint64(b, 0)
}

// ParseReplyHeader reads a header and returns the payload behind it.
func ParseReplyHeader(b []byte) (ReplyHeader, []byte, error) {
	le := binary.LittleEndian
	if len(b) < ReplyHeaderSize || le.Uint16(b) != Version {
		return ReplyHeader{}, nil, ErrHeader
	}
	h := ReplyHeader{Codec: Codec(b[2]), Code: Code(b[3]), PayloadLen: le.Uint32(b[4:])}
	payload := b[ReplyHeaderSize:]
	if uint64(len(payload)) != uint64(h.PayloadLen) || h.Code > CodeInternal {
		return ReplyHeader{}, nil, ErrHeader
	}
	return h, payload, nil
}
