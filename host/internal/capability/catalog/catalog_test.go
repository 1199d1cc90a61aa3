package catalog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/capability"
	capcatalog "github.com/callboard/callboard/host/internal/capability/catalog"
	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/catalog/index"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

type noLocations struct{}

func (noLocations) Locations(context.Context) ([]capcatalog.Location, error) {
	return []capcatalog.Location{{ID: "1", Type: "url", Target: "https://git.example.org/a.yaml"}}, nil
}

func entityOf(kind, name, spec string) catalog.Entity {
	uid := "00000000-0000-4000-8000-" + strings.Repeat("0", 12-len(name)) + name
	return catalog.Entity{
		Ref: strings.ToLower(kind) + ":default/" + name, UID: uid, Kind: kind, Namespace: "default", Name: name, ETag: "e" + name,
		Body: []byte(`{"apiVersion":"backstage.io/v1alpha1","kind":"` + kind + `","metadata":{"namespace":"default","name":"` + name + `","uid":"` + uid + `","etag":"e` + name + `"},"spec":` + spec + `}`),
	}
}

// door opens a session of a plugin with a catalog scope, on three entities.
func door(t *testing.T, scope, grant string) *capability.Session {
	t.Helper()
	ix := index.New(index.Config{CursorKey: bytes.Repeat([]byte{7}, 32)})
	ix.Publish(catalog.Update{Reset: true, Revision: 1, Upsert: []catalog.Entity{
		entityOf("Component", "a1", `{"type":"service"}`), entityOf("Component", "a2", `{"type":"library"}`), entityOf("Group", "a3", `{"type":"team"}`),
	}})
	table, err := capability.NewTable(capcatalog.New(capcatalog.Deps{Reader: ix, Graph: ix, Problems: ix, Locations: noLocations{}, Now: time.Now}))
	if err != nil {
		t.Fatal(err)
	}
	rights, err := table.Resolve([]capability.Request{{Name: "catalog", Scope: json.RawMessage(scope)}}, capability.Grants{"catalog": json.RawMessage(grant)}, false)
	if err != nil {
		t.Fatal(err)
	}
	g := capability.NewGate(capability.Config{Table: table})
	g.SetRights("p", "d", rights)
	return g.Open(capability.Opening{
		Plugin: "p", Digest: "d", Authority: principal.Guest("user:default/x").Through(principal.Actor{Plugin: "p", Digest: "d"}),
	})
}

func call(t *testing.T, s *capability.Session, op uint32, q msgp.Marshaler, answer msgp.Unmarshaler) (abi.Code, contract.Error) {
	t.Helper()
	payload, err := q.MarshalMsg(nil)
	if err != nil {
		t.Fatal(err)
	}
	header, body, err := abi.ParseReplyHeader(s.Call(t.Context(), abi.CapCatalog, op, payload))
	if err != nil {
		t.Fatal(err)
	}
	var e contract.Error
	if header.Code != abi.CodeOK {
		answer = &e
	}
	if _, err := answer.UnmarshalMsg(body); err != nil {
		t.Fatal(err)
	}
	return header.Code, e
}

func content(t *testing.T, s *capability.Session, handle uint32) string {
	t.Helper()
	pieces, _, err := s.Body(handle)
	if err != nil {
		t.Fatal(err)
	}
	return string(bytes.Join(pieces, nil))
}

