package plugin

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// MaxDepth is how many plugins may stand on the path of one call.
const MaxDepth = 4

// Call is one request to a plugin.
type Call struct {
	Plugin ID
	Op     abi.Op

	// Authority is on whose behalf, up to but without the plugin itself. With
	// Own set the plugin acts for itself instead (schedules, events, providers).
	Authority principal.Authority
	Own       bool

	Payload  msgp.Marshaler // nil = no payload
	Body     []byte         // content of the request; over InlineBody it becomes a handle
	BodyType string         // its media type

	RequestID string
	ParentID  uint64 // the call that caused this one, 0 = none
	TraceID   [16]byte
	SpanID    [8]byte
}

// Call runs one operation of a plugin. It is the only way into Wasm. The reply
// must be closed. Faults: NotFound (no such plugin), Unavailable (failed, being
// loaded or unloaded, cancelled), Exhausted (queue, memory, reply size),
// Timeout, Denied (the path is too deep or comes back to the plugin), Internal
// (crash, with *Crash inside), and whatever the plugin answers, with
// *GuestError inside.
func (r *Registry) Call(ctx context.Context, call Call) (*Reply, error) {
	start := start{at: time.Now()}
	s, err := r.find(call.Plugin)
	if err != nil {
		return nil, err
	}
	if start.paced, err = s.admit(ctx); err != nil {
		return nil, r.refused(call, err)
	}
	for {
		v, route, err := s.pick()
		if err != nil {
			return nil, r.refused(call, err)
		}
		reply, err := r.attempt(ctx, v, call, start)
		if err == nil {
			return reply, nil
		}
		switch now := s.route.Load(); {
		case now == route:
		case errors.Is(err, errMoved): // the version was replaced before it took the call
			continue
		case now.off != nil && (fault.Is(err, fault.Unavailable) || fault.Is(err, fault.Timeout)): // it was cancelled
			return nil, fault.Wrap(fault.KindOf(now.off.err), errors.Join(now.off.err, err), fault.Message(now.off.err))
		}
		return nil, err
	}
}

// start is when a call began, and how long it waited for the CPU budget.
type start struct {
	at    time.Time
	paced time.Duration
}

// now is the start of a call that the host makes itself.
func now() start { return start{at: time.Now()} }

// refused tells observers of a call that no version was asked.
func (r *Registry) refused(call Call, err error) error {
	e := newEvent(call, CallInfo{Authority: call.Authority})
	e.Failed, e.Kind = true, fault.KindOf(err)
	r.observe.Called(e)
	return err
}

// attempt runs a call on one version. What has errMoved inside did not enter a
// guest, and nobody has been told of it.
func (r *Registry) attempt(ctx context.Context, v *version, call Call, began start) (*Reply, error) {
	info, err := r.info(v, call)
	if err != nil {
		return nil, err
	}
	limit := began.at.Add(v.limits.For(call.Op))
	own := true
	if d, ok := ctx.Deadline(); ok && d.Before(limit) {
		limit, own = d, false
	}
	ctx, cancel := context.WithDeadline(ctx, limit)
	defer cancel()
	info.Deadline = limit

	event := newEvent(call, info)
	event.Paced = began.paced
	p, trial, err := v.ready(ctx)
	if err == nil {
		var reply *Reply
		reply, err = r.enter(ctx, v, p, turn{op: call.Op, deadline: r.deps.Clock.Now().Add(limit.Sub(began.at)), own: own, depth: len(info.Authority.Path()) - 1, cancel: cancel}, info, call, &event)
		if errors.Is(err, errMoved) {
			v.abandon(trial)
			return nil, err
		}
		v.settle(err, trial, own)
		if err == nil {
			reply.version = v
			if err = reply.refusal(); err == nil {
				event.Duration = time.Since(began.at)
				v.count(&event, false)
				r.observe.Called(event)
				return reply, nil
			}
			reply.Close()
		}
	}
	if errors.Is(err, errMoved) {
		return nil, err
	}
	var crash *Crash
	event.Failed, event.Kind, event.Crashed = true, fault.KindOf(err), errors.As(err, &crash)
	event.Duration = time.Since(began.at)
	v.count(&event, blames(err, own))
	r.observe.Called(event)
	return nil, err
}

// newEvent says which call it is.
func newEvent(call Call, info CallInfo) CallEvent {
	e := CallEvent{Plugin: call.Plugin, Version: info.Version, Digest: info.Digest, Op: call.Op, Subject: info.Authority.Subject.Ref}
	if q, ok := call.Payload.(*contract.HTTPRequest); ok {
		e.Method, e.Route = q.Method, q.Route
	}
	return e
}

// blames reports whether a failed call is the fault of the plugin's code, and
// not of its caller, its callee or a host that is busy.
func blames(err error, own bool) bool {
	var busy *Busy
	if errors.As(err, &busy) {
		return false
	}
	switch fault.KindOf(err) {
	case fault.Internal, fault.Exhausted:
		return true
	case fault.Timeout:
		return own
	default:
		return false
	}
}

