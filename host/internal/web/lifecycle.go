package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin/install"
	"github.com/callboard/callboard/host/internal/principal"
)

// Installer brings about what operators ask for; install.Installer implements it.
type Installer interface {
	Releases
	Versions
	Switches
	Settings
}

// Releases keeps modules and reviews them.
type Releases interface {
	Upload(ctx context.Context, subject string, wasm []byte) (*install.Review, error)
	Review(ctx context.Context, digest string) (*install.Review, error)
}

// Versions decides which version of a plugin runs.
type Versions interface {
	Activate(ctx context.Context, a install.Activation) error
	Promote(ctx context.Context, o install.Order) error
	Withdraw(ctx context.Context, o install.Order) error
	Rollback(ctx context.Context, o install.Order, digest string, restore bool) error
}

// Switches turn a plugin on and off, and end it.
type Switches interface {
	Disable(ctx context.Context, o install.Order) error
	Enable(ctx context.Context, o install.Order) error
	Remove(ctx context.Context, o install.Order, purge bool) error
	History(ctx context.Context, id string) ([]install.HistoryEvent, error)
}

// Settings change what a plugin may do, use, and know.
type Settings interface {
	SetGrants(ctx context.Context, o install.Order, said map[string]json.RawMessage) error
	SetLimits(ctx context.Context, o install.Order, said json.RawMessage) error
	SetConfig(ctx context.Context, o install.Order, value json.RawMessage) error
}

// Permissions decides who may do what.
type Permissions interface {
	// May returns nil or a fault of kind Denied that names the permission.
	May(ctx context.Context, who principal.Authority, permission string) error
	// MaySome is May for a permission that may be had with some entities and not
	// with others: whoever does something with one asks about that one.
	MaySome(ctx context.Context, who principal.Authority, permission string) error
	// MayWith is May for one entity. What does not exist, or is no ref, is
	// allowed to those only who may with everything.
	MayWith(ctx context.Context, who principal.Authority, permission, ref string) error
	// OfEntity reports whether the permission is about entities.
	OfEntity(permission string) bool
}

// The permissions of the life cycle.
const (
	permitInstall   = "plugins.install"   // upload, activate, remove
	permitOperate   = "plugins.operate"   // disable, enable, roll back, promote, withdraw
	permitGrant     = "plugins.grant"     // decide about capabilities
	permitConfigure = "plugins.configure" // limits and configuration
)

// The body that brings a module may be larger, and take longer, than others.
const (
	maxRelease     = install.MaxModule
	releaseTimeout = 5 * time.Minute
)

const releasesPath = "/api/plugins/releases"

// lifecycle registers the endpoints of the life cycle.
func (s *Server) lifecycle(app *fiber.App) {
	app.Get("/api/plugins", s.listPlugins)
	app.Post(releasesPath, s.upload)
	app.Get(releasesPath+"/:digest", s.review)
	app.Get("/api/plugins/:id", s.getPlugin)
	app.Get("/api/plugins/:id/history", s.history)
	app.Get("/api/plugins/:id/usage", s.usage)
	app.Delete("/api/plugins/:id", s.operation(permitInstall, func(ctx context.Context, c *fiber.Ctx, o install.Order) error {
		return s.config.Installer.Remove(ctx, o, c.Query("purge") == "true")
	}))
	app.Post("/api/plugins/:id/activate", s.activate)
	app.Post("/api/plugins/:id/promote", s.ordered(permitOperate, Versions.Promote))
	app.Post("/api/plugins/:id/withdraw", s.ordered(permitOperate, Versions.Withdraw))
	app.Post("/api/plugins/:id/rollback", s.rollback)
	app.Post("/api/plugins/:id/disable", s.operation(permitOperate, func(ctx context.Context, _ *fiber.Ctx, o install.Order) error {
		return s.config.Installer.Disable(ctx, o)
	}))
	app.Post("/api/plugins/:id/enable", s.operation(permitOperate, func(ctx context.Context, _ *fiber.Ctx, o install.Order) error {
		return s.config.Installer.Enable(ctx, o)
	}))
	app.Put("/api/plugins/:id/grants", s.setGrants)
	app.Put("/api/plugins/:id/limits", s.setLimits)
	app.Put("/api/plugins/:id/config", s.setConfig)
}

