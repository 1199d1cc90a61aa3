package config

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/callboard/callboard/host/internal/fault"
)

// IsProduction reports whether auth.environment is production.
func (a Auth) IsProduction() bool { return a.Environment == "production" }

// HasIdentityProvider reports whether people can sign in under the current
// environment. The guest is not an identity.
func (a Auth) HasIdentityProvider() bool {
	_, github := a.Providers.GitHub[a.Environment]
	_, oidc := a.Providers.OIDC[a.Environment]
	return github || oidc
}

// Guest returns the guest provider if guests are let in: it is configured, or
// nothing else is, and the environment is development or the operator insists.
func (a Auth) Guest() (GuestProvider, bool) {
	switch guest := a.Providers.Guest; {
	case guest != nil:
		return *guest, !a.IsProduction() || guest.OutsideDevelopment
	case a.IsProduction() || a.HasIdentityProvider():
		return GuestProvider{}, false
	default:
		return GuestProvider{UserEntityRef: "user:development/guest"}, true
	}
}

// ListenAddr returns the address to listen on, as net.Listen takes it.
func (c *Config) ListenAddr() string { return c.Backend.Listen.String() }

// IsLoopback reports whether only this machine can reach the server.
func (c *Config) IsLoopback() bool { return c.Backend.Listen.IsLoopback() }

// CheckExposure refuses to let other machines in while nobody can sign in,
// unless the guest provider says dangerouslyAllowOutsideDevelopment.
func (c *Config) CheckExposure() error {
	if c.IsLoopback() || c.Auth.HasIdentityProvider() {
		return nil
	}
	if guest := c.Auth.Providers.Guest; guest != nil && guest.OutsideDevelopment {
		return nil
	}
	return fault.Wrap(fault.Invalid, Problem{
		Origin: c.Origin("backend.listen"), Path: "backend.listen",
		Message: fmt.Sprintf("other machines can reach %s, but nobody can sign in: configure auth.providers.oidc or auth.providers.github for auth.environment %s, or listen on 127.0.0.1", c.ListenAddr(), c.Auth.Environment),
	}, "refusing to listen")
}

// ServesMetricsBesidePortal reports whether /metrics is on the portal's own
// address: only while nobody but this machine can reach it.
func (c *Config) ServesMetricsBesidePortal() bool {
	return c.Telemetry.Metrics.Listen == nil && c.IsLoopback()
}

// BaseURL returns the address under which people open the portal, without a
// slash at its end: app.baseUrl, else backend.baseUrl, else where we listen.
func (c *Config) BaseURL() string {
	for _, text := range []string{c.App.BaseURL, c.Backend.BaseURL} {
		if u, err := url.Parse(text); err == nil && u.Host != "" {
			return u.Scheme + "://" + u.Host + strings.TrimRight(u.EscapedPath(), "/")
		}
	}
	scheme, host := "http", c.Backend.Listen.Host
	if c.Backend.HTTPS.Enabled {
		scheme = "https"
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + "://" + net.JoinHostPort(host, strconv.Itoa(int(c.Backend.Listen.Port)))
}
