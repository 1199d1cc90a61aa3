package ingest

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/callboard/callboard/host/internal/fault"
)

// Bounds of the refresh keys of one entity.
const (
	MaxRefreshKeys  = 100
	MaxRefreshBytes = 512 // of one
)

// withKeys adds the keys that a processor names to those of an entity. They are
// the plugin's own: another one that names the same means something else.
func withKeys(keys []string, proc Processor, named []string) ([]string, error) {
	plugin, _, _ := strings.Cut(proc.Name(), "/")
	for _, key := range named {
		if err := CheckRefreshKey(key); err != nil {
			return nil, err
		}
		keys = append(keys, plugin+":"+key)
	}
	slices.Sort(keys)
	if keys = slices.Compact(keys); len(keys) > MaxRefreshKeys {
		return nil, fault.New(fault.Invalid, "the entity would have %d refresh keys; at most %d", len(keys), MaxRefreshKeys)
	}
	return keys, nil
}

// CheckRefreshKey says what is wrong with a key. Fault: Invalid.
func CheckRefreshKey(key string) error {
	if key == "" || len(key) > MaxRefreshBytes || !utf8.ValidString(key) || strings.ContainsRune(key, 0) {
		return fault.New(fault.Invalid, "refresh key %.80q must be 1 to %d bytes of UTF-8 without NUL", key, MaxRefreshBytes)
	}
	return nil
}

// RefreshKeys has the entities processed again soon for which processors of a
// plugin named one of the keys, whether their sources changed or not.
func (e *Engine) RefreshKeys(plugin string, keys []string) {
	s := scope{keys: map[string]bool{}}
	for _, key := range keys {
		s.keys[plugin+":"+key] = true
	}
	e.request(s)
}

// locateKeys adds to a scope the entities that its keys mean, and their sources.
func (e *Engine) locateKeys(s *scope) {
	if len(s.keys) == 0 {
		return
	}
	found := scope{sources: map[string]bool{}}
	for ref, n := range e.state.nodes {
		if f := e.state.sources[n.location]; f != nil && slices.ContainsFunc(n.keys, func(key string) bool { return s.keys[key] }) {
			found.sources[n.location] = true
			if s.process == nil {
				s.process = map[string]map[string]bool{}
			}
			if s.process[n.location] == nil {
				s.process[n.location] = map[string]bool{}
			}
			s.process[n.location][ref] = true
		}
	}
	s.merge(found)
}
