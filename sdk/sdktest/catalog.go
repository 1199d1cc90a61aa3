package sdktest

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/entity"
	"github.com/tinylib/msgp/msgp"
)

const jsonType = "application/json; charset=utf-8"

func (f *Fake) allowOwn(own bool) error {
	if own && !f.own {
		return &sdk.Error{
			Code: sdk.CodeDenied, MissingGrant: "catalog: own",
			Message: "reading the catalog with the plugin's own rights needs `own` in the scope of catalog, declared and granted",
		}
	}
	return nil
}

// hand keeps an answer as a handle.
func (f *Fake) hand(v any, etag string, own bool) (*contract.CatalogHandle, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	id, err := f.keep(&held{mediaType: jsonType, content: b, own: own})
	return &contract.CatalogHandle{Handle: id, Size: uint64(len(b)), ETag: etag, Revision: 1}, err
}

func (f *Fake) catalogGet(q *contract.CatalogGetRequest) (msgp.Marshaler, error) {
	if err := f.allowOwn(q.Own); err != nil {
		return nil, err
	}
	ref := ""
	if q.UID == "" {
		parsed, err := entity.ParseRef(q.Ref, "", "")
		if err != nil {
			return nil, sdk.Invalid("%v", err)
		}
		ref = parsed.String()
	}
	for _, e := range f.catalog.entities {
		if q.UID != "" && e.uid == q.UID || q.UID == "" && e.ref == ref {
			return f.hand(project(e.object, q.Fields), e.etag, q.Own)
		}
	}
	return nil, sdk.NotFound("no entity %s%s", q.Ref, q.UID)
}

// page is what a cursor of the fake remembers.
type page struct {
	Query  contract.CatalogQueryRequest
	Offset int
}

func (f *Fake) catalogQuery(q *contract.CatalogQueryRequest) (msgp.Marshaler, error) {
	if err := f.allowOwn(q.Own); err != nil {
		return nil, err
	}
	at := page{Query: *q, Offset: q.Offset}
	if q.Cursor != "" {
		b, err := base64.RawURLEncoding.DecodeString(q.Cursor)
		if err == nil {
			err = json.Unmarshal(b, &at)
		}
		if err != nil {
			return nil, sdk.Invalid("Malformed cursor: %v", err)
		}
		at.Query.Fields = q.Fields
		if q.Limit != 0 {
			at.Query.Limit = q.Limit
		}
	}
	found, err := f.search(at.Query.Filter, at.Query.Query)
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(e *fakeEntity) bool {
		return !e.fullText(at.Query.FullTextTerm, at.Query.FullTextFields, at.Query.Order)
	})
	sortEntities(found, at.Query.Order)
	limit := at.Query.Limit
	switch {
	case limit == 0:
		limit = 20
	case limit < 0:
		limit = len(found)
	}
	first := min(at.Offset, len(found))
	last := min(first+limit, len(found))
	items := []any{}
	for _, e := range found[first:last] {
		items = append(items, project(e.object, at.Query.Fields))
	}
	h, err := f.hand(items, "", q.Own)
	if err != nil {
		return nil, err
	}
	a := &contract.CatalogQueryAnswer{Handle: h.Handle, Size: h.Size, Count: len(items), TotalItems: len(found), Revision: 1}
	if last < len(found) {
		a.NextCursor = cursor(at, last)
	}
	if first > 0 {
		a.PrevCursor = cursor(at, max(0, first-limit))
	}
	return a, nil
}

func cursor(at page, offset int) string {
	at.Offset = offset
	b, err := json.Marshal(at)
	if err != nil {
		panic("sdktest: " + err.Error()) // plain data
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func (f *Fake) search(filter []contract.FilterAll, query []byte) ([]*fakeEntity, error) {
	match, err := predicate(query)
	if err != nil {
		return nil, err
	}
	var out []*fakeEntity
	for _, e := range f.catalog.entities {
		if e.matches(filter) && match(e) {
			out = append(out, e)
		}
	}
	return out, nil
}

// sortEntities orders by the fields, then by uid; what lacks a field comes last.
func sortEntities(entities []*fakeEntity, order []contract.OrderField) {
	first := func(e *fakeEntity, field string) (string, bool) {
		values := e.search[strings.ToLower(field)]
		if len(values) == 0 {
			return "", false
		}
		return strings.ToLower(values[0]), true
	}
	slices.SortStableFunc(entities, func(a, b *fakeEntity) int {
		for _, o := range order {
			va, hasA := first(a, o.Field)
			vb, hasB := first(b, o.Field)
			switch {
			case hasA && !hasB:
				return -1
			case !hasA && hasB:
				return 1
			case va == vb:
				continue
			}
			if o.Desc {
				return strings.Compare(vb, va)
			}
			return strings.Compare(va, vb)
		}
		return strings.Compare(a.uid, b.uid)
	})
}

func (f *Fake) catalogFacets(q *contract.CatalogFacetsRequest) (msgp.Marshaler, error) {
	if err := f.allowOwn(q.Own); err != nil {
		return nil, err
	}
	found, err := f.search(q.Filter, q.Query)
	if err != nil {
		return nil, err
	}
	type count struct {
		Value string `json:"value"`
		Count int    `json:"count"`
	}
	out := map[string][]count{}
	for _, facet := range q.Facets {
		counts := map[string]int{}
		for _, e := range found {
			for _, v := range e.search[strings.ToLower(facet)] {
				counts[v]++
			}
		}
		out[facet] = []count{}
		for v, n := range counts {
			out[facet] = append(out[facet], count{v, n})
		}
		slices.SortFunc(out[facet], func(a, b count) int { return strings.Compare(a.Value, b.Value) })
	}
	return f.hand(out, "", q.Own)
}

func (f *Fake) catalogByRefs(q *contract.CatalogByRefsRequest) (msgp.Marshaler, error) {
	if err := f.allowOwn(q.Own); err != nil {
		return nil, err
	}
	found, err := f.search(q.Filter, q.Query)
	if err != nil {
		return nil, err
	}
	items := make([]any, len(q.Refs))
	for i, text := range q.Refs {
		ref, err := entity.ParseRef(text, "", "")
		if err != nil {
			return nil, sdk.Invalid("%v", err)
		}
		for _, e := range found {
			if e.ref == ref.String() {
				items[i] = project(e.object, q.Fields)
			}
		}
	}
	return f.hand(items, "", q.Own)
}

func (f *Fake) catalogLocations(q *contract.CatalogLocationsRequest) (msgp.Marshaler, error) {
	if err := f.allowOwn(q.Own); err != nil {
		return nil, err
	}
	f.mu.Lock()
	all := []map[string]string{}
	for _, l := range f.locations {
		all = append(all, map[string]string{"id": l.ID, "type": l.Type, "target": l.Target, "entityRef": l.EntityRef})
	}
	f.mu.Unlock()
	return f.hand(all, "", q.Own)
}
