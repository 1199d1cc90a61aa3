// Package apptest boots the whole portal on a free loopback port, for tests.
//
// Owns: configuration files in a temp folder, building the core plugins once, start and stop.
// Does not own: what is tested. Flow: a test's files → config → app.New → Start → URL.
package apptest

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/app"
	"github.com/callboard/callboard/host/internal/config"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
	"github.com/callboard/callboard/host/internal/web/api/apitest"
	"github.com/callboard/callboard/plugins"
)

// Portal is a running portal.
type Portal struct {
	URL  string
	Dir  string // of the configuration and its files
	Data string
	Log  *Log

	t   testing.TB
	app *app.App
}

// Log collects the portal's log for the test's output.
type Log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// String returns what was logged so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// Root returns the root folder of the repository.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..", "..", "..")
}

// Options change what is booted.
type Options struct {
	// Files are written below the folder of the configuration;
	// "app-config.yaml" must be among them unless Config names files.
	Files  map[string]string
	Config []string // configuration files instead of Files["app-config.yaml"]
	Data   string   // data folder; empty = a new one
	Env    []string
}

// Start boots a portal, waits until it is ready, and closes it when the test ends.
func Start(t testing.TB, o Options) *Portal {
	t.Helper()
	p, err := TryStart(t, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TryStart is Start for tests of starts that fail.
func TryStart(t testing.TB, o Options) (*Portal, error) {
	t.Helper()
	p := &Portal{t: t, Dir: t.TempDir(), Data: o.Data, Log: &Log{}}
	for name, content := range o.Files {
		file := filepath.Join(p.Dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files := o.Config
	if len(files) == 0 {
		files = []string{filepath.Join(p.Dir, "app-config.yaml")}
	}
	if p.Data == "" {
		p.Data = filepath.Join(p.Dir, "data")
	}
	options := config.Options{Files: files, Data: p.Data, Environ: o.Env}
	if _, production := o.Files["production"]; !production {
		options.Listen = "127.0.0.1:0"
	}
	c, err := config.Load(t.Context(), options)
	if err != nil {
		return nil, err
	}
	if p.app, err = app.New(t.Context(), app.Options{Config: c, LogTo: p.Log, Random: rand.Reader, Core: core(t, c), Version: app.Version{Version: "test"}, WasmCache: plugintest.CacheDir("wasm")}); err != nil {
		return nil, err
	}
	t.Cleanup(p.Close)
	// The listener and its work live until Close, not until the test's context ends.
	if err := p.app.Start(context.WithoutCancel(t.Context()), ""); err != nil {
		return nil, err
	}
	p.URL = "http://" + p.app.Addr()
	return p, nil
}

// Close ends the portal; a second call does nothing. On a failed test the log is shown.
func (p *Portal) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := p.app.Close(ctx); err != nil {
		p.t.Errorf("closing the portal: %v", err)
	}
	if p.t.Failed() {
		p.t.Logf("the portal's log:\n%s", p.Log)
	}
}

// App returns the portal itself.
func (p *Portal) App() *app.App { return p.app }

// Do sends a request and returns the answer and its body. What openapi.json
// does not say of the answer fails the test.
func (p *Portal) Do(method, path, body string, header map[string]string) (*http.Response, string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.URL+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	apitest.Check(p.t, apitest.Exchange{Method: method, Target: path, Sent: body, Status: res.StatusCode, Header: res.Header, Body: b})
	return res, string(b)
}

// Get sends a GET request.
func (p *Portal) Get(path string) (*http.Response, string) {
	p.t.Helper()
	return p.Do(http.MethodGet, path, "", nil)
}

// Until asks again until done accepts the answer, for what happens in the
// background. It leaves the processor to that: compiling a module takes a while
// where the race detector watches.
func (p *Portal) Until(path string, done func(status int, body string) bool) string {
	p.t.Helper()
	limit := time.NewTimer(5 * time.Minute)
	defer limit.Stop()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		res, body := p.Get(path)
		if done(res.StatusCode, body) {
			return body
		}
		select {
		case <-again.C:
		case <-limit.C:
			p.t.Fatalf("%s never became what was waited for; last answer:\n%s", path, body)
		}
	}
}

// core returns the core plugins with modules built from the sources at hand,
// once per test binary, whether make build has run or not.
func core(t testing.TB, c *config.Config) []plugins.Bundle {
	t.Helper()
	bundles := plugins.Core()
	for i := range bundles {
		if _, wanted := c.Plugins.Entries[bundles[i].ID]; bundles[i].Optional && !wanted {
			continue // it does not run, and building it takes a while
		}
		wasm, err := BuildPlugin(filepath.Join(Root(), "plugins"), "./"+bundles[i].ID)
		if err != nil {
			t.Fatal(err)
		}
		bundles[i].Wasm = wasm
	}
	return bundles
}

// built keeps modules by folder: building takes a second each.
var built sync.Map

// BuildPlugin compiles a package of a module to Wasm.
func BuildPlugin(dir, pkg string) ([]byte, error) {
	key := dir + " " + pkg
	if wasm, ok := built.Load(key); ok {
		return wasm.([]byte), nil //nolint:forcetypeassert // only modules are stored
	}
	out, err := os.CreateTemp("", "plugin-*.wasm")
	if err != nil {
		return nil, fmt.Errorf("building %s: %w", pkg, err)
	}
	_ = out.Close()
	defer func() { _ = os.Remove(out.Name()) }()
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", out.Name(), pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building %s: %w\n%s", pkg, err, text)
	}
	wasm, err := os.ReadFile(out.Name())
	if err != nil {
		return nil, fmt.Errorf("building %s: %w", pkg, err)
	}
	built.Store(key, wasm)
	return wasm, nil
}
