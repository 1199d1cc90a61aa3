package ingest_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/catalog/catalogbench"
	"github.com/callboard/callboard/host/internal/catalog/ingest"
	"github.com/callboard/callboard/host/internal/catalog/model"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
)

// files is a Reader over a map from location to text, with faults on demand.
type files struct {
	*source.Reader // resolves and links

	mu     sync.Mutex
	text   map[string]string
	faults map[string]error
	reads  map[string]int
}

func newFiles(text map[string]string) *files {
	return &files{Reader: source.New(source.Config{}), text: text, faults: map[string]error{}, reads: map[string]int{}}
}

func (f *files) set(location, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.text[location] = text
	delete(f.faults, location)
}

func (f *files) damage(location string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults[location] = err
}

func (f *files) Read(_ context.Context, req source.Request) (source.Content, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := req.Location.String()
	if err := f.faults[key]; err != nil {
		return source.Content{}, err
	}
	text, ok := f.text[key]
	if !ok {
		return source.Content{}, fault.New(fault.NotFound, "%s does not exist", req.Location.Target)
	}
	etag := fmt.Sprintf("%d-%s", len(text), digest(text))
	if etag == req.ETag {
		return source.Content{ETag: etag, NotModified: true}, nil
	}
	f.reads[key]++
	return source.Content{Data: []byte(text), ETag: etag, Digest: digest(text)}, nil
}

func (f *files) Expand(_ context.Context, l source.Location, _ string) ([]source.Location, error) {
	prefix, ok := strings.CutSuffix(l.Target, "*")
	if !ok {
		return []source.Location{l}, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []source.Location
	for _, key := range slices.Sorted(maps.Keys(f.text)) {
		if at, err := source.ParseLocation(key); err == nil && at.Type == l.Type && strings.HasPrefix(at.Target, prefix) {
			out = append(out, at)
		}
	}
	if len(out) == 0 {
		return nil, fault.New(fault.NotFound, "no file matches %s", l.Target)
	}
	return out, nil
}

func digest(text string) string {
	h := uint64(14695981039346656037)
	for i := 0; i < len(text); i++ {
		h = (h ^ uint64(text[i])) * 1099511628211
	}
	return fmt.Sprintf("%016x", h)
}

// rig is an engine with everything around it.
type rig struct {
	*ingest.Engine
	config ingest.Config
	store  *memory
	board  *board
	clock  *clock
	files  *files
	passes signal
}

func kinds(t testing.TB) *model.Model {
	t.Helper()
	m, err := model.Compile(catalogbench.Layer())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// everything is the rule that lets all kinds in.
var everything = []ingest.Rule{{}}

// newRig returns a rig that is not started; change adjusts its config.
func newRig(t *testing.T, text map[string]string, change func(*ingest.Config)) *rig {
	t.Helper()
	r := &rig{store: newMemory(), board: newBoard(), clock: newClock(), files: newFiles(text), passes: make(signal, 100)}
	r.config = ingest.Config{
		Store: r.store, Publisher: r.board, Model: kinds(t), Reader: r.files, Rules: everything, Clock: r.clock,
		Locations: []ingest.Location{{Type: "file", Target: "/c/all.yaml"}}, Rand: func() float64 { return 0 }, Log: slog.New(r.passes),
	}
	if change != nil {
		change(&r.config)
	}
	if r.config.Clock == nil {
		r.config.Clock = r.clock
	}
	r.Engine = ingest.New(r.config)
	return r
}

func (r *rig) start(t *testing.T) *rig {
	t.Helper()
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// settle refreshes everything and waits for the pass to end.
func (r *rig) settle(t *testing.T) {
	t.Helper()
	before := r.Stats().Passes
	r.RefreshAll()
	r.waitPasses(t, before+1)
}

// waitPasses waits until the engine has done n passes.
func (r *rig) waitPasses(t *testing.T, n int) {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for r.Stats().Passes < n {
		select {
		case <-r.passes:
		case <-timeout:
			t.Fatalf("waited in vain for pass %d", n)
		}
	}
}

// signal is a log handler that tells of every line.
type signal chan struct{}

func (signal) Enabled(context.Context, slog.Level) bool { return true }

func (s signal) Handle(context.Context, slog.Record) error {
	select {
	case s <- struct{}{}:
	default:
	}
	return nil
}

func (s signal) WithAttrs([]slog.Attr) slog.Handler { return s }
func (s signal) WithGroup(string) slog.Handler      { return s }

// restart ends the engine and starts another on the same store.
func (r *rig) restart(t *testing.T, change func(*ingest.Config)) *rig {
	t.Helper()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	next := &rig{store: r.store, board: newBoard(), clock: r.clock, files: r.files, config: r.config, passes: r.passes}
	next.config.Publisher = next.board
	if change != nil {
		change(&next.config)
	}
	next.Engine = ingest.New(next.config)
	return next.start(t)
}
