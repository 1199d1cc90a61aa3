package sourcetest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// GitHub starts a server that answers as GitHub documents its REST API of
// version 2022-11-28, and returns its address: the API is below /api/v3, raw
// files below /raw, as on GitHub Enterprise. Archives come from a second
// server, as from codeload.github.com, which must not get the token.
func GitHub(t *testing.T, r *Repo) (base string) {
	t.Helper()
	codeload := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Header.Get("Authorization") != "" || q.URL.Query().Get("token") != "of-one-archive" {
			http.Error(w, "bad token", http.StatusForbidden)
			return
		}
		w.Header().Set("Content-Type", "application/x-gzip")
		_, _ = w.Write(r.archive())
	}))
	t.Cleanup(codeload.Close)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /repos/o/r", func(w http.ResponseWriter, q *http.Request) {
		sendJSON(w, q, map[string]any{"name": "r", "full_name": "o/r", "default_branch": "main", "private": true})
	})
	mux.HandleFunc("GET /repos/o/r/commits/{ref}", func(w http.ResponseWriter, q *http.Request) {
		if ref := q.PathValue("ref"); ref != "main" && ref != "HEAD" && ref != r.commit() {
			refuse(w, http.StatusUnprocessableEntity, "No commit found for SHA: "+ref)
			return
		}
		sendJSON(w, q, map[string]any{"sha": r.commit(), "commit": map[string]any{}})
	})
	mux.HandleFunc("GET /repos/o/r/git/trees/{sha}", func(w http.ResponseWriter, q *http.Request) {
		sendJSON(w, q, map[string]any{"sha": q.PathValue("sha"), "tree": r.tree(), "truncated": false})
	})
	mux.HandleFunc("GET /repos/o/r/tarball/{sha}", func(w http.ResponseWriter, q *http.Request) {
		http.Redirect(w, q, codeload.URL+"/o/r/legacy.tar.gz/"+q.PathValue("sha")+"?token=of-one-archive", http.StatusFound) //nolint:gosec // a test server sends its own test
	})
	mux.HandleFunc("GET /repos/o/r/contents/{path...}", r.githubContents)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound, "Not Found") })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if r.note(w, q) {
			return
		}
		api, ok := strings.CutPrefix(q.URL.EscapedPath(), "/api/v3")
		if !ok {
			http.NotFound(w, q) // raw files of a private repository
			return
		}
		q.URL, _ = q.URL.Parse(api + "?" + q.URL.RawQuery)
		if base := "http://" + q.Host + "/api/v3"; r.appAnswers(w, q, base) {
			return
		}
		switch q.Header.Get("Authorization") {
		case "Bearer " + r.Token:
			mux.ServeHTTP(w, q)
		case "":
			refuse(w, http.StatusNotFound, "Not Found")
		default:
			refuse(w, http.StatusUnauthorized, "Bad credentials")
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// appAnswers answers what an app asks, and reports whether it did.
func (r *Repo) appAnswers(w http.ResponseWriter, q *http.Request, base string) bool {
	token, _ := strings.CutPrefix(q.Header.Get("Authorization"), "Bearer ")
	switch {
	case r.App == nil:
		return false
	case strings.HasPrefix(q.URL.Path, "/app/"):
		r.App.serve(w, q, base)
		return true
	}
	owner, ok := r.App.owner(token)
	if !ok {
		return false
	}
	if strings.EqualFold(owner, "o") && strings.HasPrefix(q.URL.Path, "/repos/o/") {
		q.Header.Set("Authorization", "Bearer "+r.Token)
		return false
	}
	r.App.organization(w, q, owner, base)
	return true
}

func (r *Repo) githubContents(w http.ResponseWriter, q *http.Request) {
	if ref := q.URL.Query().Get("ref"); ref != "" && ref != "main" {
		refuse(w, http.StatusNotFound, "No commit found for the ref "+ref)
		return
	}
	path := q.PathValue("path")
	if text, ok := r.get(path); ok {
		if !strings.HasPrefix(q.Header.Get("Accept"), "application/vnd.github.raw") {
			refuse(w, http.StatusNotAcceptable, "this server answers with raw files only")
			return
		}
		send(w, q, "application/vnd.github.raw+json; charset=utf-8", []byte(text))
		return
	}
	var below []object
	for _, o := range r.tree() {
		if strings.HasPrefix(o.Path, path+"/") {
			below = append(below, o)
		}
	}
	if below == nil {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	sendJSON(w, q, below)
}
