package egress

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/sdk/outbound"
)

// hop asks the policy about every single exchange, so that no redirect can
// go where a first request could not.
type hop struct{ client *Client }

// RoundTrip implements http.RoundTripper.
func (h hop) RoundTrip(r *http.Request) (*http.Response, error) {
	reach, err := h.check(r)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Host = "" // it is the URL's
	e, _ := r.Context().Value(exchangeKey{}).(*Exchange)
	if e != nil && e.Sending != nil {
		if err := e.Sending(r); err != nil {
			return nil, err
		}
	}
	res, err := h.client.transports[reach].RoundTrip(onSettled(r))
	if err != nil {
		return nil, err
	}
	if err := h.accept(r, res, e); err != nil {
		_ = res.Body.Close()
		return nil, err
	}
	return res, nil
}

// check returns how far the hop may go.
func (h hop) check(r *http.Request) (Reach, error) {
	p := h.client.policy
	reach, err := p.check(r)
	if err != nil {
		return Refused, err
	}
	// A proxy of the operator's stands where the operator put it; it resolves
	// and reaches the target in our place.
	proxy, err := h.client.config.Proxy(r)
	if err != nil {
		return Refused, fault.New(fault.Unavailable, "%s: the proxy of this host cannot be used", show(r.URL))
	}
	if proxy == nil {
		return reach, nil
	}
	if reach == Public && home(r.URL.Hostname()) {
		return Refused, fault.New(fault.Denied, "%s: %q is the machine itself, or one beside it, for the proxy", show(r.URL), r.URL.Hostname())
	}
	return Private, nil
}

// accept refuses answers that were not asked for.
func (h hop) accept(r *http.Request, res *http.Response, e *Exchange) error {
	if res.StatusCode < http.StatusOK {
		return fault.New(fault.Unavailable, "%s: the host answers %d, which was not asked for", show(r.URL), res.StatusCode)
	}
	// What the transport did not decode, nobody does: a caller would take it
	// for text, and a look for secrets would find none in it.
	hasBody := r.Method != http.MethodHead && res.StatusCode != http.StatusNoContent && res.StatusCode != http.StatusNotModified
	if encoding := res.Header.Get("Content-Encoding"); hasBody && encoding != "" && encoding != "identity" && r.Header.Get("Accept-Encoding") == "" {
		return fault.New(fault.Unavailable, "%s: the host answers in the encoding %.40q, which was not asked for", show(r.URL), encoding)
	}
	if e != nil && e.Answered != nil {
		return e.Answered(r, res)
	}
	return nil
}

// check is the policy's word about one request.
func (p Policy) check(r *http.Request) (Reach, error) {
	u := r.URL
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return Refused, fault.New(fault.Denied, "%s: only http and https can be read, not %q", show(u), u.Scheme)
	case u.User != nil:
		return Refused, fault.New(fault.Denied, "%s: a URL with user information is refused; configure a credential for the host", show(u))
	case u.Hostname() == "":
		return Refused, fault.New(fault.Invalid, "%s: the URL has no host", show(u))
	}
	host, err := outbound.ParseHost(u.Hostname())
	if err != nil {
		return Refused, fault.New(fault.Invalid, "%s: %w", show(u), err)
	}
	if _, err := outbound.CheckMethod(r.Method); err != nil && r.Method != "" {
		return Refused, fault.New(fault.Invalid, "%s: %w", show(u), err)
	}
	var reach Reach
	if p.Request != nil {
		if reach, err = p.Request(r); err != nil {
			return Refused, err //nolint:wrapcheck // the policy says why
		}
	} else {
		reach = p.Reach(u)
	}
	if reach == Refused {
		return Refused, fault.New(fault.Denied, "%s: reading from host %q is not allowed", show(u), u.Host)
	}
	// A literal address never reaches a resolver behind a proxy, so it is
	// checked here too; and so are the names of metadata services.
	if addr, err := netip.ParseAddr(host); err == nil {
		if err := reach.refuse(addr); err != nil {
			return Refused, fault.New(fault.Denied, "%s: %w", show(u), err)
		}
	}
	if metadataNames[host] {
		return Refused, fault.New(fault.Denied, "%s: %s is the name of a cloud metadata service", show(u), host)
	}
	return reach, nil
}

// checkAddress runs after name resolution, for each address before connecting.
func (r Reach) checkAddress(_ context.Context, _, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fault.New(fault.Denied, "connecting to %s: not an address", address)
	}
	if err := r.refuse(ap.Addr()); err != nil {
		return fault.New(fault.Denied, "connecting is refused: %w", err)
	}
	return nil
}

// keptAcrossHosts are the request headers that follow a redirect to another
// host. Everything else may carry a credential.
var keptAcrossHosts = map[string]bool{
	"Accept": true, "Accept-Encoding": true, "Accept-Language": true, "User-Agent": true,
	"If-None-Match": true, "If-Modified-Since": true, "Range": true, "Content-Type": true,
}

// checkRedirect looks at the request that follows an answer. What it drops
// once it drops for good: a host that sends a request back to where it came
// from chooses what is asked there, and shall not do it with our credentials.
func (c *Client) checkRedirect(r *http.Request, via []*http.Request) error {
	if e, _ := r.Context().Value(exchangeKey{}).(*Exchange); e != nil && e.NoRedirects {
		return http.ErrUseLastResponse
	}
	if c.policy.MaxRedirects < 0 || len(via) > c.policy.MaxRedirects {
		return fault.New(fault.Unavailable, "%s: more than %d redirects", show(via[0].URL), max(c.policy.MaxRedirects, 0))
	}
	if from := via[len(via)-1].URL; from.Scheme == "https" && r.URL.Scheme == "http" {
		return fault.New(fault.Denied, "%s redirects from https to http", show(from))
	}
	for _, earlier := range slices.Concat(via[1:], []*http.Request{r}) {
		if !sameOrigin(earlier.URL, via[0].URL) {
			for name := range r.Header {
				if !keptAcrossHosts[name] {
					r.Header.Del(name)
				}
			}
			break
		}
	}
	r.Header.Del("Referer")
	return nil
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == "http" {
		return "80"
	}
	return "443"
}

// show is a URL for messages: without user information, and without a query,
// which may tell more than a log should hold.
func show(u *url.URL) string {
	shown := *u
	if shown.User != nil {
		shown.User = url.User("redacted")
	}
	shown.RawQuery, shown.ForceQuery, shown.Fragment, shown.RawFragment = "", false, "", ""
	return shown.String()
}
