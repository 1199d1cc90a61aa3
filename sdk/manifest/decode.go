package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// maxDepth bounds nesting: a manifest is data for people.
const maxDepth = 40

var (
	rawType      = reflect.TypeFor[json.RawMessage]()
	sizeType     = reflect.TypeFor[Size]()
	durationType = reflect.TypeFor[Duration]()
)

// decoder turns YAML nodes into the manifest's types, strictly: every
// difference is a Problem with its line, and decoding goes on.
type decoder struct {
	file     string
	problems []Problem
}

func (d *decoder) fail(n *yaml.Node, format string, args ...any) {
	d.problems = append(d.problems, Problem{File: d.file, Line: n.Line, Message: fmt.Sprintf(format, args...)})
}

// value decodes n into v. path names the place for messages, "routes[0].method".
func (d *decoder) value(n *yaml.Node, v reflect.Value, path string, depth int) {
	switch {
	case depth > maxDepth:
		d.fail(n, "%s is nested deeper than %d levels", path, maxDepth)
		return
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		d.fail(n, "%s uses a YAML anchor or alias; write the value out", path)
		return
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem(), path, depth)
		return
	}
	switch v.Type() {
	case rawType:
		d.raw(n, v, path, depth)
		return
	case sizeType:
		if s, ok := d.scalar(n, path, "a size such as 64MiB", "!!str", "!!int"); ok {
			size, err := ParseSize(s)
			d.failIf(n, path, err)
			v.SetInt(int64(size))
		}
		return
	case durationType:
		if s, ok := d.scalar(n, path, "a duration such as 5s", "!!str"); ok {
			dur, err := time.ParseDuration(s)
			if err != nil || dur <= 0 {
				d.fail(n, "%s is %q; write a duration such as 5s, 500ms or 5m", path, s)
			}
			v.SetInt(int64(dur))
		}
		return
	}
	switch v.Kind() {
	case reflect.String:
		if s, ok := d.scalar(n, path, "text", "!!str"); ok {
			v.SetString(s)
		}
	case reflect.Bool:
		if s, ok := d.scalar(n, path, "true or false", "!!bool"); ok {
			v.SetBool(strings.EqualFold(s, "true"))
		}
	case reflect.Int:
		if s, ok := d.scalar(n, path, "a whole number", "!!int"); ok {
			i, err := strconv.Atoi(s)
			if err != nil {
				d.fail(n, "%s is %q; write a whole number", path, s)
			}
			v.SetInt(int64(i))
		}
	case reflect.Slice:
		d.list(n, v, path, depth)
	case reflect.Map:
		d.mapping(n, v, path, depth)
	case reflect.Struct:
		d.object(n, v, path, depth)
	default:
		panic("manifest: no decoding for " + v.Type().String())
	}
}

func (d *decoder) failIf(n *yaml.Node, path string, err error) {
	if err != nil {
		d.fail(n, "%s: %v", path, err)
	}
}

func (d *decoder) scalar(n *yaml.Node, path, want string, tags ...string) (string, bool) {
	if n.Kind != yaml.ScalarNode || !slices.Contains(tags, n.ShortTag()) {
		hint := ""
		if n.Kind == yaml.ScalarNode && slices.Contains(tags, "!!str") {
			hint = "; put it in quotes"
		}
		d.fail(n, "%s must be %s, found %s%s", path, want, describe(n), hint)
		return "", false
	}
	return n.Value, true
}

func (d *decoder) list(n *yaml.Node, v reflect.Value, path string, depth int) {
	if n.Kind != yaml.SequenceNode {
		d.fail(n, "%s must be a list, found %s", path, describe(n))
		return
	}
	out := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, item := range n.Content {
		d.value(item, out.Index(i), path+"["+strconv.Itoa(i)+"]", depth+1)
	}
	v.Set(out)
}

