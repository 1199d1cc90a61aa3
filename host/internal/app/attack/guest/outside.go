//go:build wasip1

package main

import (
	"encoding/json"
	"net/url"
	"strconv"
	"unsafe"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// outside sends requests to other servers: fetch?{"url":…} and source?https://…,
// percent-encoded.
func outside(verb, arg string) *contract.HTTPResponse {
	switch verb {
	case "fetch":
		text1, err := url.QueryUnescape(arg)
		var q contract.HTTPFetchRequest
		if err == nil {
			err = json.Unmarshal([]byte(text1), &q)
		}
		if err != nil {
			return text(err.Error())
		}
		b, _ := q.MarshalMsg(nil)
		code, payload := call(abi.CapHTTP, abi.HTTPFetch, b)
		if code != abi.CodeOK {
			return refused(code, payload)
		}
		var a contract.HTTPFetchAnswer
		_, _ = a.UnmarshalMsg(payload)
		n := hostRead(a.Handle, 0, unsafe.Pointer(&room[0]), uint32(min(a.Size, uint64(len(room)))))
		answer := "ok " + strconv.Itoa(a.Status) + " " + string(room[:max(n, 0)])
		for _, f := range a.Headers {
			answer += "\n" + f.Name + ": " + f.Value
		}
		return text(answer)
	case "source":
		target, _ := url.QueryUnescape(arg)
		b, _ := (&contract.SourceReadRequest{URL: target}).MarshalMsg(nil)
		code, payload := call(abi.CapSource, abi.SourceRead, b)
		if code != abi.CodeOK {
			return refused(code, payload)
		}
		var a contract.SourceFile
		_, _ = a.UnmarshalMsg(payload)
		n := hostRead(a.Handle, 0, unsafe.Pointer(&room[0]), uint32(min(a.Size, uint64(len(room)))))
		return text("ok " + string(room[:max(n, 0)]))
	case "reveal":
		b, _ := (&contract.SecretRevealRequest{Name: arg}).MarshalMsg(nil)
		code, payload := call(abi.CapSecret, abi.SecretReveal, b)
		if code != abi.CodeOK {
			return refused(code, payload)
		}
		var a contract.SecretRevealAnswer
		_, _ = a.UnmarshalMsg(payload)
		return text("ok " + strconv.Itoa(len(a.Value)))
	}
	return nil
}
