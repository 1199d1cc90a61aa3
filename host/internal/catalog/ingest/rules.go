package ingest

import (
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/callboard/callboard/host/internal/source"
)

// DefaultRules are those of Backstage: nobody brings users and groups unasked.
func DefaultRules() []Rule {
	return []Rule{{Allow: []AllowedKind{{Kind: "Component"}, {Kind: "API"}, {Kind: "Location"}}}}
}

// rules decides which kinds an origin may bring.
type rules []Rule

// newRules joins the catalog's rules and those of its locations.
func newRules(global []Rule, locations []Location) rules {
	if global == nil {
		global = DefaultRules()
	}
	out := append(rules{}, global...)
	for _, l := range locations {
		for _, r := range l.Rules {
			out = append(out, Rule{Allow: r.Allow, Locations: []Matcher{{Type: l.Type, Exact: l.Target}}})
		}
	}
	return out
}

// allow reports whether an entity of the kind may come from the origin.
func (rs rules) allow(kind, specType string, origin source.Location) bool {
	for _, r := range rs {
		if r.from(origin) && r.lets(kind, specType) {
			return true
		}
	}
	return false
}

func (r Rule) lets(kind, specType string) bool {
	if r.Allow == nil {
		return true
	}
	for _, a := range r.Allow {
		if strings.EqualFold(a.Kind, kind) && (a.SpecType == "" || strings.EqualFold(a.SpecType, specType)) {
			return true
		}
	}
	return false
}

func (r Rule) from(origin source.Location) bool {
	if r.Locations == nil {
		return true
	}
	for _, m := range r.Locations {
		if m.Type != origin.Type || m.Exact != "" && m.Exact != origin.Target {
			continue
		}
		if m.Pattern != "" {
			ok, err := doublestar.Match(strings.ToLower(m.Pattern), strings.ToLower(origin.Target))
			if err != nil || !ok {
				continue
			}
		}
		return true
	}
	return false
}
