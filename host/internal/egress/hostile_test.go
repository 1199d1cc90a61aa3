package egress_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/egress"
	"github.com/callboard/callboard/host/internal/fault"
)

// patience is a deadline that no honest exchange meets on a busy machine.
const patience = 30 * time.Second

func gzipped(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(b)
	_ = z.Close()
	return out.Bytes()
}

// Bodies that are small on the wire and large in memory, or in an encoding
// that nobody asked for and that nobody would look into.
func TestBombsAndUnaskedEncodings(t *testing.T) {
	zeros := make([]byte, 4<<20)
	var deflated bytes.Buffer
	f, _ := flate.NewWriter(&deflated, flate.BestCompression)
	_, _ = f.Write(zeros)
	_ = f.Close()
	for _, tc := range []struct {
		name, encoding string
		body           []byte
		kind           fault.Kind
	}{
		{"gzip bomb", "gzip", gzipped(zeros), fault.Exhausted},
		{"gzip in gzip", "gzip, gzip", gzipped(gzipped(zeros)), fault.Unavailable},
		{"gzip bomb of many members", "gzip", bytes.Repeat(gzipped(zeros[:64<<10]), 64), fault.Exhausted},
		{"deflate bomb", "deflate", deflated.Bytes(), fault.Unavailable},
		{"brotli", "br", []byte{0x1b}, fault.Unavailable},
		{"zstd", "zstd", []byte{0x28, 0xb5, 0x2f, 0xfd}, fault.Unavailable},
		{"no encoding that exists", "callboard", []byte("x"), fault.Unavailable},
		{"gzip that is none", "gzip", []byte("plain text"), fault.Unavailable},
		{"gzip that ends early", "gzip", gzipped(zeros[:1024])[:20], fault.Unavailable},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", tc.encoding)
				_, _ = w.Write(tc.body)
			}))
			defer server.Close()
			policy := reachAll(egress.Private)
			policy.MaxBytes = 1 << 20
			_, _, err := get(t, egress.New(egress.Config{}).Client(policy), server.URL, nil)
			if !fault.Is(err, tc.kind) {
				t.Errorf("got %v (%s), want %s", err, fault.KindOf(err), tc.kind)
			}
		})
	}
}

// Answers that no honest server sends. Whatever the client makes of one, it
// keeps within its caps and takes nothing of it for the next answer.
func TestHostileAnswers(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for name, answer := range map[string]string{
		"a header without end":          "HTTP/1.1 200 OK\r\nX-Big: " + long + "\r\n\r\n",
		"headers without end":           "HTTP/1.1 200 OK\r\n" + strings.Repeat("X-A: "+strings.Repeat("y", 1000)+"\r\n", 1000) + "\r\n",
		"a status line without end":     "HTTP/1.1 200 " + long,
		"interim answers without end":   strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload; a="+strings.Repeat("y", 1000)+"\r\n\r\n", 1000),
		"a switch of protocols":         "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nraw bytes",
		"a chunk without end":           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("f", 1<<16),
		"chunk extensions without end":  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + long + "\r\nx\r\n",
		"tiny chunks of much extension": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1;"+strings.Repeat("e", 3000)+"\r\nx\r\n", 300),
		"trailers without end":          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n" + strings.Repeat("X-T: "+strings.Repeat("y", 1000)+"\r\n", 1000) + "\r\n",
		"a negative length":             "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx",
		"two lengths":                   "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy",
		"a length beyond the body":      "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx",
		"an enormous length":            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx",
		"a header that is folded":       "HTTP/1.1 200 OK\r\nX-A: b\r\n\r : c\r\n\r\n",
		"no HTTP at all":                "SSH-2.0-OpenSSH_9.9\r\n",
		"a status of four digits":       "HTTP/1.1 2000 OK\r\n\r\n",
		"an encoding of transfer":       "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			server := newRaw(t, func(n int, _ string) string {
				if n > 0 {
					return ""
				}
				return answer
			})
			policy := reachAll(egress.Private)
			policy.MaxBytes, policy.Timeout = 64<<10, 2*time.Second
			body, header, err := get(t, egress.New(egress.Config{}).Client(policy), server, nil)
			if err == nil && (len(body) > 64<<10 || len(fmt.Sprint(header)) > 128<<10 || strings.Contains(name, "without end") && !strings.Contains(name, "interim")) {
				t.Errorf("it is accepted: %d bytes of body, %d of header", len(body), len(fmt.Sprint(header)))
			}
			if err != nil && fault.KindOf(err) == fault.Internal {
				t.Errorf("not a fault of the other side: %v", err)
			}
		})
	}
}

