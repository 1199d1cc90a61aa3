package sdk

import (
	"strings"
	"time"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// HTTP reaches other servers through the host's egress client, within the
// targets of plugin.yaml. Package nethttp wraps it as an http.RoundTripper.
// Through Own a request needs a target with own: true, and its answer is not
// shown to a viewer.
type HTTP Client

// HeaderField is one header field.
type HeaderField = contract.Header

// FetchRequest is one request to another server.
type FetchRequest struct {
	Method string // "" = GET
	// URL is absolute, https or http, in ASCII: hosts in their xn-- form, the
	// rest percent-encoded.
	URL string
	// Headers are the header fields. A value may name a secret, see Secret; the
	// host puts it in. Fields of the connection and of proxies are refused, and
	// Authorization and Cookie need a secret or a target with credentials: true.
	Headers []HeaderField
	Body    []byte // of methods other than GET and HEAD
	// BodyFrom sends what a handle holds instead of Body.
	BodyFrom Handle
	Timeout  time.Duration // 0 = until the call's deadline
	// NoRedirects makes an answer that redirects the answer. Otherwise the host
	// follows up to five, each checked like the first request; to another host
	// it takes neither secrets nor fields that might be one.
	NoRedirects bool
}

// FetchResponse is what the other server answered. The body stays with the
// host: read it, or put the handle into a response to send it on.
type FetchResponse struct {
	Handle
	URL     string // that answered, after redirects
	Status  int
	Headers []HeaderField // by name, without cookies
}

// Header returns the first value of a field, "" if there is none.
func (r FetchResponse) Header(name string) string {
	for _, f := range r.Headers {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

var opHTTPFetch = operation{abi.CapHTTP, abi.HTTPFetch, "http.fetch/1"}

// Fetch sends one request. Denied means that no target of plugin.yaml, or no
// grant, covers it, or that the answer repeats a secret; Exhausted that the
// call's quota of egress or of handles is used up; Timeout and Unavailable that
// the other server is slow or gone. A status of 400 and above is no error.
func (h HTTP) Fetch(req FetchRequest) (FetchResponse, error) {
	r := contract.HTTPFetchRequest{
		Method: req.Method, URL: req.URL, Headers: req.Headers, Body: req.Body,
		BodyHandle: req.BodyFrom.id, TimeoutMillis: req.Timeout.Milliseconds(), Own: h.own, NoRedirects: req.NoRedirects,
	}
	var a contract.HTTPFetchAnswer
	if err := h.call.do(opHTTPFetch, &r, &a); err != nil {
		return FetchResponse{}, err
	}
	return FetchResponse{Handle: Handle{call: h.call, id: a.Handle, size: a.Size}, URL: a.URL, Status: a.Status, Headers: a.Headers}, nil
}

// Get fetches a URL with header fields given as name, value, name, value.
func (h HTTP) Get(url string, header ...string) (FetchResponse, error) {
	req := FetchRequest{URL: url}
	for i := 0; i+1 < len(header); i += 2 {
		req.Headers = append(req.Headers, HeaderField{Name: header[i], Value: header[i+1]})
	}
	return h.Fetch(req)
}
