package ingest_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/catalog/descriptor"
	"github.com/callboard/callboard/host/internal/catalog/ingest"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/sqlite"
)

// newProviding returns a started rig that takes what plugins bring.
func newProviding(t *testing.T, text map[string]string, change func(*ingest.Config)) *rig {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "callboard.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return newRig(t, text, func(c *ingest.Config) {
		c.Store, c.Provided = db, db
		c.Clock = ingest.SystemClock{}
		c.Limits.Publishing = 1
		if change != nil {
			change(c)
		}
	}).start(t)
}

func entityOf(kind, name, spec string) []byte {
	return fmt.Appendf(nil, `{"apiVersion":"backstage.io/v1alpha1","kind":%q,"metadata":{"name":%q},"spec":{%s}}`, kind, name, spec)
}

func service(name string) []byte {
	return entityOf("Component", name, `"type":"service","lifecycle":"production","owner":"team-a"`)
}

func (r *rig) provide(t *testing.T, p ingest.Provision) ingest.Provisioned {
	t.Helper()
	if p.Bucket == "" {
		p.Owner, p.Bucket = "ci", "plugin:ci"
	}
	out, err := r.Provide(t.Context(), p)
	if err != nil {
		t.Fatalf("Provide: %v", err)
	}
	return out
}

// provided are the refs that a bucket has in the catalog.
func (r *rig) provided(bucket string) string {
	var out []string
	for _, ref := range r.board.refs() {
		if e, _ := r.board.get(ref); strings.Contains(string(e.Body), `"backstage.io/managed-by-location":"`+bucket+`"`) {
			out = append(out, e.Name)
		}
	}
	return strings.Join(out, " ")
}

func TestABucketIsChangedAndReplaced(t *testing.T) {
	r := newProviding(t, map[string]string{"file:/c/all.yaml": component("bank", "")}, nil)
	want := func(step, names string) {
		t.Helper()
		if got := r.provided("plugin:ci"); got != names {
			t.Errorf("%s: the bucket has %q, want %q", step, got, names)
		}
	}
	if out := r.provide(t, ingest.Provision{Documents: [][]byte{service("a"), service("b")}}); out.Entities != 2 || len(out.Problems) != 0 {
		t.Errorf("%+v", out)
	}
	want("two are added", "a b")
	e, _ := r.board.get("component:default/a")
	if !strings.Contains(string(e.Body), `"backstage.io/managed-by-origin-location":"plugin:ci"`) || len(e.Relations) == 0 {
		t.Errorf("where it comes from, and whom it belongs to: %s %v", e.Body, e.Relations)
	}
	r.provide(t, ingest.Provision{Documents: [][]byte{[]byte("apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: c}\nspec: {type: service, lifecycle: x, owner: o}\n")}, Remove: []string{"component:default/a"}})
	want("one comes as YAML, one goes", "b c")
	r.provide(t, ingest.Provision{Owner: "ci", Bucket: "plugin:ci/other", Documents: [][]byte{service("d")}})
	r.provide(t, ingest.Provision{Full: true, Documents: [][]byte{service("e")}})
	want("all are replaced", "e")
	if got := r.provided("plugin:ci/other"); got != "d" {
		t.Errorf("another bucket of the plugin has %q", got)
	}
	r.provide(t, ingest.Provision{Full: true})
	want("none is left", "")
	r.provide(t, ingest.Provision{Documents: [][]byte{service("f")}})
	if err := r.DropProvided(t.Context(), "ci"); err != nil {
		t.Fatal(err)
	}
	r.settle(t)
	want("the plugin is removed", "")
	if got := r.provided("file:/c/all.yaml"); !strings.HasPrefix(got, "bank ") {
		t.Errorf("the file brings %q", got)
	}
	for _, ref := range r.board.refs() {
		if e, _ := r.board.get(ref); e.Kind == "Location" && strings.Contains(string(e.Body), `"type":"plugin"`) {
			t.Errorf("%s stands for a bucket", ref)
		}
	}
}

func TestOneBadDocumentKeepsNoOtherOut(t *testing.T) {
	r := newProviding(t, map[string]string{"file:/c/all.yaml": component("taken", "")}, nil)
	r.provide(t, ingest.Provision{Documents: [][]byte{service("broken-later")}})
	out := r.provide(t, ingest.Provision{
		Full: true,
		Allow: func(kind string) error {
			if kind != "Component" {
				return fault.New(fault.Denied, "the plugin brings no %s", kind)
			}
			return nil
		},
		Documents: [][]byte{
			service("good"),
			[]byte("{"),
			[]byte(`{"kind":"Component"}`),
			entityOf("Component", "broken-later", `"type":1`),
			entityOf("API", "api", `"type":"openapi","lifecycle":"x","owner":"o","definition":"x"`),
			service("good"),
			service("taken"),
			entityOf("Robot", "r2", ""),
			[]byte("a: 1\n---\nb: 2\n"),
			[]byte(`{"apiVersion":"backstage.io/v1alpha1","kind":"Component","metadata":{"name":"reads","description":{"$text":"https://internal.example.com/secret"}},"spec":{"type":"service","lifecycle":"x","owner":"o"}}`),
		},
	})
	var got []string
	for _, p := range out.Problems {
		got = append(got, fmt.Sprint(p.Index, " ", p.Name, " ", p.Ref))
	}
	want := []string{
		"1 InputError ", "2 InputError ", "3 InputError component:default/broken-later", "4 NotAllowedError api:default/api",
		"5 ConflictError component:default/good", "7 InputError robot:default/r2", "8 InputError ", "9 InputError component:default/reads",
		"6 ConflictError component:default/taken",
	}
	if !slices.Equal(got, want) {
		t.Errorf("problems %q\nwant     %q\n%+v", got, want, out.Problems)
	}
	if got := r.provided("plugin:ci"); got != "broken-later good" {
		t.Errorf("the bucket has %q; what is wrong now keeps its last good version", got)
	}
}

