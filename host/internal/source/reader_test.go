package source_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestFilesStayInTheirFolder(t *testing.T) {
	base := t.TempDir()
	within := filepath.Join(base, "catalog")
	secret := write(t, filepath.Join(base, "secret.txt"), "secret")
	write(t, filepath.Join(within, "sub", "a.yaml"), "a")
	write(t, filepath.Join(within, "b.yaml"), "b")
	for link, to := range map[string]string{
		"out.yaml": secret, "in.yaml": "b.yaml", "up": "..", "sub/back.yaml": "../b.yaml",
	} {
		if err := os.Symlink(to, filepath.Join(within, link)); err != nil {
			t.Skip("no symbolic links here")
		}
	}
	if err := syscall.Mkfifo(filepath.Join(within, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(within, "big.yaml"), strings.Repeat("x", 1025))
	r := source.New(source.Config{MaxBytes: 1024})
	for _, tc := range []struct {
		name, path, want string
		kind             fault.Kind
	}{
		{"a file", "b.yaml", "b", 0},
		{"up and down inside", "sub/../b.yaml", "b", 0},
		{"a link inside", "in.yaml", "b", 0},
		{"a link up inside", "sub/back.yaml", "b", 0},
		{"dots that leave", "../secret.txt", "lies outside", fault.Invalid},
		{"dots that leave and come back", "../catalog/b.yaml", "b", 0},
		{"another folder that begins alike", "../catalog2/b.yaml", "lies outside", fault.Invalid},
		{"a link that leaves", "out.yaml", "lies outside", fault.Invalid},
		{"a folder link that leaves", "up/secret.txt", "lies outside", fault.Invalid},
		{"absent", "none.yaml", "does not exist", fault.NotFound},
		{"below a file", "b.yaml/x", "does not exist", fault.NotFound},
		{"a folder", "sub", "is a folder", fault.Invalid},
		{"a pipe does not block", "pipe", "is not a regular file", fault.Invalid},
		{"too large", "big.yaml", "is larger than", fault.Invalid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := r.Read(t.Context(), source.Request{Location: source.Location{Type: source.File, Target: filepath.Join(within, tc.path)}, Within: within})
			if tc.kind == 0 {
				if err != nil || string(c.Data) != tc.want {
					t.Fatalf("read %q, %v; want %q", c.Data, err, tc.want)
				}
				return
			}
			if !fault.Is(err, tc.kind) || !strings.Contains(fault.Message(err), tc.want) {
				t.Errorf("got %v (%v), want %q (%v)", err, fault.KindOf(err), tc.want, tc.kind)
			}
		})
	}
	if c, err := r.Read(t.Context(), source.Request{Location: source.Location{Type: source.File, Target: secret}}); err != nil || string(c.Data) != "secret" {
		t.Errorf("configuration may name any file, but reading it gave %q, %v", c.Data, err)
	}
}

