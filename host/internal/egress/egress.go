package egress

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Config is how every client of the host connects.
type Config struct {
	UserAgent      string                                // default "callboard"
	DialTimeout    time.Duration                         // default 5 s
	Proxy          func(*http.Request) (*url.URL, error) // default http.ProxyFromEnvironment; requests through a proxy are resolved by it
	Resolver       *net.Resolver                         // default net.DefaultResolver; tests rebind names with it
	TLS            *tls.Config                           // default: the system's authorities
	MaxHeaderBytes int64                                 // of an answer, interim answers and trailers included; default 64 KiB
}

// Policy is what one caller may reach. It is fixed for the life of a Client,
// since connections are kept for reuse.
type Policy struct {
	// Reach decides about a URL before it is asked, at every redirect hop.
	// The scheme is http or https and there is no user information in it.
	Reach func(u *url.URL) Reach
	// Request decides instead of Reach where a URL alone does not tell: the
	// method counts too. The error says why not.
	Request      func(r *http.Request) (Reach, error)
	MaxBytes     int64         // of one answer's body, after decompression; default 10 MiB
	MaxRedirects int           // default 5; negative = none
	Timeout      time.Duration // of one exchange with its body; default 10 s
}

// Egress makes clients.
type Egress struct{ config Config }

// New returns an Egress.
func New(c Config) *Egress {
	if c.UserAgent == "" {
		c.UserAgent = "callboard"
	}
	if c.DialTimeout == 0 {
		c.DialTimeout = 5 * time.Second
	}
	if c.Proxy == nil {
		c.Proxy = http.ProxyFromEnvironment
	}
	if c.MaxHeaderBytes == 0 {
		c.MaxHeaderBytes = 64 << 10
	}
	return &Egress{config: c}
}

// Client returns a client with connections of its own: a connection that a
// wider policy opened is never handed to a narrower one.
func (e *Egress) Client(p Policy) *Client {
	if p.Reach == nil {
		p.Reach = func(*url.URL) Reach { return Refused }
	}
	if p.MaxBytes == 0 {
		p.MaxBytes = 10 << 20
	}
	if p.MaxRedirects == 0 {
		p.MaxRedirects = 5
	}
	if p.Timeout == 0 {
		p.Timeout = 10 * time.Second
	}
	c := &Client{policy: p, config: e.config}
	for reach := range c.transports {
		c.transports[reach] = e.transport(p, Reach(reach)) //nolint:gosec // three reaches
	}
	c.http = &http.Client{Transport: hop{c}, CheckRedirect: c.checkRedirect}
	return c
}

// transport returns the connections of one policy that go as far as reach.
// The reaches share none: an address that was private when one request was
// allowed to go there is not behind another that may go to public ones only.
func (e *Egress) transport(p Policy, reach Reach) *http.Transport {
	dialer := &net.Dialer{
		Timeout: e.config.DialTimeout, KeepAlive: 30 * time.Second, Resolver: e.config.Resolver,
		ControlContext: reach.checkAddress,
	}
	return &http.Transport{
		Proxy:                  e.config.Proxy,
		DialContext:            dial(dialer),
		ForceAttemptHTTP2:      true,
		TLSClientConfig:        e.config.TLS.Clone(),
		MaxIdleConns:           32,
		MaxIdleConnsPerHost:    8,
		IdleConnTimeout:        60 * time.Second,
		TLSHandshakeTimeout:    e.config.DialTimeout,
		ResponseHeaderTimeout:  p.Timeout,
		MaxResponseHeaderBytes: e.config.MaxHeaderBytes,
	}
}
