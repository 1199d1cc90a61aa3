// Package gitlab reads projects of GitLab.
//
// Owns: the forms of its URLs, the calls of its REST API (v4).
// Does not own: requests, limits and messages (source.Site), who may use it (source.Integrations).
// Flow: URL → Place → raw file | commit → tree, archive.
package gitlab

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
)

// Config is one entry of integrations.gitlab. HTTP and Name are required.
type Config struct {
	Name       string // "integrations.gitlab[0]"
	Host       string // default gitlab.com
	BaseURL    string // of the site, perhaps with a path; default https://Host
	APIBaseURL string // default BaseURL/api/v4
	Token      string
	HTTP       source.HTTPClient
}

// WithDefaults fills in what follows from the host.
func (c Config) WithDefaults() Config {
	if c.Host == "" {
		c.Host = "gitlab.com"
	}
	if c.BaseURL == "" {
		c.BaseURL = "https://" + c.Host
	}
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	if c.APIBaseURL == "" {
		c.APIBaseURL = c.BaseURL + "/api/v4"
	}
	return c
}

// Host implements source.Host, source.Editor and source.API.
type Host struct{ source.Site }

// New returns a host. Fault: Invalid (an address that is none).
func New(c Config) (*Host, error) {
	c = c.WithDefaults()
	site := source.SiteConfig{Title: "GitLab", Name: c.Name, BaseURL: c.BaseURL, APIBaseURL: c.APIBaseURL, HTTP: c.HTTP}
	if c.Token != "" {
		site.Set = func(r *http.Request) { r.Header.Set("Private-Token", c.Token) }
	}
	s, err := source.NewSite(site)
	return &Host{s}, err //nolint:wrapcheck // names the key
}

var kinds = map[string]bool{"blob": true, "tree": true, "raw": true, "edit": true}

// Parse implements source.Host: /group/…/project/-/blob/main/path, the older
// form without the dash, or /group/project for the root of the default branch.
func (h *Host) Parse(u *url.URL) (source.Place, bool) {
	s, ok := source.Segments(source.Relative(u, h.Pages), func(int) bool { return true })
	if !ok || !h.Owns(u) {
		return source.Place{}, false
	}
	for i := 2; i < len(s); i++ {
		at := i
		if s[i] == "-" {
			at++
		}
		if at+1 < len(s) && kinds[s[at]] {
			p := source.Place{Repo: strings.Join(s[:i], "/"), Ref: source.RefOf(s[at+1]), Path: strings.Join(s[at+2:], "/")}
			return p, !strings.ContainsAny(strings.Join(s[:i], "")+strings.Join(s[at+2:], ""), `/\`)
		}
		if s[i] == "-" {
			return source.Place{}, false
		}
	}
	return source.Place{Repo: strings.Join(s, "/")}, len(s) >= 2
}

// URL implements source.Host.
func (h *Host) URL(p source.Place) string {
	return h.Pages.String() + "/" + source.EscapePath(p.Repo) + "/-/blob/" + source.RefText(p.Ref) + "/" + source.EscapePath(p.Path)
}

// EditURL implements source.Editor.
func (*Host) EditURL(u *url.URL) string {
	text := u.String()
	for kind := range kinds {
		text = strings.Replace(text, "/-/"+kind+"/", "/-/edit/", 1)
	}
	return text
}

func (h *Host) project(p source.Place, path string, query url.Values) string {
	return h.Target("/projects/"+url.PathEscape(p.Repo)+path, query)
}

// ref is how the API names a branch.
func ref(p source.Place) string {
	if p.Ref == "" {
		return "HEAD"
	}
	return p.Ref
}

// Read implements source.Host.
func (h *Host) Read(ctx context.Context, p source.Place, etag string) (source.Content, error) {
	if p.Path == "" {
		return source.Content{}, fault.New(fault.Invalid, "%s is a project, not a file", h.URL(p))
	}
	target := h.project(p, "/repository/files/"+url.PathEscape(p.Path)+"/raw", url.Values{"ref": {ref(p)}})
	return h.File(ctx, h.URL(p), target, nil, etag)
}

// commit returns the place with its branch by name, and its commit.
func (h *Host) commit(ctx context.Context, p source.Place) (source.Place, string, error) {
	if p.Ref == "" {
		var project struct {
			DefaultBranch string `json:"default_branch"`
		}
		if _, err := h.JSON(ctx, h.Pages.String()+"/"+p.Repo, h.project(p, "", nil), &project); err != nil {
			return p, "", err
		}
		p.Ref = project.DefaultBranch
	}
	var commit struct{ ID string }
	_, err := h.JSON(ctx, h.URL(p), h.project(p, "/repository/commits/"+url.PathEscape(ref(p)), nil), &commit)
	return p, commit.ID, err
}

// List implements source.Host.
func (h *Host) List(ctx context.Context, p source.Place, etag string) (source.Listing, error) {
	p, sha, err := h.commit(ctx, p)
	out := source.Listing{ETag: "commit " + sha, Place: p}
	if err != nil || out.ETag == etag {
		out.NotModified = err == nil
		return out, err
	}
	query := url.Values{"ref": {sha}, "recursive": {"true"}, "per_page": {"100"}, "pagination": {"keyset"}}
	if p.Path != "" {
		query.Set("path", p.Path)
	}
	for target := h.project(p, "/repository/tree", query); target != ""; {
		var page []struct{ Path, Mode, Type string }
		header, err := h.JSON(ctx, h.URL(p), target, &page)
		if err != nil {
			return out, err
		}
		for _, f := range page {
			if f.Type == "blob" && f.Mode != "120000" {
				out.Files = append(out.Files, source.Entry{Path: f.Path, Size: -1})
			}
		}
		if len(out.Files) > source.MaxListed {
			return out, fault.New(fault.Exhausted, "%s has more than %d files; name a folder of it", h.Pages.String()+"/"+p.Repo, source.MaxListed)
		}
		next, err := h.Next(header)
		if err != nil {
			return out, err
		}
		if target = ""; next != "" {
			target = strings.TrimSuffix(h.Base.String(), "/") + next
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
	query := url.Values{"sha": {sha}}
	if p.Path != "" {
		query.Set("path", p.Path)
	}
	out.Files, err = h.Archive(ctx, h.URL(p), h.project(p, "/repository/archive.tar.gz", query), p.Path)
	return out, err
}
