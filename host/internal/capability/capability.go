package capability

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
)

// Capability is one row of the table in app: a power of the host.
type Capability struct {
	ID abi.Capability
	// Harmless says that declaring is enough: the operator may withdraw the
	// grant but need not give it. For powers over nothing but the plugin itself.
	Harmless bool
	// EveryActor says that the capability reaches what is the subject's and
	// not the plugin's own: then every plugin on the path of the call must
	// hold it, and the call reaches what all of their scopes allow. Otherwise
	// a plugin could borrow the rights of a richer one by calling it.
	EveryActor bool
	Scope      ScopeLanguage // how its scopes are written; nil = it has none
	Ops        map[uint32]Operation
}

// ScopeLanguage reads and narrows the scopes of one capability.
type ScopeLanguage interface {
	// Parse reads a scope as a manifest or a grant writes it; nil is the
	// widest scope. Fault: Invalid (the message names the key).
	Parse(raw json.RawMessage) (Scope, error)
}

// GrantLanguage is a ScopeLanguage in which something is the operator's alone
// to say, so that a grant is more than another scope to narrow by.
type GrantLanguage interface {
	ScopeLanguage
	// ParseGrant reads a scope as a grant writes it. Fault: Invalid, as of Parse.
	ParseGrant(raw json.RawMessage) (Scope, error)
	// AsDeclared returns what a plain true leaves of a declared scope; as JSON
	// it is what ParseGrant reads.
	AsDeclared(declared Scope) Scope
}

// Scope is how far a capability reaches for one plugin.
type Scope interface {
	// Narrow returns what both allow.
	Narrow(other Scope) Scope
	// String says it in the words of a denial: `read kinds component, api`.
	String() string
}

// OwnScope is a Scope with a part of its own for what a plugin does for itself.
type OwnScope interface {
	Scope
	// ForItself returns that part, in the form of a scope for a viewer; false
	// when the plugin may do nothing for itself.
	ForItself() (Scope, bool)
}

// CoveringScope is a Scope that knows better than by its words whether another
// one lies within it.
type CoveringScope interface {
	Scope
	// Covers reports whether nothing of other lies outside.
	Covers(other Scope) bool
}

// Operation is one operation of a capability in one version.
type Operation struct {
	Name   string // "catalog.query/1"
	Handle func(ctx context.Context, c *Call, payload []byte) (msgp.Marshaler, error)
}

// Call is what an operation knows about the call that it serves.
type Call struct {
	Plugin       string
	Installation string              // owns kv, blobs, configuration
	Authority    principal.Authority // the running plugin is the last actor
	Scope        Scope               // effective; nil where the capability has none
	Handles      *Handles
	CallID       uint64

	session *Session // nil in tests of an operation alone
}

// ChargeLog takes bytes from the call's log quota. Fault: Exhausted.
func (c *Call) ChargeLog(n int) error {
	if c.session == nil {
		return nil
	}
	if c.session.logged >= c.session.opening.LogBytes {
		return fault.New(fault.Exhausted, "the call wrote more than %d bytes of log", c.session.opening.LogBytes)
	}
	c.session.logged += n
	c.session.lines++
	return nil
}

// Own reports whether an operation uses the plugin's own rights: because the
// guest asked for them, or because nobody stands behind the call. They are a
// scope of their own, which the capability checks.
func (c *Call) Own(asked bool) bool { return asked || c.Authority.Mode == principal.AsOwn }

// Viewer returns the eyes of an operation that reads: the subject's, or with
// own the plugin's own.
func (c *Call) Viewer(own bool) principal.Viewer {
	if c.Own(own) {
		actor, _ := c.Authority.Actor()
		return principal.ViewerOf(principal.Own(actor))
	}
	return principal.ViewerOf(c.Authority)
}

// request is a pointer to a contract type that decodes itself.
type request[T any] interface {
	*T
	msgp.Unmarshaler
}

// Op makes an operation of a typed function. A payload that does not decode is
// fault Invalid; bytes after it too.
func Op[T any, Q request[T]](name string, f func(ctx context.Context, c *Call, q Q) (msgp.Marshaler, error)) Operation {
	return Operation{Name: name, Handle: func(ctx context.Context, c *Call, payload []byte) (msgp.Marshaler, error) {
		q := Q(new(T))
		rest, err := q.UnmarshalMsg(payload)
		if err != nil {
			return nil, fault.New(fault.Invalid, "%s: the payload is not a valid request: %w", name, err)
		}
		if len(rest) > 0 {
			return nil, fault.New(fault.Invalid, "%s: %d bytes after the request", name, len(rest))
		}
		return f(ctx, c, q)
	}}
}

// Plain makes an operation that takes no payload.
func Plain(name string, f func(ctx context.Context, c *Call) (msgp.Marshaler, error)) Operation {
	return Operation{Name: name, Handle: func(ctx context.Context, c *Call, payload []byte) (msgp.Marshaler, error) {
		if len(payload) > 0 {
			return nil, fault.New(fault.Invalid, "%s takes no payload", name)
		}
		return f(ctx, c)
	}}
}

// Table is the capabilities of this host, by number.
type Table map[abi.Capability]Capability

// NewTable checks the rows and returns the table.
func NewTable(rows ...Capability) (Table, error) {
	t := Table{}
	for _, row := range rows {
		if _, twice := t[row.ID]; twice {
			return nil, fmt.Errorf("capability %s stands twice in the table", row.ID)
		}
		if len(row.Ops) == 0 {
			return nil, fmt.Errorf("capability %s has no operation", row.ID)
		}
		t[row.ID] = row
	}
	return t, nil
}
