// Package github reads repositories of GitHub and GitHub Enterprise.
//
// Owns: the forms of its URLs, the calls of its REST API (api.github.com/v3), raw files for those without a token,
// the tokens of GitHub Apps.
// Does not own: requests, limits and messages (source.Site), who may use it (source.Integrations).
// Flow: URL → Place → contents | commit → tree, archive.
package github

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
)

// Config is one entry of integrations.github. HTTP and Name are required.
type Config struct {
	Name       string // "integrations.github[0]"
	Host       string // default github.com; with a port where that is not 443
	BaseURL    string // of the site; default https://Host
	APIBaseURL string // default https://api.github.com, or BaseURL/api/v3
	RawBaseURL string // default https://raw.githubusercontent.com, or BaseURL/raw
	Token      string
	Apps       []App // come before Token for the owners that they are installed for
	HTTP       source.HTTPClient
	Now        func() time.Time // with Apps
}

// public is GitHub's own host.
const public = "github.com"

// WithDefaults fills in what follows from the host.
func (c Config) WithDefaults() Config {
	if u, err := url.Parse(c.BaseURL); c.Host == "" && err == nil {
		c.Host = u.Host
	}
	if c.Host == "" {
		c.Host = public
	}
	set := func(s *string, to string) {
		if *s == "" {
			*s = to
		}
		*s = strings.TrimRight(*s, "/")
	}
	set(&c.BaseURL, "https://"+c.Host)
	if c.Host == public {
		set(&c.APIBaseURL, "https://api.github.com")
		set(&c.RawBaseURL, "https://raw.githubusercontent.com")
	}
	set(&c.APIBaseURL, c.BaseURL+"/api/v3")
	set(&c.RawBaseURL, c.BaseURL+"/raw")
	return c
}

// Host implements source.Host, source.Editor and source.API.
type Host struct {
	source.Site
	raw string
}

// New returns a host. Fault: Invalid (an address that is none, an app without a key).
func New(c Config) (*Host, error) {
	c = c.WithDefaults()
	config := source.SiteConfig{Title: "GitHub", Name: c.Name, BaseURL: c.BaseURL, APIBaseURL: c.APIBaseURL, HTTP: c.HTTP}
	if c.Token != "" {
		config.Set = bearer(c.Token)
	}
	site, err := source.NewSite(config)
	if err != nil {
		return nil, err //nolint:wrapcheck // names the key
	}
	if _, err := source.BaseURL(c.Name+".rawBaseUrl", c.RawBaseURL); err != nil {
		return nil, err
	}
	if len(c.Apps) > 0 {
		if site.Credentials, err = newApps(c, site); err != nil {
			return nil, err
		}
	}
	return &Host{site, c.RawBaseURL}, nil
}

// bearer puts a token on requests.
func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

// kinds are the words that stand before the branch.
var kinds = map[string]bool{"blob": true, "tree": true, "raw": true, "edit": true}

// Parse implements source.Host: /org/repo/blob/main/path, or /org/repo for the
// root of the default branch. A branch with a slash in it has it encoded.
func (h *Host) Parse(u *url.URL) (source.Place, bool) {
	s, ok := source.Segments(u, func(i int) bool { return i == 3 })
	if !ok || !h.Owns(u) || len(s) < 2 || len(s) == 3 || len(s) > 3 && !kinds[s[2]] {
		return source.Place{}, false
	}
	p := source.Place{Repo: s[0] + "/" + strings.TrimSuffix(s[1], ".git")}
	if len(s) > 3 {
		p.Ref, p.Path = source.RefOf(s[3]), strings.Join(s[4:], "/")
	}
	return p, true
}

// URL implements source.Host.
func (h *Host) URL(p source.Place) string {
	return h.Pages.String() + "/" + source.EscapePath(p.Repo) + "/blob/" + source.RefText(p.Ref) + "/" + source.EscapePath(p.Path)
}

// EditURL implements source.Editor.
func (*Host) EditURL(u *url.URL) string { return withKind(u, "edit") }

// FolderURL implements source.Editor. GitHub sends from tree to blob where a
// tree is none.
func (*Host) FolderURL(u *url.URL) string {
	return withKind(u.ResolveReference(&url.URL{Path: "./"}), "tree")
}

