package extism

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/payload"
)

// call is the input of a guest: the call header and the payload as JSON. Numbers
// of 64 bits are text, since not every kit's JSON has them.
type call struct {
	Op             string          `json:"op"` // "http.handle/1"
	CallID         string          `json:"callId"`
	ParentID       string          `json:"parentId,omitempty"`
	DeadlineMillis int64           `json:"deadlineMillis,omitempty"` // Unix time
	TraceID        string          `json:"traceId,omitempty"`        // hex
	SpanID         string          `json:"spanId,omitempty"`
	Authority      string          `json:"authority,omitempty"`  // opaque
	BodyHandle     uint32          `json:"bodyHandle,omitempty"` // of the request's body, if it is no part of the payload
	Payload        json.RawMessage `json:"payload,omitempty"`
}

// reply is the output of a guest, and what callboard_call answers.
type reply struct {
	Code    string          `json:"code"` // name of an abi.Code; of a guest, nothing is ok too
	Payload json.RawMessage `json:"payload,omitempty"`
	Error   json.RawMessage `json:"error,omitempty"` // a contract.Error, with any other code than ok
}

// writeCall turns the input of an instance into JSON.
func writeCall(in []byte) ([]byte, error) {
	header, packed, err := abi.ParseCallHeader(in)
	if err != nil {
		return nil, fmt.Errorf("reading a call: %w", err)
	}
	c := call{
		Op: header.Op.String(), CallID: strconv.FormatUint(header.CallID, 10), Authority: strconv.FormatUint(header.Authority, 16),
		BodyHandle: header.Body,
	}
	if header.ParentID != 0 {
		c.ParentID = strconv.FormatUint(header.ParentID, 10)
	}
	if !header.Deadline.IsZero() {
		c.DeadlineMillis = header.Deadline.UnixMilli()
	}
	if header.TraceID != [16]byte{} {
		c.TraceID, c.SpanID = hex.EncodeToString(header.TraceID[:]), hex.EncodeToString(header.SpanID[:])
	}
	request, _ := payload.Guest(header.Op)
	if c.Payload, err = textJSON(request, packed); err != nil {
		return nil, fmt.Errorf("writing a call of %s: %w", header.Op, err)
	}
	text, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("writing a call: %w", err)
	}
	return text, nil
}

// readReply turns the output of a guest into a reply header and its payload,
// appended to b. The error says in the words of a crash report what is wrong.
func readReply(b []byte, op abi.Op, output []byte) ([]byte, error) {
	var r reply
	if err := json.Unmarshal(output, &r); err != nil {
		return nil, fmt.Errorf("its reply is malformed: %w", err)
	}
	code, ok := codeOf(r.Code)
	if !ok {
		return nil, fmt.Errorf("its reply is malformed: there is no code %.40q", r.Code)
	}
	_, typ := payload.Guest(op)
	content := r.Payload
	if code != abi.CodeOK {
		typ, content = payload.Error, r.Error
	}
	return appendReply(b, code, typ, content)
}

// appendReply appends a header and the packed payload.
func appendReply(b []byte, code abi.Code, typ payload.Type, content json.RawMessage) ([]byte, error) {
	header := abi.ReplyHeader{Code: code}
	if typ != nil {
		header.Codec = abi.CodecMsgpack
	}
	start := len(b)
	b, err := packJSON(typ, header.AppendTo(b), content)
	if err != nil {
		return nil, fmt.Errorf("its reply is malformed: %w", err)
	}
	header.PayloadLen = uint32(len(b) - start - abi.ReplyHeaderSize) //nolint:gosec // bounded by the response limit
	header.AppendTo(b[:start])                                       // over the one without a length
	return b, nil
}

func codeOf(name string) (abi.Code, bool) {
	if name == "" {
		return abi.CodeOK, true
	}
	for code := abi.CodeOK; code <= abi.CodeInternal; code++ {
		if code.String() == name {
			return code, true
		}
	}
	return 0, false
}

// refusalJSON is the reply that refuses.
func refusalJSON(code abi.Code, format string, args ...any) []byte {
	e, err := json.Marshal(contract.Error{Code: code.String(), Message: fmt.Sprintf(format, args...)})
	if err != nil { // strings always encode
		e = nil
	}
	return replyJSON(reply{Code: code.String(), Error: e})
}

func replyJSON(r reply) []byte {
	text, err := json.Marshal(r)
	if err != nil {
		return []byte(`{"code":"internal"}`)
	}
	return slices.Clip(text)
}

// answerJSON turns the answer of the door into a reply.
func answerJSON(answer []byte, typ payload.Type) []byte {
	header, packed, err := abi.ParseReplyHeader(answer)
	if err != nil {
		return refusalJSON(abi.CodeInternal, "the answer has a malformed header")
	}
	r := reply{Code: header.Code.String()}
	if header.Code != abi.CodeOK {
		r.Error, err = plainJSON(payload.Error, packed)
	} else {
		r.Payload, err = textJSON(typ, packed)
	}
	if err != nil {
		return refusalJSON(abi.CodeInternal, "the answer cannot be written as JSON")
	}
	return replyJSON(r)
}