func (d *decoder) mapping(n *yaml.Node, v reflect.Value, path string, depth int) {
	if n.Kind != yaml.MappingNode {
		d.fail(n, "%s must be a mapping, found %s", path, describe(n))
		return
	}
	out := reflect.MakeMap(v.Type())
	for key, val := range d.pairs(n, path) {
		elem := reflect.New(v.Type().Elem()).Elem()
		d.value(val, elem, join(path, key.Value), depth+1)
		setLine(elem, key.Line)
		out.SetMapIndex(reflect.ValueOf(key.Value), elem)
	}
	v.Set(out)
}

// pairs yields key and value nodes, and reports keys that are not text or come twice.
func (d *decoder) pairs(n *yaml.Node, path string) func(func(k, v *yaml.Node) bool) {
	return func(yield func(k, v *yaml.Node) bool) {
		seen := map[string]int{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if key.Kind != yaml.ScalarNode || key.ShortTag() == "!!merge" {
				d.fail(key, "%s has a key that is not plain text", orRoot(path))
				continue
			}
			if first, twice := seen[key.Value]; twice {
				d.fail(key, "%q is written twice; the first is on line %d", join(path, key.Value), first)
				continue
			}
			seen[key.Value] = key.Line
			if !yield(key, n.Content[i+1]) {
				return
			}
		}
	}
}

func (d *decoder) object(n *yaml.Node, v reflect.Value, path string, depth int) {
	if n.Kind != yaml.MappingNode {
		d.fail(n, "%s must be a mapping, found %s", orRoot(path), describe(n))
		return
	}
	setLine(v, n.Line)
	fields := fieldsOf(v.Type())
	seen := map[string]bool{}
	for key, val := range d.pairs(n, path) {
		f, ok := fields[key.Value]
		if !ok {
			d.fail(key, "unknown key %q%s", join(path, key.Value), suggest(key.Value, fields))
			continue
		}
		seen[key.Value] = true
		d.value(val, v.Field(f.index), join(path, key.Value), depth+1)
		if s := v.Field(f.index); len(f.oneOf) > 0 && s.String() != "" && !slices.Contains(f.oneOf, s.String()) {
			d.fail(val, "%s is %q; write one of %s", join(path, key.Value), s.String(), strings.Join(f.oneOf, ", "))
		}
	}
	for _, name := range sortedKeys(fields) {
		if fields[name].required && !seen[name] {
			d.fail(n, "%s is missing; add %q", join(path, name), name+": …")
		}
	}
}

// raw keeps a piece of the manifest as JSON, in the order it was written.
func (d *decoder) raw(n *yaml.Node, v reflect.Value, path string, depth int) {
	var buf bytes.Buffer
	if d.json(&buf, n, path, depth) {
		v.SetBytes(buf.Bytes())
	}
}

func (d *decoder) json(buf *bytes.Buffer, n *yaml.Node, path string, depth int) bool {
	if depth > maxDepth || n.Kind == yaml.AliasNode || n.Anchor != "" {
		d.fail(n, "%s is nested too deep, or uses a YAML anchor or alias", path)
		return false
	}
	switch n.Kind {
	case yaml.MappingNode:
		buf.WriteByte('{')
		first := true
		for key, val := range d.pairs(n, path) {
			if !first {
				buf.WriteByte(',')
			}
			first = false
			name, err := json.Marshal(key.Value)
			if err != nil {
				d.fail(key, "%s: %v", path, err)
				return false
			}
			buf.Write(name)
			buf.WriteByte(':')
			if !d.json(buf, val, join(path, key.Value), depth+1) {
				return false
			}
		}
		buf.WriteByte('}')
		return true
	case yaml.SequenceNode:
		buf.WriteByte('[')
		for i, item := range n.Content {
			if i > 0 {
				buf.WriteByte(',')
			}
			if !d.json(buf, item, path+"["+strconv.Itoa(i)+"]", depth+1) {
				return false
			}
		}
		buf.WriteByte(']')
		return true
	}
	var scalar any
	err := n.Decode(&scalar)
	if _, ok := scalar.(time.Time); ok { // an unquoted date is text in JSON
		scalar = n.Value
	}
	var b []byte
	if err == nil {
		b, err = json.Marshal(scalar)
	}
	if err != nil {
		d.fail(n, "%s has no JSON form: %v", path, err)
		return false
	}
	buf.Write(b)
	return true
}
