package web

import (
	"context"
	"encoding/hex"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/telemetry"
)

const requestIDHeader = "X-Request-Id"

// Keys of fiber.Ctx.Locals.
const (
	localRequestID = "request_id"
	localRoute     = "route" // the pattern, for metrics: never a path
	localNoETag    = "no_etag"
)

// observe gives a request its id, span and context, survives a panic, and
// tells metrics and log how it ended.
func (s *Server) observe(c *fiber.Ctx) (err error) {
	start := s.config.Now()
	id := utils.CopyString(c.Get(requestIDHeader))
	if !validRequestID(id) {
		id = s.config.RequestID()
	}
	c.Locals(localRequestID, id)
	c.Set(requestIDHeader, id)
	ctx := telemetry.WithRequestID(s.base, id)
	ctx = trace.ContextWithRemoteSpanContext(ctx, remoteSpan(c.Get("Traceparent")))
	ctx, span := s.config.Tracer.Start(ctx, "http", trace.WithSpanKind(trace.SpanKindServer))
	c.SetUserContext(ctx)
	defer func() {
		if p := recover(); p != nil {
			s.config.Log.ErrorContext(ctx, "panic", "panic", p, "stack", string(debug.Stack()))
			err = fault.New(fault.Internal, "panic")
		}
		if err != nil {
			err = s.fail(c, err)
		}
		s.finish(ctx, c, span, start)
	}()
	return c.Next()
}

func (s *Server) finish(ctx context.Context, c *fiber.Ctx, span trace.Span, start time.Time) {
	route, _ := c.Locals(localRoute).(string)
	if route == "" {
		route = utils.CopyString(c.Route().Path)
	}
	method, status := utils.CopyString(c.Method()), c.Response().StatusCode()
	d := s.config.Now().Sub(start)
	s.config.Metrics.HTTP(method, route, status, d, int64(len(c.Response().Body())))
	if span.IsRecording() {
		span.SetName(method + " " + route)
		span.SetAttributes(attribute.Int("http.response.status_code", status), attribute.String("http.route", route))
	}
	span.End()
	if status >= 500 {
		s.config.Log.WarnContext(ctx, "request failed", "method", method, "path", utils.CopyString(c.Path()), "status", status, "duration", d)
	} else {
		s.config.Log.DebugContext(ctx, "request", "method", method, "path", c.Path(), "status", status, "duration", d)
	}
}

// validRequestID accepts what a proxy in front may have given: no spaces,
// nothing that could break a log line or a header.
func validRequestID(id string) bool {
	if len(id) < 8 || len(id) > 64 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

// remoteSpan reads a W3C traceparent; one that is malformed counts as none.
func remoteSpan(header string) trace.SpanContext {
	parts := strings.Split(header, "-")
	if len(parts) != 4 || parts[0] != "00" || len(parts[1]) != 32 || len(parts[2]) != 16 || len(parts[3]) != 2 {
		return trace.SpanContext{}
	}
	var c trace.SpanContextConfig
	flags := make([]byte, 1)
	for _, field := range []struct {
		dst []byte
		hex string
	}{{c.TraceID[:], parts[1]}, {c.SpanID[:], parts[2]}, {flags, parts[3]}} {
		if _, err := hex.Decode(field.dst, []byte(field.hex)); err != nil {
			return trace.SpanContext{}
		}
	}
	c.TraceFlags = trace.TraceFlags(flags[0])
	c.Remote = true
	return trace.NewSpanContext(c)
}
