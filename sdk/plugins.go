package sdk

import (
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Plugins calls routes of other plugins, within the targets of plugin.yaml.
// Through Viewer the other plugin works for the same viewer, and reaches of
// the catalog what both plugins may reach; through Own it works for this
// plugin, with what this plugin may do for itself.
type Plugins Client

// PluginRequest is one request to a route of another plugin.
type PluginRequest struct {
	Plugin string // its id
	Method string // "" = GET
	// Path is below /api/<plugin>, percent-encoded, and may end with a query:
	// "/entities/by-name/component/default/web?fields=metadata.name".
	Path    string
	Headers []HeaderField
	Body    []byte
	// BodyFrom sends what a handle holds instead of Body, at most 8 MiB.
	BodyFrom Handle
}

// PluginResponse is what the other plugin answered. The body stays with the
// host; put the handle into a response to send it on.
type PluginResponse struct {
	Handle
	Status  int
	Headers []HeaderField
}

var opPluginCall = operation{abi.CapPlugin, abi.PluginCall, "plugin.call/1"}

// Call sends one request. An error that the other plugin answers is an error
// here, of the same code; a response of any status is none. Denied means that
// no target of plugin.yaml, or no grant, covers the request, that four plugins
// stand on the path already, or that the other one is among them.
func (p Plugins) Call(r PluginRequest) (PluginResponse, error) {
	q := contract.PluginCallRequest{
		Plugin: r.Plugin, Method: r.Method, Path: r.Path, Headers: r.Headers, Body: r.Body,
		BodyHandle: r.BodyFrom.id, Own: p.own,
	}
	var a contract.PluginCallAnswer
	if err := p.call.do(opPluginCall, &q, &a); err != nil {
		return PluginResponse{}, err
	}
	return PluginResponse{Handle: Handle{call: p.call, id: a.Handle, size: a.Size}, Status: a.Status, Headers: a.Headers}, nil
}
