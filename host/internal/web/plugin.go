package web

import (
	"mime"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"
	"go.opentelemetry.io/otel/trace"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/extension"
	"github.com/callboard/callboard/host/internal/web/route"
	"github.com/callboard/callboard/sdk/contract"
)

// pluginPolicy goes on everything that a plugin answers: whatever it sends,
// a browser that opens it runs nothing and loads nothing in our origin.
const pluginPolicy = "sandbox; default-src 'none'; frame-ancestors 'none'"

// notForGuests are the request headers that never enter a guest: credentials,
// what belongs to the connection, and what the host has dealt with.
var notForGuests = map[string]bool{
	"cookie": true, "authorization": true, "proxy-authorization": true, "connection": true, "keep-alive": true,
	"te": true, "trailer": true, "transfer-encoding": true, "upgrade": true, "host": true, "content-length": true,
	"accept-encoding": true, "traceparent": true, "tracestate": true, "x-csrf-token": true,
	"x-forwarded-for": true, "x-forwarded-host": true, "x-forwarded-proto": true, "forwarded": true, "x-real-ip": true,
}

// fromGuests are the response headers that a plugin may set.
var fromGuests = map[string]bool{
	"content-type": true, "content-language": true, "content-disposition": true, "content-range": true, "accept-ranges": true,
	"cache-control": true, "expires": true, "last-modified": true, "etag": true, "link": true, "location": true,
	"retry-after": true, "vary": true, "deprecation": true, "sunset": true, "warning": true, "x-total-count": true,
}

// shown are the media types that a browser may show; everything else is
// offered as a download.
var shown = map[string]bool{
	"application/json": true, "application/problem+json": true, "application/x-ndjson": true, "application/yaml": true,
	"text/plain": true, "text/csv": true, "text/markdown": true, "text/event-stream": true, "text/x-diff": true,
	"image/png": true, "image/jpeg": true, "image/gif": true, "image/webp": true, "image/avif": true,
}

func (s *Server) servePlugin(c *fiber.Ctx) error {
	id := utils.CopyString(c.Params("plugin"))
	c.Locals(localRoute, "/api/{plugin}") // until a route is known, so that no path becomes a label
	uri := c.Request().URI()
	path := strings.TrimPrefix(string(uri.PathOriginal()), "/api/"+id)
	if path == "" {
		path = "/"
	}
	routes := s.config.Plugins.Routes(plugin.ID(id))
	if routes == nil {
		return fault.New(fault.NotFound, "no plugin %q is installed", id)
	}
	match, params, allowed, ok := routes.Match(c.Method(), path)
	if !ok && len(allowed) > 0 {
		return &methodError{allowed}
	}
	if !ok {
		return fault.New(fault.NotFound, "plugin %s has no route %s", id, path)
	}
	c.Locals(localRoute, "/api/"+id+match.Pattern)
	authority, err := s.config.Authn.Authenticate(c.UserContext(), s.sessionCookie(c))
	if err != nil {
		return err
	}
	if match.Permission != "" {
		if err := s.config.Permissions.MaySome(c.UserContext(), authority, match.Permission); err != nil {
			return err
		}
	}
	if err := s.awaitRevision(c); err != nil {
		return err
	}
	span := trace.SpanContextFromContext(c.UserContext())
	requestID, _ := c.Locals(localRequestID).(string)
	answer, err := s.config.Plugins.ServeHTTP(c.UserContext(), &extension.HTTPRequest{
		Plugin: plugin.ID(id), Method: match.Method, Route: match.Pattern, Params: contractParams(params),
		Path: path, RawQuery: string(uri.QueryString()), Headers: requestHeaders(c),
		Body: c.Request().Body(), MediaType: utils.CopyString(c.Get(fiber.HeaderContentType)),
		Authority: authority, RequestID: requestID, TraceID: span.TraceID(), SpanID: span.SpanID(),
	})
	if err != nil {
		return err
	}
	defer answer.Close()
	if r := s.config.Revisions; r != nil {
		c.Set(revisionHeader, revisionText(r.Revision()))
	}
	return s.send(c, answer)
}

func contractParams(params []route.Param) []contract.Param {
	out := make([]contract.Param, len(params))
	for i, p := range params {
		out[i] = contract.Param{Name: p.Name, Value: p.Value}
	}
	return out
}

