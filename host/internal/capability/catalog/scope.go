package catalog

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/fault"
)

// Scope says which entities a plugin may read.
//
//	read: {kinds: [component, api]}   # none = every kind
//	own: true                         # also with the plugin's own rights, for schedules and events
type Scope struct {
	Kinds []string // lower case, sorted; nil = every kind
	Own   bool
}

// scopes reads scopes as manifests and grants write them.
type scopes struct{}

// Parse implements capability.ScopeLanguage. A nil scope reads every kind
// with the viewer's rights.
func (scopes) Parse(raw json.RawMessage) (capability.Scope, error) {
	var in struct {
		Read *struct {
			Kinds []string `json:"kinds"`
		} `json:"read"`
		Own bool `json:"own"`
	}
	if len(raw) > 0 {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		if err := d.Decode(&in); err != nil {
			return nil, fault.New(fault.Invalid, "a catalog scope is written {read: {kinds: [component]}, own: false}: %w", err)
		}
	}
	s := &Scope{Own: in.Own}
	if in.Read != nil && len(in.Read.Kinds) > 0 {
		for _, k := range in.Read.Kinds {
			s.Kinds = append(s.Kinds, strings.ToLower(k))
		}
		slices.Sort(s.Kinds)
		s.Kinds = slices.Compact(s.Kinds)
	}
	return s, nil
}

// Narrow returns what both scopes allow. Kinds that have nothing in common
// leave a scope that reads nothing.
func (s *Scope) Narrow(other capability.Scope) capability.Scope {
	o, ok := other.(*Scope)
	if !ok {
		return &Scope{Kinds: []string{}}
	}
	out := &Scope{Own: s.Own && o.Own}
	switch {
	case s.Kinds == nil:
		out.Kinds = o.Kinds
	case o.Kinds == nil:
		out.Kinds = s.Kinds
	default:
		out.Kinds = []string{}
		for _, k := range s.Kinds {
			if slices.Contains(o.Kinds, k) {
				out.Kinds = append(out.Kinds, k)
			}
		}
	}
	return out
}

// String says the scope in words.
func (s *Scope) String() string {
	words := "read every kind"
	switch {
	case s.Kinds != nil && len(s.Kinds) == 0:
		words = "read nothing"
	case s.Kinds != nil:
		words = "read kinds " + strings.Join(s.Kinds, ", ")
	}
	if s.Own {
		words += ", also with own rights"
	}
	return words
}

// allows reports whether the scope reads a kind.
func (s *Scope) allows(kind string) bool {
	return s.Kinds == nil || slices.Contains(s.Kinds, strings.ToLower(kind))
}