// An answer with another behind it: the second is not taken for the answer of
// the next request.
func TestResponseSplittingPoisonsNothing(t *testing.T) {
	answer := func(_ int, request string) string {
		if strings.HasPrefix(request, "GET /first") {
			return "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst" + "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\npoisoned"
		}
		return "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond"
	}
	certified := httptest.NewTLSServer(nil)
	defer certified.Close()
	authorities := x509.NewCertPool()
	authorities.AddCert(certified.Certificate())
	secure := "https://" + serveRawOn(t, tls.NewListener(listen(t), &tls.Config{Certificates: certified.TLS.Certificates}), answer)
	for _, server := range []string{newRaw(t, answer), secure} {
		client := egress.New(egress.Config{TLS: &tls.Config{RootCAs: authorities}}).Client(reachAll(egress.Private))
		for range 20 {
			if body, _, err := get(t, client, server+"/first", nil); err != nil || body != "first" {
				t.Fatalf("%s: %q, %v", server, body, err)
			}
			if body, _, err := get(t, client, server+"/second", nil); err == nil && body != "second" {
				t.Fatalf("%s: %q is the answer of a request that got none yet", server, body)
			}
		}
	}
}

// Servers that take their time, in either direction, end with the exchange.
func TestSlowServersEndWithTheExchange(t *testing.T) {
	release := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/drip", func(w http.ResponseWriter, r *http.Request) { // a byte now and then is not an answer
		for {
			if _, err := io.WriteString(w, "x"); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			select {
			case <-release:
				return
			case <-r.Context().Done():
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	defer close(release)
	policy := reachAll(egress.Private)
	policy.Timeout = 300 * time.Millisecond
	client := egress.New(egress.Config{}).Client(policy)
	if _, err := send(t, client, "GET", server.URL+"/drip", ""); !fault.Is(err, fault.Timeout) {
		t.Errorf("a body that drips: %v", err)
	}
	// One that accepts a request and never reads its body.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	if _, err := send(t, client, "POST", "http://"+listener.Addr().String()+"/", strings.Repeat("x", 32<<20)); !fault.Is(err, fault.Timeout) {
		t.Errorf("a body that nobody reads: %v", err)
	}
	// A deadline of one exchange is shorter than the policy's, never longer.
	long := reachAll(egress.Private)
	long.Timeout = patience
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listener.Addr().String()+"/", nil)
	if _, err := egress.New(egress.Config{}).Client(long).DoWith(req, egress.Exchange{Timeout: 200 * time.Millisecond}); !fault.Is(err, fault.Timeout) {
		t.Errorf("an exchange with a deadline of its own: %v", err)
	}
}

// CONNECT would make a tunnel, TRACE shows credentials; neither is sent.
func TestMethodsThatAreNeverSent(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer server.Close()
	client := egress.New(egress.Config{}).Client(reachAll(egress.Private))
	for _, method := range []string{"CONNECT", "TRACE", "TRACK", "PRI", "connect"} {
		req := &http.Request{Method: method, URL: mustURL(t, server.URL), Header: http.Header{}}
		if _, err := client.Do(req.WithContext(t.Context())); err == nil || asked != 0 {
			t.Errorf("%s was sent: %v", method, err)
		}
	}
}

// The Host field is the URL's, whatever a request says.
func TestTheHostFieldIsTheURLs(t *testing.T) {
	var host string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { host = r.Host }))
	defer server.Close()
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	req.Host = "admin.internal"
	res, err := egress.New(egress.Config{}).Client(reachAll(egress.Private)).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if host != strings.TrimPrefix(server.URL, "http://") {
		t.Errorf("Host: %s", host)
	}
}

// HTTP/2: no connection serves two names because they share a certificate and
// an address, and its headers have the same cap.
func TestHTTP2(t *testing.T) {
	conns := map[string]bool{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conns[r.RemoteAddr] = true
		if r.URL.Path == "/headers" {
			for i := range 200 {
				w.Header().Set(fmt.Sprintf("X-Big-%d", i), strings.Repeat("x", 1000))
			}
		}
		_, _ = io.WriteString(w, r.Proto)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	port := server.Listener.Addr().(*net.TCPAddr).Port
	dns := newRebindingDNS(t)
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", dns)
	}}
	roots := server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	client := egress.New(egress.Config{Resolver: resolver, TLS: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}).Client(reachAll(egress.Private))
	for _, host := range []string{"a.example.com", "b.example.com"} {
		if body, err := send(t, client, "GET", fmt.Sprintf("https://%s:%d/", host, port), ""); err != nil || body != "HTTP/2.0" {
			t.Fatalf("%s: %q, %v", host, body, err)
		}
	}
	if len(conns) != 2 {
		t.Errorf("two names shared a connection: %v", conns)
	}
	if body, err := send(t, client, "GET", fmt.Sprintf("https://a.example.com:%d/headers", port), ""); err == nil {
		t.Errorf("200 kB of headers are accepted: %q", body)
	}
}
