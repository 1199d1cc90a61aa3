package kv

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/capability/quantity"
	"github.com/callboard/callboard/host/internal/fault"
)

// DefaultQuota is the quota of a scope that names none.
const DefaultQuota = 10 << 20

// Scope is a quota: {quota: "1MiB"}.
type Scope struct {
	Quota int64 // bytes of keys and values
}

type scopes struct{}

// Parse implements capability.ScopeLanguage.
func (scopes) Parse(raw json.RawMessage) (capability.Scope, error) {
	in := struct {
		Quota string `json:"quota"`
	}{}
	if len(raw) > 0 {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		if err := d.Decode(&in); err != nil {
			return nil, fault.New(fault.Invalid, `a kv scope is written {quota: "1MiB"}: %w`, err)
		}
	}
	if in.Quota == "" {
		return &Scope{Quota: DefaultQuota}, nil
	}
	n, err := quantity.Bytes(in.Quota)
	if err != nil {
		return nil, err //nolint:wrapcheck // a fault that names the key
	}
	return &Scope{Quota: n}, nil
}

// Narrow returns the smaller quota.
func (s *Scope) Narrow(other capability.Scope) capability.Scope {
	o, ok := other.(*Scope)
	if !ok {
		return &Scope{}
	}
	return &Scope{Quota: min(s.Quota, o.Quota)}
}

// String says the scope in words.
func (s *Scope) String() string { return fmt.Sprintf("keep up to %d bytes", s.Quota) }
