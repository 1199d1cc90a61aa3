package index

import (
	"runtime"
	"slices"
)

// Segments are merged so that there are few of them, each at least mergeRatio
// times as large as all that came later: a change is then indexed again a
// handful of times, whatever the size of the catalog.
const (
	mergeRatio = 4
	// mergeInline is the largest merge done while publishing; it takes milliseconds.
	mergeInline = 512
)

// mergeFrom returns the first part that should become one with all after it;
// len(parts) when nothing should. A part that is mostly gone is worth merging alone.
func mergeFrom(parts []part) int {
	from, later := len(parts), 0
	for i := len(parts) - 1; i >= 0; i-- {
		p := &parts[i]
		if later > 0 && p.alive < mergeRatio*later || len(p.docs) > 2*p.alive {
			from = i
		}
		later += p.alive
	}
	return from
}

// mergeSmall merges the last parts if that takes little time.
func (x *Index) mergeSmall(parts []part) []part {
	first := 0
	for i := range parts {
		if slices.ContainsFunc(x.merging, parts[i].is) {
			first = i + 1
		}
	}
	from := first + mergeFrom(parts[first:])
	if from == len(parts) || alive(parts[from:]) > mergeInline {
		return parts
	}
	return append(slices.Clone(parts[:from]), x.build(living(parts[from:]), 1))
}

// mergeLater starts a merge in the background if one is due; mu is held.
func (x *Index) mergeLater() {
	parts := x.current.Load().parts
	from := mergeFrom(parts)
	if from == len(parts) || x.merging != nil || x.closed {
		return
	}
	work := slices.Clone(parts[from:])
	x.merging = work
	go func() {
		// One core is left to readers where there are two.
		merged := x.build(living(work), max(1, runtime.GOMAXPROCS(0)/2))
		for i := range work {
			merged.warm(work[i].segment)
		}
		x.mu.Lock()
		defer x.mu.Unlock()
		s := x.current.Load()
		x.current.Store(newSnapshot(s.revision, replace(s.parts, work, merged)))
		x.merging = nil
		x.mergeLater()
		x.idle.Broadcast()
	}()
}

// warm builds what readers made of an older segment, so that the first of them
// to meet this one does not wait for it.
func (s *segment) warm(old *segment) {
	old.orderings.each(func(o *ordering) { s.ordering(o.orders, o.hidden) })
	for key, c := range old.columns {
		if now := s.columns[key]; now != nil && c.grams.Load() != nil {
			now.ensureGrams()
		}
	}
}

// replace puts merged in the place of the parts that it was made of, and
// repeats in it what was marked as gone since.
func replace(parts, work []part, merged part) []part {
	dead := NewSet(len(merged.docs))
	dead.or(merged.dead)
	for i := range work {
		before := &work[i]
		now := slices.IndexFunc(parts, before.is)
		for id := range before.docs {
			if before.gone(uint32(id)) || now >= 0 && !parts[now].gone(uint32(id)) {
				continue
			}
			dead.Add(merged.byRef[before.docs[id].ref])
		}
	}
	if n := dead.Count(); n > 0 {
		merged.dead, merged.alive = dead, len(merged.docs)-n
	}
	var out []part
	placed := merged.alive == 0
	for _, p := range parts {
		if !slices.ContainsFunc(work, p.is) {
			out = append(out, p)
			continue
		}
		if !placed {
			out, placed = append(out, merged), true
		}
	}
	return out
}

// is reports whether both are the same segment.
func (p part) is(o part) bool { return p.segment == o.segment }

func alive(parts []part) int {
	n := 0
	for i := range parts {
		n += parts[i].alive
	}
	return n
}

// living returns the documents of parts that are still there.
func living(parts []part) []document {
	docs := make([]document, 0, alive(parts))
	for i := range parts {
		p := &parts[i]
		for id := range p.docs {
			if !p.gone(uint32(id)) {
				docs = append(docs, p.docs[id])
			}
		}
	}
	return docs
}

// Settle waits until no merge runs in the background.
func (x *Index) Settle() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for x.merging != nil {
		x.idle.Wait()
	}
}

// Close stops merging; reads and updates go on working.
func (x *Index) Close() {
	x.mu.Lock()
	x.closed = true
	x.mu.Unlock()
	x.Settle()
}
