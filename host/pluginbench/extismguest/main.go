//go:build wasip1

// Command extismguest answers what it was sent, with Extism's kit for Go: as
// a plugin of Extism's own host (echo, ask) and as one of ours (callboard_handle).
package main

import (
	"encoding/json"

	"github.com/extism/go-pdk"
)

//go:wasmimport extism:host/user callboard_call
func callboardCall(request uint64) uint64

func main() {}

//go:wasmexport echo
func echo() int32 {
	pdk.Output(pdk.Input())
	return 0
}

// ask asks the host once and answers what it said.
//
//go:wasmexport ask
func ask() int32 {
	pdk.Output(askHost(pdk.Input()))
	return 0
}

func askHost(content []byte) []byte {
	request := pdk.AllocateBytes(content)
	defer request.Free()
	answer := pdk.FindMemory(callboardCall(request.Offset()))
	defer answer.Free()
	return answer.ReadBytes()
}

type content struct {
	Text string `json:"text,omitempty"`
}

type part struct {
	Bytes content `json:"bytes"`
}

type call struct {
	Op      string `json:"op"`
	Payload struct {
		Body content `json:"body"`
	} `json:"payload"`
}

type reply struct {
	Payload any `json:"payload"`
}

type response struct {
	Status int    `json:"status"`
	Body   []part `json:"body,omitempty"`
}

type health struct {
	OK bool `json:"ok"`
}

//go:wasmexport callboard_handle
func handle() int32 {
	var c call
	if err := pdk.InputJSON(&c); err != nil {
		pdk.SetError(err)
		return 1
	}
	answer := reply{health{true}}
	if c.Op == "http.handle/1" {
		answer.Payload = response{Status: 200, Body: []part{{c.Payload.Body}}}
	}
	b, err := json.Marshal(answer)
	if err != nil {
		pdk.SetError(err)
		return 1
	}
	pdk.Output(b)
	return 0
}
