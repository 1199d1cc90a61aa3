package web

import (
	"bytes"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/callboard/callboard/host/internal/fault"
)

// unambiguous refuses requests that two servers could read in two ways: what a
// proxy in front takes for one request must not be two here, or one for
// another host. The parser below us is lenient, so the fields are looked at as
// they came. A refusal ends the connection, for nothing says where the next
// request starts.
func unambiguous(c *fiber.Ctx) error {
	h := &c.Request().Header
	f, err := readFields(h.RawHeaders())
	if err == nil {
		err = f.check(string(h.Protocol()))
	}
	if err == nil {
		err = checkTarget(h.RequestURI())
	}
	if err != nil {
		c.Context().SetConnectionClose()
		return err
	}
	if f.transferEncodings > 0 {
		// Servers disagree about chunks more than about anything else.
		c.Context().SetConnectionClose()
	}
	if f.encoded {
		return &statusError{fiber.StatusUnsupportedMediaType, "send the body without Content-Encoding"}
	}
	return c.Next()
}

// fields is what the fields of a request say about its limits.
type fields struct {
	hosts, lengths, transferEncodings int
	chunked                           bool // the transfer encoding is "chunked" and nothing else
	encoded                           bool // the body has a Content-Encoding
}

func malformed(why string) error {
	return fault.New(fault.Invalid, "the request is malformed: %s", why)
}

func readFields(raw []byte) (f fields, err error) {
	ends := bytes.Count(raw, []byte("\r\n"))
	if bytes.Count(raw, []byte("\n")) != ends || bytes.Count(raw, []byte("\r")) != ends || bytes.IndexByte(raw, 0) >= 0 {
		return f, malformed("each header field is a line of its own that ends in CR LF")
	}
	for len(raw) > 0 {
		end := bytes.IndexByte(raw, '\n')
		if end < 0 {
			return f, malformed("each header field is a line of its own that ends in CR LF")
		}
		line := raw[:end-1]
		if raw = raw[end+1:]; len(line) == 0 {
			continue
		}
		colon := bytes.IndexByte(line, ':')
		if colon < 0 || !isToken(line[:colon]) {
			return f, malformed("a header field is a name, a colon and a value")
		}
		f.note(line[:colon], line[colon+1:])
	}
	return f, nil
}

func (f *fields) note(name, value []byte) {
	switch len(name) {
	case len("Host"):
		if bytes.EqualFold(name, []byte("Host")) {
			f.hosts++
		}
	case len("Content-Length"):
		if bytes.EqualFold(name, []byte("Content-Length")) {
			f.lengths++
		}
	case len("Content-Encoding"):
		if bytes.EqualFold(name, []byte("Content-Encoding")) && !bytes.EqualFold(bytes.TrimSpace(value), []byte("identity")) {
			f.encoded = true
		}
	case len("Transfer-Encoding"):
		if bytes.EqualFold(name, []byte("Transfer-Encoding")) {
			f.transferEncodings++
			f.chunked = bytes.EqualFold(bytes.Trim(value, " \t"), []byte("chunked"))
		}
	}
}

func (f *fields) check(protocol string) error {
	switch {
	case protocol != "HTTP/1.1" && protocol != "HTTP/1.0":
		return &statusError{fiber.StatusHTTPVersionNotSupported, "this server speaks HTTP/1.1"}
	case f.hosts != 1:
		return malformed("it needs the field Host, once")
	case f.lengths > 1:
		return malformed("it has Content-Length more than once")
	case f.transferEncodings > 0 && (f.lengths > 0 || f.transferEncodings > 1 || !f.chunked || protocol != "HTTP/1.1"):
		return malformed("Transfer-Encoding is chunked, alone, or absent")
	}
	return nil
}

// checkTarget allows paths only. A target that starts with two slashes or a
// scheme would be taken to name a host, whatever the field Host says.
func checkTarget(target []byte) error {
	if len(target) == 0 || target[0] != '/' || bytes.HasPrefix(target, []byte("//")) {
		return malformed("its target is a path such as /catalog")
	}
	for _, b := range target {
		if b <= ' ' || b == 0x7f {
			return malformed("its target has a character that must be percent-encoded")
		}
	}
	return nil
}

// isToken reports whether s is a token of RFC 9110, as field names are.
func isToken(s []byte) bool {
	for _, b := range s {
		switch {
		case b >= 'a' && b <= 'z', b == '-', b >= 'A' && b <= 'Z', b >= '0' && b <= '9':
		case strings.IndexByte("!#$%&'*+.^_`|~", b) >= 0:
		default:
			return false
		}
	}
	return len(s) > 0
}
