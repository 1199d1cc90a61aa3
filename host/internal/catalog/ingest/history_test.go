package ingest_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/catalog/history"
	"github.com/callboard/callboard/host/internal/catalog/index"
	"github.com/callboard/callboard/host/internal/catalog/ingest"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/sqlite"
	"github.com/callboard/callboard/sdk/contract"
)

// past is a rig on a database, with the index that readers read.
type past struct {
	*rig
	db     *sqlite.Store
	index  *index.Index
	reader *history.Reader
}

// both publishes to the board and to the index.
type both struct {
	*board
	*index.Index
}

func (b both) Publish(u catalog.Update) {
	b.Index.Publish(u)
	b.board.Publish(u)
}

func newPast(t *testing.T, text map[string]string, change func(*ingest.Config)) *past {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "callboard.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	p := &past{db: db, index: index.New(index.Config{})}
	t.Cleanup(p.index.Close)
	p.rig = newRig(t, text, func(c *ingest.Config) {
		c.Store, c.Provided = db, db
		if change != nil {
			change(c)
		}
	})
	p.rig.config.Publisher = both{p.board, p.index}
	p.rig.Engine = ingest.New(p.rig.config)
	p.rig.start(t)
	p.reader = history.NewReader(history.Deps{Store: db, Catalog: p.index, Sight: p.index})
	return p
}

