//go:build wasip1

// Command notes-go is an example of a plugin that is built with Extism's kit
// for Go: it keeps short notes by key.
//
// Build it with "callboard plugin build examples/extism/notes-go". A plugin in
// Go is better off with our SDK, which is many times as fast; this one is here
// to be compared with kits of other languages.
package main

import (
	"encoding/json"

	"github.com/extism/go-pdk"
)

//go:wasmimport extism:host/user callboard_call
func callboardCall(request uint64) uint64

// call is the input of callboard_handle.
type call struct {
	Op      string          `json:"op"`
	Payload json.RawMessage `json:"payload"`
}

// reply is its output, and the answer of the host to a request.
type reply struct {
	Code    string          `json:"code"`
	Payload json.RawMessage `json:"payload,omitempty"`
	Error   *problem        `json:"error,omitempty"`
}

type problem struct {
	Message      string `json:"message"`
	MissingGrant string `json:"missingGrant,omitempty"`
}

// content is bytes as the host writes them: text, or base64 of what is none.
type content struct {
	Text   string `json:"text,omitempty"`
	Base64 []byte `json:"base64,omitempty"`
}

type param struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type request struct {
	Method string  `json:"method"`
	Route  string  `json:"route"`
	Params []param `json:"params"`
	Body   content `json:"body"`
}

type header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type part struct {
	Bytes content `json:"bytes"`
}

type response struct {
	Status  int      `json:"status"`
	Headers []header `json:"headers"`
	Body    []part   `json:"body,omitempty"`
}

func main() {} // never runs: the module is a library

//go:wasmexport callboard_handle
func handle() int32 {
	var c call
	if err := pdk.InputJSON(&c); err != nil {
		pdk.SetError(err)
		return 1
	}
	if err := pdk.OutputJSON(serve(c)); err != nil {
		pdk.SetError(err)
		return 1
	}
	return 0
}

func serve(c call) reply {
	switch c.Op {
	case "describe/1":
		return ok(map[string]any{"sdk": "extism-go", "routes": []map[string]string{
			{"method": "GET", "path": "/notes/{key}"}, {"method": "PUT", "path": "/notes/{key}"},
		}})
	case "health/1":
		return ok(map[string]bool{"ok": true})
	case "http.handle/1":
		var r request
		if err := json.Unmarshal(c.Payload, &r); err != nil {
			return refuse("invalid", err.Error())
		}
		return note(r)
	default:
		return refuse("not_found", c.Op+" is not served by this plugin")
	}
}

func note(r request) reply {
	key := "note/" + r.Params[0].Value
	if r.Method == "PUT" {
		if answer := ask("kv.set/1", map[string]any{"key": key, "value": r.Body}); answer.Error != nil {
			return answer // the host's refusal is the plugin's
		}
		return ok(response{Status: 204})
	}
	answer := ask("kv.get/1", map[string]string{"key": key})
	if answer.Error != nil {
		return answer
	}
	var entry struct {
		Value content `json:"value"`
	}
	if err := json.Unmarshal(answer.Payload, &entry); err != nil {
		return refuse("internal", err.Error())
	}
	return ok(response{
		Status:  200,
		Headers: []header{{"Content-Type", "text/plain; charset=utf-8"}},
		Body:    []part{{entry.Value}},
	})
}

// ask performs an operation of a capability.
func ask(operation string, payload any) reply {
	memory, err := pdk.AllocateJSON(map[string]any{"operation": operation, "payload": payload})
	if err != nil {
		return refuse("internal", err.Error())
	}
	defer memory.Free()
	var answer reply
	if err := pdk.JSONFrom(callboardCall(memory.Offset()), &answer); err != nil {
		return refuse("internal", err.Error())
	}
	return answer
}

func ok(payload any) reply {
	text, err := json.Marshal(payload)
	if err != nil {
		return refuse("internal", err.Error())
	}
	return reply{Code: "ok", Payload: text}
}

func refuse(code, message string) reply {
	return reply{Code: code, Error: &problem{Message: message}}
}
