package capability

import (
	"encoding/json"
	"fmt"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/sdk/abi"
)

// Extent is how far one capability would reach under a scope, before anybody
// granted it: what a review of a plugin compares.
type Extent struct {
	Harmless bool // declaring is enough
	scope    Scope
}

// Extent reads the scope of a capability by name; nil is the widest. Fault:
// Invalid (no such capability, a scope that it cannot read).
func (t Table) Extent(name string, scope json.RawMessage) (Extent, error) {
	return t.extent(name, scope, parseScope)
}

// GrantExtent is Extent of a scope that a grant writes, in which more can
// stand than in a manifest.
func (t Table) GrantExtent(name string, grant json.RawMessage) (Extent, error) {
	return t.extent(name, grant, parseGrant)
}

func (t Table) extent(name string, scope json.RawMessage, parse func(Capability, json.RawMessage) (Scope, error)) (Extent, error) {
	id, ok := abi.CapabilityByName(name)
	row, known := t[id]
	if !ok || !known {
		return Extent{}, fault.New(fault.Invalid, "capability %q is not one of this host (it has %s)", name, t.names())
	}
	parsed, err := parse(row, scope)
	if err != nil {
		return Extent{}, fmt.Errorf("capabilities.%s.scope: %w", name, err)
	}
	return Extent{Harmless: row.Harmless, scope: parsed}, nil
}

// Covers reports whether nothing of o lies outside of e.
func (e Extent) Covers(o Extent) bool {
	if e.scope == nil || o.scope == nil || e.scope.String() == o.scope.String() {
		return true
	}
	if covering, ok := e.scope.(CoveringScope); ok {
		return covering.Covers(o.scope)
	}
	return o.scope.Narrow(e.scope).String() == o.scope.String()
}

// String says it in words.
func (e Extent) String() string {
	if e.scope == nil {
		return "granted"
	}
	return e.scope.String()
}
