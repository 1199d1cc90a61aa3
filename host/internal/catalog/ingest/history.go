package ingest

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/catalog/history"
	"github.com/callboard/callboard/host/internal/catalog/model"
	"github.com/callboard/callboard/host/internal/store"
)

// Asker is who asks for a change, and through which plugin.
type Asker struct {
	Subject string // ref
	Plugin  string
}

// ask is what somebody asked for.
type ask struct {
	Asker
	Reason string // of store.Cause
}

// asksFor is a scope's asks for one thing: a location, or "ref:" and a ref.
func asksFor(what string, by Asker, reason string) map[string]ask {
	if by == (Asker{}) {
		return nil
	}
	return map[string]ask{what: {by, reason}}
}

// recorder knows while a plan is made what its changes follow from. State that
// the pass changes is remembered as it was.
type recorder struct {
	roots     map[string]*root // by provider and location
	created   map[string]bool  // refs of roots that were not there before
	removed   map[string]store.DeletedLocationRow
	asks      map[string]ask // by location, and by ref
	relations map[string][]catalog.Relation
	by        map[string]string // whose declarations changed the relations of a ref
	deleted   map[string]*node
	anew      map[string]bool // locations that say what they said, to other kinds or processors
}

func newRecorder(e *Engine, w *walk, roots []root) recorder {
	r := recorder{
		roots: map[string]*root{}, created: map[string]bool{}, asks: w.scope.asks, removed: w.removed,
		relations: map[string][]catalog.Relation{}, by: map[string]string{}, deleted: map[string]*node{}, anew: map[string]bool{},
	}
	for location, now := range w.done {
		if before := e.state.sources[location]; before != nil && before.digest == now.digest && epochOf(before) != epochOf(now) {
			r.anew[location] = true
		}
	}
	for i := range roots {
		at := &roots[i]
		r.roots[at.provider+" "+at.at.String()] = at
		r.created[at.ref] = e.state.nodes[at.ref] == nil
	}
	return r
}

// epochOf returns the epoch of the pipeline that read the source.
func epochOf(f *facts) string {
	epoch, _, _ := strings.Cut(f.etag, " ")
	return epoch
}

// remember keeps the relations that entities show, before those that ref
// declares change.
func (p *plan) remember(ref string, declared ...[]model.Relation) {
	p.rememberOne(ref, ref)
	for _, list := range declared {
		for i := range list {
			p.rememberOne(list[i].Source, ref)
		}
	}
}

func (p *plan) rememberOne(ref, by string) {
	if p.state.nodes[ref] == nil || p.isNew(ref) {
		return
	}
	if _, done := p.past.relations[ref]; !done {
		p.past.relations[ref] = p.state.relations(ref)
	}
	if p.past.by[ref] == "" && by != ref {
		p.past.by[ref] = by
	}
}

// isNew reports whether the pass brings the entity.
func (p *plan) isNew(ref string) bool {
	before, changed := p.before[ref]
	return changed && before == nil
}

// record makes the history of rows that are about to be written.
func (p *plan) record(rows []store.EntityRow) *store.Record {
	out := &store.Record{}
	after := make(map[string]*store.EntityRow, len(rows))
	for i := range rows {
		row := &rows[i]
		if p.isNew(row.Ref) {
			out.Rows = append(out.Rows, p.line(p.state.nodes[row.Ref], store.Created, nil))
			continue
		}
		after[row.Ref] = row
		out.Refs = append(out.Refs, row.Ref)
	}
	out.Compare = func(ref string, before *store.EntityRow) (store.HistoryRow, bool) {
		if before == nil { // another replica took it out meanwhile
			return p.line(p.state.nodes[ref], store.Created, nil), true
		}
		return p.compare(before, after[ref])
	}
	return out
}

// compare makes the history of one row, false when it shows what it showed.
func (p *plan) compare(before, after *store.EntityRow) (store.HistoryRow, bool) {
	n := p.state.nodes[after.Ref]
	now := p.state.relations(after.Ref)
	was, changed := p.past.relations[after.Ref]
	if !changed {
		was = now
	}
	old, ok := split(before.Body, before.UID)
	next, fine := split(after.Body, after.UID)
	same := ok && fine && before.Orphan == after.Orphan && bytes.Equal(old.head, next.head) && bytes.Equal(old.tail, next.tail)
	c, err := history.Compare(
		history.State{Body: before.Body, Relations: was, Status: before.Status},
		history.State{Body: after.Body, Relations: now, Status: after.Status}, same)
	var action store.Action
	switch {
	case err != nil: // a body that is no JSON: the whole of it is what changed
		action, c.Delta = store.Updated, nil
	case c.Fields:
		action = store.Updated
	case c.Status:
		action = store.Restated
	case c.Relations:
		action = store.Reconnect
	default:
		return store.HistoryRow{}, false
	}
	line := p.line(n, action, c.Delta)
	switch by := p.past.by[n.ref]; {
	case action == store.Reconnect && by != "" && p.past.deleted[n.ref] == nil && !p.declaredAnew(n.ref):
		line.Cause = p.because(by)
		line.Cause.By = by
	case p.past.anew[n.location] && line.Cause.Reason == store.ReasonSource:
		line.Cause.Reason = store.ReasonProcessing
	}
	return line, true
}

