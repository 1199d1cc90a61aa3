package index_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/catalog/index"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
)

var pairs = catalog.Inverses{
	"ownerOf": "ownedBy", "apiProvidedBy": "providesApi", "apiConsumedBy": "consumesApi", "dependencyOf": "dependsOn",
	"childOf": "parentOf", "hasMember": "memberOf", "hasPart": "partOf",
}

type drawn struct {
	Nodes []struct {
		Ref, Kind, Name, Title, Type, Owner, System string
		Depth                                       int
		Cut                                         map[string]int
	}
	Edges, Path []struct{ Source, Type, Target string }
	Caps        []struct {
		Cap          string
		Limit, Count int
		EntityRefs   []string
	}
}

// String is "nodes with depth and cut | edges | caps", names without kind.
func (d drawn) String() string {
	short := func(ref string) string { return ref[strings.IndexByte(ref, '/')+1:] }
	var b strings.Builder
	for _, n := range d.Nodes {
		fmt.Fprintf(&b, "%s%d", short(n.Ref), n.Depth)
		for _, kind := range []string{"dependencyOf", "dependsOn", "ownedBy", "ownerOf", "custom"} {
			if n.Cut[kind] > 0 {
				fmt.Fprintf(&b, "+%d%s", n.Cut[kind], kind)
			}
		}
		b.WriteByte(' ')
	}
	b.WriteByte('|')
	for _, e := range d.Edges {
		fmt.Fprintf(&b, " %s-%s>%s", short(e.Source), e.Type, short(e.Target))
	}
	b.WriteString(" |")
	for _, c := range d.Caps {
		fmt.Fprintf(&b, " %s=%d:", c.Cap, c.Limit)
		for _, ref := range c.EntityRefs {
			b.WriteString(short(ref))
		}
	}
	return b.String()
}

func draw(t testing.TB, x *index.Index, v principal.Viewer, q catalog.GraphQuery) drawn {
	t.Helper()
	q.Inverses = pairs
	doc, err := x.Graph(t.Context(), v, q)
	if err != nil {
		t.Fatal(err)
	}
	return decode[drawn](t, doc.Body)
}

// web is entities by "source type target" with their inverses at the other end.
// A source is a component unless it names its kind; what no line names is not there.
func web(facts ...string) []catalog.Entity {
	full := func(name string) string {
		if strings.Contains(name, ":") {
			return strings.Replace(name, ":", ":default/", 1)
		}
		return "component:default/" + name
	}
	inverse := map[string]string{"custom": "customOf"}
	for second, first := range pairs {
		inverse[first], inverse[second] = second, first
	}
	var order []string
	relations := map[string][]catalog.Relation{}
	there := func(ref string) {
		if _, ok := relations[ref]; !ok {
			relations[ref], order = nil, append(order, ref)
		}
	}
	for _, fact := range facts {
		f := strings.Fields(fact)
		there(full(f[0]))
		if len(f) < 3 {
			continue
		}
		there(full(f[2]))
		relations[full(f[0])] = append(relations[full(f[0])], catalog.Relation{Type: f[1], TargetRef: full(f[2])})
		relations[full(f[2])] = append(relations[full(f[2])], catalog.Relation{Type: inverse[f[1]], TargetRef: full(f[0]), Incoming: true})
	}
	var out []catalog.Entity
	for _, ref := range order {
		kind, name, _ := strings.Cut(ref, ":default/")
		kind = strings.ToUpper(kind[:1]) + kind[1:]
		out = append(out, catalog.Entity{
			Ref: ref, UID: "uid-" + ref, Kind: kind, Namespace: "default", Name: name,
			Body:      []byte(fmt.Sprintf(`{"kind":%q,"metadata":{"name":%q,"title":"The \"%s\""},"spec":{"type":"service","profile":{"displayName":"x"}}}`, kind, name, name)),
			Relations: tidy(relations[ref]),
		})
	}
	return out
}

