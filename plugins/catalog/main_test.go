package main

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/callboard/callboard/sdk/sdktest"
)

func open(t *testing.T) *sdktest.Harness {
	return sdktest.New(t, plugin(), sdktest.Catalog("testdata/*.yaml"))
}

// TestErrorsAreThoseOfRecordedClients pins bodies that a real backend sent.
func TestErrorsAreThoseOfRecordedClients(t *testing.T) {
	for _, tc := range []struct {
		name, method, target, body string
		status                     int
		want                       string
	}{
		{
			"an absent entity", "GET", "/entities/by-name/component/default/none", "", 404,
			`{"error":{"name":"NotFoundError","message":"No entity named 'none' found, with kind 'component' in namespace 'default'"},"request":{"method":"GET","url":"/entities/by-name/component/default/none"},"response":{"statusCode":404}}`,
		},
		{
			"an absent uid", "GET", "/entities/by-uid/x", "", 404,
			`{"error":{"name":"NotFoundError","message":"No entity with uid x"},"request":{"method":"GET","url":"/entities/by-uid/x"},"response":{"statusCode":404}}`,
		},
		{
			"a malformed filter", "GET", "/entities?filter==x", "", 400,
			`{"error":{"name":"InputError","message":"Invalid filter, '=x' is not a valid statement (expected a string on the form a=b or a= or a)"},"request":{"method":"GET","url":"/entities?filter==x"},"response":{"statusCode":400}}`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := open(t).Do(tc.method, tc.target, []byte(tc.body))
			if got.Status != tc.status || string(got.Body) != tc.want {
				t.Errorf("got %d %s", got.Status, got.Body)
			}
			if got.Header["Content-Type"] != "application/json; charset=utf-8" {
				t.Errorf("content type %q", got.Header["Content-Type"])
			}
		})
	}
}

func TestInputErrors(t *testing.T) {
	for _, tc := range []struct{ name, method, target, body, message string }{
		{"a bad cursor", "GET", "/entities/by-query?cursor=bad", "", "Malformed cursor: "},
		{"an order of by-query", "GET", "/entities/by-query?orderField=metadata.name,up", "", "Invalid order field order, must be asc or desc"},
		{"an order of entities", "GET", "/entities?order=metadata.name", "", `Invalid order parameter "metadata.name", expected "<asc or desc>:<field name>"`},
		{"a limit of zero", "GET", "/entities?limit=0", "", "Invalid limit, must be greater than zero"},
		{"a limit that is text", "GET", "/entities/by-query?limit=ten", "", "Invalid limit, must be a whole number"},
		{"a negative offset", "GET", "/entities?offset=-1", "", "Invalid offset, must be zero or greater"},
		{"an empty after", "GET", "/entities?after=", "", "Invalid after, must not be empty"},
		{"an array field", "GET", "/entities?fields=metadata.tags[0]", "", `Invalid field "metadata.tags[0]", array type fields are not supported`},
		{"no facet", "GET", "/entity-facets", "", "Missing facet parameter"},
		{"no facets", "POST", "/entity-facets", `{"facets":[""]}`, "Missing or empty facets parameter"},
		{"no refs", "POST", "/entities/by-refs", `{}`, "Malformed request body"},
		{"refs that are numbers", "POST", "/entities/by-refs", `{"entityRefs":[1]}`, "Malformed request body"},
		{"a body that is no JSON", "POST", "/entities/by-query", `limit=3`, "Malformed request body"},
		{"an empty cursor", "POST", "/entities/by-query", `{"cursor":""}`, "Cursor cannot be empty"},
		{"a query that is a list", "POST", "/entities/by-query", `{"query":[]}`, "Query must be an object"},
		{"a mode of totals", "GET", "/entities/by-query?totalItems=some", "", `Invalid totalItems parameter "some", expected one of: include, exclude`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := open(t).Do(tc.method, tc.target, []byte(tc.body))
			var e struct {
				Error struct{ Name, Message string }
			}
			got.JSON(t, &e)
			if got.Status != 400 || e.Error.Name != "InputError" || !strings.HasPrefix(e.Error.Message, tc.message) {
				t.Errorf("got %d %s", got.Status, got.Body)
			}
		})
	}
}

type answer struct {
	Items []*struct {
		Kind     string
		Metadata map[string]any
		Spec     map[string]any
	}
	TotalItems int
	PageInfo   struct{ NextCursor, PrevCursor string }
}

func (a answer) names() string {
	var out []string
	for _, i := range a.Items {
		if i == nil {
			out = append(out, "null")
			continue
		}
		out = append(out, i.Metadata["name"].(string))
	}
	return strings.Join(out, " ")
}

