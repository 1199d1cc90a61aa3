package secret

import (
	"context"
	"fmt"
	"strings"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/outbound"
)

// Source has the values that the operator bound to a plugin's secrets.
type Source interface {
	// PluginSecret returns the value of a secret of a plugin, as it is now.
	PluginSecret(plugin, name string) (value string, ok bool)
}

// New returns the table's row.
func New(source Source) capability.Capability {
	v := Vault{source}
	return capability.Capability{
		ID: abi.CapSecret, Scope: scopes{},
		Ops: map[uint32]capability.Operation{abi.SecretReveal: capability.Op("secret.reveal/1", v.reveal)},
	}
}

// Vault puts secrets into requests.
type Vault struct{ source Source }

// NewVault returns a Vault.
func NewVault(source Source) Vault { return Vault{source} }

// Used is a secret that was put into a request.
type Used struct {
	Name  string
	Value string
	// Revealed says that the plugin may have the value anyway, so that no
	// answer needs to be kept from it.
	Revealed bool
}

// String is the name alone: a value must not get into a log by being printed.
func (u Used) String() string { return u.Name }

// GoString is String.
func (u Used) GoString() string { return u.Name }

// Fill replaces the references of a header field's value by the values of
// secrets which may go into that field, by canonical name, of a request to
// that host. Faults: Invalid (no reference), Denied, Unavailable (the operator
// bound no value, or one that cannot be sent).
func (v Vault) Fill(ctx context.Context, c *capability.Call, host, header, value string) (string, []Used, error) {
	var used []Used
	filled, err := outbound.Fill(value, func(r outbound.Reference) (string, error) {
		scope, err := scopeOf(ctx, c, "secret.inject/1")
		if err != nil {
			return "", err
		}
		if !scope.covers(r.Name, host, header) {
			return "", &capability.Denial{
				Missing: fmt.Sprintf("secret: %s in %s to %s", r.Name, header, host),
				Why: fmt.Sprintf("the plugin may %s; secret %q may not go to %s in %s; declare {name: %s, host: %s, header: %s} in plugin.yaml and grant it in plugins.entries.<id>.grants.secret",
					scope, r.Name, host, header, r.Name, host, header),
			}
		}
		text, err := v.value(c.Plugin, r.Name)
		if err != nil {
			return "", err
		}
		used = append(used, Used{Name: r.Name, Value: text, Revealed: scope.reveals(r.Name)})
		c.NoteSecret(capability.SecretUse{Name: r.Name, Host: host})
		return text, nil
	})
	if err != nil {
		return "", nil, asFault(err)
	}
	return filled, used, nil
}

// reveal gives a plugin the value of a secret.
func (v Vault) reveal(ctx context.Context, c *capability.Call, q *contract.SecretRevealRequest) (msgp.Marshaler, error) {
	if err := outbound.CheckName(q.Name); err != nil {
		return nil, asFault(err)
	}
	scope, ok := c.Scope.(*Scope)
	if !ok {
		return nil, fault.New(fault.Internal, "the call has no secret scope")
	}
	if !scope.reveals(q.Name) {
		return nil, &capability.Denial{
			Missing: "secret: reveal " + q.Name,
			Why: fmt.Sprintf("the plugin may not have the value of secret %q; write {{secret:%s}} into a header field instead, "+
				"or declare reveal: true and grant it in words: grants.secret: {secrets: [{name: %s, reveal: true}]}", q.Name, q.Name, q.Name),
		}
	}
	value, err := v.value(c.Plugin, q.Name)
	if err != nil {
		return nil, err
	}
	c.NoteSecret(capability.SecretUse{Name: q.Name, Revealed: true})
	return &contract.SecretRevealAnswer{Value: value}, nil
}

// value returns a bound value. The line end of a file is no part of it.
func (v Vault) value(plugin, name string) (string, error) {
	value, ok := v.source.PluginSecret(plugin, name)
	if !ok {
		return "", fault.New(fault.Unavailable, "secret %q has no value; the operator sets plugins.entries.%s.secrets.%s", name, plugin, name)
	}
	value = strings.TrimRight(value, "\r\n")
	if err := outbound.CheckValue(value); err != nil {
		return "", fault.New(fault.Unavailable, "secret %q of plugin %s cannot be used: %w", name, plugin, err)
	}
	return value, nil
}

func scopeOf(ctx context.Context, c *capability.Call, operation string) (*Scope, error) {
	scope, err := c.Use(ctx, abi.CapSecret, operation)
	if err != nil {
		return nil, err //nolint:wrapcheck // it says which grant is missing
	}
	s, ok := scope.(*Scope)
	if !ok {
		return nil, fault.New(fault.Internal, "the plugin has no secret scope")
	}
	return s, nil
}

// asFault makes what the form of a text is about the guest's mistake.
func asFault(err error) error {
	if fault.Is(err, fault.Internal) {
		return fault.New(fault.Invalid, "%w", err)
	}
	return err
}
