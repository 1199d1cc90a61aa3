package sdk

import (
	"encoding/json"
	"io"

	"github.com/callboard/callboard/sdk/contract"
)

// Request is one HTTP request to a route of the plugin. Cookies and
// credentials never reach a plugin; ask Identity who is calling.
type Request struct {
	Method   string
	Route    string // the pattern of plugin.yaml that matched
	Path     string // below /api/<plugin id>, percent-encoded as received
	RawQuery string

	params  []contract.Header
	headers []contract.Header
	body    []byte
	query   Values
	parsed  bool
	call    *call

	paramRoom  [4]contract.Header
	headerRoom [8]contract.Header
}

// Param returns the path parameter of a name, decoded, "" when there is none.
func (r *Request) Param(name string) string {
	for i := range r.params {
		if r.params[i].Name == name {
			return r.params[i].Value
		}
	}
	return ""
}

// Header returns the first header field of a name, which is compared without
// regard to case, "" when there is none.
func (r *Request) Header(name string) string {
	for i := range r.headers {
		if equalFold(r.headers[i].Name, name) {
			return r.headers[i].Value
		}
	}
	return ""
}

// Headers yields every header field.
func (r *Request) Headers(yield func(name, value string) bool) {
	for _, h := range r.headers {
		if !yield(h.Name, h.Value) {
			return
		}
	}
}

// Params yields every path parameter.
func (r *Request) Params(yield func(name, value string) bool) {
	for _, p := range r.params {
		if !yield(p.Name, p.Value) {
			return
		}
	}
}

// Query returns the decoded query string.
func (r *Request) Query() Values {
	if !r.parsed {
		r.query, r.parsed = ParseQuery(r.RawQuery), true
	}
	return r.query
}

// BodyHandle returns the handle of a body above 16 KiB, which stays with the
// host until it is read; ok is false for a smaller one, which is there already.
func (r *Request) BodyHandle() (h Handle, ok bool) {
	id := r.call.header.Body
	return Handle{call: r.call, id: id}, id != 0
}

// Body returns the whole body. It belongs to the request.
func (r *Request) Body() ([]byte, error) {
	h, ok := r.BodyHandle()
	if !ok || len(r.body) > 0 {
		return r.body, nil
	}
	b, err := h.Bytes()
	r.body = b
	return b, err
}

// BodyReader reads the body without holding all of it.
func (r *Request) BodyReader() io.Reader {
	if h, ok := r.BodyHandle(); ok {
		return h.Reader()
	}
	return &bytesReader{b: r.body}
}

// JSON decodes the body into v. What does not fit is an Invalid error.
func (r *Request) JSON(v any) error {
	b, err := r.Body()
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return Errorf(CodeInvalid, "the body is not the expected JSON: %w", err)
	}
	return nil
}
