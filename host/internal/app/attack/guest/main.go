//go:build wasip1

// Command guest is a plugin that answers its route with whatever harm the last
// segment of the path names. It speaks the raw ABI, for the SDK would not let it.
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"unsafe"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
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
	room          = make([]byte, 64<<10)
	kept          uint32 // a handle of an earlier call
)

func main() {}

//go:wasmexport callboard_abi_v1
func marker() uint32 { return 1 }

//go:wasmexport callboard_in
func in(n uint32) unsafe.Pointer {
	input = make([]byte, n)
	return unsafe.Pointer(unsafe.SliceData(input))
}

//go:wasmexport callboard_handle
func handle(op, n uint32) uint64 {
	_, payload, err := abi.ParseCallHeader(input[:n])
	if err != nil || abi.Op(op) != abi.OpHTTPHandle {
		return pack(abi.ReplyHeader{Code: abi.CodeOK}, nil)
	}
	var q contract.HTTPRequest
	if _, err := q.UnmarshalMsg(payload); err != nil {
		return pack(abi.ReplyHeader{Code: abi.CodeInternal}, nil)
	}
	answer := do(strings.TrimPrefix(q.Path, "/do/"), q.RawQuery)
	if answer.Status == 0 {
		answer.Status = 200
	}
	b, err := answer.MarshalMsg(nil)
	if err != nil {
		return pack(abi.ReplyHeader{Code: abi.CodeInternal}, nil)
	}
	return pack(abi.ReplyHeader{Code: abi.CodeOK, Codec: abi.CodecMsgpack}, b)
}

func pack(h abi.ReplyHeader, payload []byte) uint64 {
	h.PayloadLen = uint32(len(payload))
	output = append(h.AppendTo(output[:0]), payload...)
	return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(output))))<<32 | uint64(len(output))
}

func text(s string) *contract.HTTPResponse {
	return &contract.HTTPResponse{Body: []contract.BodyPart{{Bytes: []byte(s)}}, Headers: []contract.Header{{Name: "Content-Type", Value: "text/plain"}}}
}

func respond(handles ...uint32) *contract.HTTPResponse {
	r := text("")
	r.Body = nil
	for _, h := range handles {
		r.Body = append(r.Body, contract.BodyPart{Handle: h})
	}
	return r
}

func do(verb, arg string) *contract.HTTPResponse {
	number, _ := strconv.Atoi(arg)
	switch verb {
	case "status":
		r := text("x")
		r.Status = number
		return r
	case "headers":
		r := text("<script>alert(1)</script>")
		r.Headers = forbidden
		return r
	case "many-headers":
		r := text("x")
		for range number {
			r.Headers = append(r.Headers, contract.Header{Name: "Link", Value: strings.Repeat("x", 1000)})
		}
		return r
	case "body":
		return respondBytes(number)
	case "amplify":
		h := create(make([]byte, 8<<20))
		handles := make([]uint32, number)
		for i := range handles {
			handles[i] = h
		}
		return respond(handles...)
	case "loop":
		for i := 0; ; i++ {
			room[i%len(room)]++
		}
	case "crash":
		panic("canary of the guest")
	case "log":
		for _, line := range []string{arg, "a\ntime=now level=ERROR msg=forged plugin=catalog", "b\x1b[2J\x1b]0;owned\x07", "c\r\nplugin=catalog", "d\" plugin=catalog \"", "\u202eevil\u2028line"} {
			hostLog(uint32(abi.LevelWarn), unsafe.Pointer(unsafe.StringData(line)), uint32(len(line)))
			fmt.Fprintln(os.Stderr, line)
		}
		b, _ := (&contract.LogRecord{Level: uint32(abi.LevelError), Message: "e\nforged", Attrs: []contract.LogAttr{
			{Key: "plugin", Value: "catalog"}, {Key: "time", Value: "never"}, {Key: "x\nplugin", Value: "catalog"}, {Key: "", Value: "\x1b[31m"},
		}}).MarshalMsg(nil)
		code, _ := call(abi.CapLog, abi.LogEmit, b)
		return text(code.String())
	case "calls":
		var code abi.Code
		for range number {
			code, _ = call(abi.CapClock, abi.ClockNow, nil)
		}
		return text(code.String())
	}
	if answer := others(verb, arg); answer != nil {
		return answer
	}
	if answer := outside(verb, arg); answer != nil {
		return answer
	}
	return reach(verb, arg, number)
}

