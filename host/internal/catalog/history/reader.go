package history

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/host/internal/store"
)

// Sight tells which entities that are no longer in the catalog a viewer would
// see if they were. The index does.
type Sight interface {
	Sees(v principal.Viewer, entities []catalog.Entity) map[string]bool
}

// Deps is what a Reader stands on.
type Deps struct {
	Store   store.History
	Catalog catalog.Reader
	Sight   Sight
}

// Reader answers what the catalog was and what happened to it. Every method
// takes a Viewer and shows what that viewer may see: an entity that is in the
// catalog is judged as it is now, one that is gone as it was last. The history
// of one that is hidden answers as absent, and a relation that a hidden entity
// declared is cut as it is everywhere else.
type Reader struct {
	store   store.History
	catalog catalog.Reader
	sight   Sight
}

// NewReader returns a reader.
func NewReader(d Deps) *Reader { return &Reader{d.Store, d.Catalog, d.Sight} }

// Reach narrows what a plugin reads. The zero value is everything.
type Reach struct {
	Filter catalog.Filter // of entities that are in the catalog
	// Gone reports whether the plugin reads an entity that is no longer there;
	// nil = every one.
	Gone func(ref string) bool
}

// Bounds of one answer.
const (
	DefaultLimit = 50
	MaxLimit     = 200
	// maxScanned bounds the changes that one page looks at: where nearly all
	// are hidden, a page may be empty and go on.
	maxScanned = 2000
)

// Query selects changes; all of its conditions must hold.
type Query struct {
	Ref     string // canonical
	Owner   string // canonical
	Kind    string
	Actions []string // none = all
	Since   time.Time
	Oldest  bool // oldest first
	Limit   int  // 0 = 50, at most 200
	Cursor  string
	Reach   Reach
}

// Changes returns a page of changes: {"items","pageInfo":{"nextCursor"}}.
// Faults: Invalid (limit, cursor, action).
func (r *Reader) Changes(ctx context.Context, v principal.Viewer, q Query) (catalog.Document, error) {
	stored, err := q.stored()
	if err != nil {
		return catalog.Document{}, err
	}
	limit := stored.Limit
	stored.Limit++ // one more tells whether there is a next page
	page := answer{Items: []item{}}
	for scanned := 0; ; {
		rows, err := r.store.ListHistory(ctx, stored)
		if err != nil {
			return catalog.Document{}, fmt.Errorf("reading the history: %w", err)
		}
		items, err := r.items(ctx, v, q.Reach, rows)
		if err != nil {
			return catalog.Document{}, err
		}
		for i, it := range items {
			if it != nil {
				page.Items = append(page.Items, *it)
			}
			stored.After = rows[i].ID
			if len(page.Items) == limit {
				break
			}
		}
		scanned += len(rows)
		if len(rows) < stored.Limit && (len(rows) == 0 || stored.After == rows[len(rows)-1].ID) {
			break
		}
		if len(page.Items) == limit || scanned >= maxScanned {
			page.PageInfo.Next = strconv.FormatUint(stored.After, 10)
			break
		}
	}
	body, err := json.Marshal(page)
	if err != nil {
		return catalog.Document{}, fmt.Errorf("encoding changes: %w", err)
	}
	return catalog.Document{Body: catalog.Body{body}, Revision: r.catalog.Revision()}, nil
}

func (q *Query) stored() (store.HistoryQuery, error) {
	s := store.HistoryQuery{Ref: q.Ref, Owner: q.Owner, Kind: q.Kind, Since: q.Since, Oldest: q.Oldest, Limit: q.Limit}
	switch {
	case q.Limit == 0:
		s.Limit = DefaultLimit
	case q.Limit < 0 || q.Limit > MaxLimit:
		return s, fault.New(fault.Invalid, "limit %d: it is between 1 and %d", q.Limit, MaxLimit)
	}
	if q.Cursor != "" {
		var err error
		if s.After, err = strconv.ParseUint(q.Cursor, 10, 63); err != nil || s.After == 0 {
			return s, fault.New(fault.Invalid, "the cursor %.40q is not one of the history", q.Cursor)
		}
	}
	for _, a := range q.Actions {
		if !slices.Contains(store.Actions, store.Action(a)) {
			return s, fault.New(fault.Invalid, "the action %.40q is none of created, deleted, updated, status, relations", a)
		}
		s.Actions = append(s.Actions, store.Action(a))
	}
	return s, nil
}

