package plugin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/fault"
)

// Scope is the routes that a plugin may call; a call needs one target that
// allows all of it.
//
//	plugins: [{id: catalog, methods: [GET], pathPrefix: /entities, own: false}]
type Scope struct{ Targets []Target }

// Target is a part of one plugin's routes.
type Target struct {
	ID         string   `json:"id"`
	Methods    []string `json:"methods"`    // none = GET and HEAD
	PathPrefix string   `json:"pathPrefix"` // whole segments; default /
	Own        bool     `json:"own"`        // also without a viewer
}

type scopes struct{}

const form = `a plugin scope is written {plugins: [{id: catalog, methods: [GET], pathPrefix: /entities}]}`

// Parse implements capability.ScopeLanguage. A nil scope reaches no plugin: to
// call everybody is nothing that one asks for.
func (scopes) Parse(raw json.RawMessage) (capability.Scope, error) {
	var in struct {
		Plugins []Target `json:"plugins"`
	}
	if len(raw) > 0 {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		if err := d.Decode(&in); err != nil {
			return nil, fault.New(fault.Invalid, form+": %w", err)
		}
	}
	s := &Scope{}
	for i, t := range in.Plugins {
		if t.ID == "" {
			return nil, fault.New(fault.Invalid, "plugins[%d] names no id; "+form, i)
		}
		if t.PathPrefix == "" {
			t.PathPrefix = "/"
		}
		if !strings.HasPrefix(t.PathPrefix, "/") || strings.ContainsAny(t.PathPrefix, "?#%{}") {
			return nil, fault.New(fault.Invalid, "plugins[%d].pathPrefix is %q; write a path below /api/%s that starts with / and has no escapes", i, t.PathPrefix, t.ID)
		}
		if t.PathPrefix != "/" {
			t.PathPrefix = strings.TrimSuffix(t.PathPrefix, "/")
		}
		methods := []string{http.MethodGet, http.MethodHead}
		if len(t.Methods) > 0 {
			methods = nil
			for _, m := range t.Methods {
				methods = append(methods, strings.ToUpper(m))
			}
		}
		slices.Sort(methods)
		t.Methods = slices.Compact(methods)
		s.Targets = append(s.Targets, t)
	}
	return s, nil
}

// Narrow returns what both scopes allow: every pair of targets of one plugin.
func (s *Scope) Narrow(other capability.Scope) capability.Scope {
	o, ok := other.(*Scope)
	if !ok {
		return &Scope{}
	}
	out := &Scope{}
	for _, a := range s.Targets {
		for _, b := range o.Targets {
			if both, ok := a.narrow(b); ok {
				out.Targets = append(out.Targets, both)
			}
		}
	}
	return out
}

func (t Target) narrow(o Target) (Target, bool) {
	if t.ID != o.ID {
		return Target{}, false
	}
	switch {
	case within(o.PathPrefix, t.PathPrefix):
		t.PathPrefix = o.PathPrefix
	case !within(t.PathPrefix, o.PathPrefix):
		return Target{}, false
	}
	var methods []string
	for _, m := range t.Methods {
		if slices.Contains(o.Methods, m) {
			methods = append(methods, m)
		}
	}
	t.Methods, t.Own = methods, t.Own && o.Own
	return t, len(methods) > 0
}

// within reports whether path is prefix or lies below it, by whole segments.
func within(path, prefix string) bool {
	return prefix == "/" || path == prefix || strings.HasPrefix(path, prefix+"/")
}

// allows reports whether a target covers a request.
func (s *Scope) allows(id, method, decoded string, own bool) bool {
	return slices.ContainsFunc(s.Targets, func(t Target) bool {
		return t.ID == id && slices.Contains(t.Methods, method) && within(decoded, t.PathPrefix) && (t.Own || !own)
	})
}

// String says the scope in words.
func (s *Scope) String() string {
	if len(s.Targets) == 0 {
		return "call no plugin"
	}
	words := make([]string, len(s.Targets))
	for i, t := range s.Targets {
		words[i] = fmt.Sprintf("%s %s of plugin %s", strings.Join(t.Methods, ", "), t.PathPrefix, t.ID)
		if t.Own {
			words[i] += ", also for itself"
		}
	}
	return "call " + strings.Join(words, "; ")
}

// decodePath returns the path in which a prefix is looked for: each segment
// decoded once. A segment that would mean another place, or hides a separator,
// is refused, for two readers of it might disagree. Fault: Invalid.
func decodePath(escaped string) (string, error) {
	if !strings.HasPrefix(escaped, "/") {
		return "", fault.New(fault.Invalid, "the path %.100q must start with /", escaped)
	}
	segments := strings.Split(escaped[1:], "/")
	for i, s := range segments {
		decoded, err := url.PathUnescape(s)
		if err != nil {
			return "", fault.New(fault.Invalid, "the path %.100q is not percent-encoded correctly", escaped)
		}
		if decoded == "." || decoded == ".." || strings.ContainsAny(decoded, "/\\\x00") {
			return "", fault.New(fault.Invalid, "the path %.100q has a segment that means another path; write it out", escaped)
		}
		segments[i] = decoded
	}
	return "/" + strings.Join(segments, "/"), nil
}
