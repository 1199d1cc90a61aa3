package egress_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/egress"
	"github.com/callboard/callboard/host/internal/fault"
)

// reachAll lets a policy reach every host as far as r goes.
func reachAll(r egress.Reach) egress.Policy {
	return egress.Policy{Reach: func(*url.URL) egress.Reach { return r }}
}

func get(t *testing.T, c *egress.Client, target string, header http.Header) (string, http.Header, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	res, err := c.Do(req)
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	return string(b), res.Header, err
}

func wantFault(t *testing.T, err error, kind fault.Kind, text string) {
	t.Helper()
	if !fault.Is(err, kind) || !strings.Contains(fault.Message(err), text) {
		t.Fatalf("got %v (%s), want %s with %q", err, fault.KindOf(err), kind, text)
	}
}

func TestAddressesThatAreNeverPublic(t *testing.T) {
	client := egress.New(egress.Config{}).Client(reachAll(egress.Public))
	for name, host := range map[string]string{
		"loopback":                "127.0.0.1",
		"loopback, other":         "127.8.8.8",
		"loopback IPv6":           "[::1]",
		"IPv6-mapped loopback":    "[::ffff:127.0.0.1]",
		"IPv6-mapped metadata":    "[::ffff:169.254.169.254]",
		"private 10":              "10.1.2.3",
		"private 172.16":          "172.16.0.1",
		"private 192.168":         "192.168.1.1",
		"unique local":            "[fd12::1]",
		"link-local metadata":     "169.254.169.254",
		"metadata over IPv6":      "[fd00:ec2::254]",
		"link-local IPv6":         "[fe80::1]",
		"unspecified":             "0.0.0.0",
		"unspecified IPv6":        "[::]",
		"shared address space":    "100.64.1.1",
		"NAT64 of loopback":       "[64:ff9b::7f00:1]",
		"6to4 of loopback":        "[2002:7f00:1::]",
		"multicast":               "224.0.0.1",
		"broadcast":               "255.255.255.255",
		"name that resolves home": "localhost",
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := get(t, client, "http://"+host+":1/", nil)
			wantFault(t, err, fault.Denied, "")
		})
	}
}

// Numbers that some resolvers read as addresses either fail to resolve or are
// caught at dial time; they never connect.
func TestOddSpellingsOfLoopbackNeverConnect(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "inside") }))
	defer srv.Close()
	port := srv.Listener.Addr().(*net.TCPAddr).Port
	client := egress.New(egress.Config{}).Client(reachAll(egress.Public))
	for _, host := range []string{"2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0"} {
		t.Run(host, func(t *testing.T) {
			body, _, err := get(t, client, fmt.Sprintf("http://%s:%d/", host, port), nil)
			if err == nil || body != "" {
				t.Fatalf("connected: %q, %v", body, err)
			}
		})
	}
}

func TestPrivateReachStillRefusesMetadata(t *testing.T) {
	client := egress.New(egress.Config{}).Client(reachAll(egress.Private))
	for _, host := range []string{"169.254.169.254", "[fd00:ec2::254]", "[fe80::1]", "100.100.100.200"} {
		_, _, err := get(t, client, "http://"+host+"/latest/meta-data", nil)
		wantFault(t, err, fault.Denied, "")
	}
}

func TestRedirectIsCheckedAgain(t *testing.T) {
	inside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "inside") }))
	defer inside.Close()
	outside := httptest.NewServer(http.RedirectHandler(inside.URL, http.StatusFound))
	defer outside.Close()
	allowed := strings.TrimPrefix(outside.URL, "http://")
	client := egress.New(egress.Config{}).Client(egress.Policy{Reach: func(u *url.URL) egress.Reach {
		if u.Host == allowed {
			return egress.Private
		}
		return egress.Refused
	}})
	_, _, err := get(t, client, outside.URL, nil)
	wantFault(t, err, fault.Denied, "is not allowed")
}

func TestRedirectFromPublicHostToLoopbackAddress(t *testing.T) {
	inside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "inside") }))
	defer inside.Close()
	outside := httptest.NewServer(http.RedirectHandler(inside.URL, http.StatusFound))
	defer outside.Close()
	first := strings.TrimPrefix(outside.URL, "http://")
	client := egress.New(egress.Config{}).Client(egress.Policy{Reach: func(u *url.URL) egress.Reach {
		if u.Host == first {
			return egress.Private
		}
		return egress.Public // any other host, as long as its address is public
	}})
	_, _, err := get(t, client, outside.URL, nil)
	wantFault(t, err, fault.Denied, "loopback")
}

