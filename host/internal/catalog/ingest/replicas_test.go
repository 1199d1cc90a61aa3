package ingest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/catalog/ingest"
	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/host/internal/store/postgres"
	"github.com/callboard/callboard/host/internal/testpg"
)

func TestMain(m *testing.M) { os.Exit(testpg.Run(m)) }

// cluster is several engines on one database, which read the same files.
type cluster struct {
	dsn   string
	files *files
	gate  *gate
	all   []*rig
	dbs   []*postgres.Store
}

// gate is a Reader that can be made to wait.
type gate struct {
	*files
	mu      sync.Mutex
	closed  chan struct{} // nil = open
	waiting chan struct{}
}

func (g *gate) Read(ctx context.Context, req source.Request) (source.Content, error) {
	g.mu.Lock()
	closed := g.closed
	g.mu.Unlock()
	if closed != nil {
		select {
		case g.waiting <- struct{}{}:
		default:
		}
		select {
		case <-closed:
		case <-ctx.Done():
			return source.Content{}, ctx.Err()
		}
	}
	return g.files.Read(ctx, req)
}

func newCluster(t *testing.T, n int, text map[string]string) *cluster {
	t.Helper()
	c := &cluster{dsn: testpg.DSN(t), files: newFiles(text)}
	c.gate = &gate{files: c.files, waiting: make(chan struct{}, 1)}
	for range n {
		c.add(t)
	}
	return c
}

// add starts another replica.
func (c *cluster) add(t *testing.T) *rig {
	t.Helper()
	db, err := postgres.Open(t.Context(), postgres.Config{DSN: c.dsn})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	r := newRig(t, nil, func(cfg *ingest.Config) {
		cfg.Store, cfg.Provided, cfg.Replicas, cfg.Reader = db, db, db, c.gate
		cfg.Owner = fmt.Sprintf("replica %d", len(c.all))
		cfg.Clock = ingest.SystemClock{}
		cfg.Limits.Publishing, cfg.Limits.Beat = 1, 20*time.Millisecond
	})
	r.files = c.files
	c.all, c.dbs = append(c.all, r), append(c.dbs, db)
	return r.start(t)
}

// agree waits until every replica shows the same, and that it is right.
func (c *cluster) agree(t *testing.T, what string, right func(dump string) bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; {
		same := true
		first := c.all[0].board.dump()
		for _, r := range c.all[1:] {
			same = same && r.board.dump() == first
		}
		if same && right(first) {
			return
		}
		if time.Now().After(end) {
			for i, r := range c.all {
				t.Logf("replica %d: %s", i, firstDifference(first, r.board.dump()))
			}
			t.Fatalf("the replicas never agreed that %s", what)
		}
	}
}

// firstDifference is the first line of b that is not a's.
func firstDifference(a, b string) string {
	lines := strings.Split(a, "\n")
	for i, line := range strings.Split(b, "\n") {
		if i >= len(lines) || lines[i] != line {
			return line
		}
	}
	return "as the first"
}

func has(parts ...string) func(string) bool {
	return func(dump string) bool {
		for _, p := range parts {
			if name, not := strings.CutPrefix(p, "!"); not == strings.Contains(dump, name) {
				return false
			}
		}
		return true
	}
}

func TestReplicasShowOneCatalog(t *testing.T) {
	c := newCluster(t, 3, map[string]string{
		"file:/c/all.yaml":       component("pay", ", dependsOn: ['component:bank']") + component("bank", ""),
		"url:https://x.test/one": component("one", ""),
	})
	leader, follower, other := c.all[0], c.all[1], c.all[2]
	c.agree(t, "the first catalog is there", has("component:default/pay", "component:default/bank"))
	if n := leader.files.reads["file:/c/all.yaml"]; n != 1 {
		t.Errorf("the file was read %d times", n)
	}
	row, err := follower.Register(t.Context(), ingest.Asker{Subject: "user:default/ana"}, "url", "https://x.test/one")
	if err != nil {
		t.Fatal(err)
	}
	c.agree(t, "what a follower registers is there", has("component:default/one"))

	out := follower.provide(t, ingest.Provision{Documents: [][]byte{service("ci"), service("pay"), entityOf("Component", "bad", "")}})
	if len(out.Problems) != 2 || out.Entities != 2 {
		t.Errorf("providing at a follower: %+v", out)
	}
	if _, ok := follower.board.get("component:default/ci"); !ok {
		t.Error("what a follower was brought it does not show when it answers")
	}
	c.agree(t, "what a follower was brought is there", has("component:default/ci"))

	c.files.set("file:/c/all.yaml", component("pay", ""))
	other.Refresh(ingest.Asker{Subject: "user:default/ana"}, "component:default/pay")
	c.agree(t, "a follower's refresh is done", has("!component:default/bank", "component:default/pay"))

	above, err := follower.Ancestry(t.Context(), "component:default/one")
	if err != nil || len(above) != 2 {
		t.Errorf("ancestry at a follower: %v, %v", above, err)
	}
	if err := other.Unregister(t.Context(), ingest.Asker{}, row.ID, ""); err != nil {
		t.Fatal(err)
	}
	c.agree(t, "what a follower unregisters is gone", has("!component:default/one"))

	c.files.set("file:/c/all.yaml", component("pay", "")+"a: [")
	leader.RefreshAll()
	c.agree(t, "the problem shows", has("all.yaml:"))
	for i, r := range c.all {
		within(t, "a replica knows of the problem", func() bool {
			found := r.Problems()
			locations, err := r.Locations(t.Context())
			return err == nil && len(found) > 0 && len(locations) == 1 && len(locations[0].Errors) > 0
		})
		if s := r.Stats(); s.Entities != len(r.board.refs()) {
			t.Errorf("replica %d counts %d entities of %d", i, s.Entities, len(r.board.refs()))
		}
	}
}

