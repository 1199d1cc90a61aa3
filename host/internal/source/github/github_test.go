package github_test

import (
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/host/internal/source/github"
	"github.com/callboard/callboard/host/internal/source/sourcetest"
)

func host(t *testing.T, base, token string) source.Host {
	t.Helper()
	h, err := github.New(github.Config{Name: "integrations.github[0]", BaseURL: base, Host: strings.TrimPrefix(base, "http://"), Token: token, HTTP: sourcetest.Client()})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestGitHub(t *testing.T) { sourcetest.RunServer(t, sourcetest.GitHub, host) }

// The places that URLs of GitHub name, and the links that people get.
func TestURLs(t *testing.T) {
	h, err := github.New(github.Config{Name: "integrations.github[0]"})
	if err != nil {
		t.Fatal(err)
	}
	sourcetest.Addresses{
		Places: map[string]source.Place{
			"https://github.com/org/repo/blob/main/a/b.yaml":          {Repo: "org/repo", Ref: "main", Path: "a/b.yaml"},
			"https://github.com/org/repo/tree/main/a/":                {Repo: "org/repo", Ref: "main", Path: "a"},
			"https://GitHub.com/org/repo/raw/v1.0/a.yaml":             {Repo: "org/repo", Ref: "v1.0", Path: "a.yaml"},
			"https://github.com/org/repo/blob/feature%2Fx/a%20b.yaml": {Repo: "org/repo", Ref: "feature/x", Path: "a b.yaml"},
			"https://github.com/org/repo/blob/-/**/catalog-info.yaml": {Repo: "org/repo", Path: "**/catalog-info.yaml"},
			"https://github.com/org/repo":                             {Repo: "org/repo"},
			"https://github.com/org/repo.git":                         {Repo: "org/repo"},
			"https://github.com:443/org/repo/blob/main/x?plain=1#L10": {Repo: "org/repo", Ref: "main", Path: "x"},
		},
		Nothing: []string{
			"https://github.com/org", "https://github.com/org/repo/issues/1", "https://github.com/org/repo/blob", "http://github.com/org/repo/blob/main/x",
			"https://github.com.evil.example/org/repo/blob/main/x", "https://github.com:444/org/repo/blob/main/x", "https://github.com/org/repo/blob/../x/y",
			"https://github.com/org/repo/blob/..%2f..%2fx/y",
		},
		File: "https://github.com/org/repo/blob/main/sub/catalog-info.yaml", Edit: "https://github.com/org/repo/edit/main/sub/catalog-info.yaml", Folder: "https://github.com/org/repo/tree/main/sub/",
	}.Check(t, h)
}

func TestAFolderIsNoFile(t *testing.T) {
	repo := sourcetest.NewRepo()
	h := host(t, sourcetest.GitHub(t, repo), repo.Token)
	_, err := h.Read(t.Context(), source.Place{Repo: "o/r", Ref: "main", Path: "services"}, "")
	if !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Message(err), "is a folder") {
		t.Error(err)
	}
}
