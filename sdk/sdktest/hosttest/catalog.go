package hosttest

import (
	"encoding/json"
	"testing"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// entities are what every host of the suite holds.
var entities = []string{
	`{"apiVersion":"backstage.io/v1alpha1","kind":"Component","metadata":{"namespace":"default","name":"web","uid":"00000000-0000-4000-8000-000000000001","etag":"e1","description":"The shop window","tags":["go","public"],"annotations":{"example.com/tier":"1"}},"spec":{"type":"website","lifecycle":"production","owner":"team-a"}}`,
	`{"apiVersion":"backstage.io/v1alpha1","kind":"Component","metadata":{"namespace":"default","name":"api","uid":"00000000-0000-4000-8000-000000000002","etag":"e2","description":"Orders","tags":["go"]},"spec":{"type":"service","lifecycle":"production","owner":"team-a"}}`,
	`{"apiVersion":"backstage.io/v1alpha1","kind":"Component","metadata":{"namespace":"payments","name":"Ledger","uid":"00000000-0000-4000-8000-000000000003","etag":"e3"},"spec":{"type":"service","lifecycle":"experimental","owner":"team-b"}}`,
	`{"apiVersion":"backstage.io/v1alpha1","kind":"Group","metadata":{"namespace":"default","name":"team-a","uid":"00000000-0000-4000-8000-000000000004","etag":"e4"},"spec":{"type":"team","children":[]}}`,
}

// names reads a JSON array of entities and returns their names, "null" for null.
func (p *probe) names(handle uint32, size uint64) []string {
	p.t.Helper()
	var items []*struct {
		Metadata struct{ Name string }
	}
	if err := json.Unmarshal([]byte(p.read(handle, size)), &items); err != nil {
		p.t.Fatal(err)
	}
	out := []string{}
	for _, i := range items {
		if i == nil {
			out = append(out, "null")
			continue
		}
		out = append(out, i.Metadata.Name)
	}
	return out
}

func (p *probe) query(q contract.CatalogQueryRequest) ([]string, contract.CatalogQueryAnswer) {
	p.t.Helper()
	var a contract.CatalogQueryAnswer
	p.must(abi.CapCatalog, abi.CatalogQuery, &q, &a)
	names := p.names(a.Handle, a.Size)
	if len(names) != a.Count {
		p.t.Errorf("count = %d for %v", a.Count, names)
	}
	return names, a
}

func where(terms ...contract.FilterTerm) contract.FilterAll { return contract.FilterAll{Terms: terms} }

func is(key string, values ...string) contract.FilterTerm {
	return contract.FilterTerm{Key: key, Values: values}
}

var byName = []contract.OrderField{{Field: "metadata.name"}}

// queries selects names; the table says what each finds, by name.
var queries = []struct {
	name string
	q    contract.CatalogQueryRequest
	want []string
}{
	{"everything", contract.CatalogQueryRequest{}, []string{"api", "Ledger", "team-a", "web"}},
	{"equality without regard to case", contract.CatalogQueryRequest{Filter: []contract.FilterAll{where(is("KIND", "component"), is("spec.type", "SERVICE"))}}, []string{"api", "Ledger"}},
	{"existence", contract.CatalogQueryRequest{Filter: []contract.FilterAll{where(is("metadata.annotations.example.com/tier"))}}, []string{"web"}},
	{"any of the values", contract.CatalogQueryRequest{Filter: []contract.FilterAll{where(is("spec.type", "team", "website"))}}, []string{"team-a", "web"}},
	{"any of the filters", contract.CatalogQueryRequest{Filter: []contract.FilterAll{where(is("kind", "group")), where(is("metadata.namespace", "payments"))}}, []string{"Ledger", "team-a"}},
	{"an item of a list", contract.CatalogQueryRequest{Filter: []contract.FilterAll{where(is("metadata.tags.public", "true"))}}, []string{"web"}},
	{"a value of a list", contract.CatalogQueryRequest{Filter: []contract.FilterAll{where(is("metadata.tags", "go"))}}, []string{"api", "web"}},
	{"nothing", contract.CatalogQueryRequest{Filter: []contract.FilterAll{where(is("kind", "robot"))}}, []string{}},
	{"full text in the order field", contract.CatalogQueryRequest{FullTextTerm: "LED"}, []string{"Ledger"}},
	{"full text in fields", contract.CatalogQueryRequest{FullTextTerm: "a", FullTextFields: []string{"metadata.name"}}, []string{"api", "team-a"}},
	{"a predicate", contract.CatalogQueryRequest{Query: []byte(`{"$all":[{"kind":"component"},{"$not":{"spec.owner":{"$in":["team-b"]}}}]}`)}, []string{"api", "web"}},
	{"a predicate and a filter", contract.CatalogQueryRequest{Query: []byte(`{"$any":[{"metadata.name":{"$hasPrefix":"led"}},{"metadata.tags":{"$contains":"public"}}]}`), Filter: []contract.FilterAll{where(is("spec.type", "service"))}}, []string{"Ledger"}},
}

var catalogCases = []testCase{
	{"an entity by ref, in any case", Setup{}, func(_ *testing.T, h *probe) {
		var a contract.CatalogHandle
		h.must(abi.CapCatalog, abi.CatalogGet, &contract.CatalogGetRequest{Ref: "component:PAYMENTS/ledger"}, &a)
		var e struct{ Metadata struct{ Name, UID string } }
		if err := json.Unmarshal([]byte(h.read(a.Handle, a.Size)), &e); err != nil || e.Metadata.Name != "Ledger" {
			h.t.Errorf("got %+v, %v", e, err)
		}
		if a.ETag == "" {
			h.t.Error("no etag")
		}
	}},
	{"an entity by uid, with fields", Setup{}, func(_ *testing.T, h *probe) {
		var a contract.CatalogHandle
		h.must(abi.CapCatalog, abi.CatalogGet, &contract.CatalogGetRequest{UID: "00000000-0000-4000-8000-000000000001", Fields: []string{"kind", "metadata.annotations.example.com/tier"}}, &a)
		var got any
		if err := json.Unmarshal([]byte(h.read(a.Handle, a.Size)), &got); err != nil {
			h.t.Fatal(err)
		}
		equal(h.t, got, map[string]any{"kind": "Component", "metadata": map[string]any{"annotations": map[string]any{"example.com/tier": "1"}}})
	}},
	{"an absent entity is not found", Setup{}, func(_ *testing.T, h *probe) {
		h.refuse(abi.CodeNotFound, abi.CapCatalog, abi.CatalogGet, &contract.CatalogGetRequest{Ref: "component:default/none"})
		h.refuse(abi.CodeNotFound, abi.CapCatalog, abi.CatalogGet, &contract.CatalogGetRequest{UID: "00000000-0000-4000-8000-0000000000ff"})
	}},
	{"a ref that is none is invalid", Setup{}, func(_ *testing.T, h *probe) {
		h.refuse(abi.CodeInvalid, abi.CapCatalog, abi.CatalogGet, &contract.CatalogGetRequest{Ref: "web"})
	}},
	{"an operator of a predicate stands alone", Setup{}, func(_ *testing.T, h *probe) {
		h.refuse(abi.CodeInvalid, abi.CapCatalog, abi.CatalogQuery, &contract.CatalogQueryRequest{Query: []byte(`{"kind":"component","$not":{"kind":"api"}}`)})
	}},
	{"queries find what they ask for", Setup{}, func(_ *testing.T, h *probe) {
		for _, c := range queries {
			c.q.Order = byName
			names, a := h.query(c.q)
			if a.TotalItems != len(c.want) {
				h.t.Errorf("%s: total %d, want %d", c.name, a.TotalItems, len(c.want))
			}
			h.t.Run(c.name, func(t *testing.T) { equal(t, names, c.want) })
		}
	}},
	{"what lacks the order field comes last either way", Setup{}, func(_ *testing.T, h *probe) {
		up, _ := h.query(contract.CatalogQueryRequest{Order: []contract.OrderField{{Field: "metadata.description"}, {Field: "metadata.name"}}})
		down, _ := h.query(contract.CatalogQueryRequest{Order: []contract.OrderField{{Field: "metadata.description", Desc: true}, {Field: "metadata.name"}}})
		equal(h.t, up, []string{"api", "web", "Ledger", "team-a"})
		equal(h.t, down, []string{"web", "api", "Ledger", "team-a"})
	}},
	{"a cursor leads through the pages and back", Setup{}, func(_ *testing.T, h *probe) {
		first, a := h.query(contract.CatalogQueryRequest{Order: byName, Limit: 3})
		second, b := h.query(contract.CatalogQueryRequest{Cursor: a.NextCursor, Limit: 3})
		equal(h.t, first, []string{"api", "Ledger", "team-a"})
		equal(h.t, second, []string{"web"})
		if a.PrevCursor != "" || b.NextCursor != "" || b.PrevCursor == "" || b.TotalItems != 4 {
			h.t.Errorf("first %+v, second %+v", a, b)
		}
		back, _ := h.query(contract.CatalogQueryRequest{Cursor: b.PrevCursor, Limit: 3})
		equal(h.t, back, first)
	}},
	{"an offset skips and -1 has no limit", Setup{}, func(_ *testing.T, h *probe) {
		names, a := h.query(contract.CatalogQueryRequest{Order: byName, Offset: 1, Limit: -1})
		equal(h.t, names, []string{"Ledger", "team-a", "web"})
		if a.TotalItems != 4 {
			h.t.Errorf("total %d", a.TotalItems)
		}
	}},
	{"a predicate that is none is invalid", Setup{}, func(_ *testing.T, h *probe) {
		for _, query := range []string{`[]`, `{"$nor":[]}`, `{"kind":{"$regex":"c"}}`, `{"kind":"component","$not":{"kind":"api"}}`, `{`} {
			h.refuse(abi.CodeInvalid, abi.CapCatalog, abi.CatalogQuery, &contract.CatalogQueryRequest{Query: []byte(query)})
		}
	}},
	{"a cursor that is none is invalid", Setup{}, func(_ *testing.T, h *probe) {
		h.refuse(abi.CodeInvalid, abi.CapCatalog, abi.CatalogQuery, &contract.CatalogQueryRequest{Cursor: "bad"})
	}},
	{"refs answer in their order, null for what is absent or does not match", Setup{}, func(_ *testing.T, h *probe) {
		var a contract.CatalogHandle
		h.must(abi.CapCatalog, abi.CatalogByRefs, &contract.CatalogByRefsRequest{
			Refs:   []string{"group:default/team-a", "component:default/none", "component:default/web", "component:default/web"},
			Filter: []contract.FilterAll{where(is("kind", "component"))},
		}, &a)
		equal(h.t, h.names(a.Handle, a.Size), []string{"null", "null", "web", "web"})
	}},
	{"facets count values", Setup{}, func(_ *testing.T, h *probe) {
		var a contract.CatalogHandle
		h.must(abi.CapCatalog, abi.CatalogFacets, &contract.CatalogFacetsRequest{
			Facets: []string{"kind", "metadata.tags", "spec.none"}, Filter: []contract.FilterAll{where(is("metadata.namespace", "default"))},
		}, &a)
		var got any
		if err := json.Unmarshal([]byte(h.read(a.Handle, a.Size)), &got); err != nil {
			h.t.Fatal(err)
		}
		count := func(v string, n float64) any { return map[string]any{"value": v, "count": n} }
		equal(h.t, got, map[string]any{
			"kind":          []any{count("Component", 2), count("Group", 1)},
			"metadata.tags": []any{count("go", 2), count("public", 1)},
			"spec.none":     []any{},
		})
	}},
	{"what was read stays as it was", Setup{}, func(_ *testing.T, h *probe) {
		var a contract.CatalogHandle
		h.must(abi.CapCatalog, abi.CatalogGet, &contract.CatalogGetRequest{Ref: "component:default/web"}, &a)
		if _, code := h.host.Write(a.Handle, 0, []byte("X")); code != abi.CodeDenied {
			h.t.Errorf("writing into the catalog: %s", code)
		}
	}},
}
