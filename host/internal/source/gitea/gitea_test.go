package gitea_test

import (
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/host/internal/source/gitea"
	"github.com/callboard/callboard/host/internal/source/sourcetest"
)

func host(t *testing.T, base, token string) source.Host {
	t.Helper()
	h, err := gitea.New(gitea.Config{Name: "integrations.gitea[0]", BaseURL: base, Host: strings.TrimPrefix(base, "http://"), Token: token, HTTP: sourcetest.Client()})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestGitea(t *testing.T) { sourcetest.RunServer(t, sourcetest.Gitea, host) }

// The places that URLs of Gitea name, and the links that people get.
func TestURLs(t *testing.T) {
	h, err := gitea.New(gitea.Config{Name: "integrations.gitea[0]", Host: "git.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	const base = "https://git.example.com"
	sourcetest.Addresses{
		Places: map[string]source.Place{
			base + "/org/repo/src/branch/main/a/b.yaml":      {Repo: "org/repo", RefType: "branch", Ref: "main", Path: "a/b.yaml"},
			base + "/org/repo/src/tag/v1/b.yaml":             {Repo: "org/repo", RefType: "tag", Ref: "v1", Path: "b.yaml"},
			base + "/org/repo/raw/commit/abc/b.yaml":         {Repo: "org/repo", RefType: "commit", Ref: "abc", Path: "b.yaml"},
			base + "/org/repo/src/branch/-/**/catalog.yaml":  {Repo: "org/repo", RefType: "branch", Path: "**/catalog.yaml"},
			base + "/org/repo/src/branch/feature%2Fx/b.yaml": {Repo: "org/repo", RefType: "branch", Ref: "feature/x", Path: "b.yaml"},
			base + "/org/repo":                               {Repo: "org/repo"},
		},
		File: base + "/org/repo/src/branch/main/sub/catalog-info.yaml", Edit: base + "/org/repo/_edit/main/sub/catalog-info.yaml", Folder: base + "/org/repo/src/branch/main/sub/",
	}.Check(t, h)
}

// A password without a user is a token, as Backstage reads it.
func TestAPasswordAlone(t *testing.T) {
	repo := sourcetest.NewRepo()
	h, err := gitea.New(gitea.Config{Name: "integrations.gitea[0]", BaseURL: sourcetest.Gitea(t, repo), Password: repo.Token, HTTP: sourcetest.Client()})
	if err != nil {
		t.Fatal(err)
	}
	if c, err := h.Read(t.Context(), source.Place{Repo: "o/r", Path: "catalog-info.yaml"}, ""); err != nil || len(c.Data) == 0 {
		t.Error(c, err)
	}
}
