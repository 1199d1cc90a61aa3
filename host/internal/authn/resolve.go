package authn

import (
	"context"
	"slices"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
)

// Resolve returns what a user who authenticated earlier is now, by the
// immutable key: with the groups of today. It is for work that goes on after
// the request that asked for it. Fault: Denied (that user could not sign in now).
func (a *Authenticator) Resolve(ctx context.Context, issuer, id string) (principal.Authority, error) {
	if issuer != GuestIssuer || !a.config.Guest || !slices.Contains(a.config.Personas, id) {
		return principal.Authority{}, fault.New(fault.Denied, "%s of %s cannot sign in any more: what they asked for is done for nobody", id, issuer)
	}
	return principal.Guest(id, a.config.Directory.Profile(ctx, id).Ownership...), nil
}
