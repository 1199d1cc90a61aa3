// Package sourcetest holds the promises that every source host keeps.
//
// Owns: the suite, the repository that it reads, servers that answer as GitHub and GitLab document it.
// Does not own: what one host does alone (that host's tests).
// Flow: newHost(t) → a host whose repository has Files → Run.
package sourcetest

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
)

// Files are what the repository of a suite holds on its only branch, main.
var Files = map[string]string{
	"catalog-info.yaml":               "kind: Component\n",
	"docs/index.md":                   "# Docs\n",
	"docs/a b/c#d%.md":                "odd name\n",
	"services/one/catalog-info.yaml":  "kind: One\n",
	"services/two/catalog-info.yaml":  "kind: Two\n",
	"services/two/deep/er/other.yaml": "other\n",
}

// Link is a symbolic link in the repository, to catalog-info.yaml; a host
// without links leaves it out.
const Link = "services/link.yaml"

// Subject is one host as a suite meets it.
type Subject struct {
	Host   source.Host
	Anonym source.Host // the same without a credential; nil = skip what needs it
	Wrong  source.Host // the same with a wrong credential
	Place  source.Place
	Named  string             // the default branch, where Place names none
	Change func(t *testing.T) // changes catalog-info.yaml to "kind: Changed\n"
}

// Run holds a host to what all of them promise.
func Run(t *testing.T, subject func(t *testing.T) Subject) {
	t.Run("URLs", func(t *testing.T) { urls(t, subject(t)) })
	t.Run("reading", func(t *testing.T) { reading(t, subject(t)) })
	t.Run("listing", func(t *testing.T) { listing(t, subject(t)) })
	t.Run("trees", func(t *testing.T) { trees(t, subject(t)) })
	t.Run("searching", func(t *testing.T) { searching(t, subject(t)) })
	t.Run("what does not exist", func(t *testing.T) { missing(t, subject(t)) })
	t.Run("credentials", func(t *testing.T) { refusals(t, subject(t)) })
}

func (s Subject) at(path string) source.Place {
	p := s.Place
	p.Path = path
	return p
}

func parse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// A URL that a host writes it also reads, as the same place.
func urls(t *testing.T, s Subject) {
	for path := range Files {
		text := s.Host.URL(s.at(path))
		got, ok := s.Host.Parse(parse(t, text))
		if !ok || got.Path != path || got.Repo != s.Place.Repo || got.Ref != s.Place.Ref {
			t.Errorf("%s is read as %+v, %v", text, got, ok)
		}
	}
	base := s.Host.URL(s.at("catalog-info.yaml"))
	for _, bad := range []string{"/../catalog-info.yaml", "/%2e%2e/x", "//x", "/a%2fb", `/a%5cb`, "/%00", "/a/./b"} {
		text := strings.TrimSuffix(base, "/catalog-info.yaml") + bad
		if got, ok := s.Host.Parse(parse(t, text)); ok {
			t.Errorf("%s is read as %+v", text, got)
		}
	}
	for _, other := range []string{"https://elsewhere.example.com/o/r/blob/main/x", strings.Replace(base, "://", "://user:pass@", 1)} {
		if s.Host.Owns(parse(t, other)) {
			t.Errorf("%s counts as the host's", other)
		}
	}
}

// Bytes arrive as they are; what did not change is not sent again.
func reading(t *testing.T, s Subject) {
	for path, want := range Files {
		got, err := s.Host.Read(t.Context(), s.at(path), "")
		if err != nil || string(got.Data) != want {
			t.Fatalf("%s is %q, %v", path, got.Data, err)
		}
		if again, err := s.Host.Read(t.Context(), s.at(path), got.ETag); err != nil || !again.NotModified || again.Data != nil {
			t.Errorf("%s did not change, but reading it again gives %+v, %v", path, again, err)
		}
	}
	before, err := s.Host.Read(t.Context(), s.at("catalog-info.yaml"), "")
	if err != nil {
		t.Fatal(err)
	}
	s.Change(t)
	if after, err := s.Host.Read(t.Context(), s.at("catalog-info.yaml"), before.ETag); err != nil || string(after.Data) != "kind: Changed\n" {
		t.Errorf("it changed, but is %+v, %v", after, err)
	}
}

// Every file is listed once and no link; an unchanged listing says so.
func listing(t *testing.T, s Subject) {
	all, err := s.Host.List(t.Context(), s.at(""), "")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for path := range Files {
		want[path] = true
	}
	for _, f := range all.Files {
		if !want[f.Path] {
			t.Errorf("%s is listed, or twice", f.Path)
		}
		delete(want, f.Path)
		if f.Size >= 0 && f.Size != int64(len(Files[f.Path])) {
			t.Errorf("%s has %d bytes, not %d", f.Path, len(Files[f.Path]), f.Size)
		}
	}
	if len(want) > 0 {
		t.Errorf("not listed: %v", want)
	}
	if again, err := s.Host.List(t.Context(), s.at(""), all.ETag); err != nil || !again.NotModified {
		t.Errorf("nothing changed, but listing it again gives %+v, %v", again, err)
	}
	s.Change(t)
	if after, err := s.Host.List(t.Context(), s.at(""), all.ETag); err != nil || after.NotModified || len(after.Files) != len(Files) {
		t.Errorf("it changed, but listing it gives %+v, %v", after, err)
	}
}

