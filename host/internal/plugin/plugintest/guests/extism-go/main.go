//go:build wasip1

// Command extism-go is the hostile guest built with Extism's Go kit: it does
// whatever harm its request names. It is a module of its own, so that the host
// does not depend on the kit.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/extism/go-pdk"
)

//go:wasmimport extism:host/user callboard_call
func callboardCall(request uint64) uint64

// What the kit does not offer to those who mean well.
//
//go:wasmimport extism:host/env output_set
func outputSet(offset, length uint64)

//go:wasmimport extism:host/env store_u64
func storeU64(offset, value uint64)

//go:wasmimport extism:host/env load_u64
func loadU64(offset uint64) uint64

//go:wasmimport extism:host/env free
func freeBlock(offset uint64)

//go:wasmimport extism:host/env alloc
func allocBlock(n uint64) uint64

//go:wasmimport extism:host/env length
func lengthOf(offset uint64) uint64

type text struct {
	Text   string `json:"text,omitempty"`
	Base64 []byte `json:"base64,omitempty"`
}

func (t text) bytes() []byte {
	if t.Base64 != nil {
		return t.Base64
	}
	return []byte(t.Text)
}

type envelope struct {
	Op             string `json:"op"`
	CallID         string `json:"callId"`
	DeadlineMillis int64  `json:"deadlineMillis"`
	TraceID        string `json:"traceId"`
	BodyHandle     uint32 `json:"bodyHandle"`
	Payload        struct {
		Body text `json:"body"`
	} `json:"payload"`
}

type part struct {
	Bytes []byte `json:"bytes"` // base64 by encoding/json
}

type response struct {
	Status int    `json:"status"`
	Body   []part `json:"body"`
}

type reply struct {
	Code    string    `json:"code"`
	Payload *response `json:"payload,omitempty"`
}

var (
	started string // what a host call answered before there was a call
	kept    [][]byte
	frames  [1 << 10]byte
)

func init() { started = ask("clock.now/1", []byte("null")) }

func main() {}

//go:wasmexport callboard_handle
func handle() int32 {
	var in envelope
	if err := pdk.InputJSON(&in); err != nil {
		pdk.SetError(err)
		return 1
	}
	verb, arg, _ := bytes.Cut(in.Payload.Body.bytes(), []byte(" "))
	switch string(verb) {
	case "badptr":
		outputSet(0xffffff00, 100)
		return 0
	case "badheader":
		pdk.OutputString("this is no JSON")
		return 0
	case "badlength":
		pdk.OutputString(`{"code":"ok","payload":{"status":20`)
		return 0
	case "empty":
		return 0
	case "badcode":
		pdk.OutputString(`{"code":"fine"}`)
		return 0
	case "seterror":
		pdk.SetErrorString(string(arg))
		return 3
	}
	out := reply{Code: "ok", Payload: &response{Status: 200, Body: []part{{do(string(verb), arg, in)}}}}
	if err := pdk.OutputJSON(out); err != nil {
		panic(err)
	}
	return 0
}

func do(verb string, arg []byte, in envelope) []byte {
	number, _ := strconv.Atoi(string(arg))
	switch verb {
	case "echo":
		return arg
	case "loop":
		for i := 0; ; i++ {
			frames[i%len(frames)]++
		}
	case "alloc":
		for {
			block := make([]byte, 1<<20)
			block[len(block)-1] = 1
			kept = append(kept, block)
		}
	case "grow":
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
		line := strings.Repeat("x", 1023)
		for range number {
			pdk.Log(pdk.LogInfo, line)
		}
	case "started":
		return []byte(started)
	case "header":
		return fmt.Appendf(nil, "op=%s id=%s deadline=%t trace=%s body=%d", in.Op, in.CallID, in.DeadlineMillis > 0, in.TraceID, in.BodyHandle)
	case "files":
		_, err := os.ReadFile("/etc/passwd")
		return fmt.Appendf(nil, "%v args=%d env=%d", err != nil, len(os.Args), len(os.Environ()))
	default:
		return kit(verb, arg, number)
	}
	return nil
}

