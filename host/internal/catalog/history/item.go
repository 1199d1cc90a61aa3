package history

import (
	"encoding/json"
	"time"

	"github.com/callboard/callboard/host/internal/store"
)

// answer is a page of changes as JSON.
type answer struct {
	Items    []item `json:"items"`
	PageInfo struct {
		Next string `json:"nextCursor,omitempty"`
	} `json:"pageInfo"`
}

// item is one change as JSON.
type item struct {
	ID       uint64      `json:"id"`
	Revision uint64      `json:"revision"`
	At       time.Time   `json:"at"`
	Ref      string      `json:"entityRef"`
	UID      string      `json:"uid"`
	Action   string      `json:"action"`
	Owner    string      `json:"owner,omitempty"`
	Cause    store.Cause `json:"cause"`
	Fields   []shownOf   `json:"fields,omitempty"`
	More     int         `json:"moreFields,omitempty"`
	Gained   []named     `json:"relationsGained,omitempty"`
	Lost     []named     `json:"relationsLost,omitempty"`
}

// shownOf is one field that differs. What is too long is a digest.
type shownOf struct {
	Path   string          `json:"path"` // JSON pointer
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
	Was    *elided         `json:"beforeDigest,omitempty"`
	Is     *elided         `json:"afterDigest,omitempty"`
}

type elided struct {
	SHA256 string `json:"sha256"`
	Bytes  int    `json:"bytes"`
}

type named struct {
	Type   string `json:"type"`
	Target string `json:"targetRef"`
}

func (d *digest) elided() *elided {
	if d == nil {
		return nil
	}
	return &elided{d.SHA256, d.Bytes}
}

// itemOf makes what is shown of a change. visible says which other entities
// may be named.
func itemOf(row *store.HistoryRow, d *delta, visible map[string]bool) *item {
	it := &item{
		ID: row.ID, Revision: row.Revision, At: row.At, Ref: row.Ref, UID: row.UID, Action: string(row.Action),
		Owner: row.Owner, Cause: row.Cause, More: d.More,
	}
	if it.Cause.By != "" && !visible[it.Cause.By] {
		it.Cause = store.Cause{}
	}
	if row.Action == store.Deleted {
		return it // everything went
	}
	for i := range d.Fields {
		f := &d.Fields[i]
		s := shownOf{Path: f.Path, Before: f.Before, After: f.After, Was: f.Was.elided(), Is: f.Is.elided()}
		if s.Was != nil {
			s.Before = nil
		}
		it.Fields = append(it.Fields, s)
	}
	if d.Status != nil {
		it.Fields = append(it.Fields, shownStatus(d.Status))
	}
	it.Gained, it.Lost = cutHidden(d.Gained, visible), cutHidden(d.Lost, visible)
	return it
}

// shownStatus shows status items as the field that they are in an entity.
func shownStatus(s *status) shownOf {
	out := shownOf{Path: "/status/items"}
	short := func(raw json.RawMessage) (json.RawMessage, *elided) {
		if len(raw) <= 4*maxShown {
			return raw, nil
		}
		return nil, digestOf(raw).elided()
	}
	out.Before, out.Was = short(s.Before)
	out.After, out.Is = short(s.After)
	return out
}

func cutHidden(list []relation, visible map[string]bool) []named {
	var out []named
	for _, r := range list {
		if !r.Incoming || visible[r.Target] {
			out = append(out, named{r.Type, r.Target})
		}
	}
	return out
}