// items makes what is shown of rows; nil where a row is not.
func (r *Reader) items(ctx context.Context, v principal.Viewer, reach Reach, rows []store.HistoryRow) ([]*item, error) {
	deltas := make([]*delta, len(rows))
	refs := map[string]bool{}
	for i := range rows {
		var err error
		if deltas[i], err = decode(rows[i].Delta); err != nil {
			return nil, fmt.Errorf("change %d: %w", rows[i].ID, err)
		}
		refs[rows[i].Ref] = true
		if rows[i].Cause.By != "" {
			refs[rows[i].Cause.By] = true
		}
		if rows[i].Action != store.Deleted {
			deltas[i].incoming(refs)
		}
	}
	visible, err := r.visible(ctx, v, reach, refs)
	if err != nil {
		return nil, err
	}
	out := make([]*item, len(rows))
	for i := range rows {
		if !visible[rows[i].Ref] {
			continue
		}
		it := itemOf(&rows[i], deltas[i], visible)
		if it.Action == string(store.Reconnect) && len(it.Gained)+len(it.Lost) == 0 {
			continue // it would tell that something hidden happened
		}
		out[i] = it
	}
	return out, nil
}

// incoming adds the entities that declared a relation of the change.
func (d *delta) incoming(refs map[string]bool) {
	for _, list := range [][]relation{d.Gained, d.Lost} {
		for _, rel := range list {
			if rel.Incoming {
				refs[rel.Target] = true
			}
		}
	}
}

// refsAtOnce is how many refs one question to the catalog has.
const refsAtOnce = 1000

// visible tells which of the refs the viewer may see.
func (r *Reader) visible(ctx context.Context, v principal.Viewer, reach Reach, refs map[string]bool) (map[string]bool, error) {
	out := make(map[string]bool, len(refs))
	list := make([]string, 0, len(refs))
	for ref := range refs {
		list = append(list, ref)
	}
	slices.Sort(list)
	for some := range slices.Chunk(list, refsAtOnce) {
		doc, err := r.catalog.ByRefs(ctx, v, catalog.RefsQuery{Refs: some, Filter: reach.Filter, Fields: []string{"kind"}})
		if err != nil {
			return nil, err //nolint:wrapcheck // a fault of the catalog
		}
		var found []*struct{}
		if err := json.Unmarshal(slices.Concat(doc.Body...), &found); err != nil {
			return nil, fmt.Errorf("reading which entities are there: %w", err)
		}
		var absent []string
		for i, ref := range some {
			if i < len(found) && found[i] != nil {
				out[ref] = true
			} else if reach.Gone == nil || reach.Gone(ref) {
				absent = append(absent, ref)
			}
		}
		if err := r.gone(ctx, v, absent, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// gone notes which of the refs are deleted and would be seen as they were last.
// What is in the catalog and hidden is neither.
func (r *Reader) gone(ctx context.Context, v principal.Viewer, refs []string, out map[string]bool) error {
	if len(refs) == 0 {
		return nil
	}
	rows, err := r.store.LastHistory(ctx, refs)
	if err != nil {
		return fmt.Errorf("reading the history: %w", err)
	}
	var last []catalog.Entity
	for i := range rows {
		if rows[i].Action != store.Deleted {
			continue
		}
		d, err := decode(rows[i].Delta)
		if err != nil {
			return fmt.Errorf("change %d: %w", rows[i].ID, err)
		}
		e := catalog.Entity{Ref: rows[i].Ref, UID: rows[i].UID, Body: d.Body}
		for _, rel := range d.Lost {
			e.Relations = append(e.Relations, catalog.Relation{Type: rel.Type, TargetRef: rel.Target, Incoming: rel.Incoming})
		}
		if d.Status != nil {
			e.Status = d.Status.Before
		}
		last = append(last, e)
	}
	if len(last) > 0 {
		for ref, seen := range r.sight.Sees(v, last) {
			out[ref] = out[ref] || seen
		}
	}
	return nil
}
