package outbound_test

import (
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/callboard/callboard/sdk/outbound"
)

func TestURLsAreReadInOneWay(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"https://api.example.com", "https://api.example.com/"},
		{"HTTPS://API.Example.COM/v1", "https://api.example.com/v1"},
		{"https://api.example.com:443/v1", "https://api.example.com/v1"},
		{"http://api.example.com:80/", "http://api.example.com/"},
		{"http://api.example.com:443/", "http://api.example.com:443/"},
		{"https://192.0.2.1/x", "https://192.0.2.1/x"},
		{"https://[2001:DB8:0:0::1]:8443/x", "https://[2001:db8::1]:8443/x"},
		{"https://[::ffff:192.0.2.1]/x", "https://192.0.2.1/x"},
		{"https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"},
		{"https://my_service/", "https://my_service/"},
		{"https://a.example/x#@evil.example", "https://a.example/x"},
		{"https://a.example/a%2Fb/c%20d?x=%2e%2e/&y=1", "https://a.example/a%2Fb/c%20d?x=%2e%2e/&y=1"},
		{"https://a.example/a//b", "https://a.example/a//b"},
		{"https://a.example/...", "https://a.example/..."},
	} {
		u, err := outbound.Parse(tc.text)
		if err != nil {
			t.Errorf("%s: %v", tc.text, err)
		} else if got := u.Sent().String(); got != tc.want {
			t.Errorf("%s is sent as %s, want %s", tc.text, got, tc.want)
		}
	}
}

func TestURLsThatNobodyReadsAlikeAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"no scheme": "api.example.com/x", "no host": "https:///x", "relative": "//api.example.com/x", "file": "file:///etc/passwd",
		"opaque": "https:api.example.com", "gopher": "gopher://a.example/", "data": "data:text/plain,x",
		"user": "https://allowed.example@evil.example/", "user and password": "https://user:pw@a.example/",
		"empty user":                    "https://@a.example/",
		"backslash for slash":           `https://evil.example\@allowed.example/`,
		"backslash in the path":         `https://a.example/x\..\y`,
		"backslash encoded":             "https://a.example/x%5c..%5cy",
		"space":                         "https://a.example/ x",
		"space before":                  " https://a.example/",
		"tab in the host":               "https://allowed.example\t.evil.example/",
		"tab in the scheme":             "ht\ttps://a.example/",
		"line feed":                     "https://a.example/x\nHost: evil.example",
		"carriage return":               "https://a.example/\r\nX: y",
		"NUL":                           "https://a.example/\x00",
		"NUL encoded":                   "https://a.example/x%00y",
		"line feed encoded in the path": "https://a.example/x%0d%0aHost:%20evil",
		"line feed encoded in the host": "https://a.example%0d%0a/",
		"empty port":                    "https://a.example:/", "port 0": "https://a.example:0/", "port 65536": "https://a.example:65536/",
		"port with a zero": "https://a.example:0443/", "port with a sign": "https://a.example:+443/", "port in letters": "https://a.example:https/",
		"port of many digits": "https://a.example:99999999999999999999/", "two ports": "https://a.example:80:443/",
		"decimal address": "https://2130706433/", "hexadecimal address": "https://0x7f000001/", "hexadecimal, upper case": "https://0X7F000001/",
		"hexadecimal part": "https://127.0.0.0x1/", "octal address": "https://0177.0.0.1/", "short address": "https://127.1/", "zero": "https://0/",
		"address of five parts": "https://127.0.0.1.1/", "address with a dot": "https://127.0.0.1./", "part above 255": "https://256.0.0.1/",
		"IPv6 with a zone": "https://[fe80::1%25eth0]/", "loopback with a zone": "https://[::1%25lo]/", "IPv6 without brackets": "https://::1/",
		"name in brackets": "https://[a.example]/", "IPv4 in brackets": "https://[127.0.0.1]/",
		"dot at the end": "https://a.example./", "two dots": "https://a..example/", "dot first": "https://.example/", "only dots": "https://../",
		"Cyrillic a": "https://\u0430llowed.example/", "ideographic full stop": "https://a\u3002example/", "fullwidth digits": "https://\uff11\uff12\uff17.0.0.1/",
		"circled digits": "https://\u2460\u2461\u2466.0.0.1/", "soft hyphen": "https://al\u00adlowed.example/",
		"encoded letters in the host": "https://a%2eexample/", "encoded fullwidth in the host": "https://a%ef%bc%8eexample/", "percent in the host": "https://a%zz.example/",
		"hyphen first": "https://-a.example/", "a wildcard": "https://*.example.com/", "label too long": "https://" + strings.Repeat("a", 64) + ".example/",
		"name too long": "https://" + strings.Repeat("a.", 130) + "example/",
		"dot segment":   "https://a.example/api/./x", "dot-dot segment": "https://a.example/api/../admin", "dot-dot at the end": "https://a.example/api/..",
		"dot-dot encoded": "https://a.example/api/%2e%2e/admin", "half encoded": "https://a.example/api/.%2E/admin", "encoded twice": "https://a.example/api/%252e%252e/admin",
		"encoded three times": "https://a.example/api/%25252e%25252e/admin", "twice, with rubbish behind": "https://a.example/api/%252e%252e%252fadmin%25",
		"slash encoded": "https://a.example/api/..%2fadmin", "all encoded": "https://a.example/api/x%2f%2e%2e%2f%2e%2e%2fadmin",
		"parameters of a path": "https://a.example/api/..;/admin", "parameters, encoded": "https://a.example/api/..%3bx/admin", "dot-dot and a space": "https://a.example/api/..%20/admin",
		"overlong UTF-8": "https://a.example/api/%c0%ae%c0%ae/admin", "not UTF-8": "https://a.example/%ff",
		"broken escape": "https://a.example/%zz", "too long": "https://a.example/" + strings.Repeat("x", outbound.MaxURL),
		"a secret in the query": "https://a.example/?key={{secret:x}}", "a secret in the path": "https://a.example/{{secret:x}}",
	} {
		if u, err := outbound.Parse(text); err == nil {
			t.Errorf("%s: %q is read as %s", name, text, u.Sent())
		} else if strings.Contains(err.Error(), "pw") {
			t.Errorf("%s: the error shows the password: %v", name, err)
		}
	}
}

