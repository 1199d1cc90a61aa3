// Package giteatest starts a real Gitea for tests.
//
// Owns: finding the program that scripts/gitea.sh built, its configuration, an administrator with a token.
// Does not own: building it (ten minutes, once). Flow: Start → Server → API.
package giteatest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Env names a folder with a built Gitea; without it the one of scripts/gitea.sh is looked for.
const Env = "CALLBOARD_TEST_GITEA"

const version = "1.26.2" // as in scripts/gitea.sh

// Server is a running Gitea.
type Server struct {
	URL   string
	Token string // of an administrator

	t      testing.TB
	folder string // of the program
	config string
}

func find() string {
	if folder := os.Getenv(Env); folder != "" {
		return folder
	}
	cache := os.Getenv("CALLBOARD_CACHE")
	if cache == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return ""
		}
		cache = filepath.Join(base, "callboard")
	}
	return filepath.Join(cache, "gitea-"+version)
}

// Start starts a Gitea with an empty database, and ends it with the test. The
// test is skipped where none is built.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{t: t, folder: find()}
	for _, needed := range []string{filepath.Join(s.folder, "gitea"), "git"} {
		if _, err := exec.LookPath(needed); err != nil {
			t.Skipf("giteatest: SKIPPED, there is no %s: run scripts/gitea.sh build (ten minutes, once) or set %s", needed, Env)
		}
	}
	dir := t.TempDir()
	s.config = filepath.Join(dir, "app.ini")
	port := freePort(t)
	s.URL = fmt.Sprintf("http://127.0.0.1:%d", port)
	who, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.config, fmt.Appendf(nil, settings, who.Username, dir, port, s.URL, s.folder), 0o600); err != nil {
		t.Fatal(err)
	}
	s.run("migrate")
	s.run("admin", "user", "create", "--admin", "--username", "keeper", "--password", "of-a-Test-1", "--email", "keeper@example.com", "--must-change-password=false")
	s.Token = strings.TrimSpace(s.run("admin", "user", "generate-access-token", "--username", "keeper", "--scopes", "all", "--raw", "--token-name", "test"))
	s.Token = s.Token[strings.LastIndexByte(s.Token, '\n')+1:]
	s.serve()
	return s
}

const settings = `RUN_MODE = prod
RUN_USER = %[1]s
WORK_PATH = %[2]s
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
[server]
PROTOCOL = http
HTTP_ADDR = 127.0.0.1
HTTP_PORT = %[3]d
ROOT_URL = %[4]s/
STATIC_ROOT_PATH = %[5]s
DISABLE_SSH = true
OFFLINE_MODE = true
[database]
DB_TYPE = sqlite3
PATH = %[2]s/gitea.db
[security]
INSTALL_LOCK = true
SECRET_KEY = of-a-test
INTERNAL_TOKEN = of-a-test
[service]
DISABLE_REGISTRATION = true
[repository]
ROOT = %[2]s/repositories
[indexer]
ISSUE_INDEXER_TYPE = db
[actions]
ENABLED = false
[log]
MODE = console
LEVEL = warn
`

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // it listens on TCP
}

func (s *Server) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.folder, "gitea"), append(args, "--config", s.config)...) //nolint:gosec // what the tests built
	cmd.Env = append(os.Environ(), "GITEA_WORK_DIR="+filepath.Dir(s.config), "HOME="+filepath.Dir(s.config))
	return cmd
}

// run runs a command of Gitea's and returns what it printed.
func (s *Server) run(args ...string) string {
	s.t.Helper()
	cmd := s.command(s.t.Context(), args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("gitea %s: %v\n%s%s", strings.Join(args, " "), err, out, said.Bytes())
	}
	return string(out)
}

func (s *Server) serve() {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(s.t.Context()))
	cmd := s.command(ctx, "web")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	if err := cmd.Start(); err != nil {
		cancel()
		s.t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	s.t.Cleanup(func() { cancel(); <-done })
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	limit := time.NewTimer(2 * time.Minute)
	defer limit.Stop()
	for {
		if status, _ := s.try(http.MethodGet, "/version", nil); status == http.StatusOK {
			return
		}
		select {
		case <-again.C:
		case <-done:
			s.t.Fatalf("gitea ended:\n%s", said.Bytes())
		case <-limit.C:
			s.t.Fatal("gitea does not answer")
		}
	}
}

func (s *Server) try(method, path string, body any) (int, []byte) {
	text, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+"/api/v1"+path, bytes.NewReader(text))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "token "+s.Token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil
	}
	defer func() { _ = res.Body.Close() }()
	answer, _ := io.ReadAll(res.Body)
	return res.StatusCode, answer
}

// API sends a request as the administrator and returns the answer's body. Any
// status but 2xx ends the test.
func (s *Server) API(method, path string, body any) []byte {
	s.t.Helper()
	status, answer := s.try(method, path, body)
	if status/100 != 2 {
		s.t.Fatalf("%s %s: %d %s", method, path, status, answer)
	}
	return answer
}

// Organization makes an organisation.
func (s *Server) Organization(name string) {
	s.t.Helper()
	s.API(http.MethodPost, "/orgs", map[string]any{"username": name, "visibility": "private"})
}

// Repository makes a private repository with files on its branch main.
func (s *Server) Repository(owner, name string, files map[string]string) {
	s.t.Helper()
	s.API(http.MethodPost, "/orgs/"+owner+"/repos", map[string]any{"name": name, "private": true, "default_branch": "main"})
	changes := []map[string]string{}
	for path, text := range files {
		changes = append(changes, map[string]string{"operation": "create", "path": path, "content": base64.StdEncoding.EncodeToString([]byte(text))})
	}
	if len(changes) > 0 {
		s.API(http.MethodPost, "/repos/"+owner+"/"+name+"/contents", map[string]any{"branch": "main", "message": "begin", "files": changes})
	}
}

// Write changes a file, or adds it.
func (s *Server) Write(repository, path, text string) {
	s.t.Helper()
	operation := "create"
	sha := ""
	if status, answer := s.try(http.MethodGet, "/repos/"+repository+"/contents/"+path+"?ref=main", nil); status == http.StatusOK {
		var file struct{ SHA string }
		if err := json.Unmarshal(answer, &file); err != nil {
			s.t.Fatal(err)
		}
		operation, sha = "update", file.SHA
	}
	s.API(http.MethodPost, "/repos/"+repository+"/contents", map[string]any{"branch": "main", "message": "change", "files": []map[string]string{
		{"operation": operation, "path": path, "sha": sha, "content": base64.StdEncoding.EncodeToString([]byte(text))},
	}})
}
