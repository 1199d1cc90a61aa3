package source_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/host/internal/source/gitea"
	"github.com/callboard/callboard/host/internal/source/github"
	"github.com/callboard/callboard/host/internal/source/sourcetest"
)

// hub is a host of type github at a server of sourcetest.
func hub(t *testing.T, name, base, token string) *github.Host {
	t.Helper()
	h, err := github.New(github.Config{Name: name, BaseURL: base, Token: token, HTTP: sourcetest.Client()})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func at(target string) source.Location { return source.Location{Type: source.URL, Target: target} }

// A credential serves the plugins that it names, and nobody else.
func TestCredentialsArePerPlugin(t *testing.T) {
	repo := sourcetest.NewRepo()
	base := sourcetest.GitHub(t, repo)
	file := at(base + "/o/r/blob/main/catalog-info.yaml")
	forOne := source.Integration{Name: "integrations.github[0]", Type: "github", Plugins: []string{"discovery"}, Host: hub(t, "integrations.github[0]", base, repo.Token)}
	forAll := source.Integration{Name: "integrations.github[1]", Type: "github", Host: hub(t, "integrations.github[1]", base, "")}
	forCatalog := forOne
	forCatalog.Plugins = []string{"catalog"}
	for _, tc := range []struct {
		name   string
		all    source.Integrations
		plugin string
		kind   fault.Kind
		says   string
	}{
		{"the plugin that it names", source.Integrations{forOne}, "discovery", 0, ""},
		{"another plugin", source.Integrations{forOne}, "other", fault.Denied, "integrations.github[0], which is not for plugin other"},
		{"the catalog", source.Integrations{forOne}, "", fault.Denied, "not for plugin catalog"},
		{"the catalog by its name", source.Integrations{forCatalog}, "", 0, ""},
		{"who is named comes first", source.Integrations{forAll, forOne}, "discovery", 0, ""},
		{"the others get what is left", source.Integrations{forOne, forAll}, "other", fault.NotFound, "integrations.github[1] has no credential"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := source.New(source.Config{Integrations: tc.all})
			c, err := r.Read(t.Context(), source.Request{Location: file, Plugin: tc.plugin})
			if tc.kind == 0 {
				if err != nil || len(c.Data) == 0 {
					t.Error(err)
				}
				return
			}
			if !fault.Is(err, tc.kind) || !strings.Contains(fault.Message(err), tc.says) {
				t.Errorf("%q, %v; want %v with %q", c.Data, err, tc.kind, tc.says)
			}
		})
	}
}

// What a descriptor names is read from its own repository; beyond that only
// from what configuration allows, and without the credential.
func TestADescriptorReadsItsOwnRepository(t *testing.T) {
	repo := sourcetest.NewRepo()
	base := sourcetest.GitHub(t, repo)
	all := source.Integrations{{Name: "integrations.github[0]", Type: "github", Host: hub(t, "integrations.github[0]", base, repo.Token)}}
	other := at(base + "/o/other/blob/main/secret.txt")
	mine := at(base + "/o/r/blob/main/docs/index.md")
	from := at(base + "/o/r/blob/main/catalog-info.yaml")
	r := source.New(source.Config{Integrations: all})
	if c, err := r.Read(t.Context(), source.Request{Location: mine, From: from}); err != nil || string(c.Data) != "# Docs\n" {
		t.Errorf("its own: %q, %v", c.Data, err)
	}
	before := repo.Requests()
	for _, descriptor := range []source.Location{from, at("https://elsewhere.example.com/x.yaml")} {
		if _, err := r.Read(t.Context(), source.Request{Location: other, From: descriptor}); !fault.Is(err, fault.Denied) || !strings.Contains(fault.Message(err), "its own repository only") {
			t.Errorf("another one from %s: %v", descriptor, err)
		}
	}
	if repo.Requests() != before {
		t.Error("what is denied was asked for")
	}
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	sent := &recorder{}
	allowed := source.New(source.Config{Integrations: all, HTTP: sent, Allow: source.AllowList{{Host: u.Host}}})
	_, _ = allowed.Read(t.Context(), source.Request{Location: other, From: from})
	if sent.request == nil || sent.request.Header.Get("Authorization") != "" {
		t.Errorf("an allowed host was asked with %+v", sent.request)
	}
}

// recorder keeps the request that it was given.
type recorder struct{ request *http.Request }

func (r *recorder) Do(q *http.Request) (*http.Response, error) {
	r.request = q
	return answer(404, ""), nil
}

