package ingest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/callboard/callboard/host/internal/catalog/ingest"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/sdk/contract"
)

// counted is a store of buckets that counts the rows that were read of them.
type counted struct {
	store.Provided
	whole, changed atomic.Int64
	always         bool // changes cannot be told
}

func (c *counted) LoadProvided(ctx context.Context, bucket string) (store.BucketRow, []store.ProvidedRow, error) {
	b, rows, err := c.Provided.LoadProvided(ctx, bucket)
	c.whole.Add(int64(len(rows)))
	return b, rows, err
}

func (c *counted) LoadProvidedChanges(ctx context.Context, bucket string, after uint64, refs []string) (store.BucketRow, []store.ProvidedRow, error) {
	b, rows, err := c.Provided.LoadProvidedChanges(ctx, bucket, after, refs)
	c.changed.Add(int64(len(rows)))
	if c.always {
		b.Entities = -1 // so that the two never add up
	}
	return b, rows, err
}

// A change of a bucket reads what it changed, and not the bucket.
func TestAChangeOfABucketReadsWhatChanged(t *testing.T) {
	db := &counted{}
	r := newProviding(t, map[string]string{"file:/c/all.yaml": ""}, func(c *ingest.Config) { db.Provided, c.Provided = c.Provided, db })
	var many [][]byte
	for i := range 500 {
		many = append(many, service(fmt.Sprintf("s%03d", i)))
	}
	r.provide(t, ingest.Provision{Documents: many})
	read := func(step string, whole, changed int64) {
		t.Helper()
		if w, c := db.whole.Swap(0), db.changed.Swap(0); w != whole || c != changed {
			t.Errorf("%s: %d rows were read as part of the whole and %d as changes, want %d and %d", step, w, c, whole, changed)
		}
	}
	read("the first time", 500, 0)
	r.provide(t, ingest.Provision{Documents: [][]byte{service("s001"), service("new"), entityOf("Component", "s002", `"type":"job","lifecycle":"l","owner":"team-a"`)}})
	read("one new, one different, one as it was", 0, 2)
	r.settle(t)
	read("nothing", 0, 0)
	r.provide(t, ingest.Provision{Remove: []string{"component:default/s003"}})
	read("one goes", 0, 0)
	r.provide(t, ingest.Provision{Full: true, Documents: many})
	read("everything again, of which one is new, one different, and one goes", 0, 2)
	if got := len(strings.Fields(r.provided("plugin:ci"))); got != 500 {
		t.Errorf("%d entities", got)
	}
	r = r.restart(t, nil)
	r.settle(t)
	db.whole.Store(0)
	r.provide(t, ingest.Provision{Documents: [][]byte{service("s001"), service("newer")}})
	if _, ok := r.board.get("component:default/newer"); !ok {
		t.Error("after a restart, what came is not there")
	}
}

// Whatever happens to a bucket, reading what changed leads to what reading it
// whole leads to: with documents that are refused, processors that emit, refuse
// or fail, and refs that a file claims as well.
func TestReadingChangesEqualsReadingTheWhole(t *testing.T) {
	var down atomic.Bool
	start := func(always bool) (*rig, *counted) {
		p := &processor{version: "1", open: true}
		p.process = func(item contract.ProcessItem) (contract.ProcessResult, error) {
			text := string(item.Entity)
			switch {
			case down.Load():
				return contract.ProcessResult{}, fault.New(fault.Unavailable, "it is away")
			case strings.Contains(text, `"type":"sick"`):
				return contract.ProcessResult{Errors: []string{"sick"}}, nil
			case strings.Contains(text, `"type":"emits"`):
				name := strings.TrimPrefix(item.Ref, "component:default/")
				return contract.ProcessResult{Emit: [][]byte{entityOf("API", "of-"+name, `"type":"t","lifecycle":"l","owner":"o","definition":"d"`)}}, nil
			}
			return contract.ProcessResult{}, nil
		}
		db := &counted{always: always}
		return newProviding(t, map[string]string{"file:/c/all.yaml": component("n1", "") + component("n2", "")}, func(c *ingest.Config) {
			db.Provided, c.Provided = c.Provided, db
			c.Processors = []ingest.Processor{p}
		}), db
	}
	changes, read := start(false)
	whole, _ := start(true)
	chance := rand.New(rand.NewPCG(1, 2))
	for step := range 150 {
		down.Store(chance.IntN(5) == 0)
		p := ingest.Provision{Full: chance.IntN(8) == 0}
		used := map[string]bool{}
		for range chance.IntN(6) {
			name := fmt.Sprintf("n%d", chance.IntN(25))
			if used[name] {
				continue
			}
			used[name] = true
			kind := []string{"service", "sick", "emits", "job"}[chance.IntN(4)]
			spec := fmt.Sprintf(`"type":%q,"lifecycle":"v%d","owner":"team-a"`, kind, chance.IntN(3))
			if chance.IntN(10) == 0 {
				spec = `"type":7`
			}
			p.Documents = append(p.Documents, entityOf("Component", name, spec))
		}
		for range chance.IntN(3) {
			p.Remove = append(p.Remove, fmt.Sprintf("component:default/n%d", chance.IntN(25)))
		}
		var each sync.WaitGroup
		for _, r := range []*rig{changes, whole} {
			each.Go(func() {
				r.provide(t, p)
				if step%10 == 9 {
					r.settle(t)
				}
			})
		}
		each.Wait()
		if got, want := plain(changes), plain(whole); got != want {
			t.Fatalf("step %d, after %+v:\n%s\nwant\n%s", step, p, got, want)
		}
	}
	if read.changed.Load() < 100 || read.whole.Load() > 100 {
		t.Errorf("%d rows as changes, %d as part of the whole: that tells little", read.changed.Load(), read.whole.Load())
	}
}

var drawn = regexp.MustCompile(`"(uid|etag)":"[^"]*",?`)

// plain is what a board shows, without what every catalog draws anew.
func plain(r *rig) string {
	var b strings.Builder
	for _, ref := range r.board.refs() {
		e, _ := r.board.get(ref)
		fmt.Fprintf(&b, "%s %s %v %s\n", ref, drawn.ReplaceAllString(string(e.Body), ""), e.Relations, e.Status)
	}
	return b.String()
}