// What decides who may do what is not a plugin's to declare about others.
func TestAPluginDeclaresNothingAboutOthersIdentity(t *testing.T) {
	r := newProviding(t, map[string]string{"file:/c/all.yaml": component("bank", "")}, func(c *ingest.Config) { c.Rules = everything })
	r.files.set("url:https://example.com/more.yaml", string(entityOf("Group", "admins", `"type":"team","children":[]`))+"\n---\n"+component("linked", ""))
	r.provide(t, ingest.Provision{Documents: [][]byte{entityOf("Location", "more", `"type":"url","target":"https://example.com/more.yaml"`)}})
	r.settle(t)
	if _, ok := r.board.get("component:default/linked"); !ok {
		t.Error("what the location leads to is not there")
	}
	if _, ok := r.board.get("group:default/admins"); ok {
		t.Error("a group came in through a location of a plugin")
	}
	if status := r.board.status(t, "location:default/more"); !strings.Contains(status, "may not come from a location that a plugin provides") {
		t.Errorf("the location says %q", status)
	}
}

func TestProvidedEntitiesOutliveARestart(t *testing.T) {
	r := newProviding(t, map[string]string{"file:/c/all.yaml": component("bank", "")}, func(c *ingest.Config) { c.Orphans = ingest.OrphansKeep })
	r.provide(t, ingest.Provision{Documents: [][]byte{service("a"), service("b")}})
	next := r.restart(t, nil)
	next.waitPasses(t, 1)
	if got := next.provided("plugin:ci"); got != "a b" || len(next.board.updates) != 1 {
		t.Errorf("after a restart %q, %d updates", got, len(next.board.updates))
	}
	next.provide(t, ingest.Provision{Remove: []string{"component:default/a"}})
	if got := next.provided("plugin:ci"); got != "b" {
		t.Errorf("what a plugin takes back stays as an orphan: %q", got)
	}
}

func TestABucketIsBounded(t *testing.T) {
	r := newProviding(t, map[string]string{"file:/c/all.yaml": component("bank", "")}, nil)
	_, err := r.Provide(t.Context(), ingest.Provision{Owner: "ci", Bucket: "registered", Documents: [][]byte{service("a")}})
	if !fault.Is(err, fault.Invalid) {
		t.Errorf("another provider's bucket: %v", err)
	}
	_, err = r.Provide(t.Context(), ingest.Provision{Owner: "ci", Bucket: "plugin:ci", Documents: make([][]byte, 1)})
	if err != nil {
		t.Errorf("an empty document is a problem of its own: %v", err)
	}
}

func TestValidateStoresNothing(t *testing.T) {
	r := newProviding(t, map[string]string{"file:/c/all.yaml": component("bank", "")}, func(c *ingest.Config) { c.Rules = nil })
	before := r.board.refs()
	refs, problems, err := r.Validate(t.Context(), [][]byte{service("a"), []byte("kind: x"), entityOf("Group", "g", `"type":"team","children":[]`)}, "")
	if err != nil || !slices.Equal(refs, []string{"component:default/a", "group:default/g"}) || len(problems) != 1 || problems[0].Index != 1 {
		t.Errorf("%v, %+v, %v", refs, problems, err)
	}
	refs, problems, err = r.Validate(t.Context(), [][]byte{service("a"), entityOf("Group", "g", `"type":"team","children":[]`)}, "url:https://example.com/x.yaml")
	if err != nil || !slices.Equal(refs, []string{"component:default/a"}) || len(problems) != 1 || problems[0].Name != "NotAllowedError" {
		t.Errorf("from a place: %v, %+v, %v", refs, problems, err)
	}
	r.settle(t)
	if !slices.Equal(before, r.board.refs()) {
		t.Errorf("the catalog has %v", r.board.refs())
	}
}

