package rows

import (
	"sync"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
)

// Gate lets calls in until it is shut, and shutting it waits for those inside.
// The zero value is open.
type Gate struct {
	mu     sync.Mutex
	inside sync.WaitGroup
	shut   bool
}

// Enter admits a call, which must Leave. Fault: Unavailable (shut).
func (g *Gate) Enter() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut {
		return fault.New(fault.Unavailable, "the database is closed")
	}
	g.inside.Add(1)
	return nil
}

// Leave ends a call that Enter admitted.
func (g *Gate) Leave() { g.inside.Done() }

// Shut refuses new calls and returns when the last one has left. It reports
// whether this call was the one that shut the gate.
func (g *Gate) Shut() bool {
	g.mu.Lock()
	first := !g.shut
	g.shut = true
	g.mu.Unlock()
	g.inside.Wait()
	return first
}

// Moment returns t as databases keep it: UTC, cut to the microsecond.
func Moment(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}
