package sdk

import (
	"io"
	"strings"
)

// Values are the parameters of a query string, in the order written.
type Values []Value

// Value is one parameter, decoded.
type Value struct{ Name, Value string }

// Get returns the first value of a name, "" when there is none.
func (v Values) Get(name string) string {
	for i := range v {
		if v[i].Name == name {
			return v[i].Value
		}
	}
	return ""
}

// Has reports whether the name is there, even without a value.
func (v Values) Has(name string) bool {
	for i := range v {
		if v[i].Name == name {
			return true
		}
	}
	return false
}

// All returns every value of a name.
func (v Values) All(name string) []string {
	var out []string
	for i := range v {
		if v[i].Name == name {
			out = append(out, v[i].Value)
		}
	}
	return out
}

// ParseQuery decodes a query string. It never fails: an escape that is not
// one stays as it is written.
func ParseQuery(raw string) Values {
	if raw == "" {
		return nil
	}
	out := make(Values, 0, strings.Count(raw, "&")+1)
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		out = append(out, Value{Name: unescape(name), Value: unescape(value)})
	}
	return out
}

// unescape decodes %XX and "+"; text without either is returned as it is.
func unescape(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			out = append(out, ' ')
		case c == '%' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0:
			out = append(out, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
		default:
			out = append(out, c)
		}
	}
	return string(out)
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// equalFold compares ASCII without regard to case.
func equalFold(a, b string) bool {
	return len(a) == len(b) && strings.EqualFold(a, b)
}

// bytesReader is bytes.Reader without what nobody needs here.
type bytesReader struct{ b []byte }

func (r *bytesReader) Read(p []byte) (int, error) {
	if len(r.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.b)
	r.b = r.b[n:]
	return n, nil
}
