//go:build wasip1

// Command versioned is a guest that answers with its version, which the
// linker sets. It speaks the raw ABI.
package main

import (
	"bytes"
	"strconv"
	"unsafe"

	"github.com/callboard/callboard/sdk/abi"
)

var (
	version       = "0"
	input, output []byte
)

func main() {}

//go:wasmexport callboard_abi_v1
func marker() uint32 { panic("the marker was called") }

//go:wasmexport callboard_in
func in(n uint32) unsafe.Pointer {
	if cap(input) < int(n) {
		input = make([]byte, n)
	}
	input = input[:n]
	return unsafe.Pointer(unsafe.SliceData(input))
}

// handle answers "version" to everything but "work n", which computes for n
// rounds first, and "spin", which never ends.
//
//go:wasmexport callboard_handle
func handle(op, n uint32) uint64 {
	header, payload, err := abi.ParseCallHeader(input[:n])
	if err != nil {
		return reply(abi.CodeInvalid, []byte(err.Error()))
	}
	if header.Op == abi.OpHealth {
		return reply(abi.CodeOK, nil)
	}
	verb, arg, _ := bytes.Cut(payload, []byte(" "))
	switch string(verb) {
	case "work":
		rounds, _ := strconv.Atoi(string(arg))
		compute(rounds)
	case "spin":
		for {
			compute(1 << 20)
		}
	}
	return reply(abi.CodeOK, []byte(version))
}

var sink uint64

func compute(rounds int) {
	x := sink | 88172645463325252
	for range rounds {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	sink = x
}

func reply(code abi.Code, payload []byte) uint64 {
	header := abi.ReplyHeader{Code: code, PayloadLen: uint32(len(payload))}
	output = append(header.AppendTo(output[:0]), payload...)
	return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(output))))<<32 | uint64(len(output))
}
