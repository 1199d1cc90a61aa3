package ingest

import (
	"context"
	"strings"

	"github.com/callboard/callboard/host/internal/source"
)

// Pushed has what a push touched read again soon, and nothing else: sources,
// what their placeholders read, and wildcards that may match something else
// now. It returns when the request outlives this process, and the replica that
// leads. Fault: Unavailable (the store).
func (e *Engine) Pushed(ctx context.Context, p source.Push) error {
	if e.leads() {
		// Should it end before the pass, whoever leads next reads everything.
		e.request(scope{pushes: []source.Push{p}})
		return nil
	}
	return e.put(ctx, e.config.IDs(), false, requestBody{Pushes: []source.Push{p}})
}

// locatePushes adds to a scope the sources that its pushes touched.
func (e *Engine) locatePushes(s *scope) {
	reader, ok := e.config.Reader.(Pushable)
	if !ok || len(s.pushes) == 0 {
		return
	}
	touched := func(l source.Location) bool {
		for _, p := range s.pushes {
			if reader.Touches(p, l) {
				return true
			}
		}
		return false
	}
	found := scope{sources: map[string]bool{}}
	for key, f := range e.state.sources {
		hit := touched(f.at)
		for i := 0; i < len(f.deps) && !hit; i++ {
			hit = touched(f.deps[i])
		}
		if hit {
			found.sources[key] = true
		}
	}
	for key := range e.globs {
		_, at, _ := strings.Cut(key, "\x00")
		if l, err := source.ParseLocation(at); err == nil && touched(l) {
			delete(e.globs, key) // looked up again, alone
		}
	}
	s.merge(found)
}
