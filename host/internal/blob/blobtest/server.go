package blobtest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Env names the program versitygw, which serves S3 over a folder. Without it
// the one that scripts/tool.sh built is looked for, then PATH.
const Env = "CALLBOARD_TEST_VERSITYGW"

// Server is an S3 server of a test's own.
type Server struct {
	Endpoint        string
	AccessKeyID     string
	SecretAccessKey string
	Folder          string // what it keeps, as plain files
}

// StartServer starts a real S3 server that checks signatures, and stops it
// when the test ends. Without the program the test is skipped, and fails if CI
// is true.
func StartServer(t testing.TB) Server {
	t.Helper()
	program, err := find()
	if err != nil {
		message := fmt.Sprintf("blobtest: SKIPPED, no S3 server: %v; run scripts/tool.sh versitygw or set %s", err, Env)
		if os.Getenv("CI") == "true" {
			t.Fatal(message)
		}
		fmt.Fprintln(os.Stderr, message) // go test hides the reason of a skip
		t.Skip(message)
	}
	s := Server{AccessKeyID: "access", SecretAccessKey: "secret-key", Folder: t.TempDir()}
	for range 3 { // another may take the port in between
		if s.Endpoint, err = s.start(t, program); err == nil {
			return s
		}
	}
	t.Fatalf("blobtest: %v", err)
	return Server{}
}

func (s Server) start(t testing.TB, program string) (string, error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		return "", err
	}
	var output bytes.Buffer
	command := exec.CommandContext(context.WithoutCancel(t.Context()), program, "--port", address, "--access", s.AccessKeyID, "--secret", s.SecretAccessKey, "--quiet", "posix", s.Folder) //nolint:gosec // the test's own program
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		return "", fmt.Errorf("starting the S3 server: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	t.Cleanup(func() {
		_ = command.Process.Kill()
		t.Log("the S3 server ended:", <-ended)
	})
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	patience := time.After(time.Minute)
	for {
		select {
		case err := <-ended:
			ended <- err
			return "", fmt.Errorf("the S3 server ended: %w\n%s", err, output.String())
		case <-patience:
			return "", fmt.Errorf("the S3 server does not answer on %s", address)
		case <-ticker.C:
		}
		if c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address); err == nil {
			_ = c.Close()
			return "http://" + address, nil
		}
	}
}

// find returns the newest build of versitygw.
func find() (string, error) {
	if program := os.Getenv(Env); program != "" {
		return program, nil
	}
	cache := os.Getenv("CALLBOARD_CACHE")
	if cache == "" {
		home, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		cache = filepath.Join(home, "callboard")
	}
	built, err := filepath.Glob(filepath.Join(cache, "tools", "versitygw-*"))
	if err != nil {
		return "", err
	}
	newest, at := "", time.Time{}
	for _, path := range built {
		if info, err := os.Stat(path); err == nil && info.Mode()&0o111 != 0 && info.ModTime().After(at) {
			newest, at = path, info.ModTime()
		}
	}
	if newest != "" {
		return newest, nil
	}
	return exec.LookPath("versitygw")
}
