package ingest

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/callboard/callboard/host/internal/source"
	"github.com/fsnotify/fsnotify"
)

// watcher turns changes of files into scopes. It watches folders, for editors
// replace files rather than write them.
type watcher struct {
	clock   Clock
	quiet   time.Duration
	notify  *fsnotify.Watcher
	folders map[string]bool
	files   chan map[string][]string // file → locations that depend on it
	events  chan scope
	stop    chan struct{}
	done    chan struct{}
}

func newWatcher(clock Clock, quiet time.Duration) (*watcher, error) {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watching files: %w", err)
	}
	w := &watcher{
		clock: clock, quiet: quiet, notify: notify, folders: map[string]bool{},
		files: make(chan map[string][]string), events: make(chan scope), stop: make(chan struct{}), done: make(chan struct{}),
	}
	go w.run()
	return w, nil
}

func (w *watcher) close() error {
	close(w.stop)
	<-w.done
	if err := w.notify.Close(); err != nil {
		return fmt.Errorf("closing the file watcher: %w", err)
	}
	return nil
}

// set replaces what is watched: the files, and folders in which new ones may
// appear. Folders that cannot be watched are left to the interval.
func (w *watcher) set(files map[string][]string, folders map[string]bool) {
	for folder := range folders {
		if !w.folders[folder] && w.notify.Add(folder) == nil {
			w.folders[folder] = true
		}
	}
	for folder := range w.folders {
		if !folders[folder] {
			_ = w.notify.Remove(folder) // gone already when the folder is
			delete(w.folders, folder)
		}
	}
	select {
	case w.files <- files:
	case <-w.done:
	}
}

// run collects events until nothing has happened for a while, then passes
// them on as one scope.
func (w *watcher) run() {
	defer close(w.done)
	var files map[string][]string
	var collected scope
	var ready <-chan time.Time
	var out chan<- scope
	for {
		select {
		case <-w.stop:
			return
		case files = <-w.files:
		case event, ok := <-w.notify.Events:
			if !ok {
				return
			}
			if event.Op == fsnotify.Chmod {
				continue
			}
			s := scope{sources: map[string]bool{}, expand: event.Op&(fsnotify.Create|fsnotify.Remove|fsnotify.Rename) != 0}
			for _, location := range files[filepath.Clean(event.Name)] {
				s.sources[location] = true
			}
			collected.merge(s)
			ready, out = w.clock.After(w.quiet), nil
		case _, ok := <-w.notify.Errors:
			if !ok {
				return
			}
			collected.merge(scope{all: true}) // events were lost
			ready, out = w.clock.After(w.quiet), nil
		case <-ready:
			ready = nil
			if !collected.empty() {
				out = w.events
			}
		case out <- collected:
			collected, out = scope{}, nil
		}
	}
}

// watchSources tells the watcher which files matter now.
func (e *Engine) watchSources() {
	if e.watch == nil {
		return
	}
	files, folders := map[string][]string{}, map[string]bool{}
	add := func(l source.Location, location string) {
		if l.Type == source.File {
			files[l.Target] = append(files[l.Target], location)
			folders[filepath.Dir(l.Target)] = true
		}
	}
	for key, f := range e.state.sources {
		add(f.at, key)
		for _, dep := range f.deps {
			add(dep, key)
		}
	}
	for _, l := range e.config.Locations {
		if l.Type == source.File {
			folders[source.Folder(source.Location{Type: l.Type, Target: l.Target})] = true
		}
	}
	e.watch.set(files, folders)
}
