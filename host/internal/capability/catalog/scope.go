package catalog

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/fault"
)

// Scope says which entities a plugin may read, with whose rights.
//
//	read: {kinds: [component], filter: ["spec.type=service"]}   # with the viewer's rights; absent = all
//	own: {kinds: [group]}                                       # with the plugin's own; absent = none
//	write: {kinds: [resource]}                                  # into a bucket of its own; absent = none
//	identity: true                                              # users and groups among what it writes
//	locations: true                                             # registering places to read, and Location entities
type Scope struct {
	Read      *Reach
	Own       *Reach // nil = nothing
	Write     *Reach // kinds; nil = nothing
	Identity  bool
	Locations bool
}

// Reach is a part of the catalog.
type Reach struct {
	Kinds   []string         // lower case, sorted; nil = every kind, empty = none
	Filters []catalog.Filter // all must match
}

// scopes reads scopes as manifests and grants write them.
type scopes struct{}

type writtenReach struct {
	Kinds  []string `json:"kinds"`
	Filter []string `json:"filter"`
}

// Parse implements capability.ScopeLanguage. A nil scope reads everything
// that the viewer may see.
func (scopes) Parse(raw json.RawMessage) (capability.Scope, error) {
	var in struct {
		Read      *writtenReach `json:"read"`
		Own       *writtenReach `json:"own"`
		Write     *writtenKinds `json:"write"`
		Identity  bool          `json:"identity"`
		Locations bool          `json:"locations"`
	}
	if len(raw) > 0 {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		if err := d.Decode(&in); err != nil {
			return nil, fault.New(fault.Invalid, "a catalog scope is written {read: {kinds: [component]}, own: {kinds: [group]}, write: {kinds: [resource]}}: %w", err)
		}
	}
	s := &Scope{Read: &Reach{}, Identity: in.Identity, Locations: in.Locations}
	if in.Write != nil {
		s.Write = &Reach{Kinds: lowerKinds(in.Write.Kinds)}
	}
	var err error
	if in.Read != nil {
		if s.Read, err = in.Read.reach(); err != nil {
			return nil, err
		}
	}
	if in.Own != nil {
		if s.Own, err = in.Own.reach(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

type writtenKinds struct {
	Kinds []string `json:"kinds"`
}

// lowerKinds returns kinds sorted and each once; none is nil, which is all.
func lowerKinds(kinds []string) []string {
	var out []string
	for _, k := range kinds {
		out = append(out, strings.ToLower(k))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (w *writtenReach) reach() (*Reach, error) {
	r := &Reach{Kinds: lowerKinds(w.Kinds)}
	if len(w.Filter) == 0 {
		return r, nil
	}
	var any catalog.Filter
	for _, text := range w.Filter {
		var all []catalog.Term
		for part := range strings.SplitSeq(text, ",") {
			key, value, has := strings.Cut(strings.TrimSpace(part), "=")
			if key == "" {
				return nil, fault.New(fault.Invalid, "filter %q: write it as the catalog API does, key=value,key=value", text)
			}
			term := catalog.Term{Key: key}
			if has {
				term.Values = []string{value}
			}
			all = append(all, term)
		}
		any = append(any, all)
	}
	r.Filters = []catalog.Filter{any}
	return r, nil
}

// Narrow returns what both scopes allow. Kinds that have nothing in common
// leave a scope that reads nothing.
func (s *Scope) Narrow(other capability.Scope) capability.Scope {
	o, ok := other.(*Scope)
	if !ok {
		return &Scope{Read: &Reach{Kinds: []string{}}}
	}
	return &Scope{
		Read: s.Read.narrow(o.Read), Own: s.Own.narrow(o.Own), Write: s.Write.narrow(o.Write),
		Identity: s.Identity && o.Identity, Locations: s.Locations && o.Locations,
	}
}

// ForItself implements capability.OwnScope.
func (s *Scope) ForItself() (capability.Scope, bool) {
	return &Scope{Read: s.Own, Write: s.Write, Identity: s.Identity, Locations: s.Locations}, s.Own != nil
}

func (r *Reach) narrow(o *Reach) *Reach {
	if r == nil || o == nil {
		return nil
	}
	out := &Reach{Filters: append(slices.Clone(r.Filters), o.Filters...)}
	switch {
	case r.Kinds == nil:
		out.Kinds = o.Kinds
	case o.Kinds == nil:
		out.Kinds = r.Kinds
	default:
		out.Kinds = []string{}
		for _, k := range r.Kinds {
			if slices.Contains(o.Kinds, k) {
				out.Kinds = append(out.Kinds, k)
			}
		}
	}
	return out
}

// String says the scope in words.
func (s *Scope) String() string {
	words := "read " + s.Read.String()
	if s.Own != nil {
		words += "; with own rights " + s.Own.String()
	}
	if s.Write != nil {
		words += "; bring " + s.Write.String()
		if s.Identity {
			words += ", users and groups among them"
		}
	}
	if s.Locations {
		words += "; register locations"
	}
	return words
}

// String says the reach in words.
func (r *Reach) String() string {
	words := "every kind"
	switch {
	case r == nil || r.Kinds != nil && len(r.Kinds) == 0:
		return "nothing"
	case r.Kinds != nil:
		words = "kinds " + strings.Join(r.Kinds, ", ")
	}
	var filters []string
	for _, f := range r.Filters {
		filters = append(filters, inWords(f))
	}
	if len(filters) > 0 {
		words += " that match " + strings.Join(filters, ", and ")
	}
	return words
}

// inWords writes a filter as the catalog API does. A review compares scopes by
// their words, so that two filters must never read alike.
func inWords(f catalog.Filter) string {
	any := make([]string, len(f))
	for i, terms := range f {
		all := make([]string, len(terms))
		for j, t := range terms {
			all[j] = t.Key
			if t.Values != nil {
				all[j] += "=" + strings.Join(t.Values, "|")
			}
		}
		any[i] = strings.Join(all, ",")
	}
	return strings.Join(any, " or ")
}

// whole reports whether the reach is the whole catalog.
func (r *Reach) whole() bool { return r.Kinds == nil && len(r.Filters) == 0 }

// allows reports whether the reach has entities of a kind.
func (r *Reach) allows(kind string) bool {
	return r.Kinds == nil || slices.Contains(r.Kinds, strings.ToLower(kind))
}

// nothing matches no entity: no value holds a NUL.
const nothing = "\x00"

// narrowed adds the reach to a filter: the result matches what both match.
func (r *Reach) narrowed(f catalog.Filter) catalog.Filter {
	if r.Kinds != nil {
		kinds := r.Kinds
		if len(kinds) == 0 {
			kinds = []string{nothing}
		}
		f = and(f, catalog.Filter{{{Key: "kind", Values: kinds}}})
	}
	for _, own := range r.Filters {
		f = and(f, own)
	}
	return f
}

// and joins two filters, each an OR of ANDs.
func and(a, b catalog.Filter) catalog.Filter {
	if len(a) == 0 {
		return b
	}
	out := make(catalog.Filter, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			out = append(out, slices.Concat(x, y))
		}
	}
	return out
}

// mayBring says why a plugin may not bring a kind, nil if it may.
func (s *Scope) mayBring(kind string) error {
	lower := strings.ToLower(kind)
	switch {
	case s.Write == nil || !s.Write.allows(lower):
		return fault.New(fault.Denied, "the plugin may bring %s; kind %s needs to be in `write` of its catalog scope, declared and granted", s.Write, kind)
	case (lower == "user" || lower == "group") && !s.Identity:
		return fault.New(fault.Denied, "kind %s says who people are: bringing it needs `identity: true` in the catalog scope, declared and granted", kind)
	case lower == "location" && !s.Locations:
		return fault.New(fault.Denied, "kind %s names places to read: bringing it needs `locations: true` in the catalog scope, declared and granted", kind)
	}
	return nil
}