// forbidden are header fields that a plugin must not set, and values that end a line.
var forbidden = []contract.Header{
	{Name: "Content-Type", Value: "text/html"},
	{Name: "Set-Cookie", Value: "callboard-session=stolen"},
	{Name: "set-cookie", Value: "a=b"},
	{Name: "Content-Security-Policy", Value: "script-src *"},
	{Name: "Access-Control-Allow-Origin", Value: "*"},
	{Name: "Refresh", Value: "0"},
	{Name: "Clear-Site-Data", Value: "*"},
	{Name: "Service-Worker-Allowed", Value: "/"},
	{Name: "Content-Encoding", Value: "gzip"},
	{Name: "Transfer-Encoding", Value: "chunked"},
	{Name: "Content-Length", Value: "1"},
	{Name: "Connection", Value: "upgrade"},
	{Name: "X-Accel-Redirect", Value: "/etc/passwd"},
	{Name: "Location", Value: "https://evil.example.com"},
	{Name: "Vary", Value: "a\r\nSet-Cookie: c=d"},
	{Name: "Link\r\nSet-Cookie", Value: "e=f"},
	{Name: "Etag", Value: "\"x\"\nSet-Cookie: g=h"},
	{Name: "Cache-Control", Value: "public, s-maxage=31536000"},
	{Name: "X-Request-Id", Value: "forged-by-guest"},
	{Name: "X-Content-Type-Options", Value: "off"},
	{Name: "Content-Disposition", Value: "inline"},
}

// reach tries what belongs to others.
func reach(verb, arg string, number int) *contract.HTTPResponse {
	switch verb {
	case "own": // read with the plugin's own rights, shown to the viewer
		b, _ := (&contract.CatalogGetRequest{Ref: arg, Own: true}).MarshalMsg(nil)
		code, payload := call(abi.CapCatalog, abi.CatalogGet, b)
		if code != abi.CodeOK {
			return text(code.String() + " " + string(payload))
		}
		var h contract.CatalogHandle
		_, _ = h.UnmarshalMsg(payload)
		return respond(h.Handle)
	case "keep":
		kept = create([]byte("canary of an earlier call"))
		return text(strconv.Itoa(int(kept)))
	case "forge":
		return respond(kept)
	case "guess": // handles around those of this call
		mine := create([]byte("mine"))
		found := 0
		for generation := range uint32(1 << 12) {
			for slot := range uint32(4) {
				if h := generation<<16 | slot; h != mine && h != 0 && hostRead(h, 0, unsafe.Pointer(&room[0]), 16) >= 0 {
					found++
				}
			}
		}
		return text(strconv.Itoa(found))
	case "kv-set":
		b, _ := (&contract.KVSetRequest{Key: "secret", Value: []byte(arg)}).MarshalMsg(nil)
		code, payload := call(abi.CapKV, abi.KVSet, b)
		return text(code.String() + " " + string(payload))
	case "kv-get":
		b, _ := (&contract.KVGetRequest{Key: arg}).MarshalMsg(nil)
		code, payload := call(abi.CapKV, abi.KVGet, b)
		return text(code.String() + " " + string(payload))
	case "kv-scan":
		b, _ := (&contract.KVScanRequest{Prefix: ""}).MarshalMsg(nil)
		code, payload := call(abi.CapKV, abi.KVScan, b)
		return text(code.String() + " " + string(payload))
	case "denied": // every capability, many times
		var last []byte
		var code abi.Code
		for range max(number, 1) {
			code, last = call(abi.CapKV, abi.KVScan, nil)
		}
		return text(code.String() + " " + string(last))
	case "config":
		code, payload := call(abi.CapConfig, abi.ConfigGet, nil)
		return text(code.String() + " " + string(payload))
	case "unknown": // numbers that name nothing
		var out []string
		for _, c := range []abi.Capability{abi.CapHTTP, abi.CapSecret, abi.CapPlugin, 77, 0xffff} {
			code, payload := call(c, 1<<8|1, nil)
			out = append(out, code.String()+" "+string(payload))
		}
		return text(strings.Join(out, "\n"))
	case "env":
		_, err := os.ReadFile("/etc/passwd")
		return text(fmt.Sprint(err != nil, len(os.Args), len(os.Environ())))
	}
	return text("no such verb")
}

// respondBytes answers a body in the reply itself.
func respondBytes(n int) *contract.HTTPResponse {
	r := text("")
	r.Body = []contract.BodyPart{{Bytes: make([]byte, n)}}
	return r
}

func create(content []byte) uint32 {
	b, _ := (&contract.HandleCreateRequest{Type: "text/plain", Bytes: content}).MarshalMsg(nil)
	_, payload := call(abi.CapHandle, abi.HandleCreate, b)
	var info contract.HandleInfo
	_, _ = info.UnmarshalMsg(payload)
	return info.Handle
}

// call makes a host call and returns the code and the payload of the reply.
func call(c abi.Capability, op uint32, payload []byte) (abi.Code, []byte) {
	r := hostCall(uint32(c), op, unsafe.Pointer(unsafe.SliceData(payload)), uint32(len(payload)), unsafe.Pointer(&room[0]), uint32(len(room)))
	if r < 0 {
		return abi.Code(-r), nil
	}
	h, rest, err := abi.ParseReplyHeader(room[:min(r, int64(len(room)))])
	if err != nil {
		return abi.CodeInternal, []byte(err.Error())
	}
	return h.Code, append([]byte(nil), rest...)
}
