// Package identity is the capability to know on whose behalf a call runs.
//
// Owns: identity.current/1. Does not own: who that is (authn) or what they may do (policy).
// Flow: guest → Session → the call's authority, without actors and issuer.
package identity

import (
	"context"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// New returns the table's row.
func New() capability.Capability {
	return capability.Capability{
		ID: abi.CapIdentity, Harmless: true,
		Ops: map[uint32]capability.Operation{
			abi.IdentityCurrent: capability.Plain("identity.current/1", func(_ context.Context, c *capability.Call) (msgp.Marshaler, error) {
				s := c.Authority.Subject
				return &contract.IdentityAnswer{Kind: s.Kind.String(), Ref: s.Ref, Ownership: s.Ownership, Mode: c.Authority.Mode.String()}, nil
			}),
		},
	}
}
