package config

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// WatchOptions say what to watch and how patiently.
type WatchOptions struct {
	Options                                      // as given to Load
	Current *Config                              // what runs now
	Logger  *slog.Logger                         // nil is silent
	Settle  time.Duration                        // quiet time after an event before reading; 0 is 200 ms
	After   func(time.Duration) <-chan time.Time // nil is time.After
}

// Watcher reloads the configuration when one of its files changes.
type Watcher struct {
	options  WatchOptions
	notify   *fsnotify.Watcher
	folders  []string
	names    []string // base names of files that matter
	rejected string   // the last error told, so that it is told once
}

// NewWatcher starts to watch the files of options.Current, and the default
// files that do not exist yet. Close it when Run is never called.
func NewWatcher(options WatchOptions) (*Watcher, error) {
	if options.Settle == 0 {
		options.Settle = 200 * time.Millisecond
	}
	if options.After == nil {
		options.After = time.After
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watching configuration: %w", err)
	}
	w := &Watcher{options: options, notify: notify}
	if err := w.follow(options.Current.files); err != nil {
		notify.Close()
		return nil, err
	}
	return w, nil
}

// follow watches the folders of files rather than the files: editors and
// Kubernetes replace files, and a watch on the old one would see nothing.
func (w *Watcher) follow(files []string) error {
	l := &load{options: w.options.withDefaults()}
	for _, source := range l.sources() {
		files = append(files, resolvePath(w.options.Dir, source.name))
	}
	for _, file := range files {
		folder, name := filepath.Dir(file), filepath.Base(file)
		if !slices.Contains(w.names, name) {
			w.names = append(w.names, name)
		}
		if slices.Contains(w.folders, folder) {
			continue
		}
		if err := w.notify.Add(folder); err != nil {
			return fmt.Errorf("watching folder %s: %w", folder, err)
		}
		w.folders = append(w.folders, folder)
	}
	return nil
}

// Close stops watching.
func (w *Watcher) Close() error { return w.notify.Close() }

// Run calls changed for every reload that finds a difference or a mistake,
// until ctx ends; then it closes the watcher. Calls do not overlap.
func (w *Watcher) Run(ctx context.Context, changed func(Change)) error {
	defer w.notify.Close()
	// What changed between loading and watching sent no event: look once.
	settled := w.options.After(w.options.Settle)
	for {
		select {
		case <-ctx.Done():
			return nil
		case event, ok := <-w.notify.Events:
			if !ok {
				return nil
			}
			if w.concerns(event.Name) {
				settled = w.options.After(w.options.Settle)
			}
		case err, ok := <-w.notify.Errors:
			if !ok {
				return nil
			}
			// Events may be lost, so look at the files themselves.
			w.options.Logger.WarnContext(ctx, "watching configuration", "error", err)
			settled = w.options.After(w.options.Settle)
		case <-settled:
			settled = nil
			if change, told := w.reload(ctx); told {
				changed(change)
			}
		}
	}
}

// concerns tells a file of ours from others in its folder. Kubernetes swaps a
// link named ..data when a mounted ConfigMap or Secret changes.
func (w *Watcher) concerns(name string) bool {
	base := filepath.Base(name)
	return slices.Contains(w.names, base) || strings.HasPrefix(base, "..")
}

func (w *Watcher) reload(ctx context.Context) (Change, bool) {
	next, err := Load(ctx, w.options.Options)
	if err != nil {
		if ctx.Err() != nil || err.Error() == w.rejected {
			return Change{}, false
		}
		w.rejected = err.Error()
		return Change{Err: err}, true
	}
	if err := w.follow(next.files); err != nil {
		w.options.Logger.WarnContext(ctx, "watching configuration", "error", err)
	}
	recovered := w.rejected != ""
	w.rejected = ""
	sections := Diff(w.options.Current, next)
	w.options.Current = next
	return Change{Config: next, Sections: sections}, len(sections) > 0 || recovered
}