func requestHeaders(c *fiber.Ctx) []contract.Header {
	var out []contract.Header
	c.Request().Header.VisitAll(func(k, v []byte) {
		if name := string(k); !notForGuests[strings.ToLower(name)] && !strings.HasPrefix(strings.ToLower(name), "sec-") {
			out = append(out, contract.Header{Name: name, Value: string(v)})
		}
	})
	return out
}

// maxAnswerFields bounds the header fields of a plugin's answer, in bytes:
// proxies refuse an answer that has more, and blame us.
const maxAnswerFields = 16 << 10

// send writes a plugin's answer under the rules for foreign bytes.
func (s *Server) send(c *fiber.Ctx, a *extension.HTTPAnswer) error {
	if a.Status < 200 || a.Status > 599 {
		return fault.New(fault.Internal, "the plugin answered status %d", a.Status)
	}
	// A few bytes of answer can name a large handle ten thousand times.
	size, fields := 0, 0
	for _, piece := range a.Body {
		if size += len(piece); size > s.config.Limits.AnswerBytes {
			return fault.New(fault.Internal, "the plugin's answer is larger than %d bytes", s.config.Limits.AnswerBytes)
		}
	}
	for _, field := range a.Headers {
		if fields += len(field.Name) + len(field.Value); fields > maxAnswerFields {
			return fault.New(fault.Internal, "the header fields of the plugin's answer are larger than %d bytes", maxAnswerFields)
		}
	}
	c.Status(a.Status)
	h := &c.Response().Header
	for _, field := range a.Headers {
		name := strings.ToLower(field.Name)
		if !fromGuests[name] || strings.ContainsFunc(field.Value, isControl) {
			continue
		}
		switch name {
		case "location":
			if !ownPath(field.Value) {
				continue
			}
			h.Set(fiber.HeaderLocation, field.Value)
		case "cache-control":
			h.Set(fiber.HeaderCacheControl, forOneViewer(field.Value))
		case "link", "vary", "warning":
			h.Add(field.Name, field.Value)
		default:
			h.Set(field.Name, field.Value)
		}
	}
	body(c, a)
	h.Set("Content-Security-Policy", pluginPolicy)
	mediaType, _, err := mime.ParseMediaType(string(h.ContentType()))
	if err != nil || len(h.Peek(fiber.HeaderContentType)) == 0 {
		mediaType = "application/octet-stream"
		h.SetContentType(mediaType)
	}
	if disposition := strings.ToLower(string(h.Peek(fiber.HeaderContentDisposition))); !shown[mediaType] && !strings.HasPrefix(disposition, "attachment") {
		h.Set(fiber.HeaderContentDisposition, "attachment")
	}
	if len(h.Peek(fiber.HeaderCacheControl)) == 0 {
		h.Set(fiber.HeaderCacheControl, "private, no-cache")
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// forOneViewer keeps an answer out of caches that several people share: it was
// made with the rights of one of them.
func forOneViewer(cacheControl string) string {
	kept := []string{"private"}
	for directive := range strings.SplitSeq(cacheControl, ",") {
		directive = strings.TrimSpace(directive)
		name, _, _ := strings.Cut(strings.ToLower(directive), "=")
		switch strings.TrimSpace(name) {
		case "", "public", "private", "s-maxage":
		default:
			kept = append(kept, directive)
		}
	}
	return strings.Join(kept, ", ")
}

// body hands over a single piece without copying; several are joined in the
// connection's own buffer.
func body(c *fiber.Ctx, a *extension.HTTPAnswer) {
	switch res := c.Response(); len(a.Body) {
	case 0:
		res.ResetBody()
	case 1:
		res.SetBodyRaw(a.Body[0])
	default:
		for _, piece := range a.Body {
			res.AppendBody(piece)
		}
	}
}

// ownPath reports whether a redirect stays in this portal.
func ownPath(location string) bool {
	u, err := url.Parse(location)
	return err == nil && u.Scheme == "" && u.Host == "" && strings.HasPrefix(location, "/") &&
		!strings.HasPrefix(location, "//") && !strings.Contains(location, `\`)
}
