package http

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/egress"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/sdk/outbound"
)

// Scope is the targets that a plugin may send requests to; a request needs
// one that covers all of it.
//
//	targets: [{host: api.example.com, methods: [GET], pathPrefix: /v1}]
type Scope struct {
	Targets []outbound.Target `json:"targets,omitempty"`
}

// maxTargets bounds a scope; narrowing compares each with each.
const maxTargets = 64

const form = `an http scope is written {targets: [{host: api.example.com, methods: [GET], pathPrefix: /v1}]}`

// scopes implements capability.GrantLanguage.
type scopes struct{}

// Parse implements capability.ScopeLanguage. A nil scope reaches nothing.
func (scopes) Parse(raw json.RawMessage) (capability.Scope, error) {
	s, err := parse(raw)
	if err != nil {
		return nil, err
	}
	for i, t := range s.Targets {
		if t.Private {
			return nil, fault.New(fault.Invalid, "targets[%d].private: that a host may have a private address is the operator's to say, in a grant", i)
		}
	}
	return s, nil
}

func parse(raw json.RawMessage) (*Scope, error) {
	var in struct {
		Targets []outbound.Target `json:"targets"`
	}
	if len(raw) > 0 {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		if err := d.Decode(&in); err != nil {
			return nil, fault.New(fault.Invalid, form+": %w", err)
		}
	}
	if len(in.Targets) > maxTargets {
		return nil, fault.New(fault.Invalid, "an http scope has at most %d targets", maxTargets)
	}
	s := &Scope{}
	for i, t := range in.Targets {
		t, err := t.Check()
		if err != nil {
			return nil, fault.New(fault.Invalid, "targets[%d]: %w; "+form, i, err)
		}
		s.Targets = append(s.Targets, t)
	}
	return s, nil
}

// ParseGrant implements capability.GrantLanguage: only a grant can say that a
// target is private, and only a grant can name the host of a target "*".
func (scopes) ParseGrant(raw json.RawMessage) (capability.Scope, error) {
	s, err := parse(raw)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// AsDeclared implements capability.GrantLanguage.
func (scopes) AsDeclared(declared capability.Scope) capability.Scope { return declared }

// Narrow returns what both scopes allow: every pair of targets that have
// something in common.
func (s *Scope) Narrow(other capability.Scope) capability.Scope {
	o, ok := other.(*Scope)
	if !ok {
		return &Scope{}
	}
	out, seen := &Scope{}, map[string]bool{}
	for _, a := range s.Targets {
		for _, b := range o.Targets {
			if both, ok := a.Narrow(b); ok && !seen[both.String()] {
				seen[both.String()] = true
				out.Targets = append(out.Targets, both)
			}
		}
	}
	return out
}

// Covers implements capability.CoveringScope: each target of the other lies
// within one of these, whatever is said about private addresses.
func (s *Scope) Covers(other capability.Scope) bool {
	o, ok := other.(*Scope)
	if !ok {
		return false
	}
	return !slices.ContainsFunc(o.Targets, func(asked outbound.Target) bool {
		asked.Private = false
		return !slices.ContainsFunc(s.Targets, func(has outbound.Target) bool {
			has.Private = false
			both, ok := asked.Narrow(has)
			return ok && both.String() == asked.String()
		})
	})
}

// String says the scope in words.
func (s *Scope) String() string {
	if len(s.Targets) == 0 {
		return "send no request"
	}
	words := make([]string, len(s.Targets))
	for i, t := range s.Targets {
		words[i] = t.String()
	}
	return "send " + strings.Join(words, "; ")
}

// permission is what the covering targets of a request say together.
type permission struct {
	reach       egress.Reach
	credentials bool
}

// permits returns what the scope says to a request.
func (s *Scope) permits(method string, u *outbound.URL, own bool) (permission, error) {
	var p permission
	for _, t := range s.Targets {
		if !t.Covers(method, u, own) {
			continue
		}
		p.reach = max(p.reach, egress.Public)
		if t.Private {
			p.reach = egress.Private
		}
		p.credentials = p.credentials || t.Credentials
	}
	if p.reach == egress.Refused {
		return p, s.refusal(method, u, own)
	}
	return p, nil
}

func (s *Scope) refusal(method string, u *outbound.URL, own bool) error {
	d := &capability.Denial{
		Missing: "http: " + method + " " + u.String(),
		Why:     "the plugin may " + s.String() + "; it may not send " + method + " " + u.String(),
	}
	covers := func(f func(outbound.Target) bool) bool { return slices.ContainsFunc(s.Targets, f) }
	switch {
	case own && covers(func(t outbound.Target) bool { return t.Covers(method, u, false) }):
		d.Missing = "http: own " + method + " " + u.String()
		d.Why = "sending " + method + " " + u.String() + " without a viewer needs `own: true` on its target in the scope of http, declared and granted"
	case covers(func(t outbound.Target) bool { return t.Host == outbound.AnyHost }):
		d.Why += "; the manifest leaves the host to the operator: name it in plugins.entries.<id>.grants.http"
	default:
		d.Why += "; add a target to plugin.yaml and to the grant"
	}
	return d
}
