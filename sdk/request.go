package sdk

import (
	"encoding/json"
	"io"
	"unsafe"

	"github.com/callboard/callboard/sdk/contract"
	"github.com/tinylib/msgp/msgp"
)

// Request is one HTTP request to a route of the plugin. Cookies and
// credentials never reach a plugin; ask Identity who is calling.
type Request struct {
	Method   string
	Route    string // the pattern of plugin.yaml that matched
	Path     string // below /api/<plugin id>, percent-encoded as received
	RawQuery string

	params  []contract.Param
	headers []contract.Header
	body    []byte
	query   Values
	parsed  bool
	call    *call

	paramRoom  [4]contract.Param
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

// decodeRequest reads a contract.HTTPRequest without copying its strings: they
// point into b, which the guest never writes again. It is the hot path's
// answer to the generated decoder, which copies each string, and is held to it
// by a test.
func decodeRequest(b []byte, r *Request) error {
	r.params, r.headers = r.paramRoom[:0], r.headerRoom[:0]
	n, b, err := msgp.ReadMapHeaderBytes(b)
	for ; n > 0 && err == nil; n-- {
		var key []byte
		if key, b, err = msgp.ReadMapKeyZC(b); err != nil {
			return err
		}
		switch string(key) {
		case "m":
			r.Method, b, err = readString(b)
		case "r":
			r.Route, b, err = readString(b)
		case "p":
			r.Path, b, err = readString(b)
		case "q":
			r.RawQuery, b, err = readString(b)
		case "a":
			b, err = readPairs(b, func(name, value string) {
				r.params = append(r.params, contract.Param{Name: name, Value: value})
			})
		case "h":
			b, err = readPairs(b, func(name, value string) {
				r.headers = append(r.headers, contract.Header{Name: name, Value: value})
			})
		case "b":
			r.body, b, err = msgp.ReadBytesZC(b)
		default:
			b, err = msgp.Skip(b)
		}
	}
	return err
}

// readPairs reads a list of {n: name, v: value}.
func readPairs(b []byte, add func(name, value string)) ([]byte, error) {
	n, b, err := msgp.ReadArrayHeaderBytes(b)
	for ; n > 0 && err == nil; n-- {
		var fields uint32
		fields, b, err = msgp.ReadMapHeaderBytes(b)
		var name, value string
		for ; fields > 0 && err == nil; fields-- {
			var key []byte
			if key, b, err = msgp.ReadMapKeyZC(b); err != nil {
				return b, err
			}
			switch string(key) {
			case "n":
				name, b, err = readString(b)
			case "v":
				value, b, err = readString(b)
			default:
				b, err = msgp.Skip(b)
			}
		}
		add(name, value)
	}
	return b, err
}

func readString(b []byte) (string, []byte, error) {
	v, rest, err := msgp.ReadStringZC(b)
	return unsafe.String(unsafe.SliceData(v), len(v)), rest, err
}
