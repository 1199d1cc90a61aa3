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
	parents := map[string][]string{}
	for key, children := range s.references {
		if s.nodes[key] == nil {
			continue // a bucket
		}
		for _, child := range children {
			parents[child] = append(parents[child], key)
		}
	}
	var out []Ancestor
	seen := map[string]bool{ref: true}
	for queue := []string{ref}; len(queue) > 0; queue = queue[1:] {
		above := parents[queue[0]]
		slices.Sort(above)
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
