package sdk

import (
	"encoding/json"

	"github.com/callboard/callboard/sdk/contract"
)

// Response is the answer of a route. Its body is a list of parts, each bytes
// or a handle; the host sends handles without the plugin ever seeing them.
type Response struct {
	Status int // 0 means 200

	headers []contract.Header
	parts   []contract.BodyPart
	err     error

	headerRoom [4]contract.Header
	partRoom   [3]contract.BodyPart
}

// NewResponse returns an empty response.
func NewResponse(status int) *Response {
	r := &Response{Status: status}
	r.headers, r.parts = r.headerRoom[:0], r.partRoom[:0]
	return r
}

// Text returns a response of plain text.
func Text(status int, s string) *Response {
	return NewResponse(status).Header("Content-Type", "text/plain; charset=utf-8").String(s)
}

// JSON returns a response of v as JSON. A v that has no JSON form answers 500.
func JSON(status int, v any) *Response {
	b, err := json.Marshal(v)
	r := NewResponse(status).Header("Content-Type", "application/json; charset=utf-8").Bytes(b)
	r.err = err
	return r
}

// Header sets a header field, in place of one of the same name. The host
// passes on an allow-list of names.
func (r *Response) Header(name, value string) *Response {
	for i := range r.headers {
		if equalFold(r.headers[i].Name, name) {
			r.headers[i].Value = value
			return r
		}
	}
	r.headers = append(r.headers, contract.Header{Name: name, Value: value})
	return r
}

// AddHeader adds a header field beside those of the same name.
func (r *Response) AddHeader(name, value string) *Response {
	r.headers = append(r.headers, contract.Header{Name: name, Value: value})
	return r
}

// Bytes appends b to the body. b must not change before the handler returns.
func (r *Response) Bytes(b []byte) *Response {
	if len(b) > 0 {
		r.parts = append(r.parts, contract.BodyPart{Bytes: b})
	}
	return r
}

// String appends s to the body.
func (r *Response) String(s string) *Response { return r.Bytes([]byte(s)) }

// Handle appends what a handle holds to the body, without reading it.
func (r *Response) Handle(h Handle) *Response {
	r.parts = append(r.parts, contract.BodyPart{Handle: h.id})
	return r
}