func descend(n int) int {
	var frame [256]byte
	frame[n%256] = byte(n)
	return descend(n+1) + int(frame[(n*7)%256])
}

// kit exercises the functions of the host.
func kit(verb string, arg []byte, number int) []byte {
	switch verb {
	case "call", "big":
		return []byte(get(string(arg)))
	case "calls": // many; the last result
		var last string
		for range number {
			last = get("x")
		}
		return []byte(last)
	case "ask": // an operation and its payload
		operation, payload, _ := bytes.Cut(arg, []byte(" "))
		return []byte(ask(string(operation), payload))
	case "badcall": // a request where no block is
		callboardCall(0xfffffff0)
	case "badrequest":
		request := pdk.AllocateString("no JSON")
		answer := pdk.FindMemory(callboardCall(request.Offset()))
		return answer.ReadBytes()
	case "fetch": // the client of the kernel
		return pdk.NewHTTPRequest(pdk.MethodGet, string(arg)).Send().Body()
	case "setvar":
		pdk.SetVar("v", arg)
	case "getvar":
		return pdk.GetVar("v")
	case "config":
		value, found := pdk.GetConfig(string(arg))
		return fmt.Appendf(nil, "%t %s", found, value)
	case "circle": // make the kernel's list of blocks a circle
		block := pdk.AllocateString("hello")
		size := block.Offset() - 8
		storeU64(size, loadU64(size)>>32<<32|0xfffffff4)
	case "outside": // write past the end of a block
		block := pdk.AllocateString("hello")
		pdk.AllocateString("next")
		storeU64(block.Offset(), 1)
	case "wrap": // lengths that wrap in the kernel
		return fmt.Append(nil, allocBlock(0xfffffffb), allocBlock(1<<63), allocBlock(10) != 0)
	case "fake": // free what only looks like a block
		block := pdk.AllocateBytes([]byte{1, 0, 0, 0, 0xf4, 0xff, 0xff, 0xff, 5, 0, 0, 0, 'f', 'a', 'k', 'e', '!'})
		freeBlock(block.Offset() + 12)
		return fmt.Append(nil, lengthOf(block.Offset()+12), lengthOf(block.Offset()))
	case "blocks": // many small blocks
		var all []uint64
		for block := allocBlock(1); block != 0; block = allocBlock(1) {
			all = append(all, block)
		}
		for _, block := range all[len(all)-100:] { // room for the answer
			freeBlock(block)
		}
		return strconv.AppendInt(nil, int64(len(all)), 10)
	case "fill": // the memory of the kernel instead of the guest's
		n := 0
		for allocBlock(1<<20) != 0 {
			n++
		}
		return strconv.AppendInt(nil, int64(n), 10)
	default:
		panic("unknown verb " + verb)
	}
	return nil
}

// get asks for a key and answers "code value".
func get(key string) string {
	payload, _ := json.Marshal(map[string]string{"key": key})
	var out struct {
		Code    string `json:"code"`
		Payload struct {
			Value text `json:"value"`
		} `json:"payload"`
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	raw := ask("kv.get/1", payload)
	if err := json.Unmarshal([]byte(raw), &out); err != nil {
		return err.Error() + " of " + raw
	}
	return out.Code + " " + string(out.Payload.Value.bytes()) + out.Error.Message
}

func ask(operation string, payload []byte) string {
	request, err := json.Marshal(map[string]any{"operation": operation, "payload": json.RawMessage(payload)})
	if err != nil {
		return err.Error()
	}
	memory := pdk.AllocateBytes(request)
	defer memory.Free()
	answer := pdk.FindMemory(callboardCall(memory.Offset()))
	defer answer.Free()
	return string(answer.ReadBytes())
}
