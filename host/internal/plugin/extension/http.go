package extension

import (
	"context"

	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// HTTPRequest is a request below /api/<plugin>. Cookies and Authorization are
// not among Headers.
type HTTPRequest struct {
	Plugin    plugin.ID
	Method    string
	Route     string // the pattern that matched
	Params    []contract.Param
	Path      string // below /api/<plugin>, percent-encoded, starts with /
	RawQuery  string
	Headers   []contract.Header
	Body      []byte
	MediaType string // of Body
	Authority principal.Authority
	RequestID string
	ParentID  uint64 // the call of another plugin that asks, 0 = none
	TraceID   [16]byte
	SpanID    [8]byte
}

// HTTPAnswer is a plugin's answer. The pieces of Body stay valid after Close
// and must not be changed.
type HTTPAnswer struct {
	Status  int
	Headers []contract.Header
	Body    [][]byte
	close   func()
}

// Close frees what the answer refers to.
func (a *HTTPAnswer) Close() {
	if a.close != nil {
		a.close()
	}
}

// Caller is the one function that enters Wasm.
type Caller interface {
	Call(ctx context.Context, call plugin.Call) (*plugin.Reply, error)
}

// HTTP calls http.handle/1 for a request. The answer must be closed. Faults:
// those of plugin.Registry.Call, and Internal for an answer that names handles
// which are not the call's, Denied for one read under wider authority.
func HTTP(ctx context.Context, c Caller, r *HTTPRequest) (*HTTPAnswer, error) {
	reply, err := c.Call(ctx, plugin.Call{
		Plugin: r.Plugin, Op: abi.OpHTTPHandle, Authority: r.Authority,
		Payload: &contract.HTTPRequest{
			Method: r.Method, Route: r.Route, Path: r.Path, RawQuery: r.RawQuery, Params: r.Params, Headers: r.Headers,
		},
		Body: r.Body, BodyType: r.MediaType, RequestID: r.RequestID, ParentID: r.ParentID, TraceID: r.TraceID, SpanID: r.SpanID,
	})
	if err != nil {
		return nil, err
	}
	answer, err := readHTTP(reply)
	if err != nil {
		reply.Close()
		return nil, err
	}
	return answer, nil
}

func readHTTP(reply *plugin.Reply) (*HTTPAnswer, error) {
	var res contract.HTTPResponse
	if err := reply.Decode(&res); err != nil {
		return nil, err
	}
	if res.Status >= 500 {
		reply.Failed()
	}
	a := &HTTPAnswer{Status: res.Status, Headers: res.Headers, close: reply.Close}
	for _, part := range res.Body {
		if part.Handle == 0 {
			a.Body = append(a.Body, part.Bytes)
			continue
		}
		pieces, _, err := reply.Body(part.Handle)
		if err != nil {
			return nil, err
		}
		a.Body = append(a.Body, pieces...)
	}
	return a, nil
}
