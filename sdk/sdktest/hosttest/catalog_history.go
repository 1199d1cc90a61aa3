package hosttest

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

var historyCases = []testCase{
	{"what was brought has a history", bringing, func(_ *testing.T, h *probe) {
		h.apply(contract.CatalogApplyRequest{Entities: [][]byte{resource("Component", "a"), resource("Component", "b")}})
		read := func(q contract.CatalogHistoryRequest) (refs []string, next string, revision uint64) {
			var a contract.CatalogHandle
			h.must(abi.CapCatalog, abi.CatalogHistory, &q, &a)
			var page struct {
				Items []struct {
					EntityRef, Action string
					Revision          uint64
				}
				PageInfo struct{ NextCursor string }
			}
			if err := json.Unmarshal([]byte(h.read(a.Handle, a.Size)), &page); err != nil {
				h.t.Fatal(err)
			}
			for _, i := range page.Items {
				refs, revision = append(refs, i.EntityRef+" "+i.Action), i.Revision
			}
			return refs, page.PageInfo.NextCursor, revision
		}
		got, next, _ := read(contract.CatalogHistoryRequest{Ref: "Component:a", Kind: "component", Actions: []string{"created", "deleted"}})
		equal(h.t, got, []string{"component:default/a created"})
		equal(h.t, next, "")
		first, next, _ := read(contract.CatalogHistoryRequest{Limit: 1})
		second, _, revision := read(contract.CatalogHistoryRequest{Limit: 1, Cursor: next})
		if len(first) != 1 || len(second) != 1 || first[0] == second[0] {
			h.t.Errorf("pages %v and %v", first, second)
		}
		got, _, _ = read(contract.CatalogHistoryRequest{Since: "2100-01-01T00:00:00Z"})
		equal(h.t, got, []string(nil))
		for _, bad := range []contract.CatalogHistoryRequest{{Ref: "no ref"}, {Owner: "no ref"}, {Actions: []string{"moved"}}, {Limit: 201}, {Cursor: "x"}, {Since: "soon"}} {
			h.refuse(abi.CodeInvalid, abi.CapCatalog, abi.CatalogHistory, &bad)
		}
		var was contract.CatalogHandle
		h.must(abi.CapCatalog, abi.CatalogAsOf, &contract.CatalogAsOfRequest{Ref: "component:default/a", At: fmt.Sprint(revision)}, &was)
		var got2 struct {
			EntityRef string
			Entity    struct{ Metadata struct{ Name string } }
		}
		if err := json.Unmarshal([]byte(h.read(was.Handle, was.Size)), &got2); err != nil {
			h.t.Fatal(err)
		}
		if got2.EntityRef != "component:default/a" || got2.Entity.Metadata.Name != "a" {
			h.t.Errorf("%+v", got2)
		}
		h.refuse(abi.CodeNotFound, abi.CapCatalog, abi.CatalogAsOf, &contract.CatalogAsOfRequest{Ref: "component:default/none", At: "1"})
		h.refuse(abi.CodeInvalid, abi.CapCatalog, abi.CatalogAsOf, &contract.CatalogAsOfRequest{Ref: "component:default/a", At: "yesterday"})
		h.refuse(abi.CodeInvalid, abi.CapCatalog, abi.CatalogAsOf, &contract.CatalogAsOfRequest{Ref: "no ref", At: "1"})
	}},
	{"a removed location is registered again, once", Setup{Scopes: map[string]string{"catalog": `{"locations":true}`}}, func(_ *testing.T, h *probe) {
		var l contract.CatalogLocationAnswer
		h.must(abi.CapCatalog, abi.CatalogLocAdd, &contract.CatalogLocationRequest{Type: "url", Target: "https://example.com/a.yaml"}, &l)
		h.refuse(abi.CodeNotFound, abi.CapCatalog, abi.CatalogLocRestore, &contract.CatalogRestoreLocationRequest{ID: l.ID})
		h.must(abi.CapCatalog, abi.CatalogLocDelete, &contract.CatalogLocationDeleteRequest{ID: l.ID}, nil)
		var a contract.CatalogHandle
		h.must(abi.CapCatalog, abi.CatalogLocRemoved, &contract.CatalogRemovedLocationsRequest{}, &a)
		var removed []struct{ ID, Type, Target, EntityRef, RegisteredBy, RemovedBy, RemovedAt string }
		if err := json.Unmarshal([]byte(h.read(a.Handle, a.Size)), &removed); err != nil {
			h.t.Fatal(err)
		}
		if len(removed) != 1 || removed[0].ID != l.ID || removed[0].Target != l.Target || removed[0].EntityRef != l.EntityRef || removed[0].RemovedBy == "" || removed[0].RegisteredBy == "" || removed[0].RemovedAt == "" {
			h.t.Errorf("%+v", removed)
		}
		var back contract.CatalogRestoreLocationAnswer
		h.must(abi.CapCatalog, abi.CatalogLocRestore, &contract.CatalogRestoreLocationRequest{ID: l.ID}, &back)
		if back.ID != l.ID || back.Target != l.Target || back.EntityRef != l.EntityRef {
			h.t.Errorf("%+v", back)
		}
		h.refuse(abi.CodeNotFound, abi.CapCatalog, abi.CatalogLocRestore, &contract.CatalogRestoreLocationRequest{ID: l.ID})
		h.refuse(abi.CodeConflict, abi.CapCatalog, abi.CatalogLocAdd, &contract.CatalogLocationRequest{Type: "url", Target: l.Target})
	}},
}
