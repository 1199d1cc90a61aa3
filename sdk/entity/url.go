package entity

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"
)

// CheckURL checks that a browser could parse s as an absolute URL, by the
// rules of the WHATWG URL standard, which Backstage applies to links.
// Whether the scheme is one to follow is another question.
func CheckURL(s string) error {
	trimmed := strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
	if strings.ContainsAny(trimmed, "\t\n\r") {
		trimmed = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(trimmed)
	}
	scheme, rest, ok := cutScheme(trimmed)
	if !ok {
		return fmt.Errorf("%q is not an absolute URL; start with a scheme, as in https://", clip(s))
	}
	if err := checkAfterScheme(scheme, rest); err != nil {
		return fmt.Errorf("%q is not a URL: %w", clip(s), err)
	}
	return nil
}

func cutScheme(s string) (scheme, rest string, ok bool) {
	scheme, rest, ok = strings.Cut(s, ":")
	if !ok || scheme == "" || !letter(scheme[0]) {
		return "", "", false
	}
	for i := 0; i < len(scheme); i++ {
		if c := scheme[i]; !alphanumeric(c) && c != '+' && c != '-' && c != '.' {
			return "", "", false
		}
	}
	return fold(scheme), rest, true
}

func checkAfterScheme(scheme, rest string) error {
	switch scheme {
	case "http", "https", "ws", "wss", "ftp":
		return checkAuthority(strings.TrimLeft(rest, `/\`), `/\?#`, true)
	case "file":
		if rest = strings.ReplaceAll(rest, `\`, "/"); !strings.HasPrefix(rest, "//") {
			return nil
		}
		host := rest[2:]
		if i := strings.IndexAny(host, "/?#"); i >= 0 {
			host = host[:i]
		}
		if host == "" || len(host) == 2 && letter(host[0]) && (host[1] == ':' || host[1] == '|') {
			return nil // none, or a Windows drive
		}
		return checkDomain(host)
	default:
		if !strings.HasPrefix(rest, "//") {
			return nil
		}
		return checkAuthority(rest[2:], "/?#", false)
	}
}

// checkAuthority checks [user@]host[:port]; a special scheme must have a host,
// and its host is a domain or an address.
func checkAuthority(s, end string, special bool) error {
	if i := strings.IndexAny(s, end); i >= 0 {
		s = s[:i]
	}
	credentials := false
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		s, credentials = s[i+1:], true
	}
	host, port := s, ""
	if i := strings.LastIndexByte(s, ':'); i >= 0 && i > strings.LastIndexByte(s, ']') {
		host, port = s[:i], s[i+1:]
		if host == "" {
			return errors.New("there is a port but no host")
		}
	}
	if host == "" {
		if special || credentials {
			return errors.New("the host is empty")
		}
		return nil
	}
	for i := 0; i < len(port); i++ {
		if !digit(port[i]) {
			return fmt.Errorf("port %q is not a number", port)
		}
	}
	if n, err := strconv.ParseUint(strings.TrimLeft(port, "0"), 10, 64); strings.Trim(port, "0") != "" && (err != nil || n > 65535) {
		return fmt.Errorf("port %s is out of range", port)
	}
	if special {
		return checkDomain(host)
	}
	if strings.HasPrefix(host, "[") {
		return checkIPv6(host)
	}
	if i := strings.IndexAny(host, "\x00 #/:<>?@[\\]^|"); i >= 0 {
		return fmt.Errorf("%q is not allowed in a host", host[i])
	}
	return nil
}

func checkDomain(host string) error {
	if strings.HasPrefix(host, "[") {
		return checkIPv6(host)
	}
	decoded := unescape(host)
	if !utf8.ValidString(decoded) || decoded == "" {
		return errors.New("the host is not text")
	}
	for i := 0; i < len(decoded); i++ {
		if c := decoded[i]; c <= ' ' || c == 0x7f || strings.IndexByte(`#/:<>?@[\]^|%`, c) >= 0 {
			return fmt.Errorf("%q is not allowed in a host", c)
		}
	}
	labels := strings.Split(strings.TrimSuffix(decoded, "."), ".")
	if last := labels[len(labels)-1]; isNumber(last) {
		return checkIPv4(labels)
	}
	return nil
}

func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if v, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(v))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func checkIPv6(host string) error {
	inner, ok := strings.CutSuffix(host[1:], "]")
	addr, err := netip.ParseAddr(inner)
	if !ok || err != nil || !addr.Is6() || addr.Zone() != "" {
		return fmt.Errorf("%s is no IPv6 address", host)
	}
	return nil
}

// isNumber reports whether a host's last label makes the host an IPv4
// address, which browsers also write in octal, in hexadecimal and shortened.
func isNumber(s string) bool {
	if s == "" {
		return false
	}
	if strings.Trim(s, "0123456789") == "" {
		return true
	}
	_, ok := ipv4Part(s)
	return ok
}

func ipv4Part(s string) (uint64, bool) {
	base := 10
	switch {
	case len(s) >= 2 && (s[:2] == "0x" || s[:2] == "0X"):
		s, base = s[2:], 16
	case len(s) >= 2 && s[0] == '0':
		s, base = s[1:], 8
	}
	if s == "" {
		return 0, base == 16
	}
	if strings.ContainsAny(s, "+-_") {
		return 0, false
	}
	n, err := strconv.ParseUint(s, base, 64)
	return n, err == nil || errors.Is(err, strconv.ErrRange)
}

func checkIPv4(labels []string) error {
	bad := fmt.Errorf("%s is no IPv4 address", strings.Join(labels, "."))
	if len(labels) > 4 {
		return bad
	}
	for i, l := range labels {
		n, ok := ipv4Part(l)
		limit := uint64(255)
		if i == len(labels)-1 {
			limit = 1<<(8*(5-len(labels))) - 1
		}
		if !ok || l == "" || n > limit {
			return bad
		}
	}
	return nil
}
