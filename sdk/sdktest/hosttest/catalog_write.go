package hosttest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// bringing lets a case bring components and APIs.
var bringing = Setup{Scopes: map[string]string{"catalog": `{"write":{"kinds":["Component","api"]}}`}}

func resource(kind, name string) []byte {
	return fmt.Appendf(nil, `{"apiVersion":"backstage.io/v1alpha1","kind":%q,"metadata":{"name":%q},"spec":{"type":"library","lifecycle":"production","owner":"team-a"}}`, kind, name)
}

var group = []byte(`{"apiVersion":"backstage.io/v1alpha1","kind":"Group","metadata":{"name":"admins"},"spec":{"type":"team","children":[]}}`)

func (p *probe) apply(q contract.CatalogApplyRequest) contract.CatalogApplyAnswer {
	p.t.Helper()
	var a contract.CatalogApplyAnswer
	p.must(abi.CapCatalog, abi.CatalogApply, &q, &a)
	return a
}

// libraries are the names of what cases bring.
func (p *probe) libraries() []string {
	p.t.Helper()
	names, _ := p.query(contract.CatalogQueryRequest{Filter: []contract.FilterAll{where(is("spec.type", "library"))}, Order: byName})
	return names
}

var bringCases = []testCase{
	{"bringing entities needs a scope of its own", Setup{}, func(_ *testing.T, h *probe) {
		e := h.refuse(abi.CodeDenied, abi.CapCatalog, abi.CatalogApply, &contract.CatalogApplyRequest{Entities: [][]byte{resource("Component", "a")}})
		if e.MissingGrant != "catalog: write" {
			h.t.Errorf("the missing grant is %q", e.MissingGrant)
		}
		e = h.refuse(abi.CodeDenied, abi.CapCatalog, abi.CatalogLocAdd, &contract.CatalogLocationRequest{Type: "url", Target: "https://example.com/a.yaml"})
		if e.MissingGrant != "catalog: locations" {
			h.t.Errorf("the missing grant is %q", e.MissingGrant)
		}
		h.refuse(abi.CodeDenied, abi.CapCatalog, abi.CatalogLocDelete, &contract.CatalogLocationDeleteRequest{ID: "x"})
		h.refuse(abi.CodeDenied, abi.CapCatalog, abi.CatalogLocRestore, &contract.CatalogRestoreLocationRequest{ID: "x"})
		h.refuse(abi.CodeDenied, abi.CapCatalog, abi.CatalogRemove, &contract.CatalogRemoveRequest{Ref: "component:default/web"})
	}},
	{"a bucket is changed and replaced, and is read at once", bringing, func(_ *testing.T, h *probe) {
		a := h.apply(contract.CatalogApplyRequest{Entities: [][]byte{resource("Component", "a"), resource("Component", "b")}})
		if a.Entities != 2 || len(a.Problems) != 0 {
			h.t.Errorf("%+v", a)
		}
		equal(h.t, h.libraries(), []string{"a", "b"})
		h.apply(contract.CatalogApplyRequest{Entities: [][]byte{resource("Component", "c")}, Remove: []string{"component:default/a", "component:default/never"}})
		equal(h.t, h.libraries(), []string{"b", "c"})
		h.apply(contract.CatalogApplyRequest{Provider: "other", Full: true, Entities: [][]byte{resource("Component", "d")}})
		equal(h.t, h.libraries(), []string{"b", "c", "d"})
		h.apply(contract.CatalogApplyRequest{Full: true, Entities: [][]byte{resource("Component", "e")}})
		equal(h.t, h.libraries(), []string{"d", "e"})
		h.refuse(abi.CodeInvalid, abi.CapCatalog, abi.CatalogApply, &contract.CatalogApplyRequest{Provider: "../x"})
		h.refuse(abi.CodeInvalid, abi.CapCatalog, abi.CatalogApply, &contract.CatalogApplyRequest{Remove: []string{"no ref"}})
	}},
	{"many entities come behind a handle", bringing, func(_ *testing.T, h *probe) {
		for _, text := range []string{
			string(resource("Component", "a")) + "\n---\n" + string(resource("Component", "b")) + "\n",
			"[" + string(resource("Component", "a")) + "," + string(resource("Component", "b")) + "]",
		} {
			var made contract.HandleInfo
			h.must(abi.CapHandle, abi.HandleCreate, &contract.HandleCreateRequest{Bytes: []byte(text)}, &made)
			a := h.apply(contract.CatalogApplyRequest{Full: true, Handle: made.Handle})
			if a.Entities != 2 || len(a.Problems) != 0 {
				h.t.Errorf("%+v", a)
			}
		}
		equal(h.t, h.libraries(), []string{"a", "b"})
	}},
	{"each entity has its own problems", bringing, func(_ *testing.T, h *probe) {
		a := h.apply(contract.CatalogApplyRequest{Entities: [][]byte{
			resource("Component", "a"), []byte("{"), group, resource("Component", "a"), resource("Resource", "r"),
		}})
		var got []string
		for _, p := range a.Problems {
			got = append(got, fmt.Sprint(p.Index, " ", p.Name))
			if p.Message == "" {
				h.t.Errorf("%+v says nothing", p)
			}
		}
		equal(h.t, got, []string{"1 InputError", "2 NotAllowedError", "3 ConflictError", "4 NotAllowedError"})
		equal(h.t, h.libraries(), []string{"a"})
	}},
	{"users, groups and locations are scopes of their own", Setup{Scopes: map[string]string{"catalog": `{"write":{}}`}}, func(_ *testing.T, h *probe) {
		a := h.apply(contract.CatalogApplyRequest{Entities: [][]byte{
			group,
			[]byte(`{"apiVersion":"backstage.io/v1alpha1","kind":"User","metadata":{"name":"eve"},"spec":{"memberOf":["admins"]}}`),
			[]byte(`{"apiVersion":"backstage.io/v1alpha1","kind":"Location","metadata":{"name":"more"},"spec":{"type":"url","target":"https://example.com/x.yaml"}}`),
		}})
		if len(a.Problems) != 3 || a.Entities != 0 {
			h.t.Errorf("%+v", a)
		}
	}},
	{"identity lets groups in", Setup{Scopes: map[string]string{"catalog": `{"write":{},"identity":true}`}}, func(_ *testing.T, h *probe) {
		a := h.apply(contract.CatalogApplyRequest{Entities: [][]byte{
			group,
		}})
		if len(a.Problems) != 0 || a.Entities != 1 {
			h.t.Errorf("%+v", a)
		}
	}},
	{"validation stores nothing", bringing, func(_ *testing.T, h *probe) {
		var a contract.CatalogValidateAnswer
		h.must(abi.CapCatalog, abi.CatalogValidate, &contract.CatalogValidateRequest{Text: append(resource("Component", "a"), "\n---\nkind: x\n"...)}, &a)
		equal(h.t, a.Refs, []string{"component:default/a"})
		if len(a.Problems) != 1 || a.Problems[0].Index != 1 {
			h.t.Errorf("%+v", a.Problems)
		}
		equal(h.t, h.libraries(), []string{})
	}},
	{"a plugin refreshes what its processors made, with its own rights", Setup{Scopes: map[string]string{"catalog": `{"own":{}}`}}, func(_ *testing.T, h *probe) {
		h.must(abi.CapCatalog, abi.CatalogRefresh, &contract.CatalogRefreshRequest{Keys: []string{"a key that nothing has"}, Own: true}, nil)
		h.refuse(abi.CodeInvalid, abi.CapCatalog, abi.CatalogRefresh, &contract.CatalogRefreshRequest{Keys: []string{strings.Repeat("x", 513)}, Own: true})
		h.refuse(abi.CodeInvalid, abi.CapCatalog, abi.CatalogRefresh, &contract.CatalogRefreshRequest{Keys: []string{"a\x00b"}, Own: true})
		h.refuse(abi.CodeDenied, abi.CapCatalog, abi.CatalogRefresh, &contract.CatalogRefreshRequest{Keys: []string{"a key"}})
	}},
	{"what was brought can be refreshed and traced", bringing, func(_ *testing.T, h *probe) {
		h.apply(contract.CatalogApplyRequest{Entities: [][]byte{resource("Component", "a")}})
		h.must(abi.CapCatalog, abi.CatalogRefresh, &contract.CatalogRefreshRequest{Refs: []string{"component:default/a"}}, nil)
		h.refuse(abi.CodeNotFound, abi.CapCatalog, abi.CatalogRefresh, &contract.CatalogRefreshRequest{Refs: []string{"component:default/none"}})
		h.refuse(abi.CodeInvalid, abi.CapCatalog, abi.CatalogRefresh, &contract.CatalogRefreshRequest{})
		h.refuse(abi.CodeDenied, abi.CapCatalog, abi.CatalogRefresh, &contract.CatalogRefreshRequest{Keys: []string{"of the plugin"}})
		var a contract.CatalogHandle
		h.must(abi.CapCatalog, abi.CatalogAncestry, &contract.CatalogAncestryRequest{Ref: "component:default/A"}, &a)
		var got struct {
			RootEntityRef string
			Items         []struct {
				Entity           struct{ Metadata struct{ Name string } }
				ParentEntityRefs []string
			}
		}
		if err := json.Unmarshal([]byte(h.read(a.Handle, a.Size)), &got); err != nil {
			h.t.Fatal(err)
		}
		if got.RootEntityRef != "component:default/a" || len(got.Items) != 1 || got.Items[0].Entity.Metadata.Name != "a" || len(got.Items[0].ParentEntityRefs) != 0 || got.Items[0].ParentEntityRefs == nil {
			h.t.Errorf("%+v", got)
		}
		h.refuse(abi.CodeNotFound, abi.CapCatalog, abi.CatalogAncestry, &contract.CatalogAncestryRequest{Ref: "component:default/none"})
	}},
	{"the model is described", Setup{}, func(_ *testing.T, h *probe) {
		var a contract.CatalogHandle
		h.must(abi.CapCatalog, abi.CatalogModel, &contract.CatalogModelRequest{}, &a)
		var got map[string][]any
		if err := json.Unmarshal([]byte(h.read(a.Handle, a.Size)), &got); err != nil || got["kinds"] == nil || got["relations"] == nil || got["annotations"] == nil || got["labels"] == nil {
			h.t.Errorf("%v: %v", got, err)
		}
	}},
	{"a traversal shows nodes and edges", Setup{}, func(_ *testing.T, h *probe) {
		var a contract.CatalogHandle
		h.must(abi.CapCatalog, abi.CatalogTraverse, &contract.CatalogTraverseRequest{Refs: []string{"component:default/WEB", "component:default/none"}, Fields: []string{"kind"}}, &a)
		var got any
		if err := json.Unmarshal([]byte(h.read(a.Handle, a.Size)), &got); err != nil {
			h.t.Fatal(err)
		}
		node := map[string]any{"ref": "component:default/web", "depth": 0.0, "entity": map[string]any{"kind": "Component"}}
		equal(h.t, got, map[string]any{"nodes": []any{node}, "edges": []any{}, "truncated": false})
		for _, bad := range []contract.CatalogTraverseRequest{{}, {Refs: []string{"x"}}, {Refs: []string{"component:x"}, Depth: 11}, {Refs: []string{"component:x"}, Limit: 1001}, {Refs: []string{"component:x"}, Direction: "up"}} {
			h.refuse(abi.CodeInvalid, abi.CapCatalog, abi.CatalogTraverse, &bad)
		}
	}},
	{"problems are found, counted and paged", Setup{}, func(_ *testing.T, h *probe) {
		var a contract.CatalogHandle
		h.must(abi.CapCatalog, abi.CatalogProblems, &contract.CatalogProblemsRequest{Kinds: []string{"component"}, Types: []string{"unowned"}, Limit: 1, Offset: 1}, &a)
		var got any
		if err := json.Unmarshal([]byte(h.read(a.Handle, a.Size)), &got); err != nil {
			h.t.Fatal(err)
		}
		count := func(value string, n float64) any { return map[string]any{"value": value, "count": n} }
		equal(h.t, got, map[string]any{
			"items":      []any{map[string]any{"entityRef": "component:default/web", "type": "unowned", "level": "warning", "message": "It names no owner", "owners": []any{}}},
			"totalItems": 3.0,
			"counts":     map[string]any{"types": []any{count("unowned", 3)}, "owners": []any{count("none", 3)}, "kinds": []any{count("component", 3)}},
		})
		for _, bad := range []contract.CatalogProblemsRequest{{Types: []string{"x"}}, {Limit: 1001}, {Limit: -1}, {Offset: -1}} {
			h.refuse(abi.CodeInvalid, abi.CapCatalog, abi.CatalogProblems, &bad)
		}
	}},
	{"a graph shows briefs of nodes", Setup{}, func(_ *testing.T, h *probe) {
		var a contract.CatalogHandle
		h.must(abi.CapCatalog, abi.CatalogGraph, &contract.CatalogGraphRequest{Refs: []string{"component:default/WEB"}, Kinds: []string{"Component"}, Direction: "outgoing"}, &a)
		var got struct {
			Nodes []struct {
				Ref, Kind, Name string
				Depth           int
			}
			Edges, Caps []any
		}
		if err := json.Unmarshal([]byte(h.read(a.Handle, a.Size)), &got); err != nil {
			h.t.Fatal(err)
		}
		if len(got.Nodes) != 1 || got.Nodes[0].Ref != "component:default/web" || got.Nodes[0].Kind != "Component" || got.Nodes[0].Name != "web" || got.Edges == nil || got.Caps == nil {
			h.t.Errorf("%+v", got)
		}
		for _, bad := range []contract.CatalogGraphRequest{{}, {Refs: []string{"x"}}, {Refs: []string{"component:none"}}, {Refs: []string{"component:web"}, MaxDepth: 11}, {Refs: []string{"component:web"}, MaxNodes: 1001}, {Refs: []string{"component:web"}, FanOut: -1}, {Refs: []string{"component:web"}, Direction: "declared"}} {
			h.refuse(abi.CodeInvalid, abi.CapCatalog, abi.CatalogGraph, &bad)
		}
	}},
	{"an impact is of an entity that is there", Setup{}, func(_ *testing.T, h *probe) {
		var a contract.CatalogHandle
		h.must(abi.CapCatalog, abi.CatalogImpact, &contract.CatalogImpactRequest{Ref: "component:WEB"}, &a)
		var got struct {
			Entity                 struct{ Ref string }
			Affected, Owners, Goes []any
			Direct, Indirect       int
			Truncated              bool
		}
		if err := json.Unmarshal([]byte(h.read(a.Handle, a.Size)), &got); err != nil {
			h.t.Fatal(err)
		}
		if got.Entity.Ref != "component:default/web" || got.Affected == nil || got.Owners == nil || got.Goes == nil || got.Direct+got.Indirect != len(got.Affected) {
			h.t.Errorf("%+v", got)
		}
		h.refuse(abi.CodeNotFound, abi.CapCatalog, abi.CatalogImpact, &contract.CatalogImpactRequest{Ref: "component:default/none"})
		for _, bad := range []contract.CatalogImpactRequest{{}, {Ref: "x"}, {Ref: "component:web", MaxDepth: 11}, {Ref: "component:web", MaxNodes: -1}} {
			h.refuse(abi.CodeInvalid, abi.CapCatalog, abi.CatalogImpact, &bad)
		}
	}},
	{"locations are registered and removed", Setup{Scopes: map[string]string{"catalog": `{"locations":true}`}}, func(_ *testing.T, h *probe) {
		q := contract.CatalogLocationRequest{Type: "url", Target: "https://example.com/a.yaml"}
		var l contract.CatalogLocationAnswer
		h.must(abi.CapCatalog, abi.CatalogLocAdd, &q, &l)
		if l.ID == "" || len(l.EntityRef) != len("location:default/generated-")+40 || l.Target != q.Target {
			h.t.Errorf("%+v", l)
		}
		h.refuse(abi.CodeConflict, abi.CapCatalog, abi.CatalogLocAdd, &q)
		h.refuse(abi.CodeInvalid, abi.CapCatalog, abi.CatalogLocAdd, &contract.CatalogLocationRequest{Type: "file", Target: "/etc/passwd"})
		h.must(abi.CapCatalog, abi.CatalogLocDelete, &contract.CatalogLocationDeleteRequest{ID: l.ID}, nil)
		h.refuse(abi.CodeNotFound, abi.CapCatalog, abi.CatalogLocDelete, &contract.CatalogLocationDeleteRequest{ID: l.ID})
	}},
	{"an entity that its source still brings stays", Setup{Scopes: map[string]string{"catalog": `{"locations":true}`}}, func(_ *testing.T, h *probe) {
		h.must(abi.CapCatalog, abi.CatalogRemove, &contract.CatalogRemoveRequest{Ref: "component:default/web"}, nil)
		h.must(abi.CapCatalog, abi.CatalogGet, &contract.CatalogGetRequest{Ref: "component:default/web"}, nil)
		h.refuse(abi.CodeNotFound, abi.CapCatalog, abi.CatalogRemove, &contract.CatalogRemoveRequest{Ref: "component:default/none"})
		h.refuse(abi.CodeInvalid, abi.CapCatalog, abi.CatalogRemove, &contract.CatalogRemoveRequest{Ref: "no ref"})
	}},
}
