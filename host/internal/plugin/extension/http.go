package extension

import (
	"context"

	"github.com/callboard/callboard/host/internal/fault"
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

// Bounds of an answer's body. A few bytes of a reply name a handle, each of its
// parts does so anew, and a handle may have a hundred thousand pieces: so that
// already the list of the pieces is bounded while it grows.
const (
	maxPieces = 1 << 20
	maxBody   = 256 << 20 // bytes
)

func readHTTP(reply *plugin.Reply) (*HTTPAnswer, error) {
	var res contract.HTTPResponse
	if err := reply.Decode(&res); err != nil {
		return nil, err
	}
	if res.Status >= 500 {
		reply.Failed()
	}
	a := &HTTPAnswer{Status: res.Status, Headers: res.Headers, close: reply.Close}
	var err error
	a.Body, err = assemble(res.Body, reply.Body)
	return a, err
}

// assemble returns the pieces of a body. Faults: Exhausted, and those of open.
func assemble(parts []contract.BodyPart, open func(handle uint32) ([][]byte, string, error)) ([][]byte, error) {
	var body [][]byte
	size := 0
	for _, part := range parts {
		pieces := [][]byte{part.Bytes}
		if part.Handle != 0 {
			var err error
			if pieces, _, err = open(part.Handle); err != nil {
				return nil, err
			}
		}
		for _, piece := range pieces {
			size += len(piece)
		}
		if size > maxBody || len(body)+len(pieces) > maxPieces {
			return nil, fault.New(fault.Exhausted, "the plugin's answer is larger than %d bytes, or has more than %d pieces", maxBody, maxPieces)
		}
		body = append(body, pieces...)
	}
	return body, nil
}
