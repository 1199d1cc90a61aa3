package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

const envPrefix = "APP_CONFIG_"

var envKey = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9]*(?:[-_][a-zA-Z][a-zA-Z0-9]*)*$`)

// fromEnvironment builds the layer of the APP_CONFIG_a_b_c variables, or nil
// when there is none. environ holds "NAME=value" as os.Environ does.
func fromEnvironment(environ []string, p *parser, report *Report) *node {
	var root *node
	for _, entry := range slices.Sorted(slices.Values(environ)) {
		name, value, _ := strings.Cut(entry, "=")
		path, ok := strings.CutPrefix(name, envPrefix)
		if !ok || value == "" {
			continue
		}
		at := Origin{Env: name}
		if root == nil {
			root = newObject(at)
		}
		if err := setVariable(root, path, value, at, p); err != nil {
			report.problem(at, strings.ReplaceAll(path, "_", "."), "%v", err)
		}
	}
	return root
}

func setVariable(root *node, path, value string, at Origin, p *parser) error {
	if !envKey.MatchString(path) {
		return fmt.Errorf("%q is not a path of keys: letters and digits, joined by _", path)
	}
	keys := strings.Split(path, "_")
	target := root
	for i, key := range keys[:len(keys)-1] {
		next := target.fields[key]
		if next == nil {
			next = newObject(at)
			target.set(key, next)
		}
		if next.kind != kindObject {
			return fmt.Errorf("cannot set %s: %s is already set to %s by %s", strings.Join(keys, "."), strings.Join(keys[:i+1], "."), next.kind, next.origin)
		}
		target = next
	}
	last := keys[len(keys)-1]
	if earlier := target.fields[last]; earlier != nil {
		return fmt.Errorf("%s is already set by %s", strings.Join(keys, "."), earlier.origin)
	}
	parsed, err := p.json([]byte(value), at, false)
	if err != nil {
		parsed = newString(value, at)
	}
	if parsed.kind == kindNull {
		return fmt.Errorf("the value may not be null; to remove %s, set it to null in a file", strings.Join(keys, "."))
	}
	target.set(last, parsed)
	return nil
}
