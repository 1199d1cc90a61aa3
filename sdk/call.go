package sdk

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/tinylib/msgp/msgp"
)

// call is one call into the guest, and its context. The context is made by
// hand because most handlers never wait on it: the timer behind Done is
// started by the first one that does.
type call struct {
	parent context.Context
	header abi.CallHeader
	guest  *Guest

	waiting context.Context // set by Done
	cancel  context.CancelFunc

	request Request // of http.handle/1; here to save an allocation
}

type callKey struct{}

// callOf finds the call that a handler's context belongs to.
func callOf(ctx context.Context) *call {
	if c, ok := ctx.(*call); ok {
		return c
	}
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// Deadline returns the deadline that the host set for the call.
func (c *call) Deadline() (time.Time, bool) {
	if !c.header.Deadline.IsZero() {
		return c.header.Deadline, true
	}
	return c.parent.Deadline()
}

// Done is closed at the deadline.
func (c *call) Done() <-chan struct{} {
	c.guest.mu.Lock()
	defer c.guest.mu.Unlock()
	if c.waiting == nil {
		if c.header.Deadline.IsZero() {
			c.waiting, c.cancel = context.WithCancel(c.parent)
		} else {
			c.waiting, c.cancel = context.WithDeadline(c.parent, c.header.Deadline)
		}
	}
	return c.waiting.Done()
}

// Err says why the call is over, nil while it is not.
func (c *call) Err() error {
	c.guest.mu.Lock()
	waiting := c.waiting
	c.guest.mu.Unlock()
	if waiting != nil {
		return waiting.Err()
	}
	if err := c.parent.Err(); err != nil {
		return err
	}
	if d := c.header.Deadline; !d.IsZero() && !time.Now().Before(d) {
		return context.DeadlineExceeded
	}
	return nil
}

// Value finds the call itself, and what the parent holds.
func (c *call) Value(key any) any {
	if _, ok := key.(callKey); ok {
		return c
	}
	return c.parent.Value(key)
}

// end releases the timer, if one was started.
func (c *call) end() {
	c.guest.mu.Lock()
	defer c.guest.mu.Unlock()
	if c.cancel != nil {
		c.cancel()
	}
}

// TraceInfo identifies a call in logs and traces.
type TraceInfo struct {
	CallID   uint64
	ParentID uint64 // the call that caused this one, 0 = none
	TraceID  string // W3C trace id, 32 hex digits
	SpanID   string // W3C span id, 16 hex digits
}

// Trace returns the identity of the call that ctx belongs to.
func Trace(ctx context.Context) TraceInfo {
	c := callOf(ctx)
	if c == nil {
		return TraceInfo{}
	}
	h := &c.header
	return TraceInfo{
		CallID: h.CallID, ParentID: h.ParentID,
		TraceID: hex.EncodeToString(h.TraceID[:]), SpanID: hex.EncodeToString(h.SpanID[:]),
	}
}

// operation is one operation of a capability, with its name for errors.
type operation struct {
	capability abi.Capability
	number     uint32
	name       string
}

// do encodes req, calls the host and decodes the answer into resp, which may be nil.
func (c *call) do(op operation, req msgp.Marshaler, resp msgp.Unmarshaler) error {
	if c == nil {
		return &Error{Code: CodeInternal, Op: op.name, Message: "the context does not come from a handler of this plugin"}
	}
	b := c.guest.takeBuffers()
	defer c.guest.giveBuffers(b)
	b.out = b.out[:0]
	if req != nil {
		var err error
		if b.out, err = req.MarshalMsg(b.out); err != nil {
			return &Error{Code: CodeInternal, Op: op.name, Message: "encoding the request", Err: err}
		}
	}
	reply, code := c.guest.host.Call(c, op.capability, op.number, b.out, b.in)
	if code != abi.CodeOK {
		return &Error{Code: code, Op: op.name, Message: "the host did not answer: " + code.String()}
	}
	header, payload, err := abi.ParseReplyHeader(reply)
	if err != nil {
		return &Error{Code: CodeInternal, Op: op.name, Message: "reading the host's answer", Err: err}
	}
	if header.Code != abi.CodeOK {
		var e contract.Error
		if _, err := e.UnmarshalMsg(payload); err != nil {
			return &Error{Code: header.Code, Op: op.name, Err: err}
		}
		return &Error{Code: header.Code, Op: op.name, Message: e.Message, Retryable: e.Retryable, MissingGrant: e.MissingGrant}
	}
	if resp == nil {
		return nil
	}
	if _, err := resp.UnmarshalMsg(payload); err != nil {
		return &Error{Code: CodeInternal, Op: op.name, Message: "decoding the host's answer", Err: err}
	}
	return nil
}