// withKind puts another word before the branch.
func withKind(u *url.URL, kind string) string {
	s := strings.SplitN(u.EscapedPath(), "/", 5) // "", org, repo, kind, rest
	if len(s) < 5 || !kinds[s[3]] {
		return u.String()
	}
	s[3] = kind
	out := *u
	out.RawPath = strings.Join(s, "/")
	out.Path, _ = url.PathUnescape(out.RawPath) // it is part of a URL that parsed
	return out.String()
}

// rawMedia asks for the bytes of a file instead of JSON about it.
var rawMedia = http.Header{"Accept": {"application/vnd.github.raw+json"}, "X-Github-Api-Version": {apiVersion}}

const apiVersion = "2022-11-28"

// Read implements source.Host. Without a token raw files are read, which no
// rate limit of the API counts.
func (h *Host) Read(ctx context.Context, p source.Place, etag string) (source.Content, error) {
	what := h.URL(p)
	if p.Path == "" {
		return source.Content{}, fault.New(fault.Invalid, "%s is a repository, not a file", what)
	}
	query := url.Values{}
	if p.Ref != "" {
		query.Set("ref", p.Ref)
	}
	target := h.repo(p, "/contents/"+source.EscapePath(p.Path), query)
	credential, err := h.Credential(ctx, target)
	if err != nil {
		return source.Content{}, err
	}
	if credential.Name == "" {
		ref := p.Ref
		if ref == "" {
			ref = "HEAD"
		}
		return h.File(ctx, what, h.raw+"/"+source.EscapePath(p.Repo)+"/"+source.EscapePath(ref)+"/"+source.EscapePath(p.Path), nil, etag)
	}
	c, err := h.File(ctx, what, target, rawMedia, etag)
	if err == nil && strings.HasPrefix(c.MediaType, "application/json") { // a list of a folder's files, or a submodule
		return source.Content{}, fault.New(fault.Invalid, "%s is a folder, not a file", what)
	}
	return c, err
}

func (h *Host) repo(p source.Place, path string, query url.Values) string {
	return h.Target("/repos/"+source.EscapePath(p.Repo)+path, query)
}

// commit returns the place with its branch by name, and its commit.
func (h *Host) commit(ctx context.Context, p source.Place) (source.Place, string, error) {
	if p.Ref == "" {
		var repo struct {
			DefaultBranch string `json:"default_branch"`
		}
		if _, err := h.JSON(ctx, h.Pages.String()+"/"+p.Repo, h.repo(p, "", nil), &repo); err != nil {
			return p, "", err
		}
		p.Ref = repo.DefaultBranch
	}
	var commit struct {
		SHA string `json:"sha"`
	}
	_, err := h.JSON(ctx, h.URL(p), h.repo(p, "/commits/"+url.PathEscape(p.Ref), url.Values{"per_page": {"1"}}), &commit)
	return p, commit.SHA, err
}

// List implements source.Host.
func (h *Host) List(ctx context.Context, p source.Place, etag string) (source.Listing, error) {
	p, sha, err := h.commit(ctx, p)
	out := source.Listing{ETag: "commit " + sha, Place: p}
	if err != nil || out.ETag == etag {
		out.NotModified = err == nil
		return out, err
	}
	var tree struct {
		Tree []struct {
			Path, Mode, Type string
			Size             int64
		}
		Truncated bool
	}
	if _, err := h.JSON(ctx, h.URL(p), h.repo(p, "/git/trees/"+sha, url.Values{"recursive": {"1"}}), &tree); err != nil {
		return out, err
	}
	if tree.Truncated {
		return out, fault.New(fault.Exhausted, "%s has more files than GitHub lists at once; name its descriptors one by one", h.Pages.String()+"/"+p.Repo)
	}
	for _, f := range tree.Tree {
		if _, below := source.Below(f.Path, p.Path); below && f.Type == "blob" && f.Mode != "120000" {
			out.Files = append(out.Files, source.Entry{Path: f.Path, Size: f.Size})
		}
	}
	return out, nil
}

// Tree implements source.Host.
func (h *Host) Tree(ctx context.Context, p source.Place, etag string) (source.Tree, error) {
	p, sha, err := h.commit(ctx, p)
	out := source.Tree{ETag: "commit " + sha}
	if err != nil || out.ETag == etag {
		out.NotModified = err == nil
		return out, err
	}
	out.Files, err = h.Archive(ctx, h.URL(p), h.repo(p, "/tarball/"+sha, nil), p.Path)
	return out, err
}
