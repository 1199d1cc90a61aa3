package sdk

import (
	"time"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// HTTP reaches other servers through the host's egress client, within the
// targets of plugin.yaml. Package nethttp wraps it as an http.RoundTripper.
type HTTP Client

// HeaderField is one header field.
type HeaderField = contract.Header

// FetchRequest is one request to another server. A header value may name a
// secret as {{secret:name}}; the host puts it in.
type FetchRequest struct {
	Method  string
	URL     string
	Headers []HeaderField
	Body    []byte
	// BodyFrom sends what a handle holds instead of Body.
	BodyFrom Handle
	Timeout  time.Duration // 0 = until the call's deadline
}

// FetchResponse is what the other server answered. The body stays with the host.
type FetchResponse struct {
	Handle
	Status  int
	Headers []HeaderField
}

var opHTTPFetch = operation{abi.CapHTTP, abi.HTTPFetch, "http.fetch/1"}

// Fetch sends one request. Denied means that no target of plugin.yaml, or no
// grant, covers it; a status of 400 and above is no error.
func (h HTTP) Fetch(req FetchRequest) (FetchResponse, error) {
	r := contract.HTTPFetchRequest{
		Method: req.Method, URL: req.URL, Headers: req.Headers, Body: req.Body,
		BodyHandle: req.BodyFrom.id, TimeoutMillis: req.Timeout.Milliseconds(), Own: h.own,
	}
	var a contract.HTTPFetchAnswer
	if err := h.call.do(opHTTPFetch, &r, &a); err != nil {
		return FetchResponse{}, err
	}
	return FetchResponse{Handle: Handle{call: h.call, id: a.Handle, size: a.Size}, Status: a.Status, Headers: a.Headers}, nil
}
