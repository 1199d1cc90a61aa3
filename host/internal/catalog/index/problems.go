package index

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
)

// Bounds of one page of problems.
const (
	defaultProblems = 50
	maxProblems     = 1000
)

// trouble is one problem of one entity, as it is answered.
type trouble struct {
	Ref      string          `json:"entityRef"`
	Type     string          `json:"type"`
	Level    string          `json:"level"`
	Message  string          `json:"message"`
	Owners   []string        `json:"owners"`
	Location string          `json:"location,omitempty"`
	Line     int             `json:"line,omitempty"`
	Relation *troubledTarget `json:"relation,omitempty"`
}

type troubledTarget struct {
	Type   string `json:"type"`
	Target string `json:"targetRef"`
}

func (t *trouble) kind() string {
	kind, _, _ := strings.Cut(t.Ref, ":")
	return kind
}

// owner is what the problem is sorted and counted by.
func (t *trouble) ownersOrNone() []string {
	if len(t.Owners) == 0 {
		return []string{catalog.NoOwner}
	}
	return t.Owners
}

// Problems implements catalog.Problems.
func (x *Index) Problems(ctx context.Context, v principal.Viewer, q catalog.ProblemsQuery) (catalog.Document, error) {
	q, err := boundedProblems(q)
	if err != nil {
		return catalog.Document{}, err
	}
	view := x.viewOf(v)
	all, err := view.troubles(ctx)
	if err != nil {
		return catalog.Document{}, err
	}
	answer := struct {
		Items  []*trouble `json:"items"`
		Total  int        `json:"totalItems"`
		Counts counts     `json:"counts"`
	}{Items: []*trouble{}, Counts: newCounts()}
	for i := range all {
		t := &all[i]
		if q.Reach != nil && !q.Reach(t.Ref) {
			continue
		}
		ofType := len(q.Types) == 0 || slices.Contains(q.Types, t.Type)
		ofKind := len(q.Kinds) == 0 || slices.Contains(q.Kinds, t.kind())
		ofOwner := len(q.Owners) == 0 || slices.ContainsFunc(t.ownersOrNone(), func(o string) bool { return slices.Contains(q.Owners, o) })
		answer.Counts.add(t, ofType, ofOwner, ofKind)
		if !ofType || !ofKind || !ofOwner {
			continue
		}
		if answer.Total >= q.Offset && len(answer.Items) < q.Limit {
			answer.Items = append(answer.Items, t)
		}
		answer.Total++
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return catalog.Document{}, fault.Wrap(fault.Internal, err, "encoding problems")
	}
	return catalog.Document{Body: catalog.Body{body}, ETag: contentTag(body), Revision: view.revision}, nil
}

func boundedProblems(q catalog.ProblemsQuery) (catalog.ProblemsQuery, error) {
	known := []string{catalog.ProblemProcessing, catalog.ProblemUnreadable, catalog.ProblemDangling, catalog.ProblemOrphan, catalog.ProblemUnowned}
	for _, t := range q.Types {
		if !slices.Contains(known, t) {
			return q, fault.New(fault.Invalid, "problem type %.40q is not one of %s", t, strings.Join(known, ", "))
		}
	}
	if q.Limit == 0 {
		q.Limit = defaultProblems
	}
	if q.Limit < 0 || q.Limit > maxProblems || q.Offset < 0 {
		return q, fault.New(fault.Invalid, "limit %d is not 1 to %d, or offset %d is below 0", q.Limit, maxProblems, q.Offset)
	}
	lower := func(list []string) []string {
		out := make([]string, len(list))
		for i, s := range list {
			out[i] = strings.ToLower(s)
		}
		return out
	}
	q.Owners, q.Kinds = lower(q.Owners), lower(q.Kinds)
	return q, nil
}

// counts are the values of each key with how often they occur.
type counts struct {
	Types  tally `json:"types"`
	Owners tally `json:"owners"`
	Kinds  tally `json:"kinds"`
}

func newCounts() counts { return counts{tally{}, tally{}, tally{}} }

// add counts a problem for each key whose other keys select it.
func (c counts) add(t *trouble, ofType, ofOwner, ofKind bool) {
	if ofOwner && ofKind {
		c.Types[t.Type]++
	}
	if ofType && ofOwner {
		c.Kinds[t.kind()]++
	}
	if ofType && ofKind {
		for _, o := range t.ownersOrNone() {
			c.Owners[o]++
		}
	}
}

// tally is answered as [{"value","count"}], the most frequent first.
type tally map[string]int

// MarshalJSON implements json.Marshaler.
func (t tally) MarshalJSON() ([]byte, error) {
	type counted struct {
		Value string `json:"value"`
		Count int    `json:"count"`
	}
	list := make([]counted, 0, len(t))
	for value, count := range t {
		list = append(list, counted{value, count})
	}
	slices.SortFunc(list, func(a, b counted) int { return cmp.Or(b.Count-a.Count, strings.Compare(a.Value, b.Value)) })
	return json.Marshal(list)
}

