package replay

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/payload"
)

// line is one line of a file after the first. Is says which of the fields count.
type line struct {
	Is         string    `json:"is"` // "input", a Kind, "around", "outcome", "verified"
	Operation  string    `json:"operation,omitempty"`
	Capability *uint32   `json:"capability,omitempty"`
	Op         uint32    `json:"op,omitempty"`
	Header     *header   `json:"header,omitempty"`
	Request    *packed   `json:"request,omitempty"`
	Answer     *packed   `json:"answer,omitempty"`
	Handle     uint32    `json:"handle,omitempty"`
	Off        int64     `json:"off,omitempty"`
	Size       int       `json:"size,omitempty"`
	Content    *packed   `json:"content,omitempty"`
	MediaType  string    `json:"type,omitempty"`
	Code       string    `json:"code,omitempty"`
	Level      uint32    `json:"level,omitempty"`
	Nanos      int64     `json:"nanos,omitempty"`
	Stopped    bool      `json:"stopped,omitempty"`
	Around     *Around   `json:"around,omitempty"`
	Outcome    *outcome  `json:"outcome,omitempty"`
	Verified   *Verified `json:"verified,omitempty"`
}

// header is an abi.CallHeader.
type header struct {
	Codec     uint8  `json:"codec"`
	Flags     uint8  `json:"flags,omitempty"`
	Features  uint32 `json:"features,omitempty"`
	CallID    uint64 `json:"callId"`
	ParentID  uint64 `json:"parentId,omitempty"`
	Deadline  int64  `json:"deadline"` // Unix nanoseconds, 0 = none
	TraceID   []byte `json:"traceId"`
	SpanID    []byte `json:"spanId"`
	Authority uint64 `json:"authority"`
	Body      uint32 `json:"body,omitempty"`
}

// packed is bytes in the most readable form that gives the same bytes again.
type packed struct {
	Code  string          `json:"code,omitempty"`  // of an answer
	Codec uint8           `json:"codec,omitempty"` // of an answer
	JSON  json.RawMessage `json:"json,omitempty"`  // a contract type
	Text  *string         `json:"text,omitempty"`
	Bytes []byte          `json:"bytes,omitempty"`
	Raw   []byte          `json:"raw,omitempty"` // what is no ABI message, header included
	Size  int             `json:"size,omitempty"`
	Hash  string          `json:"sha256,omitempty"` // of what is not in the file
}

type outcome struct {
	Kind    string  `json:"kind"`
	Crashed bool    `json:"crashed,omitempty"`
	Cause   string  `json:"cause,omitempty"`
	Message string  `json:"message,omitempty"`
	Stack   string  `json:"stack,omitempty"`
	Stderr  string  `json:"stderr,omitempty"`
	Fuel    uint64  `json:"fuel,omitempty"`
	Memory  uint64  `json:"memory,omitempty"`
	Reply   *packed `json:"reply,omitempty"`
}

var (
	errNoMessage = errors.New("is no message of the ABI")
	errRange     = errors.New("is out of range")
)

// content writes bytes as text where they are text.
func content(b []byte) *packed {
	if b == nil {
		return nil
	}
	if utf8.Valid(b) {
		text := string(b)
		return &packed{Text: &text}
	}
	return &packed{Bytes: b}
}

func (p *packed) content() []byte {
	switch {
	case p == nil:
		return nil
	case p.Text != nil:
		return []byte(*p.Text)
	case p.Bytes == nil:
		return []byte{}
	default:
		return p.Bytes
	}
}

// request writes the payload of a call.
func request(t payload.Type, b []byte) *packed {
	if text := toJSON(t, b); text != nil {
		return &packed{JSON: text}
	}
	return &packed{Bytes: b}
}

func (p *packed) request(t payload.Type) ([]byte, error) {
	if p.JSON != nil {
		return fromJSON(t, p.JSON)
	}
	return p.content(), nil
}

// answer writes an abi.ReplyHeader with its payload.
func answer(t payload.Type, b []byte) *packed {
	h, body, err := abi.ParseReplyHeader(b)
	if err != nil {
		return &packed{Raw: b}
	}
	again := h.AppendTo(nil)
	if string(again) != string(b[:abi.ReplyHeaderSize]) {
		return &packed{Raw: b} // a reserved field is in use
	}
	if h.Code != abi.CodeOK {
		t = payload.Error
	}
	p := &packed{Code: h.Code.String(), Codec: uint8(h.Codec)}
	if h.Codec == abi.CodecMsgpack {
		p.JSON = toJSON(t, body)
	}
	if p.JSON == nil {
		p.Bytes = body
	}
	return p
}

func (p *packed) answer(t payload.Type) ([]byte, error) {
	switch {
	case p == nil:
		return nil, nil
	case p.Raw != nil:
		return p.Raw, nil
	}
	code, ok := codeByName(p.Code)
	if !ok {
		return nil, fmt.Errorf("code %.20q %w", p.Code, errNoMessage)
	}
	if code != abi.CodeOK {
		t = payload.Error
	}
	body, err := p.request(t)
	if err != nil {
		return nil, err
	}
	h := abi.ReplyHeader{Codec: abi.Codec(p.Codec), Code: code, PayloadLen: uint32(len(body))}
	return append(h.AppendTo(nil), body...), nil
}

func codeByName(name string) (abi.Code, bool) {
	for c := abi.CodeOK; c <= abi.CodeInternal; c++ {
		if c.String() == name {
			return c, true
		}
	}
	return 0, false
}

func opByName(name string) (abi.Op, bool) {
	for _, op := range abi.Ops() {
		if op.String() == name {
			return op, true
		}
	}
	return 0, false
}

// input writes what entered the guest.
func input(op abi.Op, b []byte) line {
	h, body, err := abi.ParseCallHeader(b)
	if err != nil || h.Op != op || string(h.AppendTo(nil)) != string(b[:abi.CallHeaderSize]) {
		return line{Is: "input", Request: &packed{Raw: b}}
	}
	out := &header{
		Codec: uint8(h.Codec), Flags: h.Flags, Features: h.Features, CallID: h.CallID, ParentID: h.ParentID,
		TraceID: h.TraceID[:], SpanID: h.SpanID[:], Authority: h.Authority, Body: h.Body,
	}
	if !h.Deadline.IsZero() {
		out.Deadline = h.Deadline.UnixNano()
	}
	return line{Is: "input", Header: out, Request: request(requestType(op), body)}
}

func (l *line) input(op abi.Op) ([]byte, error) {
	if l.Request == nil {
		return nil, errNoMessage
	}
	if l.Header == nil {
		return l.Request.Raw, nil
	}
	body, err := l.Request.request(requestType(op))
	if err != nil {
		return nil, err
	}
	in := l.Header
	h := abi.CallHeader{
		Codec: abi.Codec(in.Codec), Flags: in.Flags, Features: in.Features, Op: op, PayloadLen: uint32(len(body)),
		CallID: in.CallID, ParentID: in.ParentID, Authority: in.Authority, Body: in.Body,
	}
	if len(in.TraceID) != len(h.TraceID) || len(in.SpanID) != len(h.SpanID) {
		return nil, errRange
	}
	copy(h.TraceID[:], in.TraceID)
	copy(h.SpanID[:], in.SpanID)
	if in.Deadline != 0 {
		h.Deadline = time.Unix(0, in.Deadline)
	}
	return append(h.AppendTo(nil), body...), nil
}

func requestType(op abi.Op) payload.Type {
	t, _ := payload.Guest(op)
	return t
}

func answerType(op abi.Op) payload.Type {
	_, t := payload.Guest(op)
	return t
}
