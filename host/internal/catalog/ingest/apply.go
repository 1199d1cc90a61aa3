package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/catalog/model"
	"github.com/callboard/callboard/host/internal/store"
)

// batchRows is how many entities one transaction writes.
const batchRows = 2000

// plan is the difference between the catalog that is and the one that should
// be, in the making.
type plan struct {
	state      *state
	before     map[string]*node // as they were, of those that changed
	parts      map[string]parts // of those that were processed
	restitch   map[string]bool
	deleted    []string
	relations  map[string][]store.RelationRow
	references map[string][]string
	past       recorder
	model      *model.Model
}

// diff changes the state to what is wanted and notes what that means.
func (e *Engine) diff(w *walk, want []*wanted, roots []root) *plan {
	p := &plan{
		state: e.state, before: map[string]*node{}, parts: map[string]parts{}, restitch: map[string]bool{},
		relations: map[string][]store.RelationRow{}, references: map[string][]string{}, past: newRecorder(e, w, roots),
	}
	children := map[string][]string{}
	keep := make(map[string]bool, len(want))
	for _, x := range want {
		keep[x.ref] = true
		for _, parent := range x.parents {
			children[parent] = append(children[parent], x.ref)
		}
		if x.root != nil {
			key := "provider:" + x.root.provider
			children[key] = append(children[key], x.ref)
		}
	}
	keys := p.parentsOf(w, children, roots)
	for _, x := range want {
		e.want(p, w, x)
	}
	e.orphans(p, keep, roots, w)
	for key := range keys {
		if w.about != nil { // the others that it keeps alive are as they were
			children[key] = append(children[key], slices.DeleteFunc(slices.Clone(e.state.references[key]), w.concerns)...)
		}
		p.refer(key, children[key])
	}
	for key := range keys {
		if n := e.state.nodes[key]; n != nil {
			n.children = e.state.references[key]
		}
	}
	p.reflect(w.pipe.model)
	return p
}

// parentsOf returns the keys of what keeps alive, now or before the pass, what
// the pass is about. children is by key.
func (p *plan) parentsOf(w *walk, children map[string][]string, roots []root) map[string]bool {
	keys := map[string]bool{}
	for key := range children {
		keys[key] = true
	}
	for ref := range w.about {
		for _, key := range p.state.parents[ref] {
			keys[key] = true
		}
	}
	if w.about != nil {
		return keys
	}
	keys[bucketKey(providerConfig)], keys[bucketKey(providerRegistered)] = true, true
	for _, r := range roots {
		if r.bucket() {
			keys[r.ref] = true
		}
	}
	for key := range p.state.references {
		keys[key] = true // of buckets that are empty now, of entities that emit nothing any more
	}
	return keys
}

// want makes the node of a wanted entity what it should be.
func (e *Engine) want(p *plan, w *walk, x *wanted) {
	old := e.state.nodes[x.ref]
	problems := slices.Concat(x.doc.notes, w.problems[x.ref])
	if x.doc.problem != nil {
		problems = append([]problem{*x.doc.problem}, problems...)
	}
	status := statusOf(problems)
	if x.doc.out == nil {
		if len(problems) == 0 && x.doc.unfinished() {
			status = old.status // of another run; what it tells of has not been tried again
		}
		if !bytes.Equal(old.status, status) || old.orphan {
			n := p.change(old)
			n.status, n.orphan = status, false
		}
		return
	}
	out := x.doc.out
	n := &node{
		ref: e.state.intern(x.ref), kind: x.doc.kind, namespace: out.namespace, name: out.name, digest: x.doc.digest,
		status: status, targets: x.doc.targets, keys: out.keys,
	}
	if x.root != nil {
		n.provider, n.location, n.origin = x.root.provider, x.root.at.String(), x.root.at.String()
	} else {
		n.provider, n.location, n.origin = x.visit.provider, x.visit.facts.at.String(), x.visit.origin.String()
	}
	n.location, n.origin = e.state.intern(n.location), e.state.intern(n.origin)
	n.declared = make([]model.Relation, len(out.relations))
	for i, r := range out.relations {
		n.declared[i] = model.Relation{Source: e.state.intern(r.Source), Type: e.state.intern(r.Type), Target: e.state.intern(r.Target)}
	}
	var before []model.Relation
	if old != nil {
		n.uid, n.etag, n.children, before = old.uid, old.etag, old.children, old.declared
	} else {
		n.uid = e.config.IDs()
	}
	p.before[x.ref] = old
	p.parts[x.ref] = out.parts
	p.restitch[x.ref] = true
	e.state.nodes[n.ref] = n
	if !slices.Equal(before, n.declared) {
		p.remember(n.ref, before, n.declared)
		if old != nil {
			e.state.disconnect(old, p.restitch)
		}
		e.state.connect(n)
		for _, r := range n.declared {
			p.restitch[r.Source] = true
		}
		p.declare(n)
	}
}

// filedAs reports whether the row of the node would say what the old one's does
// beside body, status and relations, which the etag covers.
func (n *node) filedAs(old *node) bool {
	return old != nil && n.digest == old.digest && n.location == old.location && n.origin == old.origin && n.provider == old.provider &&
		slices.Equal(n.keys, old.keys)
}

// change makes a copy of a node to be written.
func (p *plan) change(old *node) *node {
	if _, done := p.before[old.ref]; done {
		return p.state.nodes[old.ref]
	}
	n := *old
	p.before[old.ref], p.state.nodes[old.ref] = old, &n
	p.restitch[old.ref] = true
	return &n
}