// count adds a call to the score of its version.
func (v *version) count(e *CallEvent, fault bool) {
	v.score.calls.Add(1)
	v.score.busy.Add(int64(e.Duration - e.Wait))
	if e.Crashed {
		v.score.crashes.Add(1)
	}
	if fault {
		v.score.faults.Add(1)
		v.slot.judge(v)
	}
}

// info checks the path of the call and puts the plugin at its end.
func (r *Registry) info(v *version, call Call) (CallInfo, error) {
	var authority principal.Authority
	if call.Own {
		authority = principal.Own(v.actor)
	} else {
		path := call.Authority.Path()
		if len(path) >= MaxDepth {
			return CallInfo{}, fault.New(fault.Denied, "calling plugin %s: the path already has %d plugins", call.Plugin, MaxDepth)
		}
		for _, actor := range path {
			if actor.Plugin == v.actor.Plugin {
				return CallInfo{}, fault.New(fault.Denied, "plugin %s is already on the path of this call", call.Plugin)
			}
		}
		authority = call.Authority.Through(v.actor)
	}
	return CallInfo{
		Plugin: call.Plugin, Version: v.pkg.Version, Digest: v.pkg.Digest, Op: call.Op, Authority: authority,
		Limits: v.limits, RequestID: call.RequestID, CallID: r.deps.CallID(), ParentID: call.ParentID,
		TraceID: call.TraceID, SpanID: call.SpanID,
	}, nil
}

// enter opens the session and runs the call in an instance of the pool.
func (r *Registry) enter(ctx context.Context, v *version, p *pool, t turn, info CallInfo, call Call, event *CallEvent) (reply *Reply, err error) {
	session := r.deps.Gate.Open(info)
	defer func() {
		event.Usage = session.Usage()
		if err != nil {
			session.Close()
		}
	}()
	in := r.buffers.get()
	defer r.buffers.put(in)
	if err := encode(in, info, call, session); err != nil {
		return nil, err
	}
	paced := &pacedContext{ctx, v.slot.account.Begin()}
	asked := time.Now()
	g, err := p.acquire(paced, t)
	event.Wait = time.Since(asked)
	if err == nil {
		reply, err = r.handle(paced, p, g, *in, session, event)
	}
	event.Paced += paced.turn.End(event.Guest)
	return reply, err
}

// handle runs the guest. The watchdog finds it in stacks by its name.
func (r *Registry) handle(ctx context.Context, p *pool, g *guest, in []byte, session Session, event *CallEvent) (*Reply, error) {
	dead := true // also when a panic passes
	defer func() { p.release(g, dead) }()
	out, err := g.Handle(ctx, g.op, in, session)
	event.Fuel, event.Guest = g.Fuel(), g.Guest()
	if err != nil {
		return nil, err
	}
	dead = false
	// The reply lies in the guest's memory, which its next call overwrites.
	buf := r.buffers.get()
	*buf = append(*buf, out...)
	header, payload, err := abi.ParseReplyHeader(*buf)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err, "reading a reply")
	}
	return &Reply{Header: header, Payload: payload, plugin: p.id, session: session, buffers: &r.buffers, buf: buf}, nil
}

// encode writes header and payload of a call.
func encode(buf *[]byte, info CallInfo, call Call, session Session) (err error) {
	header := abi.CallHeader{
		Op: call.Op, CallID: info.CallID, ParentID: info.ParentID, Deadline: info.Deadline,
		TraceID: info.TraceID, SpanID: info.SpanID, Authority: info.CallID,
	}
	payload := call.Payload
	if len(call.Body) > 0 {
		// Small bodies travel inside of the one payload that has room for one.
		if req, ok := payload.(*contract.HTTPRequest); ok && len(call.Body) <= InlineBody {
			withBody := *req
			withBody.Body = call.Body
			payload = &withBody
		} else if header.Body, err = session.Put(call.BodyType, call.Body); err != nil {
			return fmt.Errorf("keeping the request body: %w", err)
		}
	}
	if payload != nil {
		header.Codec = abi.CodecMsgpack
	}
	*buf = header.AppendTo((*buf)[:0])
	if payload != nil {
		if *buf, err = payload.MarshalMsg(*buf); err != nil {
			return fault.New(fault.Internal, "encoding a call of plugin %s: %w", call.Plugin, err)
		}
		binary.LittleEndian.PutUint32((*buf)[payloadLenAt:], uint32(len(*buf)-abi.CallHeaderSize))
	}
	return nil
}

// payloadLenAt is where the call header has the payload's length, which is
// known only once the payload is written behind it.
const payloadLenAt = 12

// Describe asks a plugin what its code registers.
func (r *Registry) Describe(ctx context.Context, id ID) (*contract.Description, error) {
	reply, err := r.Call(ctx, Call{Plugin: id, Op: abi.OpDescribe, Authority: principal.System()})
	if err != nil {
		return nil, err
	}
	defer reply.Close()
	var d contract.Description
	if err := reply.Decode(&d); err != nil {
		return nil, err
	}
	return &d, nil
}
