package ingest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/catalog"
)

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
		if i.Type != "backstage.io/catalog-processing" || i.Level != level(i.Message) || i.Message != i.Error.Name+": "+i.Error.Message {
			t.Errorf("status item %+v", i)
		}
		out = append(out, i.Message)
	}
	return strings.Join(out, "\n")
}

// level is what a status item of the message should have: an entity that is
// there and lacks something is not in error.
func level(message string) string {
	if strings.HasSuffix(message, "the entity goes on without it") {
		return "warning"
	}
	return "error"
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
