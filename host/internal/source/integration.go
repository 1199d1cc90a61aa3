package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/fault"
)

// CatalogPlugin is who the catalog's own reads count as.
const CatalogPlugin = "catalog"

// Integration is one source host as configuration names it, with one credential.
type Integration struct {
	Name    string   // "integrations.github[0]"
	Type    string   // "github", as below integrations
	Plugins []string // who may use it; none = everybody
	Host    Host
}

// Host reads what one source host keeps. Its faults are NotFound, Denied (the
// host refuses the credential), Unavailable (it does not answer, or its rate
// limit is used up), Invalid (not a file, too large), each saying what to mend.
type Host interface {
	// Owns reports whether a URL is one of the host's, whatever it names.
	Owns(u *url.URL) bool
	// Parse returns the file or folder that a URL names; false when it names
	// something else.
	Parse(u *url.URL) (Place, bool)
	// URL is the inverse of Parse, for a file.
	URL(p Place) string
	Read(ctx context.Context, p Place, etag string) (Content, error)
	// List returns the files below a folder.
	List(ctx context.Context, p Place, etag string) (Listing, error)
	// Tree returns the files below a folder with their bytes.
	Tree(ctx context.Context, p Place, etag string) (Tree, error)
}

// Editor is a Host with pages of its own for a file and its folder. The URLs
// are those of Parse.
type Editor interface {
	EditURL(u *url.URL) string
	FolderURL(u *url.URL) string // the folder of a file, with a slash at its end
}

// API is a Host whose API can be asked for more than files.
type API interface {
	// Ask sends GET to a path of the API with its query, "/orgs/x/repos?page=2".
	Ask(ctx context.Context, target, etag string) (Answer, error)
}

// Answer is what the API of a host said.
type Answer struct {
	Content
	Next string // path and query of the next page; empty at the end
}

// Place is a file or folder of a source host.
type Place struct {
	Repo    string // "org/name"; the bucket of S3
	Ref     string // branch, tag or commit; empty = the default branch
	RefType string // where a host tells them apart: branch, tag or commit
	Path    string // in the repository, without a slash at either end; empty = the root
}

// Within reports whether the place lies in the same repository as another.
func (p Place) Within(other Place) bool { return strings.EqualFold(p.Repo, other.Repo) }

// Listing is the files below a folder.
type Listing struct {
	ETag        string
	NotModified bool
	Place       Place // as asked, with the default branch by its name
	Files       []Entry
}

// Entry is one file of a Listing. Links and submodules are none.
type Entry struct {
	Path string // from the root of the repository
	Size int64  // -1 = unknown
}

// Tree is the files below a folder with their bytes.
type Tree struct {
	ETag        string
	NotModified bool
	Files       []TreeFile // by path
}

// TreeFile is one file of a Tree.
type TreeFile struct {
	Path string // from the folder
	Data []byte
}

// Bounds of one listing and one tree.
const (
	MaxListed    = 200_000
	MaxTreeFiles = 20_000
	MaxTreeBytes = 64 << 20
)

// Integrations are the source hosts of an installation, in the order of
// configuration.
type Integrations []Integration