func TestUnchangedFilesAreNotRead(t *testing.T) {
	name := write(t, filepath.Join(t.TempDir(), "a.yaml"), "one")
	r := source.New(source.Config{})
	request := source.Request{Location: source.Location{Type: source.File, Target: name}}
	first, err := r.Read(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	request.ETag = first.ETag
	if again, err := r.Read(t.Context(), request); err != nil || !again.NotModified || again.Data != nil {
		t.Errorf("unchanged, but got %+v, %v", again, err)
	}
	replacement := write(t, filepath.Join(filepath.Dir(name), "b.yaml"), "two") // same size
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(replacement, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(replacement, name); err != nil {
		t.Fatal(err)
	}
	if again, err := r.Read(t.Context(), request); err != nil || string(again.Data) != "two" {
		t.Errorf("replaced by a file of the same size and time, but got %+v, %v", again, err)
	}
}

func TestExpand(t *testing.T) {
	base := t.TempDir()
	for _, f := range []string{"b/catalog-info.yaml", "a/catalog-info.yaml", "a/deep/catalog-info.yaml", "a/other.yaml", "literal[1].yaml", "plain/one.yaml"} {
		write(t, filepath.Join(base, "in", f), f)
	}
	write(t, filepath.Join(base, "out", "catalog-info.yaml"), "x")
	write(t, filepath.Join(base, "out", "deep", "catalog-info.yaml"), "x")
	for link, to := range map[string]string{"up": "../out", "same": "plain"} {
		if err := os.Symlink(to, filepath.Join(base, "in", link)); err != nil {
			t.Skip("no symbolic links here")
		}
	}
	r := source.New(source.Config{})
	for _, tc := range []struct {
		name, pattern, want string
		kind                fault.Kind
	}{
		{"no wildcard", "a/none.yaml", "a/none.yaml", 0},
		{"one level", "*/catalog-info.yaml", "a/catalog-info.yaml b/catalog-info.yaml", 0},
		{"all levels", "**/catalog-info.yaml", "a/catalog-info.yaml a/deep/catalog-info.yaml b/catalog-info.yaml", 0},
		{"alternatives", "a/{other,none}.yaml", "a/other.yaml", 0},
		{"brackets in a name", "literal[1].yaml", "literal[1].yaml", 0},
		{"nothing", "*/none.yaml", "no file matches", fault.NotFound},
		{"outside", "../out/*.yaml", "lies outside", fault.Invalid},
		{"outside through a link", "up/*.yaml", "lies outside", fault.Invalid},
		{"outside through a link, deeper", "up/deep/*.yaml", "lies outside", fault.Invalid},
		{"inside through a link", "same/*.yaml", "same/one.yaml", 0},
		{"below a folder that is not there", "none/*.yaml", "does not exist", fault.NotFound},
		{"malformed", "a/[.yaml", "is no valid pattern", fault.Invalid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			within := filepath.Join(base, "in")
			got, err := r.Expand(t.Context(), source.Location{Type: source.File, Target: filepath.Join(within, tc.pattern)}, within)
			if tc.kind != 0 {
				if !fault.Is(err, tc.kind) || !strings.Contains(fault.Message(err), tc.want) {
					t.Errorf("got %v, want %q", err, tc.want)
				}
				return
			}
			var names []string
			for _, l := range got {
				rel, _ := filepath.Rel(within, l.Target)
				names = append(names, rel)
			}
			if err != nil || strings.Join(names, " ") != tc.want {
				t.Errorf("got %v, %v; want %s", names, err, tc.want)
			}
		})
	}
}

func TestResolve(t *testing.T) {
	file := source.Location{Type: source.File, Target: "/cfg/sub/all.yaml"}
	web := source.Location{Type: source.URL, Target: "https://example.com/a/all.yaml?raw=1"}
	for _, tc := range []struct {
		name         string
		base         source.Location
		kind, target string
		want         string // location, or part of the message
		refused      bool
	}{
		{"beside", file, "", "./x.yaml", "file:/cfg/sub/x.yaml", false},
		{"without a dot", file, "", "x.yaml", "file:/cfg/sub/x.yaml", false},
		{"up", file, "", "../x.yaml", "file:/cfg/x.yaml", false},
		{"absolute path", file, "file", "/x.yaml", "file:/x.yaml", false},
		{"a URL in a file", file, "", "https://example.com/x", "url:https://example.com/x", false},
		{"by type", file, "url", "https://example.com/x", "url:https://example.com/x", false},
		{"relative URL", web, "", "./x.yaml", "url:https://example.com/a/x.yaml", false},
		{"relative URL by type", web, "url", "/x.yaml", "url:https://example.com/x.yaml", false},
		{"a file in a URL", web, "file", "/etc/passwd", "cannot name the file", true},
		{"another scheme", web, "", "ftp://example.com/x", "is no absolute http or https URL", true},
		{"file scheme", file, "url", "file:///etc/passwd", "is no absolute http or https URL", true},
		{"credentials", web, "", "https://u:p@example.com/x", "has credentials in it", true},
		{"another type", file, "ftp", "x", `type "ftp" cannot be read`, true},
		{"NUL", file, "", "a\x00b", "is no path", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := source.Resolve(tc.base, tc.kind, tc.target)
			if tc.refused != (err != nil) {
				t.Fatalf("got %v, %v", got, err)
			}
			if err == nil && got.String() != tc.want || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, %v; want %s", got, err, tc.want)
			}
		})
	}
}

