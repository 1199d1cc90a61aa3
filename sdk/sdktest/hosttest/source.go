package hosttest

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// repository is the only one of the cases, o/r with the branch main.
const repository = "https://github.com/o/r/blob/main/"

var repositoryFiles = map[string]string{
	repository + "catalog-info.yaml":          "kind: Component\n",
	repository + "docs/index.md":              "# Docs\n",
	repository + "docs/deep/more.md":          "more\n",
	repository + "services/one/catalog.yaml":  "kind: One\n",
	repository + "services/two/catalog.yaml":  "kind: Two\n",
	repository + "services/two/de/other.yaml": "other\n",
}

// repositoryAPI is what a plugin may ask the host for beside files.
var repositoryAPI = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.RequestURI() {
	case "/orgs/o/repos":
		w.Header().Set("Link", `</orgs/o/repos?page=2>; rel="next", </orgs/o/repos?page=2>; rel="last"`)
		_, _ = io.WriteString(w, `["first"]`)
	case "/orgs/o/repos?page=2":
		w.Header().Set("Link", `</orgs/o/repos>; rel="prev"`)
		_, _ = io.WriteString(w, `["second"]`)
	case "/orgs/closed":
		w.WriteHeader(http.StatusForbidden)
	case "/orgs/broken":
		w.WriteHeader(http.StatusInternalServerError)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
})

// reading is a plugin that reads one host, and asks its API.
var reading = sourceSetup(`{"integrations": ["github"], "hosts": ["github.com"], "api": true}`)

func sourceSetup(scope string) Setup {
	return Setup{
		Grants: []string{"source", "clock"}, Scopes: map[string]string{"source": scope}, Sources: repositoryFiles, SourceAPI: repositoryAPI,
	}
}

// unpack returns the names and texts of an archive, in its order.
func unpack(t *testing.T, packed string) []string {
	t.Helper()
	var out []string
	for r := tar.NewReader(strings.NewReader(packed)); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, header.Name+"="+string(text))
	}
}

