package ingest

import (
	"maps"

	"github.com/callboard/callboard/host/internal/source"
)

// root is a location that the operator named, in configuration or through the
// API, with the Location entity that stands for it.
type root struct {
	at       source.Location
	provider string
	ref      string
}

// scope says which sources a pass reads again; the others are taken as they
// were.
type scope struct {
	all     bool
	sources map[string]bool // by location
	refs    map[string]bool // entities whose sources are meant
	remove  map[string]bool // entities that go if they are orphans
	expand  bool            // look again at what globs match
	// after is told when a pass has brought the catalog up to date with the
	// rest, on the engine's goroutine.
	after []func(*walk)
}

func (s *scope) merge(o scope) {
	s.all, s.expand = s.all || o.all, s.expand || o.expand
	s.after = append(s.after, o.after...)
	s.sources, s.refs, s.remove = union(s.sources, o.sources), union(s.refs, o.refs), union(s.remove, o.remove)
}

// union adds what is in b to a, and returns it.
func union(a, b map[string]bool) map[string]bool {
	if a == nil && len(b) > 0 {
		a = make(map[string]bool, len(b))
	}
	maps.Copy(a, b)
	return a
}

func (s *scope) empty() bool {
	return !s.all && !s.expand && len(s.sources) == 0 && len(s.refs) == 0
}
