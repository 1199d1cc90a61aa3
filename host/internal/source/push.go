package source

import (
	"net/url"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Push is what a source host says has changed in a repository.
type Push struct {
	Repository string   `json:"repository"`        // URL of its page
	Branch     string   `json:"branch,omitempty"`  // empty = any, with All
	Default    bool     `json:"default,omitempty"` // the branch is the default one
	Files      []string `json:"files,omitempty"`   // paths that came, changed or went
	All        bool     `json:"all,omitempty"`     // more than Files changed, or nobody knows what
}

// Touches reports whether a push may have changed what a location reads; for
// one with wildcards, what it matches. It reads nothing.
func (r *Reader) Touches(p Push, l Location) bool {
	if l.Type != URL {
		return false
	}
	u, err := url.Parse(l.Target)
	if err != nil {
		return false
	}
	i := r.config.Integrations.any(u)
	if i == nil {
		return false
	}
	repository, err := url.Parse(p.Repository)
	if err != nil || !i.Host.Owns(repository) {
		return false
	}
	changed, ok := i.Host.Parse(repository)
	at, named := i.Host.Parse(u)
	if !ok || !named || !at.Within(changed) || !p.on(at) {
		return false
	}
	return p.All || slices.ContainsFunc(p.Files, at.covers)
}

// on reports whether the place is on the branch that was pushed. A commit
// never changes; whoever names one hears of no push.
func (p Push) on(at Place) bool {
	return p.Branch == "" || at.Ref == p.Branch || at.Ref == "" && p.Default
}

// covers reports whether the place is the file, a folder above it, or a
// pattern that matches it.
func (p Place) covers(file string) bool {
	if hasWildcard(p.Path) {
		ok, err := doublestar.Match(p.Path, file)
		return ok && err == nil
	}
	return p.Path == "" || file == p.Path || strings.HasPrefix(file, p.Path+"/")
}