func TestPreviewReadsALocationAndStoresNothing(t *testing.T) {
	r := newProviding(t, map[string]string{"file:/c/all.yaml": component("bank", ""), "url:https://example.com/a.yaml": component("new", "") + "\n---\nkind: x\n"}, nil)
	seen, err := r.Preview(t.Context(), "url", "https://example.com/a.yaml")
	if err != nil || len(seen.Entities) != 1 || !strings.Contains(string(seen.Entities[0]), `"name":"new"`) || len(seen.Problems) != 1 || seen.Exists {
		t.Errorf("%+v, %v", seen, err)
	}
	if _, err := r.Preview(t.Context(), "file", "/etc/passwd"); !fault.Is(err, fault.Invalid) {
		t.Errorf("a file: %v", err)
	}
	if _, err := r.Preview(t.Context(), "url", "https://example.com/none.yaml"); !fault.Is(err, fault.NotFound) {
		t.Errorf("nothing there: %v", err)
	}
	if _, err := r.Register(t.Context(), ingest.Asker{Subject: "user:default/ada", Plugin: "catalog"}, "url", "https://example.com/a.yaml"); err != nil {
		t.Fatal(err)
	}
	if seen, err := r.Preview(t.Context(), "url", "https://example.com/a.yaml"); err != nil || !seen.Exists {
		t.Errorf("registered: %+v, %v", seen, err)
	}
}

func TestAncestryLeadsToTheRoots(t *testing.T) {
	r := newProviding(t, map[string]string{
		"file:/c/all.yaml": "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: more}\nspec: {targets: [./a.yaml]}\n",
		"file:/c/a.yaml":   component("bank", ""),
	}, nil)
	chain, err := r.Ancestry(t.Context(), "component:default/bank")
	if err != nil || len(chain) != 3 || chain[0].Ref != "component:default/bank" || !slices.Equal(chain[0].Parents, []string{"location:default/more"}) {
		t.Fatalf("%+v, %v", chain, err)
	}
	r.provide(t, ingest.Provision{Documents: [][]byte{service("a")}})
	if chain, err := r.Ancestry(t.Context(), "component:default/a"); err != nil || len(chain) != 1 || len(chain[0].Parents) != 0 {
		t.Errorf("of a bucket: %+v, %v", chain, err)
	}
	if _, err := r.Ancestry(t.Context(), "component:default/none"); !fault.Is(err, fault.NotFound) {
		t.Errorf("absent: %v", err)
	}
}

// TestWhatOnlyAnEntityKeepsGoesWithIt holds after a change too: both ends of
// what keeps an entity agree.
func TestWhatOnlyAnEntityKeepsGoesWithIt(t *testing.T) {
	const location = "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: %s}\nspec: {targets: [%s]}\n"
	r := newProviding(t, map[string]string{
		"file:/c/all.yaml":  fmt.Sprintf(location, "left", "./a.yaml, ./both.yaml") + "---\n" + fmt.Sprintf(location, "right", "./both.yaml"),
		"file:/c/a.yaml":    component("a", "") + "---\n" + fmt.Sprintf(location, "deep", "./c.yaml"),
		"file:/c/c.yaml":    component("c", ""),
		"file:/c/both.yaml": component("both", ""),
	}, func(c *ingest.Config) { c.Rules = everything })
	check := func(when, ref, want string) {
		t.Helper()
		got, more, err := r.Dependents(t.Context(), ref, 10)
		if err != nil || more || strings.Join(got, " ") != want {
			t.Errorf("%s: with %s go %v, %t, %v; want %s", when, ref, got, more, err, want)
		}
	}
	check("at first", "location:default/left", "component:default/a component:default/c location:default/deep")
	check("at first", "location:default/right", "")
	check("at first", "component:default/a", "")
	if got, more, err := r.Dependents(t.Context(), "location:default/left", 1); err != nil || !more || len(got) != 1 {
		t.Errorf("one of three: %v, %t, %v", got, more, err)
	}
	if _, _, err := r.Dependents(t.Context(), "component:default/none", 10); !fault.Is(err, fault.NotFound) {
		t.Errorf("absent: %v", err)
	}
	r.files.set("file:/c/all.yaml", fmt.Sprintf(location, "left", "./a.yaml, ./both.yaml"))
	r.settle(t)
	check("without the right", "location:default/left", "component:default/a component:default/both component:default/c location:default/deep")
	chain, err := r.Ancestry(t.Context(), "component:default/both")
	if err != nil || len(chain) == 0 || !slices.Equal(chain[0].Parents, []string{"location:default/left"}) {
		t.Errorf("without the right, %+v leads to it, %v", chain, err)
	}
}

var _ store.Provided = (*sqlite.Store)(nil)

// FuzzDocuments holds that text of a plugin is cut into descriptors or refused,
// and that the pieces of YAML are whole lines of it.
func FuzzDocuments(f *testing.F) {
	for _, seed := range []string{"", "a: 1\n---\nb: 2\n", `[{"a":1},{"b":[2]}]`, "[1,", "---\n---\n", " [\n]", "\ufeff[]", "a: |\n  ---\n  x\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		documents, err := ingest.Documents(text, descriptor.Limits{FileBytes: 1 << 16, Documents: 50, Depth: 64, Values: 1000})
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		total := 0
		for _, d := range documents {
			total += len(d)
		}
		// A byte that is no UTF-8 becomes three, and a line may be ended.
		if len(documents) > 50 || total > 3*len(text)+1 {
			t.Errorf("%d bytes became %d documents with %d", len(text), len(documents), total)
		}
	})
}
