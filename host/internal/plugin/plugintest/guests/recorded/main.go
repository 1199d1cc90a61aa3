//go:build wasip1

// Command recorded is a guest that fails in every way that a recording has to
// reproduce: by what it asked the host, by the time, by chance, by the order of
// a map, by memory, by time. A build with another main.version does not.
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	mathrand "math/rand/v2"
	"os"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/callboard/callboard/sdk/abi"
)

//go:wasmimport callboard call
func hostCall(capability, op uint32, ptr unsafe.Pointer, n uint32, out unsafe.Pointer, outCap uint32) int64

//go:wasmimport callboard read
func hostRead(handle, off uint32, ptr unsafe.Pointer, n uint32) int64

//go:wasmimport callboard log
func hostLog(level uint32, ptr unsafe.Pointer, n uint32)

// version is set by the linker: "2" is the version in which everything is mended.
var version = "1"

var (
	input, output []byte
	answer        = make([]byte, 1024)
	calls         int
	born          = mathrand.Uint64()
	kept          [][]byte
	sink          uint64
)

func init() {
	if version == "broken" {
		panic("it does not start: " + strconv.FormatUint(born, 16))
	}
}

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
func handle(_, n uint32) uint64 {
	header, payload, err := abi.ParseCallHeader(input[:n])
	if err != nil {
		panic(err)
	}
	calls++
	verb, arg, _ := strings.Cut(string(payload), " ")
	return do(verb, arg, header)
}

func do(verb, arg string, header abi.CallHeader) uint64 {
	switch verb {
	case "echo":
		return reply(abi.CodeOK, arg)
	case "internal":
		return reply(abi.CodeInternal, call(abi.CapKV, abi.KVGet, arg))
	case "refuse":
		return reply(abi.CodeNotFound, arg)
	case "dice": // a good answer that chance decides
		return reply(abi.CodeOK, chance())
	case "trap":
		if version == "1" {
			*(*byte)(unsafe.Pointer(uintptr(0xfffffff0))) = 1
		}
	case "panic":
		fmt.Fprintln(os.Stderr, "about to fail")
		fail(arg)
	case "loop":
		for i := uint64(0); version == "1"; i++ {
			sink += i * i
		}
	case "alloc":
		for version == "1" {
			kept = append(kept, bytes.Repeat([]byte{1}, 1<<20))
		}
	case "random":
		fail(chance())
	case "born":
		fail(strconv.FormatUint(born, 16))
	case "clock":
		now := time.Now()
		fail(fmt.Sprint(now.UnixNano(), time.Since(now)))
	case "order":
		fail(order())
	case "sleep":
		began := time.Now()
		time.Sleep(time.Millisecond)
		fail(strconv.FormatBool(time.Since(began) > 0))
	case "forever":
		time.Sleep(time.Hour)
	case "ask":
		fail(call(abi.CapKV, abi.KVGet, "first "+version) + call(abi.CapKV, abi.KVGet, "second"))
	case "reveal":
		fail(call(abi.CapSecret, abi.SecretReveal, arg) + call(abi.CapKV, abi.KVGet, arg))
	case "large":
		fail(strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte(call(abi.CapCatalog, abi.CatalogGet, arg)))), 16))
	case "body":
		fail(strconv.FormatUint(uint64(crc32.ChecksumIEEE(read(header.Body, 1<<20))), 16))
	case "log":
		for i := range 3 {
			line := []byte("line " + strconv.Itoa(i))
			hostLog(uint32(abi.LevelInfo), unsafe.Pointer(&line[0]), uint32(len(line)))
		}
		fail("logged")
	case "second": // only the second call of an instance fails
		if calls > 1 {
			fail("the second call")
		}
	}
	if header.Codec == abi.CodecMsgpack && len(verb) > 0 && verb[0]&0xf0 == 0x80 { // a request of HTTP
		fail(strconv.Quote(verb + arg))
	}
	return reply(abi.CodeOK, "mended")
}

func fail(what string) {
	if version == "1" {
		panic("failed: " + what)
	}
}

func chance() string {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err)
	}
	return hex.EncodeToString(b[:])
}

func order() string {
	m := map[int]bool{}
	for i := range 32 {
		m[i] = true
	}
	var out strings.Builder
	for i := range m {
		fmt.Fprint(&out, i, " ")
	}
	return out.String()
}

func call(capability abi.Capability, op uint32, payload string) string {
	r := hostCall(uint32(capability), op, unsafe.Pointer(unsafe.StringData(payload)), uint32(len(payload)),
		unsafe.Pointer(&answer[0]), uint32(len(answer)))
	switch n := int(uint32(r)); {
	case r < 0:
		return strconv.FormatInt(r, 10)
	case r>>32 != 0:
		return string(read(uint32(r>>32), n))
	default:
		return string(answer[abi.ReplyHeaderSize:n])
	}
}

func read(handle uint32, most int) []byte {
	var out []byte
	for chunk := make([]byte, 4096); len(out) < most; {
		r := hostRead(handle, uint32(len(out)), unsafe.Pointer(&chunk[0]), uint32(len(chunk)))
		if r <= 0 {
			break
		}
		out = append(out, chunk[:r]...)
	}
	return out
}

func reply(code abi.Code, payload string) uint64 {
	header := abi.ReplyHeader{Code: code, PayloadLen: uint32(len(payload))}
	output = append(header.AppendTo(output[:0]), payload...)
	return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(output))))<<32 | uint64(len(output))
}
