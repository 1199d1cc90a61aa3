package source

import (
	"context"
	"net/http"
)

// Credential is what a request to a host is sent with, beside what is asked.
// The zero Credential is none.
type Credential struct {
	Name string              // where configuration has it, "integrations.github[0]"; its rate limit is its own
	Set  func(*http.Request) // puts it on a request
	// Refused tells that the host answered 401 to it: For gives another now.
	// nil = there is no other.
	Refused func()
}

// Credentials are those of one integration.
type Credentials interface {
	// For returns the credential for the URL of a request, the zero one when
	// there is none. Faults are those of Host.
	For(ctx context.Context, target string) (Credential, error)
}

// Fixed are credentials of which there is one, for every URL of the host.
type Fixed Credential

// For implements Credentials.
func (f Fixed) For(context.Context, string) (Credential, error) { return Credential(f), nil }

// limitKey is the context key of whose rate limit a request counts against.
type limitKey struct{}

// WithLimit says whose rate limit requests count against, for Pace; else it is
// that of the integration.
func WithLimit(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, limitKey{}, name)
}
