package ingest_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/catalog/catalogbench"
	"github.com/callboard/callboard/host/internal/catalog/ingest"
	"github.com/callboard/callboard/host/internal/catalog/model"
)

// mirroring copies the owner and the note of a component's system, which may
// be in another file, into the component.
func mirroring(t *testing.T) *model.Model {
	t.Helper()
	m, err := model.Compile(catalogbench.Layer(), model.Layer{Plugin: "ops", Extensions: []model.Extension{{
		Kind: "Component",
		Derived: model.Derived{
			Defaults: []model.Default{{Field: "spec.tier", Value: json.RawMessage("3")}},
			Computed: []model.Computed{{Field: "spec.label", Format: "{metadata.name}/{spec.tier}"}},
		},
		Mirrored: []model.Mirrored{
			{Field: "spec.from.owner", Relation: "partOf", Kind: "system", From: "spec.owner"},
			{Field: "spec.from.note", Relation: "partOf", Kind: "System", From: "metadata.annotations.example.com/note"},
		},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func system(owner, note string) string {
	return head + "System\nmetadata: {name: money, annotations: {example.com/note: '" + note + "'}}\nspec: {owner: " + owner + "}\n---\n"
}

// spec is the end of an entity's body, which begins with its spec.
func (r *rig) spec(t *testing.T, ref string) string {
	t.Helper()
	e, ok := r.board.get(ref)
	if !ok {
		t.Fatalf("%s is not in the catalog", ref)
	}
	if !json.Valid(e.Body) {
		t.Fatalf("%s is no JSON", e.Body)
	}
	_, spec, _ := strings.Cut(string(e.Body), `"tier":`)
	return spec
}

func TestAMirroredFieldFollowsWhatItMirrors(t *testing.T) {
	const pay = "component:default/pay"
	r := newRig(t, map[string]string{
		"file:/c/all.yaml":    location("parts", "./pay.yaml", "./system.yaml"),
		"file:/c/pay.yaml":    component("pay", ", system: money"),
		"file:/c/system.yaml": system("crew", "x"),
	}, func(c *ingest.Config) { c.Model = mirroring(t) }).start(t)
	const filled = `3,"label":"pay/3"`
	expect := func(what, want string) {
		t.Helper()
		if got := r.spec(t, pay); got != filled+want {
			t.Errorf("%s: %s, want %s", what, got, filled+want)
		}
	}
	expect("at first", `,"from":{"owner":"crew","note":"x"}}}`)
	before, _ := r.board.get(pay)

	r.files.set("file:/c/system.yaml", system("others", "y"))
	r.settle(t)
	expect("the system changes", `,"from":{"owner":"others","note":"y"}}}`)
	if after, _ := r.board.get(pay); after.ETag == before.ETag || after.UID != before.UID {
		t.Errorf("etag %s of %s, before %s of %s", after.ETag, after.UID, before.ETag, before.UID)
	}

	r.files.set("file:/c/system.yaml", group("nobody"))
	r.settle(t)
	expect("the system goes", "}}")

	r.files.set("file:/c/system.yaml", system("crew", "x"))
	r.settle(t)
	expect("it comes back", `,"from":{"owner":"crew","note":"x"}}}`)

	r.files.set("file:/c/pay.yaml", component("pay", ""))
	r.settle(t)
	expect("the component leaves it", "}}")
}

// What is stored is what a restart comes to: nothing is written again.
func TestMirroredFieldsSurviveARestart(t *testing.T) {
	r := newRig(t, map[string]string{
		"file:/c/all.yaml": component("pay", ", system: money") + system("crew", "x"),
	}, func(c *ingest.Config) { c.Model = mirroring(t) }).start(t)
	before := r.board.dump()
	writes, _ := r.store.counts()
	next := r.restart(t, nil)
	if after := next.board.dump(); after != before {
		t.Errorf("after a restart\n%s\nbefore\n%s", after, before)
	}
	if again, _ := next.store.counts(); again != writes {
		t.Errorf("%d writes, before %d", again, writes)
	}
	// Without the plugin the fields go.
	next.Use(kinds(t), nil)
	next.waitPasses(t, 2)
	if got := next.spec(t, "component:default/pay"); got != "" {
		t.Errorf("the fields of a plugin that is gone stay: %s", got)
	}
}

func TestAValueThatIsTooLargeIsNotMirrored(t *testing.T) {
	r := newRig(t, map[string]string{
		"file:/c/all.yaml": component("pay", ", system: money") + system("crew", strings.Repeat("x", model.MaxMirrored+1)),
	}, func(c *ingest.Config) { c.Model = mirroring(t) }).start(t)
	if got := r.spec(t, "component:default/pay"); !strings.HasSuffix(got, `"from":{"owner":"crew"}}}`) {
		t.Error(got)
	}
}
