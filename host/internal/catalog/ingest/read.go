package ingest

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
)

// window is how many sources have their bytes in memory together.
const window = 256

// read reads the sources that need it, many at a time, and processes their
// documents, one per worker at a time. Those that somebody asked for come
// first; of the others, what a slow host leaves no time for is read by the next
// pass, so that it delays nobody.
func (w *walk) read(ctx context.Context, visits []*visit) error {
	var asked, others []*visit
	counts := w.counts(visits)
	for _, v := range visits {
		switch key := v.facts.at.String(); {
		case !w.due(key, v):
		case w.urgent(key, v.origin):
			asked = append(asked, v)
		default:
			others = append(others, v)
		}
	}
	for batch := range slices.Chunk(append(asked, others...), window) {
		readings := make([]*reading, len(batch))
		for i, v := range batch {
			key := v.facts.at.String()
			readings[i] = &reading{at: v.facts.at, within: v.within, origin: v.origin, provider: v.provider, before: w.before(key), need: w.need[key]}
		}
		w.each(w.pipe.limits.Readers, len(readings), func(i int) {
			if r := readings[i]; w.late() && !w.urgent(r.at.String(), r.origin) {
				r.postponed = true
			} else {
				w.pipe.read(ctx, r)
			}
		})
		w.process(ctx, readings)
		if err := ctx.Err(); err != nil {
			return err // what was cut short says nothing about its source
		}
		for i, r := range readings {
			key := r.at.String()
			if r.postponed {
				if w.postponed[key] = true; r.before == nil {
					batch[i].facts.unread = true
				}
				continue
			}
			r.collect()
			w.admit(r, counts)
			batch[i].facts = r.after
			w.done[key] = r.after
			delete(w.need, key)
		}
	}
	return nil
}

// process makes entities of the documents that were read.
func (w *walk) process(ctx context.Context, readings []*reading) {
	type item struct {
		r *reading
		i int
	}
	var items []item
	for _, r := range readings {
		for i := range r.chunks {
			items = append(items, item{r, i})
		}
	}
	w.each(w.workers, len(items), func(i int) { w.pipe.document(ctx, items[i].r, items[i].i) })
	w.pipe.runProcessors(ctx, readings)
	w.each(w.workers, len(items), func(i int) { w.pipe.finish(items[i].r, &items[i].r.found[items[i].i]) })
	w.parsed.Add(int64(len(items)))
}

// before returns what is known of a source, nil when it was never read.
func (w *walk) before(key string) *facts {
	if f := w.done[key]; f != nil {
		return f
	}
	return w.state.sources[key]
}

// due reports whether the source must be read.
func (w *walk) due(key string, v *visit) bool {
	if len(w.need[key]) > 0 {
		return true
	}
	if w.done[key] != nil || w.postponed[key] {
		return false
	}
	b := w.state.sources[key]
	return b == nil || b.unread || w.scope.all || w.scope.sources[key] || b.origin != v.origin.String() || b.provider != v.provider
}

// urgent reports whether somebody waits for the source, or the pass cannot end
// without it.
func (w *walk) urgent(key string, origin source.Location) bool {
	_, asked := w.scope.asks[origin.String()]
	return asked || len(w.need[key]) > 0 || w.scope.sources[key] && !w.scope.later[key]
}

// late reports whether the pass has read for as long as it should.
func (w *walk) late() bool { return !w.until.IsZero() && w.now().After(w.until) }

// counts returns how many entities each origin has already: of the sources that
// the walk has reached, those of visits that will be read again left out.
func (w *walk) counts(visits []*visit) map[string]int {
	fresh := make(map[*visit]bool, len(visits))
	for _, v := range visits {
		fresh[v] = w.due(v.facts.at.String(), v)
	}
	counts := map[string]int{}
	for _, v := range w.order {
		if !fresh[v] {
			counts[v.origin.String()] += len(v.facts.docs)
		}
	}
	return counts
}

// admit refuses what a source brings when the location that led to it would
// bring more entities than it may. What the source brought before stays.
func (w *walk) admit(r *reading, counts map[string]int) {
	origin := r.origin.String()
	most := w.pipe.limits.Origin
	if r.at.Type == Plugin || counts[origin]+len(r.after.docs) <= most || r.after == r.before {
		counts[origin] += len(r.after.docs)
		return
	}
	refused := &facts{at: r.at, within: r.within, origin: origin, provider: r.provider, failure: fault.New(fault.Exhausted,
		"%s brings %d entities, and with them the location %s would have more than %d: let it name fewer, or raise catalog.limits.entitiesPerLocation",
		r.at, len(r.after.docs), r.origin, most)}
	if b := r.before; b != nil {
		refused.row, refused.etag, refused.digest = b.row, b.etag, b.digest
		refused.docs, refused.deps = withoutOutputs(b.docs), b.deps
	}
	r.after = refused
	counts[origin] += len(refused.docs)
}

// each does n things on some goroutines; none = as many as there are CPUs.
func (w *walk) each(goroutines, n int, do func(i int)) {
	if goroutines <= 0 {
		goroutines = runtime.GOMAXPROCS(0)
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(goroutines, n) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wg.Wait()
}
