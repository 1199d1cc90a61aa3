package replicas_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/testpg"
)

// stored counts what the database has: nothing may be lost, nothing doubled.
func (c *company) stored() {
	c.t.Helper()
	want := 0
	for _, n := range c.entities {
		want += n
	}
	// A division by zero says that the numbers are not those wanted.
	testpg.Exec(c.t, c.database.String(), fmt.Sprintf(
		"SELECT 1 / (count(*) = %d AND count(DISTINCT uid) = %d AND count(DISTINCT ref) = %d)::int FROM catalog_entities WHERE kind = 'Component'", want, want, want))
}

// The replica that reads sources is killed again and again while it does:
// before its first pass, within it, while it writes.
func TestKilledDuringIngest(t *testing.T) {
	files := map[string]int{}
	for i := range 30 {
		files[fmt.Sprint("f", i)] = 100
	}
	c := found(t, 3, testpg.DSN(t), files)
	for n, after := range []time.Duration{0, 100 * time.Millisecond, 300 * time.Millisecond} {
		leader, others := c.leader()
		pause(t, after)
		leader.Kill()
		t.Logf("kill %d: the leader, %v after it took the lead, in its first pass or right after", n, after)
		if n == 2 {
			c.agree("what is left finishes the first ingest", 1, others...)
		}
		c.start(leader)
	}
	c.agree("all are back", 1, c.replicas...)
	c.stored()
	for version := 2; version <= 6; version++ {
		leader, others := c.leader()
		for name, n := range c.entities {
			c.write(name, n, version)
		}
		pause(t, rand.N(400*time.Millisecond)) //nolint:gosec // any moment
		leader.Kill()
		t.Logf("killed the leader while it took over version %d", version)
		c.agree("the others go on", version, others...)
		c.stored()
		c.start(leader)
		c.agree("the killed one is back", version, c.replicas...)
	}
}

// pause lets a moment pass that the test chose, to hit different points of an
// ingest. Nothing is concluded from how long it was.
func pause(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
	}
}

func TestACutConnection(t *testing.T) {
	c := found(t, 3, testpg.DSN(t), map[string]int{"a": 50, "b": 50})
	c.agree("the start", 1, c.replicas...)
	version := 1
	change := func(what string, replicas ...*replica) {
		t.Helper()
		version++
		c.write("a", 50, version)
		c.write("b", 50, version)
		c.agree(what, version, replicas...)
	}
	leader, others := c.leader()
	leader.proxy.Stop() // closes what is open, refuses the rest
	change("the leader's connection is closed: the others go on", others...)
	if v, ok := leader.look(1); !ok || v.latest != 100 {
		t.Errorf("cut off, it shows %+v; it should serve what it had", v)
	}
	restart(t, leader)
	c.agree("it is connected again", version, c.replicas...)

	// A connection that says nothing and does not end: only silence tells.
	leader, others = c.leader()
	stall, err := leader.proxy.Toxics.AddToxicJson(strings.NewReader(`{"name": "stall", "type": "timeout", "stream": "upstream", "attributes": {"timeout": 0}}`))
	if err != nil {
		t.Fatal(err)
	}
	change("the leader's connection is silent: the others go on", others...)
	if err := leader.proxy.Toxics.RemoveToxic(t.Context(), stall.Name); err != nil {
		t.Fatal(err)
	}
	c.agree("it answers again", version, c.replicas...)

	// A follower that is cut off catches up on what it missed.
	_, others = c.leader()
	follower := others[0]
	follower.proxy.Stop()
	for range 3 {
		change("a follower is cut off", c.without(follower)...)
	}
	restart(t, follower)
	c.agree("the follower caught up", version, c.replicas...)
	c.stored()
}

func restart(t *testing.T, r *replica) {
	t.Helper()
	if err := r.proxy.Start(); err != nil {
		t.Fatal(err)
	}
}

func (c *company) without(r *replica) []*replica {
	var out []*replica
	for _, other := range c.replicas {
		if other != r {
			out = append(out, other)
		}
	}
	return out
}

func TestTheDatabaseRestarts(t *testing.T) {
	server := testpg.StartServer(t)
	c := found(t, 3, server.URL(), map[string]int{"a": 100})
	c.agree("the start", 1, c.replicas...)
	for version, kill := range map[int]func(){2: server.Stop, 3: server.Kill} {
		kill()
		c.write("a", 100, version)
		for i, r := range c.replicas {
			if v, ok := r.look(version); !ok || v.count != 100 {
				t.Errorf("without its database replica %d shows %+v", i, v)
			}
		}
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
		c.agree("the database is back", version, c.replicas...)
		c.stored()
	}
	for _, r := range c.replicas {
		res, err := http.Get(r.Address() + "/.callboard/ready")
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Errorf("ready answers %s", res.Status)
		}
	}
}
