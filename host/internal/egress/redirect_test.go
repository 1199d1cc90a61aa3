package egress_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/egress"
	"github.com/callboard/callboard/host/internal/fault"
)

// allowing reaches loopback where ok says so.
func allowing(ok func(r *http.Request) bool) egress.Policy {
	return egress.Policy{Request: func(r *http.Request) (egress.Reach, error) {
		if ok(r) {
			return egress.Private, nil
		}
		return egress.Refused, fault.New(fault.Denied, "the policy says no to %s %s", r.Method, r.URL.Path)
	}}
}

func send(t *testing.T, c *egress.Client, method, target, body string) (string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	return string(b), err
}

// Every hop of a redirect is a request of its own: host, port, scheme, path
// and the method that the redirect turns it into.
func TestSSRFRedirects(t *testing.T) {
	inside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "inside") }))
	defer inside.Close()
	var location string
	status := http.StatusFound
	outside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/start" {
			w.Header().Set("Location", location)
			w.WriteHeader(status)
			return
		}
		_, _ = io.WriteString(w, "outside "+r.Method+r.URL.Path)
	}))
	defer outside.Close()
	at, insideAt := strings.TrimPrefix(outside.URL, "http://"), strings.TrimPrefix(inside.URL, "http://")
	_, insidePort, _ := net.SplitHostPort(insideAt)
	policy := allowing(func(r *http.Request) bool {
		return r.URL.Host == at && (r.URL.Path == "/start" || strings.HasPrefix(r.URL.Path, "/open/")) && (r.Method == "GET" || r.URL.Path == "/start")
	})
	onlyPost := allowing(func(r *http.Request) bool { return r.URL.Host == at && r.Method == "POST" })
	for _, tc := range []struct {
		name, location string
		status         int
		method         string
		policy         egress.Policy
		want           string // body; "" = refused
	}{
		{"to where it may go", "/open/x", 302, "GET", policy, "outside GET/open/x"},
		{"to a denied host", inside.URL + "/open/x", 302, "GET", policy, ""},
		{"to a denied host by name", "http://localhost:" + insidePort + "/open/x", 302, "GET", policy, ""},
		{"to a denied port", "http://127.0.0.1:" + insidePort + "/open/", 302, "GET", policy, ""},
		{"to a denied scheme", "https://" + at + "/open/x", 302, "GET", allowing(func(r *http.Request) bool { return r.URL.Scheme == "http" }), ""},
		{"to a file", "file:///etc/passwd", 302, "GET", policy, ""},
		{"to gopher", "gopher://127.0.0.1:6379/_INFO", 302, "GET", policy, ""},
		{"to a denied path", "/closed", 302, "GET", policy, ""},
		{"to a denied path, protocol-relative", "//" + insideAt + "/open/x", 302, "GET", policy, ""},
		{"POST becomes GET, which is denied", "/open/x", 303, "POST", onlyPost, ""},
		{"POST becomes GET by 302", "/open/x", 302, "POST", onlyPost, ""},
		{"POST stays POST", "/open/x", 307, "POST", onlyPost, "outside POST/open/x"},
		{"POST stays POST, which is denied there", "/open/x", 308, "POST", policy, ""},
		{"with user information", "http://user:canary@" + at + "/open/x", 302, "GET", policy, ""},
		{"with a header in it", "/open/x\r\nX-Injected: 1", 302, "GET", policy, "outside GET/open/x X-Injected: 1"}, // the server's own library makes one line of it
		{"to a decimal address", "http://2130706433:" + insidePort + "/open/x", 302, "GET", policy, ""},
		{"to metadata", "http://169.254.169.254/open/x", 302, "GET", allowing(func(*http.Request) bool { return true }), ""},
		{"to a metadata name", "http://metadata.google.internal/open/x", 302, "GET", allowing(func(*http.Request) bool { return true }), ""},
		{"to an IPv6-mapped metadata address", "http://[::ffff:169.254.169.254]/open/x", 302, "GET", allowing(func(*http.Request) bool { return true }), ""},
		{"without end", "/start", 302, "GET", policy, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			location, status = tc.location, tc.status
			client := egress.New(egress.Config{}).Client(tc.policy)
			body, err := send(t, client, tc.method, outside.URL+"/start", "")
			switch {
			case tc.want == "" && err == nil:
				t.Errorf("it is followed: %q", body)
			case tc.want != "" && !strings.HasPrefix(body, strings.Fields(tc.want)[0]):
				t.Errorf("%q, %v", body, err)
			case err != nil && strings.Contains(err.Error(), "canary"):
				t.Errorf("the error shows a password: %v", err)
			}
		})
	}
}

