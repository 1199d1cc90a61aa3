//go:build wasip1

package sdk

import (
	"context"
	"unsafe"

	"github.com/callboard/callboard/sdk/abi"
)

// The guest of this module and the input of the call in progress. An instance
// serves one call at a time, and exports have no receiver.
var (
	guest *Guest
	input []byte
)

// Register makes p the plugin of this module. Call it once, from init: a
// module built with -buildmode=c-shared never runs main.
func Register(p Plugin) {
	if guest != nil {
		panic("sdk: Register was called twice")
	}
	g, err := NewGuest(p, imports{})
	if err != nil {
		panic("sdk: " + err.Error())
	}
	guest = g
}

//go:wasmexport callboard_abi_v1
func exportMarker() {}

// exportIn gives room for the input of the next call. It is new memory each
// time, because the strings of a request point into it.
//
//go:wasmexport callboard_in
func exportIn(n uint32) unsafe.Pointer {
	input = make([]byte, n)
	return unsafe.Pointer(unsafe.SliceData(input))
}

//go:wasmexport callboard_handle
func exportHandle(op, n uint32) uint64 {
	if guest == nil {
		panic("sdk: no plugin; call sdk.Register from an init function")
	}
	in := input[:n]
	input = nil
	reply := guest.Handle(context.Background(), abi.Op(op), in)
	return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(reply))))<<32 | uint64(len(reply))
}

//go:wasmimport callboard call
func importCall(capability, op uint32, ptr unsafe.Pointer, n uint32, out unsafe.Pointer, outcap uint32) int64

//go:wasmimport callboard read
func importRead(handle, off uint32, ptr unsafe.Pointer, n uint32) int64

//go:wasmimport callboard write
func importWrite(handle, off uint32, ptr unsafe.Pointer, n uint32) int64

//go:wasmimport callboard log
func importLog(level uint32, ptr unsafe.Pointer, n uint32)

// imports is the host behind the module's imports.
type imports struct{}

func ptr(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }

func (imports) Call(_ context.Context, capability abi.Capability, op uint32, payload, buf []byte) ([]byte, abi.Code) {
	res := importCall(uint32(capability), op, ptr(payload), uint32(len(payload)), ptr(buf), uint32(len(buf)))
	if res < 0 {
		return nil, code(res)
	}
	handle, length := uint32(res>>32), int(uint32(res))
	if length <= len(buf) {
		return buf[:length], abi.CodeOK
	}
	whole := make([]byte, length)
	at := copy(whole, buf)
	for at < length {
		n := importRead(handle, uint32(at), ptr(whole[at:]), uint32(length-at))
		if n < 0 {
			return nil, code(n)
		}
		if n == 0 {
			return nil, abi.CodeInternal
		}
		at += int(n)
	}
	return whole, abi.CodeOK
}

func (imports) Read(handle uint32, off int64, dst []byte) (int, abi.Code) {
	n := importRead(handle, uint32(off), ptr(dst), uint32(len(dst)))
	if n < 0 {
		return 0, code(n)
	}
	return int(n), abi.CodeOK
}

func (imports) Write(handle uint32, off int64, src []byte) (int, abi.Code) {
	n := importWrite(handle, uint32(off), ptr(src), uint32(len(src)))
	if n < 0 {
		return 0, code(n)
	}
	return int(n), abi.CodeOK
}

func (imports) Log(level abi.Level, line []byte) {
	importLog(uint32(level), ptr(line), uint32(len(line)))
}

// code reads the negative result of an import.
func code(res int64) abi.Code {
	if res < -int64(abi.CodeInternal) {
		return abi.CodeInternal
	}
	return abi.Code(-res)
}
