package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/callboard/callboard/host/internal/catalog/descriptor"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/host/internal/store"
)

// visit is a source that the walk reached.
type visit struct {
	facts    *facts
	parents  []string // refs of the Location entities that name it
	places   []string // where each of them does, for messages; empty for a root
	via      *visit   // through which it was reached first
	origin   source.Location
	provider string
	within   string
	optional bool
	conflict *problem // another document speaks for a ref that this one claims
}

// pointer is a Location entity whose targets the walk follows.
type pointer struct {
	ref      string
	targets  *targets
	base     source.Location
	origin   source.Location
	provider string
	within   string // for its targets
	via      *visit
	depth    int
}

// walk follows locations from the roots, level by level, and reads what the
// scope asks for.
type walk struct {
	pipe     *pipeline
	state    *state
	scope    scope
	workers  int
	need     map[string]map[string]bool // location → refs to process though unchanged
	globs    map[string][]source.Location
	done     map[string]*facts // read in this pass already
	visits   map[string]*visit
	order    []*visit
	problems map[string][]problem // by ref of the Location entity
	about    map[string]bool      // refs that the pass decides about; nil = all
	removed  map[string]store.DeletedLocationRow
	parsed   atomic.Int64

	now       func() time.Time
	until     time.Time       // after which sources that nobody asked for wait for the next pass; zero = never
	postponed map[string]bool // those that do
}

func (w *walk) run(ctx context.Context, roots []root) error {
	w.visits, w.order, w.problems = map[string]*visit{}, nil, map[string][]problem{}
	level := make([]pointer, 0, len(roots))
	for _, r := range roots {
		p := pointer{ref: r.ref, base: r.at, origin: r.at, provider: r.provider, targets: &targets{kind: r.at.Type, names: []string{r.at.Target}}}
		level = append(level, p)
	}
	for len(level) > 0 {
		var fresh []*visit
		for i := range level {
			fresh = append(fresh, w.follow(ctx, &level[i])...)
		}
		if err := w.read(ctx, fresh); err != nil {
			return err
		}
		level = level[:0:0]
		for _, v := range fresh {
			level = append(level, w.pointers(v)...)
		}
	}
	w.blame()
	return nil
}

// place is where the entity names its targets, empty for that of a root.
func (p *pointer) place() string {
	if p.via == nil || p.targets.line == 0 {
		return ""
	}
	return fmt.Sprintf("%s:%d", p.via.facts.at.Target, p.targets.line)
}

// named puts before an error the place that led to it. Problems of documents
// have a place of their own.
func named(place string, err error) error {
	var p descriptor.Problem
	if place == "" || errors.As(err, &p) {
		return err
	}
	return fault.New(fault.KindOf(err), "%s: %s", place, fault.Message(err))
}

// follow visits what a Location entity names and returns the new visits.
func (w *walk) follow(ctx context.Context, p *pointer) []*visit {
	var fresh []*visit
	report := func(err error) {
		w.problems[p.ref] = append(w.problems[p.ref], *problemOf(named(p.place(), err)))
	}
	count := 0
	for _, name := range p.targets.names {
		found, err := w.expand(ctx, p, name)
		if err != nil {
			if !p.targets.optional || !fault.Is(err, fault.NotFound) {
				report(err)
				fresh = append(fresh, w.keep(p)...)
			}
			continue
		}
		for _, l := range found {
			if count++; count > w.pipe.limits.Targets {
				report(fault.New(fault.Invalid, "the location names more than %d sources", w.pipe.limits.Targets))
				return fresh
			}
			v, err := w.visit(p, l)
			if err != nil {
				report(err)
			} else if v != nil {
				fresh = append(fresh, v)
			}
		}
	}
	return fresh
}

func (w *walk) expand(ctx context.Context, p *pointer, name string) ([]source.Location, error) {
	at := p.base
	if p.via == nil && at.Type == Plugin {
		return []source.Location{at}, nil
	}
	if p.via != nil {
		var err error
		if at, err = w.pipe.reader.Resolve(p.base, p.targets.kind, name); err != nil {
			return nil, err
		}
	}
	key := p.within + "\x00" + at.String()
	if found, ok := w.globs[key]; ok && !w.scope.all && !w.scope.expand {
		return found, nil
	}
	found, err := w.pipe.reader.Expand(ctx, at, p.within)
	if err == nil && (len(found) != 1 || found[0] != at) {
		w.globs[key] = found
	}
	return found, err
}

