package ingest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/catalog/catalogbench"
	"github.com/callboard/callboard/host/internal/catalog/ingest"
	"github.com/callboard/callboard/host/internal/catalog/model"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/host/internal/store"
)

// memory is a store in memory that keeps the promises of store.Catalog and
// store.Locations, and counts writes.
type memory struct {
	mu         sync.Mutex
	entities   map[string]store.EntityRow
	uids       map[string]string
	relations  map[string][]store.RelationRow
	references map[string][]string
	sources    map[string]store.SourceRow
	locations  []store.LocationRow
	revision   uint64
	writes     int
	rows       int
	fail       error // of the next ApplyCatalog
}

func newMemory() *memory {
	return &memory{
		entities: map[string]store.EntityRow{}, uids: map[string]string{}, relations: map[string][]store.RelationRow{},
		references: map[string][]string{}, sources: map[string]store.SourceRow{},
	}
}

func (m *memory) ApplyCatalog(_ context.Context, b store.Batch) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.fail; err != nil {
		m.fail = nil
		return 0, err
	}
	m.revision++
	m.writes++
	m.rows += len(b.Upsert)
	for _, r := range b.Upsert {
		if ref, taken := m.uids[r.UID]; taken && ref != r.Ref {
			return 0, fault.New(fault.Conflict, "uid %s is taken", r.UID)
		}
		m.uids[r.UID] = r.Ref
		r.Revision = m.revision
		m.entities[r.Ref] = r
	}
	for key, rows := range b.Relations {
		m.relations[key] = rows
	}
	for key, refs := range b.References {
		m.references[key] = refs
	}
	for _, ref := range b.Delete {
		delete(m.uids, m.entities[ref].UID)
		delete(m.entities, ref)
		delete(m.relations, ref)
		delete(m.references, ref)
	}
	for _, s := range b.Sources {
		m.sources[s.Location] = s
	}
	for _, l := range b.DropSources {
		delete(m.sources, l)
	}
	return m.revision, nil
}

func (m *memory) LoadEntities(_ context.Context, each func(store.EntityRow) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.entities {
		if err := each(r); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) LoadRelations(_ context.Context, each func(store.RelationRow) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, rows := range m.relations {
		for _, r := range rows {
			if err := each(r); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *memory) LoadReferences(_ context.Context, each func(store.Reference) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, refs := range m.references {
		for _, ref := range refs {
			if err := each(store.Reference{Source: key, Target: ref}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *memory) LoadSources(_ context.Context, each func(store.SourceRow) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.sources {
		if err := each(s); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) GetEntities(_ context.Context, refs []string) ([]store.EntityRow, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []store.EntityRow
	for _, ref := range refs {
		if r, ok := m.entities[ref]; ok {
			out = append(out, r)
		}
	}
	return out, nil
}

func (m *memory) CatalogRevision(context.Context) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.revision, nil
}

func (*memory) CatalogChanges(context.Context, uint64, int) ([]store.Change, error) { return nil, nil }

func (m *memory) AddLocation(_ context.Context, l store.LocationRow) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, other := range m.locations {
		if other.Type == l.Type && other.Target == l.Target {
			return fault.New(fault.Conflict, "location %s:%s already exists", l.Type, l.Target)
		}
	}
	m.locations = append(m.locations, l)
	return nil
}

func (m *memory) ListLocations(context.Context) ([]store.LocationRow, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.locations), nil
}

func (m *memory) DeleteLocation(_ context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, l := range m.locations {
		if l.ID == id {
			m.locations = slices.Delete(m.locations, i, i+1)
			return nil
		}
	}
	return fault.New(fault.NotFound, "no location %s", id)
}

func (m *memory) counts() (writes, rows int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.writes, m.rows
}

// board is a Publisher that keeps what it is told, as the snapshot does.
type board struct {
	mu       sync.Mutex
	entities map[string]catalog.Entity
	updates  []catalog.Update
	changed  chan struct{}
}

func newBoard() *board { return &board{changed: make(chan struct{}, 1000)} }

func (b *board) Publish(u catalog.Update) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if u.Reset {
		b.entities = map[string]catalog.Entity{}
	}
	for _, e := range u.Upsert {
		b.entities[e.Ref] = e
	}
	for _, ref := range u.Delete {
		delete(b.entities, ref)
	}
	b.updates = append(b.updates, u)
	b.changed <- struct{}{}
}

func (b *board) refs() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Sorted(maps.Keys(b.entities))
}

func (b *board) get(ref string) (catalog.Entity, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, ok := b.entities[ref]
	return e, ok
}

// status returns the messages of an entity's status items.
func (b *board) status(t *testing.T, ref string) string {
	t.Helper()
	e, ok := b.get(ref)
	if !ok {
		t.Fatalf("%s is not in the catalog", ref)
	}
	if e.Status == nil {
		return ""
	}
	var items []struct {
		Type, Level, Message string
		Error                struct{ Name, Message string }
	}
	if err := json.Unmarshal(e.Status, &items); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, i := range items {
		if i.Type != "backstage.io/catalog-processing" || i.Level != "error" || i.Message != i.Error.Name+": "+i.Error.Message {
			t.Errorf("status item %+v", i)
		}
		out = append(out, i.Message)
	}
	return strings.Join(out, "\n")
}

// until waits for a condition over the board, looking at every publication.
func (b *board) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for !ok() {
		select {
		case <-b.changed:
		case <-timeout:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// dump writes the catalog down without what may differ between two runs.
func (b *board) dump() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out strings.Builder
	for _, ref := range slices.Sorted(maps.Keys(b.entities)) {
		e := b.entities[ref]
		body := strings.Replace(string(e.Body), e.UID, "uid", 1)
		fmt.Fprintf(&out, "%s %s\n%s\n%v\n%s\n", ref, e.ETag, body, e.Relations, e.Status)
	}
	return out.String()
}

// clock stands still until it is turned. Pauses of less than a second are
// over at once: tests are about order, not about how long it takes.
type clock struct {
	mu      sync.Mutex
	now     time.Time
	waiters map[chan time.Time]time.Time
}

func newClock() *clock {
	return &clock{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), waiters: map[chan time.Time]time.Time{}}
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := make(chan time.Time, 1)
	if d < time.Second {
		ch <- c.now
		return ch
	}
	c.waiters[ch] = c.now.Add(d)
	return ch
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	for ch, at := range c.waiters {
		if !at.After(c.now) {
			ch <- c.now
			delete(c.waiters, ch)
		}
	}
}

// files is a Reader over a map from location to text, with faults on demand.
type files struct {
	mu     sync.Mutex
	text   map[string]string
	faults map[string]error
	reads  map[string]int
}

func newFiles(text map[string]string) *files {
	return &files{text: text, faults: map[string]error{}, reads: map[string]int{}}
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
