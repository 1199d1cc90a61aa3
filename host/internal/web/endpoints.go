package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"

	"github.com/callboard/callboard/host/internal/authn"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
)

func (s *Server) openAPI(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSONCharsetUTF8)
	c.Set(fiber.HeaderCacheControl, "no-cache")
	c.Response().SetBodyRaw(s.config.OpenAPI)
	return nil
}

func (s *Server) answer(c *fiber.Ctx, v any) error {
	c.Set(fiber.HeaderCacheControl, "private, no-cache")
	if err := c.JSON(v); err != nil {
		return fault.Wrap(fault.Internal, err, "encoding the answer")
	}
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSONCharsetUTF8)
	return nil
}

// ready answers 503 while no traffic should come: while draining, and when
// Host says that nothing can be answered. Before start-up ends nobody listens.
func (s *Server) ready(short bool) fiber.Handler {
	return func(c *fiber.Ctx) error {
		r := s.config.Host.Ready(c.UserContext())
		if s.draining.Load() {
			r.Status = "error"
			r.Checks = append(r.Checks, Check{Name: "server", Status: "error", Message: "shutting down"})
		}
		if r.Status == "error" {
			c.Status(http.StatusServiceUnavailable)
		}
		c.Set(fiber.HeaderCacheControl, "no-store")
		if short {
			status := "ok"
			if r.Status == "error" {
				status = "error"
			}
			return c.JSON(map[string]string{"status": status})
		}
		return c.JSON(r)
	}
}

// signedIn returns who asks; the host's own endpoints need a subject too.
func (s *Server) signedIn(c *fiber.Ctx) (principal.Authority, error) {
	return s.config.Authn.Authenticate(c.UserContext(), s.sessionCookie(c))
}

func (s *Server) listPlugins(c *fiber.Ctx) error {
	if _, err := s.signedIn(c); err != nil {
		return err
	}
	return s.answer(c, s.config.Host.ListPlugins(c.UserContext(), c.Query("removed") == "true"))
}

func (s *Server) getPlugin(c *fiber.Ctx) error {
	if _, err := s.signedIn(c); err != nil {
		return err
	}
	p, err := s.config.Host.GetPlugin(c.UserContext(), utils.CopyString(c.Params("id")))
	if err != nil {
		return err
	}
	return s.answer(c, p)
}

func (s *Server) info(c *fiber.Ctx) error {
	if _, err := s.signedIn(c); err != nil {
		return err
	}
	return s.answer(c, s.config.Host.Info(c.UserContext()))
}

// session is the answer of the session endpoints.
type session struct {
	Principal sessionPrincipal `json:"principal"`
	Personas  []persona        `json:"personas"`
	Mode      string           `json:"mode"`
}

type sessionPrincipal struct {
	Ref           string   `json:"ref"`
	DisplayName   string   `json:"displayName"`
	Picture       string   `json:"picture,omitempty"`
	OwnershipRefs []string `json:"ownershipRefs"`
	// Permissions are those of pagePermissions that the principal has, with some
	// entities at least: pages hide what would be refused.
	Permissions []string `json:"permissions"`
}

// pagePermissions are what the portal's own pages ask about.
var pagePermissions = []string{
	"catalog.entity.refresh", "catalog.location.create", "catalog.location.delete",
	permitInstall, permitOperate, permitGrant, permitConfigure, "plugins.read", "health.read", permitReadPolicy,
}

type persona struct {
	Ref         string `json:"ref"`
	DisplayName string `json:"displayName"`
	Role        string `json:"role"`
}

func (s *Server) getSession(c *fiber.Ctx) error {
	authority, err := s.signedIn(c)
	if err != nil {
		return err
	}
	return s.answer(c, s.session(c, authority))
}

func (s *Server) session(c *fiber.Ctx, who principal.Authority) session {
	ref := who.Subject.Ref
	p := s.config.Authn.Profile(c.UserContext(), ref)
	out := session{Mode: "production", Principal: sessionPrincipal{
		Ref: ref, DisplayName: p.DisplayName, Picture: p.Picture, OwnershipRefs: append([]string{ref}, p.Ownership...),
		Permissions: []string{},
	}}
	for _, permission := range pagePermissions {
		if s.config.Permissions.MaySome(c.UserContext(), who, permission) == nil {
			out.Principal.Permissions = append(out.Principal.Permissions, permission)
		}
	}
	if s.config.Development {
		out.Mode = "development"
	}
	out.Personas = []persona{}
	for _, p := range s.config.Authn.Personas(c.UserContext()) {
		out.Personas = append(out.Personas, personaOf(p))
	}
	return out
}

func personaOf(p authn.Profile) persona {
	return persona{Ref: p.Ref, DisplayName: p.DisplayName, Role: p.Role}
}

func (s *Server) switchPersona(c *fiber.Ctx) error {
	if mediaType := string(c.Request().Header.ContentType()); !strings.HasPrefix(mediaType, fiber.MIMEApplicationJSON) {
		return &statusError{http.StatusUnsupportedMediaType, "send application/json"}
	}
	var in struct {
		Persona string `json:"persona"`
	}
	if err := json.Unmarshal(c.Request().Body(), &in); err != nil {
		return fault.New(fault.Invalid, `the body is not {"persona": "user:default/name"}`)
	}
	value, expires, err := s.config.Authn.Switch(c.UserContext(), s.sessionCookie(c), in.Persona)
	if err != nil {
		return err
	}
	who, err := s.config.Authn.Authenticate(c.UserContext(), value)
	if err != nil {
		return err
	}
	c.Cookie(s.newSessionCookie(value, expires))
	return s.answer(c, s.session(c, who))
}

// cookieName carries the __Host- prefix wherever a browser accepts it: over
// HTTPS. Plain HTTP is for development on loopback.
func (s *Server) cookieName() string {
	if strings.HasPrefix(s.config.BaseURL, "https:") {
		return "__Host-callboard-session"
	}
	return "callboard-session"
}

func (s *Server) sessionCookie(c *fiber.Ctx) string {
	return utils.CopyString(c.Cookies(s.cookieName()))
}

func (s *Server) newSessionCookie(value string, expires time.Time) *fiber.Cookie {
	return &fiber.Cookie{
		Name: s.cookieName(), Value: value, Path: "/", Expires: expires, HTTPOnly: true,
		Secure: strings.HasPrefix(s.config.BaseURL, "https:"), SameSite: fiber.CookieSameSiteLaxMode,
	}
}
