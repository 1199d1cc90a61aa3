package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/callboard/callboard/host/internal/catalog/catalogbench"
	"github.com/callboard/callboard/host/internal/loadtest"
)

// storeResult is everything that is measured on one database.
type storeResult struct {
	Store   string `json:"store"`
	Version string `json:"version"`
	// Medians of the starts.
	Cold   start `json:"cold"`   // nothing there: compiles plugins and ingests
	Ingest start `json:"ingest"` // compile cache warm, database empty, until every entity is visible
	Ready  start `json:"ready"`  // second start, until ready and every entity is visible
	// Idle is taken a few seconds after a second start, Loaded right after the
	// load, LoadPeak is the highest of that process.
	Idle     loadtest.Memory `json:"idle"`
	Loaded   loadtest.Memory `json:"loaded"`
	Database int64           `json:"databaseBytes"`
	Starts   []starts        `json:"starts"`
	Cases    []caseResult    `json:"cases"`
	Changes  changesResult   `json:"changes"`
}

// start is what the server used from its start until it was where it should be.
type start struct {
	Seconds float64 `json:"seconds"`
	CPU     float64 `json:"cpuSeconds"`
	Peak    int64   `json:"peakBytes"` // of resident memory
}

// starts is one round of starts.
type starts struct {
	Cold   start `json:"cold"`
	Ingest start `json:"ingest"`
	Ready  start `json:"ready"`
}

// idleFor is how long a server is left alone before its idle memory is read. It
// gives back what loading took some seconds after its start.
const idleFor = 15 * time.Second

// stage is a server with its data folder and database, which can be started
// again and again.
type stage struct {
	bench    *bench
	store    string
	data     string
	config   string
	addr     string
	database string // name of the PostgreSQL database
	site     *site  // that the server may read
	close    func()
}

func (b *bench) newStage(ctx context.Context, store string) (*stage, error) {
	if store != "sqlite" && store != "postgres" {
		return nil, fmt.Errorf("%q: %w", store, errUsage)
	}
	files, err := b.catalogFiles()
	if err != nil {
		return nil, err
	}
	s := &stage{bench: b, store: store, config: filepath.Join(b.dir, store+".yaml"), database: "callboard_bench"}
	if s.data, err = os.MkdirTemp(b.dir, store+"-"); err != nil {
		return nil, fmt.Errorf("making a data folder: %w", err)
	}
	if s.addr, err = loadtest.FreePort(ctx); err != nil {
		return nil, err
	}
	if s.site, s.close, err = newSite(ctx); err != nil {
		return nil, err
	}
	database := map[string]any{"client": "sqlite"}
	if store == "postgres" {
		u, err := url.Parse(b.postgres)
		if err != nil {
			return nil, fmt.Errorf("reading -postgres: %w", err)
		}
		u.Path = "/" + s.database
		database = map[string]any{"client": "pg", "connection": u.String()}
	}
	var locations []map[string]string
	for _, f := range files {
		locations = append(locations, map[string]string{"type": "file", "target": f})
	}
	// JSON is YAML.
	config, err := json.MarshalIndent(map[string]any{
		"app":     map[string]any{"baseUrl": "http://" + s.addr},
		"backend": map[string]any{"database": database, "reading": map[string]any{"allow": []any{map[string]string{"host": s.site.addr}}}},
		"auth":    map[string]any{"environment": "development", "providers": map[string]any{"guest": map[string]any{}}},
		"catalog": map[string]any{
			"rules":     []any{map[string]any{"allow": []string{"Component", "API", "System", "Domain", "Group", "User", "Resource", "Location", "Template"}}},
			"locations": locations,
		},
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding the configuration: %w", err)
	}
	if err := os.WriteFile(s.config, config, 0o600); err != nil {
		return nil, fmt.Errorf("writing the configuration: %w", err)
	}
	return s, s.empty(ctx)
}

// empty removes the database and keeps the compile cache.
func (s *stage) empty(ctx context.Context) error {
	entries, err := os.ReadDir(s.data)
	if err != nil {
		return fmt.Errorf("emptying the data folder: %w", err)
	}
	for _, e := range entries {
		if e.Name() == "wasm-cache" {
			continue
		}
		if err := os.RemoveAll(filepath.Join(s.data, e.Name())); err != nil {
			return fmt.Errorf("emptying the data folder: %w", err)
		}
	}
	if s.store != "postgres" {
		return nil
	}
	for _, statement := range []string{
		"DROP DATABASE IF EXISTS " + s.database + " WITH (FORCE)",
		"CREATE DATABASE " + s.database + " TEMPLATE template0 ENCODING 'UTF8'",
	} {
		if _, err := s.psql(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// catalogFiles writes the generated catalog once.
func (b *bench) catalogFiles() ([]string, error) {
	if b.files != nil {
		return b.files, nil
	}
	dir, err := os.MkdirTemp(b.dir, "catalog-")
	if err != nil {
		return nil, fmt.Errorf("making a folder: %w", err)
	}
	b.files, err = catalogbench.Write(dir, catalogbench.Generate(catalogbench.Config{Entities: b.entities, Seed: b.seed}))
	return b.files, err
}

func (s *stage) psql(ctx context.Context, statement string) (string, error) {
	out, err := exec.CommandContext(ctx, "psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", //nolint:gosec // the server that the caller named
		"--set", "ON_ERROR_STOP=1", "--command", statement, s.bench.postgres).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("asking PostgreSQL: %w: %s", err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

func (s *stage) start(ctx context.Context, env ...string) (*server, error) {
	return startServer(ctx, s.bench.dir, s.addr, env, s.bench.binary, "serve", "--config", s.config, "--listen", s.addr, "--data", s.data)
}

// complete reports whether every generated entity is visible.
func (s *stage) complete(srv *server) func(context.Context) bool {
	return func(ctx context.Context) bool {
		status, body, err := srv.get(ctx, api+"/entities/by-query?limit=0&filter="+kinds)
		if err != nil || status != 200 {
			return false
		}
		var p page
		return json.Unmarshal(body, &p) == nil && p.TotalItems == s.bench.entities
	}
}

// ready reports whether the server is ready and complete.
func (s *stage) ready(srv *server) func(context.Context) bool {
	complete := s.complete(srv)
	return func(ctx context.Context) bool {
		status, _, err := srv.get(ctx, "/.callboard/ready")
		return err == nil && status == 200 && complete(ctx)
	}
}

// databaseBytes returns the size of the database of a stopped server.
func (s *stage) databaseBytes(ctx context.Context) (int64, error) {
	if s.store == "postgres" {
		out, err := s.psql(ctx, "SELECT pg_database_size('"+s.database+"') - pg_database_size('template0')")
		if err != nil {
			return 0, err
		}
		n, err := strconv.ParseInt(out, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("reading the size of the database: %w", err)
		}
		return n, nil
	}
	var size int64
	err := filepath.WalkDir(s.data, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() && e.Name() == "wasm-cache" {
			return firstOf(err, fs.SkipDir)
		}
		info, err := e.Info()
		if err == nil && info.Mode().IsRegular() {
			size += info.Size()
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("adding up the data folder: %w", err)
	}
	return size, nil
}

func (s *stage) version(ctx context.Context) (string, error) {
	if s.store == "postgres" {
		return s.psql(ctx, "SELECT 'PostgreSQL ' || current_setting('server_version') || ', fsync ' || current_setting('fsync') || ', synchronous_commit ' || current_setting('synchronous_commit')")
	}
	return "SQLite (modernc)", nil
}
