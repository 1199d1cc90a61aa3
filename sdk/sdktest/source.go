package sdktest

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/tinylib/msgp/msgp"
)

// SourceFiles are what source hosts keep, by the URL that people see:
// "https://github.com/org/repo/blob/main/catalog-info.yaml". "-" as the branch
// of a search is "main" here.
func SourceFiles(files map[string]string) Option {
	return func(f *Fake) error {
		if f.sources == nil {
			f.sources = map[string]string{}
		}
		maps.Copy(f.sources, files)
		return nil
	}
}

// SourceAPI answers source.ask/1 for the site at an address: the handler is its
// API, without the prefix that the real one has.
func SourceAPI(site string, handler http.Handler) Option {
	return func(f *Fake) error {
		if f.apis == nil {
			f.apis = map[string]http.Handler{}
		}
		f.apis[strings.TrimRight(site, "/")] = handler
		return nil
	}
}

// reachSource checks a URL against plugin.yaml.
func (f *Fake) reachSource(text string, api bool) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return sdk.Invalid("%.200q is no URL that can be read: it begins with https:// and has no credentials in it", text)
	}
	if f.manifest == nil {
		return nil
	}
	scope := f.manifest.Capabilities["source"].Scope
	named := len(scope.Hosts) == 0 || slices.ContainsFunc(scope.Hosts, func(h string) bool {
		suffix, wild := strings.CutPrefix(h, "*")
		return strings.EqualFold(h, u.Host) || wild && strings.HasSuffix(u.Host, suffix)
	})
	if len(scope.Integrations) == 0 || !named {
		return &sdk.Error{Code: sdk.CodeDenied, MissingGrant: "source: " + u.Host, Message: "the scope of source does not have " + u.Host}
	}
	if api && !scope.API {
		return &sdk.Error{Code: sdk.CodeDenied, MissingGrant: "source: api of " + u.Host, Message: "asking the API of " + u.Host + " needs `api: true` in the scope of source, declared and granted"}
	}
	return nil
}

// fileURL is how SourceFiles names what a URL names: the default branch by its
// name, a folder as the host shows files.
func fileURL(text string) string {
	if before, rest, ok := strings.Cut(text, "/tree/"); ok && !strings.Contains(before, "/blob/") {
		text = before + "/blob/" + rest
	}
	for _, mark := range []string{"/blob/", "/src/branch/"} {
		if before, rest, ok := strings.Cut(text, mark); ok && strings.HasPrefix(rest, "-/") {
			return before + mark + "main" + rest[1:]
		}
	}
	return text
}

// known refuses an etag that no read gave.
func known(etag string) error {
	if len(etag) > 1000 {
		return sdk.Invalid("the etag is none that a read gave")
	}
	return nil
}

func etagOf(content []byte) string {
	sum := sha256.Sum256(content)
	return "etag " + hex.EncodeToString(sum[:8])
}

func (f *Fake) sourceRead(q *contract.SourceReadRequest) (msgp.Marshaler, error) {
	if err := f.reachSource(q.URL, false); err != nil {
		return nil, err
	}
	if err := known(q.ETag); err != nil {
		return nil, err
	}
	text, ok := f.sources[fileURL(q.URL)]
	switch {
	case !ok && len(f.below(q.URL)) > 0:
		return nil, sdk.Invalid("%s is a folder, not a file", q.URL)
	case !ok:
		return nil, sdk.NotFound("%s does not exist", q.URL)
	}
	a := &contract.SourceFile{ETag: etagOf([]byte(text)), MediaType: "text/plain"}
	if a.NotModified = a.ETag == q.ETag; a.NotModified {
		return a, nil
	}
	var err error
	a.Handle, err = f.keep(&held{mediaType: a.MediaType, content: []byte(text), own: q.Own})
	a.Size = uint64(len(text))
	return a, err
}

// folderURL is fileURL of a folder, with a slash at its end.
func folderURL(text string) string { return strings.TrimRight(fileURL(text), "/") + "/" }

// below returns the URLs that begin with a folder's, sorted.
func (f *Fake) below(folder string) []string {
	folder = folderURL(folder)
	var out []string
	for _, file := range slices.Sorted(maps.Keys(f.sources)) {
		if strings.HasPrefix(file, folder) {
			out = append(out, file)
		}
	}
	return out
}

func (f *Fake) sourceTree(q *contract.SourceTreeRequest) (msgp.Marshaler, error) {
	if err := f.reachSource(q.URL, false); err != nil {
		return nil, err
	}
	if err := known(q.ETag); err != nil {
		return nil, err
	}
	files := f.below(q.URL)
	if len(files) == 0 {
		return nil, sdk.NotFound("%s does not exist", q.URL)
	}
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	for _, file := range files {
		text := f.sources[file]
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: strings.TrimPrefix(file, folderURL(q.URL)), Mode: 0o644, Size: int64(len(text))}); err != nil {
			return nil, err
		}
		if _, err := w.Write([]byte(text)); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	a := &contract.SourceTree{ETag: etagOf(packed.Bytes()), Files: len(files)}
	if a.NotModified = a.ETag == q.ETag; a.NotModified {
		return a, nil
	}
	var err error
	a.Handle, err = f.keep(&held{mediaType: "application/x-tar", content: packed.Bytes(), own: q.Own})
	a.Size = uint64(packed.Len())
	return a, err
}