func TestMessagesHaveNoQuery(t *testing.T) {
	u, err := outbound.Parse("https://a.example:8443/p%20q?token=canary")
	if err != nil || u.String() != "https://a.example:8443/p%20q" {
		t.Errorf("%v, %v", u, err)
	}
}

// FuzzParse holds what is accepted to being read alike by everybody: again by
// us, by net/url, and as a path by servers that decode more than once.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"https://a.example/x", "http://127.0.0.1:80/%2e%2e/", "https://[::1]:443/?q#f", "https://a.example/%252e/..;x/%5c", "https://user@h:0/", "https://0x7f.1/",
		"https://a/%2F..%2f", "HTTP://A_b.C:8080//", "https://a.example/%c0%ae", "https://a.example/.%20./",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := outbound.Parse(text)
		if err != nil {
			return
		}
		sent := u.Sent()
		again, err := outbound.Parse(sent.String())
		if err != nil {
			t.Fatalf("%q is sent as %q, which is refused: %v", text, sent, err)
		}
		if again.Sent().String() != sent.String() || again.Host != u.Host || again.Port != u.Port || !slices.Equal(again.Segments, u.Segments) {
			t.Fatalf("%q is read as %q and then as %q", text, sent, again.Sent())
		}
		other, err := url.Parse(text)
		if err != nil {
			t.Fatalf("net/url does not read %q: %v", text, err)
		}
		host := strings.ToLower(other.Hostname())
		if addr, err := netip.ParseAddr(host); err == nil {
			host = addr.Unmap().String()
		}
		if host != u.Host || sent.User != nil || strings.ContainsAny(sent.String(), " \\\r\n\t\x00") {
			t.Fatalf("%q has the host %q for net/url and %q for us; it is sent as %q", text, host, u.Host, sent)
		}
		decoded := sent.EscapedPath()
		for range 5 {
			if strings.Contains(decoded, "\\") || decoded != "/" && strings.Contains(path.Clean(decoded)+"/", "/../") {
				t.Fatalf("%q leads out of its place: %q", text, decoded)
			}
			for part := range strings.SplitSeq(decoded, "/") {
				if part == ".." || part == "." || strings.HasPrefix(part, "..;") {
					t.Fatalf("%q decodes to %q", text, decoded)
				}
			}
			next, err := url.PathUnescape(decoded)
			if err != nil {
				break
			}
			decoded = next
		}
	})
}
