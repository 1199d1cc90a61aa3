//go:build wasip1

// Command guest answers what it was sent, asks the host, or computes. It
// speaks the raw ABI, so that what is measured is the way there and back.
package main

import (
	"bytes"
	"strconv"
	"unsafe"

	"github.com/callboard/callboard/host/pluginbench/work"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

//go:wasmimport callboard call
func hostCall(capability, op uint32, ptr unsafe.Pointer, n uint32, out unsafe.Pointer, outCap uint32) int64

var (
	input, output []byte
	room          = make([]byte, 64<<10)
)

// salt tells copies of this module apart; the benchmark writes another number.
const salt = "pluginbench salt 00"

func main() {}

//go:wasmexport callboard_abi_v1
func marker() uint32 { return 1 }

//go:wasmexport callboard_in
func in(n uint32) unsafe.Pointer {
	if cap(input) < int(n) {
		input = make([]byte, n)
	}
	input = input[:n]
	return unsafe.Pointer(unsafe.SliceData(input))
}

//go:wasmexport callboard_handle
func handle(op, n uint32) uint64 {
	if abi.Op(op) == abi.OpHealth {
		health, _ := (&contract.Health{OK: true}).MarshalMsg(nil)
		return answer(abi.ReplyHeader{Codec: abi.CodecMsgpack}, health)
	}
	_, payload, err := abi.ParseCallHeader(input[:n])
	if err != nil {
		return 0
	}
	verb, arg, _ := bytes.Cut(payload, []byte(" "))
	number, _ := strconv.Atoi(string(arg))
	switch string(verb) {
	case "call":
		got := hostCall(uint32(abi.CapClock), abi.ClockNow, unsafe.Pointer(unsafe.SliceData(arg)), uint32(len(arg)), unsafe.Pointer(&room[0]), uint32(len(room)))
		return reply(room[abi.ReplyHeaderSize:got])
	case "spin":
		return reply(strconv.AppendUint(nil, work.Spin(number), 10))
	case "inlined":
		return reply(strconv.AppendUint(nil, work.Inlined(number), 10))
	case "salt":
		return reply([]byte(salt))
	case "json":
		return reply(work.JSON(number))
	}
	return reply(arg)
}

func reply(content []byte) uint64 { return answer(abi.ReplyHeader{}, content) }

func answer(h abi.ReplyHeader, content []byte) uint64 {
	h.PayloadLen = uint32(len(content))
	output = append(h.AppendTo(output[:0]), content...)
	return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(output))))<<32 | uint64(len(output))
}