func published(t testing.TB, cfg index.Config, entities []catalog.Entity) *index.Index {
	x := index.New(cfg)
	x.Publish(catalog.Update{Reset: true, Upsert: entities, Revision: 1})
	t.Cleanup(x.Close)
	return x
}

func TestGraphsShowWhatIsAskedFor(t *testing.T) {
	x := published(t, index.Config{}, web(
		"a dependsOn b", "a dependsOn c", "b dependsOn c", "c dependsOn d", "d dependencyOf b", "a ownedBy group:g", "e dependsOn a", "f dependsOn a", "h dependsOn a", "a custom z",
	))
	a := []string{"component:default/a"}
	deps := []string{"dependsOn"}
	for _, tt := range []struct {
		name string
		q    catalog.GraphQuery
		want string
	}{
		{"relations by either name, edges once", catalog.GraphQuery{Refs: a, Relations: []string{"dependencyOf", "dependsOn"}}, "a0 e1 f1 h1 b1+1dependsOn c1+1dependsOn | a-dependsOn>b a-dependsOn>c e-dependsOn>a f-dependsOn>a h-dependsOn>a b-dependsOn>c | depth=1:bc"},
		{"outgoing follows the edge, whoever declares it", catalog.GraphQuery{Refs: []string{"component:b"}, Relations: deps, Direction: "outgoing"}, "b0 c1 d1 | b-dependsOn>c b-dependsOn>d c-dependsOn>d |"},
		{"incoming", catalog.GraphQuery{Refs: a, Relations: deps, Direction: "incoming", MaxDepth: 3}, "a0 e1 f1 h1 | e-dependsOn>a f-dependsOn>a h-dependsOn>a |"},
		{"kinds", catalog.GraphQuery{Refs: a, Kinds: []string{"GROUP"}}, "a0 g1 | a-ownedBy>g |"},
		{"a relation that has no pair", catalog.GraphQuery{Refs: a, Relations: []string{"custom"}, Direction: "outgoing"}, "a0 z1 | a-custom>z |"},
		{"a fan-out", catalog.GraphQuery{Refs: a, Relations: deps, Direction: "incoming", FanOut: 2}, "a0+1dependencyOf e1 f1 | e-dependsOn>a f-dependsOn>a | fanOut=2:a"},
		{"a bound of nodes", catalog.GraphQuery{Refs: a, Relations: deps, MaxNodes: 3}, "a0+1dependencyOf+2dependsOn e1 f1 | e-dependsOn>a f-dependsOn>a | nodes=3:a"},
		{"one of them expanded", catalog.GraphQuery{Refs: a, Relations: deps, Direction: "outgoing", Expand: []string{"Component:default/C", "component:none"}}, "a0 b1 c1 d2 | a-dependsOn>b a-dependsOn>c b-dependsOn>c b-dependsOn>d c-dependsOn>d |"},
		{"beyond the fan-out", catalog.GraphQuery{Refs: a, Relations: deps, Direction: "incoming", FanOut: 1, Expand: a}, "a0 e1 f1 h1 | e-dependsOn>a f-dependsOn>a h-dependsOn>a |"},
		{"several starts, one twice", catalog.GraphQuery{Refs: []string{"component:c", "COMPONENT:default/C", "group:g"}, Relations: deps, Direction: "outgoing", MaxDepth: 9}, "c0 g0 d1 | c-dependsOn>d |"},
	} {
		if got := draw(t, x, viewer, tt.q).String(); got != tt.want {
			t.Errorf("%s:\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
	g := draw(t, x, viewer, catalog.GraphQuery{Refs: a, Kinds: []string{"group"}})
	if n := g.Nodes[0]; n.Kind != "Component" || n.Name != "a" || n.Title != `The "a"` || n.Type != "service" || n.Owner != "group:default/g" {
		t.Errorf("%+v", n)
	}
	g = draw(t, x, viewer, catalog.GraphQuery{Refs: a, Explain: "component:d", Direction: "outgoing", MaxDepth: 4, Relations: deps, FanOut: 1})
	if fmt.Sprint(g.Path) != "[{component:default/a dependsOn component:default/b} {component:default/b dependsOn component:default/d}]" &&
		fmt.Sprint(g.Path) != "[{component:default/a dependsOn component:default/c} {component:default/c dependsOn component:default/d}]" {
		t.Errorf("the way to d is %v", g.Path)
	}
	if g := draw(t, x, viewer, catalog.GraphQuery{Refs: a, Explain: "component:d", Direction: "outgoing", MaxDepth: 1}); g.Path != nil {
		t.Errorf("a way of two steps within one: %v", g.Path)
	}
}

func TestGraphsNameTheFieldThatIsWrong(t *testing.T) {
	x := published(t, index.Config{}, web("a dependsOn b"))
	a := []string{"component:a"}
	many := make([]string, 101)
	for want, q := range map[string]catalog.GraphQuery{
		"0 refs to start from; a graph has 1 to 100":               {},
		"101 refs to start from; a graph has 1 to 100":             {Refs: many},
		"no entity component:default/none to start from":           {Refs: []string{"component:a", "component:none"}},
		"no entity component:default/none to explain":              {Refs: a, Explain: "component:none"},
		`direction is "up"; it must be outgoing, incoming or both`: {Refs: a, Direction: "up"},
		"maxDepth is 11; it must be 1 to 10":                       {Refs: a, MaxDepth: 11},
		"maxNodes is 1001; it must be 1 to 1000":                   {Refs: a, MaxNodes: 1001},
		"fanOut is -1; it must be 1 to 1000":                       {Refs: a, FanOut: -1},
		"relations has 101 types; at most 100":                     {Refs: a, Relations: many},
		"expand has 101 refs; at most 100":                         {Refs: a, Expand: many},
		"kinds has 101 kinds; at most 100":                         {Refs: a, Kinds: many},
		"maxNodes is 1; the way to component:default/b needs more": {Refs: a, Explain: "component:b", MaxNodes: 1},
	} {
		_, err := x.Graph(t.Context(), viewer, q)
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", want, err)
		} else if got := err.Error(); got != want {
			t.Errorf("got %q\nwant %q", got, want)
		}
	}
}

type lost struct {
	Entity   struct{ Ref string }
	Affected []struct {
		Ref, Effect string
		Depth       int
		Path        []struct{ Source, Type, Target string }
	}
	Owners []struct {
		Owner            string
		Direct, Indirect int
	}
	Direct, Indirect int
	Goes             []struct{ Ref string }
	Truncated        bool
}

func impact(t testing.TB, x *index.Index, v principal.Viewer, q catalog.ImpactQuery) lost {
	t.Helper()
	q.Inverses = pairs
	doc, err := x.Impact(t.Context(), v, q)
	if err != nil {
		t.Fatal(err)
	}
	return decode[lost](t, doc.Body)
}

// String is "name depth effect, …".
func (l lost) String() string {
	var out []string
	for _, a := range l.Affected {
		out = append(out, fmt.Sprintf("%s %d %s", a.Ref[strings.IndexByte(a.Ref, '/')+1:], a.Depth, a.Effect))
	}
	return strings.Join(out, ", ")
}

func TestImpactFollowsWhatBreaks(t *testing.T) {
	x := published(t, index.Config{}, web(
		"db", "svc dependsOn db", "svc providesApi api:rest", "web consumesApi api:rest", "job dependsOn web", "svc ownedBy group:core", "web ownedBy group:front", "job ownedBy group:front",
		"part partOf svc", "svc partOf system:s", "svc custom other", "db dependsOn disk", "loop dependsOn job", "job dependsOn loop", "user:u memberOf group:core",
	))
	for _, tt := range []struct {
		name string
		q    catalog.ImpactQuery
		want string
	}{
		{"through APIs and round a circle", catalog.ImpactQuery{Ref: "component:db"}, "svc 1 breaks, rest 2 breaks, web 3 breaks, job 4 breaks, loop 5 breaks"},
		{"what goes is missed, what breaks is not", catalog.ImpactQuery{Ref: "COMPONENT:svc"}, "rest 1 breaks, web 2 breaks, job 3 breaks, loop 4 breaks, part 1 loses"},
		{"an API does not take its provider along", catalog.ImpactQuery{Ref: "api:rest"}, "web 1 breaks, job 2 breaks, loop 3 breaks"},
		{"a team", catalog.ImpactQuery{Ref: "group:core"}, "u 1 loses, svc 1 loses"},
		{"a relation that only the model knows", catalog.ImpactQuery{Ref: "component:other"}, "svc 1 loses"},
		{"to a depth", catalog.ImpactQuery{Ref: "component:db", MaxDepth: 2}, "svc 1 breaks, rest 2 breaks"},
		{"so many", catalog.ImpactQuery{Ref: "component:db", MaxNodes: 3}, "svc 1 breaks, rest 2 breaks, web 3 breaks"},
		{"with what goes along", catalog.ImpactQuery{Ref: "system:s", Goes: []string{"component:default/web", "component:default/none"}}, "job 1 breaks, loop 2 breaks, svc 1 loses"},
	} {
		got := impact(t, x, viewer, tt.q)
		if got.String() != tt.want {
			t.Errorf("%s: %s\nwant %s", tt.name, got, tt.want)
		}
		if cut := tt.q.MaxDepth+tt.q.MaxNodes > 0; got.Truncated != cut {
			t.Errorf("%s: truncated is %t", tt.name, got.Truncated)
		}
		for _, a := range got.Affected {
			if len(a.Path) != a.Depth || a.Path[a.Depth-1].Source != a.Ref && a.Path[a.Depth-1].Target != a.Ref {
				t.Errorf("%s: the path to %s is %v", tt.name, a.Ref, a.Path)
			}
		}
		if got.Direct+got.Indirect != len(got.Affected) {
			t.Errorf("%s: %d direct and %d indirect of %d", tt.name, got.Direct, got.Indirect, len(got.Affected))
		}
	}
	l := impact(t, x, viewer, catalog.ImpactQuery{Ref: "component:db"})
	if fmt.Sprint(l.Owners) != "[{ 0 2} {group:default/front 0 2} {group:default/core 1 0}]" {
		t.Errorf("owners %v", l.Owners)
	}
	if _, err := x.Impact(t.Context(), viewer, catalog.ImpactQuery{Ref: "component:none"}); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
	for _, q := range []catalog.ImpactQuery{{Ref: "x"}, {Ref: "component:db", MaxDepth: 11}, {Ref: "component:db", MaxNodes: -1}} {
		if _, err := x.Impact(t.Context(), viewer, q); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

// sameDrawings holds that a graph and an impact say of hidden entities what
// they say of absent ones.
func sameDrawings(t *testing.T, all, open *index.Index, v principal.Viewer, ref string, c chance) {
	t.Helper()
	same := func(name string, ask func(x *index.Index) (catalog.Document, error)) {
		got, gotErr := ask(all)
		want, wantErr := ask(open)
		if fmt.Sprint(gotErr) != fmt.Sprint(wantErr) || text(got.Body) != text(want.Body) {
			t.Errorf("%s of %s\nhidden %s %v\nabsent %s %v", name, ref, text(got.Body), gotErr, text(want.Body), wantErr)
		}
	}
	q := catalog.GraphQuery{
		Refs: []string{ref}, MaxDepth: 1 + c.IntN(4), MaxNodes: 1 + c.IntN(60), FanOut: 1 + c.IntN(5), Inverses: pairs,
		Direction: []string{"", "incoming", "outgoing"}[c.IntN(3)],
	}
	same("graph", func(x *index.Index) (catalog.Document, error) { return x.Graph(t.Context(), v, q) })
	i := catalog.ImpactQuery{Ref: ref, MaxDepth: 1 + c.IntN(4), MaxNodes: 1 + c.IntN(60), Inverses: pairs}
	same("impact", func(x *index.Index) (catalog.Document, error) { return x.Impact(t.Context(), v, i) })
}
