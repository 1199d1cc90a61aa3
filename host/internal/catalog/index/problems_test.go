package index_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/catalog/index"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
)

type problems struct {
	Items []struct {
		EntityRef, Type, Level, Message, Location string
		Line                                      int
		Owners                                    []string
		Relation                                  *struct{ Type, TargetRef string }
	}
	TotalItems int
	Counts     map[string][]struct {
		Value string
		Count int
	}
}

// String is one "ref type" a problem, in the order of the answer.
func (p problems) String() string {
	var out []string
	for _, i := range p.Items {
		out = append(out, i.EntityRef+" "+i.Type)
	}
	return strings.Join(out, ", ")
}

func (p problems) counted(key string) string {
	var out []string
	for _, c := range p.Counts[key] {
		out = append(out, fmt.Sprintf("%s %d", c.Value, c.Count))
	}
	return strings.Join(out, ", ")
}

func problemsOf(t testing.TB, x *index.Index, v principal.Viewer, q catalog.ProblemsQuery) problems {
	t.Helper()
	doc, err := x.Problems(t.Context(), v, q)
	if err != nil {
		t.Fatal(err)
	}
	var p problems
	if err := json.Unmarshal([]byte(text(doc.Body)), &p); err != nil {
		t.Fatalf("%v: %s", err, text(doc.Body))
	}
	return p
}

// thing is an entity with the relations that it declares, "type>ref".
func thing(ref, annotations, status string, declares ...string) catalog.Entity {
	kind, rest, _ := strings.Cut(ref, ":")
	namespace, name, _ := strings.Cut(rest, "/")
	if annotations == "" {
		annotations = "{}"
	}
	e := catalog.Entity{
		Ref: ref, UID: "uid-" + ref, ETag: "1", Kind: kind, Namespace: namespace, Name: name, Status: []byte(status),
		Body: []byte(`{"kind":"` + kind + `","metadata":{"name":"` + name + `","annotations":` + annotations + `}}`),
	}
	for _, d := range declares {
		relation, target, _ := strings.Cut(d, ">")
		e.Relations = append(e.Relations, catalog.Relation{Type: relation, TargetRef: target})
	}
	return e
}

func broken() []catalog.Entity {
	refused := `[{"type":"t","level":"error","message":"InputError: file.yaml:12: spec.owner is missing","error":{"name":"InputError","message":"file.yaml:12: spec.owner is missing"}},{"type":"t","level":"info","message":"a note"}]`
	absent := `[{"type":"t","level":"error","message":"NotFoundError: no such file","error":{"name":"NotFoundError","message":"no such file"}}]`
	members := thing("group:default/a", "", "")
	members.Relations = []catalog.Relation{{Type: "hasMember", TargetRef: "user:default/gone", Incoming: true}}
	return []catalog.Entity{
		members,
		thing("component:default/fine", "", "", "ownedBy>group:default/a"),
		thing("component:default/refused", `{"backstage.io/managed-by-location":"file:file.yaml"}`, refused, "ownedBy>group:default/a"),
		thing("component:default/dangling", "", "", "dependsOn>component:default/gone", "dependsOn>component:default/fine", "ownedBy>group:default/a"),
		thing("component:default/orphan", `{"backstage.io/orphan":"true"}`, "", "ownedBy>group:default/b"),
		thing("component:default/quoting", `{"about":"\"backstage.io/orphan\":\"true\""}`, "", "ownedBy>group:default/a"),
		thing("api:default/unowned", "", ""),
		thing("location:default/unread", "", absent),
	}
}

func TestProblemsAreFoundWithWhereTheyAreAndWhoseTheyAre(t *testing.T) {
	x := index.New(index.Config{})
	x.Publish(catalog.Update{Reset: true, Upsert: broken(), Revision: 1})
	all := problemsOf(t, x, principal.Viewer{}, catalog.ProblemsQuery{})
	// group:default/b is nowhere either, and sorts after group:default/a; what has no owner is last.
	want := "component:default/dangling dangling, component:default/refused processing, " +
		"component:default/orphan dangling, component:default/orphan orphan, " +
		"api:default/unowned unowned, location:default/unread unreadable"
	if all.String() != want || all.TotalItems != 6 {
		t.Errorf("%d problems: %s", all.TotalItems, all)
	}
	refused := all.Items[1]
	if refused.Location != "file:file.yaml" || refused.Line != 12 || refused.Level != "error" || !slices.Equal(refused.Owners, []string{"group:default/a"}) {
		t.Errorf("%+v", refused)
	}
	if r := all.Items[0].Relation; r == nil || r.Type != "dependsOn" || r.TargetRef != "component:default/gone" {
		t.Errorf("%+v", r)
	}
}