func TestCredentialsStayWithTheirHost(t *testing.T) {
	var got http.Header
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Clone() }))
	defer other.Close()
	first := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer first.Close()
	client := egress.New(egress.Config{}).Client(reachAll(egress.Private))
	_, _, err := get(t, client, first.URL, http.Header{
		"Authorization": {"Bearer canary"}, "Cookie": {"s=canary"}, "X-Api-Key": {"canary"}, "Private-Token": {"canary"}, "Accept": {"text/yaml"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(fmt.Sprint(got), "canary") {
		t.Errorf("a credential crossed hosts: %v", got)
	}
	if got.Get("Accept") != "text/yaml" {
		t.Errorf("Accept was dropped: %v", got)
	}
}

func TestRefusedURLs(t *testing.T) {
	client := egress.New(egress.Config{}).Client(reachAll(egress.Private))
	for _, tc := range []struct{ name, url, text string }{
		{"user information", "http://user:hunter2@example.org/", "user information"},
		{"file", "file:///etc/passwd", "only http and https"},
		{"gopher", "gopher://example.org/", "only http and https"},
		{"no host", "http:///x", "no host"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, _, err := get(t, client, tc.url, nil)
			if err == nil || !strings.Contains(err.Error(), tc.text) {
				t.Fatalf("got %v, want %q", err, tc.text)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}

func TestCaps(t *testing.T) {
	release := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/declared", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 4096)) })
	mux.HandleFunc("/chunked", func(w http.ResponseWriter, _ *http.Request) {
		for range 64 {
			_, _ = w.Write(make([]byte, 1024))
			w.(http.Flusher).Flush()
		}
	})
	mux.HandleFunc("/bomb", func(w http.ResponseWriter, _ *http.Request) {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(make([]byte, 1<<20))
		_ = z.Close()
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(b.Bytes())
	})
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("/headers", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Big", strings.Repeat("x", 1<<20))
	})
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	srv := httptest.NewServer(mux)
	defer srv.Close()
	defer close(release)
	policy := reachAll(egress.Private)
	policy.MaxBytes = 2048
	client := egress.New(egress.Config{}).Client(policy)
	policy.Timeout = 200 * time.Millisecond
	impatient := egress.New(egress.Config{}).Client(policy)
	for _, tc := range []struct {
		path string
		kind fault.Kind
	}{
		{"/declared", fault.Exhausted},
		{"/chunked", fault.Exhausted},
		{"/bomb", fault.Exhausted},
		{"/slow", fault.Timeout},
		{"/headers", fault.Unavailable},
		{"/loop", fault.Unavailable},
	} {
		t.Run(tc.path, func(t *testing.T) {
			client := client
			if tc.kind == fault.Timeout {
				client = impatient
			}
			_, _, err := get(t, client, srv.URL+tc.path, nil)
			if !fault.Is(err, tc.kind) {
				t.Fatalf("got %v (%s), want %s", err, fault.KindOf(err), tc.kind)
			}
		})
	}
}

// A name that answers a public address to the first question and a loopback
// address to the next is caught, since the address that is dialled is checked.
func TestDNSRebinding(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "inside") }))
	defer srv.Close()
	port := srv.Listener.Addr().(*net.TCPAddr).Port
	dns := newRebindingDNS(t)
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", dns)
	}}
	client := egress.New(egress.Config{Resolver: resolver}).Client(reachAll(egress.Public))
	_, _, err := get(t, client, fmt.Sprintf("http://rebind.example.org:%d/", port), nil)
	wantFault(t, err, fault.Denied, "loopback")
}

func TestNoPolicyReachesNothing(t *testing.T) {
	_, _, err := get(t, egress.New(egress.Config{}).Client(egress.Policy{}), "https://example.org/", nil)
	wantFault(t, err, fault.Denied, "is not allowed")
}

func TestTheOperatorsProxyMayBePrivate(t *testing.T) {
	var asked string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.String()
		_, _ = io.WriteString(w, "through the proxy")
	}))
	defer proxy.Close()
	at, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	client := egress.New(egress.Config{Proxy: http.ProxyURL(at)}).Client(reachAll(egress.Public))
	body, _, err := get(t, client, "http://public.example.org/x", nil)
	if err != nil || body != "through the proxy" || asked != "http://public.example.org/x" {
		t.Errorf("%q, %q, %v", body, asked, err)
	}
	if _, _, err := get(t, client, "http://169.254.169.254/latest", nil); !fault.Is(err, fault.Denied) {
		t.Errorf("the proxy is asked for a metadata address: %v", err)
	}
}