// Version changes when what URLs mean may have.
func (all Integrations) Version() string {
	if len(all) == 0 {
		return ""
	}
	h := sha256.New()
	for _, i := range all {
		_, _ = fmt.Fprintf(h, "%s %s\x00", i.Type, i.Host.URL(Place{Repo: "o/r", Ref: "x", Path: "f"}))
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// pick returns the integration that serves a URL for a plugin: one that names
// the plugin before one that names none. It is nil when the URL is no
// integration's. Fault: Denied when those of the host are for others.
func (all Integrations) pick(u *url.URL, plugin string) (*Integration, error) {
	var open *Integration
	var others []string
	for n := range all {
		i := &all[n]
		switch {
		case !i.Host.Owns(u):
		case slices.Contains(i.Plugins, plugin):
			return i, nil
		case len(i.Plugins) > 0:
			others = append(others, i.Name)
		case open == nil:
			open = i
		}
	}
	if open == nil && len(others) > 0 {
		return nil, fault.New(fault.Denied, "%s is read with the credential of %s, which is not for plugin %s; add it to %s.plugins",
			u.Host, strings.Join(others, " or "), plugin, others[0])
	}
	return open, nil
}

// any returns an integration that owns a URL, whoever it is for.
func (all Integrations) any(u *url.URL) *Integration {
	for n := range all {
		if all[n].Host.Owns(u) {
			return &all[n]
		}
	}
	return nil
}

// Segments returns the path of a URL as its decoded segments, without a last
// empty one. It is false for paths that no host means: empty segments, "." and
// "..", control characters, an encoded slash where slash forbids it.
func Segments(u *url.URL, slash func(i int) bool) ([]string, bool) {
	raw := strings.Split(strings.TrimSuffix(strings.TrimPrefix(u.EscapedPath(), "/"), "/"), "/")
	out := make([]string, len(raw))
	for i, s := range raw {
		text, err := url.PathUnescape(s)
		if err != nil || text == "" || text == "." || text == ".." || strings.ContainsFunc(text, isControl) {
			return nil, false
		}
		if strings.ContainsAny(text, `/\`) && (slash == nil || !slash(i) || !cleanPath(text)) {
			return nil, false
		}
		out[i] = text
	}
	return out, true
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f }

// cleanPath reports whether a relative path means what it says: no empty
// segment, no "." and "..", no backslash.
func cleanPath(p string) bool {
	for s := range strings.SplitSeq(p, "/") {
		if s == "" || s == "." || s == ".." || strings.ContainsRune(s, '\\') || strings.ContainsFunc(s, isControl) {
			return false
		}
	}
	return true
}

// BaseURL reads an address of configuration. Fault: Invalid.
func BaseURL(key, text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(text, "/"))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fault.New(fault.Invalid, "%s: %q is no address of a server, like https://git.example.com", key, text)
	}
	return u, nil
}

// SameSite reports whether a URL lies below the base of a site.
func SameSite(u, base *url.URL) bool {
	if u.Scheme != base.Scheme || u.User != nil || !strings.EqualFold(u.Hostname(), base.Hostname()) || portOf(u) != portOf(base) {
		return false
	}
	return base.Path == "" || u.Path == base.Path || strings.HasPrefix(u.Path, base.Path+"/")
}

func portOf(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == "http" {
		return "80"
	}
	return "443"
}

// Relative returns a URL with the path below a base.
func Relative(u, base *url.URL) *url.URL {
	out := *u
	out.Path = strings.TrimPrefix(u.Path, base.Path)
	out.RawPath = strings.TrimPrefix(u.RawPath, base.EscapedPath())
	return &out
}

// defaultRef stands in URLs for the default branch, as in Backstage.
const defaultRef = "-"

// RefOf reads a branch as URLs write it.
func RefOf(segment string) string {
	if segment == defaultRef {
		return ""
	}
	return segment
}

// RefText is the inverse of RefOf, encoded.
func RefText(ref string) string {
	if ref == "" {
		return defaultRef
	}
	return url.PathEscape(ref)
}

// EscapePath encodes the segments of a path for a URL.
func EscapePath(p string) string {
	segments := strings.Split(p, "/")
	for i, s := range segments {
		segments[i] = url.PathEscape(s)
	}
	return strings.Join(segments, "/")
}

// Below returns what is left of a path below a folder; empty and true for the
// folder itself.
func Below(path, folder string) (string, bool) {
	if folder == "" || path == folder {
		return strings.TrimPrefix(path, folder), true
	}
	return strings.CutPrefix(path, folder+"/")
}

// ReadAll reads at most limit bytes. Fault: Invalid (larger), Unavailable.
func ReadAll(from io.Reader, name string, limit int64) (Content, error) {
	return (&Reader{config: Config{MaxBytes: limit}}).readAll(from, name)
}
