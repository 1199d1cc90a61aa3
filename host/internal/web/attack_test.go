package web_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/plugin/extension"
	"github.com/callboard/callboard/host/internal/web"
	"github.com/callboard/callboard/sdk/contract"
)

// listen serves on a loopback port until the test ends.
func listen(t *testing.T, s *web.Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		if err := s.Close(t.Context()); err != nil && !errors.Is(err, t.Context().Err()) {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// A client that sends its request byte by byte, or none at all, loses its
// connection, and nobody else notices.
func TestSlowClientsLoseTheirConnection(t *testing.T) {
	s := newServer(t, &plugins{}, func(c *web.Config) {
		c.Limits.ReadTimeout, c.Limits.IdleTimeout = 50*time.Millisecond, 50*time.Millisecond
	})
	addr := listen(t, s)
	for name, start := range map[string]string{
		"nothing":       "",
		"half a line":   "GET /healthch",
		"half a header": "GET /healthcheck HTTP/1.1\r\nHost: localhost\r\nX: ",
		"half a body":   "POST /api/demo/things HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf",
		"a pause":       "GET /healthcheck HTTP/1.1\r\nHost: localhost\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			if _, err := io.WriteString(conn, start); err != nil {
				t.Fatal(err)
			}
			if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadAll(conn); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal("the connection is still open")
			}
		})
	}
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "GET /healthcheck HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if res, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || res.StatusCode != 200 {
		t.Errorf("others suffer: %v %v", res, err)
	}
}

func TestAnswersOfPluginsAreBounded(t *testing.T) {
	piece := make([]byte, 1000)
	for name, tc := range map[string]struct {
		answer extension.HTTPAnswer
		status int
	}{
		"as much as is let out": {extension.HTTPAnswer{Status: 200, Body: [][]byte{piece, piece}}, 200},
		"one piece many times":  {extension.HTTPAnswer{Status: 200, Body: [][]byte{piece, piece, piece}}, 500},
		"many header fields": {extension.HTTPAnswer{Status: 200, Headers: []contract.Header{
			{Name: "Link", Value: strings.Repeat("x", 9<<10)}, {Name: "Vary", Value: strings.Repeat("x", 9<<10)},
		}}, 500},
		"an interim status": {extension.HTTPAnswer{Status: 101}, 500},
		"a status beyond":   {extension.HTTPAnswer{Status: 600}, 500},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, &plugins{answer: tc.answer}, func(c *web.Config) { c.Limits.AnswerBytes = 2000 })
			res, body := do(t, s, "GET", "/api/demo/", "", nil)
			if res.StatusCode != tc.status || strings.Contains(body, "xxx") {
				t.Errorf("%d %.200s", res.StatusCode, body)
			}
		})
	}
}

func TestAnswersOfPluginsAreForOneViewer(t *testing.T) {
	p := &plugins{}
	s := newServer(t, p, nil)
	for given, want := range map[string]string{
		"public, max-age=60": "private, max-age=60", "s-maxage=60": "private", "no-store": "private, no-store",
		"Public": "private", "private": "private", " ": "private", "max-age=1, S-MAXAGE = 5, immutable": "private, max-age=1, immutable",
	} {
		p.answer = extension.HTTPAnswer{Status: 200, Headers: []contract.Header{{Name: "Cache-Control", Value: given}}}
		if res, _ := do(t, s, "GET", "/api/demo/", "", nil); res.Header.Get("Cache-Control") != want {
			t.Errorf("%q became %q, want %q", given, res.Header.Get("Cache-Control"), want)
		}
	}
}

// What a header says of the scheme has no say in the policy of pages.
func TestForwardedSchemesAreNotBelieved(t *testing.T) {
	s := newServer(t, &plugins{}, nil)
	for _, name := range []string{"X-Forwarded-Proto", "X-Forwarded-Protocol", "X-Url-Scheme", "X-Forwarded-Ssl"} {
		res, _ := do(t, s, "GET", "/", "", map[string]string{name: "https://evil.example.com; script-src *"})
		if csp := res.Header.Get("Content-Security-Policy"); strings.Contains(csp, "evil") || !strings.Contains(csp, " http://127.0.0.1:7007/assets/;") {
			t.Errorf("%s: %s", name, csp)
		}
	}
	behind := newServer(t, &plugins{}, func(c *web.Config) { c.BaseURL = "https://portal.example.org" })
	header := map[string]string{"Host": "portal.example.org", "Origin": "https://portal.example.org"}
	if res, body := do(t, behind, "POST", "/api/demo/things", "{}", header); res.StatusCode != 200 {
		t.Errorf("our page, through a proxy that ends TLS: %d %s", res.StatusCode, body)
	}
	header["Origin"] = "http://portal.example.org"
	if res, _ := do(t, behind, "POST", "/api/demo/things", "{}", header); res.StatusCode != 403 {
		t.Errorf("a page that came without TLS: %d", res.StatusCode)
	}
}
