package ingest

import (
	"time"

	"github.com/callboard/callboard/host/internal/store"
)

// sourceRows takes over the facts of the walk and returns the rows that
// changed and those to drop.
func (e *Engine) sourceRows(w *walk) (rows []store.SourceRow, drop []string) {
	now := e.config.Clock.Now()
	for _, v := range w.order {
		f := v.facts
		key := f.at.String()
		if e.state.sources[key] = f; f.unread {
			continue
		}
		for i := range f.docs {
			f.docs[i].out = nil
		}
		if _, read := w.done[key]; read {
			f.nextAt = now.Add(e.interval(f))
		}
		row := store.SourceRow{Location: key, ETag: f.etag, Digest: f.digest, Error: v.trouble(), Entities: len(f.docs), CheckedAt: f.row.CheckedAt, NextAt: f.row.NextAt}
		if row != f.row {
			row.CheckedAt, row.NextAt = now, f.nextAt
			rows = append(rows, row)
		}
		f.row = row
	}
	for key := range e.state.sources {
		if w.visits[key] == nil {
			drop = append(drop, key)
			delete(e.state.sources, key)
		}
	}
	return rows, drop
}

// interval is when to look at a source again: sooner when a processor failed,
// twice as late each time.
func (e *Engine) interval(f *facts) time.Duration {
	d := time.Duration(float64(e.config.Interval) * (1 + e.config.Rand()/2))
	if f.unasked > 0 {
		d = min(d, 30*time.Second<<min(f.unasked-1, 10))
	}
	return d
}

// trouble is why the source must be read again however it looks, in a line.
func (v *visit) trouble() string {
	switch {
	case v.facts.failure != nil:
		return problemOf(v.facts.failure).message
	case len(v.facts.broken) > 0:
		return v.facts.broken[0].message
	case v.conflict != nil:
		return v.conflict.message
	}
	for i := range v.facts.docs {
		if p := v.facts.docs[i].problem; p != nil {
			return p.message
		}
	}
	return ""
}
