//go:build wasip1

// Command hostile is a guest that does whatever harm its request names. It
// speaks the raw ABI, without the SDK, and shows how little that takes.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"time"
	"unsafe"

	"github.com/callboard/callboard/sdk/abi"
)

//go:wasmimport callboard call
func hostCall(capability, op uint32, ptr unsafe.Pointer, n uint32, out unsafe.Pointer, outCap uint32) int64

//go:wasmimport callboard read
func hostRead(handle, off uint32, ptr unsafe.Pointer, n uint32) int64

//go:wasmimport callboard write
func hostWrite(handle, off uint32, ptr unsafe.Pointer, n uint32) int64

//go:wasmimport callboard log
func hostLog(level uint32, ptr unsafe.Pointer, n uint32)

var (
	input, output []byte
	started       int64 // what a host call answered before there was a call
	kept          [][]byte
	answer        = make([]byte, 4096)
)

func init() {
	started = hostCall(uint32(abi.CapClock), abi.ClockNow, nil, 0, unsafe.Pointer(&answer[0]), uint32(len(answer)))
}

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

//go:wasmexport callboard_handle
func handle(op, n uint32) uint64 {
	header, payload, err := abi.ParseCallHeader(input[:n])
	if err != nil {
		return reply(abi.CodeInvalid, []byte(err.Error()))
	}
	verb, arg, _ := bytes.Cut(payload, []byte(" "))
	switch string(verb) {
	case "badptr":
		return 0xffffff00<<32 | 100
	case "badheader":
		output = append(output[:0], "this is not a header"...)
		return pack(output)
	case "badlength":
		r := abi.ReplyHeader{PayloadLen: 1000}
		output = append(r.AppendTo(output[:0]), "short"...)
		return pack(output)
	case "empty":
		return 0
	}
	return reply(abi.CodeOK, do(string(verb), arg, header))
}

func do(verb string, arg []byte, header abi.CallHeader) []byte {
	number, _ := strconv.Atoi(string(arg))
	switch verb {
	case "echo":
		return arg
	case "loop":
		for i := uint64(0); ; i++ {
			input[i%uint64(len(input))]++
		}
	case "alloc":
		for {
			block := make([]byte, 1<<20)
			block[len(block)-1] = 1
			kept = append(kept, block)
		}
	case "grow": // some memory, to be recycled for its size
		kept = append(kept, bytes.Repeat([]byte{1}, number))
	case "trap":
		*(*byte)(unsafe.Pointer(uintptr(0xfffffff0))) = 1
	case "nilmap":
		var m map[string]int
		m["x"] = 1
	case "overflow":
		return []byte(strconv.Itoa(descend(0)))
	case "huge":
		return make([]byte, number)
	case "exit":
		os.Exit(number)
	case "sleep":
		time.Sleep(time.Duration(number) * time.Millisecond)
	case "print":
		fmt.Fprintln(os.Stdout, "out "+string(arg))
		fmt.Fprintln(os.Stderr, "err "+string(arg))
	case "flood":
		line := bytes.Repeat([]byte("x"), 1023)
		for range number {
			hostLog(uint32(abi.LevelInfo), unsafe.Pointer(&line[0]), uint32(len(line)))
		}
	case "started":
		return []byte(strconv.FormatInt(started, 10))
	case "header":
		return fmt.Appendf(nil, "op=%d id=%d parent=%d body=%d deadline=%t trace=%x", header.Op, header.CallID, header.ParentID, header.Body, !header.Deadline.IsZero(), header.TraceID)
	case "files":
		_, err := os.ReadFile("/etc/passwd")
		return fmt.Appendf(nil, "%v args=%d env=%d", err != nil, len(os.Args), len(os.Environ()))
	default:
		return door(verb, arg, number, header)
	}
	return nil
}

func descend(n int) int {
	var frame [256]byte
	frame[n%256] = byte(n)
	return descend(n+1) + int(frame[(n*7)%256])
}

// door exercises the imports.
func door(verb string, arg []byte, number int, header abi.CallHeader) []byte {
	switch verb {
	case "call": // one host call; the raw result and what came back
		r := call(arg, len(answer))
		return fmt.Appendf(nil, "%d %s", r, answer[:min(max(r&0xffffffff, 0), int64(len(answer)))])
	case "calls": // many; the last result
		var r int64
		for range number {
			r = call(nil, len(answer))
		}
		return []byte(strconv.FormatInt(r, 10))
	case "big": // an answer that does not fit, read from its handle
		r := call(arg, 10)
		if r < 0 {
			return []byte(strconv.FormatInt(r, 10))
		}
		return readAll(uint32(r>>32), int(uint32(r)))
	case "body":
		return readAll(header.Body, number)
	case "write":
		r := hostWrite(header.Body, 0, unsafe.Pointer(&arg[0]), uint32(len(arg)))
		return []byte(strconv.FormatInt(r, 10))
	case "badcall": // pointers that are not in memory, in every place
		bad := unsafe.Pointer(uintptr(0xfffffff0))
		out := unsafe.Pointer(&answer[0])
		results := []int64{
			hostCall(1, 1, bad, 100, out, 10),
			hostCall(1, 1, out, 10, bad, 100),
			hostCall(1, 1, out, 0xffffffff, out, 10),
			hostRead(1, 0, bad, 100),
			hostWrite(1, 0, bad, 100),
			hostRead(12345, 0, out, 10),
		}
		hostLog(1, bad, 100)
		return fmt.Append(nil, results)
	}
	panic("unknown verb " + verb)
}

func call(payload []byte, room int) int64 {
	return hostCall(uint32(abi.CapCatalog), abi.CatalogGet, unsafe.Pointer(unsafe.SliceData(payload)), uint32(len(payload)),
		unsafe.Pointer(&answer[0]), uint32(room))
}

func readAll(handle uint32, n int) []byte {
	out := make([]byte, n)
	for off := 0; off < n; {
		r := hostRead(handle, uint32(off), unsafe.Pointer(&out[off]), uint32(n-off))
		if r <= 0 {
			return []byte("read answered " + strconv.FormatInt(r, 10))
		}
		off += int(r)
	}
	return out
}

func reply(code abi.Code, payload []byte) uint64 {
	header := abi.ReplyHeader{Code: code, PayloadLen: uint32(len(payload))}
	output = append(header.AppendTo(output[:0]), payload...)
	binary.LittleEndian.PutUint16(output, abi.Version)
	return pack(output)
}

func pack(b []byte) uint64 {
	return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b))))<<32 | uint64(len(b))
}
