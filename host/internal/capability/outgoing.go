package capability

import (
	"context"
	"math"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/sdk/abi"
)

// Exchange is one request to another server, for the audit.
type Exchange struct {
	Method string
	Host   string // with the port where it is not the scheme's own
	Status int    // 0 = there was no answer
}

// SecretUse is one use of a secret, for the audit: by name, never by value.
type SecretUse struct {
	Name     string
	Host     string // that it was sent to; empty when it was revealed
	Revealed bool   // the plugin got the value
}

// outgoing is what a call sent to other servers. Exchanges and secrets are
// those of the host call under way.
type outgoing struct {
	requests  int
	bytes     int64
	exchanges []Exchange
	secrets   []SecretUse
}

// ChargeEgress takes one request, or bytes, from the call's quota of egress.
// Fault: Exhausted.
func (c *Call) ChargeEgress(requests int, bytes int64) error {
	if c.session == nil {
		return nil
	}
	o, limit := &c.session.out, c.session.opening
	o.requests += requests
	o.bytes += bytes
	switch {
	case o.requests > limit.EgressRequests:
		return fault.New(fault.Exhausted, "the call sent more than %d requests to other servers, redirects included; the operator raises it with limits.egressRequests", limit.EgressRequests)
	case o.bytes > limit.EgressBytes:
		return fault.New(fault.Exhausted, "the call exchanged more than %d bytes with other servers; the operator raises it with limits.egressBytes", limit.EgressBytes)
	}
	return nil
}

// EgressLeft returns the bytes that the call may still exchange with other
// servers; less than nothing when it had more.
func (c *Call) EgressLeft() int64 {
	if c.session == nil {
		return math.MaxInt64
	}
	return c.session.opening.EgressBytes - c.session.out.bytes
}

// NoteExchange puts a request that is about to be sent into the audit of the
// host call.
func (c *Call) NoteExchange(e Exchange) {
	if c.session != nil {
		c.session.out.exchanges = append(c.session.out.exchanges, e)
	}
}

// NoteStatus fills in what the latest exchange was answered with.
func (c *Call) NoteStatus(status int) {
	if c.session == nil {
		return
	}
	if all := c.session.out.exchanges; len(all) > 0 {
		all[len(all)-1].Status = status
	}
}

// NoteSecret puts the use of a secret into the audit of the host call.
func (c *Call) NoteSecret(use SecretUse) {
	if c.session != nil {
		c.session.out.secrets = append(c.session.out.secrets, use)
	}
}

// Use returns the scope of another capability that an operation needs beside
// its own: declared, granted, and allowed by policy for what the operation
// does with it. Faults: Denied.
func (c *Call) Use(ctx context.Context, id abi.Capability, operation string) (Scope, error) {
	if c.session == nil {
		return nil, fault.New(fault.Internal, "the operation has no session")
	}
	right, err := c.session.rights.right(id)
	if err != nil {
		return nil, err
	}
	if policy := c.session.gate.config.Policy; policy != nil {
		q := Question{Authority: c.Authority, Capability: id, Operation: operation, Scope: right.scope}
		if err := policy.Allow(ctx, q); err != nil {
			return nil, err //nolint:wrapcheck // it says why
		}
	}
	return right.scope, nil
}
