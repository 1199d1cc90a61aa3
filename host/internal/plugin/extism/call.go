package extism

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	sdk "github.com/extism/go-sdk"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin/sandbox"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/payload"
)

// request is what a guest hands to callboard_call.
type request struct {
	Operation string          `json:"operation"` // "kv.get/1"
	Payload   json.RawMessage `json:"payload"`
}

// Operations on handles that ABI v1 has as imports of their own. They are no
// capability and count as no host call.
const (
	opHandleRead  = "handle.read/1"
	opHandleWrite = "handle.write/1"
)

// hostCall is callboard_call(request i64) -> i64. It never fails: what is
// refused is a reply with a code.
func hostCall(ctx context.Context, i *instance, p *sdk.CurrentPlugin, stack []uint64) {
	text := i.perform(ctx, i.block(stack[0]))
	sandbox.Interrupt(ctx) // before it costs the kernel anything
	stack[0] = i.give(p, text)
}

func (i *instance) perform(ctx context.Context, text []byte) []byte {
	if i.door == nil {
		return refusalJSON(abi.CodeInternal, "there is no call in progress: a plugin that starts cannot call out")
	}
	var q request
	if err := json.Unmarshal(text, &q); err != nil {
		return refusalJSON(abi.CodeInvalid, "the request is not valid JSON of {operation, payload}: %v", err)
	}
	switch q.Operation {
	case opHandleRead:
		return i.handleRead(ctx, q.Payload)
	case opHandleWrite:
		return i.handleWrite(ctx, q.Payload)
	}
	operation, known := i.module.loader.operations[q.Operation]
	if !known {
		capability, _, _ := strings.Cut(q.Operation, ".")
		return refusalJSON(abi.CodeInvalid, "there is no operation %.80q; %s has %s", q.Operation, capability,
			strings.Join(operationsOf(capability), ", "))
	}
	packed, err := packJSON(operation.Request, nil, q.Payload)
	if err != nil {
		return refusalJSON(abi.CodeInvalid, "%s: %s", q.Operation, fault.Message(err))
	}
	if i.hostCalls++; i.hostCalls > i.limits.HostCalls {
		return refusalJSON(abi.CodeExhausted, "the call made more than %d host calls", i.limits.HostCalls)
	}
	var answer []byte
	i.guest.Outside(func() { answer = i.door.Call(ctx, operation.Capability, operation.Op, packed) })
	return answerJSON(answer, operation.Answer)
}

// operations are those of all capabilities by name.
func operations() map[string]payload.Operation {
	byName := map[string]payload.Operation{}
	for _, o := range payload.Operations() {
		byName[o.Name] = o
	}
	return byName
}

// operationsOf returns the names of one capability's operations, for messages.
func operationsOf(capability string) []string {
	var names []string
	for _, o := range payload.Operations() { // in the order of the table
		if strings.HasPrefix(o.Name, capability+".") {
			names = append(names, o.Name)
		}
	}
	return names
}

// readRequest asks for bytes of a handle.
type readRequest struct {
	Handle uint32 `json:"handle"`
	Offset int64  `json:"offset"`
	Length int    `json:"length"` // 0 = as much as one reply may hold
}

// readAnswer holds what was read: fewer than asked for at the end, where the
// next read answers none, and where text would end inside of a character.
type readAnswer struct {
	Bytes map[string]any `json:"bytes"`
	Read  int            `json:"read"`
}

// maxRead bounds one read, which is in memory several times on its way.
const maxRead = 1 << 20

func (i *instance) handleRead(ctx context.Context, text json.RawMessage) []byte {
	var q readRequest
	if err := decode(text, &q); err != nil || q.Offset < 0 || q.Length < 0 {
		return refusalJSON(abi.CodeInvalid, "%s takes {handle, offset, length}", opHandleRead)
	}
	if q.Length == 0 || q.Length > maxRead {
		q.Length = maxRead
	}
	buf := make([]byte, q.Length)
	var n int
	var code abi.Code
	i.guest.Copy(ctx, func() int {
		n, code = i.door.Read(q.Handle, q.Offset, buf)
		return n
	})
	if code != abi.CodeOK {
		return refusalJSON(code, "handle %d cannot be read", q.Handle)
	}
	whole := wholeRunes(buf[:n])
	return okJSON(readAnswer{Bytes: readableBytes(whole), Read: len(whole)})
}

// wholeRunes cuts off the beginning of a character at the end of text, unless
// nothing else is there. Bytes that are no text are left whole.
func wholeRunes(b []byte) []byte {
	for cut := range min(utf8.UTFMax, len(b)) {
		if head := b[:len(b)-cut]; len(head) > 0 && utf8.Valid(head) {
			if cut == 0 || !utf8.FullRune(b[len(b)-cut:]) {
				return head
			}
		}
	}
	return b
}

// writeRequest puts bytes into a handle that the guest made.
type writeRequest struct {
	Handle uint32          `json:"handle"`
	Offset int64           `json:"offset"`
	Bytes  json.RawMessage `json:"bytes"`
}

func (i *instance) handleWrite(ctx context.Context, text json.RawMessage) []byte {
	var q writeRequest
	if err := decode(text, &q); err != nil || q.Offset < 0 {
		return refusalJSON(abi.CodeInvalid, "%s takes {handle, offset, bytes}", opHandleWrite)
	}
	content, err := bytesOf(q.Bytes)
	if err != nil {
		return refusalJSON(abi.CodeInvalid, "%s: bytes are {\"text\": …} or {\"base64\": …}", opHandleWrite)
	}
	var n int
	var code abi.Code
	i.guest.Copy(ctx, func() int {
		n, code = i.door.Write(q.Handle, q.Offset, content)
		return n
	})
	if code != abi.CodeOK {
		return refusalJSON(code, "handle %d cannot be written", q.Handle)
	}
	return okJSON(map[string]int{"written": n})
}

// bytesOf reads bytes in each of their spellings.
func bytesOf(text json.RawMessage) ([]byte, error) {
	var plain []byte
	if err := json.Unmarshal(text, &plain); err == nil {
		return plain, nil
	}
	var spelled struct {
		Text   *string `json:"text"`
		Base64 *string `json:"base64"`
	}
	if err := json.Unmarshal(text, &spelled); err != nil {
		return nil, err //nolint:wrapcheck // the caller says what it wants
	}
	switch {
	case spelled.Text == nil && spelled.Base64 == nil:
		return nil, nil
	case spelled.Text != nil && spelled.Base64 == nil:
		return []byte(*spelled.Text), nil
	case spelled.Base64 != nil && spelled.Text == nil:
		return base64.StdEncoding.DecodeString(*spelled.Base64) //nolint:wrapcheck // as above
	default:
		return nil, errors.New("not bytes")
	}
}

func decode(text json.RawMessage, v any) error {
	if len(text) == 0 {
		return errors.New("no payload")
	}
	return json.Unmarshal(text, v) //nolint:wrapcheck // the caller says what it wants
}

func okJSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil { // of our own types
		return refusalJSON(abi.CodeInternal, "the answer cannot be written as JSON")
	}
	return replyJSON(reply{Code: abi.CodeOK.String(), Payload: text})
}
