package history

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/catalog/descriptor"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/host/internal/store"
)

// Moment is a revision, or a time.
type Moment struct {
	Revision uint64 // counts when At is zero
	At       time.Time
}

// ParseMoment reads a revision ("17") or a time of RFC 3339. Fault: Invalid.
func ParseMoment(text string) (Moment, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return Moment{At: at.UTC()}, nil
	}
	var m Moment
	if _, err := fmt.Sscanf(text, "%d", &m.Revision); err != nil || fmt.Sprint(m.Revision) != text || m.Revision > 1<<62 {
		return Moment{}, fault.New(fault.Invalid, "at is a revision, 17, or a time, 2026-11-24T20:21:51Z, not %.60q", text)
	}
	return m, nil
}

func (m Moment) String() string {
	if m.At.IsZero() {
		return fmt.Sprintf("revision %d", m.Revision)
	}
	return m.At.Format(time.RFC3339)
}

// pageOfChanges is how many changes are read at once on the way back.
const pageOfChanges = 500

// AsOf returns an entity as it was at a moment:
// {"entityRef","revision","changedAt","changedRevision","entity"}. Faults:
// NotFound (it was not there, or the viewer may not see it), Invalid (the
// history does not go back so far).
func (r *Reader) AsOf(ctx context.Context, v principal.Viewer, reach Reach, ref string, m Moment) (catalog.Document, error) {
	absent := fault.New(fault.NotFound, "no entity %s at %s", ref, m)
	visible, err := r.visible(ctx, v, reach, map[string]bool{ref: true})
	if err != nil {
		return catalog.Document{}, err
	}
	if !visible[ref] {
		return catalog.Document{}, absent
	}
	at, err := r.revision(ctx, m)
	if err != nil {
		return catalog.Document{}, err
	}
	was, err := r.back(ctx, v, ref, at)
	if err != nil {
		return catalog.Document{}, err
	}
	if !was.there {
		return catalog.Document{}, absent
	}
	if err := r.cut(ctx, v, reach, was); err != nil {
		return catalog.Document{}, err
	}
	out := map[string]any{"entityRef": ref, "revision": at, "entity": json.RawMessage(was.json())}
	last, err := r.store.ListHistory(ctx, store.HistoryQuery{Ref: ref, UpTo: max(at, 1), Limit: 1, NoDeltas: true})
	if err != nil {
		return catalog.Document{}, fmt.Errorf("reading the history: %w", err)
	}
	if len(last) > 0 {
		out["changedAt"], out["changedRevision"] = last[0].At, last[0].Revision
	}
	body, err := json.Marshal(out)
	if err != nil {
		return catalog.Document{}, fmt.Errorf("encoding %s: %w", ref, err)
	}
	return catalog.Document{Body: catalog.Body{body}, Revision: r.catalog.Revision()}, nil
}

// revision returns the revision of a moment that the history reaches.
func (r *Reader) revision(ctx context.Context, m Moment) (uint64, error) {
	at := m.Revision
	var err error
	if !m.At.IsZero() {
		if at, err = r.store.RevisionAt(ctx, m.At); err != nil {
			return 0, fmt.Errorf("finding the revision: %w", err)
		}
	}
	// The floor is read last: what was pruned meanwhile is missed by nobody.
	floor, err := r.store.HistoryFloor(ctx)
	if err != nil {
		return 0, fmt.Errorf("reading how far the history goes back: %w", err)
	}
	if at < floor.Revision || !m.At.IsZero() && m.At.Before(floor.At) {
		return 0, fault.New(fault.Invalid, "the history of the catalog begins at revision %d, %s; %s is before it", floor.Revision, floor.At.Format(time.RFC3339), m)
	}
	return at, nil
}

// back returns an entity as it was after a revision, with the relations that
// the viewer sees today cut, and those of the past not yet.
func (r *Reader) back(ctx context.Context, v principal.Viewer, ref string, to uint64) (*past, error) {
	p := &past{}
	q := store.HistoryQuery{Ref: ref, Newer: to, Limit: pageOfChanges}
	doc, err := r.catalog.Get(ctx, v, catalog.GetQuery{Ref: ref})
	switch {
	case err == nil:
		if err := p.read(slices.Concat(doc.Body...)); err != nil {
			return nil, err
		}
		q.UpTo = max(doc.Revision, 1)
	case !fault.Is(err, fault.NotFound):
		return nil, err //nolint:wrapcheck // a fault of the catalog
	}
	for {
		rows, err := r.store.ListHistory(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("reading the history: %w", err)
		}
		for i := range rows {
			q.After = rows[i].ID
			if !p.there && rows[i].Action != store.Deleted {
				continue // it came back after this moment of the catalog
			}
			if rows[i].Since > to {
				return nil, fault.New(fault.Invalid, "the history of %s begins at revision %d; revision %d is before it", ref, rows[i].Since, to)
			}
			if err := p.undo(rows[i].Action, rows[i].Delta); err != nil {
				return nil, fmt.Errorf("change %d of %s: %w", rows[i].ID, ref, err)
			}
		}
		if len(rows) < q.Limit {
			return p, nil
		}
	}
}

// read takes an entity as the catalog shows it.
func (p *past) read(raw []byte) error {
	var shown struct {
		Relations []named `json:"relations"`
		Status    struct {
			Items json.RawMessage `json:"items"`
		} `json:"status"`
	}
	if err := json.Unmarshal(raw, &shown); err != nil {
		return fmt.Errorf("reading the entity as it is: %w", err)
	}
	body, err := descriptor.ParseJSON(raw, maxDepth)
	if err != nil {
		return fmt.Errorf("reading the entity as it is: %w", err)
	}
	body.Delete("relations")
	body.Delete("status")
	*p = past{body: body, there: true, status: shown.Status.Items}
	for _, n := range shown.Relations {
		p.relations = append(p.relations, relation{Type: n.Type, Target: n.Target})
	}
	return nil
}

// cut takes out the relations that a hidden entity declared.
func (r *Reader) cut(ctx context.Context, v principal.Viewer, reach Reach, p *past) error {
	refs := map[string]bool{}
	(&delta{Lost: p.relations}).incoming(refs)
	if len(refs) == 0 {
		return nil
	}
	visible, err := r.visible(ctx, v, reach, refs)
	if err != nil {
		return err
	}
	p.relations = slices.DeleteFunc(p.relations, func(rel relation) bool { return rel.Incoming && !visible[rel.Target] })
	return nil
}

// json writes the entity as the catalog shows entities.
func (p *past) json() []byte {
	slices.SortFunc(p.relations, func(a, b relation) int {
		return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.Target, b.Target))
	})
	relations := descriptor.Value{Type: descriptor.Array}
	for _, r := range p.relations {
		relations.Items = append(relations.Items, descriptor.Value{Type: descriptor.Object, Members: []descriptor.Member{
			{Key: "type", Value: descriptor.Str(r.Type)}, {Key: "targetRef", Value: descriptor.Str(r.Target)},
		}})
	}
	whole := p.body
	whole.Members = append(slices.Clone(whole.Members), descriptor.Member{Key: "relations", Value: relations})
	b := whole.AppendJSON(nil)
	if p.status == nil {
		return b
	}
	return append(append(append(b[:len(b)-1], `,"status":{"items":`...), p.status...), "}}"...)
}