func TestCountsOfProblemsAreWhatChoosingThemWouldShow(t *testing.T) {
	x := index.New(index.Config{})
	x.Publish(catalog.Update{Reset: true, Upsert: broken(), Revision: 1})
	q := catalog.ProblemsQuery{Types: []string{catalog.ProblemDangling}}
	got := problemsOf(t, x, principal.Viewer{}, q)
	if got.counted("types") != "dangling 2, orphan 1, processing 1, unowned 1, unreadable 1" || got.counted("owners") != "group:default/a 1, group:default/b 1" || got.counted("kinds") != "component 2" {
		t.Errorf("types %s; owners %s; kinds %s", got.counted("types"), got.counted("owners"), got.counted("kinds"))
	}
	for key, choose := range map[string]func(value string) catalog.ProblemsQuery{
		"types":  func(v string) catalog.ProblemsQuery { return catalog.ProblemsQuery{Types: []string{v}} },
		"owners": func(v string) catalog.ProblemsQuery { return catalog.ProblemsQuery{Owners: []string{v}} },
		"kinds": func(v string) catalog.ProblemsQuery {
			return catalog.ProblemsQuery{Kinds: []string{strings.ToUpper(v)}}
		},
	} {
		for _, c := range problemsOf(t, x, principal.Viewer{}, catalog.ProblemsQuery{Limit: 1}).Counts[key] {
			if n := problemsOf(t, x, principal.Viewer{}, choose(c.Value)); n.TotalItems != c.Count || len(n.Items) != c.Count {
				t.Errorf("%s %s: counted %d, listed %d of %d", key, c.Value, c.Count, len(n.Items), n.TotalItems)
			}
		}
	}
	if page := problemsOf(t, x, principal.Viewer{}, catalog.ProblemsQuery{Limit: 2, Offset: 5}); page.String() != "location:default/unread unreadable" {
		t.Errorf("the last page: %s", page)
	}
}

// only is a visibility of the named entities.
type only []string

func (o only) Scope(principal.Viewer) *index.Scope {
	return &index.Scope{Key: strings.Join(o, " "), See: func(p index.Part) index.Set {
		set := index.NewSet(p.Len())
		for id := range uint32(p.Len()) { //nolint:gosec // a few
			if slices.Contains(o, p.Ref(id)) {
				set.Add(id)
			}
		}
		return set
	}}
}

func TestWhatIsHiddenHasNoProblemsAndIsAbsent(t *testing.T) {
	x := index.New(index.Config{Visibility: only{"component:default/fine", "component:default/dangling"}})
	x.Publish(catalog.Update{Reset: true, Upsert: broken(), Revision: 1})
	got := problemsOf(t, x, principal.Viewer{}, catalog.ProblemsQuery{})
	if got.String() != "component:default/dangling dangling, component:default/dangling dangling, component:default/fine dangling" {
		t.Errorf("%s", got)
	}
	reach := func(ref string) bool { return ref == "component:default/fine" }
	if got := problemsOf(t, x, principal.Viewer{}, catalog.ProblemsQuery{Reach: reach}); got.TotalItems != 1 || got.counted("kinds") != "component 1" {
		t.Errorf("%s", got)
	}
}

func TestAProblemGoesWithTheChangeThatMendsIt(t *testing.T) {
	x := index.New(index.Config{})
	x.Publish(catalog.Update{Reset: true, Upsert: broken(), Revision: 1})
	before := problemsOf(t, x, principal.Viewer{}, catalog.ProblemsQuery{Types: []string{catalog.ProblemDangling}}).TotalItems
	x.Publish(catalog.Update{Upsert: []catalog.Entity{thing("component:default/gone", "", "", "ownedBy>group:default/a")}, Revision: 2})
	if after := problemsOf(t, x, principal.Viewer{}, catalog.ProblemsQuery{Types: []string{catalog.ProblemDangling}}); before != 2 || after.TotalItems != 1 {
		t.Errorf("%d problems before, %s after", before, after)
	}
}

func TestProblemsRefuseWhatTheyDoNotKnow(t *testing.T) {
	x := index.New(index.Config{})
	for _, q := range []catalog.ProblemsQuery{{Types: []string{"x"}}, {Limit: -1}, {Limit: 1001}, {Offset: -1}} {
		if _, err := x.Problems(t.Context(), principal.Viewer{}, q); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", q, err)
		}
	}
}
