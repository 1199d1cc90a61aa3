package secret

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/sdk/outbound"
)

// Scope is where a plugin's secrets may go.
//
//	secrets: [{name: jira, host: jira.example.com, header: Authorization, reveal: false}]
type Scope struct {
	Targets []outbound.SecretTarget `json:"secrets,omitempty"`
}

// maxTargets bounds a scope; narrowing compares each with each.
const maxTargets = 64

const form = `a secret scope is written {secrets: [{name: jira, host: jira.example.com, header: Authorization}]}`

// scopes implements capability.GrantLanguage.
type scopes struct{}

// Parse implements capability.ScopeLanguage. A nil scope has no secret.
func (scopes) Parse(raw json.RawMessage) (capability.Scope, error) {
	var in struct {
		Secrets []outbound.SecretTarget `json:"secrets"`
	}
	if len(raw) > 0 {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		if err := d.Decode(&in); err != nil {
			return nil, fault.New(fault.Invalid, form+": %w", err)
		}
	}
	if len(in.Secrets) > maxTargets {
		return nil, fault.New(fault.Invalid, "a secret scope has at most %d secrets", maxTargets)
	}
	s := &Scope{}
	for i, t := range in.Secrets {
		t, err := t.Canonical()
		if err != nil {
			return nil, fault.New(fault.Invalid, "secrets[%d]: %w; "+form, i, err)
		}
		s.Targets = append(s.Targets, t)
	}
	return s, nil
}

// ParseGrant implements capability.GrantLanguage.
func (l scopes) ParseGrant(raw json.RawMessage) (capability.Scope, error) { return l.Parse(raw) }

// AsDeclared implements capability.GrantLanguage: a value is revealed only
// where a grant says so in words; a plain true says where a secret may go and
// no more.
func (scopes) AsDeclared(declared capability.Scope) capability.Scope {
	out := &Scope{}
	if s, ok := declared.(*Scope); ok {
		for _, t := range s.Targets {
			if t.Reveal = false; t.Header != "" {
				out.Targets = append(out.Targets, t)
			}
		}
	}
	return out
}

// Narrow returns what both scopes allow.
func (s *Scope) Narrow(other capability.Scope) capability.Scope {
	o, ok := other.(*Scope)
	if !ok {
		return &Scope{}
	}
	out := &Scope{}
	for _, a := range s.Targets {
		for _, b := range o.Targets {
			if both, ok := a.Narrow(b); ok && !slices.Contains(out.Targets, both) {
				out.Targets = append(out.Targets, both)
			}
		}
	}
	return out
}

// String says the scope in words.
func (s *Scope) String() string {
	if len(s.Targets) == 0 {
		return "use no secret"
	}
	words := make([]string, len(s.Targets))
	for i, t := range s.Targets {
		words[i] = t.String()
	}
	return "use " + strings.Join(words, "; ")
}

func (s *Scope) covers(name, host, header string) bool {
	return slices.ContainsFunc(s.Targets, func(t outbound.SecretTarget) bool { return t.Name == name && t.Covers(host, header) })
}

func (s *Scope) reveals(name string) bool {
	return slices.ContainsFunc(s.Targets, func(t outbound.SecretTarget) bool { return t.Name == name && t.Reveal })
}
