//go:build unix

package testpg

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// Server is a PostgreSQL on a free loopback port. It keeps what it committed
// when it is killed, but not when the machine loses power: fsync is off.
type Server struct {
	bin   string
	data  string
	port  int
	owner *syscall.Credential // nil = ourselves

	mu      sync.Mutex
	process *exec.Cmd
	ended   chan struct{}
}

// find returns the folder of initdb and postgres.
func find() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	// Debian keeps the server's programs out of PATH.
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", errors.New("initdb is neither in PATH nor in /usr/lib/postgresql")
	}
	newest := slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })
	return filepath.Dir(newest), nil
}

func version(initdb string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb)))) // 0 sorts last
	return n
}

func start(bin, dir string) (*Server, error) {
	s := &Server{bin: bin, data: filepath.Join(dir, "data")}
	if err := os.Mkdir(s.data, 0o700); err != nil {
		return nil, err
	}
	if os.Geteuid() == 0 { // PostgreSQL refuses to run as root
		if err := s.disown(dir); err != nil {
			return nil, err
		}
	}
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", s.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	initdb.Dir = s.data
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: s.owner}
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("running initdb: %w\n%s", err, out)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.port = listener.Addr().(*net.TCPAddr).Port
	if err := listener.Close(); err != nil {
		return nil, err
	}
	return s, s.Start()
}

// disown gives the folder to the user postgres, who will run the server.
func (s *Server) disown(dir string) error {
	owner, err := user.Lookup("postgres")
	if err != nil {
		return fmt.Errorf("running as root without a user postgres: %w", err)
	}
	uid, err := strconv.ParseUint(owner.Uid, 10, 32)
	if err != nil {
		return err
	}
	gid, err := strconv.ParseUint(owner.Gid, 10, 32)
	if err != nil {
		return err
	}
	s.owner = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	for _, path := range []string{dir, s.data} {
		if err := os.Chown(path, int(uid), int(gid)); err != nil {
			return err
		}
	}
	return nil
}

// URL returns the address of the server's database postgres.
func (s *Server) URL() string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", s.port)
}

// Start starts the server, also after Kill, and returns when it takes connections.
func (s *Server) Start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	process := exec.Command(filepath.Join(s.bin, "postgres"), "-D", s.data,
		"-c", "listen_addresses=127.0.0.1", "-c", "port="+strconv.Itoa(s.port), "-c", "unix_socket_directories=",
		"-c", "fsync=off", "-c", "max_connections=200", "-c", "lc_messages=C", "-c", "logging_collector=off")
	process.Dir = s.data
	process.SysProcAttr = processAttributes(s.owner)
	stderr, err := process.StderrPipe()
	if err != nil {
		return err
	}
	if err := process.Start(); err != nil {
		return err
	}
	ready, ended := make(chan struct{}), make(chan struct{})
	var log strings.Builder
	go func() {
		defer close(ended)
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			if strings.Contains(lines.Text(), "ready to accept connections") {
				close(ready)
				break
			}
			fmt.Fprintln(&log, lines.Text())
		}
		_, _ = io.Copy(io.Discard, stderr) // a full pipe would stop the server
		_ = process.Wait()                 // it ends because we end it
	}()
	select {
	case <-ready:
		s.process, s.ended = process, ended
		return nil
	case <-ended:
		return fmt.Errorf("the server ended:\n%s", log.String())
	}
}

// Stop shuts the server down and waits until it is gone.
func (s *Server) Stop() { s.end(syscall.SIGINT, false) }

// Kill ends the server and all its processes at once, as a crash does.
func (s *Server) Kill() { s.end(syscall.SIGKILL, true) }

func (s *Server) end(signal syscall.Signal, group bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return
	}
	pid := s.process.Process.Pid
	if group {
		pid = -pid // the server leads a process group
	}
	_ = syscall.Kill(pid, signal) // gone already is fine
	<-s.ended
	s.process = nil
}