// A Location that ends a line, written by a server that does not care.
func TestHeaderInjectionThroughARedirect(t *testing.T) {
	var got []string
	server := newRaw(t, func(n int, request string) string {
		got = append(got, request)
		if n > 0 {
			return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
		}
		return "HTTP/1.1 302 Found\r\nLocation: /x%0d%0aX-Injected:%201\rX-Other: 2\r\nContent-Length: 0\r\n\r\n"
	})
	_, _ = send(t, egress.New(egress.Config{}).Client(reachAll(egress.Private)), "GET", server+"/start", "")
	for _, request := range got {
		for _, line := range strings.Split(request, "\r\n") {
			if strings.HasPrefix(line, "X-") {
				t.Errorf("a header came in through the redirect: %q", request)
			}
		}
	}
	if len(got) == 0 {
		t.Error("nothing was asked")
	}
}

// A redirect that leaves and comes back does not get the credentials again:
// the host in between chose what is asked.
func TestCredentialsAcrossHosts(t *testing.T) {
	seen := map[string]http.Header{}
	var first, other *httptest.Server
	first = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen["first "+r.URL.Path] = r.Header.Clone()
		switch r.URL.Path {
		case "/leave":
			http.Redirect(w, r, other.URL+"/back", http.StatusTemporaryRedirect)
		case "/stay":
			http.Redirect(w, r, "/end", http.StatusTemporaryRedirect)
		}
	}))
	defer first.Close()
	other = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen["other"] = r.Header.Clone()
		http.Redirect(w, r, first.URL+"/returned", http.StatusTemporaryRedirect)
	}))
	defer other.Close()
	client := egress.New(egress.Config{}).Client(reachAll(egress.Private))
	header := http.Header{"Authorization": {"Bearer canary"}, "Cookie": {"s=canary"}, "X-Api-Key": {"canary"}, "Accept": {"text/yaml"}}
	for _, path := range []string{"/leave", "/stay"} {
		if _, _, err := get(t, client, first.URL+path, header); err != nil {
			t.Fatal(err)
		}
	}
	for _, at := range []string{"other", "first /returned"} {
		if text := fmt.Sprint(seen[at]); seen[at] == nil || strings.Contains(text, "canary") || strings.Contains(text, "Referer") {
			t.Errorf("%s got %v", at, text)
		}
	}
	if got := seen["first /end"]; got.Get("Authorization") != "Bearer canary" || got.Get("X-Api-Key") != "canary" {
		t.Errorf("a redirect on the same host lost its credentials: %v", got)
	}
}

// What an exchange puts into a header is there for the hop that it is for.
func TestWhatAHopIsGivenIsGoneAtTheNext(t *testing.T) {
	var got []string
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = append(got, "other "+r.Header.Get("X-Key")) }))
	defer other.Close()
	first := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, "first "+r.Header.Get("X-Key"))
		http.Redirect(w, r, other.URL, http.StatusFound)
	}))
	defer first.Close()
	at := strings.TrimPrefix(first.URL, "http://")
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, first.URL, nil)
	res, err := egress.New(egress.Config{}).Client(reachAll(egress.Private)).DoWith(req, egress.Exchange{Sending: func(r *http.Request) error {
		if r.URL.Host == at {
			r.Header.Set("X-Key", "canary")
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if strings.Join(got, ",") != "first canary,other " {
		t.Errorf("%q", got)
	}
}

func TestARedirectCanBeTheAnswer(t *testing.T) {
	server := httptest.NewServer(http.RedirectHandler("http://169.254.169.254/", http.StatusFound))
	defer server.Close()
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	res, err := egress.New(egress.Config{}).Client(reachAll(egress.Private)).DoWith(req, egress.Exchange{NoRedirects: true})
	if err != nil || res.StatusCode != http.StatusFound || res.Header.Get("Location") != "http://169.254.169.254/" {
		t.Fatalf("%v, %v", res, err)
	}
	_ = res.Body.Close()
}

// A connection that a request with private reach opened is not used by one
// that may reach public addresses only, although the name is the same.
func TestConnectionsAreNotSharedBetweenReaches(t *testing.T) {
	served := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { served++; _, _ = io.WriteString(w, "inside") }))
	defer server.Close()
	port := server.Listener.Addr().(*net.TCPAddr).Port
	dns := newRebindingDNS(t)
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", dns)
	}}
	policy := egress.Policy{Request: func(r *http.Request) (egress.Reach, error) {
		if strings.HasPrefix(r.URL.Path, "/private") {
			return egress.Private, nil
		}
		return egress.Public, nil
	}}
	out := egress.New(egress.Config{Resolver: resolver})
	client := out.Client(policy)
	at := fmt.Sprintf("http://shared.example.org:%d", port)
	if body, err := send(t, client, "GET", at+"/private", ""); err != nil || body != "inside" {
		t.Fatalf("%q, %v", body, err)
	}
	if body, err := send(t, client, "GET", at+"/public", ""); !fault.Is(err, fault.Denied) || served != 1 {
		t.Errorf("the connection was used again: %q, %v", body, err)
	}
	// Nor does another client of the same host use it.
	narrow := out.Client(egress.Policy{Reach: func(*url.URL) egress.Reach { return egress.Public }})
	if body, err := send(t, narrow, "GET", at+"/private", ""); !fault.Is(err, fault.Denied) || served != 1 {
		t.Errorf("another client used the connection: %q, %v", body, err)
	}
}
