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
		{"a body that is nested too deep", "POST", "/entities/by-query", `{"query":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + "}", "Malformed request body, it is nested deeper than 200 levels"},
		{"an empty cursor", "POST", "/entities/by-query", `{"cursor":""}`, "Cursor cannot be empty"},
		{"a query that is a list", "POST", "/entities/by-query", `{"query":[]}`, "Query must be an object"},
		{"no entity to refresh", "POST", "/refresh", `{}`, `Malformed request body (did you remember to specify an application/json content type?), "entityRef" is missing`},
		{"a field that is unknown", "POST", "/refresh", `{"entityRef":"component:default/a","soon":true}`, `Malformed request body, must not have "soon"`},
		{"a parameter that is unknown", "GET", "/entities?filters=kind=api", "", "Unknown query parameter 'filters'"},
		{"a parameter of another route", "GET", "/entities/by-query?facet=kind", "", "Unknown query parameter 'facet'"},
		{"a ref that is none", "POST", "/refresh", `{"entityRef":"web"}`, ""},
		{"nothing to validate", "POST", "/validate-entity", `{"location":"url:https://example.com/a.yaml"}`, "Malformed request body"},
		{"a place that is missing", "POST", "/validate-entity", `{"entity":{}}`, "Malformed request body"},
		{"an entity that is text", "POST", "/validate-entity", `{"entity":"x","location":"url:https://example.com"}`, `Malformed request body, "entity" must be an object`},
		{"a location without a target", "POST", "/locations", `{"type":"url"}`, "Malformed request body"},
		{"a file", "POST", "/locations", `{"type":"file","target":"/etc/passwd"}`, "Registered locations must be of type 'url', not 'file'"},
		{"a limit of locations", "POST", "/locations/by-query", `{"limit":1001}`, "Invalid limit, must be between 1 and 1000"},
		{"a cursor of locations", "POST", "/locations/by-query", `{"cursor":"bad"}`, "Malformed cursor"},
		{"an unknown operator", "POST", "/locations/by-query", `{"query":{"$xor":[]}}`, "Query has an unknown operator"},
		{"an operator without its array", "POST", "/locations/by-query", `{"query":{"type":{"$in":"url"}}}`, "Query operator $in takes an array"},
		{"a place to look at", "POST", "/analyze-location", `{"location":"https://example.com"}`, `Malformed request body, "location" must be an object`},
		{"a graph without a parameter", "GET", "/graph", "", "entityRef is missing; it names 1 to 100 entities to start from"},
		{"a graph of nothing", "POST", "/graph", `{}`, "entityRefs is missing; it names 1 to 100 entities to start from"},
		{"a graph of what is not there", "GET", "/graph?entityRef=component:none", "", "no entity component:default/none to start from"},
		{"a direction", "GET", "/graph?entityRef=component:playback&direction=up", "", `direction is "up"; it must be outgoing, incoming or both`},
		{"a depth", "POST", "/graph", `{"entityRefs":["component:playback"],"maxDepth":11}`, "maxDepth is 11; it must be 1 to 10"},
		{"no nodes", "GET", "/graph?entityRef=component:playback&maxNodes=0", "", "maxNodes is 0; it must be at least 1"},
		{"a fan-out that is text", "POST", "/graph", `{"entityRefs":["component:playback"],"fanOut":"all"}`, "Invalid fanOut"},
		{"a depth of an impact", "GET", "/entities/by-name/component/default/playback/impact?maxDepth=11", "", "maxDepth is 11; it must be 1 to 10"},
		{"a mode of totals", "GET", "/entities/by-query?totalItems=some", "", `Invalid totalItems parameter "some", expected one of: include, exclude`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := open(t).Do(tc.method, tc.target, []byte(tc.body), "Content-Type", "application/json; charset=utf-8")
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

// A body that is not said to be JSON is not read: a form of another site could
// send it.
func TestOnlyJSONIsRead(t *testing.T) {
	for _, mediaType := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp"} {
		got := open(t).Do("POST", "/locations", []byte(`{"type":"url","target":"https://example.com/a.yaml"}`), "Content-Type", mediaType)
		if got.Status != 400 || !strings.Contains(string(got.Body), "application/json content type") {
			t.Errorf("%q: %d %s", mediaType, got.Status, got.Body)
		}
	}
}

func TestLocations(t *testing.T) {
	h := sdktest.New(t, plugin(), sdktest.Catalog("testdata/*.yaml"))
	add := func(target string) (id string) {
		t.Helper()
		got := h.Post("/locations", map[string]string{"type": "url", "target": target})
		var a struct {
			Location struct{ ID, Type, Target, EntityRef string }
			Entities []any
		}
		got.JSON(t, &a)
		if got.Status != 201 || a.Location.Target != target || a.Location.Type != "url" || !strings.HasPrefix(a.Location.EntityRef, "location:default/generated-") || a.Entities == nil || len(a.Entities) != 0 {
			t.Fatalf("registered: %d %s", got.Status, got.Body)
		}
		return a.Location.ID
	}
	targets := []string{"https://example.com/a.yaml", "https://example.com/b.yaml", "https://example.org/c.yaml"}
	ids := map[string]string{}
	for _, target := range targets {
		ids[target] = add(target)
	}
	if got := h.Post("/locations", map[string]string{"type": "url", "target": targets[0]}); got.Status != 409 || !strings.Contains(string(got.Body), "ConflictError") {
		t.Errorf("registered twice: %d %s", got.Status, got.Body)
	}
	if got := h.Get("/locations/" + ids[targets[1]]); got.Status != 200 || !strings.Contains(string(got.Body), targets[1]) {
		t.Errorf("by id: %d %s", got.Status, got.Body)
	}
	type page struct {
		Items      []struct{ ID, Target string }
		TotalItems int
		PageInfo   struct{ NextCursor string }
	}
	query := func(body any) (p page) {
		t.Helper()
		h.Post("/locations/by-query", body).JSON(t, &p)
		return p
	}
	for text, want := range map[string]int{
		`{}`: 3, `{"query":{"$any":[]}}`: 0, `{"query":{"$all":[]}}`: 3, `{"query":{"target":{"$hasPrefix":"HTTPS://example.com/"}}}`: 2,
		`{"query":{"$not":{"target":"https://example.org/c.yaml"}}}`: 2, `{"query":{"type":{"$in":["URL"]},"target":{"$exists":true}}}`: 3,
		`{"query":{"$any":[{"target":"https://example.org/c.yaml"},{"target":"https://example.com/a.yaml"}]}}`: 2, `{"query":{"other":{"$exists":false}}}`: 3,
	} {
		if p := query(text); p.TotalItems != want || len(p.Items) != want {
			t.Errorf("%s: %d of %d, want %d", text, len(p.Items), p.TotalItems, want)
		}
	}
	// What is removed between two pages moves nothing.
	first := query(`{"limit":1,"query":{"type":"url"}}`)
	if len(first.Items) != 1 || first.TotalItems != 3 || first.PageInfo.NextCursor == "" {
		t.Fatalf("%+v", first)
	}
	if got := h.Do("DELETE", "/locations/"+first.Items[0].ID, nil); got.Status != 204 || len(got.Body) != 0 {
		t.Errorf("removed: %d %s", got.Status, got.Body)
	}
	if rest := query(map[string]any{"cursor": first.PageInfo.NextCursor}); len(rest.Items) != 2 || rest.PageInfo.NextCursor != "" {
		t.Errorf("%+v", rest)
	}
	for _, method := range []string{"GET", "DELETE"} {
		if got := h.Do(method, "/locations/"+first.Items[0].ID, nil); got.Status != 404 || !strings.Contains(string(got.Body), "Found no location with ID "+first.Items[0].ID) {
			t.Errorf("%s again: %d %s", method, got.Status, got.Body)
		}
	}
	for _, path := range []string{"/locations/by-entity/component/default/none", "/locations/by-entity/component/default/playback"} {
		if got := h.Get(path); got.Status != 404 || !strings.Contains(string(got.Body), "NotFoundError") {
			t.Errorf("%s: %d %s", path, got.Status, got.Body)
		}
	}
}

func TestNamesOfPlaces(t *testing.T) {
	for target, want := range map[string]string{
		"https://github.com/acme/Pay-Ments.git": "Pay-Ments", "https://example.com/none.yaml": "none.yaml", "https://example.com/a b/": "a-b",
		"https://example.com": "example.com", "https://example.com/ü?x": "unnamed", "https://example.com/" + strings.Repeat("a", 100): strings.Repeat("a", 63),
	} {
		if got := nameOf(target); got != want {
			t.Errorf("%s: %q, want %q", target, got, want)
		}
	}
}

func TestRefreshValidateAncestryAndRemoval(t *testing.T) {
	h := open(t)
	if got := h.Post("/refresh", map[string]string{"entityRef": "component:default/playback", "authorizationToken": "x"}); got.Status != 200 || len(got.Body) != 0 {
		t.Errorf("refresh: %d %s", got.Status, got.Body)
	}
	if got := h.Post("/refresh", map[string]string{"entityRef": "component:default/none"}); got.Status != 404 {
		t.Errorf("refresh of what is not there: %d %s", got.Status, got.Body)
	}
	valid := `{"apiVersion":"backstage.io/v1alpha1","kind":"Component","metadata":{"name":"web"},"spec":{"type":"service","lifecycle":"production","owner":"team-a"}}`
	validate := func(entity string) *sdktest.Response {
		return h.Post("/validate-entity", `{"location":"url:https://example.com/a.yaml","entity":`+entity+`}`)
	}
	if got := validate(valid); got.Status != 200 || len(got.Body) != 0 {
		t.Errorf("a valid entity: %d %s", got.Status, got.Body)
	}
	var refused struct {
		Errors []struct{ Name, Message string }
	}
	got := validate(strings.Replace(valid, `"name":"web"`, "", 1))
	if got.JSON(t, &refused); got.Status != 400 || len(refused.Errors) != 1 || refused.Errors[0].Name == "" || refused.Errors[0].Message == "" {
		t.Errorf("an invalid entity: %d %s", got.Status, got.Body)
	}
	if got := h.Post("/validate-entity", `{"location":"file:/a.yaml","entity":{}}`); got.Status != 400 || !strings.Contains(string(got.Body), `{"errors":[{"name":"TypeError"`) {
		t.Errorf("a file: %d %s", got.Status, got.Body)
	}
	var tree struct {
		RootEntityRef string
		Items         []struct{ ParentEntityRefs []string }
	}
	h.Get("/entities/by-name/Component/default/Playback/ancestry").JSON(t, &tree)
	if tree.RootEntityRef != "component:default/playback" || len(tree.Items) != 1 || tree.Items[0].ParentEntityRefs == nil {
		t.Errorf("ancestry: %+v", tree)
	}
	if got := h.Get("/entities/by-name/component/default/none/ancestry"); got.Status != 404 {
		t.Errorf("ancestry of what is not there: %d %s", got.Status, got.Body)
	}
	if got := h.Do("DELETE", "/entities/by-uid/none", nil); got.Status != 204 {
		t.Errorf("removal of what is not there: %d %s", got.Status, got.Body)
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

func TestGraphsInBothForms(t *testing.T) {
	h := open(t)
	got, posted := h.Get("/graph?entityRef=component:PLAYBACK&kind=component&relation=dependsOn&maxDepth=2"), h.Post("/graph", `{"entityRefs":["component:playback"],"kinds":["component"],"relations":["dependsOn"],"maxDepth":2}`)
	if got.Status != 200 || string(got.Body) != string(posted.Body) {
		t.Errorf("GET %d %s\nPOST %d %s", got.Status, got.Body, posted.Status, posted.Body)
	}
	var g struct{ Nodes []struct{ Ref, Kind string } }
	got.JSON(t, &g)
	if len(g.Nodes) != 1 || g.Nodes[0].Ref != "component:default/playback" || g.Nodes[0].Kind != "Component" {
		t.Errorf("%+v", g)
	}
}

func TestImpactIsOfAnEntityThatIsThere(t *testing.T) {
	h := open(t)
	var i struct {
		Entity struct{ Ref string }
	}
	if got := h.Get("/entities/by-name/component/default/playback/impact"); got.Status != 200 {
		t.Fatalf("%d %s", got.Status, got.Body)
	} else if got.JSON(t, &i); i.Entity.Ref != "component:default/playback" {
		t.Errorf("%+v", i)
	}
	if got := h.Get("/entities/by-name/component/default/none/impact"); got.Status != 404 || !strings.Contains(string(got.Body), "NotFoundError") {
		t.Errorf("%d %s", got.Status, got.Body)
	}
}
