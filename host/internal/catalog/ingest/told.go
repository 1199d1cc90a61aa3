package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
)

// told is what a leader tells the others of its last pass, so that every
// replica shows the same problems and locations.
type told struct {
	Sources   int
	Passes    int
	Problems  []Problem
	Locations []LocationStatus
}

// tellReport stores the report for the others, if it says anything new.
func (e *Engine) tellReport(ctx context.Context) {
	if e.member == nil {
		return
	}
	e.mu.Lock()
	t := told{Sources: e.report.sources, Passes: e.report.passes, Problems: e.report.problems, Locations: e.report.locations}
	e.mu.Unlock()
	text, err := json.Marshal(t)
	if err == nil {
		err = e.config.Replicas.SaveReport(ctx, e.epoch.Load(), text)
	}
	if err != nil {
		e.config.Log.Warn("other replicas show an older report", "error", err)
	}
}

// takeReport shows what the leader told.
func (e *Engine) takeReport(ctx context.Context) error {
	text, err := e.config.Replicas.LoadReport(ctx)
	if err != nil || text == nil {
		return err //nolint:wrapcheck // a fault of the store
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if bytes.Equal(text, e.told) {
		return nil
	}
	var t told
	if err := json.Unmarshal(text, &t); err != nil {
		return fmt.Errorf("reading the leader's report: %w", err)
	}
	e.told = text
	r := &e.report
	r.sources, r.passes, r.problems, r.locations = t.Sources, t.Passes, t.Problems, t.Locations
	return nil
}