func (p *plan) declare(n *node) {
	rows := make([]store.RelationRow, 0, len(n.declared))
	seen := make(map[model.Relation]bool, len(n.declared))
	for _, r := range n.declared {
		if !seen[r] {
			seen[r] = true
			rows = append(rows, store.RelationRow{Source: r.Source, Type: r.Type, Target: r.Target, DeclaredBy: n.ref})
		}
	}
	p.relations[n.ref] = rows
}

// refer notes the liveness edges of a key, if they changed.
func (p *plan) refer(key string, refs []string) {
	slices.Sort(refs)
	refs = slices.Compact(refs)
	if slices.Equal(p.state.references[key], refs) {
		return
	}
	p.references[key] = refs
	p.state.refer(key, refs)
}

// orphans deals with entities that nothing emits any more. What came from a
// location that the operator removed goes at once, and so does what somebody
// asked to be removed; the rest as configured.
func (e *Engine) orphans(p *plan, keep map[string]bool, roots []root, w *walk) {
	named := map[string]bool{}
	for _, r := range roots {
		named[r.provider+" "+r.at.String()] = true
	}
	about := maps.Keys(w.about)
	if w.about == nil {
		about = maps.Keys(e.state.nodes)
	}
	for _, ref := range slices.Sorted(about) {
		n := e.state.nodes[ref]
		if n == nil || keep[ref] {
			continue
		}
		// What a plugin takes back, or no longer brings, it means to be gone.
		if e.config.Orphans == OrphansKeep && !w.scope.remove[ref] && !strings.HasPrefix(n.provider, providerPlugin) && named[n.provider+" "+n.origin] {
			if !n.orphan {
				p.change(n).orphan = true
			}
			continue
		}
		p.remember(ref, n.declared)
		p.past.deleted[ref] = n
		e.state.disconnect(n, p.restitch)
		delete(e.state.nodes, ref)
		e.state.refer(ref, nil)
		p.deleted = append(p.deleted, ref)
	}
}

// commit stitches, writes and returns what to publish.
func (e *Engine) commit(ctx context.Context, p *plan, sources []store.SourceRow, drop []string) (catalog.Update, error) {
	refs := slices.DeleteFunc(slices.Sorted(maps.Keys(p.restitch)), func(ref string) bool { return e.state.nodes[ref] == nil })
	var update catalog.Update
	update.Delete = p.deleted
	for chunk := range slices.Chunk(refs, batchRows) {
		rows, changed, err := e.stitch(ctx, p, chunk)
		if err != nil {
			return update, err
		}
		batch := store.Batch{Upsert: rows, Relations: map[string][]store.RelationRow{}, Record: p.record(rows), Epoch: e.epoch.Load()}
		for _, row := range rows {
			if relations, ok := p.relations[row.Ref]; ok {
				batch.Relations[row.Ref] = relations
			}
		}
		update.Upsert = append(update.Upsert, changed...)
		if len(rows) == 0 {
			continue
		}
		if update.Revision, err = e.config.Store.ApplyCatalog(ctx, batch); err != nil {
			return update, fmt.Errorf("writing entities: %w", err)
		}
	}
	// Sources come last: should the process end before, they are read again.
	last := store.Batch{Delete: p.deleted, References: p.references, Sources: sources, DropSources: drop, Record: p.recordDeleted(), Epoch: e.epoch.Load()}
	if len(last.Delete)+len(last.References)+len(last.Sources)+len(last.DropSources) > 0 {
		revision, err := e.config.Store.ApplyCatalog(ctx, last)
		if err != nil {
			return update, fmt.Errorf("writing sources: %w", err)
		}
		update.Revision = revision
	}
	return update, nil
}

// stitch makes rows of nodes. Those that were not processed get their body
// from the store; those that come out as they are stored make no row.
func (e *Engine) stitch(ctx context.Context, p *plan, refs []string) ([]store.EntityRow, []catalog.Entity, error) {
	var absent []string
	for _, ref := range refs {
		if _, ok := p.parts[ref]; !ok {
			absent = append(absent, ref)
		}
	}
	stored := map[string]*store.EntityRow{}
	if len(absent) > 0 {
		found, err := e.config.Store.GetEntities(ctx, absent)
		if err != nil {
			return nil, nil, fmt.Errorf("reading entities: %w", err)
		}
		for i := range found {
			stored[found[i].Ref] = &found[i]
		}
	}
	from, err := e.looking(ctx, p, refs)
	if err != nil {
		return nil, nil, err
	}
	var rows []store.EntityRow
	var changed []catalog.Entity
	now := e.config.Clock.Now()
	for _, ref := range refs {
		n := e.state.nodes[ref]
		body, ok := p.parts[ref]
		old := stored[ref]
		if !ok {
			if old == nil {
				return nil, nil, errors.New("the store has lost " + ref)
			}
			if body, ok = split(old.Body, n.uid); !ok {
				return nil, nil, errors.New("the stored body of " + ref + " is not the engine's")
			}
		}
		if body, err = p.mirror(ref, body, from); err != nil {
			return nil, nil, err
		}
		relations := e.state.relations(ref)
		etag := etagOf(body, relations, n.status, n.orphan)
		same := etag == n.etag
		if same && (old != nil || n.filedAs(p.before[ref])) {
			continue
		}
		row := store.EntityRow{
			Ref: ref, UID: n.uid, Kind: n.kind, Namespace: n.namespace, Name: n.name, ETag: etag, Provider: n.provider,
			Location: n.location, Origin: n.origin, Digest: n.digest, Body: body.body(n.uid, etag, n.orphan), Status: n.status, Orphan: n.orphan, RefreshKeys: n.keys, UpdatedAt: now,
		}
		n.etag = etag
		rows = append(rows, row)
		if !same {
			changed = append(changed, entityOf(&row, relations))
		}
	}
	return rows, changed, nil
}
