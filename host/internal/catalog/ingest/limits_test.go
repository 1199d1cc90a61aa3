package ingest_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/catalog/ingest"
	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/sdk/contract"
)

// slow is a Reader whose reads take time, and that remembers their order.
type slow struct {
	*files
	clock *clock
	cost  time.Duration

	mu    sync.Mutex
	order []string
}

func (s *slow) Read(ctx context.Context, req source.Request) (source.Content, error) {
	s.mu.Lock()
	s.order = append(s.order, req.Location.String())
	s.clock.advance(s.cost)
	s.mu.Unlock()
	return s.files.Read(ctx, req)
}

func (s *slow) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.order
	s.order = nil
	return out
}

// A pass reads what nobody waits for only for as long as it should; the rest
// follows, and nothing that was there goes meanwhile. What somebody asked for
// is read first.
func TestSlowSourcesKeepNobodyWaiting(t *testing.T) {
	text := map[string]string{}
	var targets []string
	for i := range 12 {
		at := fmt.Sprintf("https://git.example.com/%02d.yaml", i)
		targets = append(targets, at)
		text["url:"+at] = component(fmt.Sprintf("c%02d", i), "")
	}
	text["file:/c/all.yaml"] = head + "Location\nmetadata: {name: all}\nspec: {type: url, targets: ['" + strings.Join(targets, "', '") + "']}\n"
	reader := &slow{cost: time.Second}
	r := newRig(t, text, func(c *ingest.Config) {
		reader.files, reader.clock = c.Reader.(*files), c.Clock.(*clock)
		c.Reader, c.Limits = reader, ingest.Limits{Readers: 1, Reading: 500 * time.Millisecond}
	})
	r.start(t)
	components := func() int {
		return len(slices.DeleteFunc(r.board.refs(), func(ref string) bool { return !strings.HasPrefix(ref, "component:") }))
	}
	if n := components(); n == 0 || n == 12 {
		t.Errorf("the first pass, which has 5 s, published %d components of a second each", n)
	}
	r.board.until(t, "all are there", func() bool { return components() == 12 })
	if n := len(reader.take()); n != 13 {
		t.Errorf("%d reads of 13 sources", n)
	}

	for i := range 12 { // while everything is read again, nothing goes
		r.files.set(fmt.Sprintf("url:https://git.example.com/%02d.yaml", i), component(fmt.Sprintf("c%02d", i), ", system: new"))
	}
	passes := r.Stats().Passes
	reader.mu.Lock() // until both are asked for
	r.RefreshAll()
	r.Refresh(ingest.Asker{}, "component:default/c11")
	reader.mu.Unlock()
	r.board.until(t, "the new ones are there", func() bool {
		if n := components(); n != 12 {
			t.Errorf("%d components", n)
		}
		fresh := 0
		for i := range 12 {
			if e, _ := r.board.get(fmt.Sprintf("component:default/c%02d", i)); strings.Contains(string(e.Body), "new") {
				fresh++
			}
		}
		return fresh == 12
	})
	asked := slices.Index(reader.take(), "url:https://git.example.com/11.yaml")
	if asked < 0 || asked > 4 { // what the pass under way had begun, and the location that leads there
		t.Errorf("what was asked for was read after %d others", asked)
	}
	if n := r.Stats().Passes - passes; n < 3 {
		t.Errorf("reading for 12 s took %d passes of half a second", n)
	}
}

// A location brings as many entities as it may. What would be more is refused
// with what to do about it, and what was there stays.
func TestALocationHasAQuota(t *testing.T) {
	text := map[string]string{
		"file:/c/all.yaml": location("all", "./a.yaml", "./b.yaml"),
		"file:/c/a.yaml":   component("a1", "") + component("a2", ""),
		"file:/c/b.yaml":   component("b1", ""),
	}
	r := newRig(t, text, func(c *ingest.Config) { c.Limits.Origin = 4 }).start(t)
	has := func(want ...string) {
		t.Helper()
		for _, name := range []string{"a1", "a2", "b1", "b2", "b3"} {
			if _, ok := r.board.get("component:default/" + name); ok != slices.Contains(want, name) {
				t.Errorf("%s is there: %v", name, ok)
			}
		}
	}
	has("a1", "a2", "b1")
	r.files.set("file:/c/b.yaml", component("b1", ", system: new")+component("b2", ""))
	r.settle(t)
	has("a1", "a2", "b1")
	status := r.board.status(t, "location:default/all")
	if want := "file:/c/b.yaml brings 2 entities, and with them the location file:/c/all.yaml would have more than 4: let it name fewer, or raise catalog.limits.entitiesPerLocation"; !strings.Contains(status, want) {
		t.Errorf("status %q", status)
	}
	if e, _ := r.board.get("component:default/b1"); strings.Contains(string(e.Body), "new") {
		t.Error("half of a source was taken")
	}
	r.files.set("file:/c/a.yaml", component("a1", ""))
	r.settle(t) // makes room
	r.settle(t) // which is seen when the source is looked at again
	has("a1", "b1", "b2")
	if status := r.board.status(t, "location:default/all"); status != "" {
		t.Errorf("status %q", status)
	}
}

// A processor sees no more entities in one call than it asked for.
func TestAProcessorSaysHowManyItSees(t *testing.T) {
	p := &processor{version: "1", batch: 2, process: func(contract.ProcessItem) (contract.ProcessResult, error) { return contract.ProcessResult{}, nil }}
	text := component("a", "") + component("b", "") + component("c", "") + component("d", "") + component("e", "")
	newRig(t, map[string]string{"file:/c/all.yaml": text}, func(c *ingest.Config) { c.Processors = []ingest.Processor{p} }).start(t)
	if len(p.seen) != 5 || slices.Max(p.calls) != 2 || len(p.calls) != 3 {
		t.Errorf("it saw %v in calls of %v", p.seen, p.calls)
	}
}
