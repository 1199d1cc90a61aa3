package ingest

import "github.com/callboard/callboard/host/internal/source"

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
	expand  bool            // look again at what globs match
	// after is told when a pass has brought the catalog up to date with the
	// rest, on the engine's goroutine.
	after []func(*walk)
}

func (s *scope) merge(o scope) {
	s.all, s.expand = s.all || o.all, s.expand || o.expand
	s.after = append(s.after, o.after...)
	for l := range o.sources {
		if s.sources == nil {
			s.sources = map[string]bool{}
		}
		s.sources[l] = true
	}
	for ref := range o.refs {
		if s.refs == nil {
			s.refs = map[string]bool{}
		}
		s.refs[ref] = true
	}
}

func (s *scope) empty() bool {
	return !s.all && !s.expand && len(s.sources) == 0 && len(s.refs) == 0
}
