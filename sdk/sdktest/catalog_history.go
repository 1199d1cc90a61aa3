package sdktest

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/entity"
	"github.com/tinylib/msgp/msgp"
)

// fakeChange is one change of the fake's history. Its entities have always
// been as they are: each was created, at revision 1.
type fakeChange struct {
	ID       int               `json:"id"`
	Revision int               `json:"revision"`
	At       time.Time         `json:"at"`
	Ref      string            `json:"entityRef"`
	UID      string            `json:"uid"`
	Action   string            `json:"action"`
	Owner    string            `json:"owner,omitempty"`
	Cause    map[string]string `json:"cause"`
}

func (f *Fake) catalogHistory(q *contract.CatalogHistoryRequest) (msgp.Marshaler, error) {
	if err := f.allowOwn(q.Own); err != nil {
		return nil, err
	}
	after, err := strconv.Atoi("0" + q.Cursor)
	if err != nil {
		return nil, sdk.Invalid("the cursor %q is not one of the history", q.Cursor)
	}
	limit := q.Limit
	if limit == 0 {
		limit = 50
	}
	if limit < 0 || limit > 200 {
		return nil, sdk.Invalid("limit %d: it is between 1 and 200", q.Limit)
	}
	for _, a := range q.Actions {
		if !slices.Contains([]string{"created", "updated", "deleted", "relations", "status"}, a) {
			return nil, sdk.Invalid("the action %q is none of created, deleted, updated, status, relations", a)
		}
	}
	since := time.Time{}
	if q.Since != "" {
		if since, err = time.Parse(time.RFC3339, q.Since); err != nil {
			return nil, sdk.Invalid("since %q is no time", q.Since)
		}
	}
	changes, err := f.changes(q)
	if err != nil {
		return nil, err
	}
	if !q.Oldest {
		slices.Reverse(changes)
	}
	items, next := []fakeChange{}, map[string]any{}
	for _, c := range changes {
		switch {
		case c.At.Before(since), after > 0 && (c.ID >= after) != q.Oldest, after == c.ID:
		case len(items) == limit:
			next["nextCursor"] = strconv.Itoa(items[len(items)-1].ID)
		default:
			items = append(items, c)
		}
	}
	return f.hand(map[string]any{"items": items, "pageInfo": next}, "", q.Own)
}

// changes are those that the query names, oldest first.
func (f *Fake) changes(q *contract.CatalogHistoryRequest) ([]fakeChange, error) {
	ref, owner := "", ""
	for text, into := range map[string]*string{q.Ref: &ref, q.Owner: &owner} {
		if text == "" {
			continue
		}
		parsed, err := entity.ParseRef(text, "", "")
		if err != nil {
			return nil, sdk.Invalid("%v", err)
		}
		*into = parsed.String()
	}
	var out []fakeChange
	for i, e := range f.catalog.entities {
		kind, _, _ := strings.Cut(e.ref, ":")
		c := fakeChange{ID: i + 1, Revision: 1, At: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC), Ref: e.ref, UID: e.uid, Action: "created", Cause: map[string]string{"reason": "configuration"}}
		for _, r := range list(e.object["relations"]) {
			if relation, _ := r.(map[string]any); relation["type"] == "ownedBy" && c.Owner == "" {
				c.Owner, _ = relation["targetRef"].(string)
			}
		}
		if (ref == "" || ref == c.Ref) && (owner == "" || owner == c.Owner) && (q.Kind == "" || strings.EqualFold(q.Kind, kind)) &&
			(len(q.Actions) == 0 || slices.Contains(q.Actions, c.Action)) {
			out = append(out, c)
		}
	}
	return out, nil
}

func (f *Fake) catalogAsOf(q *contract.CatalogAsOfRequest) (msgp.Marshaler, error) {
	if err := f.allowOwn(q.Own); err != nil {
		return nil, err
	}
	revision, err := strconv.ParseUint(q.At, 10, 62)
	if at, notTime := time.Parse(time.RFC3339, q.At); notTime == nil {
		revision, err = 0, nil
		if !at.Before(time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)) {
			revision = 1
		}
	}
	if err != nil {
		return nil, sdk.Invalid("at is a revision or a time, not %q", q.At)
	}
	e, err := f.find(q.Ref)
	if err != nil {
		return nil, err
	}
	if revision == 0 {
		return nil, sdk.NotFound("no entity %s at %s", e.ref, q.At)
	}
	return f.hand(map[string]any{"entityRef": e.ref, "revision": revision, "changedRevision": 1, "changedAt": "2026-01-01T12:00:00Z", "entity": e.object}, "", q.Own)
}

func (f *Fake) catalogRemovedLocations(q *contract.CatalogRemovedLocationsRequest) (msgp.Marshaler, error) {
	if err := f.allowOwn(q.Own); err != nil {
		return nil, err
	}
	f.mu.Lock()
	out := []map[string]any{}
	for _, l := range slices.Backward(f.removed) {
		out = append(out, map[string]any{
			"id": l.ID, "type": l.Type, "target": l.Target, "entityRef": l.EntityRef,
			"registeredBy": f.principal.Ref, "removedBy": f.principal.Ref, "removedAt": "2026-01-01T12:00:00Z", "plugin": "",
		})
	}
	f.mu.Unlock()
	return f.hand(out, "", q.Own)
}

func (f *Fake) catalogRestoreLocation(q *contract.CatalogRestoreLocationRequest) (msgp.Marshaler, error) {
	if err := f.mayRegister(); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, l := range f.removed {
		if l.ID != q.ID {
			continue
		}
		if slices.ContainsFunc(f.locations, func(o contract.CatalogLocationAnswer) bool { return o.Target == l.Target }) {
			return nil, sdk.Conflict("location %s is registered again already", l.Target)
		}
		f.removed = slices.Delete(f.removed, i, i+1)
		f.locations = append(f.locations, l)
		return &contract.CatalogRestoreLocationAnswer{ID: l.ID, Type: l.Type, Target: l.Target, EntityRef: l.EntityRef, Refs: []string{}}, nil
	}
	return nil, sdk.NotFound("no removed location has the id %q", q.ID)
}