// A tree has the bytes of a folder's files, without links.
func trees(t *testing.T, s Subject) {
	for _, folder := range []string{"", "services", "services/two"} {
		tree, err := s.Host.Tree(t.Context(), s.at(folder), "")
		if err != nil {
			t.Fatal(err)
		}
		want := 0
		for path := range Files {
			if _, below := source.Below(path, folder); below {
				want++
			}
		}
		for _, f := range tree.Files {
			if Files[strings.TrimPrefix(folder+"/"+f.Path, "/")] != string(f.Data) {
				t.Errorf("%s of %q is %q", f.Path, folder, f.Data)
			}
		}
		if len(tree.Files) != want {
			t.Errorf("%q has %d files, not %d", folder, want, len(tree.Files))
		}
		if again, err := s.Host.Tree(t.Context(), s.at(folder), tree.ETag); err != nil || !again.NotModified || again.Files != nil {
			t.Errorf("nothing changed, but the tree is %+v, %v", again, err)
		}
	}
}

// A wildcard finds files of one repository, in order.
func searching(t *testing.T, s Subject) {
	reader := source.New(source.Config{Integrations: source.Integrations{{Name: "the integration", Type: "test", Host: s.Host}}})
	for pattern, want := range map[string][]string{
		"**/catalog-info.yaml":       {"catalog-info.yaml", "services/one/catalog-info.yaml", "services/two/catalog-info.yaml"},
		"services/*/catalog-*.yaml":  {"services/one/catalog-info.yaml", "services/two/catalog-info.yaml"},
		"services/**":                {"services/one/catalog-info.yaml", "services/two/catalog-info.yaml", "services/two/deep/er/other.yaml"},
		"services/{one,none}/*.yaml": {"services/one/catalog-info.yaml"},
	} {
		at := source.Location{Type: source.URL, Target: unescaped(s.Host.URL(s.at(pattern)))}
		found, err := reader.Expand(t.Context(), at, "")
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		var got []string
		for _, l := range found {
			p, ok := s.Host.Parse(parse(t, l.Target))
			if !ok || p.Ref != cmp.Or(s.Place.Ref, s.Named) {
				t.Errorf("%s found %s", pattern, l)
			}
			got = append(got, p.Path)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s found %v, not %v", pattern, got, want)
		}
	}
	none := source.Location{Type: source.URL, Target: unescaped(s.Host.URL(s.at("none/**/*.yaml")))}
	if _, err := reader.Expand(t.Context(), none, ""); !fault.Is(err, fault.NotFound) {
		t.Errorf("nothing matches, but: %v", err)
	}
}

// unescaped puts the wildcards of a pattern back into its URL.
func unescaped(text string) string {
	return strings.NewReplacer("%2A", "*", "%7B", "{", "%7D", "}", "%2C", ",").Replace(text)
}

func missing(t *testing.T, s Subject) {
	_, err := s.Host.Read(t.Context(), s.at("nothing/here.yaml"), "")
	if !fault.Is(err, fault.NotFound) || !strings.Contains(fault.Message(err), "does not exist") {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := s.Host.Read(t.Context(), s.at(""), ""); !fault.Is(err, fault.Invalid) {
		t.Errorf("the repository as a file: %v", err)
	}
	reader := source.New(source.Config{Integrations: source.Integrations{{Name: "the integration", Type: "test", Host: s.Host}}})
	folder := source.Location{Type: source.URL, Target: s.Host.URL(s.at("nothing/here"))}
	if tree, err := reader.ReadTree(t.Context(), source.Request{Location: folder}); !fault.Is(err, fault.NotFound) {
		t.Errorf("a folder that is not there: %+v, %v", tree, err)
	}
	gone := s.at("catalog-info.yaml")
	gone.Repo += "-gone"
	if _, err := s.Host.Read(t.Context(), gone, ""); !fault.Is(err, fault.NotFound) {
		t.Errorf("a repository that is not there: %v", err)
	}
	if _, err := s.Host.List(t.Context(), gone, ""); !fault.Is(err, fault.NotFound) {
		t.Errorf("listing a repository that is not there: %v", err)
	}
}

// Without the right credential nothing private is read, and the message names
// the entry to mend.
func refusals(t *testing.T, s Subject) {
	for name, host := range map[string]source.Host{"none": s.Anonym, "a wrong one": s.Wrong} {
		if host == nil {
			continue
		}
		c, err := host.Read(t.Context(), s.at("catalog-info.yaml"), "")
		if !fault.Is(err, fault.Denied) && !fault.Is(err, fault.NotFound) || !strings.Contains(fault.Message(err), "integrations.") {
			t.Errorf("with %s: %q, %v", name, c.Data, err)
		}
	}
}
