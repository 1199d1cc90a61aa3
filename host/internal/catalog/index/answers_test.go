package index_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/catalog/index"
	"github.com/callboard/callboard/host/internal/fault"
)

func TestGet(t *testing.T) {
	x := index.New(index.Config{})
	e := catalog.Entity{
		Ref: "component:default/shop", UID: "u-1",
		Body:      []byte(`{"kind":"Component","metadata":{"name":"Shop","annotations":{"a.b/c":"x","a":"y"},"tags":["t"]},"spec":{"owner":"me","deep":{"er":{"est":1}}}}`),
		Relations: []catalog.Relation{{Type: "ownedBy", TargetRef: "group:default/me"}},
		Status:    []byte(`[{"level":"error"}]`),
	}
	x.Publish(catalog.Update{Reset: true, Upsert: []catalog.Entity{e}, Revision: 9})
	full := `{"kind":"Component","metadata":{"name":"Shop","annotations":{"a.b/c":"x","a":"y"},"tags":["t"]},"spec":{"owner":"me","deep":{"er":{"est":1}}},` +
		`"relations":[{"type":"ownedBy","targetRef":"group:default/me"}],"status":{"items":[{"level":"error"}]}}`
	for _, tc := range []struct {
		name string
		q    catalog.GetQuery
		want string // body, or message
		kind fault.Kind
	}{
		{"by ref", catalog.GetQuery{Ref: "component:default/shop"}, full, 0},
		{"by a ref in another form", catalog.GetQuery{Ref: "Component:SHOP"}, full, 0},
		{"by uid", catalog.GetQuery{UID: "u-1"}, full, 0},
		{"fields", catalog.GetQuery{UID: "u-1", Fields: []string{"kind", " metadata.name ", ""}}, `{"kind":"Component","metadata":{"name":"Shop"}}`, 0},
		{"a key with dots", catalog.GetQuery{UID: "u-1", Fields: []string{"metadata.annotations.a.b/c"}}, `{}`, 0},
		{"the shortest key is taken", catalog.GetQuery{UID: "u-1", Fields: []string{"metadata.annotations.a"}}, `{"metadata":{"annotations":{"a":"y"}}}`, 0},
		{"a whole list and a whole object", catalog.GetQuery{UID: "u-1", Fields: []string{"metadata.tags", "spec", "spec.owner"}}, `{"metadata":{"tags":["t"]},"spec":{"owner":"me","deep":{"er":{"est":1}}}}`, 0},
		{"deep", catalog.GetQuery{UID: "u-1", Fields: []string{"spec.deep.er.est", "spec.deep.none", "spec.owner.x"}}, `{"spec":{"deep":{"er":{"est":1}}}}`, 0},
		{"relations and status", catalog.GetQuery{UID: "u-1", Fields: []string{"relations", "status.items"}}, `{"relations":[{"type":"ownedBy","targetRef":"group:default/me"}],"status":{"items":[{"level":"error"}]}}`, 0},
		{"nothing there", catalog.GetQuery{UID: "u-1", Fields: []string{"none.at.all", "spec.none"}}, `{}`, 0},
		{"an array path", catalog.GetQuery{UID: "u-1", Fields: []string{"metadata.tags[0]"}}, "invalid fields, array type fields are not supported", fault.Invalid},
		{"absent", catalog.GetQuery{Ref: "component:default/none"}, "No entity named 'none' found, with kind 'component' in namespace 'default'", fault.NotFound},
		{"absent uid", catalog.GetQuery{UID: "u-2"}, "No entity with uid u-2", fault.NotFound},
		{"no ref", catalog.GetQuery{Ref: "shop"}, "names no kind", fault.Invalid},
		{"nothing asked", catalog.GetQuery{}, "has no name", fault.Invalid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d, err := x.Get(context.Background(), viewer, tc.q)
			if tc.kind != 0 {
				if !fault.Is(err, tc.kind) || !strings.Contains(fault.Message(err), tc.want) {
					t.Errorf("err = %v", err)
				}
				return
			}
			if err != nil || text(d.Body) != tc.want || d.Revision != 9 || d.ETag == "" || d.Body.Size() != int64(len(tc.want)) {
				t.Errorf("%v revision %d etag %q\n got %s\nwant %s", err, d.Revision, d.ETag, text(d.Body), tc.want)
			}
		})
	}
}

