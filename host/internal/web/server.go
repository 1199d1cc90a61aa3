package web

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/gofiber/fiber/v2/middleware/compress"
	"github.com/valyala/fasthttp"
	"go.opentelemetry.io/otel/trace"

	"github.com/callboard/callboard/host/internal/authn"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/extension"
	"github.com/callboard/callboard/host/internal/telemetry"
	"github.com/callboard/callboard/host/internal/web/route"
)

// Limits bound one request. Zero fields take the defaults.
type Limits struct {
	BodyBytes    int           // of a request; default 10 MiB
	AnswerBytes  int           // of a plugin's answer with what its handles hold; default 256 MiB
	HeaderBytes  int           // request line and fields; default 16 KiB
	ReadTimeout  time.Duration // of a whole request; default 30 s
	WriteTimeout time.Duration // of a whole answer; default 60 s
	IdleTimeout  time.Duration // of a kept connection; default 75 s
	Connections  int           // at once; default 16,384
}

// Plugins answers requests below /api/<plugin>.
type Plugins interface {
	// Routes returns the routes of a plugin, nil when there is none.
	Routes(id plugin.ID) *route.Table
	// ServeHTTP answers a request. Close the answer when it is sent. Faults:
	// those of extension.HTTP.
	ServeHTTP(ctx context.Context, r *extension.HTTPRequest) (*extension.HTTPAnswer, error)
}

// Host answers the host's own endpoints. Each result is encoded as JSON.
type Host interface {
	// ListPlugins returns the plugins that are installed, and with removed those
	// too whose data is still kept.
	ListPlugins(ctx context.Context, removed bool) any
	// GetPlugin returns everything about one plugin. Fault: NotFound.
	GetPlugin(ctx context.Context, id string) (any, error)
	// Usage returns what a plugin used within the window that ends now. Fault: NotFound.
	Usage(ctx context.Context, id string, window time.Duration) (any, error)
	Info(ctx context.Context) any
	Ready(ctx context.Context) Readiness
}

// Readiness is the answer of the ready endpoints.
type Readiness struct {
	Status string  `json:"status"` // ok, degraded (serves, but look at it), error (send no traffic)
	Checks []Check `json:"checks"`
}

// Check is one part that readiness looked at.
type Check struct {
	Name    string `json:"name"`
	Status  string `json:"status"`
	Message string `json:"message,omitempty"`
}

// Config is what a Server needs.
type Config struct {
	BaseURL     string // app.baseUrl, without a slash at its end
	Title       string // of the portal
	Development bool
	Limits      Limits
	UI          fs.FS  // the built UI; may hold no index.html
	OpenAPI     []byte // served at /openapi.json
	Metrics     *telemetry.Metrics
	// MetricsBeside serves /metrics on the portal's own address. It must be
	// false when other machines reach that address.
	MetricsBeside bool
	Tracer        trace.Tracer
	Log           *slog.Logger
	Authn         *authn.Authenticator
	Plugins       Plugins
	Host          Host
	Installer     Installer
	Permissions   Permissions
	Policy        Policy
	Recordings    Recordings
	Jobs          Jobs
	Webhooks      Webhooks  // nil = none are taken
	Revisions     Revisions // nil = answers do not say
	Preferences   Preferences
	RequestID     func() string // makes ids
	Now           func() time.Time
	TLS           *tls.Config // nil = plain HTTP
}

// Server is the listening portal.
type Server struct {
	config   Config
	app      *fiber.App
	guard    guard
	ui       *static
	draining atomic.Bool
	base     context.Context // ends when the server is closed
	stop     context.CancelFunc
}

