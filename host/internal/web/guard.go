package web

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/callboard/callboard/host/internal/fault"
)

// guard holds what is safe before anybody can sign in: requests are for this
// host by name (so that a rebound DNS name reaches nothing), and writes that a
// browser sends come from our own pages.
type guard struct {
	host string // of app.baseUrl, lower case, with port if it has one
}

func newGuard(baseURL string) (guard, error) {
	u, err := url.Parse(baseURL)
	if err != nil || u.Host == "" {
		return guard{}, fmt.Errorf("app.baseUrl %q is not a URL such as http://127.0.0.1:7007", baseURL)
	}
	return guard{host: strings.ToLower(u.Host)}, nil
}

func (g guard) check(c *fiber.Ctx) error {
	host := strings.ToLower(string(c.Request().Host()))
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
		u, err := url.Parse(origin)
		if err == nil && strings.EqualFold(u.Host, host) && u.Scheme == c.Protocol() {
			return c.Next()
		}
		return fault.New(fault.Denied, "a write must come from the portal's own pages (Origin is %q)", origin)
	}
	return c.Next()
}

// isLoopback reports whether a Host field names this machine, on any port.
func isLoopback(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.Trim(name, "[]")
	if name == "localhost" {
		return true
	}
	ip := net.ParseIP(name)
	return ip != nil && ip.IsLoopback()
}

// securityHeaders go on every answer. The policy here is for answers that are
// no page of ours; pages set their own.
func securityHeaders(c *fiber.Ctx) error {
	err := c.Next()
	h := &c.Response().Header
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	if len(h.Peek("Content-Security-Policy")) == 0 {
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	}
	return err
}
