package source

import (
	"net/url"
	"path"
	"strings"
)

// Allowed is a host that may be read, one entry of backend.reading.allow or
// the host of an integration.
type Allowed struct {
	Host  string   // "example.com", "*.example.com", "example.com:8443"
	Paths []string // each itself and everything below it; none = all
}

// AllowList is the hosts that may be read.
type AllowList []Allowed

// Permits reports whether the URL may be read. It is asked again for every
// hop of a redirect.
func (list AllowList) Permits(u *url.URL) bool {
	if u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
		return false
	}
	for _, a := range list {
		if a.host(u) && a.path(u) {
			return true
		}
	}
	return false
}

func (a Allowed) host(u *url.URL) bool {
	name, port := a.Host, ""
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, ']') {
		name, port = name[:i], name[i+1:]
	}
	if !a.port(u, port) {
		return false
	}
	host := strings.ToLower(u.Hostname())
	name = strings.ToLower(strings.Trim(name, "[]"))
	if suffix, ok := strings.CutPrefix(name, "*"); ok && strings.HasPrefix(suffix, ".") {
		return strings.HasSuffix(host, suffix) && len(host) > len(suffix)
	}
	return host == name
}

// port: without one in the entry the URL must use its scheme's own.
func (Allowed) port(u *url.URL, want string) bool {
	standard := "443"
	if u.Scheme == "http" {
		standard = "80"
	}
	got := u.Port()
	if got == "" {
		got = standard
	}
	if want == "" {
		want = standard
	}
	return got == want
}

func (a Allowed) path(u *url.URL) bool {
	if len(a.Paths) == 0 {
		return true
	}
	p := u.Path
	for _, segment := range strings.Split(p, "/") {
		if segment == ".." || segment == "." {
			return false // nobody writes that who means well
		}
	}
	cleaned := path.Clean("/" + p)
	for _, allowed := range a.Paths {
		below := strings.TrimSuffix(allowed, "/") + "/"
		if cleaned == allowed || strings.HasPrefix(cleaned, below) || p == allowed {
			return true
		}
	}
	return false
}
