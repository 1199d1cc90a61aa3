package attack_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/app/apptest"
)

// binary builds the program once per run of the tests.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "callboard-attack-")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "callboard")
	build := exec.Command("go", "build", "-o", file, "./cmd/callboard")
	build.Dir = filepath.Join(apptest.Root(), "host")
	if text, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the program: %w\n%s", err, text)
	}
	return file, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if file, err := binary(); code == 0 && err == nil {
		_ = os.RemoveAll(filepath.Dir(file))
	}
	os.Exit(code)
}

// output collects what a process prints.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// process is the real program, serving.
type process struct {
	cmd  *exec.Cmd
	out  *output
	done chan struct{} // closed when it has ended
}

// command prepares the program with a folder and an environment of its own.
func command(t *testing.T, dir string, env []string, args ...string) *exec.Cmd {
	t.Helper()
	file, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(file, args...)
	cmd.Dir, cmd.Env = dir, append([]string{"HOME=" + dir, "PATH=" + os.Getenv("PATH")}, env...)
	return cmd
}

func serve(t *testing.T, dir string, env ...string) *process {
	t.Helper()
	if _, err := os.Stat(filepath.Join(apptest.Root(), "plugins", "catalog", "dist", "plugin.wasm")); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("the core plugins are not built; run make build")
		}
		t.Skip("the core plugins are not built; run make build")
	}
	p := &process{cmd: command(t, dir, env, "serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "data")), out: &output{}, done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = p.cmd.Wait(); close(p.done) }()
	t.Cleanup(p.kill)
	return p
}

// kill ends the process as a power cut would.
func (p *process) kill() {
	_ = p.cmd.Process.Signal(syscall.SIGKILL)
	<-p.done
}

var readyLine = regexp.MustCompile(`is ready after .*: (http://\S+)`)

// address returns where it listens, "" while it does not.
func (p *process) address() string {
	if m := readyLine.FindStringSubmatch(p.out.String()); m != nil {
		return m[1]
	}
	return ""
}

// until waits for a condition, or for the process to end.
func (p *process) until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * patience); !done(); runtime.Gosched() {
		select {
		case <-p.done:
			t.Fatalf("it ended before %s:\n%s", what, p.out)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("never %s:\n%s", what, p.out)
		}
	}
}

func (p *process) ready(t *testing.T) string {
	t.Helper()
	p.until(t, "it is ready", func() bool { return p.address() != "" })
	return p.address()
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// uids returns the uid of every component by name, and fails on doubles.
func uids(t *testing.T, address string) map[string]string {
	t.Helper()
	_, body := get(t, address+"/api/catalog/entities?filter=kind=component&fields=metadata.name,metadata.uid")
	out, seen := map[string]string{}, map[string]bool{}
	for _, e := range decode[[]entityStatus](t, body) {
		if out[e.Metadata.Name] != "" || seen[e.Metadata.UID] || e.Metadata.UID == "" {
			t.Errorf("%s or its uid %s is there twice", e.Metadata.Name, e.Metadata.UID)
		}
		out[e.Metadata.Name], seen[e.Metadata.UID] = e.Metadata.UID, true
	}
	return out
}

func TestKilledWhileItReads(t *testing.T) {
	const old, more = 1000, 4000
	dir := t.TempDir()
	write(t, filepath.Join(dir, "app-config.yaml"), "catalog: {locations: [{type: file, target: './catalog/*.yaml'}]}\n")
	fill := func(from, to int) {
		for file := from; file < to; file += 100 {
			var b strings.Builder
			for i := file; i < file+100; i++ {
				fmt.Fprintf(&b, "---\n%s", component(fmt.Sprintf("c%d", i), ""))
			}
			write(t, filepath.Join(dir, "catalog", fmt.Sprintf("%d.yaml", file)), b.String())
		}
	}
	fill(0, old)
	p := serve(t, dir)
	before := uids(t, p.ready(t))
	if len(before) != old {
		t.Fatalf("%d components at first", len(before))
	}
	p.kill()
	fill(old, old+more)
	wal, killed := filepath.Join(dir, "data"), 0
	size := func() (n int64) {
		files, _ := filepath.Glob(filepath.Join(wal, "*"))
		for _, file := range files {
			if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
				n += info.Size()
			}
		}
		return n
	}
	start := size()
	for _, grown := range []int64{1, 64 << 10, 512 << 10, 1 << 20, 2 << 20} {
		p := serve(t, dir)
		at := max(size(), start)
		p.until(t, "the database grows or all is read", func() bool {
			return size() >= at+grown || strings.Contains(p.out.String(), "catalog refreshed")
		})
		if !strings.Contains(p.out.String(), "catalog refreshed") {
			killed++
		}
		p.kill()
	}
	t.Logf("killed %d times before the refresh was done", killed)
	p = serve(t, dir)
	address := p.ready(t)
	p.until(t, "the catalog is complete", func() bool {
		_, body := get(t, address+"/api/catalog/entities/by-query?limit=0&filter=kind=component")
		return strings.Contains(body, fmt.Sprintf(`"totalItems":%d`, old+more))
	})
	after := uids(t, address)
	if len(after) != old+more {
		t.Errorf("%d components", len(after))
	}
	for name, uid := range before {
		if after[name] != uid {
			t.Errorf("%s has another uid: %s, was %s", name, after[name], uid)
		}
	}
	if killed == 0 {
		t.Error("no kill came while it was reading")
	}
}

func TestDataFolder(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "app-config.yaml"), "catalog: {locations: [{type: file, target: ./good.yaml}]}\n")
	write(t, filepath.Join(dir, "good.yaml"), good)
	p := serve(t, dir)
	p.ready(t)
	found := 0
	if err := filepath.WalkDir(filepath.Join(dir, "data"), func(name string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		// Machine code lies in a folder that nobody else may enter.
		if strings.Contains(name, "wasm-cache"+string(filepath.Separator)) {
			return nil
		}
		found++
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s may be used by others: %v", name, info.Mode())
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if found < 3 {
		t.Errorf("only %d files and folders of data", found)
	}
	p.kill()
	for name, spoil := range map[string]func(folder string) error{
		"writable by others": func(folder string) error { return os.Chmod(folder, 0o777) }, //nolint:gosec // that is the point
		"a link": func(folder string) error {
			if err := os.RemoveAll(folder); err != nil {
				return err
			}
			return os.Symlink(t.TempDir(), folder)
		},
	} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(dir, "data", "wasm-cache")
			_ = os.RemoveAll(folder)
			if err := os.MkdirAll(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := spoil(folder); err != nil {
				t.Fatal(err)
			}
			p := serve(t, dir)
			select {
			case <-p.done:
			case <-time.After(patience):
				t.Fatalf("it serves code from a folder that is %s:\n%s", name, p.out)
			}
			if p.cmd.ProcessState.ExitCode() == 0 || !strings.Contains(p.out.String(), "machine code") {
				t.Errorf("exit code %d:\n%s", p.cmd.ProcessState.ExitCode(), p.out)
			}
		})
	}
}
