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
	by       string // who registered it
}

// scope says which sources a pass reads again; the others are taken as they
// were.
type scope struct {
	all     bool
	sources map[string]bool            // by location
	later   map[string]bool            // those of sources that nobody waits for
	refs    map[string]bool            // entities whose sources are meant
	pushes  []source.Push              // what source hosts say has changed
	keys    map[string]bool            // refresh keys, "plugin:key"
	process map[string]map[string]bool // by location: refs to process though unchanged; of the pass, from keys
	remove  map[string]bool            // entities that go if they are orphans
	expand  bool                       // look again at what globs match
	asks    map[string]ask             // who asked for it: by location, and by "ref:" and ref
	// after is told when a pass has brought the catalog up to date with the
	// rest, on the engine's goroutine.
	after []inquiry
}

// inquiry asks what a pass made of documents of a bucket, or only when it is over.
type inquiry struct {
	bucket string
	index  map[string]int // of the documents, by ref
	reply  func([]DocumentProblem)
	// carried says that another replica asks, and that the store keeps it.
	carried bool
}

// answer replies to inquiries after a pass.
func (w *walk) answer(asked []inquiry) {
	for _, q := range asked {
		var found []DocumentProblem
		if q.bucket != "" {
			found = w.verdicts(q.bucket, q.index)
		}
		q.reply(found)
	}
}

func (s *scope) merge(o scope) {
	s.all, s.expand = s.all || o.all, s.expand || o.expand
	s.after, s.pushes = append(s.after, o.after...), append(s.pushes, o.pushes...)
	for key := range o.sources {
		switch {
		case !o.later[key]:
			delete(s.later, key)
		case !s.sources[key]:
			s.later = union(s.later, map[string]bool{key: true})
		}
	}
	s.sources, s.refs, s.remove = union(s.sources, o.sources), union(s.refs, o.refs), union(s.remove, o.remove)
	s.asks, s.keys = union(s.asks, o.asks), union(s.keys, o.keys)
}

// union adds what is in b to a, and returns it.
func union[V any](a, b map[string]V) map[string]V {
	if a == nil && len(b) > 0 {
		a = make(map[string]V, len(b))
	}
	maps.Copy(a, b)
	return a
}

func (s *scope) empty() bool {
	return !s.all && !s.expand && len(s.sources) == 0 && len(s.refs) == 0 && len(s.pushes) == 0 && len(s.keys) == 0 && len(s.after) == 0
}