func TestInvalidQuestions(t *testing.T) {
	x := index.New(index.Config{MaxClauses: 20, MaxRefs: 3}) // empty: what is malformed is refused all the same
	for _, tc := range []struct {
		name, want string
		q          catalog.Query
	}{
		{"a predicate that is no object", `expected an object`, catalog.Query{Predicate: []byte(`"component"`)}},
		{"no JSON", "not JSON", catalog.Query{Predicate: []byte(`{`)}},
		{"two values", "more than one", catalog.Query{Predicate: []byte(`{} {}`)}},
		{"an unknown operator", `"$nor"`, catalog.Query{Predicate: []byte(`{"$nor":[]}`)}},
		{"$all that is no list", "$all needs an array", catalog.Query{Predicate: []byte(`{"$all":{}}`)}},
		{"$not of a value", "expected an object", catalog.Query{Predicate: []byte(`{"$not":"x"}`)}},
		{"$not as a value", `field "kind" needs`, catalog.Query{Predicate: []byte(`{"kind":{"$not":"x"}}`)}},
		{"an operator with company", "must stand alone", catalog.Query{Predicate: []byte(`{"$any":[],"kind":"x"}`)}},
		{"a list as a value", `field "kind" needs`, catalog.Query{Predicate: []byte(`{"kind":["x"]}`)}},
		{"null as a value", `field "kind" needs`, catalog.Query{Predicate: []byte(`{"kind":null}`)}},
		{"$exists of a string", `field "kind" needs`, catalog.Query{Predicate: []byte(`{"kind":{"$exists":"yes"}}`)}},
		{"$contains of an object elsewhere", `field "spec.x" needs`, catalog.Query{Predicate: []byte(`{"spec.x":{"$contains":{"type":"x"}}}`)}},
		{"a relation without type", `needs a "type"`, catalog.Query{Predicate: []byte(`{"relations":{"$contains":{"targetRef":"x"}}}`)}},
		{"a relation with more", `no "target"`, catalog.Query{Predicate: []byte(`{"relations":{"$contains":{"type":"x","target":"y"}}}`)}},
		{"too many clauses", "too many clauses", catalog.Query{Predicate: []byte(`{"$all":[` + strings.Repeat(`{},`, 30) + `{}]}`)}},
		{"too deep", "deeper than 64", catalog.Query{Predicate: []byte(strings.Repeat(`{"$not":`, 70) + `{}` + strings.Repeat(`}`, 70))}},
		{"a term without a key", "no key", catalog.Query{Filter: catalog.Filter{{{Values: []string{"x"}}}}}},
		{"a filter of many terms", "more than 20 clauses", catalog.Query{Filter: catalog.Filter{{{Key: "k", Values: make([]string, 30)}}}}},
		{"an order without a field", "no name", catalog.Query{Order: []catalog.Order{{}}}},
		{"many orders", "more than 8", catalog.Query{Order: make([]catalog.Order, 9)}},
		{"a negative limit", "negative", catalog.Query{Limit: -2}},
		{"a negative offset", "negative", catalog.Query{Offset: -1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			y := x
			if tc.name == "too deep" {
				y = index.New(index.Config{})
			}
			_, err := y.Query(context.Background(), viewer, tc.q)
			if !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Message(err), tc.want) {
				t.Errorf("err = %v, want %q", err, tc.want)
			}
		})
	}
	if _, err := x.ByRefs(context.Background(), viewer, catalog.RefsQuery{Refs: make([]string, 4)}); !fault.Is(err, fault.Invalid) {
		t.Errorf("too many refs: %v", err)
	}
	if _, err := x.Facets(context.Background(), viewer, catalog.FacetQuery{}); !fault.Is(err, fault.Invalid) {
		t.Errorf("no facets: %v", err)
	}
}

