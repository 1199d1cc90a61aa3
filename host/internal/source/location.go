package source

import (
	"net/url"
	"path/filepath"
	"strings"

	"github.com/callboard/callboard/host/internal/fault"
)

// The types of location.
const (
	File = "file"
	URL  = "url"
)

// Location says where something is: a type and a target that only that type
// understands, a path or a URL.
type Location struct {
	Type   string
	Target string
}

// String returns "type:target", the form that annotations carry.
func (l Location) String() string { return l.Type + ":" + l.Target }

// ParseLocation is the inverse of String: the first colon divides.
// Fault: Invalid.
func ParseLocation(s string) (Location, error) {
	kind, target, ok := strings.Cut(s, ":")
	if !ok || kind == "" {
		return Location{}, fault.New(fault.Invalid, "location %q is not of the form <type>:<target>", s)
	}
	return Location{Type: kind, Target: target}, nil
}

// Resolve returns what target means in something that was read from base. An
// empty type is base's own, or url for an absolute URL. Fault: Invalid.
func Resolve(base Location, kind, target string) (Location, error) {
	if kind == "" {
		kind = base.Type
		if isWeb(target) {
			kind = URL
		}
	}
	switch kind {
	case File:
		if base.Type != File {
			return Location{}, fault.New(fault.Invalid, "%s was not read from a file and cannot name the file %q", base, target)
		}
		if target == "" || strings.IndexByte(target, 0) >= 0 {
			return Location{}, fault.New(fault.Invalid, "%q is no path", target)
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(base.Target), target)
		}
		return Location{File, filepath.Clean(target)}, nil
	case URL:
		u, err := url.Parse(target)
		if err == nil && base.Type == URL {
			var b *url.URL
			if b, err = url.Parse(base.Target); err == nil {
				u = b.ResolveReference(u)
			}
		}
		if err != nil {
			return Location{}, fault.New(fault.Invalid, "%q is no URL: %w", target, err)
		}
		if _, err := checkURL(u.String()); err != nil {
			return Location{}, err
		}
		return Location{URL, u.String()}, nil
	default:
		return Location{}, fault.New(fault.Invalid, "locations of type %q cannot be read; types are file and url", kind)
	}
}

func isWeb(target string) bool {
	scheme, _, ok := strings.Cut(target, "://")
	return ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

func checkURL(target string) (*url.URL, error) {
	u, err := url.Parse(target)
	switch {
	case err != nil:
		return nil, fault.New(fault.Invalid, "%q is no URL: %w", target, err)
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return nil, fault.New(fault.Invalid, "%q is no absolute http or https URL", target)
	case u.User != nil:
		return nil, fault.New(fault.Invalid, "the URL of %s has credentials in it; put them under integrations", u.Host)
	}
	return u, nil
}

// Folder returns the folder that everything named by a location of
// configuration stays in: that of the file, or the part of a glob before its
// first wildcard. It is empty for other types.
func Folder(l Location) string {
	if l.Type != File {
		return ""
	}
	base, _ := splitGlob(l.Target)
	return base
}
