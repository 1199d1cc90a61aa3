package apptest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"
)

// program is built once per test binary, and removed with the machine's other
// temporary files should the test be killed.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "callboard-program-")
	if err != nil {
		return "", fmt.Errorf("making a folder for the program: %w", err)
	}
	file := filepath.Join(dir, "callboard")
	build := exec.Command("go", "build", "-o", file, "./cmd/callboard")
	build.Dir = filepath.Join(Root(), "host")
	if text, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the program: %w\n%s", err, text)
	}
	return file, nil
})

// Program returns the file of the real program. It needs the core plugins
// built; without them the test is skipped, or fails on CI.
func Program(t testing.TB) string {
	t.Helper()
	if _, err := os.Stat(filepath.Join(Root(), "plugins", "catalog", "dist", "plugin.wasm")); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("the core plugins are not built; run make build")
		}
		t.Skip("the core plugins are not built; run make build")
	}
	file, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// RemoveProgram deletes what Program built; for TestMain.
func RemoveProgram() {
	if file, err := program(); err == nil {
		_ = os.RemoveAll(filepath.Dir(file))
	}
}

// Process is the real program, serving.
type Process struct {
	Log *Log

	t    testing.TB
	cmd  *exec.Cmd
	done chan struct{}
}

var readyLine = regexp.MustCompile(`is ready after .*: (http://\S+)`)

// Serve starts the program in a folder with its app-config.yaml, on a free
// port, and kills it when the test ends. The environment is env alone, beside
// HOME and PATH; data is kept in the folder "data" below dir.
func Serve(t testing.TB, dir string, env ...string) *Process {
	t.Helper()
	p := &Process{Log: &Log{}, t: t, done: make(chan struct{})}
	p.cmd = exec.Command(Program(t), "serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "data"))
	p.cmd.Dir, p.cmd.Env = dir, append([]string{"HOME=" + dir, "PATH=" + os.Getenv("PATH")}, env...)
	p.cmd.Stdout, p.cmd.Stderr = p.Log, p.Log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = p.cmd.Wait(); close(p.done) }()
	t.Cleanup(p.Kill)
	return p
}

// Address returns where the program serves, "" while it does not.
func (p *Process) Address() string {
	if m := readyLine.FindStringSubmatch(p.Log.String()); m != nil {
		return m[1]
	}
	return ""
}

// URL waits until the program serves and returns its address.
func (p *Process) URL() string {
	p.t.Helper()
	limit := time.NewTimer(2 * time.Minute)
	defer limit.Stop()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		if at := p.Address(); at != "" {
			return at
		}
		select {
		case <-again.C:
			continue
		case <-p.done:
		case <-limit.C:
		}
		p.t.Fatalf("the program never was ready:\n%s", p.Log)
	}
}

// Ended is closed when the program has ended.
func (p *Process) Ended() <-chan struct{} { return p.done }

// Signal sends the program a signal.
func (p *Process) Signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// Kill ends the program as a power cut would. Of a test that failed it shows
// first what the program was doing.
func (p *Process) Kill() {
	select {
	case <-p.done:
		return
	default:
	}
	if p.t.Failed() {
		p.Signal(syscall.SIGQUIT)
		<-p.done
		p.t.Logf("the program:\n%s", p.Log)
		return
	}
	p.Signal(syscall.SIGKILL)
	<-p.done
}
