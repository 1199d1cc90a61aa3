package source

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/callboard/callboard/host/internal/fault"
)

// Found is what a search found.
type Found struct {
	ETag        string
	NotModified bool
	Files       []FoundFile // by path
}

// FoundFile is one file of a search.
type FoundFile struct {
	URL  string
	Path string // from the root of the repository
	Size int64  // -1 = unknown
}

// Search returns the files that a URL with wildcards in its path names, on a
// source host. Faults: NotFound (nothing matches), Invalid, and those of Host.
func (r *Reader) Search(ctx context.Context, req Request) (Found, error) {
	u, err := checkURL(req.Location.Target)
	if err != nil {
		return Found{}, err
	}
	place, host, err := r.hostOf(u, req)
	if err != nil {
		return Found{}, err
	}
	if host == nil {
		if err := r.later(u); err != nil {
			return Found{}, err
		}
		return Found{}, fault.New(fault.Invalid, "%s has a wildcard, which only URLs of files on a host of integrations may have", u)
	}
	pattern := place.Path
	if !doublestar.ValidatePattern(pattern) {
		return Found{}, fault.New(fault.Invalid, "%q is no valid pattern", pattern)
	}
	place.Path, _ = doublestar.SplitPattern(pattern)
	if place.Path == "." || !hasWildcard(pattern) {
		place.Path = ""
	}
	listing, err := host.List(ctx, place, req.ETag)
	if err != nil || listing.NotModified {
		return Found{ETag: listing.ETag, NotModified: listing.NotModified}, err //nolint:wrapcheck // says what and why
	}
	out := Found{ETag: listing.ETag}
	for _, f := range listing.Files {
		if ok, _ := doublestar.Match(pattern, f.Path); !ok || !cleanPath(f.Path) {
			continue
		}
		if len(out.Files) == MaxMatches {
			return Found{}, fault.New(fault.Invalid, "%s names more than %d files", u, MaxMatches)
		}
		at := listing.Place
		at.Path = f.Path
		out.Files = append(out.Files, FoundFile{URL: host.URL(at), Path: f.Path, Size: f.Size})
	}
	slices.SortFunc(out.Files, func(a, b FoundFile) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

// ReadTree returns the files below a URL of a source host, links left out.
// Faults: NotFound (nothing is below it), Invalid, Exhausted (too large), and those of Host.
func (r *Reader) ReadTree(ctx context.Context, req Request) (Tree, error) {
	u, err := checkURL(req.Location.Target)
	if err != nil {
		return Tree{}, err
	}
	place, host, err := r.hostOf(u, req)
	if err != nil {
		return Tree{}, err
	}
	if host == nil {
		if err := r.later(u); err != nil {
			return Tree{}, err
		}
		return Tree{}, fault.New(fault.Invalid, "%s names no folder on a host of integrations; of other URLs single files can be read", u)
	}
	tree, err := host.Tree(ctx, place, req.ETag)
	if err == nil && !tree.NotModified && len(tree.Files) == 0 && place.Path != "" {
		return Tree{}, fault.New(fault.NotFound, "%s does not exist: no file is below it", u) // neither git nor S3 has empty folders
	}
	return tree, err //nolint:wrapcheck // says what and why
}

// Ask asks the API of the source host at base, "https://github.com". Faults:
// Denied, Invalid (no integration has such a host), and those of Host.
func (r *Reader) Ask(ctx context.Context, base, target string, req Request) (Answer, error) {
	u, err := checkURL(base)
	if err != nil {
		return Answer{}, err
	}
	i, err := r.config.Integrations.pick(u, req.plugin())
	if err != nil {
		return Answer{}, err
	}
	if i == nil {
		return Answer{}, fault.New(fault.Invalid, "%s is the host of no integration; name it under integrations", u)
	}
	api, ok := i.Host.(API)
	if !ok {
		return Answer{}, fault.New(fault.Invalid, "%s is of type %s, whose API cannot be asked", i.Name, i.Type)
	}
	return api.Ask(ctx, target, req.ETag) //nolint:wrapcheck // says what and why
}

// Serving returns the name and type of the integration that serves a URL for a
// plugin, "integrations.github[0]" and "github"; URL twice for one of no
// integration. Fault: Denied.
func (r *Reader) Serving(u *url.URL, plugin string) (name, kind string, err error) {
	i, err := r.config.Integrations.pick(u, plugin)
	if err != nil {
		return "", "", err
	}
	if i == nil {
		return URL, URL, nil
	}
	return i.Name, i.Type, nil
}

// Version changes when the same locations may mean something else, or show
// other links; empty without integrations.
func (r *Reader) Version() string { return r.config.Integrations.Version() }

// Resolve is the function Resolve, and knows the roots of repositories: a path
// that begins with a slash is one from there.
func (r *Reader) Resolve(base Location, kind, target string) (Location, error) {
	if base.Type == URL && (kind == "" || kind == URL) && strings.HasPrefix(target, "/") && !strings.HasPrefix(target, "//") {
		if u, err := url.Parse(base.Target); err == nil {
			if i := r.config.Integrations.any(u); i != nil {
				if place, ok := i.Host.Parse(u); ok {
					place.Path = strings.TrimPrefix(target, "/")
					return Location{URL, i.Host.URL(place)}, nil
				}
			}
		}
	}
	return Resolve(base, kind, target)
}

// Links are where people look at what was read from a location, change it, and
// find what lies beside it. Any may be empty.
type Links struct{ View, Edit, Source string }

// Links returns the links of a location.
func (r *Reader) Links(l Location) Links {
	if l.Type != URL {
		return Links{}
	}
	out := Links{View: l.Target}
	u, err := url.Parse(l.Target)
	if err != nil {
		return out
	}
	i := r.config.Integrations.any(u)
	if i == nil {
		return out
	}
	if _, ok := i.Host.Parse(u); !ok {
		return out
	}
	if e, ok := i.Host.(Editor); ok {
		out.Edit, out.Source = e.EditURL(u), URL+":"+e.FolderURL(u)
	}
	return out
}

// searches remembers what wildcards matched, by URL, so that an unchanged
// repository is not listed again.
type searches struct {
	mu    sync.Mutex
	found map[string]Found
}

// maxSearches bounds what is remembered.
const maxSearches = 1000

func (s *searches) get(target string) Found {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.found[target]
}

func (s *searches) put(target string, f Found) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.found == nil || len(s.found) >= maxSearches {
		s.found = map[string]Found{}
	}
	s.found[target] = f
}

// expandURL returns the files that a URL with wildcards names.
func (r *Reader) expandURL(ctx context.Context, l Location) ([]Location, error) {
	u, err := checkURL(l.Target)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(u.Path, "*") || r.config.Integrations.any(u) == nil {
		return []Location{l}, nil // a host may mean something else by it
	}
	known := r.searches.get(l.Target)
	found, err := r.Search(ctx, Request{Location: l, ETag: known.ETag})
	if err != nil {
		return nil, err
	}
	if found.NotModified {
		found.Files = known.Files
	}
	if len(found.Files) == 0 {
		return nil, fault.New(fault.NotFound, "no file matches %s", l.Target)
	}
	r.searches.put(l.Target, found)
	out := make([]Location, len(found.Files))
	for i, f := range found.Files {
		out[i] = Location{URL, f.URL}
	}
	return out, nil
}
