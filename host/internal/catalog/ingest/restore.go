package ingest

import (
	"context"
	"slices"

	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/host/internal/store"
)

// Restored is a location that is registered again, and what came back with it.
type Restored struct {
	LocationStatus
	Refs    []string // of the entities that it brings now, sorted; at most 1,000
	Pending bool     // the location is registered, and has not been read yet
}

// LocationRef returns the ref of the Location entity of a registered location.
func LocationRef(kind, target string) string {
	return generatedRef(source.Location{Type: kind, Target: target})
}

// maxRestored is how many refs of what came back are named.
const maxRestored = 1000

// RemovedLocations returns registrations that were removed, the last first.
func (e *Engine) RemovedLocations(ctx context.Context) ([]store.DeletedLocationRow, error) {
	return e.config.Store.ListDeletedLocations(ctx, maxRemoved) //nolint:wrapcheck // a fault of the store
}

// Restore registers a removed location again, under its id, and returns when
// the catalog has what it brings; when ctx ends before that, it is pending.
// Faults: NotFound, Conflict (it is registered), Denied (the catalog is
// read-only).
func (e *Engine) Restore(ctx context.Context, by Asker, id string) (Restored, error) {
	if err := e.writable(); err != nil {
		return Restored{}, err
	}
	row, err := e.config.Store.RestoreLocation(ctx, id, by.Subject)
	if err != nil {
		return Restored{}, err //nolint:wrapcheck // a fault with the message for the client
	}
	at := source.Location{Type: row.Type, Target: row.Target}
	out := Restored{LocationStatus: LocationStatus{ID: row.ID, Type: row.Type, Target: row.Target, EntityRef: generatedRef(at)}}
	done := make(chan []string, 1)
	e.request(scope{
		expand: true, sources: map[string]bool{at.String(): true}, asks: asksFor(at.String(), by, store.ReasonRegistered),
		after: []inquiry{{reply: func([]DocumentProblem) { done <- e.state.originatingIn(at.String()) }}},
	})
	select {
	case out.Refs = <-done:
		out.Entities = len(out.Refs)
		out.Refs = out.Refs[:min(len(out.Refs), maxRestored)]
	case <-ctx.Done():
		out.Pending = true
	}
	return out, nil
}

// originatingIn returns the refs of entities that a location led to, sorted.
func (s *state) originatingIn(origin string) []string {
	out := []string{}
	for ref, n := range s.nodes {
		if n.origin == origin && n.provider == providerRegistered {
			out = append(out, ref)
		}
	}
	slices.Sort(out)
	return out
}
