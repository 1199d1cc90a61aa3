package outbound

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxURL is the longest URL that is sent, in bytes.
const MaxURL = 8 << 10

// URL is a URL in the one reading in which it is checked and sent.
type URL struct {
	Scheme   string   // https or http
	Host     string   // as ParseHost returns it
	Port     int      // never 0
	Segments []string // of the path, each decoded once; a slash at the end leaves an empty one

	sent url.URL
}

// Parse reads an absolute http or https URL as a plugin writes it. Spaces,
// control characters, backslashes and letters outside of ASCII are refused
// wherever they are, for libraries disagree about what they mean.
func Parse(text string) (*URL, error) {
	if len(text) > MaxURL {
		return nil, fmt.Errorf("the URL is longer than %d bytes", MaxURL)
	}
	for i := range len(text) {
		switch c := text[i]; {
		case c <= ' ' || c == 0x7f:
			return nil, errors.New("the URL has a space or a control character; write it percent-encoded")
		case c == '\\':
			return nil, errors.New("the URL has a backslash; write / or %5C")
		case c >= 0x80:
			return nil, errors.New("the URL has letters outside of ASCII; write the host in its xn-- form and the rest percent-encoded")
		}
	}
	if strings.Contains(text, "{{secret:") {
		return nil, errors.New("a secret goes into a header field, never into a URL")
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("the URL cannot be read: %w", errors.Unwrap(err))
	}
	return Of(u)
}

// Of reads a URL that is parsed already, such as the target of a redirect.
func Of(in *url.URL) (*URL, error) {
	switch {
	case in.Scheme != "https" && in.Scheme != "http":
		return nil, fmt.Errorf("the URL has the scheme %.20q; only https and http are sent", in.Scheme)
	case in.Opaque != "":
		return nil, errors.New("the URL has no // after its scheme")
	case in.User != nil:
		return nil, errors.New("the URL has user information; put a credential into a header field")
	case strings.HasSuffix(in.Host, ":"):
		return nil, errors.New("the URL has an empty port")
	case strings.HasPrefix(in.Host, "[") && !strings.Contains(in.Hostname(), ":"):
		return nil, fmt.Errorf("host %.100q is no IPv6 address", in.Host)
	}
	host, err := ParseHost(in.Hostname())
	if err != nil {
		return nil, err
	}
	u := &URL{Scheme: in.Scheme, Host: host, sent: *in}
	if u.Port, err = port(in.Scheme, in.Port()); err != nil {
		return nil, err
	}
	if u.Segments, err = segments(in.EscapedPath()); err != nil {
		return nil, err
	}
	u.sent.Host, u.sent.Fragment, u.sent.RawFragment = u.Authority(), "", ""
	if u.sent.Path == "" {
		u.sent.Path = "/"
	}
	return u, nil
}

// DefaultPort returns the port that a scheme means.
func DefaultPort(scheme string) int {
	if scheme == "http" {
		return 80
	}
	return 443
}

func port(scheme, text string) (int, error) {
	if text == "" {
		return DefaultPort(scheme), nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 65535 || strconv.Itoa(n) != text {
		return 0, fmt.Errorf("port %.20q: write a number from 1 to 65535 without leading zeros", text)
	}
	return n, nil
}

// Sent returns the URL as it is sent: host in its one spelling, without the
// port that the scheme means and without a fragment.
func (u *URL) Sent() *url.URL {
	sent := u.sent
	return &sent
}

// Authority returns the host, with the port where it is not the scheme's own.
func (u *URL) Authority() string {
	host := u.Host
	if u.Port != DefaultPort(u.Scheme) {
		return net.JoinHostPort(host, strconv.Itoa(u.Port))
	}
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

// String returns the URL for messages: without its query, which may tell more
// than a log should hold.
func (u *URL) String() string {
	return u.Scheme + "://" + u.Authority() + u.sent.EscapedPath()
}

// segments returns the parts of a path, each decoded once. A part that could
// lead out of where it stands is refused, however it is encoded and however
// often a server decodes it.
func segments(escaped string) ([]string, error) {
	if escaped == "" {
		escaped = "/"
	}
	if escaped[0] != '/' {
		return nil, errors.New("the path of the URL does not start with /")
	}
	parts := strings.Split(escaped[1:], "/")
	for i, part := range parts {
		decoded := unescape(part)
		if !utf8.ValidString(decoded) {
			return nil, fmt.Errorf("the path of the URL has %.60q, which is not UTF-8", part)
		}
		for text := decoded; ; {
			if !stays(text) {
				return nil, fmt.Errorf("the path of the URL has %.60q, which may mean another place; write the path out", part)
			}
			again := unescape(text)
			if again == text {
				break
			}
			text = again
		}
		parts[i] = decoded
	}
	return parts, nil
}

// stays reports whether a text is where it stands, also for a server that
// takes a decoded slash for a separator, or cuts parameters off at a semicolon.
func stays(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == 0x7f || c == '\\' {
			return false
		}
	}
	for part := range strings.SplitSeq(text, "/") {
		name, _, _ := strings.Cut(part, ";")
		if name = strings.TrimSpace(name); name == "." || name == ".." {
			return false
		}
	}
	return true
}

// unescape decodes what is percent-encoded and leaves the rest as it is, as
// lenient servers do.
func unescape(text string) string {
	if !strings.Contains(text, "%") {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if n, err := strconv.ParseUint(text[i+1:i+3], 16, 8); err == nil {
				out = append(out, byte(n))
				i += 2
				continue
			}
		}
		out = append(out, text[i])
	}
	return string(out)
}
