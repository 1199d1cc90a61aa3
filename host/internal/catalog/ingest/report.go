package ingest

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/host/internal/store"
)

// LocationStatus is one location of configuration or of the API, and how it fares.
type LocationStatus struct {
	ID        string // of a registered location; empty for a configured one
	Type      string
	Target    string
	EntityRef string   // of the Location entity that stands for it
	Entities  int      // that originate in it
	Errors    []string // of it and of everything it leads to
	CheckedAt time.Time
}

// Problem is something that was refused or went wrong, and where it is shown.
type Problem struct {
	Ref     string // the entity whose status tells of it
	Name    string // "InputError", …
	Message string
	Warning bool // the entity is there, and only lacks something
}

// Stats are figures for metrics.
type Stats struct {
	Entities     int
	Sources      int
	Problems     int
	Passes       int
	Publications int
	Documents    int64         // read since the start, unchanged ones included
	Walk         time.Duration // of the last pass: reading and processing
	Write        time.Duration // stitching and writing
	Publish      time.Duration
	At           time.Time // when the last pass ended; zero before the first
}

// report is what the last pass came to.
type report struct {
	entities, sources, passes, publications int
	documents                               int64
	walk, write, publish                    time.Duration
	at                                      time.Time
	problems                                []Problem
	locations                               []LocationStatus
}

type timing struct{ started, walked, written, published time.Time }

// finish writes the report of a pass.
func (e *Engine) finish(w *walk, roots []root, registered []store.LocationRow, t timing, u catalog.Update) {
	var problems []Problem
	add := func(ref string, found ...problem) {
		for _, p := range found {
			problems = append(problems, Problem{Ref: ref, Name: p.name, Message: p.message, Warning: p.warning})
		}
	}
	for ref, found := range w.problems {
		add(ref, found...)
	}
	byOrigin := map[string]int{}
	for _, n := range e.state.nodes {
		byOrigin[n.origin]++
	}
	errs := map[string][]string{}
	for _, v := range w.order {
		origin := v.origin.String()
		for i := range v.facts.docs {
			d := &v.facts.docs[i]
			for _, note := range d.notes {
				errs[origin] = append(errs[origin], note.message)
				if e.state.nodes[d.ref] != nil {
					add(d.ref, note)
				}
			}
			if d.problem != nil {
				errs[origin] = append(errs[origin], d.problem.message)
				if e.state.nodes[d.ref] != nil {
					add(d.ref, *d.problem)
				}
			}
		}
	}
	for ref, found := range w.problems {
		if n := e.state.nodes[ref]; n != nil {
			for _, p := range found {
				errs[n.origin] = append(errs[n.origin], p.message)
			}
		}
	}
	slices.SortFunc(problems, func(a, b Problem) int {
		return strings.Compare(a.Ref+"\x00"+a.Message, b.Ref+"\x00"+b.Message)
	})
	ids := map[string]string{}
	for _, l := range registered {
		ids[l.Type+":"+l.Target] = l.ID
	}
	locations := make([]LocationStatus, 0, len(roots))
	for _, r := range roots {
		if r.bucket() {
			continue
		}
		key := r.at.String()
		s := LocationStatus{Type: r.at.Type, Target: r.at.Target, EntityRef: r.ref, Entities: byOrigin[key], CheckedAt: t.started}
		if r.provider == providerRegistered {
			s.ID = ids[key]
		}
		s.Errors = slices.Clone(errs[key])
		slices.Sort(s.Errors)
		s.Errors = slices.Compact(s.Errors)
		locations = append(locations, s)
	}

	e.mu.Lock()
	r := &e.report
	r.entities, r.sources, r.problems, r.locations = len(e.state.nodes), len(e.state.sources), problems, locations
	r.passes++
	r.documents += w.parsed.Load()
	r.walk, r.write, r.publish = t.walked.Sub(t.started), t.written.Sub(t.walked), t.published.Sub(t.written)
	r.at = t.published
	e.mu.Unlock()
	e.config.Log.Info("catalog refreshed", "changed", len(u.Upsert), "deleted", len(u.Delete), "entities", len(e.state.nodes),
		"sources", len(e.state.sources), "problems", len(problems), "documents", w.parsed.Load(), "took", t.published.Sub(t.started))
}

// Stats returns figures of the last pass.
func (e *Engine) Stats() Stats {
	e.mu.Lock()
	defer e.mu.Unlock()
	r := &e.report
	return Stats{
		Entities: r.entities, Sources: r.sources, Problems: len(r.problems), Passes: r.passes, Publications: r.publications,
		Documents: r.documents, Walk: r.walk, Write: r.write, Publish: r.publish, At: r.at,
	}
}

