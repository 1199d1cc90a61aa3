package ingest_test

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
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
	removed    []store.DeletedLocationRow
	history    []store.HistoryRow
	revision   uint64
	writes     int
	rows       int
	fail       error // of the next ApplyCatalog
	failLoad   error // of the next LoadEntities
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
	m.record(b.Record)
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
	if err := m.failLoad; err != nil {
		m.failLoad = nil
		return err
	}
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

func (m *memory) DeleteLocation(_ context.Context, id, subject, plugin string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, l := range m.locations {
		if l.ID == id {
			m.locations = slices.Delete(m.locations, i, i+1)
			m.removed = append(m.removed, store.DeletedLocationRow{ID: id, Type: l.Type, Target: l.Target, CreatedBy: l.CreatedBy, DeletedBy: subject, Plugin: plugin})
			return nil
		}
	}
	return fault.New(fault.NotFound, "no location %s", id)
}

func (m *memory) ListDeletedLocations(context.Context, int) ([]store.DeletedLocationRow, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.removed), nil
}

func (m *memory) RestoreLocation(_ context.Context, id, subject string) (store.LocationRow, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, l := range m.removed {
		if l.ID == id {
			m.removed = slices.Delete(m.removed, i, i+1)
			row := store.LocationRow{ID: id, Type: l.Type, Target: l.Target, CreatedBy: subject}
			m.locations = append(m.locations, row)
			return row, nil
		}
	}
	return store.LocationRow{}, fault.New(fault.NotFound, "no removed location %s", id)
}

func (*memory) SweepDeletedLocations(context.Context, time.Time) (int, error) { return 0, nil }

// record keeps the history as the store does.
func (m *memory) record(r *store.Record) {
	if r == nil {
		return
	}
	add := func(row store.HistoryRow) {
		row.ID, row.Revision = uint64(len(m.history))+1, m.revision
		m.history = append(m.history, row)
	}
	for _, row := range r.Rows {
		add(row)
	}
	for _, ref := range r.Refs {
		var before *store.EntityRow
		if e, ok := m.entities[ref]; ok {
			before = &e
		}
		if row, changed := r.Compare(ref, before); changed {
			add(row)
		}
	}
}

func (m *memory) counts() (writes, rows int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.writes, m.rows
}
