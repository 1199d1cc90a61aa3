package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/callboard/callboard/host/internal/loadtest"
)

// Times of a server's life. A figure that takes longer is a failure, not a figure.
const (
	pollEvery = 5 * time.Millisecond
	startTime = 5 * time.Minute
	stopTime  = 30 * time.Second
)

// server is a server process that the benchmark started.
type server struct {
	addr    string
	began   time.Time
	cmd     *exec.Cmd
	log     string // file with all of its output
	exited  chan struct{}
	exitErr error
}

// startServer runs a program that listens on addr.
func startServer(ctx context.Context, dir, addr string, env []string, program string, args ...string) (*server, error) {
	log, err := os.CreateTemp(dir, "server-*.log")
	if err != nil {
		return nil, fmt.Errorf("making a log file: %w", err)
	}
	defer func() { _ = log.Close() }()
	s := &server{addr: addr, log: log.Name(), exited: make(chan struct{})}
	s.cmd = exec.CommandContext(ctx, program, args...)
	s.cmd.Env = append(os.Environ(), env...)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	s.cmd.WaitDelay = stopTime
	s.began = time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", filepath.Base(program), err)
	}
	go func() {
		s.exitErr = s.cmd.Wait()
		close(s.exited)
	}()
	return s, nil
}

func (s *server) pid() int { return s.cmd.Process.Pid }

// wait polls until done and returns the time since the process began.
func (s *server) wait(ctx context.Context, what string, done func(context.Context) bool) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if done(ctx) {
			return time.Since(s.began), nil
		}
		select {
		case <-tick.C:
		case <-s.exited:
			return 0, fmt.Errorf("waiting until %s: the server ended: %w\n%s", what, s.exitErr, s.tail())
		case <-ctx.Done():
			return 0, fmt.Errorf("waiting until %s: %w\n%s", what, ctx.Err(), s.tail())
		}
	}
}

// answers reports whether the server speaks HTTP.
func (s *server) answers(ctx context.Context) bool {
	status, _, err := s.get(ctx, "/healthcheck")
	return err == nil && status == 200
}

func (s *server) get(ctx context.Context, target string) (int, []byte, error) {
	return loadtest.Fetch(ctx, s.addr, loadtest.NewRequest("GET", s.addr, target, "", ""))
}

// stop ends the process as an operator would, and kills it when that fails.
func (s *server) stop() error {
	select {
	case <-s.exited:
		return fmt.Errorf("the server had ended: %w\n%s", s.exitErr, s.tail())
	default:
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stopping the server: %w", err)
	}
	select {
	case <-s.exited:
		return nil
	case <-time.After(stopTime):
		return errors.Join(fmt.Errorf("the server did not end within %s", stopTime), s.cmd.Process.Kill())
	}
}

// tail returns the end of what the server wrote.
func (s *server) tail() []byte {
	const keep = 4 << 10
	b, err := os.ReadFile(s.log)
	if err != nil {
		return []byte(err.Error())
	}
	b = bytes.TrimSpace(b)
	return b[max(0, len(b)-keep):]
}