func TestByRefsKeepsOrderAndPlaces(t *testing.T) {
	x, entities := loaded(t, 60)
	a, b := entities[3], entities[50] // a System and a Component
	d, err := x.ByRefs(context.Background(), viewer, catalog.RefsQuery{
		Refs:   []string{b.Ref, "component:default/none", a.Ref, strings.ToUpper(b.Ref), "::", b.Ref},
		Fields: []string{"metadata.name"}, Predicate: []byte(`{"kind":"Component"}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	name := `{"metadata":{"name":"` + b.Name + `"}}`
	if want := "[" + strings.Join([]string{name, "null", "null", name, "null", name}, ",") + "]"; text(d.Body) != want {
		t.Errorf("\n got %s\nwant %s", text(d.Body), want)
	}
}

func TestFacetsAreAsWritten(t *testing.T) {
	x := index.New(index.Config{})
	var entities []catalog.Entity
	for i, tags := range []string{`["b","a"]`, `["B"]`, `["b","B"]`, `["a\"<",null,1]`, `"` + strings.Repeat("l", 201) + `"`} {
		entities = append(entities, catalog.Entity{Ref: refOf(i), UID: uidOf(i), Body: []byte(`{"kind":"K","metadata":{"tags":` + tags + `}}`)})
	}
	x.Publish(catalog.Update{Reset: true, Upsert: entities, Revision: 1})
	d, err := x.Facets(context.Background(), viewer, catalog.FacetQuery{Facets: []string{"Metadata.Tags", "metadata.tags.b", "none", "none"}})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"Metadata.Tags":[{"value":"1","count":1},{"value":"B","count":1},{"value":"a","count":1},{"value":"a\"<","count":1},{"value":"b","count":2}],` +
		`"metadata.tags.b":[{"value":"true","count":3}],"none":[]}`
	if text(d.Body) != want {
		t.Errorf("\n got %s\nwant %s", text(d.Body), want)
	}
}

// TestRecordedAnswers feeds the index with the entities of a real Backstage's
// recorded answers and asks for them the same way.
func TestRecordedAnswers(t *testing.T) {
	root := os.Getenv("CALLBOARD_CORPUS")
	if root == "" {
		root = "../../../../../shared/corpus"
	}
	data, err := os.ReadFile(filepath.Join(root, "../reference/recorded/catalog.json"))
	if err != nil {
		t.Skip("no recorded answers:", err)
	}
	var calls []struct {
		Note   string
		Answer json.RawMessage
	}
	if err := json.Unmarshal(data, &calls); err != nil {
		t.Fatal(err)
	}
	answers := map[string]json.RawMessage{}
	for _, c := range calls {
		answers[c.Note] = c.Answer
	}
	var list struct{ Items []json.RawMessage }
	if err := json.Unmarshal(answers["/entities/by-query?limit=2&orderField=metadata.name,asc&filter=kind=component"], &list); err != nil {
		t.Fatal(err)
	}
	x := index.New(index.Config{})
	var entities []catalog.Entity
	for _, item := range list.Items {
		entities = append(entities, recordedEntity(t, item))
	}
	x.Publish(catalog.Update{Reset: true, Upsert: entities, Revision: 1})
	page, err := x.Query(context.Background(), viewer, catalog.Query{Filter: componentFilter, Order: []catalog.Order{{Field: "metadata.name"}}, Limit: 2})
	if err != nil || page.TotalItems != 2 {
		t.Fatal(page.TotalItems, err)
	}
	if got, want := decode[any](t, page.Body), compact(t, list.Items); !reflect.DeepEqual(got, want) {
		t.Errorf("the list differs\n got %v\nwant %v", got, want)
	}
	one, err := x.Get(context.Background(), viewer, catalog.GetQuery{Ref: "component:default/artist-lookup"})
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := json.Compact(&want, answers["/entities/by-name/component/default/artist-lookup"]); err != nil {
		t.Fatal(err)
	}
	if text(one.Body) != want.String() {
		t.Errorf("by name differs\n got %s\nwant %s", text(one.Body), want.String())
	}
	_, err = x.Get(context.Background(), viewer, catalog.GetQuery{Ref: "component:default/none"})
	var refused struct{ Error struct{ Message string } }
	if jsonErr := json.Unmarshal(answers["/entities/by-name/component/default/none"], &refused); jsonErr != nil || fault.Message(err) != refused.Error.Message {
		t.Errorf("absent: %v, want %q", err, refused.Error.Message)
	}
	facets, err := x.Facets(context.Background(), viewer, catalog.FacetQuery{Facets: []string{"kind"}})
	if err != nil || text(facets.Body) != `{"kind":[{"value":"Component","count":2}]}` {
		t.Errorf("facets: %s %v", text(facets.Body), err)
	}
}

func compact(t *testing.T, items []json.RawMessage) any {
	t.Helper()
	list := make([]any, len(items))
	for i := range items {
		if err := json.Unmarshal(items[i], &list[i]); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

// recordedEntity takes an answered entity apart again.
func recordedEntity(t *testing.T, answer json.RawMessage) catalog.Entity {
	t.Helper()
	var e struct {
		Metadata  struct{ Name, Namespace, UID string }
		Kind      string
		Relations []catalog.Relation
	}
	if err := json.Unmarshal(answer, &e); err != nil {
		t.Fatal(err)
	}
	var body bytes.Buffer
	if err := json.Compact(&body, answer); err != nil {
		t.Fatal(err)
	}
	head, _, ok := bytes.Cut(body.Bytes(), []byte(`,"relations":`))
	if !ok {
		t.Fatal("the recorded entity has no relations")
	}
	return catalog.Entity{
		Ref: strings.ToLower(e.Kind + ":" + e.Metadata.Namespace + "/" + e.Metadata.Name), UID: e.Metadata.UID,
		Body: append(bytes.Clone(head), '}'), Relations: e.Relations,
	}
}
