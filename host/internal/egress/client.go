package egress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
)

// Client is one caller's HTTP client. It is safe for concurrent use.
type Client struct {
	http       *http.Client
	policy     Policy
	config     Config
	transports [Private + 1]*http.Transport // by reach
}

// Exchange is what one request has beside its client's policy. The functions
// run on the goroutine of DoWith.
type Exchange struct {
	NoRedirects bool          // an answer that redirects is the answer
	Timeout     time.Duration // where it is shorter than the policy's; 0 = the policy's
	// Sending is called for each hop before it is sent, redirects included. It
	// may change the header of r, which is a copy that no later hop sees; an
	// error ends the exchange.
	Sending func(r *http.Request) error
	// Answered is called for each hop with its answer, before a redirect is
	// followed. An error ends the exchange.
	Answered func(r *http.Request, res *http.Response) error
}

// exchangeKey carries the Exchange to its hops.
type exchangeKey struct{}

// Do sends a request. The body of the answer is capped and must be closed;
// reading past the cap is fault Exhausted. Faults: Denied (policy, address),
// Timeout, Unavailable (no connection), Invalid (not a usable URL).
func (c *Client) Do(req *http.Request) (*http.Response, error) { return c.DoWith(req, Exchange{}) }

// DoWith is Do with more to say about this one request. An error of its
// functions is returned as it is.
func (c *Client) DoWith(req *http.Request, e Exchange) (*http.Response, error) {
	timeout := c.policy.Timeout
	if e.Timeout > 0 {
		timeout = min(timeout, e.Timeout)
	}
	ctx, cancel := context.WithTimeout(context.WithValue(req.Context(), exchangeKey{}, &e), timeout)
	req = req.Clone(ctx)
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", c.config.UserAgent)
	}
	res, err := c.http.Do(req) //nolint:gosec // to decide where it may go is what this package is for
	if err != nil {
		cancel()
		return nil, classify(req.URL, err)
	}
	if res.ContentLength > c.policy.MaxBytes && req.Method != http.MethodHead {
		_ = res.Body.Close()
		cancel()
		return nil, tooLarge(req.URL, c.policy.MaxBytes)
	}
	res.Body = &body{ReadCloser: res.Body, url: req.URL, left: c.policy.MaxBytes, limit: c.policy.MaxBytes, cancel: cancel}
	return res, nil
}

// CloseIdle closes connections that are kept for reuse.
func (c *Client) CloseIdle() {
	for _, t := range c.transports {
		t.CloseIdleConnections()
	}
}

func classify(u *url.URL, err error) error {
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err
	}
	var f *fault.Error
	if errors.As(err, &f) {
		var network *net.OpError
		if errors.As(err, &network) { // the dialer wraps what checkAddress says
			return f
		}
		return err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fault.Wrap(fault.Timeout, err, fmt.Sprintf("%s: no answer in time", show(u)))
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return fault.Wrap(fault.Unavailable, err, fmt.Sprintf("%s: the host name %q cannot be resolved", show(u), u.Hostname()))
	}
	return fault.Wrap(fault.Unavailable, err, fmt.Sprintf("%s: the host does not answer", show(u)))
}

func tooLarge(u *url.URL, limit int64) error {
	return fault.New(fault.Exhausted, "%s: the answer is larger than %d bytes", show(u), limit)
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