var sourceCases = []testCase{
	{"a file is read, and not again while it is the same", reading, func(t *testing.T, h *probe) {
		for _, at := range []string{repository, "https://github.com/o/r/blob/-/"} {
			var a, again contract.SourceFile
			h.must(abi.CapSource, abi.SourceRead, &contract.SourceReadRequest{URL: at + "docs/index.md"}, &a)
			if got := h.read(a.Handle, a.Size); got != "# Docs\n" || a.ETag == "" || a.NotModified {
				t.Errorf("%q, %+v", got, a)
			}
			h.must(abi.CapSource, abi.SourceRead, &contract.SourceReadRequest{URL: at + "docs/index.md", ETag: a.ETag}, &again)
			if !again.NotModified || again.Handle != 0 || again.ETag != a.ETag {
				t.Errorf("again: %+v", again)
			}
			h.must(abi.CapSource, abi.SourceRead, &contract.SourceReadRequest{URL: at + "catalog-info.yaml", ETag: a.ETag}, &again)
		}
	}},
	{"what is no file says so", reading, func(_ *testing.T, h *probe) {
		for url, code := range map[string]abi.Code{
			repository + "missing.yaml":                     abi.CodeNotFound,
			repository + "docs":                             abi.CodeInvalid,
			"ftp://github.com/o/r/blob/main/x":              abi.CodeInvalid,
			"https://u:p@github.com/o/r/blob/main/x":        abi.CodeInvalid,
			"github.com/o/r/blob/main/x":                    abi.CodeInvalid,
			"https://github.com/o/other/blob/main/any.yaml": abi.CodeNotFound,
		} {
			h.refuse(code, abi.CapSource, abi.SourceRead, &contract.SourceReadRequest{URL: url})
		}
		h.refuse(abi.CodeInvalid, abi.CapSource, abi.SourceRead, &contract.SourceReadRequest{URL: repository + "docs/index.md", ETag: strings.Repeat("x", 1001)})
	}},
	{"a tree is files by their path from the folder", reading, func(t *testing.T, h *probe) {
		for _, folder := range []string{"https://github.com/o/r/tree/main/docs", "https://github.com/o/r/tree/main/docs/", "https://github.com/o/r/tree/-/docs"} {
			var a, again contract.SourceTree
			h.must(abi.CapSource, abi.SourceTree, &contract.SourceTreeRequest{URL: folder}, &a)
			equal(t, unpack(t, h.read(a.Handle, a.Size)), []string{"deep/more.md=more\n", "index.md=# Docs\n"})
			if a.Files != 2 || a.ETag == "" {
				t.Errorf("%s: %+v", folder, a)
			}
			h.must(abi.CapSource, abi.SourceTree, &contract.SourceTreeRequest{URL: folder, ETag: a.ETag}, &again)
			if !again.NotModified || again.Handle != 0 {
				t.Errorf("%s again: %+v", folder, again)
			}
		}
		h.refuse(abi.CodeNotFound, abi.CapSource, abi.SourceTree, &contract.SourceTreeRequest{URL: "https://github.com/o/r/tree/main/nothing"})
	}},
	{"a wildcard finds files by their path in the repository", reading, func(t *testing.T, h *probe) {
		for pattern, want := range map[string][]string{
			repository + "services/*/catalog.yaml":      {"services/one/catalog.yaml", "services/two/catalog.yaml"},
			"https://github.com/o/r/blob/-/services/**": {"services/one/catalog.yaml", "services/two/catalog.yaml", "services/two/de/other.yaml"},
			repository + "**/*.md":                      {"docs/deep/more.md", "docs/index.md"},
			repository + "{docs,none}/*.md":             {"docs/index.md"},
			repository + "none/*":                       {},
		} {
			var a, again contract.SourceFound
			h.must(abi.CapSource, abi.SourceSearch, &contract.SourceSearchRequest{URL: pattern}, &a)
			var found struct {
				Files []struct {
					URL, Path string
					Size      int
				}
			}
			if err := json.Unmarshal([]byte(h.read(a.Handle, a.Size)), &found); err != nil {
				t.Fatal(err)
			}
			paths := []string{}
			for _, f := range found.Files {
				paths = append(paths, f.Path)
				if f.URL != repository+f.Path || f.Size != len(repositoryFiles[f.URL]) {
					t.Errorf("%s found %+v", pattern, f)
				}
			}
			equal(t, paths, want)
			h.must(abi.CapSource, abi.SourceSearch, &contract.SourceSearchRequest{URL: pattern, ETag: a.ETag}, &again)
			if a.Files != len(want) || !again.NotModified || again.Handle != 0 {
				t.Errorf("%s: %+v, again %+v", pattern, a, again)
			}
		}
	}},
	{"the API answers page by page", reading, func(t *testing.T, h *probe) {
		var first, second contract.SourceAnswer
		h.must(abi.CapSource, abi.SourceAsk, &contract.SourceAskRequest{Host: "https://github.com", Path: "/orgs/o/repos"}, &first)
		if got := h.read(first.Handle, first.Size); got != `["first"]` || first.Next != "/orgs/o/repos?page=2" {
			t.Errorf("%s, then %q", got, first.Next)
		}
		h.must(abi.CapSource, abi.SourceAsk, &contract.SourceAskRequest{Host: "https://github.com", Path: first.Next}, &second)
		if got := h.read(second.Handle, second.Size); got != `["second"]` || second.Next != "" {
			t.Errorf("%s, then %q", got, second.Next)
		}
	}},
	{"the API refuses, and is asked for paths only", reading, func(_ *testing.T, h *probe) {
		for path, code := range map[string]abi.Code{
			"/orgs/none": abi.CodeNotFound, "/orgs/closed": abi.CodeDenied, "/orgs/broken": abi.CodeUnavailable,
			"orgs/o": abi.CodeInvalid, "https://evil.example/x": abi.CodeInvalid, "//evil.example/x": abi.CodeInvalid, "/a/../b": abi.CodeInvalid, "": abi.CodeInvalid,
		} {
			h.refuse(code, abi.CapSource, abi.SourceAsk, &contract.SourceAskRequest{Host: "https://github.com", Path: path})
		}
	}},
	{"reading is granted like any other power", Setup{Grants: []string{"clock"}}, func(_ *testing.T, h *probe) {
		if e := h.refuse(abi.CodeDenied, abi.CapSource, abi.SourceRead, &contract.SourceReadRequest{URL: repository + "catalog-info.yaml"}); e.MissingGrant != "source" {
			h.t.Errorf("missing grant = %q", e.MissingGrant)
		}
	}},
	{"a host outside of the scope is denied by name", sourceSetup(`{"integrations": ["github"], "hosts": ["git.example.com"]}`), func(_ *testing.T, h *probe) {
		for _, e := range []contract.Error{
			h.refuse(abi.CodeDenied, abi.CapSource, abi.SourceRead, &contract.SourceReadRequest{URL: repository + "catalog-info.yaml"}),
			h.refuse(abi.CodeDenied, abi.CapSource, abi.SourceTree, &contract.SourceTreeRequest{URL: repository + "docs"}),
			h.refuse(abi.CodeDenied, abi.CapSource, abi.SourceSearch, &contract.SourceSearchRequest{URL: repository + "*"}),
			h.refuse(abi.CodeDenied, abi.CapSource, abi.SourceAsk, &contract.SourceAskRequest{Host: "https://github.com", Path: "/orgs/o/repos"}),
		} {
			if e.MissingGrant != "source: github.com" {
				h.t.Errorf("missing grant = %q", e.MissingGrant)
			}
		}
	}},
	{"a scope without integrations reads nothing", sourceSetup(`{}`), func(_ *testing.T, h *probe) {
		h.refuse(abi.CodeDenied, abi.CapSource, abi.SourceRead, &contract.SourceReadRequest{URL: repository + "catalog-info.yaml"})
	}},
	{"the API needs a word of its own", sourceSetup(`{"integrations": ["github"]}`), func(_ *testing.T, h *probe) {
		h.must(abi.CapSource, abi.SourceRead, &contract.SourceReadRequest{URL: repository + "catalog-info.yaml"}, nil)
		e := h.refuse(abi.CodeDenied, abi.CapSource, abi.SourceAsk, &contract.SourceAskRequest{Host: "https://github.com", Path: "/orgs/o/repos"})
		if e.MissingGrant != "source: api of github.com" {
			h.t.Errorf("missing grant = %q", e.MissingGrant)
		}
	}},
}
