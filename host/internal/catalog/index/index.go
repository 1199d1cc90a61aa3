package index

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/fault"
)

// Config is what an Index needs. The zero value works: nothing is hidden, and
// cursors last as long as the process.
type Config struct {
	// Visibility decides who sees what; nil = everybody sees everything.
	Visibility Visibility
	// CursorKey seals cursors. All replicas of one installation share it;
	// without one the key is random.
	CursorKey []byte
	// Random is where a missing CursorKey comes from; nil = crypto/rand.
	Random io.Reader
	// Logger hears about entities that cannot be indexed; nil = silence.
	Logger *slog.Logger
	// MaxClauses bounds the clauses of one filter or predicate; 0 = 2,000.
	MaxClauses int
	// MaxRefs bounds the refs of one RefsQuery; 0 = 10,000.
	MaxRefs int
}

type limits struct{ clauses, refs int }

// Index is the catalog in memory. Reads take no lock and see one snapshot
// from beginning to end; updates replace it. It implements catalog.Reader and
// catalog.Publisher.
type Index struct {
	visibility Visibility
	key        []byte
	logger     *slog.Logger
	limits     limits
	current    atomic.Pointer[snapshot]

	mu      sync.Mutex    // held while the snapshot is replaced
	moved   chan struct{} // closed when it was
	merging []part        // what a merge in the background works on; nil = none runs
	idle    *sync.Cond    // merging became nil
	closed  bool
}

var (
	_ catalog.Reader    = (*Index)(nil)
	_ catalog.Publisher = (*Index)(nil)
)

// New returns an empty index at revision 0.
func New(cfg Config) *Index {
	x := &Index{
		visibility: cfg.Visibility,
		key:        cfg.CursorKey,
		logger:     cfg.Logger,
		limits:     limits{clauses: cfg.MaxClauses, refs: cfg.MaxRefs},
	}
	if x.visibility == nil {
		x.visibility = everything{}
	}
	if x.logger == nil {
		x.logger = slog.New(slog.DiscardHandler)
	}
	if x.limits.clauses == 0 {
		x.limits.clauses = 2000
	}
	if x.limits.refs == 0 {
		x.limits.refs = 10000
	}
	if len(x.key) == 0 {
		random := cfg.Random
		if random == nil {
			random = rand.Reader
		}
		x.key = make([]byte, 32)
		if _, err := io.ReadFull(random, x.key); err != nil {
			panic("index: no randomness for the cursor key: " + err.Error())
		}
	}
	x.idle, x.moved = sync.NewCond(&x.mu), make(chan struct{})
	x.current.Store(newSnapshot(0, nil))
	return x
}

// Revision returns the revision of the snapshot that answers now.
func (x *Index) Revision() uint64 { return x.current.Load().revision }

// Await returns when readers see a revision, or a later one. Fault:
// Unavailable (ctx ended before).
func (x *Index) Await(ctx context.Context, revision uint64) error {
	for {
		x.mu.Lock()
		moved := x.moved
		x.mu.Unlock()
		now := x.Revision()
		if now >= revision {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return fault.Wrap(fault.Unavailable, ctx.Err(), fmt.Sprintf("this replica shows the catalog at revision %d, not yet %d; ask again, or without a revision", now, revision))
		}
	}
}

// Publish makes an update visible to readers. It costs what the update is;
// merging into the bulk of the catalog happens in the background.
func (x *Index) Publish(u catalog.Update) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var parts []part
	if !u.Reset {
		parts = x.bury(x.current.Load(), u)
	}
	if added := lastOfEach(u.Upsert); len(added) > 0 {
		parts = append(parts, x.build(join(added), runtime.GOMAXPROCS(0)))
	}
	parts = x.mergeSmall(parts)
	x.current.Store(newSnapshot(u.Revision, parts))
	close(x.moved)
	x.moved = make(chan struct{})
	x.mergeLater()
}

// bury returns the parts of s with everything that u replaces or deletes marked as gone.
func (x *Index) bury(s *snapshot, u catalog.Update) []part {
	grave := gravedigger{snapshot: s, parts: append([]part(nil), s.parts...)}
	for _, ref := range u.Delete {
		grave.bury(ref)
	}
	for i := range u.Upsert {
		grave.bury(u.Upsert[i].Ref)
	}
	return withoutEmpty(grave.parts)
}

// gravedigger marks entities as gone in copies of a snapshot's parts.
type gravedigger struct {
	snapshot *snapshot
	parts    []part
	own      map[int]bool // parts whose set was copied already
}

func (g *gravedigger) bury(ref string) {
	for i := range g.parts {
		p := &g.parts[i]
		id, ok := p.byRef[ref]
		if !ok || p.gone(id) {
			continue
		}
		if !g.own[i] {
			if g.own == nil {
				g.own = make(map[int]bool)
			}
			g.own[i] = true
			dead := NewSet(len(p.docs))
			dead.or(p.dead)
			p.dead = dead
		}
		p.dead.Add(id)
		p.alive--
	}
}

func withoutEmpty(parts []part) []part {
	kept := parts[:0]
	for _, p := range parts {
		if p.alive > 0 {
			kept = append(kept, p)
		}
	}
	return kept
}

// lastOfEach drops all but the last entity of each ref.
func lastOfEach(entities []catalog.Entity) []catalog.Entity {
	last := make(map[string]int, len(entities))
	for i := range entities {
		last[entities[i].Ref] = i
	}
	if len(last) == len(entities) {
		return entities
	}
	kept := make([]catalog.Entity, 0, len(last))
	for i := range entities {
		if last[entities[i].Ref] == i {
			kept = append(kept, entities[i])
		}
	}
	return kept
}

// build indexes documents as a part, with so many workers.
func (x *Index) build(docs []document, workers int) part {
	s := newSegment(docs, workers)
	s.broken.each(func(id uint32) {
		x.logger.Error("entity left out of the index: its body is not JSON", "ref", s.docs[id].ref)
	})
	return newPart(s)
}