// troubles returns every problem that the viewer sees, in order. It is worked
// out once per snapshot and scope.
func (v view) troubles(ctx context.Context) ([]trouble, error) {
	key := []byte(nil)
	if v.scope != nil {
		key = append(key, v.scope.Key...)
	}
	if known, ok := v.problems.get(key); ok {
		return known, nil
	}
	var out []trouble
	for i := range v.parts {
		p := &v.parts[i]
		if err := ctx.Err(); err != nil {
			return nil, fault.Wrap(fault.Timeout, err, "looking for problems was cut off")
		}
		for id := range uint32(len(p.docs)) { //nolint:gosec // ids are 32 bits
			if !p.gone(id) && v.visible(p, id) {
				out = v.troublesOf(&p.docs[id], out)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b trouble) int {
		return cmp.Or(compareOwners(a.Owners, b.Owners), strings.Compare(a.Ref, b.Ref))
	})
	v.problems.put(key, out)
	return out, nil
}

// compareOwners puts what has no owner last.
func compareOwners(a, b []string) int {
	if len(a) == 0 || len(b) == 0 {
		return min(len(b), 1) - min(len(a), 1)
	}
	return strings.Compare(a[0], b[0])
}

var orphanMark = []byte(`"backstage.io/orphan":"true"`)

// troublesOf appends what is wrong with one entity. Most have nothing, so the
// parts of a document that are costly to read are read only of those that do.
func (v view) troublesOf(d *document, out []trouble) []trouble {
	from := len(out)
	var owners []string
	d.relations(func(r relation) {
		if r.incoming {
			return
		}
		target := strings.Clone(r.target)
		if r.kind == "ownedBy" {
			owners = append(owners, target)
		}
		if h, ok := v.lookup(r.target); !ok || !v.visible(h.part, h.id) {
			kind := strings.Clone(r.kind)
			out = append(out, trouble{
				Type: catalog.ProblemDangling, Level: "warning", Relation: &troubledTarget{kind, target},
				Message: kind + " " + target + ", which is not in the catalog or not visible to you",
			})
		}
	})
	out = append(out, statusTroubles(d)...)
	if bytes.Contains(d.full[:d.relStart], orphanMark) && annotationsOf(d)["backstage.io/orphan"] == "true" {
		out = append(out, trouble{Type: catalog.ProblemOrphan, Level: "warning", Message: "No location names this entity any more"})
	}
	kind, _, _ := strings.Cut(d.ref, ":")
	if len(owners) == 0 && kind != "user" && kind != "group" && kind != "location" {
		out = append(out, trouble{Type: catalog.ProblemUnowned, Level: "warning", Message: "It names no owner"})
	}
	if len(out) == from {
		return out
	}
	if owners == nil {
		owners = []string{}
	}
	location := annotationsOf(d)["backstage.io/managed-by-location"]
	for i := from; i < len(out); i++ {
		out[i].Ref, out[i].Owners, out[i].Location = d.ref, owners, location
		if place, line := placeOf(out[i].Message); line > 0 {
			out[i].Line = line
			if kind, target, ok := strings.Cut(location, ":"); !ok || target != place {
				out[i].Location = kind + ":" + place
			}
		}
	}
	return out
}

// statusTroubles are the status items that are more than notes.
func statusTroubles(d *document) []trouble {
	tail := d.full[d.relEnd+1:]
	if len(tail) < 2 {
		return nil
	}
	var e struct {
		Status struct {
			Items []struct {
				Level   string
				Message string
				Error   struct{ Name, Message string }
			}
		}
	}
	if json.Unmarshal(append([]byte{'{'}, bytes.TrimPrefix(tail, []byte{','})...), &e) != nil {
		return nil
	}
	var out []trouble
	for _, item := range e.Status.Items {
		if item.Level != "error" && item.Level != "warning" {
			continue
		}
		t := trouble{Type: catalog.ProblemProcessing, Level: item.Level, Message: cmp.Or(item.Error.Message, item.Message)}
		switch item.Error.Name {
		case "NotFoundError", "ServiceUnavailableError", "NotAllowedError", "NotModifiedError":
			if strings.HasPrefix(d.ref, "location:") {
				t.Type = catalog.ProblemUnreadable
			}
		}
		out = append(out, t)
	}
	return out
}

func annotationsOf(d *document) map[string]string {
	var e struct {
		Metadata struct {
			Annotations map[string]any
		}
	}
	if json.Unmarshal(d.full, &e) != nil {
		return nil
	}
	out := make(map[string]string, len(e.Metadata.Annotations))
	for key, value := range e.Metadata.Annotations {
		if text, ok := value.(string); ok {
			out[key] = text
		}
	}
	return out
}

// placed is how ingestion begins what it says of a place in a text: "target:line: …".
var placed = regexp.MustCompile(`^(\S.*?):(\d{1,9}): `)

func placeOf(message string) (target string, line int) {
	m := placed.FindStringSubmatch(message)
	if m == nil {
		return "", 0
	}
	line, _ = strconv.Atoi(m[2])
	return m[1], line
}

var _ catalog.Problems = (*Index)(nil)