// Problems returns what went wrong in the last pass, sorted by entity.
func (e *Engine) Problems() []Problem {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.report.problems)
}

// Locations returns the configured locations, then the registered ones, with
// what the last pass found out about each.
func (e *Engine) Locations(ctx context.Context) ([]LocationStatus, error) {
	roots, registered, err := e.roots(ctx)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	known := map[string]LocationStatus{}
	for _, l := range e.report.locations {
		known[l.Type+":"+l.Target] = l
	}
	ids := map[string]string{}
	for _, l := range registered {
		ids[l.Type+":"+l.Target] = l.ID
	}
	out := make([]LocationStatus, 0, len(roots))
	for _, r := range roots {
		if r.bucket() {
			continue
		}
		l := known[r.at.String()]
		l.Type, l.Target, l.EntityRef = r.at.Type, r.at.Target, r.ref
		if l.ID = ""; r.provider == providerRegistered {
			l.ID = ids[r.at.String()]
		}
		out = append(out, l)
	}
	return out, nil
}

// Refresh asks for an entity's source to be read again soon, and for a
// Location entity what it leads to as well. A ref that is not in the catalog
// asks for nothing.
func (e *Engine) Refresh(by Asker, ref string) {
	e.request(scope{refs: map[string]bool{ref: true}, asks: asksFor("ref:"+ref, by, store.ReasonRefreshed)})
}

// Remove takes an orphan out of the catalog soon. For what a source still
// brings it is the same as Refresh. Fault: Denied (the catalog is read-only).
func (e *Engine) Remove(by Asker, ref string) error {
	if err := e.writable(); err != nil {
		return err
	}
	e.request(scope{refs: map[string]bool{ref: true}, remove: map[string]bool{ref: true}, asks: asksFor("ref:"+ref, by, store.ReasonRemoved)})
	return nil
}

// RefreshLocation asks for one source, "url:https://…", to be read again soon.
func (e *Engine) RefreshLocation(location string) {
	e.request(scope{sources: map[string]bool{location: true}, expand: true})
}

// RefreshAll asks for everything to be read again soon.
func (e *Engine) RefreshAll() { e.request(scope{all: true}) }

// writable refuses changes where the configuration does.
func (e *Engine) writable() error {
	if e.config.ReadOnly {
		return fault.New(fault.Denied, "the catalog is read-only: catalog.readonly is set in the configuration")
	}
	return nil
}

// Register stores a location and reads it soon. Faults: Invalid (only URLs may
// be registered), Conflict, Denied (the catalog is read-only).
func (e *Engine) Register(ctx context.Context, by Asker, kind, target string) (LocationStatus, error) {
	at, err := registrable(kind, target)
	if err == nil {
		err = e.writable()
	}
	if err != nil {
		return LocationStatus{}, err
	}
	row := store.LocationRow{ID: e.config.IDs(), Type: at.Type, Target: at.Target, CreatedAt: e.config.Clock.Now(), CreatedBy: by.Subject}
	if err := e.config.Store.AddLocation(ctx, row); err != nil {
		return LocationStatus{}, err //nolint:wrapcheck // a fault with the message for the client
	}
	e.request(scope{expand: true, asks: asksFor(at.String(), by, store.ReasonRegistered)})
	return LocationStatus{ID: row.ID, Type: row.Type, Target: row.Target, EntityRef: generatedRef(at)}, nil
}

// registrable returns the location that may be registered. Fault: Invalid.
func registrable(kind, target string) (source.Location, error) {
	if kind != source.URL {
		return source.Location{}, fault.New(fault.Invalid, "locations of type %q cannot be registered; type url can", kind)
	}
	return source.Resolve(source.Location{Type: source.URL, Target: target}, source.URL, target) //nolint:wrapcheck // a fault with the message for the client
}

// Unregister removes a location; what only it kept alive goes soon. With a
// subject in of only what that one registered is there to remove. Faults:
// NotFound, Denied (the catalog is read-only).
func (e *Engine) Unregister(ctx context.Context, by Asker, id, of string) error {
	if err := e.writable(); err != nil {
		return err
	}
	if of != "" {
		registered, err := e.config.Store.ListLocations(ctx)
		if err != nil {
			return err //nolint:wrapcheck // a fault of the store
		}
		own := func(l store.LocationRow) bool { return l.ID == id && l.CreatedBy == of }
		if !slices.ContainsFunc(registered, own) {
			return fault.New(fault.NotFound, "%s registered no location with id %q", of, id)
		}
	}
	if err := e.config.Store.DeleteLocation(ctx, id, by.Subject, by.Plugin); err != nil {
		return err //nolint:wrapcheck // a fault with the message for the client
	}
	e.request(scope{expand: true})
	return nil
}
