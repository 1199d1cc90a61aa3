package lifecycle_test

import (
	"bytes"
	"fmt"
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

// killable is the real program, serving.
type killable struct {
	operator
	cmd  *exec.Cmd
	done chan struct{}

	mu  sync.Mutex
	out bytes.Buffer
}

func (k *killable) Write(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.out.Write(p)
}

var address = regexp.MustCompile(`is ready after .*: (http://\S+)`)

// run starts the program and waits until it serves.
func run(t *testing.T, program, dir string) *killable {
	t.Helper()
	k := &killable{done: make(chan struct{})}
	k.cmd = exec.Command(program, "serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "data"))
	k.cmd.Dir, k.cmd.Env = dir, []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH")}
	k.cmd.Stdout, k.cmd.Stderr = k, k
	if err := k.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = k.cmd.Wait(); close(k.done) }()
	t.Cleanup(k.kill)
	for began := time.Now(); time.Since(began) < patience; runtime.Gosched() {
		k.mu.Lock()
		m := address.FindStringSubmatch(k.out.String())
		k.mu.Unlock()
		if m != nil {
			k.operator = operator{&apptest.Portal{URL: m[1], Log: &apptest.Log{}}, t}
			return k
		}
	}
	t.Fatalf("it never was ready:\n%s", k.out.String())
	return nil
}

// kill ends the program as a power cut would. Of a test that failed it shows
// first what the program was doing.
func (k *killable) kill() {
	if k.t != nil && k.t.Failed() {
		_ = k.cmd.Process.Signal(syscall.SIGQUIT)
		<-k.done
		k.mu.Lock()
		defer k.mu.Unlock()
		k.t.Logf("the program:\n%s", k.out.String())
		return
	}
	_ = k.cmd.Process.Signal(syscall.SIGKILL)
	<-k.done
}

func (k *killable) get(path string) (int, string) {
	client := http.Client{Timeout: patience}
	res, err := client.Get(k.URL + path) //nolint:noctx // it has a timeout
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	var b bytes.Buffer
	_, _ = b.ReadFrom(res.Body)
	return res.StatusCode, b.String()
}

// However early or late the program is killed while it activates a version,
// the next start has the old one or the new one, whole, with its data.
func TestKilledWhileActivating(t *testing.T) {
	if _, err := os.Stat(filepath.Join(apptest.Root(), "plugins", "catalog", "dist", "plugin.wasm")); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("the core plugins are not built; run make build")
		}
		t.Skip("the core plugins are not built; run make build")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "callboard")
	build := exec.Command("go", "build", "-o", program, "./cmd/callboard")
	build.Dir = filepath.Join(apptest.Root(), "host")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the program: %v\n%s", err, text)
	}
	write(t, filepath.Join(dir, "app-config.yaml"), []byte("app: {title: T}\ntelemetry: {logLevel: debug}\n"))
	k := run(t, program, dir)
	old := k.install(release{version: "1.0.0", schema: 1, compatible: 1}, "kv")
	along, _ := k.upload(cut(t, release{version: "1.1.0", schema: 1, compatible: 1}))
	apart, _ := k.upload(cut(t, release{version: "2.0.0", schema: 2, compatible: 2}))
	post(t, k, "/api/notes/notes/a", "hello")
	for n, tc := range []struct {
		name, digest, after string // killed as soon as the log says so; "" = at once
		versions            []string
	}{
		{"at once", along, "", []string{"1.0.0", "1.1.0"}},
		{"when the store knows", along, "plugin activate", []string{"1.0.0", "1.1.0"}},
		{"when it is loaded", along, "plugin loaded", []string{"1.0.0", "1.1.0"}},
		{"when it serves", along, "plugin swapped", []string{"1.1.0", "1.0.0"}},
		{"when the data is halted", apart, "plugin halt", []string{"1.0.0", "2.0.0"}},
		{"when the migration is done", apart, "plugin migrate", []string{"1.0.0", "2.0.0"}},
	} {
		from := k.mark()
		go func() {
			_, _ = http.Post(k.URL+"/api/plugins/notes/activate", "application/json", strings.NewReader(fmt.Sprintf(`{"digest":%q}`, tc.digest)))
		}() //nolint:bodyclose,noctx // it is killed
		for began := time.Now(); tc.after != "" && !k.saidSince(from, tc.after) && time.Since(began) < patience; runtime.Gosched() {
		}
		k.kill()
		k = run(t, program, dir)
		var version string
		until(t, fmt.Sprintf("case %d (%s): it serves again", n, tc.name), func() bool {
			var status int
			status, version = k.get("/api/notes/version")
			return status == http.StatusOK
		})
		if version != tc.versions[0] && version != tc.versions[1] {
			t.Fatalf("%s: serves %s", tc.name, version)
		}
		want := "v1 hello"
		if version == "2.0.0" {
			want = "v2 hello"
		}
		if _, note := k.get("/api/notes/notes/a"); note != want {
			t.Errorf("%s: version %s has the note %q", tc.name, version, note)
		}
		t.Logf("killed %s: %s came back", tc.name, version)
		// Whatever came back, an operator goes on from there.
		until(t, "an operator goes on", func() bool {
			a := k.post("/notes/activate", map[string]any{"digest": old, "restore": true})
			return a.status == http.StatusOK
		})
		k.serve("1.0.0")
	}
}

func (k *killable) serve(version string) {
	k.t.Helper()
	if _, body := k.get("/api/notes/version"); body != version {
		k.t.Fatalf("serves %q, want %s", body, version)
	}
}

func (k *killable) mark() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.out.Len()
}

func (k *killable) saidSince(from int, words string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return strings.Contains(k.out.String()[from:], words)
}

func post(t *testing.T, k *killable, path, body string) {
	t.Helper()
	res, err := http.Post(k.URL+path, "text/plain", strings.NewReader(body)) //nolint:noctx // ends with the program
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", path, res.Status)
	}
}
