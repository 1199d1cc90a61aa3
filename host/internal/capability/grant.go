package capability

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/sdk/abi"
)

// Request is what a manifest declares: a capability, a scope, a reason.
type Request struct {
	Name   string          `json:"name"`
	Scope  json.RawMessage `json:"scope,omitempty"`
	Reason string          `json:"reason,omitempty"`
}

// Grants is what the operator wrote for one plugin: capability name → scope,
// true (everything that is declared) or false (nothing).
type Grants map[string]json.RawMessage

// Right is the standing of one declared capability.
type Right struct {
	Request
	Granted bool
	// Effective says in words what is left after narrowing; empty when not granted.
	Effective string

	scope Scope
}

// Rights is what a plugin may do before policy: declared ∩ granted.
type Rights struct {
	byID map[abi.Capability]Right
	list []Right
}

// List returns a right for every declared capability, by name.
func (r *Rights) List() []Right { return slices.Clone(r.list) }

// Resolve computes the rights of one plugin. core plugins travel with the
// host, so that a missing grant means "as declared"; for every other plugin it
// means no. Faults: Invalid (unknown capability, unreadable scope, a grant for
// what is not declared), each naming the key.
func (t Table) Resolve(declared []Request, granted Grants, core bool) (*Rights, error) {
	rights := &Rights{byID: map[abi.Capability]Right{}}
	var problems []error
	seen := map[string]bool{}
	for _, q := range declared {
		if seen[q.Name] {
			problems = append(problems, fmt.Errorf("capability %q is declared twice", q.Name))
			continue
		}
		seen[q.Name] = true
		right, id, err := t.resolve(q, granted[q.Name], core)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		rights.byID[id] = right
		rights.list = append(rights.list, right)
	}
	for name := range granted {
		if !seen[name] {
			problems = append(problems, fmt.Errorf("grants.%s: the plugin's manifest does not declare this capability", name))
		}
	}
	if len(problems) > 0 {
		slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
		return nil, fault.New(fault.Invalid, "%w", errors.Join(problems...))
	}
	slices.SortFunc(rights.list, func(a, b Right) int { return strings.Compare(a.Name, b.Name) })
	return rights, nil
}

func (t Table) resolve(q Request, grant json.RawMessage, core bool) (Right, abi.Capability, error) {
	id, ok := abi.CapabilityByName(q.Name)
	row, known := t[id]
	if !ok || !known {
		return Right{}, 0, fmt.Errorf("capability %q is not one of this host (it has %s)", q.Name, t.names())
	}
	right := Right{Request: q, Granted: core || row.Harmless}
	declared, err := parseScope(row, q.Scope)
	if err != nil {
		return Right{}, 0, fmt.Errorf("capabilities.%s.scope: %w", q.Name, err)
	}
	var narrowing json.RawMessage // nil = what is declared
	switch text := strings.TrimSpace(string(grant)); text {
	case "", "null":
	case "true":
		right.Granted = true
	case "false":
		right.Granted = false
	default:
		right.Granted, narrowing = true, grant
	}
	if right.scope, err = narrow(row, declared, narrowing); err != nil {
		return Right{}, 0, fmt.Errorf("grants.%s: %w", q.Name, err)
	}
	if right.Granted {
		right.Effective = "granted"
		if right.scope != nil {
			right.Effective = right.scope.String()
		}
	}
	return right, id, nil
}

// narrow returns what is left of a declared scope under a grant; nil grants it
// as declared.
func narrow(row Capability, declared Scope, grant json.RawMessage) (Scope, error) {
	if grant == nil {
		if language, ok := row.Scope.(GrantLanguage); ok {
			return language.AsDeclared(declared), nil
		}
		return declared, nil
	}
	narrower, err := parseGrant(row, grant)
	if err != nil || declared == nil {
		return declared, err
	}
	return declared.Narrow(narrower), nil
}

func parseScope(row Capability, raw json.RawMessage) (Scope, error) {
	if row.Scope == nil {
		if len(raw) > 0 && string(raw) != "null" && string(raw) != "{}" && string(raw) != "true" {
			return nil, fmt.Errorf("%s has no scope", row.ID)
		}
		return nil, nil //nolint:nilnil // a capability without scopes has none
	}
	return row.Scope.Parse(raw)
}

// PlainGrant returns the scope that a grant of a plain true stands for, as a
// grant writes it; nil when it names nothing. Fault: Invalid, as of Extent.
func (t Table) PlainGrant(name string, scope json.RawMessage) (json.RawMessage, error) {
	declared, err := t.Extent(name, scope)
	if err != nil {
		return nil, err
	}
	id, _ := abi.CapabilityByName(name)
	language, ok := t[id].Scope.(GrantLanguage)
	if !ok {
		return scope, nil
	}
	raw, err := json.Marshal(language.AsDeclared(declared.scope))
	if err != nil {
		return nil, fmt.Errorf("encoding the scope of %s: %w", name, err)
	}
	return raw, nil
}

func parseGrant(row Capability, raw json.RawMessage) (Scope, error) {
	if language, ok := row.Scope.(GrantLanguage); ok {
		return language.ParseGrant(raw) //nolint:wrapcheck // the caller says which grant
	}
	return parseScope(row, raw)
}

func (t Table) names() string {
	names := make([]string, 0, len(t))
	for id := range t {
		if id != abi.CapHandle {
			names = append(names, id.String())
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// right returns the standing of a capability and why it may not be used.
func (r *Rights) right(id abi.Capability) (Right, error) {
	right, declared := r.byID[id]
	switch {
	case !declared:
		return Right{}, &Denial{Missing: id.String(), Why: fmt.Sprintf("the plugin does not declare the capability %q; add it to capabilities in plugin.yaml", id)}
	case !right.Granted:
		return Right{}, &Denial{Missing: id.String(), Why: fmt.Sprintf("the operator has not granted the capability %q; set plugins.entries.<id>.grants.%s", id, id)}
	}
	return right, nil
}

// Denial is a refusal that names the grant which would have allowed the call.
type Denial struct {
	Missing string // "kv", "catalog: read kind group"
	Why     string
}

// Error returns the reason.
func (d *Denial) Error() string { return d.Why }

// As makes a Denial a fault of kind Denied to errors.As.
func (d *Denial) As(target any) bool {
	f, ok := target.(**fault.Error)
	if ok {
		*f = &fault.Error{Kind: fault.Denied, Message: d.Why}
	}
	return ok
}

// Granted returns the effective scope of a capability, nil where it has none,
// and whether the plugin may use it. It is for what the host does on the
// plugin's behalf, such as delivering events.
func (r *Rights) Granted(id abi.Capability) (Scope, bool) {
	right, err := r.right(id)
	return right.scope, err == nil
}
