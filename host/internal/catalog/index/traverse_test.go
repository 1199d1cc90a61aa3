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

type graph struct {
	Nodes []struct {
		Ref    string
		Depth  int
		Entity *struct{ Metadata struct{ Name string } }
	}
	Edges     []struct{ Source, Type, Target string }
	Truncated bool
}

// String is "nodes with depth | edges", in the order of the answer.
func (g graph) String() string {
	var b strings.Builder
	for _, n := range g.Nodes {
		fmt.Fprintf(&b, "%s%d ", n.Ref[len("component:default/"):], n.Depth)
	}
	b.WriteByte('|')
	for _, e := range g.Edges {
		fmt.Fprintf(&b, " %s-%s>%s", e.Source[len("component:default/"):], e.Type, e.Target[len("component:default/"):])
	}
	if g.Truncated {
		b.WriteString(" …")
	}
	return b.String()
}

func traverse(t testing.TB, x *index.Index, v principal.Viewer, q catalog.TraverseQuery) graph {
	t.Helper()
	doc, err := x.Traverse(t.Context(), v, q)
	if err != nil {
		t.Fatal(err)
	}
	var g graph
	if err := json.Unmarshal([]byte(text(doc.Body)), &g); err != nil {
		t.Fatalf("%v: %s", err, text(doc.Body))
	}
	return g
}

// chain makes a > b > c > d by dependsOn, with a > c and the other direction.
func chain() []catalog.Entity {
	edges := map[string][]string{"a": {"b", "c"}, "b": {"c"}, "c": {"d"}, "d": {"a", "gone"}}
	var out []catalog.Entity
	for _, name := range []string{"a", "b", "c", "d"} {
		e := catalog.Entity{
			Ref: "component:default/" + name, UID: "uid-" + name, ETag: "1", Kind: "Component", Namespace: "default", Name: name,
			Body: []byte(`{"kind":"Component","metadata":{"name":"` + name + `"}}`),
		}
		for _, to := range edges[name] {
			e.Relations = append(e.Relations, catalog.Relation{Type: "dependsOn", TargetRef: "component:default/" + to})
		}
		for _, from := range []string{"a", "b", "c", "d"} {
			if slices.Contains(edges[from], name) {
				e.Relations = append(e.Relations, catalog.Relation{Type: "dependencyOf", TargetRef: "component:default/" + from, Incoming: true})
			}
		}
		slices.SortFunc(e.Relations, func(a, b catalog.Relation) int { return strings.Compare(a.Type+a.TargetRef, b.Type+b.TargetRef) })
		out = append(out, e)
	}
	return out
}

func TestTraversalGoesWhereItIsAsked(t *testing.T) {
	x := index.New(index.Config{})
	x.Publish(catalog.Update{Reset: true, Upsert: chain(), Revision: 1})
	a := []string{"component:default/a"}
	for _, tt := range []struct {
		name string
		q    catalog.TraverseQuery
		want string
	}{
		{"one step both ways", catalog.TraverseQuery{Refs: a}, "a0 d1 b1 c1 | a-dependencyOf>d a-dependsOn>b a-dependsOn>c"},
		{"what it declares", catalog.TraverseQuery{Refs: a, Direction: catalog.Declared}, "a0 b1 c1 | a-dependsOn>b a-dependsOn>c"},
		{"what is declared about it", catalog.TraverseQuery{Refs: a, Direction: catalog.Incoming}, "a0 d1 | a-dependencyOf>d"},
		{"one type, round the circle", catalog.TraverseQuery{Refs: a, Relations: []string{"dependsOn"}, Depth: 10}, "a0 b1 c1 d2 | a-dependsOn>b a-dependsOn>c b-dependsOn>c c-dependsOn>d d-dependsOn>a"},
		{"a bound of nodes", catalog.TraverseQuery{Refs: a, Direction: catalog.Declared, Limit: 2}, "a0 b1 | a-dependsOn>b …"},
		{"a ref in any case, twice", catalog.TraverseQuery{Refs: []string{"COMPONENT:c", "component:default/c"}, Direction: catalog.Declared}, "c0 d1 | c-dependsOn>d"},
		{"absent refs lead nowhere", catalog.TraverseQuery{Refs: []string{"component:default/gone"}}, "|"},
		{"out of reach leads nowhere", catalog.TraverseQuery{Refs: a, Direction: catalog.Declared, Depth: 9, Reach: func(ref string) bool { return ref != "component:default/c" }}, "a0 b1 | a-dependsOn>b"},
		{"refs only", catalog.TraverseQuery{Refs: a, Direction: catalog.Incoming, RefsOnly: true}, "a0 d1 | a-dependencyOf>d"},
	} {
		g := traverse(t, x, viewer, tt.q)
		if got := g.String(); got != tt.want {
			t.Errorf("%s: %s\nwant %s", tt.name, got, tt.want)
		}
		for _, n := range g.Nodes {
			if (n.Entity == nil) != tt.q.RefsOnly || n.Entity != nil && "component:default/"+n.Entity.Metadata.Name != n.Ref {
				t.Errorf("%s: %s has %+v", tt.name, n.Ref, n.Entity)
			}
		}
	}
	for name, q := range map[string]catalog.TraverseQuery{
		"no start": {}, "no ref": {Refs: []string{"a"}}, "a direction": {Refs: a, Direction: "up"}, "too deep": {Refs: a, Depth: 11},
		"too many": {Refs: a, Limit: 1001}, "below nothing": {Refs: a, Depth: -1}, "too many starts": {Refs: make([]string, 101)},
	} {
		if _, err := x.Traverse(t.Context(), viewer, q); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// sameGraphs compares what a limited viewer reaches with what there is without
// the hidden entities.
func sameGraphs(t *testing.T, all, open *index.Index, v principal.Viewer, ref string, c chance) {
	t.Helper()
	q := catalog.TraverseQuery{Refs: []string{ref}, Depth: 1 + c.IntN(4), Limit: 1 + c.IntN(60), Fields: []string{"relations"}}
	got, err := all.Traverse(t.Context(), v, q)
	if err != nil {
		t.Fatal(err)
	}
	want, err := open.Traverse(t.Context(), v, q)
	if err != nil {
		t.Fatal(err)
	}
	if text(got.Body) != text(want.Body) {
		t.Errorf("%+v\nhidden %s\nabsent %s", q, text(got.Body), text(want.Body))
	}
}
