package config

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestDiff(t *testing.T) {
	tests := []struct {
		name, before, after string
		want                []SectionChange
	}{
		{"nothing", "app: {title: a}", "app:\n  # a comment\n  title: a", nil},
		{"the order of keys", "{a: 1, b: 2}", "{b: 2, a: 1}", nil},
		{"a live key", "telemetry: {logLevel: info}", "telemetry: {logLevel: warn}", []SectionChange{{Path: "telemetry.logLevel"}}},
		{"a key that needs a restart", "backend: {listen: ':1'}", "backend: {listen: ':2'}", []SectionChange{{Path: "backend.listen", Restart: true}}},
		{"deep keys are told by their section", "backend: {database: {connection: {filename: a}}}", "backend: {database: {connection: {filename: b, user: u}}}", []SectionChange{{Path: "backend.database", Restart: true}}},
		{"a section appears", "{}", "telemetry: {logLevel: debug, logFormat: json}", []SectionChange{{Path: "telemetry.logFormat", Restart: true}, {Path: "telemetry.logLevel"}}},
		{"a section goes", "catalog: {readonly: true}", "{}", []SectionChange{{Path: "catalog.readonly", Restart: true}}},
		{"live and not in one section", "plugins: {entries: {a: {config: {x: 1}}}}", "plugins: {entries: {a: {enabled: false, config: {x: 2}}}}", []SectionChange{{Path: "plugins.entries.a", Restart: true}}},
		{
			"plugins one by one", "plugins: {entries: {a: {enabled: true}, b: {config: {x: 1}}}}", "plugins: {entries: {b: {config: {x: 2}}, c: {}}}",
			[]SectionChange{{Path: "plugins.entries.a", Restart: true}, {Path: "plugins.entries.b"}, {Path: "plugins.entries.c", Restart: true}},
		},
		{"keys that nobody reads", "kubernetes: {x: 1}", "kubernetes: {x: 2}", []SectionChange{{Path: "kubernetes", Unread: true}}},
		{"unread beside read", "app: {title: a}", "app: {support: x, title: a}", []SectionChange{{Path: "app.support", Unread: true}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Diff(loaded(t, tt.before), loaded(t, tt.after))
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

// watchedFolder is a folder with a running watcher.
type watchedFolder struct {
	t       *testing.T
	dir     string
	changes chan Change
}

func watch(t *testing.T, files map[string]string) *watchedFolder {
	t.Helper()
	w := &watchedFolder{t, t.TempDir(), make(chan Change, 16)}
	for name, text := range files {
		w.write(name, text)
	}
	options := Options{Dir: w.dir, Environ: []string{}}
	current, err := Load(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	at := make(chan time.Time)
	close(at) // the quiet time is over at once
	watcher, err := NewWatcher(WatchOptions{Options: options, Current: current, After: func(time.Duration) <-chan time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- watcher.Run(ctx, func(c Change) { w.changes <- c }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("watcher ended with %v", err)
		}
	})
	return w
}

// write replaces a file in one step, as editors and deployments do.
func (w *watchedFolder) write(name, text string) {
	w.t.Helper()
	draft := filepath.Join(w.dir, ".draft")
	if err := os.WriteFile(draft, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Rename(draft, filepath.Join(w.dir, name)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *watchedFolder) next() Change {
	w.t.Helper()
	select {
	case change := <-w.changes:
		return change
	case <-w.t.Context().Done():
		w.t.Fatal("no change was told")
		return Change{}
	}
}

func TestWatcherTellsWhatChanged(t *testing.T) {
	w := watch(t, map[string]string{"app-config.yaml": "telemetry: {logLevel: info}\nbackend: {listen: ':1'}"})
	w.write("app-config.yaml", "telemetry: {logLevel: warn}\nbackend: {listen: ':1'}")
	if change := w.next(); change.Err != nil || change.NeedsRestart() || change.Config.Telemetry.LogLevel != "warn" {
		t.Errorf("after a live change: %+v", change)
	}
	w.write("app-config.yaml", "telemetry: {logLevel: warn}\nbackend: {listen: ':2'}")
	if change := w.next(); change.Err != nil || !change.NeedsRestart() || change.Sections[0].Path != "backend.listen" {
		t.Errorf("after a change that needs a restart: %+v", change)
	}
}

func TestWatcherKeepsTheOldOnMistakes(t *testing.T) {
	w := watch(t, map[string]string{"app-config.yaml": "app: {title: a}"})
	w.write("app-config.yaml", "telemetry: {logLevel: loud}")
	if change := w.next(); change.Err == nil || change.Config != nil || !strings.Contains(change.Err.Error(), "logLevel") {
		t.Errorf("after a mistake: %+v", change)
	}
	w.write("app-config.yaml", "app: {title: a}")
	if change := w.next(); change.Err != nil || len(change.Sections) != 0 {
		t.Errorf("after the mistake was mended: %+v", change)
	}
}

func TestWatcherSeesIncludesAndNewFiles(t *testing.T) {
	w := watch(t, map[string]string{"app-config.yaml": "app: {title: {$file: title.txt}}", "title.txt": "a"})
	w.write("title.txt", "b")
	if change := w.next(); change.Err != nil || change.Config.App.Title != "b" {
		t.Errorf("after an included file changed: %+v", change)
	}
	w.write("app-config.local.yaml", "app: {title: c}")
	if change := w.next(); change.Err != nil || change.Config.App.Title != "c" {
		t.Errorf("after app-config.local.yaml appeared: %+v", change)
	}
}

func TestWatcherSeesMountedConfiguration(t *testing.T) {
	// Kubernetes mounts app-config.yaml → ..data/app-config.yaml and swaps ..data.
	dir := t.TempDir()
	for version, title := range map[string]string{"..v1": "a", "..v2": "b"} {
		if err := os.Mkdir(filepath.Join(dir, version), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, version, "app-config.yaml"), []byte("app: {title: "+title+"}"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	link := func(to, name string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	link("..v1", "..data")
	link(filepath.Join("..data", "app-config.yaml"), "app-config.yaml")
	options := Options{Dir: dir, Environ: []string{}}
	current, err := Load(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	at := make(chan time.Time)
	close(at)
	watcher, err := NewWatcher(WatchOptions{Options: options, Current: current, After: func(time.Duration) <-chan time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	link("..v2", "..data_tmp")
	if err := os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var title string
	err = watcher.Run(ctx, func(c Change) {
		if c.Err == nil {
			title = c.Config.App.Title
		}
		cancel()
	})
	if err != nil || title != "b" {
		t.Errorf("got title %q, %v", title, err)
	}
}
