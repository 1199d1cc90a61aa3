package loadtest

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// Request is one HTTP request as the bytes that go on the wire, so that both
// generators send exactly the same and spend nothing on making them.
type Request []byte

// NewRequest spells a request of HTTP/1.1 on a kept connection. It carries
// what wrk sends and nothing more: in particular no Accept-Encoding.
func NewRequest(method, host, target, mediaType, body string) Request {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, target, host)
	if body != "" {
		fmt.Fprintf(&b, "Content-Type: %s\r\nContent-Length: %d\r\n", mediaType, len(body))
	}
	b.WriteString("\r\n")
	return Request(b.String() + body)
}

// Load is what one run sends.
type Load struct {
	Address  string // host:port
	Requests []Request
	Clients  int // connections, each with one request in flight
	Duration time.Duration
}

// Result is what one run measured at the client.
type Result struct {
	Requests int64         `json:"requests"`
	Errors   int64         `json:"errors"` // of the socket, time-outs, and statuses from 400
	Duration time.Duration `json:"duration"`
	P50      time.Duration `json:"p50"`
	P99      time.Duration `json:"p99"`
	Bytes    int64         `json:"bytes"` // received
	// ClientCPU is what the generator itself used of the shared cores.
	ClientCPU time.Duration `json:"clientCpu"`
}

// Rate returns requests a second.
func (r Result) Rate() float64 {
	if r.Duration <= 0 {
		return 0
	}
	return float64(r.Requests) / r.Duration.Seconds()
}

// Generator sends a load.
type Generator interface {
	// Name says which program and version sent the load.
	Name() string
	Run(ctx context.Context, l Load) (Result, error)
}

// FreePort returns a loopback address that nobody listened on a moment ago.
func FreePort(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("finding a free port: %w", err)
	}
	defer func() { _ = l.Close() }()
	addr, _ := l.Addr().(*net.TCPAddr)
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(addr.Port)), nil
}
