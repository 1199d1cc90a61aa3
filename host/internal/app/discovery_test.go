package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/app/apptest"
	"github.com/callboard/callboard/host/internal/source/giteatest"
)

// crew is a portal that discovers the organisation crew of a real Gitea.
func crew(t *testing.T, server *giteatest.Server) *apptest.Portal {
	t.Helper()
	config := fmt.Sprintf(`
integrations:
  gitea:
    - {host: '%[1]s', baseUrl: '%[2]s', token: %[3]s, plugins: [catalog, discovery, organization]}
plugins:
  entries:
    discovery: {config: {organizations: [{organization: crew, type: gitea, host: '%[2]s', catalogPath: '/**/catalog-info.yaml'}]}}
    organization: {config: {organizations: [{organization: crew, type: gitea, host: '%[2]s'}]}}
`, strings.TrimPrefix(server.URL, "http://"), server.URL, server.Token)
	return apptest.Start(t, apptest.Options{Files: map[string]string{"app-config.yaml": config}})
}

// now runs a schedule of a plugin and waits for its end.
func now(t *testing.T, p *apptest.Portal, plugin, schedule string) {
	t.Helper()
	type view []struct {
		Running bool
		Runs    []struct{ Outcome, Error string }
	}
	of := func(text string) (runs int, last string, running bool) {
		for _, s := range decode[view](t, text) {
			running = running || s.Running
			runs += len(s.Runs)
			if len(s.Runs) > 0 && s.Runs[0].Outcome != "" {
				last = s.Runs[0].Outcome + " " + s.Runs[0].Error
			}
		}
		return runs, last, running
	}
	path := "/api/plugins/" + plugin + "/schedules"
	_, text := p.Get(path)
	before, _, _ := of(text)
	if res, text := p.Do(http.MethodPost, path+"/"+schedule+"/run", "{}", asJSON); res.StatusCode/100 != 2 {
		t.Fatalf("running %s of %s: %d %s", schedule, plugin, res.StatusCode, text)
	}
	ended := p.Until(path, func(_ int, text string) bool {
		runs, last, running := of(text)
		return runs > before && last != "" && !running && !strings.HasPrefix(last, "running")
	})
	if _, last, _ := of(ended); !strings.HasPrefix(last, "done") {
		t.Fatalf("%s of %s ended: %s\n%s", schedule, plugin, last, ended)
	}
}

// What an organisation of a real Gitea has is in the catalog: its descriptors,
// found and read with the token, and its people. It follows what changes there.
func TestAnOrganisationOfARealGitea(t *testing.T) {
	server := giteatest.Start(t)
	server.Organization("crew")
	server.Repository("crew", "web", map[string]string{"catalog-info.yaml": described("web", "website"), "services/api/catalog-info.yaml": described("api", "service")})
	server.Repository("crew", "notes", map[string]string{"README.md": "nothing here\n"})
	server.Repository("crew", "bare", nil)
	server.API(http.MethodPost, "/admin/users", map[string]any{"username": "ada", "email": "ada@example.com", "full_name": "Ada L.", "password": "of-a-Test-1", "must_change_password": false})
	var team struct{ ID int }
	if err := json.Unmarshal(server.API(http.MethodPost, "/orgs/crew/teams", map[string]any{"name": "Stage", "description": "On stage", "permission": "write", "units": []string{"repo.code"}}), &team); err != nil {
		t.Fatal(err)
	}
	server.API(http.MethodPut, fmt.Sprintf("/teams/%d/members/ada", team.ID), nil)
	p := crew(t, server)

	now(t, p, "discovery", "discover")
	now(t, p, "organization", "refresh")
	p.Until(byName+"web", status(http.StatusOK))
	text := p.Until(byName+"api", status(http.StatusOK))
	annotations := decode[struct {
		Metadata struct{ Annotations map[string]string }
	}](t, text).Metadata.Annotations
	if want := "url:" + server.URL + "/crew/web/src/branch/main/services/api/"; annotations["backstage.io/source-location"] != want {
		t.Errorf("%v", annotations)
	}
	if annotations["backstage.io/managed-by-origin-location"] != "plugin:discovery/repositories" {
		t.Errorf("%v", annotations)
	}
	user := p.Until("/api/catalog/entities/by-name/user/default/ada", status(http.StatusOK))
	if !strings.Contains(user, `"Ada L."`) || !strings.Contains(user, `"targetRef":"group:default/stage"`) {
		t.Error(user)
	}
	p.Until("/api/catalog/entities/by-name/group/default/stage", func(_ int, text string) bool { return strings.Contains(text, `"targetRef":"user:default/ada"`) })

	// A descriptor appears, one goes with its repository, and a member leaves.
	server.Write("crew/notes", "catalog-info.yaml", described("notes", "library"))
	server.API(http.MethodDelete, "/repos/crew/web", nil)
	server.API(http.MethodDelete, fmt.Sprintf("/teams/%d/members/ada", team.ID), nil)
	now(t, p, "discovery", "discover")
	now(t, p, "organization", "refresh")
	p.Until(byName+"notes", status(http.StatusOK))
	p.Until(byName+"api", status(http.StatusNotFound))
	p.Until("/api/catalog/entities/by-name/group/default/stage", func(_ int, text string) bool { return !strings.Contains(text, "user:default/ada") })

	if strings.Contains(p.Log.String(), server.Token) {
		t.Error("the token is in the log")
	}
}
