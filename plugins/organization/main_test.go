package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/sdktest"
)

// github answers as GitHub documents it: a member has no name there.
func github(broken string) http.Handler {
	answers := map[string]string{
		"/orgs/org/members":                `[{"login": "Ada", "id": 1, "avatar_url": "https://a.example.com/1"}, {"login": "ben", "id": 2}]`,
		"/orgs/org/teams":                  `[{"id": 1, "slug": "platform", "name": "Platform", "description": "Keeps it running", "parent": null}, {"id": 2, "slug": "tools", "name": "Tools", "parent": {"slug": "platform"}}]`,
		"/orgs/org/teams/platform/members": `[{"login": "Ada"}]`,
		"/orgs/org/teams/tools/members":    `[{"login": "ada"}, {"login": "ben"}]`,
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := answers[r.URL.Path]
		if !ok || r.URL.Path == broken {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = w.Write([]byte(text))
	})
}

type brought struct {
	Kind     string
	Metadata struct {
		Name, Namespace, Description string
		Annotations                  map[string]string
	}
	Spec struct {
		Type, Parent string
		MemberOf     []string
		Profile      struct{ DisplayName, Email, Picture string }
	}
}

func entities(t *testing.T, h *sdktest.Harness) map[string]brought {
	t.Helper()
	out := map[string]brought{}
	for _, text := range h.Brought() {
		var e brought
		if err := json.Unmarshal(text, &e); err != nil {
			t.Fatal(err)
		}
		out[e.Kind+" "+e.Metadata.Namespace+"/"+e.Metadata.Name] = e
	}
	return out
}

func TestTeamsAndMembersOfGitHub(t *testing.T) {
	h := sdktest.New(t, plugin(), sdktest.SourceAPI("https://github.com", github("")), sdktest.ConfigJSON(`{"organizations": [{"organization": "org"}]}`))
	message, err := h.Provide("people")
	if err != nil || message != "2 users, 2 groups, 0 problems" {
		t.Fatal(message, err)
	}
	got := entities(t, h)
	ada := got["User default/Ada"]
	if want := []string{"group:default/platform", "group:default/tools"}; !slices.Equal(ada.Spec.MemberOf, want) || ada.Spec.Profile.DisplayName != "Ada" || ada.Metadata.Annotations["github.com/user-login"] != "Ada" || ada.Spec.Profile.Picture == "" {
		t.Errorf("%+v", ada)
	}
	tools := got["Group default/tools"]
	if tools.Spec.Parent != "group:default/platform" || tools.Spec.Type != "team" || tools.Metadata.Annotations["github.com/team-slug"] != "org/tools" {
		t.Errorf("%+v", tools)
	}
	if len(got) != 4 {
		t.Errorf("%v", got)
	}
}

// When a part cannot be read nobody loses a group.
func TestHalfOfACompanyIsNotBrought(t *testing.T) {
	for _, broken := range []string{"/orgs/org/members", "/orgs/org/teams", "/orgs/org/teams/tools/members"} {
		config := sdktest.ConfigJSON(`{"organizations": [{"organization": "org"}, {"organization": "org", "host": "https://ghe.example.com", "namespace": "other"}]}`)
		h := sdktest.New(t, plugin(), sdktest.SourceAPI("https://github.com", github("")), sdktest.SourceAPI("https://ghe.example.com", github(broken)), config)
		if _, err := h.Provide("people"); sdk.CodeOf(err) != sdk.CodeDenied || !strings.Contains(err.Error(), "refuses") || len(h.Brought()) != 0 {
			t.Errorf("%s: %v, %d entities", broken, err, len(h.Brought()))
		}
	}
}

func TestTeamsAndMembersOfGitea(t *testing.T) {
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text := map[string]string{
			"/orgs/org/members": `[{"login": "ada", "full_name": "Ada L.", "email": "ada@example.com"}, {"login": "ben", "email": "ben@noreply.localhost"}]`,
			"/orgs/org/teams":   `[{"id": 7, "name": "Owners of Things", "description": ""}]`,
			"/teams/7/members":  `[{"login": "ada"}]`,
		}[r.URL.Path]
		if text == "" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(text))
	})
	h := sdktest.New(t, plugin(), sdktest.SourceAPI("https://git.example.com", api),
		sdktest.ConfigJSON(`{"organizations": [{"organization": "org", "type": "gitea", "host": "https://git.example.com", "namespace": "crew"}]}`))
	if message, err := h.Provide("people"); err != nil {
		t.Fatal(message, err)
	}
	got := entities(t, h)
	if ada := got["User default/ada"]; ada.Spec.Profile.DisplayName != "Ada L." || ada.Spec.Profile.Email != "ada@example.com" || !slices.Equal(ada.Spec.MemberOf, []string{"group:crew/owners-of-things"}) {
		t.Errorf("%+v", ada)
	}
	if ben := got["User default/ben"]; ben.Spec.Profile.Email != "" || ben.Metadata.Annotations != nil {
		t.Errorf("%+v", ben)
	}
	if g := got["Group crew/owners-of-things"]; g.Spec.Profile.DisplayName != "Owners of Things" {
		t.Errorf("%+v", g)
	}
}
