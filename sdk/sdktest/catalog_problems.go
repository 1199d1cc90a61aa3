package sdktest

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/contract"
)

type fakeProblem struct {
	Ref      string         `json:"entityRef"`
	Type     string         `json:"type"`
	Level    string         `json:"level"`
	Message  string         `json:"message"`
	Owners   []string       `json:"owners"`
	Relation map[string]any `json:"relation,omitempty"`
}

var problemTypes = []string{"processing", "unreadable", "dangling", "orphan", "unowned"}

// catalogProblems finds relations that lead nowhere and entities without an
// owner. The fake processes nothing, so it has no problems of processing; the
// order and the bounds are the host's.
func (f *Fake) catalogProblems(q *contract.CatalogProblemsRequest) (msgp.Marshaler, error) {
	if err := f.allowOwn(q.Own); err != nil {
		return nil, err
	}
	if q.Limit < 0 || q.Limit > 1000 || q.Offset < 0 {
		return nil, sdk.Invalid("a page of problems has a limit of at most 1000 and no negative offset")
	}
	for _, t := range q.Types {
		if !slices.Contains(problemTypes, t) {
			return nil, sdk.Invalid("problem type %q is not one of %s", t, strings.Join(problemTypes, ", "))
		}
	}
	found := f.problems()
	counts := map[string]map[string]int{"types": {}, "owners": {}, "kinds": {}}
	items := []fakeProblem{}
	for _, p := range found {
		kind, _, _ := strings.Cut(p.Ref, ":")
		owners := p.Owners
		if len(owners) == 0 {
			owners = []string{"none"}
		}
		one := func(list []string, values ...string) bool {
			return len(list) == 0 || slices.ContainsFunc(values, func(v string) bool { return slices.Contains(list, v) })
		}
		ofType, ofKind, ofOwner := one(q.Types, p.Type), one(q.Kinds, kind), one(q.Owners, owners...)
		if ofKind && ofOwner {
			counts["types"][p.Type]++
		}
		if ofType && ofOwner {
			counts["kinds"][kind]++
		}
		for _, o := range owners {
			if ofType && ofKind {
				counts["owners"][o]++
			}
		}
		if ofType && ofKind && ofOwner {
			items = append(items, p)
		}
	}
	total := len(items)
	items = items[min(q.Offset, total):]
	items = items[:min(cmp.Or(q.Limit, 50), len(items))]
	answer := map[string]any{}
	for key, tally := range counts {
		answer[key] = countedValues(tally)
	}
	return f.hand(map[string]any{"items": items, "totalItems": total, "counts": answer}, "", q.Own)
}

func countedValues(tally map[string]int) []map[string]any {
	out := []map[string]any{}
	for value, count := range tally {
		out = append(out, map[string]any{"value": value, "count": count})
	}
	slices.SortFunc(out, func(a, b map[string]any) int {
		return cmp.Or(b["count"].(int)-a["count"].(int), strings.Compare(a["value"].(string), b["value"].(string)))
	})
	return out
}

func (f *Fake) problems() []fakeProblem {
	var found []fakeProblem
	for _, e := range f.catalog.entities {
		from := len(found)
		owners := []string{}
		for _, r := range list(e.object["relations"]) {
			relation, _ := r.(map[string]any)
			kind, _ := relation["type"].(string)
			target, _ := relation["targetRef"].(string)
			if kind == "ownedBy" {
				owners = append(owners, target)
			}
			if _, err := f.find(target); err != nil {
				found = append(found, fakeProblem{Type: "dangling", Level: "warning", Message: kind + " " + target + ", which is not in the catalog or not visible to you", Relation: relation})
			}
		}
		if kind, _, _ := strings.Cut(e.ref, ":"); len(owners) == 0 && !slices.Contains([]string{"user", "group", "location"}, kind) {
			found = append(found, fakeProblem{Type: "unowned", Level: "warning", Message: "It names no owner"})
		}
		for i := from; i < len(found); i++ {
			found[i].Ref, found[i].Owners = e.ref, owners
		}
	}
	slices.SortStableFunc(found, func(a, b fakeProblem) int {
		first := func(p fakeProblem) string {
			if len(p.Owners) == 0 {
				return "\U0010FFFF"
			}
			return p.Owners[0]
		}
		return cmp.Or(strings.Compare(first(a), first(b)), strings.Compare(a.Ref, b.Ref))
	})
	return found
}