func TestAllowList(t *testing.T) {
	list := source.AllowList{
		{Host: "example.com"}, {Host: "*.example.org"}, {Host: "ports.io:8443"}, {Host: "paths.io", Paths: []string{"/a", "/b/c/"}}, {Host: "[::1]:80"},
	}
	for _, tc := range []struct {
		url  string
		want bool
	}{
		{"https://example.com/x", true},
		{"http://EXAMPLE.com/x", true},
		{"https://example.com:443/x", true},
		{"https://example.com:8443/x", false},
		{"https://evil-example.com/", false},
		{"https://sub.example.com/", false},
		{"https://a.b.example.org/", true},
		{"https://example.org/", false},
		{"https://evilexample.org/", false},
		{"https://ports.io:8443/", true},
		{"https://ports.io/", false},
		{"https://paths.io/a", true},
		{"https://paths.io/a/x", true},
		{"https://paths.io/ab", false},
		{"https://paths.io/b/c/d", true},
		{"https://paths.io/b/c", false},
		{"https://paths.io/a/../secret", false},
		{"https://paths.io/a/%2e%2e/secret", false},
		{"http://[::1]/", true},
		{"https://user@example.com/", false},
		{"ftp://example.com/", false},
	} {
		t.Run(tc.url, func(t *testing.T) {
			u, err := url.Parse(tc.url)
			if err != nil {
				t.Fatal(err)
			}
			if got := list.Permits(u); got != tc.want {
				t.Errorf("Permits = %v, want %v", got, tc.want)
			}
		})
	}
}

type refuse struct{}

func (refuse) Do(*http.Request) (*http.Response, error) { return nil, errors.New("no route to host") }

func TestURLs(t *testing.T) {
	var elsewhere *httptest.Server
	mux := http.NewServeMux()
	mux.HandleFunc("/etag", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"1"`)
		if r.Header.Get("If-None-Match") == `"1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write([]byte("hello"))
	})
	mux.HandleFunc("/date", func(w http.ResponseWriter, r *http.Request) {
		const date = "Mon, 02 Jan 2006 15:04:05 GMT"
		w.Header().Set("Last-Modified", date)
		if r.Header.Get("If-Modified-Since") == date {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write([]byte("dated"))
	})
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	mux.HandleFunc("/big", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 2000)) })
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) })
	server := httptest.NewServer(mux)
	defer server.Close()
	elsewhere = httptest.NewServer(mux)
	defer elsewhere.Close()
	allow := source.AllowList{{Host: strings.TrimPrefix(server.URL, "http://")}}
	r := source.New(source.Config{HTTP: server.Client(), Allow: allow, MaxBytes: 1024})
	at := func(path string) source.Request {
		return source.Request{Location: source.Location{Type: source.URL, Target: server.URL + path}}
	}
	for _, path := range []string{"/etag", "/date"} {
		first, err := r.Read(t.Context(), at(path))
		if err != nil || len(first.Data) != 5 || len(first.Digest) != 64 {
			t.Fatalf("%s: %+v, %v", path, first, err)
		}
		req := at(path)
		req.ETag = first.ETag
		if again, err := r.Read(t.Context(), req); err != nil || !again.NotModified || again.ETag != first.ETag {
			t.Errorf("%s again: %+v, %v", path, again, err)
		}
	}
	for _, tc := range []struct {
		path string
		kind fault.Kind
		want string
	}{
		{"/none", fault.NotFound, "does not exist (404)"},
		{"/broken", fault.Unavailable, "answered 502"},
		{"/big", fault.Invalid, "is larger than"},
		{"/away", fault.Denied, "which is not allowed"},
	} {
		if _, err := r.Read(t.Context(), at(tc.path)); !fault.Is(err, tc.kind) || !strings.Contains(fault.Message(err), tc.want) {
			t.Errorf("%s: %v, want %q", tc.path, err, tc.want)
		}
	}
	if _, err := source.New(source.Config{HTTP: refuse{}, Allow: allow}).Read(context.Background(), at("/etag")); !fault.Is(err, fault.Unavailable) {
		t.Errorf("unreachable: %v", err)
	}
	if _, err := source.New(source.Config{HTTP: refuse{}}).Read(context.Background(), at("/etag")); !fault.Is(err, fault.Denied) {
		t.Errorf("not in the list: %v", err)
	}
}
