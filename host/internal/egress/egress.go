package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
)

// Config is how every client of the host connects.
type Config struct {
	UserAgent      string                                // default "callboard"
	DialTimeout    time.Duration                         // default 5 s
	Proxy          func(*http.Request) (*url.URL, error) // default http.ProxyFromEnvironment; requests through a proxy are resolved by it
	Resolver       *net.Resolver                         // default net.DefaultResolver; tests rebind names with it
	TLS            *tls.Config                           // default: the system's authorities
	MaxHeaderBytes int64                                 // of an answer; default 64 KiB
}

// Policy is what one caller may reach. It is fixed for the life of a Client,
// since connections are kept for reuse.
type Policy struct {
	// Reach decides about a URL before it is asked, at every redirect hop.
	// The scheme is http or https and there is no user information in it.
	Reach        func(u *url.URL) Reach
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

// Client is one caller's HTTP client. It is safe for concurrent use.
type Client struct {
	http      *http.Client
	policy    Policy
	userAgent string
}

// reachKey carries the decision about the current hop to the dialer.
type reachKey struct{}

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
	dialer := &net.Dialer{
		Timeout: e.config.DialTimeout, KeepAlive: 30 * time.Second, Resolver: e.config.Resolver,
		ControlContext: checkAddress,
	}
	transport := &http.Transport{
		Proxy:                  e.config.Proxy,
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		TLSClientConfig:        e.config.TLS.Clone(),
		MaxIdleConns:           32,
		MaxIdleConnsPerHost:    8,
		IdleConnTimeout:        60 * time.Second,
		TLSHandshakeTimeout:    e.config.DialTimeout,
		ResponseHeaderTimeout:  p.Timeout,
		MaxResponseHeaderBytes: e.config.MaxHeaderBytes,
	}
	c := &Client{policy: p, userAgent: e.config.UserAgent}
	c.http = &http.Client{Transport: hop{transport, p, e.config.Proxy}, CheckRedirect: c.checkRedirect}
	return c
}

// hop asks the policy about every single exchange, so that no redirect can
// go where a first request could not.
type hop struct {
	next   http.RoundTripper
	policy Policy
	proxy  func(*http.Request) (*url.URL, error)
}

func (h hop) RoundTrip(r *http.Request) (*http.Response, error) {
	reach, err := h.policy.check(r.URL)
	if err != nil {
		return nil, err
	}
	// A proxy of the operator's stands where the operator put it; it resolves
	// and reaches the target in our place.
	if proxy, err := h.proxy(r); err == nil && proxy != nil {
		reach = Private
	}
	return h.next.RoundTrip(r.WithContext(context.WithValue(r.Context(), reachKey{}, reach)))
}

func (p Policy) check(u *url.URL) (Reach, error) {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return Refused, fault.New(fault.Denied, "%s: only http and https can be read, not %q", u.Redacted(), u.Scheme)
	case u.User != nil:
		return Refused, fault.New(fault.Denied, "%s: a URL with user information is refused; configure a credential for the host", u.Redacted())
	case u.Hostname() == "":
		return Refused, fault.New(fault.Invalid, "%s: the URL has no host", u.Redacted())
	}
	reach := p.Reach(u)
	if reach == Refused {
		return Refused, fault.New(fault.Denied, "%s: reading from host %q is not allowed", u.Redacted(), u.Host)
	}
	// A literal address never reaches a resolver behind a proxy, so it is
	// checked here too.
	if addr, err := netip.ParseAddr(u.Hostname()); err == nil {
		if ok, why := reach.permits(addr); !ok {
			return Refused, fault.New(fault.Denied, "%s: %s is %s", u.Redacted(), addr, why)
		}
	}
	return reach, nil
}