func TestQueriesInBothForms(t *testing.T) {
	for _, tc := range []struct{ name, get, post, want string }{
		{"a filter", "?filter=kind=component&orderField=metadata.name,desc", `{"query":{"kind":"component"},"orderBy":[{"field":"metadata.name","order":"desc"}]}`, "playback artist-lookup"},
		{"filters are ORed", "?filter=kind=api&filter=kind=group&orderField=metadata.name", `{"query":{"$any":[{"kind":"api"},{"kind":"group"}]},"orderField":["metadata.name"]}`, "artist-api team-a"},
		{"a key twice is any of", "?filter=kind=api,kind=group&orderField=metadata.name", `{"query":{"kind":{"$in":["api","group"]}},"orderField":["metadata.name,asc"]}`, "artist-api team-a"},
		{"existence", "?filter=metadata.annotations.example.com/tier", `{"query":{"metadata.annotations.example.com/tier":{"$exists":true}}}`, "playback"},
		{"full text", "?fullTextFilterTerm=lookup&fullTextFilterFields=metadata.description", `{"fullTextFilter":{"term":"lookup","fields":["metadata.description"]}}`, "artist-lookup"},
		{"offset and limit", "?orderField=metadata.name&offset=1&limit=2", `{"orderField":["metadata.name"],"offset":1,"limit":2}`, "artist-lookup playback"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := open(t)
			var got, posted answer
			h.Get("/entities/by-query"+tc.get).JSON(t, &got)
			h.Post("/entities/by-query", tc.post).JSON(t, &posted)
			if got.names() != tc.want || posted.names() != tc.want {
				t.Errorf("GET %q, POST %q, want %q", got.names(), posted.names(), tc.want)
			}
		})
	}
}

func TestPagesOfByQuery(t *testing.T) {
	h := open(t)
	var first, second answer
	h.Get("/entities/by-query?orderField=metadata.name&limit=3&fields=metadata.name").JSON(t, &first)
	if first.names() != "artist-api artist-lookup playback" || first.TotalItems != 4 || first.PageInfo.NextCursor == "" || first.PageInfo.PrevCursor != "" {
		t.Fatalf("first page %+v", first)
	}
	if first.Items[0].Spec != nil || first.Items[0].Kind != "" {
		t.Error("fields were not applied")
	}
	h.Get("/entities/by-query?limit=3&cursor="+url.QueryEscape(first.PageInfo.NextCursor)).JSON(t, &second)
	if second.names() != "team-a" || second.PageInfo.NextCursor != "" || second.PageInfo.PrevCursor == "" {
		t.Errorf("second page %+v", second)
	}
	count := h.Get("/entities/by-query?limit=0")
	if string(count.Body) != `{"items":[],"totalItems":4,"pageInfo":{}}` {
		t.Errorf("limit 0 answers %s", count.Body)
	}
}

func TestEntitiesAreAnArrayWithALink(t *testing.T) {
	h := open(t)
	all := h.Get("/entities?order=asc:metadata.name")
	var items []map[string]any
	all.JSON(t, &items)
	if len(items) != 4 || all.Header["Link"] != "" {
		t.Errorf("%d items, link %q", len(items), all.Header["Link"])
	}
	seen := 0
	for target, pages := "/entities?order=asc:metadata.name&limit=3&filter=kind", 0; target != ""; pages++ {
		page := h.Get(target)
		page.JSON(t, &items)
		seen += len(items)
		target, _, _ = strings.Cut(strings.TrimPrefix(page.Header["Link"], "<"), ">")
		if target != "" && (!strings.HasPrefix(target, "/entities?") || !strings.HasSuffix(page.Header["Link"], `>; rel="next"`)) || pages > 3 {
			t.Fatalf("link %q after %d pages", page.Header["Link"], pages)
		}
	}
	if seen != 4 {
		t.Errorf("the pages hold %d entities", seen)
	}
}

func TestSingleEntitiesFacetsRefsAndLocations(t *testing.T) {
	h := open(t)
	byName := h.Get("/entities/by-name/Component/default/artist-lookup")
	var e struct{ Metadata struct{ UID, Etag string } }
	byName.JSON(t, &e)
	if byName.Status != 200 || byName.Header["ETag"] != `"`+e.Metadata.Etag+`"` {
		t.Errorf("got %d, ETag %s", byName.Status, byName.Header["ETag"])
	}
	if byUID := h.Get("/entities/by-uid/" + e.Metadata.UID); string(byUID.Body) != string(byName.Body) {
		t.Errorf("by uid: %s", byUID.Body)
	}
	for _, facets := range []*sdktest.Response{h.Get("/entity-facets?facet=kind&filter=spec.owner=team-a"), h.Post("/entity-facets", `{"facets":["kind"],"query":{"spec.owner":"team-a"}}`)} {
		if want := `{"facets":{"kind":[{"value":"API","count":1},{"value":"Component","count":1}]}}`; string(facets.Body) != want {
			t.Errorf("facets %s", facets.Body)
		}
	}
	var refs answer
	h.Post("/entities/by-refs?filter=kind=component", map[string]any{
		"entityRefs": []string{"group:default/team-a", "component:default/none", "component:default/playback"}, "fields": []string{"metadata.name"},
	}).JSON(t, &refs)
	if refs.names() != "null null playback" || refs.Items[2].Spec != nil {
		t.Errorf("refs %s", refs.names())
	}
	if got := h.Get("/locations"); string(got.Body) != "[]" {
		t.Errorf("locations %s", got.Body)
	}
}

func TestDeniedIsNotAllowed(t *testing.T) {
	h := sdktest.New(t, plugin(), sdktest.Grant("kv"))
	got := h.Get("/entities")
	var e struct{ Error struct{ Name string } }
	if err := json.Unmarshal(got.Body, &e); err != nil || got.Status != 403 || e.Error.Name != "NotAllowedError" {
		t.Errorf("got %d %s", got.Status, got.Body)
	}
}
