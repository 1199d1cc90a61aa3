package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// resolver replaces placeholders and includes in freshly parsed nodes.
type resolver struct {
	env      environment
	files    *files
	parser   *parser
	report   *Report
	includes int
}

// scope is where in which file the resolver stands.
type scope struct {
	path    string   // of the value, for messages
	dir     string   // of the file that holds the value: paths are relative to it
	confine []string // folders that the file may reach; nil for a file the operator named
	chain   []string // includes that led here, outermost first
}

func (s scope) at(path string) scope {
	s.path = path
	return s
}

// resolve returns the value of n with everything replaced, or nil when it is
// undefined: the key is then absent in this layer, and a list loses the item.
func (r *resolver) resolve(n *node, s scope) *node {
	switch n.kind {
	case kindString:
		return r.substitute(n, s)
	case kindList:
		out := &node{kind: kindList, list: make([]*node, 0, len(n.list)), origin: n.origin}
		for i, item := range n.list {
			if value := r.resolve(item, s.at(fmt.Sprintf("%s[%d]", s.path, i))); value != nil {
				out.list = append(out.list, value)
			}
		}
		return out
	case kindObject:
		if directive := directiveOf(n); directive != "" {
			return r.directive(directive, n, s)
		}
		out := newObject(n.origin)
		for _, key := range n.keys {
			if value := r.resolve(n.fields[key], s.at(join(s.path, key))); value != nil {
				out.set(key, value)
			}
		}
		return out
	default:
		return n
	}
}

func (r *resolver) substitute(n *node, s scope) *node {
	result := r.env.substitute(n.text)
	if len(result.missing) > 0 {
		r.report.note(n.origin, s.path, "%s is absent: %s", s.path, notSet(result.missing))
		return nil
	}
	out := newString(result.text, n.origin)
	out.trace = result.trace
	return out
}

func notSet(names []string) string {
	for i, name := range names {
		if name == "" {
			names[i] = "${} names no variable"
		} else {
			names[i] = "environment variable " + name + " is not set"
		}
	}
	return strings.Join(names, ", ")
}

// directiveOf returns the include key of an object, if it has one.
func directiveOf(n *node) string {
	for _, key := range n.keys {
		if key == "$env" || key == "$file" || key == "$include" {
			return key
		}
	}
	return ""
}

// directive resolves an object such as {$env: NAME}.
func (r *resolver) directive(key string, n *node, s scope) *node {
	at := n.fields[key].origin
	if len(n.keys) > 1 {
		r.report.problem(at, s.path, "%s must be the only key of its object, beside it stands %q", key, other(n.keys, key))
		return nil
	}
	argument := n.fields[key]
	if argument.kind != kindString {
		r.report.problem(at, s.path, "%s must be a string, got %s", key, argument.kind)
		return nil
	}
	result := r.env.substitute(argument.text)
	if len(result.missing) > 0 {
		r.report.problem(at, s.path, "%s has no value: %s", key, notSet(result.missing))
		return nil
	}
	switch key {
	case "$env":
		return r.variable(result.text, n, s)
	case "$file":
		return r.textFile(result.text, n, at, s)
	default:
		return r.include(result.text, at, s)
	}
}

func other(keys []string, than string) string {
	return keys[slices.IndexFunc(keys, func(key string) bool { return key != than })]
}

func (r *resolver) variable(name string, n *node, s scope) *node {
	value, ok := r.env.lookup(name)
	if !ok {
		r.report.note(n.origin, s.path, "%s is absent: environment variable %s is not set", s.path, name)
		return nil
	}
	out := newString(value, n.origin)
	out.trace.vars = []string{name}
	return out
}

func (r *resolver) textFile(name string, n *node, at Origin, s scope) *node {
	data, err := r.open(name, s)
	if err != nil {
		r.report.problem(at, s.path, "$file: %v", err)
		return nil
	}
	if !utf8.Valid(data) {
		r.report.problem(at, s.path, "$file: file %s is not a text in UTF-8", name)
		return nil
	}
	out := newString(strings.TrimRight(string(data), " \t\r\n"), n.origin)
	out.trace.file = name
	return out
}

// open reads a file named in configuration, within what the scope may reach.
func (r *resolver) open(name string, s scope) ([]byte, error) {
	if r.includes++; r.includes > maxIncludes {
		return nil, fmt.Errorf("more than %d files are included", maxIncludes)
	}
	path := resolvePath(s.dir, name)
	if s.confine != nil {
		if err := r.files.inside(path, s.confine); err != nil {
			return nil, err
		}
	}
	return r.files.load(path)
}

func resolvePath(dir, name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(dir, name)
}

// include resolves "file.yaml#a.b": the file, the value in it, and whatever
// that value includes in turn, relative to its own file.
func (r *resolver) include(target string, at Origin, s scope) *node {
	fail := func(format string, args ...any) *node {
		r.report.problem(at, s.path, "$include: "+format, args...)
		return nil
	}
	name, fragment, _ := strings.Cut(target, "#")
	path := resolvePath(s.dir, name)
	link := path + "#" + fragment
	if slices.Contains(s.chain, link) {
		return fail("%s includes itself: %s", target, strings.Join(append(s.chain, link), " → "))
	}
	if len(s.chain) >= maxIncludeDepth {
		return fail("files include each other more than %d deep", maxIncludeDepth)
	}
	data, err := r.open(name, s)
	if err != nil {
		return fail("%v", err)
	}
	value, err := r.parser.file(data, path)
	if err != nil {
		return fail("file %s: %v", fileLine(path, err), err)
	}
	value, err = fragmentOf(value, fragment)
	if err != nil {
		return fail("%v in file %s", err, path)
	}
	if value == nil {
		r.report.note(at, s.path, "%s is absent: file %s has no %q", s.path, path, fragment)
		return nil
	}
	inner := scope{path: s.path, dir: filepath.Dir(path), confine: s.confine, chain: append(s.chain[:len(s.chain):len(s.chain)], link)}
	if inner.confine == nil {
		inner.confine = []string{s.dir}
	}
	if !slices.Contains(inner.confine, inner.dir) {
		inner.confine = append(inner.confine[:len(inner.confine):len(inner.confine)], inner.dir)
	}
	return r.resolve(value, inner)
}

// fileLine is "path:3" when the error knows its line.
func fileLine(path string, err error) string {
	at := problemOf(path, err).Origin
	return at.String()
}

// fragmentOf walks a dotted path; a missing last key is nil, anything else
// that does not exist is an error, as in Backstage.
func fragmentOf(value *node, fragment string) (*node, error) {
	if fragment == "" {
		return value, nil
	}
	keys := strings.Split(fragment, ".")
	for i, key := range keys {
		if value == nil || value.kind != kindObject {
			return nil, fmt.Errorf("%q is not an object", strings.Join(keys[:i], "."))
		}
		value = value.fields[key]
	}
	return value, nil
}
