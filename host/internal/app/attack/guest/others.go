//go:build wasip1

package main

import (
	"strings"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// remembered is what an earlier call left in memory, whoever made it.
var remembered string

// others reads for the viewer, and asks other plugins to: ask?rich/do/read?group:default/crew.
func others(verb, arg string) *contract.HTTPResponse {
	switch verb {
	case "read":
		b, _ := (&contract.CatalogGetRequest{Ref: arg}).MarshalMsg(nil)
		code, payload := call(abi.CapCatalog, abi.CatalogGet, b)
		if code != abi.CodeOK {
			return refused(code, payload)
		}
		var h contract.CatalogHandle
		_, _ = h.UnmarshalMsg(payload)
		return respond(h.Handle)
	case "ask", "ask-own", "post":
		plugin, path, _ := strings.Cut(arg, "/")
		q := contract.PluginCallRequest{Plugin: plugin, Path: "/" + path, Own: verb == "ask-own"}
		if verb == "post" {
			q.Method = "POST"
		}
		b, _ := q.MarshalMsg(nil)
		code, payload := call(abi.CapPlugin, abi.PluginCall, b)
		if code != abi.CodeOK {
			return refused(code, payload)
		}
		var a contract.PluginCallAnswer
		_, _ = a.UnmarshalMsg(payload)
		r := respond(a.Handle)
		r.Status = a.Status
		return r
	case "whoami":
		_, payload := call(abi.CapIdentity, abi.IdentityCurrent, nil)
		var who contract.IdentityAnswer
		_, _ = who.UnmarshalMsg(payload)
		return text(who.Kind + " " + who.Ref + " " + who.Mode)
	case "remember":
		remembered = arg
		return text("ok")
	case "recall":
		return text(remembered)
	}
	return nil
}

func refused(code abi.Code, payload []byte) *contract.HTTPResponse {
	var e contract.Error
	_, _ = e.UnmarshalMsg(payload)
	return text(code.String() + " [" + e.MissingGrant + "] " + e.Message)
}
