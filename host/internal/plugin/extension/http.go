package extension

import (
	"strings"

	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/contract"
)

// HTTPRequest is a request below /api/<plugin>. Cookies and Authorization are
// not among Headers.
type HTTPRequest struct {
	Plugin    string
	Method    string
	Path      string // below /api/<plugin>, percent-encoded, starts with /
	RawQuery  string
	Headers   []contract.Header
	Body      []byte
	MediaType string // of Body
	Authority principal.Authority
	RequestID string
	TraceID   [16]byte
	SpanID    [8]byte
}

// HTTPAnswer is a plugin's answer. The pieces of Body belong to the call and
// must be sent or copied before Close.
type HTTPAnswer struct {
	Route   string // the pattern that matched
	Status  int
	Headers []contract.Header
	Body    [][]byte
	close   func()
}

// Close frees what the answer refers to.
func (a *HTTPAnswer) Close() {
	if a.close != nil {
		a.close()
	}
}

// MethodError says that a plugin has a route for the path but not for the method.
type MethodError struct{ Allowed []string }

// Error names the methods that the path has.
func (e *MethodError) Error() string {
	return "this endpoint answers " + strings.Join(e.Allowed, ", ")
}
