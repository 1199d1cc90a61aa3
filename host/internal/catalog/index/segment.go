package index

import (
	"cmp"
	"runtime"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/callboard/callboard/host/internal/catalog"
)

// segment is an immutable piece of the snapshot: documents and the columns
// over them. Dense ids are places in uid order, so that id order is the default
// order of answers and breaks every tie. What is derived from a segment
// (selections, orders) is remembered with it and stays right for as long as it
// lives, whatever is published meanwhile.
type segment struct {
	docs     []document
	byRef    map[string]uint32
	columns  map[string]*column
	incoming map[string]*column // rows of incoming relations, by the same keys
	flags    *column            // keys `path.item` whose value is "true"
	broken   Set                // documents that are not JSON; nil = none
	size     int64

	selections memo[selection]
	orderings  memo[*ordering]
	visible    memo[Set]
}

// Bounds of what a segment remembers.
const (
	keptSelections = 256
	keptOrderings  = 16
	keptVisible    = 64
)

// parallel runs f over n pieces of work.
func parallel(workers, n int, f func(i int)) {
	workers = min(workers, n)
	if workers <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wg.Wait()
}

// chunkSize is how many documents one piece of parallel work covers.
const chunkSize = 512

func chunks(n int) int { return (n + chunkSize - 1) / chunkSize }

// join makes documents of entities.
func join(entities []catalog.Entity) []document {
	docs := make([]document, len(entities))
	parallel(runtime.GOMAXPROCS(0), chunks(len(docs)), func(c int) {
		for i := c * chunkSize; i < min((c+1)*chunkSize, len(docs)); i++ {
			docs[i] = newDocument(&entities[i])
		}
	})
	return docs
}

// newSegment indexes documents; it takes the slice over.
func newSegment(docs []document, workers int) *segment {
	slices.SortFunc(docs, func(a, b document) int {
		return cmp.Or(strings.Compare(a.uid, b.uid), strings.Compare(a.ref, b.ref))
	})
	s := &segment{
		docs:       docs,
		byRef:      make(map[string]uint32, len(docs)),
		columns:    make(map[string]*column),
		incoming:   make(map[string]*column),
		selections: memo[selection]{limit: keptSelections},
		orderings:  memo[*ordering]{limit: keptOrderings},
		visible:    memo[Set]{limit: keptVisible},
	}
	for i := range docs {
		s.byRef[docs[i].ref] = uint32(i)
	}
	s.index(s.collect(workers), workers)
	s.size = s.weigh()
	return s
}

// collect walks all documents. The collectors hold ascending, disjoint ranges of ids.
func (s *segment) collect(workers int) []*collector {
	n := len(s.docs)
	parts := min(max(1, n/64), 4*workers)
	collectors := make([]*collector, parts)
	parallel(workers, parts, func(p int) {
		c := newCollector()
		for id := p * n / parts; id < (p+1)*n/parts; id++ {
			c.add(uint32(id), &s.docs[id])
		}
		collectors[p] = c
	})
	return collectors
}

// index builds the columns.
func (s *segment) index(collectors []*collector, workers int) {
	keys := make(map[string]int)
	var all [][]*keyRows // per key, what each collector has
	for _, c := range collectors {
		for i := range c.columns {
			at, ok := keys[c.columns[i].key]
			if !ok {
				at = len(all)
				keys[c.columns[i].key] = at
				all = append(all, nil)
			}
			all[at] = append(all[at], &c.columns[i])
		}
		for _, id := range c.broken {
			if s.broken == nil {
				s.broken = NewSet(len(s.docs))
			}
			s.broken.Add(id)
		}
	}
	var flags []row
	for _, c := range collectors {
		for _, f := range c.flags {
			// A key that is also a field of its own is an ordinary column.
			if at, ok := keys[f.folded]; ok {
				all[at] = append(all[at], &keyRows{key: f.folded, rows: []row{{folded: "true", id: f.id}}})
				continue
			}
			flags = append(flags, f)
		}
	}
	built := make([]*column, len(all))
	parallel(workers, len(all)+1, func(i int) {
		if i == 0 { // the largest one first
			s.flags = newColumn(&keyRows{rows: flags}, len(s.docs))
			return
		}
		built[i-1] = joinColumn(all[i-1], len(s.docs))
		for _, piece := range all[i-1] {
			*piece = keyRows{} // for the garbage collector: there is much of it
		}
	})
	for _, c := range built {
		if name, ok := strings.CutPrefix(c.key, incomingMark); ok {
			s.incoming[name] = c
			continue
		}
		s.columns[c.key] = c
	}
}

// joinColumn builds a column of what the collectors have of its key.
func joinColumn(pieces []*keyRows, n int) *column {
	if len(pieces) == 1 {
		return newColumn(pieces[0], n)
	}
	rows, origins, nulls := 0, 0, 0
	for _, p := range pieces {
		rows += len(p.rows)
		origins += len(p.origins)
		nulls += len(p.nulls)
	}
	joined := keyRows{
		key: pieces[0].key, rows: make([]row, 0, rows),
		origins: make([]string, 0, origins), nulls: make([]uint32, 0, nulls),
	}
	for _, p := range pieces {
		before, shift := len(joined.rows), uint32(len(joined.origins))
		joined.rows = append(joined.rows, p.rows...)
		if shift > 0 {
			for i := before; i < len(joined.rows); i++ {
				if r := &joined.rows[i]; r.origin > 0 {
					r.origin += shift
				}
			}
		}
		joined.origins = append(joined.origins, p.origins...)
		joined.nulls = append(joined.nulls, p.nulls...)
	}
	return newColumn(&joined, n)
}

// byUID returns the document with the uid.
func (s *segment) byUID(uid string) (uint32, bool) {
	i := sort.Search(len(s.docs), func(i int) bool { return s.docs[i].uid >= uid })
	return uint32(i), i < len(s.docs) && s.docs[i].uid == uid
}
