package event

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/event"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

// Scope is the topics that a plugin may listen to: {topics: [ci/build.ended, catalog/*]}.
// Its own topics need no scope.
type Scope struct{ Topics []string }

type scopes struct{}

const form = `an event scope is written {topics: [catalog/entity.changed, "ci/*"]}`

// Parse implements capability.ScopeLanguage. A nil scope listens to nothing: to
// hear everybody is nothing that one asks for.
func (scopes) Parse(raw json.RawMessage) (capability.Scope, error) {
	var in struct {
		Topics []string `json:"topics"`
	}
	if len(raw) > 0 {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		if err := d.Decode(&in); err != nil {
			return nil, fault.New(fault.Invalid, form+": %w", err)
		}
	}
	for i, topic := range in.Topics {
		if err := event.CheckPattern(topic); err != nil {
			return nil, fault.New(fault.Invalid, "topics[%d]: %s; "+form, i, fault.Message(err))
		}
	}
	return &Scope{Topics: tidy(in.Topics)}, nil
}

// tidy sorts patterns and drops those that another covers.
func tidy(patterns []string) []string {
	out := slices.Clone(patterns)
	slices.Sort(out)
	out = slices.Compact(out)
	return slices.DeleteFunc(out, func(p string) bool {
		return slices.ContainsFunc(patterns, func(wider string) bool { return wider != p && covers(wider, p) })
	})
}

// covers reports whether every topic of one pattern is one of another.
func covers(wider, pattern string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "/*"); ok {
		if outer, ok := strings.CutSuffix(wider, "/*"); ok {
			return prefix == outer || strings.HasPrefix(prefix, outer+"/")
		}
		return false
	}
	return store.TopicMatches(wider, pattern)
}

// Narrow returns what both scopes hear.
func (s *Scope) Narrow(other capability.Scope) capability.Scope {
	o, ok := other.(*Scope)
	if !ok {
		return &Scope{}
	}
	var both []string
	for _, a := range s.Topics {
		for _, b := range o.Topics {
			switch {
			case covers(a, b):
				both = append(both, b)
			case covers(b, a):
				both = append(both, a)
			}
		}
	}
	return &Scope{Topics: tidy(both)}
}

// Hears returns what of the declared subscriptions the scope covers, and of
// those that it covers in part that part.
func (s *Scope) Hears(plugin string, declared []string) []string {
	own := append([]string{plugin + "/*"}, s.Topics...)
	return (&Scope{Topics: own}).Narrow(&Scope{Topics: declared}).(*Scope).Topics //nolint:forcetypeassert // Narrow of a Scope is one
}

// String says the scope in words.
func (s *Scope) String() string {
	if len(s.Topics) == 0 {
		return "publish its own events"
	}
	return "publish its own events and listen to " + strings.Join(s.Topics, ", ")
}
