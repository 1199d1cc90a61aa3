package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Handle names bytes that the host holds for this call: a query's answer, a
// rendered page, a large body. Put it into a response to send it, or read it.
// It ends with the call.
type Handle struct {
	call *call
	id   uint32
	size uint64
}

// ID returns the number of the handle, 0 for none.
func (h Handle) ID() uint32 { return h.id }

var (
	opHandleCreate = operation{abi.CapHandle, abi.HandleCreate, "handle.create/1"}
	opHandleStat   = operation{abi.CapHandle, abi.HandleStat, "handle.stat/1"}
	opHandleDrop   = operation{abi.CapHandle, abi.HandleDrop, "handle.drop/1"}
)

// NewHandle hands bytes of a media type to the host.
func NewHandle(ctx context.Context, mediaType string, content []byte) (Handle, error) {
	c := callOf(ctx)
	var info contract.HandleInfo
	if err := c.do(opHandleCreate, &contract.HandleCreateRequest{Type: mediaType, Bytes: content}, &info); err != nil {
		return Handle{}, err
	}
	return Handle{call: c, id: info.Handle, size: info.Size}, nil
}

// Size returns the length in bytes, asking the host if it is not known yet.
func (h *Handle) Size() (uint64, error) {
	if h.size == 0 {
		var info contract.HandleInfo
		if err := h.call.do(opHandleStat, &contract.HandleRequest{Handle: h.id}, &info); err != nil {
			return 0, err
		}
		h.size = info.Size
	}
	return h.size, nil
}

// Drop gives the handle back before the call ends.
func (h Handle) Drop() error {
	return h.call.do(opHandleDrop, &contract.HandleRequest{Handle: h.id}, nil)
}

// Bytes reads everything.
func (h Handle) Bytes() ([]byte, error) {
	size, err := h.Size()
	if err != nil {
		return nil, err
	}
	b := make([]byte, size)
	n, err := io.ReadFull(h.Reader(), b)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = nil
	}
	return b[:n], err
}

// JSON decodes everything into v.
func (h Handle) JSON(v any) error {
	b, err := h.Bytes()
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return Errorf(CodeInternal, "decoding a handle as JSON: %w", err)
	}
	return nil
}

// Reader reads from the start.
func (h Handle) Reader() io.Reader { return &handleReader{h: h} }

type handleReader struct {
	h   Handle
	off int64
}

func (r *handleReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err := r.h.ReadAt(p, r.off)
	r.off += int64(n)
	return n, err
}

// ReadAt reads from an offset. A short count comes with io.EOF.
func (h Handle) ReadAt(p []byte, off int64) (int, error) {
	if h.call == nil || h.id == 0 {
		return 0, &Error{Code: CodeInvalid, Op: "read", Message: "there is no handle to read"}
	}
	total := 0
	for total < len(p) {
		n, code := h.call.guest.host.Read(h.id, off+int64(total), p[total:])
		if code != abi.CodeOK {
			return total, &Error{Code: code, Op: "read", Message: "reading a handle: " + code.String()}
		}
		if n == 0 {
			return total, io.EOF
		}
		total += n
	}
	return total, nil
}
