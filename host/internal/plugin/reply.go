package plugin

import (
	"fmt"
	"strings"
	"sync"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Reply is what a plugin answered. It owns the handles that the answer names:
// they live until Close. It is used by one goroutine at a time.
type Reply struct {
	Header  abi.ReplyHeader
	Payload []byte // valid until Close

	plugin  ID
	version *version
	session Session
	buffers *bufferPool
	buf     *[]byte
}

// Decode reads the payload into v, which shares no memory with the reply.
// Faults: Internal (the payload is malformed).
func (r *Reply) Decode(v msgp.Unmarshaler) error {
	if r.Header.Codec != abi.CodecMsgpack {
		return fault.New(fault.Internal, "the plugin's reply has codec %d, want msgpack", r.Header.Codec)
	}
	if _, err := v.UnmarshalMsg(r.Payload); err != nil {
		return fault.Wrap(fault.Internal, err, "the plugin's reply is malformed")
	}
	return nil
}

// Body returns what a handle in the answer holds; see Session.Body.
func (r *Reply) Body(handle uint32) (pieces [][]byte, mediaType string, err error) {
	return r.session.Body(handle)
}

// Failed says that the answer, though well formed, reports a fault of the
// plugin, such as an HTTP status of 500. It counts when versions are compared.
func (r *Reply) Failed() {
	if r.version != nil {
		r.version.score.faults.Add(1)
		r.version.slot.judge(r.version)
	}
}

// Close frees the payload and the handles. It is safe to call twice.
func (r *Reply) Close() {
	if r.buf != nil {
		r.buffers.put(r.buf)
		r.buf, r.Payload = nil, nil
		r.session.Close()
	}
}

// bufferPool reuses the buffers of calls and replies; one that grew large is
// let go.
type bufferPool struct{ pool sync.Pool }

const keepBuffer = 256 << 10

func (p *bufferPool) get() *[]byte {
	if b, ok := p.pool.Get().(*[]byte); ok {
		return b
	}
	return new([]byte)
}

func (p *bufferPool) put(b *[]byte) {
	if cap(*b) <= keepBuffer {
		*b = (*b)[:0]
		p.pool.Put(b)
	}
}

// GuestError is the cause inside a fault that a plugin answered itself.
type GuestError struct {
	Plugin       ID
	Message      string
	Retryable    bool
	MissingGrant string
}

// Error returns the message and the missing grant.
func (e *GuestError) Error() string {
	if e.MissingGrant == "" {
		return e.Message
	}
	return fmt.Sprintf("%s (missing grant: %s)", e.Message, e.MissingGrant)
}

// refusal turns a reply with a code into a fault of the same kind.
func (r *Reply) refusal() error {
	if r.Header.Code == abi.CodeOK {
		return nil
	}
	kind := fault.ParseKind(r.Header.Code.String())
	var answer contract.Error
	if r.Header.Codec == abi.CodecMsgpack {
		if _, err := answer.UnmarshalMsg(r.Payload); err != nil {
			answer = contract.Error{}
		}
	}
	if answer.Message == "" {
		answer.Message = kind.String()
	}
	cause := &GuestError{Plugin: r.plugin, Message: answer.Message, Retryable: answer.Retryable, MissingGrant: answer.MissingGrant}
	message := answer.Message
	if answer.MissingGrant != "" && !strings.Contains(message, answer.MissingGrant) {
		message = cause.Error()
	}
	return fault.Wrap(kind, cause, message)
}
