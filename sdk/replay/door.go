package replay

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Door answers a guest from a recording. It has the methods of the host's
// plugin.Door and plugin.Ambient, and of sdk.Host but for the buffer. It is for
// one run, on one goroutine.
//
// A host call is answered by the recorded one that comes next. When the guest
// asks something else, an unused recorded call with the same request answers,
// then what needs no host (handles, log, clock); everything else is refused
// with unavailable. All of it is noted as a divergence.
type Door struct {
	r       *Recording
	calls   []int // events of KindCall that have not been used, in order
	stashes []int
	reads   []int // in order, for their ends
	sleeps  []int
	handles map[uint32]*held
	made    uint32 // handles that the recording does not know
	stopped bool
	*Ambient

	steps       []Step
	log         []Event
	divergences []Divergence
}

// Step is one host call as a run made it.
type Step struct {
	Capability abi.Capability
	Op         uint32
	Request    []byte // nil = only the hash is known
	Hash       string
}

// Divergence is a place where a run did something else than the recording.
type Divergence struct {
	At       int   // number of the host call, from 1
	Recorded *Step // nil = nothing, or the end
	Now      *Step
	What     string // in words
}

// firstOwn is where handles start that the recording does not know.
const firstOwn = 0x7fff_0000

// NewDoor returns the door of one run.
func NewDoor(r *Recording) *Door {
	d := &Door{r: r, handles: map[uint32]*held{}, Ambient: NewAmbient(r.Around, r.At)}
	for i := range r.Events {
		e := &r.Events[i]
		switch e.Kind {
		case KindCall:
			d.calls = append(d.calls, i)
		case KindStash:
			d.stashes = append(d.stashes, i)
		case KindSleep:
			d.sleeps = append(d.sleeps, i)
		case KindPut:
			d.handles[e.Handle] = &held{bytes: e.Bytes, whole: e.Bytes != nil, mediaType: e.MediaType}
		case KindRead:
			d.reads = append(d.reads, i)
			d.known(e.Handle).learn(e)
		}
	}
	return d
}

// Stopped reports whether the recorded call was stopped where the run is now.
func (d *Door) Stopped() bool { return d.stopped }

// Call implements plugin.Door.
func (d *Door) Call(_ context.Context, capability abi.Capability, op uint32, request []byte) []byte {
	step := Step{Capability: capability, Op: op, Request: bytes.Clone(request)}
	if step.Request == nil {
		step.Request = []byte{}
	}
	d.steps = append(d.steps, step)
	at := -1
	for n, i := range d.calls {
		if e := &d.r.Events[i]; e.Capability == capability && e.Op == op && e.asks(request) {
			at = n
			break
		}
	}
	if at != 0 {
		d.diverge(&step)
	}
	if at < 0 {
		return d.own(capability, op, request)
	}
	e := &d.r.Events[d.calls[at]]
	if at == 0 {
		d.calls = d.calls[1:]
	} else {
		d.calls = slices.Delete(d.calls, at, at+1)
	}
	d.stopped = d.stopped || e.Stopped
	if capability == abi.CapHandle {
		d.follow(op, request, e.Answer)
	}
	if e.Answer == nil {
		return refusal("the recording ends here")
	}
	return e.Answer
}

func (e *Event) asks(request []byte) bool {
	if e.Request != nil {
		return bytes.Equal(e.Request, request)
	}
	return e.Hash == Hash(request)
}

// Hash is how a recording names a request that it does not hold.
func Hash(request []byte) string {
	sum := sha256.Sum256(request)
	return hex.EncodeToString(sum[:])
}

// diverge notes that the run asks something else than what comes next.
func (d *Door) diverge(now *Step) {
	div := Divergence{At: len(d.steps), Now: now, What: "a host call that the recording does not have here"}
	if len(d.calls) > 0 {
		e := &d.r.Events[d.calls[0]]
		div.Recorded = &Step{Capability: e.Capability, Op: e.Op, Request: e.Request, Hash: e.Hash}
		div.What = "another host call than recorded"
	} else if d.r.Truncated {
		div.What = "the recording is cut off here"
	}
	d.divergences = append(d.divergences, div)
}

// own answers what no recorded call does.
func (d *Door) own(capability abi.Capability, op uint32, request []byte) []byte {
	switch {
	case capability == abi.CapHandle:
		return d.handleOp(op, request)
	case capability == abi.CapLog:
		return ok(nil)
	case capability == abi.CapClock:
		return ok(&contract.ClockAnswer{UnixNano: d.Now(0)})
	default:
		return refusal("the recording has no answer to " + OperationName(capability, op))
	}
}

// Stash implements plugin.Door.
func (d *Door) Stash(content []byte) uint32 {
	var handle uint32
	if len(d.stashes) > 0 {
		e := &d.r.Events[d.stashes[0]]
		d.stashes = d.stashes[1:]
		d.stopped = d.stopped || e.Stopped
		if handle = e.Handle; handle == 0 {
			return 0
		}
	} else {
		handle = d.next()
	}
	d.handles[handle] = &held{bytes: bytes.Clone(content), whole: true, mediaType: "application/octet-stream", mutable: true}
	return handle
}

// Log implements plugin.Door.
func (d *Door) Log(level abi.Level, text []byte) {
	d.log = append(d.log, Event{Kind: KindLog, Level: level, Bytes: bytes.Clone(text)})
}

// Sleep implements plugin.Ambient: it does not wait, and ends the call where
// the recorded one was ended while it slept.
func (d *Door) Sleep(context.Context, time.Duration) {
	if len(d.sleeps) > 0 {
		d.stopped = d.stopped || d.r.Events[d.sleeps[0]].Stopped
		d.sleeps = d.sleeps[1:]
	}
}

func ok(m interface {
	MarshalMsg([]byte) ([]byte, error)
},
) []byte {
	var body []byte
	h := abi.ReplyHeader{}
	if m != nil {
		h.Codec = abi.CodecMsgpack
		body, _ = m.MarshalMsg(nil) // contract types always encode
	}
	h.PayloadLen = uint32(len(body))
	return append(h.AppendTo(nil), body...)
}

func refusal(message string) []byte {
	body, _ := (&contract.Error{Code: abi.CodeUnavailable.String(), Message: message}).MarshalMsg(nil)
	h := abi.ReplyHeader{Codec: abi.CodecMsgpack, Code: abi.CodeUnavailable, PayloadLen: uint32(len(body))}
	return append(h.AppendTo(nil), body...)
}