// visit notes that the entity names the source, and returns the visit when
// it is the first.
func (w *walk) visit(p *pointer, l source.Location) (*visit, error) {
	key := l.String()
	if v := w.visits[key]; v != nil {
		for up := p.via; up != nil; up = up.via {
			if up == v {
				return nil, fault.New(fault.Invalid, "%s leads back to itself; a location must not name what it was read through", l)
			}
		}
		if !slices.Contains(v.parents, p.ref) {
			v.parents, v.places = append(v.parents, p.ref), append(v.places, p.place())
			v.optional = v.optional && p.targets.optional
		}
		return nil, nil
	}
	if p.depth >= w.pipe.limits.Depth {
		return nil, fault.New(fault.Invalid, "%s is not read: locations that name locations go at most %d deep", l, w.pipe.limits.Depth)
	}
	v := &visit{parents: []string{p.ref}, places: []string{p.place()}, via: p.via, origin: p.origin, provider: p.provider, within: p.within, optional: p.targets.optional}
	if l.Type == source.File && p.via == nil && l != p.base {
		// Found by a wildcard: unlike a file that is named, a link among the
		// matches must not lead anywhere.
		v.within = source.Folder(p.base)
	}
	v.facts = &facts{at: l, unread: w.postponed[key]}
	if before := w.before(key); before != nil {
		v.facts = before
	}
	w.visits[key] = v
	w.order = append(w.order, v)
	return v, nil
}

// keep visits the sources of what an entity emitted before, when the target
// that named them cannot be followed now.
func (w *walk) keep(p *pointer) []*visit {
	n := w.state.nodes[p.ref]
	if n == nil {
		return nil
	}
	var fresh []*visit
	for _, ref := range n.children {
		child := w.state.nodes[ref]
		if child == nil || w.visits[child.location] != nil {
			continue
		}
		l, err := source.ParseLocation(child.location)
		if err != nil || w.state.sources[child.location] == nil {
			continue
		}
		if v, err := w.visit(p, l); err == nil && v != nil {
			fresh = append(fresh, v)
		}
	}
	return fresh
}

// again prepares another run in which the refs are processed though their
// documents did not change; what this run processed is processed again with
// them, for a source is read whole.
func (w *walk) again(missing map[string]map[string]bool) {
	w.need = missing
	for key, refs := range missing {
		if f := w.done[key]; f != nil {
			for i := range f.docs {
				if f.docs[i].out != nil {
					refs[f.docs[i].ref] = true
				}
			}
		}
	}
}

// pointers returns the Location entities that a source brought, as they are
// now or, where they are refused, as they were.
func (w *walk) pointers(v *visit) []pointer {
	if v.gone() {
		return nil
	}
	var out []pointer
	for i := range v.facts.docs {
		d := &v.facts.docs[i]
		t := d.targets
		if d.problem != nil && d.problem.forbidden {
			continue
		}
		if n := w.state.nodes[d.ref]; d.problem != nil && n != nil && n.location == v.facts.at.String() {
			t = n.targets
		}
		if t == nil || d.kind != "Location" {
			continue
		}
		depth := 1
		for up := v; up != nil; up = up.via {
			depth++
		}
		out = append(out, pointer{ref: d.ref, targets: t, base: v.facts.at, origin: v.origin, provider: v.provider, within: source.Folder(v.origin), via: v, depth: depth - 1})
	}
	return out
}

// gone reports whether the source is absent and may be.
func (v *visit) gone() bool { return v.optional && fault.Is(v.facts.failure, fault.NotFound) }

// blame tells the Location entities what is wrong with their sources.
func (w *walk) blame() {
	for _, v := range w.order {
		for i, parent := range v.parents {
			if v.facts.failure != nil && !v.gone() {
				w.problems[parent] = append(w.problems[parent], *problemOf(named(v.places[i], v.facts.failure)))
			}
			w.problems[parent] = append(w.problems[parent], v.facts.broken...)
			for i := range v.facts.docs {
				// Without an entity to carry it, the status is the location's.
				if d := &v.facts.docs[i]; d.problem != nil && (d.problem.forbidden || w.state.nodes[d.ref] == nil) {
					w.problems[parent] = append(w.problems[parent], *d.problem)
				}
			}
		}
	}
	for ref, found := range w.problems {
		if len(found) == 0 {
			delete(w.problems, ref)
		}
	}
}
