// Package gitea reads repositories of Gitea and Forgejo.
//
// Owns: the forms of their URLs, the calls of their REST API (v1).
// Does not own: requests, limits and messages (source.Site), who may use it (source.Integrations).
// Flow: URL → Place → raw file | commit → tree, archive.
package gitea

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
)

// Config is one entry of integrations.gitea. HTTP, Name and Host are required.
type Config struct {
	Name     string // "integrations.gitea[0]"
	Host     string
	BaseURL  string // of the site, perhaps with a path; default https://Host
	Token    string
	Username string // with Password, in the place of a token
	Password string // without a user it is a token, as in Backstage
	HTTP     source.HTTPClient
}

// WithDefaults fills in what follows from the host.
func (c Config) WithDefaults() Config {
	if c.BaseURL == "" {
		c.BaseURL = "https://" + c.Host
	}
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	if c.Token == "" && c.Username == "" {
		c.Token = c.Password
	}
	return c
}

// Host implements source.Host, source.Editor and source.API.
type Host struct{ source.Site }

// New returns a host. Fault: Invalid (an address that is none).
func New(c Config) (*Host, error) {
	c = c.WithDefaults()
	site := source.SiteConfig{Title: "Gitea", Name: c.Name, BaseURL: c.BaseURL, APIBaseURL: c.BaseURL + "/api/v1", HTTP: c.HTTP}
	switch {
	case c.Token != "":
		site.Set = func(r *http.Request) { r.Header.Set("Authorization", "token "+c.Token) }
	case c.Username != "":
		site.Set = func(r *http.Request) { r.SetBasicAuth(c.Username, c.Password) }
	}
	s, err := source.NewSite(site)
	return &Host{s}, err //nolint:wrapcheck // names the key
}

var (
	kinds = map[string]bool{"src": true, "raw": true, "_edit": true}
	types = map[string]bool{"branch": true, "tag": true, "commit": true}
)

// Parse implements source.Host: /org/repo/src/branch/main/path, or /org/repo
// for the root of the default branch. A branch with a slash in it has it encoded.
func (h *Host) Parse(u *url.URL) (source.Place, bool) {
	s, ok := source.Segments(source.Relative(u, h.Pages), func(i int) bool { return i == 4 })
	if !ok || !h.Owns(u) || len(s) < 2 {
		return source.Place{}, false
	}
	p := source.Place{Repo: s[0] + "/" + strings.TrimSuffix(s[1], ".git")}
	if len(s) == 2 {
		return p, true
	}
	if len(s) < 5 || !kinds[s[2]] || !types[s[3]] {
		return source.Place{}, false
	}
	p.RefType, p.Ref, p.Path = s[3], source.RefOf(s[4]), strings.Join(s[5:], "/")
	return p, true
}

// URL implements source.Host.
func (h *Host) URL(p source.Place) string {
	kind := p.RefType
	if kind == "" {
		kind = "branch"
	}
	return h.Pages.String() + "/" + source.EscapePath(p.Repo) + "/src/" + kind + "/" + source.RefText(p.Ref) + "/" + source.EscapePath(p.Path)
}

// EditURL implements source.Editor.
func (h *Host) EditURL(u *url.URL) string {
	p, ok := h.Parse(u)
	if !ok {
		return u.String()
	}
	return h.Pages.String() + "/" + source.EscapePath(p.Repo) + "/_edit/" + source.RefText(p.Ref) + "/" + source.EscapePath(p.Path)
}

func (h *Host) repo(p source.Place, path string, query url.Values) string {
	return h.Target("/repos/"+source.EscapePath(p.Repo)+path, query)
}

// Read implements source.Host.
func (h *Host) Read(ctx context.Context, p source.Place, etag string) (source.Content, error) {
	if p.Path == "" {
		return source.Content{}, fault.New(fault.Invalid, "%s is a repository, not a file", h.URL(p))
	}
	query := url.Values{}
	if p.Ref != "" {
		query.Set("ref", p.Ref)
	}
	return h.File(ctx, h.URL(p), h.repo(p, "/raw/"+source.EscapePath(p.Path), query), nil, etag)
}

// commit returns the place with its branch by name, and its commit.
func (h *Host) commit(ctx context.Context, p source.Place) (source.Place, string, error) {
	if p.Ref == "" {
		var repo struct {
			DefaultBranch string `json:"default_branch"`
			Empty         bool
		}
		if _, err := h.JSON(ctx, h.Pages.String()+"/"+p.Repo, h.repo(p, "", nil), &repo); err != nil {
			return p, "", err
		}
		if repo.Empty {
			return p, "", fault.New(fault.NotFound, "%s/%s is empty", h.Pages, p.Repo)
		}
		p.RefType, p.Ref = "branch", repo.DefaultBranch
	}
	var commits []struct{ SHA string }
	query := url.Values{"sha": {p.Ref}, "limit": {"1"}, "stat": {"false"}, "verification": {"false"}, "files": {"false"}}
	if _, err := h.JSON(ctx, h.URL(p), h.repo(p, "/commits", query), &commits); err != nil {
		return p, "", err
	}
	if len(commits) == 0 {
		return p, "", fault.New(fault.NotFound, "%s has no commit", h.URL(p))
	}
	return p, commits[0].SHA, nil
}

// perPage is the page of a tree: at most what a server gives, 1,000 unless it
// is configured otherwise.
const perPage = 1000

// List implements source.Host.
func (h *Host) List(ctx context.Context, p source.Place, etag string) (source.Listing, error) {
	p, sha, err := h.commit(ctx, p)
	out := source.Listing{ETag: "commit " + sha, Place: p}
	if err != nil || out.ETag == etag {
		out.NotModified = err == nil
		return out, err
	}
	seen := 0
	for page := 1; ; page++ {
		var tree struct {
			Tree []struct {
				Path, Mode, Type string
				Size             int64
			}
			Total     int `json:"total_count"`
			Truncated bool
		}
		query := url.Values{"recursive": {"true"}, "per_page": {strconv.Itoa(perPage)}, "page": {strconv.Itoa(page)}}
		if _, err := h.JSON(ctx, h.URL(p), h.repo(p, "/git/trees/"+sha, query), &tree); err != nil {
			return out, err
		}
		for _, f := range tree.Tree {
			if _, below := source.Below(f.Path, p.Path); below && f.Type == "blob" && f.Mode != "120000" {
				out.Files = append(out.Files, source.Entry{Path: f.Path, Size: f.Size})
			}
		}
		seen += len(tree.Tree)
		if !tree.Truncated || len(tree.Tree) == 0 || tree.Total > 0 && seen >= tree.Total {
			return out, nil
		}
		if seen > source.MaxListed {
			return out, fault.New(fault.Exhausted, "%s/%s has more than %d files; name its descriptors one by one", h.Pages, p.Repo, source.MaxListed)
		}
	}
}

// Tree implements source.Host.
func (h *Host) Tree(ctx context.Context, p source.Place, etag string) (source.Tree, error) {
	p, sha, err := h.commit(ctx, p)
	out := source.Tree{ETag: "commit " + sha}
	if err != nil || out.ETag == etag {
		out.NotModified = err == nil
		return out, err
	}
	out.Files, err = h.Archive(ctx, h.URL(p), h.repo(p, "/archive/"+sha+".tar.gz", nil), p.Path)
	return out, err
}