func TestScopesBoundEveryRead(t *testing.T) {
	for _, tc := range []struct {
		name, scope, grant string
		seen               []string // names that any operation may show
		hidden             []string
		groupCode          abi.Code
	}{
		{"everything", `{}`, `true`, []string{"a1", "a2", "a3"}, nil, abi.CodeOK},
		{"kinds of the manifest", `{"read":{"kinds":["Component"]}}`, `true`, []string{"a1", "a2"}, []string{"a3"}, abi.CodeDenied},
		{"kinds of the grant", `{}`, `{"read":{"kinds":["component"]}}`, []string{"a1", "a2"}, []string{"a3"}, abi.CodeDenied},
		{"nothing in common", `{"read":{"kinds":["api"]}}`, `{"read":{"kinds":["component"]}}`, nil, []string{"a1", "a2", "a3"}, abi.CodeDenied},
		{"a filter", `{"read":{"filter":["spec.type=service","kind=group"]}}`, `{"read":{"filter":["kind=component"]}}`, []string{"a1"}, []string{"a2", "a3"}, abi.CodeNotFound},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := door(t, tc.scope, tc.grant)
			var page contract.CatalogQueryAnswer
			if code, e := call(t, s, abi.CatalogQuery, &contract.CatalogQueryRequest{}, &page); code != abi.CodeOK {
				t.Fatal(e)
			}
			all := content(t, s, page.Handle)
			if page.TotalItems != len(tc.seen) {
				t.Errorf("%d entities: %s", page.TotalItems, all)
			}
			var facets, refs contract.CatalogHandle
			call(t, s, abi.CatalogFacets, &contract.CatalogFacetsRequest{Facets: []string{"metadata.name"}}, &facets)
			all += content(t, s, facets.Handle)
			call(t, s, abi.CatalogByRefs, &contract.CatalogByRefsRequest{Refs: []string{"component:default/a1", "component:default/a2", "group:default/a3"}}, &refs)
			all += content(t, s, refs.Handle)
			for _, name := range tc.hidden {
				if strings.Contains(all, `"`+name+`"`) {
					t.Errorf("%s is shown: %s", name, all)
				}
			}
			for _, name := range tc.seen {
				if strings.Count(all, `"`+name+`"`) != 3 {
					t.Errorf("%s is not in all three answers: %s", name, all)
				}
			}
			var one contract.CatalogHandle
			if code, e := call(t, s, abi.CatalogGet, &contract.CatalogGetRequest{Ref: "group:default/a3"}, &one); code != tc.groupCode {
				t.Errorf("get of the group: %s %+v", code, e)
			} else if code == abi.CodeDenied && !strings.Contains(e.MissingGrant, "read kind group") {
				t.Errorf("the missing grant is %q", e.MissingGrant)
			}
			byUID, _ := call(t, s, abi.CatalogGet, &contract.CatalogGetRequest{UID: "00000000-0000-4000-8000-0000000000a3"}, &one)
			if (byUID == abi.CodeOK) != (tc.groupCode == abi.CodeOK) {
				t.Errorf("get of the group by uid: %s", byUID)
			}
		})
	}
}

func TestOwnRightsAreAScopeOfTheirOwn(t *testing.T) {
	var page contract.CatalogQueryAnswer
	s := door(t, `{}`, `true`)
	if code, e := call(t, s, abi.CatalogQuery, &contract.CatalogQueryRequest{Own: true}, &page); code != abi.CodeDenied || e.MissingGrant != "catalog: own" {
		t.Errorf("%s %+v", code, e)
	}
	s = door(t, `{"own":{"kinds":["group"]}}`, `true`)
	if code, e := call(t, s, abi.CatalogQuery, &contract.CatalogQueryRequest{Own: true}, &page); code != abi.CodeOK || page.TotalItems != 1 {
		t.Fatalf("%s %+v %d", code, e, page.TotalItems)
	}
	if _, _, err := s.Body(page.Handle); err == nil {
		t.Error("what own rights read is shown to a viewer")
	}
}

func TestLocations(t *testing.T) {
	var h contract.CatalogHandle
	s := door(t, `{}`, `true`)
	if code, e := call(t, s, abi.CatalogLocList, &contract.CatalogLocationsRequest{}, &h); code != abi.CodeOK || content(t, s, h.Handle) != `[{"id":"1","type":"url","target":"https://git.example.org/a.yaml"}]` {
		t.Errorf("%s %+v", code, e)
	}
	s = door(t, `{"read":{"kinds":["component"]}}`, `true`)
	if code, _ := call(t, s, abi.CatalogLocList, &contract.CatalogLocationsRequest{}, &h); code != abi.CodeDenied {
		t.Errorf("a plugin that does not read locations: %s", code)
	}
}

func TestScopeMistakesAreNamed(t *testing.T) {
	table, _ := capability.NewTable(capcatalog.New(capcatalog.Deps{}))
	for _, scope := range []string{`{"reed":{}}`, `{"read":{"kind":["x"]}}`, `{"read":{"filter":["=x"]}}`, `[]`} {
		if _, err := table.Resolve([]capability.Request{{Name: "catalog", Scope: json.RawMessage(scope)}}, nil, false); err == nil {
			t.Errorf("%s was accepted", scope)
		}
	}
}

// A review tells by the words of two scopes whether a release asks for more.
func TestTwoFiltersNeverReadAlike(t *testing.T) {
	row := capcatalog.New(capcatalog.Deps{})
	words := func(text string) string {
		scope, err := row.Scope.Parse(json.RawMessage(text))
		if err != nil {
			t.Fatal(err)
		}
		return scope.String()
	}
	narrow, wide := words(`{"read": {"filter": ["kind=component,spec.type=service"]}}`), words(`{"read": {"filter": ["kind=component"]}}`)
	if narrow == wide || !strings.Contains(narrow, "kind=component,spec.type=service") {
		t.Errorf("the scopes read %q and %q", narrow, wide)
	}
}
