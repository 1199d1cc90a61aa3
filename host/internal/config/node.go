package config

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// kind is the JSON type of a node.
type kind uint8

const (
	kindNull kind = iota
	kindBool
	kindNumber
	kindString
	kindList
	kindObject
)

// String names the type as an error message does: "must be …, got a list".
func (k kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "a list", "an object"}[k]
}

// node is one value of the configuration with where it comes from. A node is
// not changed once it is resolved; merging builds new objects.
type node struct {
	kind   kind
	text   string // the string, or the number as JSON writes it
	flag   bool
	list   []*node
	keys   []string // members in written order
	fields map[string]*node
	origin Origin
	trace  trace
}

// trace remembers what fed a value, so that printing can hide what is secret.
type trace struct {
	vars      []string // environment variables named by $env or ${}
	file      string   // file read by $file
	fragments []string // values of secret-looking variables inside a longer text
}

func newObject(at Origin) *node {
	return &node{kind: kindObject, fields: map[string]*node{}, origin: at}
}

func newString(text string, at Origin) *node {
	return &node{kind: kindString, text: text, origin: at}
}

// set adds or replaces a member; a new key goes to the end.
func (n *node) set(key string, value *node) {
	if _, ok := n.fields[key]; !ok {
		n.keys = append(n.keys, key)
	}
	n.fields[key] = value
}

// get returns a member, or nil; it may be called on nil and on a scalar.
func (n *node) get(key string) *node {
	if n == nil || n.kind != kindObject {
		return nil
	}
	return n.fields[key]
}

// find walks a path of keys; list items are not reachable this way.
func (n *node) find(keys ...string) *node {
	for _, key := range keys {
		n = n.get(key)
	}
	return n
}

// merge lays over on top of base: objects merge member by member, everything
// else replaces, and null replaces too, so that it hides what lies below.
func merge(base, over *node) *node {
	if base == nil || over == nil {
		if over == nil {
			return base
		}
		return over
	}
	if base.kind != kindObject || over.kind != kindObject {
		return over
	}
	out := newObject(over.origin)
	for _, key := range base.keys {
		out.set(key, base.fields[key])
	}
	for _, key := range over.keys {
		out.set(key, merge(base.fields[key], over.fields[key]))
	}
	return out
}

// prune drops the members that are null: explicit absence has done its work
// once every layer is merged. Null items of a list stay.
func prune(n *node) *node {
	switch n.kind {
	case kindObject:
		out := newObject(n.origin)
		for _, key := range n.keys {
			if value := n.fields[key]; value.kind != kindNull {
				out.set(key, prune(value))
			}
		}
		return out
	case kindList:
		out := *n
		out.list = make([]*node, len(n.list))
		for i, item := range n.list {
			out.list[i] = prune(item)
		}
		return &out
	default:
		return n
	}
}

// walk calls visit for n and everything below it, parents first.
func (n *node) walk(path string, visit func(path string, n *node)) {
	visit(path, n)
	for i, item := range n.list {
		item.walk(fmt.Sprintf("%s[%d]", path, i), visit)
	}
	for _, key := range n.keys {
		n.fields[key].walk(join(path, key), visit)
	}
}

// join appends a key to a path.
func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// section cuts a path down to its first depth keys.
func section(path string, depth int) string {
	path, _, _ = strings.Cut(path, "[")
	parts := strings.Split(path, ".")
	return strings.Join(parts[:min(depth, len(parts))], ".")
}

// MarshalJSON writes the value without its origins.
func (n *node) MarshalJSON() ([]byte, error) {
	switch n.kind {
	case kindBool:
		return json.Marshal(n.flag)
	case kindNumber:
		return []byte(n.text), nil
	case kindString:
		return json.Marshal(n.text)
	case kindList:
		if n.list == nil {
			return []byte("[]"), nil
		}
		return json.Marshal(n.list)
	case kindObject:
		out := []byte{'{'}
		for i, key := range n.keys {
			name, err := json.Marshal(key)
			if err != nil {
				return nil, fmt.Errorf("encoding key: %w", err)
			}
			value, err := n.fields[key].MarshalJSON()
			if err != nil {
				return nil, err
			}
			if i > 0 {
				out = append(out, ',')
			}
			out = append(append(append(out, name...), ':'), value...)
		}
		return append(out, '}'), nil
	default:
		return []byte("null"), nil
	}
}

// equal compares values; where they come from and the order of keys is not
// part of a value.
func equal(a, b *node) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.kind != b.kind || a.text != b.text || a.flag != b.flag || len(a.keys) != len(b.keys) {
		return false
	}
	for _, key := range a.keys {
		if !equal(a.fields[key], b.get(key)) {
			return false
		}
	}
	return slices.EqualFunc(a.list, b.list, equal)
}
