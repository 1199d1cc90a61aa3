package sdktest

import (
	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/tinylib/msgp/msgp"
)

// keep makes a handle.
func (f *Fake) keep(h *held) (uint32, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.handles) >= maxHandles {
		return 0, &sdk.Error{Code: sdk.CodeExhausted, Message: "the call holds 64 handles, which is the limit"}
	}
	f.next++
	f.handles[f.next] = h
	return f.next, nil
}

func (f *Fake) handle(id uint32) (*held, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	h := f.handles[id]
	if h == nil {
		return nil, sdk.Invalid("handle %#x is not one of this call", id)
	}
	return h, nil
}

// EndCall forgets the handles, as the host does when a call ends.
func (f *Fake) EndCall() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.handles)
}

func (f *Fake) handleCreate(q *contract.HandleCreateRequest) (msgp.Marshaler, error) {
	id, err := f.keep(&held{mediaType: q.Type, content: append([]byte(nil), q.Bytes...), mutable: true})
	return &contract.HandleInfo{Handle: id, Type: q.Type, Size: uint64(len(q.Bytes))}, err
}

func (f *Fake) handleStat(q *contract.HandleRequest) (msgp.Marshaler, error) {
	h, err := f.handle(q.Handle)
	if err != nil {
		return nil, err
	}
	return &contract.HandleInfo{Handle: q.Handle, Type: h.mediaType, Size: uint64(len(h.content))}, nil
}

func (f *Fake) handleDrop(q *contract.HandleRequest) (msgp.Marshaler, error) {
	if _, err := f.handle(q.Handle); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.handles, q.Handle)
	return nil, nil
}

// Read copies from a handle at off into dst and returns the count.
func (f *Fake) Read(id uint32, off int64, dst []byte) (int, abi.Code) {
	h, err := f.handle(id)
	if err != nil || off < 0 || off > int64(len(h.content)) {
		return 0, abi.CodeInvalid
	}
	return copy(dst, h.content[off:]), abi.CodeOK
}

// Write copies src to a handle at off and returns the count.
func (f *Fake) Write(id uint32, off int64, src []byte) (int, abi.Code) {
	h, err := f.handle(id)
	if err != nil || off < 0 || off > int64(len(h.content)) {
		return 0, abi.CodeInvalid
	}
	if !h.mutable {
		return 0, abi.CodeDenied
	}
	if grown := off + int64(len(src)) - int64(len(h.content)); grown > 0 {
		h.content = append(h.content, make([]byte, grown)...)
	}
	copy(h.content[off:], src)
	return len(src), abi.CodeOK
}