// since returns the changes after a revision, oldest first, each as
// "ref action reason subject plugin by".
func (p *past) since(t *testing.T, revision uint64) (lines []string, last uint64) {
	t.Helper()
	rows, err := p.db.ListHistory(t.Context(), store.HistoryQuery{Newer: revision, Oldest: true, Limit: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	last = revision
	for _, r := range rows {
		ref := strings.TrimPrefix(r.Ref, "component:default/")
		if strings.HasPrefix(ref, "location:default/generated-") {
			ref = "root"
		}
		c := r.Cause
		lines = append(lines, strings.TrimRight(strings.Join([]string{ref, string(r.Action), c.Reason, c.Subject, c.Plugin, strings.TrimPrefix(c.By, "component:default/")}, " "), " "))
		last = max(last, r.Revision)
	}
	slices.Sort(lines)
	return lines, last
}

func TestEachChangeSaysWhoAndWhy(t *testing.T) {
	ann, bob := ingest.Asker{Subject: "user:default/ann", Plugin: "catalog"}, ingest.Asker{Subject: "user:default/bob", Plugin: "catalog"}
	p := newPast(t, map[string]string{
		"file:/c/all.yaml": component("pay", ", dependsOn: ['component:bank']") + component("bank", ""), "url:https://x.io/a.yaml": component("shop", ""),
	}, nil)
	var revision uint64
	step := func(what string, want ...string) {
		t.Helper()
		var got []string
		got, revision = p.since(t, revision)
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n got %q\nwant %q", what, got, want)
		}
	}
	passes := func(do func()) {
		t.Helper()
		before := p.Stats().Passes
		do()
		p.waitPasses(t, before+1)
	}
	step("the first start", "bank created configuration", "pay created configuration", "root created configuration")

	p.settle(t)
	step("nothing changed")

	p.files.set("file:/c/all.yaml", component("pay", ", dependsOn: ['component:bank'], system: s")+component("bank", ""))
	p.settle(t)
	step("a file changed", "pay updated source")

	p.files.set("file:/c/all.yaml", component("pay", ", system: s")+component("bank", ""))
	p.settle(t)
	step("a relation went", "bank relations source   pay", "pay updated source")

	p.files.set("file:/c/all.yaml", component("pay", ", system: t")+component("bank", ""))
	passes(func() { p.Refresh(ann, "component:default/bank") })
	step("ann had the file read again", "pay updated refreshed user:default/ann catalog")

	p.files.damage("file:/c/all.yaml", fault.New(fault.Unavailable, "the disk is gone"))
	p.settle(t)
	step("the file cannot be read", "root status source")
	p.files.set("file:/c/all.yaml", component("pay", ", system: t")+component("bank", ""))
	p.settle(t)
	step("it can again", "root status source")

	var at ingest.LocationStatus
	passes(func() {
		var err error
		if at, err = p.Register(t.Context(), ann, "url", "https://x.io/a.yaml"); err != nil {
			t.Fatal(err)
		}
	})
	step("ann registered", "root created registered user:default/ann catalog", "shop created registered user:default/ann catalog")

	p.files.set("url:https://x.io/a.yaml", component("shop", ", system: s"))
	p.settle(t)
	step("what she registered changed", "shop updated source")

	passes(func() {
		if err := p.Unregister(t.Context(), bob, at.ID, ""); err != nil {
			t.Fatal(err)
		}
	})
	step("bob unregistered", "root deleted unregistered user:default/bob catalog", "shop deleted unregistered user:default/bob catalog")

	back, err := p.Restore(t.Context(), bob, at.ID)
	if err != nil || back.ID != at.ID || back.Pending || !slices.Equal(back.Refs, []string{"component:default/shop", at.EntityRef}) {
		t.Errorf("restored %+v: %v", back, err)
	}
	step("bob restored", "root created registered user:default/bob catalog", "shop created registered user:default/bob catalog")

	if _, err := p.Provide(t.Context(), ingest.Provision{Owner: "ci", Bucket: "plugin:ci/repositories", Documents: [][]byte{service("api")}}); err != nil {
		t.Fatal(err)
	}
	step("a plugin brought one", "api created provider  ci")
	if _, err := p.Provide(t.Context(), ingest.Provision{Owner: "ci", Bucket: "plugin:ci/repositories", Full: true}); err != nil {
		t.Fatal(err)
	}
	step("and took it back", "api deleted provider  ci")
}

func TestAnUnregistrationIsKnownAfterARestart(t *testing.T) {
	bob := ingest.Asker{Subject: "user:default/bob", Plugin: "catalog"}
	p := newPast(t, map[string]string{"file:/c/all.yaml": component("pay", ""), "url:https://x.io/a.yaml": component("shop", "")}, nil)
	at, err := p.Register(t.Context(), ingest.Asker{Subject: "user:default/ann"}, "url", "https://x.io/a.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p.board.until(t, "it is there", func() bool { _, ok := p.board.get("component:default/shop"); return ok })
	_, revision := p.since(t, 0)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	// As if the process had ended between the removal and the pass.
	if err := p.db.DeleteLocation(t.Context(), at.ID, bob.Subject, bob.Plugin); err != nil {
		t.Fatal(err)
	}
	next := p.restart(t, nil)
	next.waitPasses(t, 1)
	got, _ := p.since(t, revision)
	want := []string{"root deleted unregistered user:default/bob catalog", "shop deleted unregistered user:default/bob catalog"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAnotherKindOrProcessorIsTheReason(t *testing.T) {
	p := newPast(t, map[string]string{"file:/c/all.yaml": component("pay", "")}, nil)
	_, revision := p.since(t, 0)
	before := p.Stats().Passes
	titled := func(i contract.ProcessItem) (contract.ProcessResult, error) {
		return contract.ProcessResult{Entity: []byte(strings.Replace(string(i.Entity), `"name":"pay"`, `"name":"pay","title":"Payments"`, 1))}, nil
	}
	p.Use(kinds(t), []ingest.Processor{&processor{version: "1", kinds: []string{"component"}, process: titled}})
	p.waitPasses(t, before+1)
	if got, _ := p.since(t, revision); !slices.Equal(got, []string{"pay updated processing"}) {
		t.Errorf("got %q", got)
	}
}

// TestThePastIsWhatItWas changes a catalog at random and then asks for every
// entity at every revision.
func TestThePastIsWhatItWas(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { walkBack(t, rand.New(rand.NewPCG(seed, 1))) })
	}
}

var fillers = []string{"", "a", strings.Repeat("lorem ipsum ", 120), strings.Repeat("lorem ", 100) + "é💳" + strings.Repeat("ipsum ", 100), `~/"'`}

func randomFile(r *rand.Rand, own, all []string) string {
	var out strings.Builder
	for _, name := range own {
		if r.IntN(4) == 0 {
			continue
		}
		fmt.Fprintf(&out, "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: %s\n  annotations: {example.com/c: %q}\n", name, fillers[r.IntN(len(fillers))])
		if r.IntN(2) == 0 {
			fmt.Fprintf(&out, "  description: %q\n  tags: [%s]\n", fillers[r.IntN(len(fillers))], strings.Join([]string{"x", "y", "z"}[:r.IntN(4)], ", "))
		}
		fmt.Fprintf(&out, `spec: {type: service, "a~b/c": {"": 1}, lifecycle: %s, owner: team-%d, extra: [{"~/": %d}, null, {"": [%d]}]`, []string{"production", "experimental"}[r.IntN(2)], r.IntN(3), r.IntN(3), r.IntN(3))
		if r.IntN(2) == 0 {
			fmt.Fprintf(&out, ", dependsOn: ['component:%s'], dependencyOf: ['component:%s']", all[r.IntN(len(all))], all[r.IntN(len(all))])
		}
		out.WriteString("}\n")
	}
	if r.IntN(6) == 0 {
		out.WriteString("---\nkind: [")
	}
	return out.String()
}

// shown is an entity as readers see it, for comparing.
func shown(t *testing.T, raw []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func walkBack(t *testing.T, r *rand.Rand) {
	names := []string{"a", "b", "c", "d", "e", "f"}
	p := newPast(t, map[string]string{"file:/c/all.yaml": location("parts", "./a.yaml", "./b.yaml"), "file:/c/a.yaml": "", "file:/c/b.yaml": ""}, nil)
	viewer := principal.ViewerOf(principal.Guest("user:default/ann"))
	states := map[uint64]map[string]any{}
	refs := map[string]bool{}
	for range 12 {
		p.files.set("file:/c/a.yaml", randomFile(r, names[:4], names))
		p.files.set("file:/c/b.yaml", randomFile(r, names[3:], names)) // both may claim d
		p.settle(t)
		state := map[string]any{}
		for _, ref := range p.board.refs() {
			doc, err := p.index.Get(t.Context(), viewer, catalog.GetQuery{Ref: ref})
			if err != nil {
				t.Fatal(err)
			}
			state[ref], refs[ref] = shown(t, slices.Concat(doc.Body...)), true
		}
		states[p.index.Revision()] = state
	}
	if len(refs) < len(names) || len(states) < 10 {
		t.Fatalf("%d entities in %d states are no test: %v", len(refs), len(states), p.Problems())
	}
	for revision, state := range states {
		for ref := range refs {
			doc, err := p.reader.AsOf(t.Context(), viewer, history.Reach{}, ref, history.Moment{Revision: revision})
			switch want := state[ref]; {
			case want == nil:
				if !fault.Is(err, fault.NotFound) {
					t.Errorf("%s at %d: %v, it was not there", ref, revision, err)
				}
			case err != nil:
				t.Errorf("%s at %d: %v", ref, revision, err)
			default:
				var got struct{ Entity any }
				if err := json.Unmarshal(slices.Concat(doc.Body...), &got); err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(got.Entity, want) {
					t.Errorf("%s at %d was\n%v\nand is said to have been\n%v", ref, revision, want, got.Entity)
				}
			}
		}
	}
}
