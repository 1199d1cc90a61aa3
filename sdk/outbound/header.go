package outbound

import (
	"fmt"
	"net/textproto"
	"strings"
)

// Bounds of the header of a request.
const (
	MaxFields      = 100
	MaxHeaderBytes = 32 << 10 // names and values
)

// forbidden are the header fields that a plugin never writes, with the reason
// that a message gives.
var forbidden = map[string]string{
	"Host":              "the host is that of the URL",
	"Content-Length":    "the length is that of the body",
	"Transfer-Encoding": "the length is that of the body",
	"Accept-Encoding":   "the client asks for what it can decode",
	"Connection":        "connections are the client's",
	"Keep-Alive":        "connections are the client's",
	"Te":                "connections are the client's",
	"Trailer":           "connections are the client's",
	"Upgrade":           "connections are the client's",
	"Http2-Settings":    "connections are the client's",
	"Expect":            "connections are the client's",
	"Via":               "a plugin is no proxy",
	"Forwarded":         "a plugin is no proxy",
	"X-Real-Ip":         "a plugin is no proxy",
	"X-Original-Url":    "it replaces the path that was checked",
	"X-Rewrite-Url":     "it replaces the path that was checked",
	"X-Original-Host":   "it replaces the host that was checked",
	"X-Host":            "it replaces the host that was checked",
	"X-Http-Method":     "it replaces the method that was checked",
	"X-Method-Override": "it replaces the method that was checked",
	"Cookie2":           "write Cookie",
	"X-Forwarded":       "a plugin is no proxy",
	"X-Original-Method": "it replaces the method that was checked",
}

// forbiddenPrefixes are families of such fields.
var forbiddenPrefixes = map[string]string{
	"Proxy-":                 "the proxy is the operator's",
	"X-Forwarded-":           "a plugin is no proxy",
	"X-Http-Method-Override": "it replaces the method that was checked",
}

// CheckHeader returns the canonical name of a header field that a plugin may
// write, or why it may not.
func CheckHeader(name, value string) (string, error) {
	if name == "" || len(name) > 200 || strings.ContainsFunc(name, func(r rune) bool { return !isToken(r) }) {
		return "", fmt.Errorf("header field name %.60q: write letters, digits and -", name)
	}
	canonical := textproto.CanonicalMIMEHeaderKey(name)
	// Some servers take _ for -, so that a forbidden field could pass as another.
	spelled := textproto.CanonicalMIMEHeaderKey(strings.ReplaceAll(name, "_", "-"))
	if why, ok := forbidden[spelled]; ok {
		return "", fmt.Errorf("header field %s may not be set: %s", canonical, why)
	}
	for prefix, why := range forbiddenPrefixes {
		if strings.HasPrefix(spelled, prefix) {
			return "", fmt.Errorf("header field %s may not be set: %s", canonical, why)
		}
	}
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c >= 0x7f {
			return "", fmt.Errorf("header field %s has a value with a control character, or one outside of ASCII", canonical)
		}
	}
	return canonical, nil
}

// IsCredential reports whether a field, by its canonical name, is made for
// credentials: a plugin writes it with a secret, or where its target says
// that it may bring credentials of its own.
func IsCredential(name string) bool { return name == "Authorization" || name == "Cookie" }

func isToken(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

// withheld are the header fields of an answer that no plugin gets: cookies are
// for browsers, the rest is about the connection.
var withheld = map[string]bool{
	"Set-Cookie": true, "Set-Cookie2": true, "Connection": true, "Keep-Alive": true, "Transfer-Encoding": true, "Te": true,
	"Trailer": true, "Upgrade": true, "Alt-Svc": true, "Proxy-Authenticate": true, "Proxy-Authentication-Info": true, "Proxy-Connection": true,
}

// Shown reports whether a plugin gets a field of an answer, by canonical name.
func Shown(name string) bool { return !withheld[name] }