// Targets mean in a repository what they mean in Backstage.
func TestTargetsResolveInTheirRepository(t *testing.T) {
	gh, err := github.New(github.Config{Name: "integrations.github[0]"})
	if err != nil {
		t.Fatal(err)
	}
	gt, err := gitea.New(gitea.Config{Name: "integrations.gitea[0]", Host: "git.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	r := source.New(source.Config{Integrations: source.Integrations{{Name: "a", Type: "github", Host: gh}, {Name: "b", Type: "gitea", Host: gt}}})
	const inHub, inTea, outside = "https://github.com/o/r/blob/main/sub/catalog-info.yaml", "https://git.example.com/o/r/src/branch/main/sub/c.yaml", "https://example.com/sub/c.yaml"
	for _, tc := range []struct{ base, target, want string }{
		{inHub, "./a.yaml", "https://github.com/o/r/blob/main/sub/a.yaml"},
		{inHub, "../a.yaml", "https://github.com/o/r/blob/main/a.yaml"},
		{inHub, "/docs/a.yaml", "https://github.com/o/r/blob/main/docs/a.yaml"},
		{inHub, "https://github.com/o/x/blob/main/a.yaml", "https://github.com/o/x/blob/main/a.yaml"},
		{inTea, "/a.yaml", "https://git.example.com/o/r/src/branch/main/a.yaml"},
		{inTea, "a.yaml", "https://git.example.com/o/r/src/branch/main/sub/a.yaml"},
		{outside, "/a.yaml", "https://example.com/a.yaml"},
	} {
		if got, err := r.Resolve(at(tc.base), "", tc.target); err != nil || got != at(tc.want) {
			t.Errorf("%s in %s is %s, %v", tc.target, tc.base, got, err)
		}
	}
	if got := r.Links(at(inHub)); got != (source.Links{View: inHub, Edit: "https://github.com/o/r/edit/main/sub/catalog-info.yaml", Source: "url:https://github.com/o/r/tree/main/sub/"}) {
		t.Errorf("%+v", got)
	}
	if got := r.Links(at(outside)); got != (source.Links{View: outside}) {
		t.Errorf("%+v", got)
	}
	if got := r.Links(source.Location{Type: source.File, Target: "/x"}); got != (source.Links{}) {
		t.Errorf("%+v", got)
	}
}

// An unchanged repository is not listed again for a wildcard.
func TestWildcardsAskOnlyForTheCommit(t *testing.T) {
	repo := sourcetest.NewRepo()
	base := sourcetest.GitHub(t, repo)
	r := source.New(source.Config{Integrations: source.Integrations{{Name: "a", Type: "github", Host: hub(t, "a", base, repo.Token)}}})
	l := at(base + "/o/r/blob/main/**/catalog-info.yaml")
	first, err := r.Expand(t.Context(), l, "")
	if err != nil {
		t.Fatal(err)
	}
	before := repo.Requests()
	again, err := r.Expand(t.Context(), l, "")
	if err != nil || len(again) != len(first) || repo.Requests() != before+1 {
		t.Errorf("%d of %d files, %v, with %d requests", len(again), len(first), err, repo.Requests()-before)
	}
	repo.Set("new/catalog-info.yaml", "kind: New\n")
	if after, err := r.Expand(t.Context(), l, ""); err != nil || len(after) != len(first)+1 {
		t.Errorf("a new file: %v, %v", after, err)
	}
}

// A limit that is used up stops every kind of request of the credential.
func TestARateLimitStopsReads(t *testing.T) {
	repo := sourcetest.NewRepo()
	base := sourcetest.GitHub(t, repo)
	repo.Limit = func(w http.ResponseWriter) bool {
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	}
	h, err := github.New(github.Config{Name: "integrations.github[0]", BaseURL: base, Token: repo.Token, HTTP: source.NewPace(sourcetest.Client(), "integrations.github[0]", time.Now)})
	if err != nil {
		t.Fatal(err)
	}
	place := source.Place{Repo: "o/r", Ref: "main", Path: "catalog-info.yaml"}
	_, first := h.Read(t.Context(), place, "")
	_, second := h.Read(t.Context(), place, "")
	_, third := h.List(t.Context(), place, "")
	for _, err := range []error{first, second, third} {
		if !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.Message(err), "asked again after") {
			t.Error(err)
		}
	}
	if repo.Requests() != 1 {
		t.Errorf("%d requests were sent", repo.Requests())
	}
}

// The API of a host is asked on its own address only, for paths only.
func TestAsk(t *testing.T) {
	repo := sourcetest.NewRepo()
	base := sourcetest.GitHub(t, repo)
	r := source.New(source.Config{Integrations: source.Integrations{{Name: "a", Type: "github", Host: hub(t, "a", base, repo.Token)}}})
	a, err := r.Ask(t.Context(), base, "/repos/o/r", source.Request{})
	if err != nil || !strings.Contains(string(a.Data), `"default_branch":"main"`) {
		t.Fatalf("%s, %v", a.Data, err)
	}
	if again, err := r.Ask(t.Context(), base, "/repos/o/r", source.Request{ETag: a.ETag}); err != nil || !again.NotModified {
		t.Errorf("unchanged: %+v, %v", again, err)
	}
	before := repo.Requests()
	for _, bad := range []string{"repos/o/r", "//evil.example/x", "https://evil.example/x", "/repos/../../x", "/a//b", "/%2e%2e/x", "/a\nb", "", "@evil.example/"} {
		if _, err := r.Ask(t.Context(), base, bad, source.Request{}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if repo.Requests() != before {
		t.Error("what is no path was asked for")
	}
}

// packed makes an archive of headers, each with its size in bytes.
func packed(t testing.TB, headers ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, h := range headers {
		h.Mode = 0o644
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := w.Write(bytes.Repeat([]byte{'x'}, int(h.Size))); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = w.Close()
	_ = z.Close()
	return b.Bytes()
}

// An archive that leads out, or that hides one file behind another, is refused whole.
func TestHostileArchives(t *testing.T) {
	file := func(name string) tar.Header { return tar.Header{Typeflag: tar.TypeReg, Name: name, Size: 1} }
	for _, tc := range []struct {
		name    string
		archive []byte
		says    string
	}{
		{"dots", packed(t, file("r/../../etc/passwd")), "no path inside"},
		{"dots that come back", packed(t, file("r/a/../b")), "no path inside"},
		{"an absolute path", packed(t, file("/etc/passwd")), "no path inside"},
		{"a backslash", packed(t, file(`r/..\x`)), "no path inside"},
		{"twice", packed(t, file("r/a"), file("r/a")), "twice"},
		{"cut off", packed(t, file("r/a"))[:40], "cannot be read"},
		{"no archive", []byte("<html>"), "cannot be read"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if files, err := unpacked(t, tc.archive); err == nil || !strings.Contains(fault.Message(err), tc.says) {
				t.Errorf("%v, %v", files, err)
			}
		})
	}
	links := packed(t, file("r/a"), tar.Header{Typeflag: tar.TypeSymlink, Name: "r/l", Linkname: "/etc/passwd"}, tar.Header{Typeflag: tar.TypeLink, Name: "r/h", Linkname: "r/a"}, tar.Header{Typeflag: tar.TypeFifo, Name: "r/p"})
	if files, err := unpacked(t, links); err != nil || len(files) != 1 || files[0].Path != "a" {
		t.Errorf("%v, %v", files, err)
	}
}

// A few kilobytes that inflate to gigabytes are refused.
func TestABombIsRefused(t *testing.T) {
	bomb := packed(t, tar.Header{Typeflag: tar.TypeReg, Name: "r/zeros", Size: source.MaxTreeBytes + 1})
	if _, err := unpacked(t, bomb); !fault.Is(err, fault.Exhausted) {
		t.Error(err)
	}
}

// unpacked reads an archive as a host does.
func unpacked(t testing.TB, archive []byte) ([]source.TreeFile, error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(archive) }))
	defer server.Close()
	return source.Site{Title: "The host", HTTP: sourcetest.Client()}.Archive(t.Context(), "the repository", server.URL, "")
}

