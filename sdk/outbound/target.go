package outbound

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
)

// Target is one place that a plugin may send requests to. A request needs one
// target that covers all of it. Check fills in what was left out.
type Target struct {
	Scheme      string   `json:"scheme,omitempty"`      // https (default) or http
	Host        string   `json:"host"`                  // pattern, see ParsePattern
	Port        int      `json:"port,omitempty"`        // default of the scheme
	Methods     []string `json:"methods,omitempty"`     // none = GET and HEAD
	PathPrefix  string   `json:"pathPrefix,omitempty"`  // whole segments; default /
	Own         bool     `json:"own,omitempty"`         // also without a viewer
	Credentials bool     `json:"credentials,omitempty"` // the plugin may write Authorization and Cookie itself
	Private     bool     `json:"private,omitempty"`     // the host may have a private or loopback address; in grants only
}

// Check returns the target in its one form: defaults filled in, methods sorted.
// With AnyHost scheme and port may stay open for the grant to say.
func (t Target) Check() (Target, error) {
	pattern, err := ParsePattern(t.Host)
	if err != nil {
		return Target{}, err
	}
	t.Host = pattern
	switch {
	case t.Scheme == "" && t.Host != AnyHost:
		t.Scheme = "https"
	case t.Scheme != "" && t.Scheme != "https" && t.Scheme != "http":
		return Target{}, fmt.Errorf("scheme is %.20q; write https or http", t.Scheme)
	}
	switch {
	case t.Port < 0 || t.Port > 65535:
		return Target{}, fmt.Errorf("port is %d; write a number from 1 to 65535", t.Port)
	case t.Port == 0 && t.Scheme != "" && t.Host != AnyHost:
		t.Port = DefaultPort(t.Scheme)
	}
	if t.PathPrefix, err = checkPrefix(t.PathPrefix); err != nil {
		return Target{}, err
	}
	methods := []string{"GET", "HEAD"}
	if len(t.Methods) > 0 {
		methods = nil
		for _, m := range t.Methods {
			if m, err = CheckMethod(m); err != nil {
				return Target{}, err
			}
			methods = append(methods, m)
		}
	}
	slices.Sort(methods)
	t.Methods = slices.Compact(methods)
	return t, nil
}

func checkPrefix(prefix string) (string, error) {
	if prefix == "" || prefix == "/" {
		return "/", nil
	}
	if !strings.HasPrefix(prefix, "/") || strings.ContainsAny(prefix, "?#%;") {
		return "", fmt.Errorf("pathPrefix is %.100q; write a path that starts with /, without escapes, query or parameters", prefix)
	}
	prefix = strings.TrimSuffix(prefix, "/")
	for part := range strings.SplitSeq(prefix[1:], "/") {
		if part == "" || !stays(part) {
			return "", fmt.Errorf("pathPrefix %.100q has an empty part, or one that means another place", prefix)
		}
	}
	return prefix, nil
}

// CheckMethod returns a method in upper case. CONNECT and TRACE are refused:
// the one makes a tunnel of the client, the other answers with credentials.
func CheckMethod(method string) (string, error) {
	m := strings.ToUpper(method)
	if m == "" || len(m) > 20 || strings.Trim(m, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") != "" {
		return "", fmt.Errorf("method %.20q: write a word such as GET", method)
	}
	switch m {
	case "CONNECT", "TRACE", "TRACK", "PRI":
		return "", errors.New("the method " + m + " is never sent")
	}
	return m, nil
}

// Covers reports whether the target, as Check returns it, covers a request.
// own says that no viewer stands behind it.
func (t Target) Covers(method string, u *URL, own bool) bool {
	return t.Scheme == u.Scheme && t.Port == u.Port && MatchHost(t.Host, u.Host) &&
		slices.Contains(t.Methods, method) && (t.Own || !own) && within(u.Segments, t.PathPrefix)
}

// within compares segments, so that /api covers /api/v1 and not /apis.
func within(segments []string, prefix string) bool {
	if prefix == "/" {
		return true
	}
	want := strings.Split(prefix[1:], "/")
	return len(segments) >= len(want) && slices.Equal(segments[:len(want)], want)
}

// Narrow returns what both targets cover, and whether there is anything. Both
// must be as Check returns them. Private is nothing that a manifest could ask
// for, so it holds if either side, which is then the grant, says so.
func (t Target) Narrow(o Target) (Target, bool) {
	host, ok := NarrowHost(t.Host, o.Host)
	if !ok {
		return Target{}, false
	}
	out := Target{Host: host, Own: t.Own && o.Own, Credentials: t.Credentials && o.Credentials, Private: t.Private || o.Private}
	if out.Scheme, ok = same(t.Scheme, o.Scheme); !ok {
		return Target{}, false
	}
	if out.Port, ok = same(t.Port, o.Port); !ok {
		return Target{}, false
	}
	if host != AnyHost {
		if out.Scheme == "" {
			out.Scheme = "https"
		}
		if out.Port == 0 {
			out.Port = DefaultPort(out.Scheme)
		}
	}
	switch {
	case prefixWithin(o.PathPrefix, t.PathPrefix):
		out.PathPrefix = o.PathPrefix
	case prefixWithin(t.PathPrefix, o.PathPrefix):
		out.PathPrefix = t.PathPrefix
	default:
		return Target{}, false
	}
	for _, m := range t.Methods {
		if slices.Contains(o.Methods, m) {
			out.Methods = append(out.Methods, m)
		}
	}
	return out, len(out.Methods) > 0
}

// same returns what both say, where the zero value leaves it open.
func same[T comparable](a, b T) (T, bool) {
	var open T
	switch {
	case a == open:
		return b, true
	case b == open, a == b:
		return a, true
	}
	return open, false
}

func prefixWithin(path, prefix string) bool {
	return prefix == "/" || path == prefix || strings.HasPrefix(path, prefix+"/")
}

// String says the target in words: "GET, HEAD https://api.example.com/v1".
func (t Target) String() string {
	where := t.Host
	switch {
	case t.Host == AnyHost:
		return strings.Join(t.Methods, ", ") + " a host that the grant names, below " + t.PathPrefix
	case t.Port != 0 && t.Port != DefaultPort(t.Scheme):
		where = net.JoinHostPort(t.Host, strconv.Itoa(t.Port))
	case strings.Contains(t.Host, ":"):
		where = "[" + t.Host + "]"
	}
	words := strings.Join(t.Methods, ", ") + " " + t.Scheme + "://" + where + t.PathPrefix
	var more []string
	for _, m := range []struct {
		set  bool
		text string
	}{{t.Own, "also for itself"}, {t.Credentials, "with credentials of its own"}, {t.Private, "at private addresses too"}} {
		if m.set {
			more = append(more, m.text)
		}
	}
	if len(more) > 0 {
		words += " (" + strings.Join(more, ", ") + ")"
	}
	return words
}
