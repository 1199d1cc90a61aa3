package index

import (
	"context"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/entity"
)

// viewOf returns the catalog as v sees it now.
func (x *Index) viewOf(v principal.Viewer) view {
	return view{snapshot: x.current.Load(), scope: x.visibility.Scope(v)}
}

// Get returns one entity. Faults: Invalid (malformed ref), NotFound.
func (x *Index) Get(_ context.Context, v principal.Viewer, q catalog.GetQuery) (catalog.Document, error) {
	fields, err := cleanFields(q.Fields)
	if err != nil {
		return catalog.Document{}, err
	}
	view := x.viewOf(v)
	var p *part
	var id uint32
	var found bool
	if q.Ref == "" && q.UID != "" {
		p, id, found = view.findUID(q.UID)
		if !found || !view.visible(p, id) {
			return catalog.Document{}, fault.New(fault.NotFound, "No entity with uid %s", q.UID)
		}
	} else if p, id, found = view.find(q.Ref); !found || !view.visible(p, id) {
		ref, err := entity.ParseRef(q.Ref, "", "")
		if err != nil {
			return catalog.Document{}, fault.Wrap(fault.Invalid, err, err.Error())
		}
		if p, id, found = view.find(ref.String()); !found || !view.visible(p, id) {
			return catalog.Document{}, fault.New(fault.NotFound,
				"No entity named '%s' found, with kind '%s' in namespace '%s'", ref.Name, ref.Kind, ref.Namespace)
		}
	}
	body := view.body(p, id, fields)
	tag := p.docs[id].etag
	if len(fields) > 0 || len(body) != len(p.docs[id].full) {
		tag = contentTag(body)
	}
	return catalog.Document{Body: catalog.Body{body}, ETag: tag, Revision: view.revision}, nil
}

// ByRefs returns a JSON array of the same length and order as q.Refs, with
// null for what does not exist, is hidden, fails the filter or is no ref.
// Faults: Invalid (filter, too many refs).
func (x *Index) ByRefs(_ context.Context, v principal.Viewer, q catalog.RefsQuery) (catalog.Document, error) {
	if len(q.Refs) > x.limits.refs {
		return catalog.Document{}, fault.New(fault.Invalid, "too many entity refs: %d, at most %d", len(q.Refs), x.limits.refs)
	}
	fields, err := cleanFields(q.Fields)
	if err != nil {
		return catalog.Document{}, err
	}
	criteria, err := x.newCriteria(q.Filter, q.Predicate, "", nil)
	if err != nil {
		return catalog.Document{}, err
	}
	view := x.viewOf(v)
	chosen, err := view.selections(criteria)
	if err != nil {
		return catalog.Document{}, err
	}
	out := newArray(len(q.Refs))
	for _, name := range q.Refs {
		if h, ok := view.lookup(name); ok && (chosen[h.at].set == nil || chosen[h.at].set.Has(h.id)) {
			out.add(view.body(h.part, h.id, fields))
			continue
		}
		out.addNull()
	}
	return catalog.Document{Body: out.close(), Revision: view.revision}, nil
}

// lookup finds an entity by a ref in any form.
func (v view) lookup(name string) (hit, bool) {
	p, id, ok := v.find(name)
	if !ok {
		ref, err := entity.ParseRef(name, "", "")
		if err != nil {
			return hit{}, false
		}
		if p, id, ok = v.find(ref.String()); !ok {
			return hit{}, false
		}
	}
	for i := range v.parts {
		if p == &v.parts[i] {
			return hit{part: p, at: i, id: id}, true
		}
	}
	return hit{}, false
}

// array writes a JSON array in pieces, without copying its items.
type array struct {
	body  catalog.Body
	marks []byte // what stands between items, once
}

func newArray(n int) array {
	a := array{marks: []byte("[,]null"), body: make(catalog.Body, 0, 2*n+2)}
	a.body = append(a.body, a.marks[:1])
	return a
}

func (a *array) add(item []byte) {
	if len(a.body) > 1 {
		a.body = append(a.body, a.marks[1:2])
	}
	a.body = append(a.body, item)
}

func (a *array) addNull() { a.add(a.marks[3:]) }

func (a *array) close() catalog.Body { return append(a.body, a.marks[2:3]) }
