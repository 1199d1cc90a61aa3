package config

import (
	"maps"
	"reflect"
	"slices"
)

// Change is what a reload found.
type Change struct {
	Config   *Config         // the new configuration; nil when Err is set
	Sections []SectionChange // what differs, sorted by path
	Err      error           // why the new files cannot be used; the old configuration stays
}

// SectionChange is one part of the configuration that differs.
type SectionChange struct {
	Path    string // two keys deep ("backend.listen"), or a plugin ("plugins.entries.catalog")
	Restart bool   // takes effect only after a restart
	Unread  bool   // a key that the host does not read
}

// NeedsRestart reports whether anything that changed waits for a restart.
func (c Change) NeedsRestart() bool {
	return slices.ContainsFunc(c.Sections, func(s SectionChange) bool { return s.Restart })
}

// Diff compares two configurations. Only what was written is compared: a value
// that is now spelled out and equals its default counts as a change.
func Diff(before, after *Config) []SectionChange {
	found := map[string]SectionChange{}
	compare(before.tree, after.tree, "", newSpec(reflect.TypeFor[Config]()), found)
	sections := make([]SectionChange, 0, len(found))
	for _, path := range slices.Sorted(maps.Keys(found)) {
		sections = append(sections, found[path])
	}
	return sections
}

// compare descends as long as both sides are objects of the definition, so
// that a section is live only if everything that changed in it is.
func compare(before, after *node, path string, s *spec, found map[string]SectionChange) {
	if equal(before, after) {
		return
	}
	// A section that is absent on one side is compared key by key like any other.
	inner := s != nil && (s.form == formObject || s.form == formMap)
	if inner && (before == nil || isObject(before)) && (after == nil || isObject(after)) {
		keys := unionKeys(before, after)
		for _, key := range keys {
			compare(before.get(key), after.get(key), join(path, key), memberOf(s, key), found)
		}
		if len(keys) > 0 {
			return
		}
	}
	depth := 2
	if within(path, "plugins.entries") {
		depth = 3
	}
	name := section(path, depth)
	entry, seen := found[name]
	entry.Path = name
	entry.Restart = entry.Restart || s != nil && !s.live
	entry.Unread = s == nil && (!seen || entry.Unread)
	found[name] = entry
}

func isObject(n *node) bool { return n != nil && n.kind == kindObject }

func unionKeys(a, b *node) []string {
	var keys []string
	if a != nil {
		keys = append(keys, a.keys...)
	}
	if b != nil {
		for _, key := range b.keys {
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	return keys
}