// checkAddress runs after name resolution, for each address before connecting.
func checkAddress(ctx context.Context, _, address string, _ syscall.RawConn) error {
	reach, _ := ctx.Value(reachKey{}).(Reach)
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fault.New(fault.Denied, "connecting to %s: not an address", address)
	}
	if ok, why := reach.permits(ap.Addr()); !ok {
		return fault.New(fault.Denied, "connecting to %s is refused: it is %s", ap.Addr(), why)
	}
	return nil
}

// keptAcrossHosts are the request headers that follow a redirect to another
// host. Everything else may carry a credential.
var keptAcrossHosts = map[string]bool{
	"Accept": true, "Accept-Encoding": true, "Accept-Language": true, "User-Agent": true,
	"If-None-Match": true, "If-Modified-Since": true, "Range": true,
}

func (c *Client) checkRedirect(r *http.Request, via []*http.Request) error {
	if c.policy.MaxRedirects < 0 || len(via) > c.policy.MaxRedirects {
		return fault.New(fault.Unavailable, "%s: more than %d redirects", via[0].URL.Redacted(), max(c.policy.MaxRedirects, 0))
	}
	from, first := via[len(via)-1].URL, via[0].URL
	if from.Scheme == "https" && r.URL.Scheme == "http" {
		return fault.New(fault.Denied, "%s redirects from https to http", from.Redacted())
	}
	if !strings.EqualFold(r.URL.Host, first.Host) || r.URL.Scheme != first.Scheme {
		for name := range r.Header {
			if !keptAcrossHosts[name] {
				r.Header.Del(name)
			}
		}
	}
	r.Header.Del("Referer")
	return nil
}

// Do sends a request. The body of the answer is capped and must be closed;
// reading past the cap is fault Exhausted. Faults: Denied (policy, address),
// Timeout, Unavailable (no connection), Invalid (not a usable URL).
func (c *Client) Do(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), c.policy.Timeout)
	req = req.Clone(ctx)
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", c.userAgent)
	}
	res, err := c.http.Do(req)
	if err != nil {
		cancel()
		return nil, classify(req.URL, err)
	}
	if res.ContentLength > c.policy.MaxBytes {
		_ = res.Body.Close()
		cancel()
		return nil, tooLarge(req.URL, c.policy.MaxBytes)
	}
	res.Body = &body{ReadCloser: res.Body, url: req.URL, left: c.policy.MaxBytes, limit: c.policy.MaxBytes, cancel: cancel}
	return res, nil
}

// CloseIdle closes connections that are kept for reuse.
func (c *Client) CloseIdle() { c.http.CloseIdleConnections() }

// CloseIdleConnections lets http.Client.CloseIdleConnections through.
func (h hop) CloseIdleConnections() {
	if t, ok := h.next.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
}

func classify(u *url.URL, err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return f
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fault.Wrap(fault.Timeout, err, fmt.Sprintf("%s: no answer in time", u.Redacted()))
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return fault.Wrap(fault.Unavailable, err, fmt.Sprintf("%s: the host name %q cannot be resolved", u.Redacted(), u.Hostname()))
	}
	return fault.Wrap(fault.Unavailable, err, fmt.Sprintf("%s: the host does not answer", u.Redacted()))
}

func tooLarge(u *url.URL, limit int64) error {
	return fault.New(fault.Exhausted, "%s: the answer is larger than %d bytes", u.Redacted(), limit)
}

// body caps what is read after decompression, so that a small bomb is a small read.
type body struct {
	io.ReadCloser
	url    *url.URL
	left   int64
	limit  int64
	cancel context.CancelFunc
}

func (b *body) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return 0, tooLarge(b.url, b.limit)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = classify(b.url, err)
	}
	return n, err
}

func (b *body) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}

// HTTPClient returns the client as a library's *http.Client. Its requests pass
// the same policy, checks and caps as Do.
func (c *Client) HTTPClient() *http.Client { return &http.Client{Transport: transport{c}} }

type transport struct{ client *Client }

func (t transport) RoundTrip(req *http.Request) (*http.Response, error) { return t.client.Do(req) }
