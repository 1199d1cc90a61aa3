package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/callboard/callboard/host/internal/loadtest"
)

// changesResult is how long a change takes, from the request that tells of it
// until by-name answers with it: medians in milliseconds.
type changesResult struct {
	Registered float64 `json:"registeredMs"` // POST /locations of an address
	Refreshed  float64 `json:"refreshedMs"`  // POST /refresh after what the address serves has changed
	File       float64 `json:"fileMs"`       // POST /refresh after one of the 500 entities of a file has changed
	Slowest    float64 `json:"slowestMs"`    // of all of them
}

// changesEach is how often each change is made.
const changesEach = 9

// site serves one descriptor at any path.
type site struct {
	mu   sync.Mutex
	text string
	addr string
}

func newSite(ctx context.Context) (*site, func(), error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, fmt.Errorf("listening for the descriptors: %w", err)
	}
	s := &site{addr: l.Addr().String()}
	srv := &http.Server{Handler: s, ReadHeaderTimeout: stopTime}
	go func() { _ = srv.Serve(l) }()
	return s, func() { _ = srv.Close() }, nil
}

func (s *site) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = w.Write([]byte(s.text))
}

// serve makes the site serve a component with this description.
func (s *site) serve(name, description string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: " + name + ", description: " + description + "}\nspec: {type: service, lifecycle: production, owner: nobody}\n"
}

// measureChanges changes the catalog of a running server, in three ways, and
// leaves the files as they were.
func (s *stage) measureChanges(ctx context.Context, srv *server) (r changesResult, err error) {
	var registered, refreshed, file []float64
	components, err := names(ctx, srv, "component", changesEach)
	if err != nil {
		return r, err
	}
	some := spread(components, changesEach)
	for i := range changesEach {
		name, words := fmt.Sprintf("changed-%d", i), fmt.Sprintf("as registered %d", i)
		s.site.serve(name, words)
		location := fmt.Sprintf(`{"type":"url","target":"http://%s/%s.yaml"}`, s.site.addr, name)
		if registered, err = srv.change(ctx, registered, "/locations", location, name, words); err != nil {
			return r, err
		}
		words = fmt.Sprintf("as refreshed %d", i)
		s.site.serve(name, words)
		if refreshed, err = srv.change(ctx, refreshed, "/refresh", refreshOf(name), name, words); err != nil {
			return r, err
		}
		if file, err = s.changeFile(ctx, srv, file, some[i], fmt.Sprintf("as changed %d", i)); err != nil {
			return r, err
		}
	}
	return changesResult{
		Registered: loadtest.Median(registered), Refreshed: loadtest.Median(refreshed), File: loadtest.Median(file),
		Slowest: slices.Max(slices.Concat(registered, refreshed, file)),
	}, nil
}

// changeFile gives a component other words in its file, and takes them out again.
func (s *stage) changeFile(ctx context.Context, srv *server, to []float64, name, words string) (_ []float64, err error) {
	for _, path := range s.bench.files {
		before, err := os.ReadFile(path) //nolint:gosec // written by this program
		if err != nil {
			return nil, fmt.Errorf("reading a descriptor: %w", err)
		}
		head, rest, found := bytes.Cut(before, []byte("  name: "+name+"\n"))
		if !found {
			continue
		}
		after := slices.Concat(head, []byte("  name: "+name+"\n"), bytes.Replace(rest, []byte("  description: "), []byte("  description: "+words+" "), 1))
		if err := os.WriteFile(path, after, 0o600); err != nil { //nolint:gosec // written by this program
			return nil, fmt.Errorf("changing a descriptor: %w", err)
		}
		defer func() { err = firstOf(err, os.WriteFile(path, before, 0o600)) }() //nolint:gosec // as above
		return srv.change(ctx, to, "/refresh", refreshOf(name), name, words)
	}
	return nil, fmt.Errorf("no file has component %s", name)
}

func refreshOf(name string) string { return `{"entityRef":"component:default/` + name + `"}` }

// change sends a request and adds the milliseconds until the component's
// description begins with the words.
func (s *server) change(ctx context.Context, to []float64, path, body, name, words string) ([]float64, error) {
	began := time.Now()
	status, answer, err := loadtest.Fetch(ctx, s.addr, loadtest.NewRequest("POST", s.addr, api+path, "application/json", body))
	if err != nil {
		return nil, fmt.Errorf("changing %s: %w", name, err)
	}
	if status/100 != 2 {
		return nil, fmt.Errorf("changing %s: status %d: %s", name, status, shorten(answer))
	}
	_, err = s.wait(ctx, name+" is "+words, func(ctx context.Context) bool {
		status, answer, err := s.get(ctx, api+"/entities/by-name/component/default/"+name)
		var e struct{ Metadata struct{ Description string } }
		return err == nil && status == 200 && json.Unmarshal(answer, &e) == nil && strings.HasPrefix(e.Metadata.Description, words)
	})
	return append(to, millis(time.Since(began))), err
}

// changesTable says how long changes take, a row a store.
func (r *report) changesTable() string {
	var t table
	t.row("entities", "store", "an address is registered", "it changed and is refreshed", "one of 500 entities of a file changed", "slowest of all")
	for _, g := range r.Growth {
		c, ms := g.Changes, func(v float64) string { return number(v) + " ms" }
		t.row(thousands(float64(g.Entities)), g.Store, ms(c.Registered), ms(c.Refreshed), ms(c.File), ms(c.Slowest))
	}
	return t.String()
}
