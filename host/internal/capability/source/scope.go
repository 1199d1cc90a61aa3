package source

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
)

// Scope says what a plugin may read.
//
//	integrations: [github, gitea]   # types; "*" = every type; url = URLs of no integration, of the hosts below
//	hosts: [github.com]             # absent = every host of these integrations, and no other URL
//	api: true                       # the APIs of these hosts too, by GET
type Scope struct {
	Integrations []string // sorted; every = any type of integration
	Hosts        []string // sorted; nil = those of the integrations
	API          bool
}

// every stands for all types of integration. It is no promise about URLs of
// none, which need their word.
const every = "*"

// types are what scopes may name. A type that is added to source is added here.
var types = []string{"github", "gitlab", "gitea", "awsS3", source.URL, every}

const maxHosts = 64

// scopes implements capability.ScopeLanguage.
type scopes struct{}

// Parse implements capability.ScopeLanguage. A nil scope reads nothing.
func (scopes) Parse(raw json.RawMessage) (capability.Scope, error) {
	var in struct {
		Integrations []string `json:"integrations"`
		Hosts        []string `json:"hosts"`
		API          bool     `json:"api"`
	}
	if len(raw) > 0 {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		if err := d.Decode(&in); err != nil {
			return nil, fault.New(fault.Invalid, "a source scope is written {integrations: [github], hosts: [github.com], api: true}: %w", err)
		}
	}
	for i, t := range in.Integrations {
		if !slices.Contains(types, t) {
			return nil, fault.New(fault.Invalid, "integrations[%d]: %.40q is none of %s", i, t, strings.Join(types, ", "))
		}
	}
	if len(in.Hosts) > maxHosts {
		return nil, fault.New(fault.Invalid, "a source scope has at most %d hosts", maxHosts)
	}
	for i, h := range in.Hosts {
		if !isHost(h) {
			return nil, fault.New(fault.Invalid, "hosts[%d]: %.100q is no host; write github.com, git.example.com:8443 or *.example.com", i, h)
		}
		in.Hosts[i] = strings.ToLower(h)
	}
	return &Scope{Integrations: sorted(in.Integrations), Hosts: sorted(in.Hosts), API: in.API}, nil
}

// isHost reports whether a text is a host, perhaps with a port or "*." before it.
func isHost(text string) bool {
	u, err := url.Parse("https://" + strings.TrimPrefix(text, "*."))
	return err == nil && u.Host != "" && u.Host == strings.TrimPrefix(text, "*.") && !strings.Contains(u.Host, "*")
}

func sorted(in []string) []string {
	if len(in) == 0 {
		return nil
	}
	out := slices.Clone(in)
	slices.Sort(out)
	return slices.Compact(out)
}

// Narrow returns what both scopes allow.
func (s *Scope) Narrow(other capability.Scope) capability.Scope {
	o, ok := other.(*Scope)
	if !ok {
		return &Scope{}
	}
	out := &Scope{API: s.API && o.API}
	for _, t := range types {
		if t == every && slices.Contains(s.Integrations, every) && slices.Contains(o.Integrations, every) || t != every && s.hasType(t) && o.hasType(t) {
			out.Integrations = append(out.Integrations, t)
		}
	}
	if slices.Contains(out.Integrations, every) {
		out.Integrations = slices.DeleteFunc(out.Integrations, func(t string) bool { return t != every && t != source.URL })
	}
	out.Integrations = sorted(out.Integrations)
	switch {
	case s.Hosts == nil:
		out.Hosts = o.Hosts
	case o.Hosts == nil:
		out.Hosts = s.Hosts
	default:
		for _, a := range s.Hosts {
			for _, b := range o.Hosts {
				if both, ok := narrower(a, b); ok {
					out.Hosts = append(out.Hosts, both)
				}
			}
		}
		if out.Hosts = sorted(out.Hosts); out.Hosts == nil {
			out.Integrations = nil // no host at all, where nil would be every one
		}
	}
	return out
}

// narrower returns the host that both patterns name.
func narrower(a, b string) (string, bool) {
	switch {
	case a == b:
		return a, true
	case covers(a, b):
		return b, true
	case covers(b, a):
		return a, true
	default:
		return "", false
	}
}

// covers reports whether every host of b is one of a.
func covers(a, b string) bool {
	suffix, ok := strings.CutPrefix(a, "*")
	return ok && strings.HasSuffix(strings.TrimPrefix(b, "*"), suffix) && len(b) > len(suffix)
}

func (s *Scope) hasType(kind string) bool {
	return slices.Contains(s.Integrations, kind) || kind != source.URL && slices.Contains(s.Integrations, every)
}

// hasHost reports whether a URL is one of the scope's hosts.
func (s *Scope) hasHost(u *url.URL) bool {
	list := make(source.AllowList, len(s.Hosts))
	for i, h := range s.Hosts {
		list[i].Host = h
		if u.Scheme == "http" && !strings.Contains(h, ":") && u.Port() == "" {
			return false // written without a port it is meant with https
		}
	}
	return list.Permits(u)
}

// permits says why a URL of a type may not be read, nil if it may.
func (s *Scope) permits(kind string, u *url.URL) error {
	switch {
	case !s.hasType(kind):
		return s.denial(u, "the plugin may "+s.String()+"; "+u.Host+" is of type "+kind+": add it to integrations of the scope of source, in plugin.yaml and in the grant")
	case s.Hosts == nil && kind != source.URL:
		return nil
	case !s.hasHost(u):
		return s.denial(u, "the plugin may "+s.String()+"; add "+u.Host+" to hosts of the scope of source, in plugin.yaml and in the grant")
	default:
		return nil
	}
}

func (*Scope) denial(u *url.URL, why string) error {
	return &capability.Denial{Missing: "source: " + u.Host, Why: why}
}

// String says the scope in words.
func (s *Scope) String() string {
	if len(s.Integrations) == 0 {
		return "read no source"
	}
	words := "read sources of " + strings.Join(s.Integrations, ", ")
	if slices.Contains(s.Integrations, every) {
		words = strings.Replace(words, every, "every integration", 1)
	}
	if s.Hosts != nil {
		words += " on " + strings.Join(s.Hosts, ", ")
	}
	if s.API {
		words += ", and ask their APIs"
	}
	return words
}