func within(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		if done() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}

func TestAnotherReplicaTakesOver(t *testing.T) {
	c := newCluster(t, 3, map[string]string{"file:/c/all.yaml": component("pay", "")})
	c.agree(t, "the first catalog is there", has("component:default/pay"))
	uid := func(r *rig) string { e, _ := r.board.get("component:default/pay"); return e.UID }
	before := uid(c.all[1])
	for n := range 2 {
		gone := c.all[0]
		c.all = c.all[1:]
		if err := gone.Close(); err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprint("after", n)
		c.files.set("file:/c/all.yaml", component("pay", "")+component(name, ""))
		c.all[len(c.all)-1].RefreshAll()
		c.agree(t, "the next leader works", has("component:default/"+name))
		within(t, "all name the one that leads", func() bool {
			leads, leaders := "", map[string]bool{}
			for _, r := range c.all {
				standing := r.Replica()
				if leaders[standing.Leader] = standing.Connected; standing.Leads {
					leads += standing.Name
				}
			}
			return len(leaders) == 1 && leads != "" && leaders[leads]
		})
	}
	c.add(t)
	c.agree(t, "a new replica has the catalog", has("component:default/pay"))
	if after := uid(c.all[0]); after != before {
		t.Errorf("the uid was %s and is %s", before, after)
	}
}

// A leader that was cut off in the middle of a pass writes nothing of it, and
// follows the one that took over.
func TestACutOffLeaderWritesNothing(t *testing.T) {
	c := newCluster(t, 2, map[string]string{"file:/c/all.yaml": component("pay", "")})
	c.agree(t, "the first catalog is there", has("component:default/pay"))
	open := make(chan struct{})
	c.gate.mu.Lock()
	c.gate.closed = open
	c.gate.mu.Unlock()
	c.files.set("file:/c/all.yaml", component("pay", "")+component("late", ""))
	c.all[0].RefreshAll()
	<-c.gate.waiting // the leader is in a pass
	c.gate.mu.Lock()
	c.gate.closed = nil // for the other one
	c.gate.mu.Unlock()
	c.files.set("file:/c/all.yaml", component("pay", "")+component("next", ""))
	testpg.Exec(t, c.dsn, "SELECT pg_terminate_backend(pid) FROM catalog_leader")
	within(t, "the other one works", func() bool { _, ok := c.all[1].board.get("component:default/next"); return ok })
	c.files.set("file:/c/all.yaml", component("pay", "")+component("late", ""))
	close(open)
	c.all[0].waitPasses(t, 1)
	c.files.set("file:/c/all.yaml", component("pay", "")+component("last", ""))
	c.all[0].RefreshAll()
	c.agree(t, "both follow the sources", has("component:default/last", "!component:default/next", "!component:default/late"))
}

// Whatever is asked of whichever replica in whatever order, and whoever leads:
// in the end all show what one engine makes of the same sources.
func TestReplicasAgreeInTheEnd(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // repeatable
	text := func() string {
		var out strings.Builder
		for i := range 12 {
			if random.IntN(2) == 0 {
				fmt.Fprint(&out, component(fmt.Sprint("c", i), fmt.Sprintf(", dependsOn: ['component:c%d']", random.IntN(12))))
			}
		}
		return out.String() + group("team-a")
	}
	c := newCluster(t, 3, map[string]string{"file:/c/all.yaml": text(), "url:https://x.test/a": text()})
	if _, err := c.all[2].Register(t.Context(), ingest.Asker{Subject: "user:default/ana"}, "url", "https://x.test/a"); err != nil {
		t.Fatal(err)
	}
	for round := range 12 {
		at := c.all[random.IntN(len(c.all))]
		c.files.set([]string{"file:/c/all.yaml", "url:https://x.test/a"}[random.IntN(2)], text())
		at.RefreshAll()
		at.provide(t, ingest.Provision{Full: true, Documents: [][]byte{service(fmt.Sprint("p", random.IntN(5)))}})
		if round%4 == 3 { // the leader of the moment, or a follower, goes
			i := random.IntN(len(c.all))
			if err := c.all[i].Close(); err != nil {
				t.Fatal(err)
			}
			c.all = slices.Delete(c.all, i, i+1)
			c.add(t)
		}
	}
	c.all[0].RefreshAll()
	registered, err := c.dbs[len(c.dbs)-1].ListLocations(t.Context())
	if err != nil || len(registered) != 1 {
		t.Fatalf("locations: %v, %v", registered, err)
	}
	memory := newMemory()
	if err := memory.AddLocation(t.Context(), registered[0]); err != nil {
		t.Fatal(err)
	}
	alone := newRig(t, nil, func(cfg *ingest.Config) {
		cfg.Store, cfg.Provided, cfg.Reader = memory, c.dbs[len(c.dbs)-1], c.files
		cfg.Clock = ingest.SystemClock{}
	}).start(t)
	want := alone.board.refs()
	c.agree(t, "they show what one alone makes of it", func(string) bool { return slices.Equal(c.all[0].board.refs(), want) })
}