// permitted returns who asks, if they may.
func (s *Server) permitted(c *fiber.Ctx, permission string) (principal.Authority, error) {
	who, err := s.signedIn(c)
	if err != nil {
		return who, err
	}
	return who, s.config.Permissions.May(c.UserContext(), who, permission)
}

func (s *Server) upload(c *fiber.Ctx) error {
	who, err := s.permitted(c, permitInstall)
	if err != nil {
		return err
	}
	if mediaType := string(c.Request().Header.ContentType()); !strings.HasPrefix(mediaType, "application/wasm") {
		return &statusError{http.StatusUnsupportedMediaType, "send the module as application/wasm"}
	}
	review, err := s.config.Installer.Upload(c.UserContext(), who.Subject.Ref, c.Request().Body())
	if err != nil {
		return err
	}
	c.Status(http.StatusCreated)
	c.Set(fiber.HeaderLocation, releasesPath+"/"+review.Digest)
	return s.answer(c, review)
}

func (s *Server) review(c *fiber.Ctx) error {
	if _, err := s.signedIn(c); err != nil {
		return err
	}
	digest, err := url.PathUnescape(utils.CopyString(c.Params("digest")))
	if err != nil {
		return fault.New(fault.Invalid, "the digest in the path cannot be read")
	}
	review, err := s.config.Installer.Review(c.UserContext(), digest)
	if err != nil {
		return err
	}
	return s.answer(c, review)
}

func (s *Server) history(c *fiber.Ctx) error {
	if _, err := s.signedIn(c); err != nil {
		return err
	}
	events, err := s.config.Installer.History(c.UserContext(), utils.CopyString(c.Params("id")))
	if err != nil {
		return err
	}
	return s.answer(c, events)
}

// maxWindow is how long figures are kept.
const maxWindow = 24 * time.Hour

func (s *Server) usage(c *fiber.Ctx) error {
	if _, err := s.signedIn(c); err != nil {
		return err
	}
	window := time.Hour
	if text := c.Query("window"); text != "" {
		var err error
		if window, err = time.ParseDuration(text); err != nil || window < time.Second || window > maxWindow {
			return fault.New(fault.Invalid, "window=%q is not a duration from 1s to 24h, such as 1h", text)
		}
	}
	report, err := s.config.Host.Usage(c.UserContext(), utils.CopyString(c.Params("id")), window)
	if err != nil {
		return err
	}
	return s.answer(c, report)
}

// order reads who asks about which plugin, at which revision, and why.
func (s *Server) order(c *fiber.Ctx, permission string, body any) (install.Order, error) {
	who, err := s.permitted(c, permission)
	if err != nil {
		return install.Order{}, err
	}
	o := install.Order{Subject: who.Subject.Ref, Plugin: utils.CopyString(c.Params("id"))}
	if o.IfRevision, err = ifMatch(c.Get(fiber.HeaderIfMatch)); err != nil {
		return o, err
	}
	return o, readJSON(c, body)
}

// ifMatch reads a revision: `"12"`, or `*` and nothing for any.
func ifMatch(field string) (uint64, error) {
	if field == "" || field == "*" {
		return 0, nil
	}
	revision, err := strconv.ParseUint(strings.Trim(strings.TrimPrefix(field, "W/"), `"`), 10, 64)
	if err != nil || revision == 0 {
		return 0, fault.New(fault.Invalid, `If-Match is the revision of the plugin, such as "12"`)
	}
	return revision, nil
}

// readJSON reads the body into v, which knows every key. A request without a
// body leaves v as it is.
func readJSON(c *fiber.Ctx, v any) error { return decodeJSON(c, v, true) }

// decodeJSON reads a body; one that clients of Backstage send may have members
// that nobody here knows.
func decodeJSON(c *fiber.Ctx, v any, strict bool) error {
	body := c.Request().Body()
	if len(body) == 0 {
		return nil
	}
	if mediaType := string(c.Request().Header.ContentType()); !strings.HasPrefix(mediaType, fiber.MIMEApplicationJSON) {
		return &statusError{http.StatusUnsupportedMediaType, "send application/json"}
	}
	d := json.NewDecoder(strings.NewReader(string(body)))
	if strict {
		d.DisallowUnknownFields()
	}
	if err := d.Decode(v); err != nil {
		return fault.New(fault.Invalid, "the body is not what this endpoint takes: %w", err)
	}
	if d.More() {
		return fault.New(fault.Invalid, "the body holds more than one JSON value")
	}
	return nil
}

