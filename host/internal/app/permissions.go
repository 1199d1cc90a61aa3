package app

import (
	"context"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
)

// permissions is web.Permissions until policy decides: in development everybody
// may do everything, in production nobody changes anything.
type permissions struct{ production bool }

// May implements web.Permissions.
func (p permissions) May(_ context.Context, who principal.Authority, permission string) error {
	if p.production {
		return fault.New(fault.Denied, "%s has not the permission %s; in production nobody has until policy grants it: plugins and locations are set in the configuration", who.Subject.Ref, permission)
	}
	return nil
}
