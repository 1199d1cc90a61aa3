package replay

import (
	"bytes"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// maxHandle bounds what a run may write to a handle.
const maxHandle = 64 << 20

// held is what is known of a handle: all of it, or the ranges that were read.
type held struct {
	bytes     []byte
	whole     bool
	mediaType string
	mutable   bool
	read      []*Event
}

func (d *Door) known(handle uint32) *held {
	h := d.handles[handle]
	if h == nil {
		h = &held{}
		d.handles[handle] = h
	}
	return h
}

func (h *held) learn(e *Event) {
	if e.Code == abi.CodeOK && e.Bytes != nil {
		h.read = append(h.read, e)
	}
}

func (d *Door) next() uint32 {
	d.made++
	return firstOwn + d.made
}

// Read implements plugin.Door.
func (d *Door) Read(handle uint32, off int64, dst []byte) (int, abi.Code) {
	if len(d.reads) > 0 {
		e := &d.r.Events[d.reads[0]]
		d.reads = d.reads[1:]
		d.stopped = d.stopped || e.Stopped
		if e.Handle == handle && e.Off == off && e.Size == len(dst) && (e.Bytes != nil || e.Code != abi.CodeOK) {
			return copy(dst, e.Bytes), e.Code
		}
	}
	h := d.handles[handle]
	switch {
	case h == nil || off < 0:
		return 0, abi.CodeInvalid
	case h.whole:
		if off > int64(len(h.bytes)) {
			return 0, abi.CodeInvalid
		}
		return copy(dst, h.bytes[off:]), abi.CodeOK
	}
	n, end := h.pieces(off, dst)
	if n == 0 && len(dst) > 0 && !end {
		d.divergences = append(d.divergences, Divergence{At: len(d.steps), What: "a part of a handle that was not read when the call was recorded"})
		return 0, abi.CodeUnavailable
	}
	return n, abi.CodeOK
}

// pieces copies from the ranges that were read, and reports whether the end is known to be there.
func (h *held) pieces(off int64, dst []byte) (n int, end bool) {
	for moved := true; moved && n < len(dst); {
		moved = false
		for _, e := range h.read {
			at := off + int64(n)
			if over := at - e.Off; over >= 0 && over < int64(len(e.Bytes)) {
				n += copy(dst[n:], e.Bytes[over:])
				moved = true
				break
			} else if over == int64(len(e.Bytes)) && len(e.Bytes) < e.Size {
				end = true
			}
		}
	}
	return n, end
}

// Write implements plugin.Door.
func (d *Door) Write(handle uint32, off int64, src []byte) (int, abi.Code) {
	h := d.handles[handle]
	switch {
	case h == nil || off < 0 || off > int64(len(h.bytes)):
		return 0, abi.CodeInvalid
	case !h.mutable:
		return 0, abi.CodeDenied
	case off+int64(len(src)) > maxHandle:
		return 0, abi.CodeExhausted
	}
	if grown := off + int64(len(src)) - int64(len(h.bytes)); grown > 0 {
		h.bytes = append(h.bytes, make([]byte, grown)...)
	}
	copy(h.bytes[off:], src)
	return len(src), abi.CodeOK
}

// follow does to the handles what a recorded operation did.
func (d *Door) follow(op uint32, request, answer []byte) {
	header, body, err := abi.ParseReplyHeader(answer)
	if err != nil || header.Code != abi.CodeOK {
		return
	}
	switch op {
	case abi.HandleCreate:
		var q contract.HandleCreateRequest
		var a contract.HandleInfo
		_, err1 := q.UnmarshalMsg(request)
		_, err2 := a.UnmarshalMsg(body)
		if err1 == nil && err2 == nil {
			d.handles[a.Handle] = &held{bytes: bytes.Clone(q.Bytes), whole: true, mediaType: q.Type, mutable: true}
		}
	case abi.HandleDrop:
		var q contract.HandleRequest
		if _, err := q.UnmarshalMsg(request); err == nil {
			delete(d.handles, q.Handle)
		}
	}
}

// handleOp serves an operation on handles that was not recorded.
func (d *Door) handleOp(op uint32, request []byte) []byte {
	switch op {
	case abi.HandleCreate:
		var q contract.HandleCreateRequest
		if _, err := q.UnmarshalMsg(request); err != nil {
			return refusal("handle.create/1: the payload is not a valid request")
		}
		id := d.next()
		d.handles[id] = &held{bytes: bytes.Clone(q.Bytes), whole: true, mediaType: q.Type, mutable: true}
		return ok(&contract.HandleInfo{Handle: id, Type: q.Type, Size: uint64(len(q.Bytes))})
	case abi.HandleStat, abi.HandleDrop:
		var q contract.HandleRequest
		if _, err := q.UnmarshalMsg(request); err != nil || d.handles[q.Handle] == nil {
			return refusal("the handle is not one of this call")
		}
		h := d.handles[q.Handle]
		if op == abi.HandleDrop {
			delete(d.handles, q.Handle)
			return ok(nil)
		}
		if h.whole {
			return ok(&contract.HandleInfo{Handle: q.Handle, Type: h.mediaType, Size: uint64(len(h.bytes))})
		}
	}
	return refusal("the recording does not know this operation on a handle")
}
