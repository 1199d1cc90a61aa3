package egress

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
)

// conn is a connection that knows whether all that it received was used up.
//
// An answer with another one behind it leaves the second in a buffer of
// net/http, whose read loop finds it there and closes the connection, unless a
// next request took the connection first: then the second is its answer. So a
// request waits until the read loop asks for bytes that are not there yet. What
// a server sends later, before it has seen the request, nobody can tell from
// an answer; it stays within the one Client whose connection it is.
type conn struct {
	net.Conn
	mu      sync.Mutex
	settled chan struct{} // closed while Read waits, and when there is nothing to wait for
	waiting bool          // settled is closed
	closed  bool          // waiting for good
}

// dial connects with d; its connections are *conn.
func dial(d *net.Dialer) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err //nolint:wrapcheck // net/http and classify know what a dialer says
		}
		return &conn{Conn: c, settled: make(chan struct{})}, nil
	}
}

// Read implements net.Conn.
func (c *conn) Read(p []byte) (int, error) {
	c.set(true)
	n, err := c.Conn.Read(p)
	c.set(err != nil) // nothing more comes of a connection that broke
	return n, err     //nolint:wrapcheck // as net.Conn
}

// Close implements net.Conn.
func (c *conn) Close() error {
	err := c.Conn.Close()
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.set(true)
	return err //nolint:wrapcheck // as net.Conn
}

func (c *conn) set(waiting bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if waiting = waiting || c.closed; c.waiting == waiting {
		return
	}
	if c.waiting = waiting; waiting {
		close(c.settled)
	} else {
		c.settled = make(chan struct{})
	}
}

// settle waits until nothing of what was received is left, the connection is
// closed, or ctx ends.
func (c *conn) settle(ctx context.Context) {
	c.mu.Lock()
	settled := c.settled
	c.mu.Unlock()
	select {
	case <-settled:
	case <-ctx.Done():
	}
}

// onSettled returns r so that it is not sent on a connection where something
// is left of an earlier answer. Over HTTP/2 every frame says what it answers.
func onSettled(r *http.Request) *http.Request {
	ctx := r.Context()
	return r.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(got httptrace.GotConnInfo) {
		c := got.Conn
		for {
			secure, ok := c.(*tls.Conn)
			if !ok {
				break
			}
			if secure.ConnectionState().NegotiatedProtocol == "h2" {
				return
			}
			c = secure.NetConn()
		}
		if c, ok := c.(*conn); ok && got.Reused {
			c.settle(ctx)
		}
	}}))
}
