package web

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/callboard/callboard/host/internal/fault"
)

// guard holds what is safe before anybody can sign in: requests are for this
// host by name (so that a rebound DNS name reaches nothing), and writes that a
// browser sends come from our own pages.
type guard struct {
	host   string // of app.baseUrl, lower case, with port if it has one
	scheme string // by which browsers reach that host, perhaps a proxy's
	own    string // scheme of the listener itself
}

func newGuard(baseURL string, tls bool) (guard, error) {
	u, err := url.Parse(baseURL)
	if err != nil || u.Host == "" {
		return guard{}, fmt.Errorf("app.baseUrl %q is not a URL such as http://127.0.0.1:7007", baseURL)
	}
	g := guard{host: strings.ToLower(u.Host), scheme: u.Scheme, own: "http"}
	if tls {
		g.own = "https"
	}
	return g, nil
}

// hostOf returns the field Host as it came. The parser's own idea of the host
// also looks into the target of the request and at user information.
func hostOf(c *fiber.Ctx) string { return strings.ToLower(string(c.Request().Header.Host())) }

// origin returns the origin of our pages for the browser that sent a checked
// request. X-Forwarded-Proto and its like have no say: anybody can send them.
func (g guard) origin(c *fiber.Ctx) string {
	host := hostOf(c)
	if host == g.host {
		return g.scheme + "://" + host
	}
	return g.own + "://" + host
}

func (g guard) check(c *fiber.Ctx) error {
	host := hostOf(c)
	if host != g.host && !isLoopback(host) {
		return &statusError{fiber.StatusMisdirectedRequest, fmt.Sprintf("this server is %s, not %q; if people reach it by that name, set app.baseUrl", g.host, host)}
	}
	switch c.Method() {
	case fiber.MethodGet, fiber.MethodHead, fiber.MethodOptions:
		return c.Next()
	}
	// Browsers send Sec-Fetch-Site, older ones Origin with a write. Programs
	// send neither and hold no cookie of ours.
	if site := c.Get("Sec-Fetch-Site"); site != "" {
		if site == "same-origin" {
			return c.Next()
		}
		return fault.New(fault.Denied, "a write must come from the portal's own pages (Sec-Fetch-Site is %q)", site)
	}
	if origin := c.Get("Origin"); origin != "" {
		if strings.EqualFold(origin, g.origin(c)) {
			return c.Next()
		}
		return fault.New(fault.Denied, "a write must come from the portal's own pages (Origin is %q)", origin)
	}
	return c.Next()
}

// isLoopback reports whether a Host field names this machine, on any port.
func isLoopback(host string) bool {
	name := host
	if h, port, err := net.SplitHostPort(host); err == nil {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return false
		}
		name = h
	} else if inner, ok := strings.CutPrefix(host, "["); ok {
		name = strings.TrimSuffix(inner, "]")
	}
	if name == "localhost" {
		return true
	}
	ip := net.ParseIP(name)
	return ip != nil && ip.IsLoopback()
}

// otherPolicy is for answers that are no page of ours; pages and plugins set
// their own.
const otherPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// securityHeaders go on every answer; fail sets them on refusals.
func securityHeaders(c *fiber.Ctx) error {
	err := c.Next()
	harden(c)
	return err
}

func harden(c *fiber.Ctx) {
	h := &c.Response().Header
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	if len(h.Peek("Content-Security-Policy")) == 0 {
		h.Set("Content-Security-Policy", otherPolicy)
	}
}
