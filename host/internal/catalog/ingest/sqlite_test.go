package ingest_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/callboard/callboard/host/internal/catalog/ingest"
	"github.com/callboard/callboard/host/internal/store/sqlite"
)

// The store in memory of the other tests must not be kinder than a database.
func TestADatabaseKeepsWhatMemoryDoes(t *testing.T) {
	script := func(t *testing.T, change func(*ingest.Config)) []string {
		r := newRig(t, map[string]string{
			"file:/c/all.yaml": location("parts", "./a.yaml", "./b.yaml") + group("team-a"),
			"file:/c/a.yaml":   component("pay", ", dependsOn: ['component:bank', 'resource:db'], system: s") + component("bank", ""),
			"file:/c/b.yaml":   component("audit", ", dependencyOf: ['component:pay']"),
		}, change).start(t)
		out := []string{r.board.dump()}
		r.files.set("file:/c/a.yaml", component("bank", ", system: s")+component("new", ""))
		r.settle(t)
		out = append(out, r.board.dump())
		r.files.set("file:/c/b.yaml", "a: [")
		r.settle(t)
		out = append(out, r.board.dump(), fmt.Sprint(r.Problems()))
		next := r.restart(t, nil)
		out = append(out, next.board.dump())
		next.waitPasses(t, 1)
		if n := len(next.board.updates); n != 1 {
			t.Errorf("nothing changed, but there were %d updates", n)
		}
		out = append(out, next.board.dump())
		if out[4] != out[2] || out[5] != out[2] {
			t.Error("a restart changes the catalog")
		}
		next.files.set("file:/c/b.yaml", component("audit", ""))
		next.settle(t)
		return append(out, next.board.dump())
	}
	want := script(t, nil)
	got := script(t, func(c *ingest.Config) {
		s, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "callboard.db")})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		c.Store = s
	})
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("step %d differs:\n%s\nwant\n%s", i, got[i], want[i])
		}
	}
}
