package app

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// What is loaded stays: collecting it again and again while it grows costs a
// tenth of the time to ready. So there may be more garbage than usual, up to
// loadGCPercent of what is in use, but no more than loadGarbage beside what
// the usual rate leaves: a catalog of 100,000 entities left four gigabytes.
const (
	loadGCPercent = 400
	loadGarbage   = 256 << 20
)

// collectLess lets garbage lie while a portal loads, until the returned
// function is called; the rate is then as before.
func collectLess() (restore func()) {
	l := &loading{usual: debug.SetGCPercent(loadGCPercent)}
	l.watch()
	return l.end
}

type loading struct {
	mu    sync.Mutex
	usual int
	ended bool
}

// watch sets the rate anew after every collection: the finalizer of something
// that nobody holds runs then.
func (l *loading) watch() {
	runtime.SetFinalizer(&struct{ _ *int }{}, func(any) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.ended {
			return
		}
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		debug.SetGCPercent(loadRate(live[0].Value.Uint64(), l.usual))
		l.watch()
	})
}

// loadRate is the percentage of garbage beside so many bytes in use. A usual
// rate below zero, no collection at all, is the operator's word.
func loadRate(live uint64, usual int) int {
	if usual < 0 || live == 0 {
		return loadGCPercent
	}
	return max(usual, int(min(loadGCPercent, loadGarbage*100/live))) //nolint:gosec // at most loadGCPercent
}

func (l *loading) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	debug.SetGCPercent(l.usual)
}
