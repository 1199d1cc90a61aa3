package source_test

import (
	"testing"

	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/host/internal/source/gitea"
	"github.com/callboard/callboard/host/internal/source/github"
	"github.com/callboard/callboard/host/internal/source/gitlab"
)

func TestTouches(t *testing.T) {
	hub, err := github.New(github.Config{Name: "integrations.github[0]"})
	if err != nil {
		t.Fatal(err)
	}
	lab, err := gitlab.New(gitlab.Config{Name: "integrations.gitlab[0]"})
	if err != nil {
		t.Fatal(err)
	}
	tea, err := gitea.New(gitea.Config{Name: "integrations.gitea[0]", Host: "git.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	r := source.New(source.Config{Integrations: source.Integrations{{Type: "github", Host: hub}, {Type: "gitlab", Host: lab}, {Type: "gitea", Host: tea}}})
	pushed := func(repository string) source.Push {
		return source.Push{Repository: repository, Branch: "main", Default: true, Files: []string{"a/catalog-info.yaml", "docs/x.md"}}
	}
	all := source.Push{Repository: "https://github.com/o/r", All: true}
	for target, tc := range map[string]struct {
		push source.Push
		want bool
	}{
		"https://github.com/o/r/blob/main/a/catalog-info.yaml":            {pushed("https://github.com/o/r"), true},
		"https://github.com/O/R/blob/main/a/catalog-info.yaml":            {pushed("https://github.com/o/r"), true},
		"https://github.com/o/r/blob/-/a/catalog-info.yaml":               {pushed("https://github.com/o/r"), true},
		"https://github.com/o/r/blob/-/**/catalog-info.yaml":              {pushed("https://github.com/o/r"), true},
		"https://github.com/o/r/tree/main/docs/":                          {pushed("https://github.com/o/r"), true},
		"https://github.com/o/r/blob/main/b/catalog-info.yaml":            {pushed("https://github.com/o/r"), false},
		"https://github.com/o/r/blob/main/a/catalog":                      {pushed("https://github.com/o/r"), false},
		"https://github.com/o/r/blob/-/b/**/catalog-info.yaml":            {pushed("https://github.com/o/r"), false},
		"https://github.com/o/r/blob/v1/a/catalog-info.yaml":              {pushed("https://github.com/o/r"), false},
		"https://github.com/o/r2/blob/main/a/catalog-info.yaml":           {pushed("https://github.com/o/r"), false},
		"https://gitlab.com/o/r/-/blob/main/a/catalog-info.yaml":          {pushed("https://github.com/o/r"), false},
		"https://gitlab.com/g/s/r/-/blob/main/a/catalog-info.yaml":        {pushed("https://gitlab.com/g/s/r"), true},
		"https://git.example.com/o/r/src/branch/main/a/catalog-info.yaml": {pushed("https://git.example.com/o/r"), true},
		"https://elsewhere.example.com/a/catalog-info.yaml":               {pushed("https://elsewhere.example.com"), false},
		"https://github.com/o/r/blob/v1/anything.yaml":                    {all, true},
		"https://github.com/o/r/blob/main/x.yaml":                         {source.Push{Repository: "not a url\x00", All: true}, false},
	} {
		if got := r.Touches(tc.push, source.Location{Type: source.URL, Target: target}); got != tc.want {
			t.Errorf("%s after %+v: %v", target, tc.push, got)
		}
	}
	if r.Touches(all, source.Location{Type: source.File, Target: "/o/r"}) {
		t.Error("a push touches a file")
	}
}
