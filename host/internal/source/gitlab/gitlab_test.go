package gitlab_test

import (
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/host/internal/source/gitlab"
	"github.com/callboard/callboard/host/internal/source/sourcetest"
)

func host(t *testing.T, base, token string) source.Host {
	t.Helper()
	h, err := gitlab.New(gitlab.Config{Name: "integrations.gitlab[0]", BaseURL: base, Host: strings.TrimPrefix(base, "http://"), Token: token, HTTP: sourcetest.Client()})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestGitLab(t *testing.T) { sourcetest.RunServer(t, sourcetest.GitLab, host) }

// The places that URLs of GitLab name, and the links that people get.
func TestURLs(t *testing.T) {
	h, err := gitlab.New(gitlab.Config{Name: "integrations.gitlab[0]", Host: "git.example.com", BaseURL: "https://git.example.com/code"})
	if err != nil {
		t.Fatal(err)
	}
	const base = "https://git.example.com/code"
	sourcetest.Addresses{
		Places: map[string]source.Place{
			base + "/group/sub/project/-/blob/main/a/b.yaml":     {Repo: "group/sub/project", Ref: "main", Path: "a/b.yaml"},
			base + "/group/project/blob/main/b.yaml":             {Repo: "group/project", Ref: "main", Path: "b.yaml"},
			base + "/group/project/-/raw/feature%2Fx/b%20c.yaml": {Repo: "group/project", Ref: "feature/x", Path: "b c.yaml"},
			base + "/group/project/-/tree/-/docs/":               {Repo: "group/project", Path: "docs"},
			base + "/group/project":                              {Repo: "group/project"},
		},
		Nothing: []string{"https://git.example.com/group/project/-/blob/main/x", base + "/group", base + "/group/project/-/issues/1", base + "/group%2Fproject/x/-/blob/main/y"},
		File:    base + "/group/project/-/blob/main/sub/catalog-info.yaml", Edit: base + "/group/project/-/edit/main/sub/catalog-info.yaml", Folder: base + "/group/project/-/blob/main/sub/",
	}.Check(t, h)
}
