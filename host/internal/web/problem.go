package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin/install"
	"github.com/callboard/callboard/host/internal/policy"
)

// statusError is a refusal that has a status of its own.
type statusError struct {
	status  int
	message string
}

func (e *statusError) Error() string { return e.message }

// methodError says that there is a route for the path but not for the method.
type methodError struct{ allowed []string }

func (e *methodError) Error() string {
	return "this endpoint answers " + strings.Join(e.allowed, ", ")
}

// statusOf is the one map from faults to HTTP.
func statusOf(k fault.Kind) (status int, backstage string) {
	switch k {
	case fault.Invalid:
		return http.StatusBadRequest, "InputError"
	case fault.Unauthenticated:
		return http.StatusUnauthorized, "AuthenticationError"
	case fault.Denied:
		return http.StatusForbidden, "NotAllowedError"
	case fault.NotFound:
		return http.StatusNotFound, "NotFoundError"
	case fault.Conflict:
		return http.StatusConflict, "ConflictError"
	case fault.Exhausted:
		return http.StatusTooManyRequests, "ResponseError"
	case fault.Unavailable:
		return http.StatusServiceUnavailable, "ServiceUnavailableError"
	case fault.Timeout:
		return http.StatusGatewayTimeout, "ResponseError"
	default:
		return http.StatusInternalServerError, "InternalServerError"
	}
}

// problem is RFC 9457 with the members of Backstage's error body beside it, so
// that clients of either read the same answer.
type problem struct {
	Type      string        `json:"type"`
	Title     string        `json:"title"`
	Status    int           `json:"status"`
	Detail    string        `json:"detail,omitempty"`
	Instance  string        `json:"instance"`
	RequestID string        `json:"requestId"`
	Error     *bodyError    `json:"error,omitempty"`
	Request   *bodyRequest  `json:"request,omitempty"`
	Response  *bodyResponse `json:"response,omitempty"`
	Denial    *denial       `json:"denial,omitempty"`
	// Review is what an operator has to look at before asking again.
	Review *install.Review `json:"review,omitempty"`
}

// denial says which permission was missing.
type denial struct {
	Permission string   `json:"permission"`
	Rule       string   `json:"rule,omitempty"`
	GrantedBy  []string `json:"grantedBy,omitempty"`
}

type bodyError struct {
	Name    string `json:"name"`
	Message string `json:"message"`
}

type bodyRequest struct {
	Method string `json:"method"`
	URL    string `json:"url"`
}

type bodyResponse struct {
	StatusCode int `json:"statusCode"`
}

// backstageAPI are the ids whose APIs Backstage's clients use. Those clients
// read an error only from application/json.
var backstageAPI = map[string]bool{
	"catalog": true, "scaffolder": true, "search": true, "techdocs": true, "auth": true,
	"permission": true, "events": true, "proxy": true, "notifications": true,
}

// fail writes the answer to a request that ended in an error. What is not a
// fault is internal: logged in full, shown with the request id and no more.
func (s *Server) fail(c *fiber.Ctx, err error) error {
	kind := fault.KindOf(err)
	status, name := statusOf(kind)
	detail, kindName := fault.Message(err), kind.String()
	var (
		own       *statusError
		fromFiber *fiber.Error
		method    *methodError
		retry     interface{ RetryAfter() time.Duration }
		refused   *install.Refused
		denied    *denial
	)
	switch {
	case errors.As(err, &own):
		status, detail, kindName, name = own.status, own.message, "refused", refusalName(own.status)
	case errors.As(err, &method):
		status, detail, kindName, name = http.StatusMethodNotAllowed, method.Error(), "method_not_allowed", "ResponseError"
		c.Set(fiber.HeaderAllow, strings.Join(method.allowed, ", "))
	case errors.As(err, &refused):
		kindName = refused.Kind
		if refused.Kind == "stale" && c.Get(fiber.HeaderIfMatch) != "" {
			status = http.StatusPreconditionFailed
		}
	case errors.As(err, &fromFiber):
		status, detail, kindName, name = fromFiber.Code, s.refusal(c, fromFiber.Code), "refused", refusalName(fromFiber.Code)
	case kind == fault.Internal:
		s.config.Log.ErrorContext(c.UserContext(), "internal error", "method", c.Method(), "path", c.Path(), "error", err)
	}
	var missing *policy.Denial
	if errors.As(err, &missing) {
		denied = &denial{Permission: missing.Permission, Rule: strings.Join(missing.Rules, ", "), GrantedBy: missing.GrantedBy}
	}
	if errors.As(err, &retry) {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(retry.RetryAfter().Seconds()))))
	}
	id, _ := c.Locals(localRequestID).(string)
	if id == "" { // refused before it was a request
		id = s.config.RequestID()
		c.Set(requestIDHeader, id)
	}
	p := problem{
		Type: "urn:callboard:problem:" + kindName, Title: http.StatusText(status), Status: status,
		Detail: detail, Instance: c.OriginalURL(), RequestID: id,
	}
	p.Denial = denied
	if refused != nil {
		p.Review = refused.Review
	}
	mediaType := "application/problem+json"
	if rest, below := strings.CutPrefix(c.OriginalURL(), "/api/"); below {
		id, path := rest, "/"
		if i := strings.IndexAny(rest, "/?"); i >= 0 {
			id, path = rest[:i], rest[i:]
		}
		if backstageAPI[id] {
			mediaType = fiber.MIMEApplicationJSONCharsetUTF8
		}
		p.Error = &bodyError{name, detail}
		p.Request = &bodyRequest{c.Method(), path}
		p.Response = &bodyResponse{status}
	}
	body, encodeErr := json.Marshal(p)
	if encodeErr != nil {
		return encodeErr
	}
	c.Response().ResetBody()
	c.Response().Header.Del(fiber.HeaderETag)
	c.Response().Header.Del(fiber.HeaderContentDisposition)
	c.Status(status)
	c.Set(fiber.HeaderContentType, mediaType)
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set("Content-Security-Policy", otherPolicy)
	harden(c)
	return c.Send(body)
}

// refusalName is what the body parser of a Backstage backend calls a refusal.
func refusalName(status int) string {
	switch status {
	case http.StatusRequestEntityTooLarge:
		return "PayloadTooLargeError"
	case http.StatusUnsupportedMediaType:
		return "UnsupportedMediaTypeError"
	default:
		return "ResponseError"
	}
}

// refusal says why bytes were refused that never became a request. The words
// of the parser quote its buffer, in which another request may lie already.
func (s *Server) refusal(c *fiber.Ctx, status int) string {
	switch status {
	case http.StatusBadRequest:
		return "the request is malformed"
	case http.StatusRequestEntityTooLarge:
		if c.Method() == fiber.MethodPost && c.Path() == releasesPath {
			return fmt.Sprintf("a module has at most %d bytes", maxRelease)
		}
		return fmt.Sprintf("the body is larger than %d bytes", s.config.Limits.BodyBytes)
	case http.StatusRequestHeaderFieldsTooLarge:
		return fmt.Sprintf("the request line and the header fields are larger than %d bytes", s.config.Limits.HeaderBytes)
	default:
		return strings.ToLower(http.StatusText(status))
	}
}
