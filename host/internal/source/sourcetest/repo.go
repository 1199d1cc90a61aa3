package sourcetest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha1" //nolint:gosec // as git names objects
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/callboard/callboard/host/internal/egress"
)

// Repo is the repository behind the servers of this package: o/r, private, on
// the branch main.
type Repo struct {
	Token string     // that may read it
	App   *GitHubApp // of a server of GitHub; its tokens read what is of their owner

	mu    sync.Mutex
	files map[string]string
	Asked []string // requests, "GET /path"
	Limit func(w http.ResponseWriter) bool
}

// NewRepo returns a repository with Files and Link.
func NewRepo() *Repo { return &Repo{Token: "canary-token", files: maps.Clone(Files)} }

// Change is Subject.Change.
func (r *Repo) Change(*testing.T) { r.Set("catalog-info.yaml", "kind: Changed\n") }

// Set changes a file.
func (r *Repo) Set(path, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files[path] = text
}

// Replace changes all files.
func (r *Repo) Replace(files map[string]string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files = maps.Clone(files)
}

// Requests returns how many requests were answered.
func (r *Repo) Requests() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.Asked)
}

// Requested returns the requests that were answered.
func (r *Repo) Requested() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.Asked)
}

// SetLimit changes Limit between requests.
func (r *Repo) SetLimit(limit func(w http.ResponseWriter) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Limit = limit
}

func (r *Repo) get(path string) (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text, ok := r.files[path]
	return text, ok
}

// commit names the state of all files.
func (r *Repo) commit() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := sha1.New() //nolint:gosec // as git
	for _, path := range slices.Sorted(maps.Keys(r.files)) {
		_, _ = fmt.Fprintf(h, "%s\x00%s\x00", path, r.files[path])
	}
	return hex.EncodeToString(h.Sum(nil))
}

type object struct {
	Path string `json:"path"`
	Mode string `json:"mode"`
	Type string `json:"type"`
	Size int    `json:"size,omitempty"`
}

// tree lists objects as git does: folders, files, a link, a submodule.
func (r *Repo) tree() []object {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := []object{{Path: Link, Mode: "120000", Type: "blob", Size: 17}, {Path: "vendor/other", Mode: "160000", Type: "commit"}}
	folders := map[string]bool{}
	for path, text := range r.files {
		out = append(out, object{path, "100644", "blob", len(text)})
		for at := strings.LastIndexByte(path, '/'); at > 0; at = strings.LastIndexByte(path[:at], '/') {
			folders[path[:at]] = true
		}
	}
	for f := range folders {
		out = append(out, object{Path: f, Mode: "040000", Type: "tree"})
	}
	slices.SortFunc(out, func(a, b object) int { return strings.Compare(a.Path, b.Path) })
	return out
}

// archive is what a host makes of the repository: a header of git's own, one
// folder around everything, and links.
func (r *Repo) archive() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	var b bytes.Buffer
	packed := gzip.NewWriter(&b)
	w := tar.NewWriter(packed)
	_ = w.WriteHeader(&tar.Header{Typeflag: tar.TypeXGlobalHeader, Name: "pax_global_header", PAXRecords: map[string]string{"comment": "x"}})
	_ = w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: "o-r-1234/", Mode: 0o755})
	for _, path := range slices.Sorted(maps.Keys(r.files)) {
		_ = w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "o-r-1234/" + path, Mode: 0o644, Size: int64(len(r.files[path]))})
		_, _ = w.Write([]byte(r.files[path]))
	}
	_ = w.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: "o-r-1234/" + Link, Linkname: "../catalog-info.yaml"})
	_ = w.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: "o-r-1234/out", Linkname: "/etc/passwd"})
	_ = w.Close()
	_ = packed.Close()
	return b.Bytes()
}

// note takes down a request, and answers it where the limit is reached.
func (r *Repo) note(w http.ResponseWriter, q *http.Request) bool {
	r.mu.Lock()
	r.Asked = append(r.Asked, q.Method+" "+q.URL.RequestURI())
	limit := r.Limit
	r.mu.Unlock()
	return limit != nil && limit(w)
}

// send answers with an etag, or that nothing changed.
func send(w http.ResponseWriter, q *http.Request, mediaType string, content []byte) {
	sum := sha1.Sum(content) //nolint:gosec // as git
	etag := `W/"` + hex.EncodeToString(sum[:]) + `"`
	w.Header().Set("ETag", etag)
	if q.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", mediaType)
	_, _ = w.Write(content)
}

func sendJSON(w http.ResponseWriter, q *http.Request, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	send(w, q, "application/json; charset=utf-8", text)
}

func refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": message})
}

// Client is an egress client that reaches what listens on loopback.
func Client() *egress.Client {
	return egress.New(egress.Config{}).Client(egress.Policy{Reach: func(u *url.URL) egress.Reach {
		if u.Hostname() == "127.0.0.1" {
			return egress.Private
		}
		return egress.Refused
	}, MaxBytes: 64 << 20})
}
