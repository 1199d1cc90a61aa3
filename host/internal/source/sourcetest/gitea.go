package sourcetest

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

// Gitea starts a server that answers as Gitea's API v1 does, and returns its
// address. The same suite runs against a real Gitea, where one is built.
func Gitea(t *testing.T, r *Repo) (base string) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/repos/o/r", func(w http.ResponseWriter, q *http.Request) {
		sendJSON(w, q, map[string]any{"name": "r", "full_name": "o/r", "default_branch": "main", "private": true, "empty": false})
	})
	mux.HandleFunc("GET /api/v1/repos/o/r/commits", func(w http.ResponseWriter, q *http.Request) {
		if sha := q.URL.Query().Get("sha"); sha != "main" && sha != r.commit() {
			refuse(w, http.StatusNotFound, "object does not exist")
			return
		}
		sendJSON(w, q, []map[string]any{{"sha": r.commit()}})
	})
	mux.HandleFunc("GET /api/v1/repos/o/r/git/trees/{sha}", func(w http.ResponseWriter, q *http.Request) {
		all := r.tree()
		page, _ := strconv.Atoi(q.URL.Query().Get("page"))
		const size = 4 // as a server with a low limit
		from := min((page-1)*size, len(all))
		to := min(from+size, len(all))
		sendJSON(w, q, map[string]any{"tree": all[from:to], "truncated": to < len(all), "page": page, "total_count": len(all)})
	})
	mux.HandleFunc("GET /api/v1/repos/o/r/archive/{name}", func(w http.ResponseWriter, q *http.Request) {
		if !strings.HasSuffix(q.PathValue("name"), ".tar.gz") {
			refuse(w, http.StatusBadRequest, "unknown format")
			return
		}
		_, _ = w.Write(r.archive())
	})
	mux.HandleFunc("GET /api/v1/repos/o/r/raw/{path...}", func(w http.ResponseWriter, q *http.Request) {
		text, ok := r.get(q.PathValue("path"))
		if ref := q.URL.Query().Get("ref"); !ok || ref != "" && ref != "main" {
			refuse(w, http.StatusNotFound, "The target couldn't be found.")
			return
		}
		send(w, q, "text/plain; charset=utf-8", []byte(text))
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, "The target couldn't be found.")
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if r.note(w, q) {
			return
		}
		switch q.Header.Get("Authorization") {
		case "token " + r.Token:
			mux.ServeHTTP(w, q)
		case "":
			refuse(w, http.StatusNotFound, "The target couldn't be found.")
		default:
			refuse(w, http.StatusUnauthorized, "invalid username, password or token")
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}
