package ingest

import (
	"context"
	"slices"

	"github.com/callboard/callboard/host/internal/fault"
)

// Ancestor is an entity and what emits it.
type Ancestor struct {
	Ref     string
	Parents []string // refs, sorted; none for what a root or a bucket brings
}

// Ancestry returns an entity and everything that leads to it, the nearest
// first. Faults: NotFound, Timeout (the engine is busy).
func (e *Engine) Ancestry(ctx context.Context, ref string) ([]Ancestor, error) {
	var out []Ancestor
	err := e.ask(ctx, func(s *state) { out = s.ancestry(ref) })
	if err == nil && len(out) == 0 {
		err = fault.New(fault.NotFound, "no entity %s", ref)
	}
	return out, err
}

func (s *state) ancestry(ref string) []Ancestor {
	if s.nodes[ref] == nil {
		return nil
	}
	var out []Ancestor
	seen := map[string]bool{ref: true}
	for queue := []string{ref}; len(queue) > 0; queue = queue[1:] {
		above := s.emitters(queue[0])
		out = append(out, Ancestor{Ref: queue[0], Parents: above})
		for _, p := range above {
			if !seen[p] {
				seen[p] = true
				queue = append(queue, p)
			}
		}
	}
	return out
}

// emitters returns the entities that emit an entity, sorted. Buckets, which do
// too, are none.
func (s *state) emitters(ref string) []string {
	var out []string
	for _, key := range s.parents[ref] {
		if s.nodes[key] != nil {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out
}

// Dependents returns what only an entity keeps in the catalog, sorted and at
// most so many, and whether there is more: it would go with the entity. Faults:
// NotFound, Timeout (the engine is busy).
func (e *Engine) Dependents(ctx context.Context, ref string, most int) (refs []string, more bool, err error) {
	known := false
	err = e.ask(ctx, func(s *state) {
		if known = s.nodes[ref] != nil; known {
			refs, more = s.dependents(ref, most)
		}
	})
	if err == nil && !known {
		err = fault.New(fault.NotFound, "no entity %s", ref)
	}
	return refs, more, err
}

func (s *state) dependents(ref string, most int) (refs []string, more bool) {
	goes := map[string]bool{ref: true}
	for queue := []string{ref}; len(queue) > 0; queue = queue[1:] {
		for _, child := range s.references[queue[0]] {
			if goes[child] || s.nodes[child] == nil || slices.ContainsFunc(s.parents[child], func(key string) bool { return !goes[key] }) {
				continue
			}
			if len(refs) == most {
				more = true
				break
			}
			goes[child] = true
			refs, queue = append(refs, child), append(queue, child)
		}
	}
	slices.Sort(refs)
	return refs, more
}

// ask lets the engine's goroutine look at its state between two passes. Fault:
// Timeout (there was no between).
func (e *Engine) ask(ctx context.Context, look func(*state)) error {
	done := make(chan struct{})
	select {
	case e.asks <- func(s *state) { look(s); close(done) }:
		<-done
		return nil
	case <-e.done:
		return fault.New(fault.Unavailable, "the catalog is closing")
	case <-ctx.Done():
		return fault.Wrap(fault.Timeout, ctx.Err(), "the catalog is being brought up to date; ask again")
	}
}
