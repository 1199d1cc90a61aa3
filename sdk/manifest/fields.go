package manifest

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// field is what the struct tags say about one key.
type field struct {
	index    int
	required bool
	oneOf    []string
}

// fieldsOf reads the tags of a struct: the key is the json name.
func fieldsOf(t reflect.Type) map[string]field {
	out := make(map[string]field, t.NumField())
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "" || name == "-" {
			continue
		}
		rule := f.Tag.Get("manifest")
		fd := field{index: i, required: rule == "required"}
		if values, ok := strings.CutPrefix(rule, "oneof="); ok {
			fd.oneOf = strings.Split(values, "|")
		}
		out[name] = fd
	}
	return out
}

// setLine writes the line into the field that asks for it, unless it has one.
func setLine(v reflect.Value, line int) {
	if v.Kind() != reflect.Struct {
		return
	}
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("manifest") == "line" {
			v.Field(i).SetInt(int64(line))
		}
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func orRoot(path string) string {
	if path == "" {
		return "the manifest"
	}
	return path
}

func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
		if n.ShortTag() == "!!null" {
			return "nothing"
		}
		value := n.Value
		if len(value) > 40 {
			value = value[:40] + "…"
		}
		return strings.TrimPrefix(n.ShortTag(), "!!") + " " + value
	default:
		return "something else"
	}
}

// suggest names the key that the writer may have meant.
func suggest[V any](key string, known map[string]V) string {
	best, bestDistance := "", 3
	if len(key) < 4 {
		bestDistance = 2
	}
	for _, name := range sortedKeys(known) {
		if d := distance(strings.ToLower(key), strings.ToLower(name)); d < bestDistance {
			best, bestDistance = name, d
		}
	}
	if best == "" {
		return "; known keys are " + strings.Join(sortedKeys(known), ", ")
	}
	return "; did you mean " + best + "?"
}

// distance is Levenshtein's, with a swap of neighbours as one edit.
func distance(a, b string) int {
	prev2, prev := []int(nil), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur := make([]int, len(b)+1)
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev = prev, cur
	}
	return prev[len(b)]
}
