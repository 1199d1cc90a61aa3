package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/catalog/model"
	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/google/uuid"
)

// Engine keeps the catalog equal to its sources. One goroutine owns the state;
// everybody else sends it requests or reads its last report.
type Engine struct {
	config Config
	pipe   *pipeline // of the pass under way, under mu
	state  *state    // of the engine's goroutine, once started
	globs  map[string][]source.Location
	watch  *watcher

	member   *member         // nil = no other process uses the store
	epoch    atomic.Uint64   // of this replica's lead; 0 = another leads, or there is no other
	revision uint64          // of the state; of the engine's goroutine
	torn     bool            // what a follower published is not all that changed
	stale    bool            // the state of a follower lacks the newest references
	carried  map[string]bool // requests of other replicas that a pass will answer

	mu      sync.Mutex
	pending scope
	next    *pipeline // takes over with the next pass; nil = none
	wake    chan struct{}
	asks    chan func(*state)
	report  report
	told    []byte                             // the leader's report that a follower shows
	waiting map[string]func([]DocumentProblem) // for the leader's answer, by request

	stop context.CancelFunc
	done chan struct{}
}

// New returns an engine; Start makes it work.
func New(c Config) *Engine {
	if c.Orphans == "" {
		c.Orphans = OrphansDelete
	}
	if c.Interval == 0 {
		c.Interval = time.Hour
	}
	if c.Clock == nil {
		c.Clock = SystemClock{}
	}
	if c.Rand == nil {
		c.Rand = rand.Float64
	}
	if c.IDs == nil {
		c.IDs = uuid.NewString
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.Limits = c.Limits.withDefaults()
	return &Engine{config: c, pipe: newPipeline(c), wake: make(chan struct{}, 1), asks: make(chan func(*state)), globs: map[string][]source.Location{}, carried: map[string]bool{}, waiting: map[string]func([]DocumentProblem){}}
}

// Start publishes the catalog and keeps it up to date until Close. A stored
// catalog is published as it is and checked against its sources afterwards;
// the first one is read before Start returns, by whichever replica leads.
// Fault: Unavailable (the store).
func (e *Engine) Start(ctx context.Context) error {
	stored, err := e.load(ctx)
	if err != nil {
		return err
	}
	var run context.Context
	run, e.stop = context.WithCancel(context.WithoutCancel(ctx))
	e.done = make(chan struct{})
	if e.config.Replicas != nil {
		e.member = newMember(e.config)
		go e.member.run(run)
		err = e.join(ctx, stored)
	} else if !stored {
		err = e.first(ctx)
	}
	if err != nil {
		e.stop()
		if e.member != nil {
			<-e.member.done
		}
		e.stop = nil
		return err
	}
	if e.config.Watch {
		if e.watch, err = newWatcher(e.config.Clock, e.config.Limits.Quiet); err != nil {
			e.config.Log.Warn("files are not watched; changes show at the next refresh", "error", err)
		}
	}
	if e.leads() {
		e.watchSources() // from now on, not from when the goroutine runs
	}
	if stored && e.leads() {
		e.request(scope{all: true})
	}
	go e.run(run)
	return nil
}

// first reads the catalog for the first time.
func (e *Engine) first(ctx context.Context) error {
	if err := e.pass(ctx, scope{all: true}); err != nil {
		return fmt.Errorf("loading the catalog for the first time: %w", err)
	}
	return nil
}

// Close stops the engine and waits for the pass under way to end.
func (e *Engine) Close() error {
	if e.stop == nil {
		return nil
	}
	e.stop()
	<-e.done
	if e.member != nil {
		<-e.member.done
	}
	if e.watch != nil {
		return e.watch.close()
	}
	return nil
}

// load takes the state from the store and publishes it, if there is any.
func (e *Engine) load(ctx context.Context) (stored bool, err error) {
	loaded := newState()
	// Another replica may write meanwhile. What it does is in what is loaded or
	// after this revision, or both.
	revision, err := e.config.Store.CatalogRevision(ctx)
	if err != nil {
		return false, fmt.Errorf("reading the revision: %w", err)
	}
	entities, err := loaded.load(ctx, e.config.Store)
	if err != nil {
		return false, err
	}
	e.revision, e.stale, e.torn = revision, false, false
	now := e.config.Clock.Now()
	for _, f := range loaded.sources {
		f.nextAt = now
	}
	if e.state = loaded; len(entities) == 0 && len(loaded.sources) == 0 {
		return false, nil
	}
	e.publish(catalog.Update{Reset: true, Upsert: entities, Revision: revision})
	return true, nil
}

// Inverses returns the pairs of relations of the model: dependsOn of dependencyOf.
func (e *Engine) Inverses() catalog.Inverses { return e.current().model.Inverses() }

// Use replaces the model and the processors, for plugins that come and go while
// the catalog runs. What the change decides about is made anew from its
// sources; until then readers see it as it was.
func (e *Engine) Use(m *model.Model, processors []Processor) {
	c := e.config
	c.Model, c.Processors = m, processors
	next := newPipeline(c)
	e.mu.Lock()
	now := e.next
	if now == nil {
		now = e.pipe
	}
	if now.epoch == next.epoch {
		now.described = next.described // words may differ
		e.mu.Unlock()
		return
	}
	e.next = next
	e.mu.Unlock()
	if e.leads() {
		e.request(scope{all: true})
	}
}

// takeOver lets the pipeline that was put in by Use take the pass.
func (e *Engine) takeOver() *pipeline {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.next != nil {
		e.pipe, e.next = e.next, nil
	}
	return e.pipe
}

// request asks for a pass.
func (e *Engine) request(s scope) {
	e.mu.Lock()
	e.pending.merge(s)
	e.mu.Unlock()
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

func (e *Engine) take() scope {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.pending
	e.pending = scope{}
	return s
}

func (e *Engine) configured() []root {
	var out []root
	for _, l := range e.config.Locations {
		at := source.Location{Type: l.Type, Target: l.Target}
		out = append(out, root{at: at, provider: providerConfig, ref: generatedRef(at)})
	}
	return out
}

// roots returns the configured and the registered locations.
func (e *Engine) roots(ctx context.Context) ([]root, []store.LocationRow, error) {
	registered, err := e.config.Store.ListLocations(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("listing registered locations: %w", err)
	}
	out := e.configured()
	for _, l := range registered {
		at := source.Location{Type: l.Type, Target: l.Target}
		out = append(out, root{at: at, provider: providerRegistered, ref: generatedRef(at), by: l.CreatedBy})
	}
	buckets, err := e.buckets(ctx)
	if err != nil {
		return nil, nil, err
	}
	return append(out, buckets...), registered, nil
}

// pass brings the catalog up to date with the sources in the scope.
func (e *Engine) pass(ctx context.Context, s scope) error {
	started := e.config.Clock.Now()
	roots, registered, err := e.roots(ctx)
	if err != nil {
		return err
	}
	e.locate(&s)
	e.locatePushes(&s)
	e.locateKeys(&s)
	w := &walk{
		pipe: e.takeOver(), state: e.state, scope: s, workers: e.config.Workers, globs: e.globs, done: map[string]*facts{}, need: s.process,
		now: e.config.Clock.Now, until: started.Add(e.readingTime()), postponed: map[string]bool{},
	}
	if w.removed, err = e.removedLocations(ctx, roots); err != nil {
		return fmt.Errorf("listing removed locations: %w", err)
	}
	want, err := w.settle(ctx, roots)
	if err != nil {
		return err
	}
	walked := e.config.Clock.Now()
	p := e.diff(w, want, roots)
	rows, drop := e.sourceRows(w)
	update, err := e.commit(ctx, p, rows, drop)
	if err != nil {
		return err
	}
	e.state.settle(w, roots)
	if update.Revision > 0 {
		e.revision = update.Revision
	}
	written := e.config.Clock.Now()
	// The first publication is made even of nothing: readers wait for it.
	if first := e.publications() == 0; first || len(update.Upsert)+len(update.Delete) > 0 {
		update.Reset = first
		e.publish(update)
	}
	e.finish(w, roots, registered, timing{started, walked, written, e.config.Clock.Now()}, update)
	e.tellReport(ctx)
	w.answer(s.after)
	if len(w.postponed) > 0 {
		e.request(scope{sources: w.postponed, later: w.postponed})
	}
	return nil
}

// readingTime is how long a pass reads what nobody asked for. The first has
// more: nobody sees anything before it.
func (e *Engine) readingTime() time.Duration {
	if e.publications() == 0 {
		return 10 * e.config.Limits.Reading
	}
	return e.config.Limits.Reading
}

// settle walks until every entity that is wanted was processed.
func (w *walk) settle(ctx context.Context, roots []root) ([]*wanted, error) {
	for attempt := 0; ; attempt++ {
		if err := w.run(ctx, roots); err != nil {
			return nil, fmt.Errorf("reading sources: %w", err)
		}
		want, missing := w.resolve(roots)
		if len(missing) == 0 {
			return want, nil
		}
		if attempt == 3 {
			return nil, errors.New("the sources change faster than they can be read")
		}
		w.again(missing)
	}
}

// locate adds to a scope the sources of the entities in it: what they were
// read from, and for a Location entity what it led to.
func (e *Engine) locate(s *scope) {
	for ref := range s.refs {
		n := e.state.nodes[ref]
		if n == nil {
			continue
		}
		found := scope{sources: map[string]bool{n.location: true}, expand: n.targets != nil}
		by, asked := s.asks["ref:"+ref]
		for _, child := range n.children {
			if c := e.state.nodes[child]; c != nil {
				found.sources[c.location] = true
			}
		}
		if asked && by.Reason == store.ReasonRefreshed {
			found.asks = make(map[string]ask, len(found.sources))
			for location := range found.sources {
				found.asks[location] = by
			}
		}
		s.merge(found)
	}
}

func (e *Engine) publications() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.report.publications
}

func (e *Engine) publish(u catalog.Update) {
	e.config.Publisher.Publish(u)
	e.mu.Lock()
	e.report.publications++
	e.report.entities = len(e.state.nodes)
	e.mu.Unlock()
}