// declaredAnew reports whether the entity itself declares other relations than
// it did.
func (p *plan) declaredAnew(ref string) bool {
	_, own := p.relations[ref]
	return own
}

// recordDeleted makes the history of the entities that go; nil when none does.
func (p *plan) recordDeleted() *store.Record {
	if len(p.deleted) == 0 {
		return nil
	}
	return &store.Record{Refs: p.deleted, Compare: func(ref string, before *store.EntityRow) (store.HistoryRow, bool) {
		if before == nil {
			return store.HistoryRow{}, false
		}
		n := p.past.deleted[ref]
		delta, err := history.Erase(history.State{Body: before.Body, Relations: p.past.relations[ref], Status: before.Status})
		if err != nil {
			delta = nil
		}
		line := p.line(n, store.Deleted, delta)
		line.UID = before.UID
		return line, true
	}}
}

// line is a row of the history of an entity.
func (p *plan) line(n *node, action store.Action, delta []byte) store.HistoryRow {
	return store.HistoryRow{Ref: n.ref, UID: n.uid, Action: action, Owner: n.owner(), Cause: p.because(n.ref), Delta: delta}
}

// owner returns the first owner that the entity names.
func (n *node) owner() string {
	for i := range n.declared {
		if r := &n.declared[i]; r.Type == "ownedBy" && r.Source == n.ref {
			return r.Target
		}
	}
	return ""
}

// because says why an entity changes in this pass.
func (p *plan) because(ref string) store.Cause {
	n := p.past.deleted[ref]
	gone := n != nil
	if !gone {
		if n = p.state.nodes[ref]; n == nil {
			return store.Cause{}
		}
	}
	c := store.Cause{Reason: store.ReasonSource, Provider: n.provider, Location: n.location, Origin: n.origin}
	from, asked := p.past.asks["ref:"+ref]
	if !asked {
		from, asked = p.past.asks[n.location]
	}
	if !asked {
		from, asked = p.past.asks[n.origin]
	}
	at := p.past.roots[n.provider+" "+n.origin]
	switch lost, unregistered := p.past.removed[n.origin]; {
	case strings.HasPrefix(n.provider, providerPlugin):
		c.Reason = store.ReasonProvider
		c.Plugin, _, _ = strings.Cut(strings.TrimPrefix(n.provider, providerPlugin), "/")
	case gone && at == nil && n.provider == providerRegistered && unregistered:
		c.Reason, c.Subject, c.Plugin = store.ReasonUnregistered, lost.DeletedBy, lost.Plugin
	case gone && at == nil, !gone && at != nil && p.past.created[at.ref] && n.provider == providerConfig:
		c.Reason = store.ReasonConfiguration
	case !gone && at != nil && p.past.created[at.ref]:
		c.Reason, c.Subject, c.Plugin = store.ReasonRegistered, at.by, from.Plugin
	case asked && (from.Reason != store.ReasonRemoved || gone):
		c.Reason, c.Subject, c.Plugin = from.Reason, from.Subject, from.Plugin
	}
	return c
}

// removedLocations returns the registrations that are gone, by location, when
// something of them may go with this pass.
func (e *Engine) removedLocations(ctx context.Context, roots []root) (map[string]store.DeletedLocationRow, error) {
	there := map[string]bool{}
	for i := range roots {
		there[roots[i].ref] = true
	}
	if !slices.ContainsFunc(e.state.references["provider:"+providerRegistered], func(ref string) bool { return !there[ref] }) {
		return nil, nil //nolint:nilnil // none
	}
	rows, err := e.config.Store.ListDeletedLocations(ctx, maxRemoved)
	if err != nil {
		return nil, err //nolint:wrapcheck // the caller says what for
	}
	out := make(map[string]store.DeletedLocationRow, len(rows))
	for _, row := range rows {
		out[row.Type+":"+row.Target] = row
	}
	return out, nil
}

// maxRemoved is how many removed registrations are looked at for who removed them.
const maxRemoved = 1000
