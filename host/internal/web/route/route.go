// Package route finds which route of a plugin a request is for.
//
// Owns: patterns ("/entities/by-uid/{uid}", "/files/{path...}") and matching.
// Does not own: HTTP (web) or what a route does (the plugin).
// Flow: a manifest's routes → New → Match(method, escaped path) → pattern and decoded parameters.
package route

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Route is one method and pattern. A segment in braces takes one segment of
// the path; {name...} at the end takes the rest. Methods are upper case; a
// GET route answers HEAD as well.
type Route struct {
	Method  string
	Pattern string
	// Permission is asked for before the plugin is; empty = the plugin, and
	// what it asks the host for, decide.
	Permission string
}

// Param is one decoded path parameter.
type Param struct{ Name, Value string }

// Table matches paths. It is immutable.
type Table struct{ routes []compiled }

type compiled struct {
	Route
	segments []string // literal, or "{name}"
	rest     bool     // the last segment takes the rest
	literals int      // literal segments: the more, the more specific
}

// New compiles routes. An error names the route that is malformed or repeated.
func New(routes []Route) (*Table, error) {
	t := &Table{}
	seen := map[string]string{}
	for _, r := range routes {
		c, err := compile(r)
		if err != nil {
			return nil, err
		}
		if other, twice := seen[c.shape()]; twice {
			return nil, fmt.Errorf("routes %s %s and %s %s match the same paths", r.Method, other, r.Method, r.Pattern)
		}
		seen[c.shape()] = r.Pattern
		t.routes = append(t.routes, c)
	}
	slices.SortStableFunc(t.routes, func(a, b compiled) int {
		if a.rest != b.rest {
			if a.rest {
				return 1
			}
			return -1
		}
		return b.literals - a.literals
	})
	return t, nil
}

func compile(r Route) (compiled, error) {
	if !strings.HasPrefix(r.Pattern, "/") {
		return compiled{}, fmt.Errorf("route %s %s: a path starts with /", r.Method, r.Pattern)
	}
	c := compiled{Route: r, segments: strings.Split(r.Pattern[1:], "/")}
	names := map[string]bool{}
	for i, s := range c.segments {
		if !strings.ContainsAny(s, "{}") {
			c.literals++
			continue
		}
		name, ok := strings.CutPrefix(s, "{")
		name, closed := strings.CutSuffix(name, "}")
		name, rest := strings.CutSuffix(name, "...")
		if !ok || !closed || name == "" || names[name] || strings.ContainsAny(name, "{}.") || rest && i != len(c.segments)-1 {
			return compiled{}, fmt.Errorf("route %s %s: segment %q is not a parameter; write {name}, or {name...} at the end", r.Method, r.Pattern, s)
		}
		names[name] = true
		c.rest = c.rest || rest
	}
	return c, nil
}

// shape is the route without the names of its parameters.
func (c compiled) shape() string {
	out := []string{c.Method}
	for _, s := range c.segments {
		if strings.HasPrefix(s, "{") {
			s = "{}"
		}
		out = append(out, s)
	}
	if c.rest {
		out = append(out, "...")
	}
	return strings.Join(out, "/")
}

// Match returns the most specific route for a percent-encoded path. When only
// the method does not fit, ok is false and allowed names the ones that do.
func (t *Table) Match(method, path string) (r Route, params []Param, allowed []string, ok bool) {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for _, c := range t.routes {
		if !c.fits(segments) {
			continue
		}
		if c.Method != method && (c.Method != "GET" || method != "HEAD") {
			allowed = append(allowed, c.Method)
			continue
		}
		params, err := c.params(segments)
		if err != nil {
			continue
		}
		return c.Route, params, nil, true
	}
	slices.Sort(allowed)
	return Route{}, nil, slices.Compact(allowed), false
}

func (c compiled) fits(segments []string) bool {
	if len(segments) < len(c.segments) || len(segments) > len(c.segments) && !c.rest {
		return false
	}
	for i, s := range c.segments {
		if s[:min(len(s), 1)] == "{" {
			if segments[i] == "" && (!c.rest || i != len(c.segments)-1) {
				return false
			}
			continue
		}
		if s != segments[i] {
			return false
		}
	}
	return true
}

func (c compiled) params(segments []string) ([]Param, error) {
	var out []Param
	for i, s := range c.segments {
		if !strings.HasPrefix(s, "{") {
			continue
		}
		raw := segments[i]
		if c.rest && i == len(c.segments)-1 {
			raw = strings.Join(segments[i:], "/")
		}
		value, err := url.PathUnescape(raw)
		if err != nil {
			return nil, fmt.Errorf("unescaping %q: %w", raw, err)
		}
		out = append(out, Param{Name: strings.Trim(s, "{.}"), Value: value})
	}
	return out, nil
}