// New returns a server that does not listen yet. It fails when BaseURL is no URL.
func New(c Config) (*Server, error) {
	l := &c.Limits
	orDefault(&l.BodyBytes, 10<<20)
	orDefault(&l.AnswerBytes, 256<<20)
	orDefault(&l.HeaderBytes, 16<<10)
	orDefault(&l.ReadTimeout, 30*time.Second)
	orDefault(&l.WriteTimeout, 60*time.Second)
	orDefault(&l.IdleTimeout, 75*time.Second)
	orDefault(&l.Connections, 16384)
	s := &Server{config: c}
	var err error
	if s.guard, err = newGuard(c.BaseURL, c.TLS != nil); err != nil {
		return nil, err
	}
	if s.ui, err = newStatic(c.UI, c.Title, s.guard.origin); err != nil {
		return nil, err
	}
	s.base, s.stop = context.WithCancel(context.Background())
	s.app = fiber.New(fiber.Config{
		AppName:               "Callboard",
		DisableStartupMessage: true,
		BodyLimit:             l.BodyBytes,
		ReadBufferSize:        l.HeaderBytes,
		ReadTimeout:           l.ReadTimeout,
		WriteTimeout:          l.WriteTimeout,
		IdleTimeout:           l.IdleTimeout,
		Concurrency:           l.Connections,
		ErrorHandler:          s.fail,
		UnescapePath:          false,
		CaseSensitive:         true,
		StrictRouting:         true,
		// Forms are plugins' business, and parsing them makes files.
		DisablePreParseMultipartForm: true,
	})
	// Two endpoints take a larger body than the others, and say so before the
	// body is read.
	s.app.Server().HeaderReceived = func(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
		if h.IsPost() && string(h.RequestURI()) == releasesPath {
			return fasthttp.RequestConfig{MaxRequestBodySize: maxRelease, ReadTimeout: releaseTimeout}
		}
		if h.IsPost() && bytes.HasPrefix(h.RequestURI(), []byte(webhooksPath)) {
			return fasthttp.RequestConfig{MaxRequestBodySize: maxDelivery}
		}
		return fasthttp.RequestConfig{}
	}
	s.routes()
	return s, nil
}

func orDefault[T int | time.Duration](v *T, d T) {
	if *v == 0 {
		*v = d
	}
}

func (s *Server) routes() {
	app := s.app
	app.Use(s.observe, securityHeaders, unambiguous, s.guard.check)
	live := func(c *fiber.Ctx) error { return c.JSON(map[string]string{"status": "ok"}) }
	app.Get("/healthcheck", live)
	app.Get("/.callboard/live", live)
	app.Get("/.backstage/health/v1/liveness", live)
	app.Get("/.callboard/ready", s.ready(false))
	app.Get("/.backstage/health/v1/readiness", s.ready(true))
	if s.config.MetricsBeside {
		app.Get("/metrics", adaptor.HTTPHandler(s.config.Metrics.Handler()))
	}
	app.Use(compress.New(compress.Config{Level: compress.LevelBestSpeed}), etag)
	app.Get("/openapi.json", s.openAPI)
	s.lifecycle(app)
	s.recordingRoutes()
	s.jobRoutes()
	app.Post(webhooksPath+":topic", s.webhook)
	app.Get("/api/app/session", s.getSession)
	app.Post("/api/app/session", s.switchPersona)
	app.Get("/api/app/info", s.info)
	s.preferenceRoutes()
	s.permissionRoutes()
	app.All("/api/:plugin", s.servePlugin)
	app.All("/api/:plugin/*", s.servePlugin)
	// Not app.Use("/api"): that would take /api-docs, too.
	nothing := func(*fiber.Ctx) error {
		return fault.New(fault.NotFound, "there is no such endpoint; see /openapi.json")
	}
	app.All("/api", nothing)
	app.All("/api/*", nothing)
	app.Get("/*", s.ui.serve)
	app.Use(func(c *fiber.Ctx) error {
		return fault.New(fault.NotFound, "there is nothing at %s", c.Path())
	})
}

// Serve answers requests on l until Close. It returns nil after Close.
func (s *Server) Serve(l net.Listener) error {
	if s.config.TLS != nil {
		l = tls.NewListener(l, s.config.TLS)
	}
	if err := s.app.Listener(l); err != nil {
		return fmt.Errorf("serving on %s: %w", l.Addr(), err)
	}
	return nil
}

// Drain makes readiness fail, so that load balancers look elsewhere, while
// requests are still answered.
func (s *Server) Drain() { s.draining.Store(true) }

// Close lets requests under way finish within ctx, then cancels them.
func (s *Server) Close(ctx context.Context) error {
	s.Drain()
	defer s.stop()
	if err := s.app.ShutdownWithContext(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("closing the HTTP server: %w", err)
	}
	return nil
}

// Test runs one request through the server without a listener, for tests.
func (s *Server) Test(r *http.Request) (*http.Response, error) { return s.app.Test(r, -1) }