// operation is an endpoint that takes a reason and nothing else, and answers
// the plugin as it is afterwards.
func (s *Server) operation(permission string, do func(ctx context.Context, c *fiber.Ctx, o install.Order) error) fiber.Handler {
	return func(c *fiber.Ctx) error {
		var body struct {
			Reason string `json:"reason"`
		}
		o, err := s.order(c, permission, &body)
		if err != nil {
			return err
		}
		o.Reason = body.Reason
		if err := do(c.UserContext(), c, o); err != nil {
			return err
		}
		return s.answerPlugin(c, o.Plugin)
	}
}

// ordered is an operation of Versions.
func (s *Server) ordered(permission string, do func(Versions, context.Context, install.Order) error) fiber.Handler {
	return s.operation(permission, func(ctx context.Context, _ *fiber.Ctx, o install.Order) error {
		return do(s.config.Installer, ctx, o)
	})
}

// answerPlugin answers the plugin as it is; what was removed and purged is gone.
func (s *Server) answerPlugin(c *fiber.Ctx, id string) error {
	p, err := s.config.Host.GetPlugin(c.UserContext(), id)
	if fault.Is(err, fault.NotFound) && c.Method() == fiber.MethodDelete {
		return c.SendStatus(http.StatusNoContent)
	}
	if err != nil {
		return err
	}
	return s.answer(c, p)
}

func (s *Server) activate(c *fiber.Ctx) error {
	var body struct {
		Digest        string                     `json:"digest"`
		Grants        map[string]json.RawMessage `json:"grants"`
		CanaryPercent int                        `json:"canaryPercent"`
		Restore       bool                       `json:"restore"`
		Reason        string                     `json:"reason"`
	}
	o, err := s.order(c, permitInstall, &body)
	if err != nil {
		return err
	}
	if len(body.Grants) > 0 {
		if _, err := s.permitted(c, permitGrant); err != nil {
			return err
		}
	}
	if body.Digest == "" {
		return fault.New(fault.Invalid, "digest is missing: the release to activate")
	}
	o.Reason = body.Reason
	if err := s.config.Installer.Activate(c.UserContext(), install.Activation{
		Order: o, Digest: body.Digest, Grants: body.Grants, CanaryPercent: body.CanaryPercent, Restore: body.Restore,
	}); err != nil {
		return err
	}
	return s.answerPlugin(c, o.Plugin)
}

func (s *Server) rollback(c *fiber.Ctx) error {
	var body struct {
		Digest  string `json:"digest"`
		Restore bool   `json:"restore"`
		Reason  string `json:"reason"`
	}
	o, err := s.order(c, permitOperate, &body)
	if err != nil {
		return err
	}
	o.Reason = body.Reason
	if err := s.config.Installer.Rollback(c.UserContext(), o, body.Digest, body.Restore); err != nil {
		return err
	}
	return s.answerPlugin(c, o.Plugin)
}

func (s *Server) setGrants(c *fiber.Ctx) error {
	var body struct {
		Grants map[string]json.RawMessage `json:"grants"`
	}
	o, err := s.order(c, permitGrant, &body)
	if err != nil {
		return err
	}
	if err := s.config.Installer.SetGrants(c.UserContext(), o, body.Grants); err != nil {
		return err
	}
	return s.answerPlugin(c, o.Plugin)
}

func (s *Server) setLimits(c *fiber.Ctx) error {
	var body struct {
		Limits json.RawMessage `json:"limits"`
	}
	o, err := s.order(c, permitConfigure, &body)
	if err != nil {
		return err
	}
	if err := s.config.Installer.SetLimits(c.UserContext(), o, body.Limits); err != nil {
		return err
	}
	return s.answerPlugin(c, o.Plugin)
}

func (s *Server) setConfig(c *fiber.Ctx) error {
	var body struct {
		Config json.RawMessage `json:"config"`
	}
	o, err := s.order(c, permitConfigure, &body)
	if err != nil {
		return err
	}
	if err := s.config.Installer.SetConfig(c.UserContext(), o, body.Config); err != nil {
		return err
	}
	return s.answerPlugin(c, o.Plugin)
}
