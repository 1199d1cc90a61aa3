package plugin

import (
	"context"
	"net/http"
	"strings"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Request is what reaches the plugin that is called.
type Request struct {
	Plugin    string
	Method    string
	Path      string // below /api/<plugin>, percent-encoded
	RawQuery  string
	Headers   []contract.Header
	Body      []byte
	MediaType string              // of Body
	Authority principal.Authority // up to but without the plugin that is called
	ParentID  uint64              // the call that asks
}

// Answer is what it answered. The pieces stay valid and must not be changed.
type Answer struct {
	Status    int
	Headers   []contract.Header
	MediaType string
	Body      [][]byte
}

// Peers calls routes of installed plugins.
type Peers interface {
	// CallRoute performs a request. Faults: NotFound (no such plugin or
	// route), Denied (the path of plugins is too deep, or comes back to one of
	// them), and what the plugin answers.
	CallRoute(ctx context.Context, r *Request) (*Answer, error)
}

// New returns the table's row.
func New(peers Peers) capability.Capability {
	s := service{peers}
	return capability.Capability{
		ID: abi.CapPlugin, Scope: scopes{},
		Ops: map[uint32]capability.Operation{abi.PluginCall: capability.Op("plugin.call/1", s.call)},
	}
}

type service struct{ peers Peers }

// fromCallers are the header fields of a request that cross to the plugin
// that is called; the rest belongs to the connection, to credentials or to
// the host.
var fromCallers = map[string]bool{
	"accept": true, "accept-language": true, "content-type": true, "if-match": true, "if-none-match": true,
	"if-modified-since": true, "if-unmodified-since": true, "prefer": true, "range": true, "idempotency-key": true,
}

func (s service) call(ctx context.Context, c *capability.Call, q *contract.PluginCallRequest) (msgp.Marshaler, error) {
	path, query, _ := strings.Cut(q.Path, "?")
	decoded, err := decodePath(path)
	if err != nil {
		return nil, err
	}
	own := c.Own(q.Own)
	method := strings.ToUpper(q.Method)
	if method == "" {
		method = http.MethodGet
	}
	scope, ok := c.Scope.(*Scope)
	if !ok {
		return nil, fault.New(fault.Internal, "the call has no plugin scope")
	}
	if !scope.allows(q.Plugin, method, decoded, own) {
		return nil, refusal(scope, q.Plugin, method, decoded, own)
	}
	c.Reached(abi.CapPlugin, "plugin", q.Plugin)
	r := &Request{
		Plugin: q.Plugin, Method: method, Path: path, RawQuery: query, Body: q.Body,
		Authority: c.Authority, ParentID: c.CallID,
	}
	if own {
		r.Authority = c.Authority.AsPlugin()
	}
	for _, h := range q.Headers {
		name := strings.ToLower(h.Name)
		if !fromCallers[name] || strings.ContainsFunc(h.Value, isControl) {
			continue
		}
		if name == "content-type" {
			r.MediaType = h.Value
		}
		r.Headers = append(r.Headers, h)
	}
	if q.BodyHandle != 0 {
		if r.Body, err = body(c, q.BodyHandle, own); err != nil {
			return nil, err
		}
	}
	answer, err := s.peers.CallRoute(ctx, r)
	if err != nil {
		return nil, err
	}
	out := &contract.PluginCallAnswer{Status: answer.Status, Headers: answer.Headers}
	if len(answer.Body) > 0 {
		handle, size, err := c.Handles.PutShared(answer.Body, answer.MediaType, c.Viewer(own).Authority())
		if err != nil {
			return nil, err
		}
		out.Handle, out.Size = handle, uint64(size) //nolint:gosec // sizes are not negative
	}
	return out, nil
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// maxBody bounds a request body that comes from a handle.
const maxBody = 8 << 20

// body returns what a handle holds in one piece. What was read under other
// rights than the call uses does not go out with it.
func body(c *capability.Call, handle uint32, own bool) ([]byte, error) {
	size, _, err := c.Handles.Stat(handle)
	if err != nil {
		return nil, err
	}
	if size > maxBody {
		return nil, fault.New(fault.Exhausted, "the body of a call to a plugin has at most %d bytes, not %d; keep it as a blob and send its key", maxBody, size)
	}
	pieces, _, err := c.Handles.Content(handle, c.Viewer(own).Authority())
	if err != nil {
		return nil, err
	}
	whole := make([]byte, 0, size)
	for _, piece := range pieces {
		whole = append(whole, piece...)
	}
	return whole, nil
}

func refusal(scope *Scope, plugin, method, path string, own bool) error {
	missing := "plugin: " + method + " " + path + " of " + plugin
	why := "the plugin may " + scope.String() + "; it may not call " + method + " " + path + " of plugin " + plugin
	if own && scope.allows(plugin, method, path, false) {
		missing = "plugin: own " + method + " " + path + " of " + plugin
		why = "calling plugin " + plugin + " without a viewer needs `own: true` on its target in the scope of plugin, declared and granted"
	}
	return &capability.Denial{Missing: missing, Why: why}
}