// wildcards translates the wildcards of a URL.
var wildcards = strings.NewReplacer(`\*\*/`, `(?:.*/)?`, `\*\*`, `.*`, `\*`, `[^/]*`, `\{`, `(?:`, `\}`, `)`, `,`, `|`)

func (f *Fake) sourceSearch(q *contract.SourceSearchRequest) (msgp.Marshaler, error) {
	if err := f.reachSource(q.URL, false); err != nil {
		return nil, err
	}
	match, err := regexp.Compile("^" + wildcards.Replace(regexp.QuoteMeta(fileURL(q.URL))) + "$")
	if err != nil {
		return nil, sdk.Invalid("%q is no valid pattern", q.URL)
	}
	found := []sdk.SourceMatch{}
	for _, file := range slices.Sorted(maps.Keys(f.sources)) {
		if match.MatchString(file) {
			found = append(found, sdk.SourceMatch{URL: file, Path: pathOf(file), Size: int64(len(f.sources[file]))})
		}
	}
	text, err := json.Marshal(map[string]any{"files": found})
	if err != nil {
		return nil, err
	}
	a := &contract.SourceFound{ETag: etagOf(text), Files: len(found)}
	if a.NotModified = a.ETag == q.ETag; a.NotModified {
		return a, nil
	}
	a.Handle, err = f.keep(&held{mediaType: "application/json", content: text, own: q.Own})
	a.Size = uint64(len(text))
	return a, err
}

// pathOf is the part of a URL after its branch.
func pathOf(file string) string {
	for _, mark := range []string{"/blob/", "/src/branch/"} {
		if _, rest, ok := strings.Cut(file, mark); ok {
			_, path, _ := strings.Cut(rest, "/")
			return path
		}
	}
	return file
}

func (f *Fake) sourceAsk(q *contract.SourceAskRequest) (msgp.Marshaler, error) {
	if err := f.reachSource(q.Host, true); err != nil {
		return nil, err
	}
	api := f.apis[strings.TrimRight(q.Host, "/")]
	if api == nil {
		return nil, sdk.Invalid("%s is the host of no integration; give the test one with sdktest.SourceAPI", q.Host)
	}
	if u, err := url.Parse(q.Path); err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(q.Path, "/") || path.Clean(u.Path) != u.Path {
		return nil, sdk.Invalid("%q is no path of an API: it begins with a slash and has no empty segments and no dots", q.Path)
	}
	w := httptest.NewRecorder()
	api.ServeHTTP(w, httptest.NewRequest(http.MethodGet, q.Path, http.NoBody))
	switch {
	case w.Code == http.StatusNotFound:
		return nil, sdk.NotFound("the host answers 404 for %s", q.Path)
	case w.Code == http.StatusForbidden, w.Code == http.StatusUnauthorized:
		return nil, &sdk.Error{Code: sdk.CodeDenied, Message: "the host refuses " + q.Path}
	case w.Code != http.StatusOK:
		return nil, sdk.Unavailable("the host answers %d for %s", w.Code, q.Path)
	}
	a := &contract.SourceAnswer{ETag: etagOf(w.Body.Bytes()), MediaType: w.Header().Get("Content-Type")}
	a.Next = nextPage(w.Header().Get("Link"))
	if a.NotModified = a.ETag == q.ETag; a.NotModified {
		return a, nil
	}
	var err error
	a.Handle, err = f.keep(&held{mediaType: a.MediaType, content: w.Body.Bytes(), own: q.Own})
	a.Size = uint64(w.Body.Len())
	return a, err
}

// nextPage is the path of rel="next" in a Link header.
func nextPage(link string) string {
	for part := range strings.SplitSeq(link, ",") {
		target, rel, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(part), "<"), ">")
		if u, err := url.Parse(target); err == nil && strings.Contains(rel, `rel="next"`) {
			return u.RequestURI()
		}
	}
	return ""
}

// Source changes a file of SourceFiles, or adds one.
func (h *Harness) Source(url, text string) {
	h.fake.mu.Lock()
	defer h.fake.mu.Unlock()
	if h.fake.sources == nil {
		h.fake.sources = map[string]string{}
	}
	h.fake.sources[url] = text
}

// SetConfig changes the plugin's configuration, for what comes after.
func (h *Harness) SetConfig(text string) {
	h.t.Helper()
	if !json.Valid([]byte(text)) {
		h.t.Fatalf("%s is not JSON", text)
	}
	h.fake.mu.Lock()
	defer h.fake.mu.Unlock()
	h.fake.config = []byte(text)
}

// Brought returns the entities that the plugin brought to the catalog, as JSON.
func (h *Harness) Brought() [][]byte {
	h.t.Helper()
	h.fake.mu.Lock()
	defer h.fake.mu.Unlock()
	var out [][]byte
	for _, e := range h.fake.catalog.entities {
		if e.bucket == "" {
			continue
		}
		text, err := json.Marshal(e.object)
		if err != nil {
			h.t.Fatal(err)
		}
		out = append(out, text)
	}
	return out
}