func FuzzArchive(f *testing.F) {
	f.Add(packed(f, tar.Header{Typeflag: tar.TypeReg, Name: "r/a/b", Size: 3}))
	f.Add([]byte{0x1f, 0x8b})
	f.Fuzz(func(t *testing.T, archive []byte) {
		files, err := source.Unpack(bytes.NewReader(archive), "x", "")
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, file := range files {
			if seen[file.Path] || strings.HasPrefix(file.Path, "/") || strings.Contains("/"+file.Path+"/", "/../") {
				t.Errorf("it has %q", file.Path)
			}
			seen[file.Path] = true
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"https://github.com/o/r/blob/main/a/b.yaml", "https://git.example.com/o/r/src/branch/-/%2e%2e/x", "https://github.com/o/r/tree/a%2Fb/c"} {
		f.Add(s)
	}
	gh, err := github.New(github.Config{Name: "a"})
	if err != nil {
		f.Fatal(err)
	}
	gt, err := gitea.New(gitea.Config{Name: "b", Host: "git.example.com"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := url.Parse(text)
		if err != nil {
			return
		}
		for _, h := range []source.Host{gh, gt} {
			p, ok := h.Parse(u)
			if !ok || p.Path == "" {
				continue
			}
			again, err := url.Parse(h.URL(p))
			if err != nil {
				t.Fatalf("%q is %+v, whose URL is none: %v", text, p, err)
			}
			if q, ok := h.Parse(again); !ok || q.Repo != p.Repo || q.Ref != p.Ref || q.Path != p.Path {
				t.Errorf("%q is %+v, and %s is %+v", text, p, again, q)
			}
			if strings.Contains("/"+p.Path+"/", "/../") {
				t.Errorf("%q leads out: %+v", text, p)
			}
		}
	})
}
