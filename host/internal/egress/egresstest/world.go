// Package egresstest is the internet of a test: every name leads to one handler.
//
// Owns: a TLS server, and the proxy through which an egress client finds it under every name and port.
// Does not own: what is checked before a connection (egress), which is as always but for the lookup of names.
// Flow: egress client → CONNECT or plain request → World → the test's handler.
package egresstest

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/callboard/callboard/host/internal/egress"
)

// World answers for every host.
type World struct {
	Egress *egress.Egress // reaches it

	mu    sync.Mutex
	asked []string
}

// New starts a world that ends with the test.
func New(t *testing.T, handler http.Handler) *World {
	t.Helper()
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	w := &World{}
	proxy := httptest.NewServer(http.HandlerFunc(func(res http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.asked = append(w.asked, r.Host)
		w.mu.Unlock()
		if r.Method != http.MethodConnect {
			handler.ServeHTTP(res, r)
			return
		}
		if err := tunnel(res, server.Listener.Addr().String()); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(proxy.Close)
	at := &url.URL{Scheme: "http", Host: proxy.Listener.Addr().String()}
	w.Egress = egress.New(egress.Config{
		Proxy: http.ProxyURL(at),
		TLS:   &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}, //nolint:gosec // the server of a test
	})
	return w
}

// Asked returns the hosts that were asked for, in order; with their port
// where a tunnel was.
func (w *World) Asked() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.asked...)
}

// tunnel joins a client to the server.
func tunnel(res http.ResponseWriter, address string) error {
	to, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", address)
	if err != nil {
		return err //nolint:wrapcheck // the test says where
	}
	from, _, err := res.(http.Hijacker).Hijack() //nolint:forcetypeassert // net/http's own
	if err != nil {
		return err //nolint:wrapcheck // the test says where
	}
	if _, err := io.WriteString(from, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		return err //nolint:wrapcheck // the test says where
	}
	go func() { _, _ = io.Copy(to, from); _ = to.Close() }()
	go func() { _, _ = io.Copy(from, to); _ = from.Close() }()
	return nil
}
