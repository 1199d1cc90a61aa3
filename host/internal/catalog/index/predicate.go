package index

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/callboard/callboard/host/internal/fault"
)

// Bounds of a predicate, so that a request costs what a request should.
const (
	maxPredicateBytes = 256 << 10
	maxPredicateDepth = 64
)

// compilePredicate reads Backstage's filter predicate: an object with one of
// $all, $any, $not, or fields that must all match. Faults: Invalid.
func compilePredicate(data []byte, limit int) (condition, error) {
	if len(data) > maxPredicateBytes {
		return nil, fault.New(fault.Invalid, "invalid query: it is longer than %d bytes", maxPredicateBytes)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var root any
	if err := decoder.Decode(&root); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "invalid query: it is not JSON")
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, fault.New(fault.Invalid, "invalid query: more than one JSON value")
	}
	p := predicateParser{left: limit}
	return p.predicate(root, 0)
}

type predicateParser struct{ left int } // clauses still allowed

func (p *predicateParser) predicate(node any, depth int) (condition, error) {
	if depth > maxPredicateDepth {
		return nil, fault.New(fault.Invalid, "invalid query: nested deeper than %d", maxPredicateDepth)
	}
	if p.left--; p.left < 0 {
		return nil, fault.New(fault.Invalid, "invalid query: too many clauses")
	}
	object, ok := node.(map[string]any)
	if !ok {
		return nil, fault.New(fault.Invalid,
			`invalid query: expected an object such as { "kind": "Component" }, got %s`, show(node))
	}
	for _, operator := range []string{"$all", "$any", "$not"} {
		operand, ok := object[operator]
		if !ok {
			continue
		}
		if len(object) > 1 {
			return nil, fault.New(fault.Invalid, "invalid query: %s must stand alone in its object", operator)
		}
		if operator == "$not" {
			inner, err := p.predicate(operand, depth+1)
			if err != nil {
				return nil, err
			}
			return noneOf{inner}, nil
		}
		return p.list(operator, operand, depth)
	}
	all := make(allOf, 0, len(object))
	for key, value := range object {
		if strings.HasPrefix(key, "$") {
			return nil, fault.New(fault.Invalid, "invalid query: unknown operator %q", key)
		}
		c, err := p.value(key, value)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

func (p *predicateParser) list(operator string, operand any, depth int) (condition, error) {
	items, ok := operand.([]any)
	if !ok {
		return nil, fault.New(fault.Invalid, "invalid query: %s needs an array, got %s", operator, show(operand))
	}
	conditions := make([]condition, 0, len(items))
	for _, item := range items {
		c, err := p.predicate(item, depth+1)
		if err != nil {
			return nil, err
		}
		conditions = append(conditions, c)
	}
	if operator == "$all" {
		return allOf(conditions), nil
	}
	return anyOf(conditions), nil
}

// value reads what a field must match.
func (p *predicateParser) value(key string, value any) (condition, error) {
	if p.left--; p.left < 0 {
		return nil, fault.New(fault.Invalid, "invalid query: too many clauses")
	}
	folded := strings.ToLower(key)
	if s, ok := primitive(value); ok {
		return field{key: folded, test: equals, values: []string{s}}, nil
	}
	object, ok := value.(map[string]any)
	if !ok || len(object) != 1 {
		return nil, unsupported(key, value)
	}
	for operator, operand := range object {
		switch operator {
		case "$exists":
			want, ok := operand.(bool)
			if !ok {
				return nil, unsupported(key, value)
			}
			c := field{key: folded, test: exists}
			if want {
				return c, nil
			}
			return noneOf{c}, nil
		case "$in":
			values, ok := p.primitives(operand)
			if !ok {
				return nil, unsupported(key, value)
			}
			return field{key: folded, test: equals, values: values}, nil
		case "$hasPrefix":
			prefix, ok := operand.(string)
			if !ok {
				return nil, unsupported(key, value)
			}
			return field{key: folded, test: prefixed, values: []string{strings.ToLower(prefix)}}, nil
		case "$contains":
			if s, ok := primitive(operand); ok {
				return field{key: folded, test: equals, values: []string{s}}, nil
			}
			if target, ok := operand.(map[string]any); ok && folded == "relations" {
				return p.relation(target)
			}
		}
	}
	return nil, unsupported(key, value)
}

// relation reads { type, targetRef? }, each a value or { $in: [...] }.
func (p *predicateParser) relation(target map[string]any) (condition, error) {
	for key := range target {
		if key != "type" && key != "targetRef" {
			return nil, fault.New(fault.Invalid, "invalid query: a relation has a type and a targetRef, no %q", key)
		}
	}
	kinds, ok := p.oneOrMany(target["type"])
	if !ok {
		return nil, fault.New(fault.Invalid, `invalid query: $contains on relations needs a "type", got %s`, show(target))
	}
	var refs []string
	ref, named := target["targetRef"]
	if named {
		if refs, ok = p.oneOrMany(ref); !ok {
			return nil, fault.New(fault.Invalid, `invalid query: "targetRef" must be a ref or { "$in": [...] }, got %s`, show(ref))
		}
	}
	some := make(anyOf, len(kinds))
	for i, kind := range kinds {
		f := field{key: "relations." + kind, test: exists}
		if named {
			f.test, f.values = equals, refs
		}
		some[i] = f
	}
	return some, nil
}

func (p *predicateParser) oneOrMany(value any) ([]string, bool) {
	if s, ok := value.(string); ok {
		return []string{strings.ToLower(s)}, true
	}
	object, ok := value.(map[string]any)
	if !ok || len(object) != 1 {
		return nil, false
	}
	return p.primitives(object["$in"])
}

func (p *predicateParser) primitives(value any) ([]string, bool) {
	items, ok := value.([]any)
	if !ok {
		return nil, false
	}
	if p.left -= len(items); p.left < 0 {
		return nil, false
	}
	out := make([]string, len(items))
	for i, item := range items {
		if out[i], ok = primitive(item); !ok {
			return nil, false
		}
	}
	return out, true
}

// primitive returns a string, number or boolean as a folded row value.
func primitive(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return strings.ToLower(v), true
	case bool:
		return fmt.Sprint(v), true
	case json.Number:
		b, ok := appendNumber(nil, []byte(v))
		return strings.ToLower(string(b)), ok
	default:
		return "", false
	}
}

func unsupported(key string, value any) error {
	return fault.New(fault.Invalid,
		"invalid query: field %q needs a string, a number, a boolean, or one of $exists, $in, $hasPrefix, $contains; got %s", key, show(value))
}

// show writes a value for a message, shortened.
func show(value any) string {
	b, err := json.Marshal(value)
	if err != nil {
		return "something else"
	}
	if len(b) > 100 {
		b = append(b[:100], "..."...)
	}
	return string(b)
}
