package sourcetest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

// GitLab starts a server that answers as GitLab documents its REST API v4, for
// the project o/r, and returns its address.
func GitLab(t *testing.T, r *Repo) (base string) {
	t.Helper()
	const api = "/api/v4/projects/o%2Fr"
	server := httptest.NewServer(nil)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if r.note(w, q) {
			return
		}
		switch q.Header.Get("Private-Token") {
		case r.Token:
		case "":
			refuse(w, http.StatusNotFound, "404 Project Not Found")
			return
		default:
			refuse(w, http.StatusUnauthorized, "401 Unauthorized")
			return
		}
		rest, ok := strings.CutPrefix(q.URL.EscapedPath(), api)
		if !ok {
			refuse(w, http.StatusNotFound, "404 Project Not Found")
			return
		}
		r.gitlab(w, q, rest, server.URL)
	})
	t.Cleanup(server.Close)
	return server.URL
}

func (r *Repo) gitlab(w http.ResponseWriter, q *http.Request, rest, base string) {
	query := q.URL.Query()
	file, isFile := strings.CutPrefix(rest, "/repository/files/")
	file, isRaw := strings.CutSuffix(file, "/raw")
	commit, isCommit := strings.CutPrefix(rest, "/repository/commits/")
	switch {
	case rest == "":
		sendJSON(w, q, map[string]any{"id": 1, "path_with_namespace": "o/r", "default_branch": "main"})
	case isFile && isRaw:
		path := strings.NewReplacer("%2F", "/", "%20", " ", "%23", "#", "%25", "%").Replace(file)
		text, ok := r.get(path)
		if ref := query.Get("ref"); !ok || strings.Contains(file, "/") || ref != "main" && ref != "HEAD" {
			refuse(w, http.StatusNotFound, "404 File Not Found")
			return
		}
		send(w, q, "text/plain", []byte(text))
	case isCommit && (commit == "main" || commit == "HEAD" || commit == r.commit()):
		sendJSON(w, q, map[string]any{"id": r.commit()})
	case rest == "/repository/tree" && query.Get("pagination") == "keyset":
		r.gitlabTree(w, q, base)
	case rest == "/repository/archive.tar.gz":
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = w.Write(r.archive())
	default:
		refuse(w, http.StatusNotFound, "404 Not Found")
	}
}

// gitlabTree answers three objects a page, whatever is asked for, as a server
// with a low limit does.
func (r *Repo) gitlabTree(w http.ResponseWriter, q *http.Request, base string) {
	query := q.URL.Query()
	all := r.tree()
	if folder := query.Get("path"); folder != "" {
		var below []object
		for _, o := range all {
			if strings.HasPrefix(o.Path, folder+"/") {
				below = append(below, o)
			}
		}
		all = below
	}
	from, _ := strconv.Atoi(query.Get("page_token"))
	to := min(from+3, len(all))
	if to < len(all) {
		query.Set("page_token", strconv.Itoa(to))
		w.Header().Set("Link", fmt.Sprintf(`<%s%s?%s>; rel="next"`, base, q.URL.EscapedPath(), query.Encode()))
	}
	sendJSON(w, q, all[from:to])
}
