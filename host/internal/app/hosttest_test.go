package app_test

import (
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/app"
	"github.com/callboard/callboard/host/internal/blob"
	"github.com/callboard/callboard/host/internal/blob/local"
	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/catalog/catalogbench"
	"github.com/callboard/callboard/host/internal/catalog/index"
	"github.com/callboard/callboard/host/internal/catalog/ingest"
	"github.com/callboard/callboard/host/internal/catalog/model"
	"github.com/callboard/callboard/host/internal/egress"
	"github.com/callboard/callboard/host/internal/egress/egresstest"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/host/internal/source/github"
	"github.com/callboard/callboard/host/internal/source/sourcetest"
	"github.com/callboard/callboard/host/internal/store/sqlite"
	"github.com/callboard/callboard/sdk/sdktest/hosttest"
)

// The suite that holds the SDK's fake host to its word passes on the real
// capabilities too, so that a plugin's native tests tell the truth.
func TestTheRealHostPassesTheSuiteOfTheFake(t *testing.T) {
	hosttest.Run(t, func(t *testing.T, s hosttest.Setup) hosttest.Host {
		db, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "host.sqlite"), Clock: s.Now})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		ix := index.New(index.Config{CursorKey: make([]byte, 32)})
		engine := startEngine(t, db, ix)
		// The entities of the suite come from no source: they stand beside what the engine brings.
		update := catalog.Update{Revision: 1}
		for _, text := range s.Entities {
			var e struct {
				Kind     string
				Metadata struct{ Name, Namespace, UID, ETag string }
			}
			if err := json.Unmarshal([]byte(text), &e); err != nil {
				t.Fatal(err)
			}
			update.Upsert = append(update.Upsert, catalog.Entity{
				Ref: strings.ToLower(e.Kind + ":" + e.Metadata.Namespace + "/" + e.Metadata.Name), UID: e.Metadata.UID, ETag: e.Metadata.ETag,
				Kind: e.Kind, Namespace: e.Metadata.Namespace, Name: e.Metadata.Name, Body: []byte(text),
			})
		}
		ix.Publish(update)
		scopes := map[string]json.RawMessage{}
		for name, scope := range s.Scopes {
			scopes[name] = json.RawMessage(scope)
		}
		world := egresstest.New(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if site := s.Sites[r.Host]; site != nil {
				site.ServeHTTP(w, r)
				return
			}
			http.Error(w, "no such host", http.StatusBadGateway)
		}))
		folder, err := local.Open(filepath.Join(t.TempDir(), "blobs"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = folder.Close() })
		session, err := app.OpenForTest(app.TestHost{
			Index: ix, Engine: engine, Store: db, Blobs: blob.New(blob.Config{Rows: db, Backend: folder, Now: s.Now, Random: rand.Reader}), Config: json.RawMessage(s.Config), Now: s.Now, Log: slog.New(slog.DiscardHandler),
			Grants: s.Grants, Viewer: principal.Guest(s.Subject),
			Scopes: scopes, Egress: world.Egress, Secrets: s.Secrets, Sources: sources(t, s),
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(session.Close)
		return session
	})
}

// sources reads what the suite says of github.com from a server of GitHub's shape.
func sources(t *testing.T, s hosttest.Setup) *source.Reader {
	t.Helper()
	repo := sourcetest.NewRepo()
	files := map[string]string{}
	for at, text := range s.Sources {
		files[strings.TrimPrefix(at, "https://github.com/o/r/blob/main/")] = text
	}
	repo.Replace(files)
	hub, err := github.New(github.Config{Name: "integrations.github[0]", Token: repo.Token, HTTP: elsewhere{sourcetest.GitHub(t, repo), s.SourceAPI}})
	if err != nil {
		t.Fatal(err)
	}
	return source.New(source.Config{Integrations: source.Integrations{{Name: "integrations.github[0]", Type: "github", Host: hub}}})
}

// elsewhere takes api.github.com to a server of the test, and what the suite
// answers itself to its handler.
type elsewhere struct {
	base string
	api  http.Handler
}

// Do implements source.HTTPClient.
func (e elsewhere) Do(r *http.Request) (*http.Response, error) {
	if e.api != nil && !strings.HasPrefix(r.URL.Path, "/repos/") {
		w := httptest.NewRecorder()
		e.api.ServeHTTP(w, r)
		return w.Result(), nil
	}
	to, err := url.Parse(strings.Replace(r.URL.String(), "https://api.github.com", e.base+"/api/v3", 1))
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.URL, r.Host = to, to.Host
	return sourcetest.Client().Do(r)
}

// startEngine brings what plugins provide into the index. There is nothing else to read.
func startEngine(t *testing.T, db *sqlite.Store, ix *index.Index) *ingest.Engine {
	t.Helper()
	kinds, err := model.Compile(catalogbench.Layer())
	if err != nil {
		t.Fatal(err)
	}
	engine := ingest.New(ingest.Config{
		Store: db, Provided: db, Publisher: ix, Model: kinds, Limits: ingest.Limits{Publishing: 1},
		Reader: source.New(source.Config{HTTP: egress.New(egress.Config{}).Client(egress.Policy{})}),
	})
	if err := engine.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	return engine
}
