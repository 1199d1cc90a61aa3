package ingest

import (
	"cmp"
	"context"
	"slices"
)

// Inspection is what the configured locations would bring to an empty catalog.
type Inspection struct {
	Entities []string // refs, sorted, without those of the locations themselves
	Problems []Problem
}

// Inspect reads the configured locations and all that they lead to as the first
// pass does, stores and publishes nothing, and returns what came of it. The
// problems are sorted by message, which begins with file and line; Ref is empty
// where no entity is known. The engine need not be started.
func (e *Engine) Inspect(ctx context.Context) (Inspection, error) {
	roots := e.configured()
	w := &walk{
		pipe: e.current(), state: newState(), scope: scope{all: true}, workers: e.config.Workers,
		globs: e.globs, done: map[string]*facts{},
	}
	want, err := w.settle(ctx, roots)
	if err != nil {
		return Inspection{}, err
	}
	var out Inspection
	for _, x := range want {
		if x.root == nil {
			out.Entities = append(out.Entities, x.ref)
		}
	}
	slices.Sort(out.Entities)

	refs := map[string]string{} // by message
	add := func(ref string, found ...problem) {
		for _, p := range found {
			out.Problems = append(out.Problems, Problem{Ref: ref, Name: p.name, Message: p.message, Warning: p.warning})
		}
	}
	for _, v := range w.order {
		for i := range v.facts.docs {
			d := &v.facts.docs[i]
			add(d.ref, d.notes...)
			if d.problem != nil {
				refs[d.problem.message] = d.ref
			}
		}
	}
	for _, found := range w.problems {
		for _, p := range found {
			add(refs[p.message], p)
		}
	}
	slices.SortFunc(out.Problems, func(a, b Problem) int { return cmp.Or(cmp.Compare(a.Message, b.Message), cmp.Compare(a.Ref, b.Ref)) })
	out.Problems = slices.Compact(out.Problems) // several locations name one source
	return out, nil
}
