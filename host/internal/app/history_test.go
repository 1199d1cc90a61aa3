package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

type change struct {
	Revision                 int
	EntityRef, Action, Owner string
	Cause                    struct{ Reason, Subject, Plugin, Location string }
	Fields                   []struct {
		Path          string
		Before, After any
	}
}

type changePage struct {
	Items    []change
	PageInfo struct{ NextCursor string }
}

// What happens to a registered location is told with who and why, can be seen
// as it was, and a removed registration comes back with one call.
func TestTheHistoryOfARegistration(t *testing.T) {
	p, host, url := registry(t, "")
	do := func(method, path, body string, want int) string {
		t.Helper()
		res, text := p.Do(method, "/api/catalog"+path, body, asJSON)
		if res.StatusCode != want {
			t.Fatalf("%s %s: %d %s", method, path, res.StatusCode, text)
		}
		return text
	}
	changes := func(query string) []string {
		var out []string
		for _, c := range decode[changePage](t, do(http.MethodGet, "/history?"+query, "", 200)).Items {
			line := c.EntityRef + " " + c.Action + " " + c.Cause.Reason + " " + c.Cause.Subject + " " + c.Cause.Plugin
			for _, f := range c.Fields {
				line += fmt.Sprintf(" %s: %v → %v", f.Path, f.Before, f.After)
			}
			out = append(out, strings.TrimSpace(line))
		}
		return out
	}
	tells := func(query, want string) {
		t.Helper()
		p.Until("/api/catalog/history?"+query, func(int, string) bool {
			got := changes(query)
			return len(got) > 0 && got[0] == want
		})
	}
	host.set("/catalog-info.yaml", described("web", "service"))
	made := decode[struct {
		Location struct{ ID, EntityRef string }
	}](t, do(http.MethodPost, "/locations", fmt.Sprintf(`{"type":"url","target":%q}`, url+"/catalog-info.yaml"), 201))
	tells("ref=component:web", "component:default/web created registered user:development/guest catalog")

	host.set("/catalog-info.yaml", described("web", "website"))
	do(http.MethodPost, "/refresh", `{"entityRef":"component:default/web"}`, 200)
	tells("ref=component:web", "component:default/web updated refreshed user:development/guest catalog /spec/type: service → website")

	page := decode[changePage](t, do(http.MethodGet, "/history?ref=component:web&order=oldest&limit=1", "", 200))
	if page.PageInfo.NextCursor == "" || page.Items[0].Owner != "group:default/crew" {
		t.Fatalf("%+v", page)
	}
	was := do(http.MethodGet, fmt.Sprintf("/history/by-name/component/default/web?at=%d", page.Items[0].Revision), "", 200)
	if !strings.Contains(was, `"type":"service"`) || strings.Contains(was, `"type":"website"`) {
		t.Error(was)
	}
	if again := changes("ref=component:web&order=oldest&limit=1&cursor=" + page.PageInfo.NextCursor); len(again) != 1 || !strings.Contains(again[0], " updated ") {
		t.Errorf("%v", again)
	}

	do(http.MethodDelete, "/locations/"+made.Location.ID, "", 204)
	tells("owner=group:crew&action=deleted", "component:default/web deleted unregistered user:development/guest catalog")
	do(http.MethodGet, fmt.Sprintf("/history/by-name/component/default/web?at=%d", page.Items[0].Revision), "", 200)
	do(http.MethodGet, "/history/by-name/component/default/web?at=2999-01-01T00:00:00Z", "", 404)

	if removed := do(http.MethodGet, "/history/locations", "", 200); !strings.Contains(removed, made.Location.ID) {
		t.Fatal(removed)
	}
	back := do(http.MethodPost, "/history/locations/"+made.Location.ID+"/restore", "", 201)
	if !strings.Contains(back, `"entityRefs":["component:default/web","`+made.Location.EntityRef+`"],"pending":false`) {
		t.Error(back)
	}
	p.Until("/api/catalog/entities/by-name/component/default/web", status(200))
	do(http.MethodPost, "/history/locations/"+made.Location.ID+"/restore", "", 404)
}
