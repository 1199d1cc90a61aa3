package ingest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/catalog/ingest"
)

func TestOrphans(t *testing.T) {
	for _, tc := range []struct {
		name, strategy string
		kept           bool
	}{{"delete", ingest.OrphansDelete, false}, {"keep", ingest.OrphansKeep, true}} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t, map[string]string{"file:/c/all.yaml": component("pay", ", dependsOn: ['component:bank']") + component("bank", "")}, func(c *ingest.Config) { c.Orphans = tc.strategy }).start(t)
			before, _ := r.board.get("component:default/pay")
			r.files.set("file:/c/all.yaml", component("bank", ""))
			r.settle(t)
			e, ok := r.board.get("component:default/pay")
			if ok != tc.kept {
				t.Fatalf("in the catalog: %v", ok)
			}
			bank, _ := r.board.get("component:default/bank")
			if incoming := strings.Contains(fmt.Sprint(bank.Relations), "dependencyOf"); incoming != tc.kept {
				t.Errorf("relations of the other end: %v", bank.Relations)
			}
			if tc.kept && !strings.Contains(string(e.Body), `"backstage.io/orphan":"true"`) {
				t.Errorf("body %s", e.Body)
			}
			r.files.set("file:/c/all.yaml", component("pay", ", dependsOn: ['component:bank']")+component("bank", ""))
			r.settle(t)
			e, ok = r.board.get("component:default/pay")
			if !ok || strings.Contains(string(e.Body), "orphan") || e.ETag != before.ETag || tc.kept && e.UID != before.UID {
				t.Errorf("emitted again: %v %s", ok, e.Body)
			}
			next := r.restart(t, func(c *ingest.Config) { c.Locations = nil })
			next.waitPasses(t, 1)
			if refs := next.board.refs(); len(refs) != 0 {
				t.Errorf("the location is no longer configured, but there is %v", refs)
			}
		})
	}
}

func TestConflicts(t *testing.T) {
	r := newRig(t, map[string]string{
		"file:/c/all.yaml": location("parts", "./a.yaml", "./b.yaml"),
		"file:/c/a.yaml":   component("pay", ", system: a") + component("pay", ", system: again"),
		"file:/c/b.yaml":   component("other", "") + component("Pay", ", system: b"),
	}, nil).start(t)
	system := func(r *rig) string {
		e, _ := r.board.get("component:default/pay")
		return fmt.Sprint(e.Relations)
	}
	if !strings.Contains(system(r), "system:default/a ") {
		t.Errorf("the first must win: %s", system(r))
	}
	status := r.board.status(t, "location:default/parts")
	for _, want := range []string{
		"ConflictError: /c/a.yaml:6: component:default/pay is defined in /c/a.yaml:1 already; this document is ignored",
		"ConflictError: /c/b.yaml:6: component:default/pay is defined in /c/a.yaml:1 already; this document is ignored",
	} {
		if !strings.Contains(status, want) {
			t.Errorf("status %q lacks %q", status, want)
		}
	}
	r.files.set("file:/c/all.yaml", location("parts", "./b.yaml", "./a.yaml"))
	r.settle(t)
	if !strings.Contains(system(r), "system:default/a ") {
		t.Errorf("who has the name keeps it: %s", system(r))
	}
	next := r.restart(t, nil)
	next.waitPasses(t, 1)
	if !strings.Contains(system(next), "system:default/a ") || next.board.status(t, "location:default/parts") == "" {
		t.Errorf("after a restart: %s", system(next))
	}
	next.files.set("file:/c/a.yaml", component("unrelated", ""))
	next.settle(t)
	if !strings.Contains(system(next), "system:default/b ") || next.board.status(t, "location:default/parts") != "" {
		t.Errorf("the other takes over: %s", system(next))
	}
}

func TestLocationsThatNameLocations(t *testing.T) {
	deep := map[string]string{"file:/c/all.yaml": location("l0", "./1")}
	for i := 1; i < 20; i++ {
		deep[fmt.Sprintf("file:/c/%d", i)] = location(fmt.Sprintf("l%d", i), fmt.Sprintf("./%d", i+1))
	}
	for _, tc := range []struct {
		name  string
		text  map[string]string
		limit ingest.Limits
		where string
		want  string
		refs  int
	}{
		{"itself", map[string]string{"file:/c/all.yaml": location("a", "./all.yaml")}, ingest.Limits{}, "location:default/a", "InputError: /c/all.yaml:4: file:/c/all.yaml leads back to itself", 2},
		{"a cycle of two", map[string]string{"file:/c/all.yaml": location("a", "./b"), "file:/c/b": location("b", "./all.yaml")}, ingest.Limits{}, "location:default/b", "leads back to itself", 3},
		{"a diamond is none", map[string]string{"file:/c/all.yaml": location("a", "./b", "./d") + location("c", "./d"), "file:/c/b": location("b", "./d"), "file:/c/d": component("d", "")}, ingest.Limits{}, "location:default/a", "", 5},
		{"too deep", deep, ingest.Limits{Depth: 5}, "location:default/l4", "InputError: /c/4:4: file:/c/5 is not read: locations that name locations go at most 5 deep", 6},
		{"too many targets", map[string]string{"file:/c/all.yaml": location("a", "./b", "./c", "./d"), "file:/c/b": component("b", ""), "file:/c/c": component("c", ""), "file:/c/d": component("d", "")}, ingest.Limits{Targets: 2}, "location:default/a", "names more than 2 sources", 4},
		{"a URL names a file", map[string]string{"file:/c/all.yaml": location("a", "https://x.io/l"), "url:https://x.io/l": head + "Location\nmetadata: {name: b}\nspec: {type: file, target: /etc/passwd}\n"}, ingest.Limits{}, "location:default/b", `InputError: https://x.io/l:4: url:https://x.io/l was not read from a file and cannot name the file "/etc/passwd"`, 3},
		{"an optional target", map[string]string{"file:/c/all.yaml": head + "Location\nmetadata: {name: a}\nspec: {target: ./none.yaml, presence: optional}\n"}, ingest.Limits{}, "location:default/a", "", 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t, tc.text, func(c *ingest.Config) { c.Limits = tc.limit }).start(t)
			if got := r.board.status(t, tc.where); !strings.Contains(got, tc.want) || tc.want == "" && got != "" {
				t.Errorf("status %q, want %q", got, tc.want)
			}
			if refs := r.board.refs(); len(refs) != tc.refs {
				t.Errorf("%d entities, want %d: %v", len(refs), tc.refs, refs)
			}
		})
	}
}

func TestAnOptionalFileThatGoesTakesItsEntitiesWithIt(t *testing.T) {
	r := newRig(t, map[string]string{
		"file:/c/all.yaml": head + "Location\nmetadata: {name: a}\nspec: {target: ./b.yaml, presence: optional}\n",
		"file:/c/b.yaml":   component("pay", ""),
	}, nil).start(t)
	delete(r.files.text, "file:/c/b.yaml")
	r.settle(t)
	if _, ok := r.board.get("component:default/pay"); ok || r.board.status(t, "location:default/a") != "" {
		t.Error("it is still there, or a problem")
	}
}
