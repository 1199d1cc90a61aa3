package lifecycle_test

import (
	"net/http"
	"strings"
	"testing"
)

// Data follows the version: forward by migration, back by the copy that was
// taken before, and never by guessing.
func TestDataFollowsTheVersion(t *testing.T) {
	o := portal(t, "app: {title: T}\n")
	one := o.install(release{version: "1.0.0", schema: 1, compatible: 1}, "kv")
	o.keep("a", "hello")
	o.note("a", "v1 hello")

	two, r := o.upload(cut(t, release{version: "2.0.0", schema: 2, compatible: 2}))
	if !r.Data.Migration || r.Data.RollbackPossible || r.Data.CanaryPossible {
		t.Errorf("review of another schema: %+v", r.Data)
	}
	o.post("/notes/activate", map[string]any{"digest": two, "canaryPercent": 10}).refused(t, 409, "not-compatible", "canary", "schema 2")
	p := o.activate(two).must(t, 200)
	if p.Data.SchemaVersion != 2 || p.Version != "2.0.0" {
		t.Errorf("after the migration: %s", p.text)
	}
	o.serves("2.0.0")
	o.note("a", "v2 hello")
	o.keep("b", "since")

	o.post("/notes/rollback", nil).refused(t, 409, "not-compatible", "version 2", "restore")
	o.serves("2.0.0")
	o.note("a", "v2 hello")
	p = o.post("/notes/rollback", map[string]any{"restore": true}).must(t, 200)
	if p.Version != "1.0.0" || p.Digest != one || p.Data.SchemaVersion != 1 {
		t.Errorf("after going back: %s", p.text)
	}
	o.note("a", "v1 hello")
	if res, _ := o.Get("/api/notes/notes/b"); res.StatusCode != http.StatusNotFound {
		t.Errorf("what was written since is there: %d", res.StatusCode)
	}
	// And forward again.
	o.activate(two).must(t, 200)
	o.note("a", "v2 hello")
	// While it is disabled nothing has to be halted, and the data goes all the same.
	o.post("/notes/disable", map[string]any{"reason": "a pause"}).must(t, 200)
	o.post("/notes/rollback", map[string]any{"restore": true}).must(t, 200)
	o.post("/notes/enable", nil).must(t, 200)
	o.serves("1.0.0")
	o.note("a", "v1 hello")
}

// A migration that fails in the middle leaves version and data as they were.
func TestAMigrationThatFailsLeavesNothingBehind(t *testing.T) {
	o := portal(t, "app: {title: T}\n")
	o.install(release{version: "1.0.0", schema: 1, compatible: 1}, "kv")
	for _, key := range []string{"a", "poison", "z"} {
		o.keep(key, "hello")
	}
	two, _ := o.upload(cut(t, release{version: "2.0.0", schema: 2, compatible: 2}))
	o.activate(two).refused(t, 409, "does-not-start", "poison cannot go from 1 to 2")
	o.until("goes on", running("1.0.0"))
	for _, key := range []string{"a", "poison", "z"} {
		o.note(key, "v1 hello")
	}
	o.keep("b", "still")
	o.note("b", "v1 still")
}

func TestDataOfAVersionThatMigratesAndIsSick(t *testing.T) {
	o := portal(t, "app: {title: T}\n")
	o.install(release{version: "1.0.0", schema: 1, compatible: 1}, "kv")
	o.keep("a", "hello")
	two, _ := o.upload(cut(t, release{version: "2.0.0", schema: 2, compatible: 2, sick: true}))
	o.activate(two).refused(t, 409, "does-not-start", "health is sick")
	o.until("goes on", running("1.0.0"))
	o.note("a", "v1 hello")
	if p := o.plugin(); p.Data.SchemaVersion != 1 {
		t.Errorf("schema %d", p.Data.SchemaVersion)
	}
}

// Versions that get along with each other's data: a canary, an upgrade under
// load, and the way back without giving up anything.
func TestVersionsThatGetAlong(t *testing.T) {
	o := portal(t, "app: {title: T}\n")
	o.install(release{version: "1.0.0", schema: 1, compatible: 1}, "kv")
	o.keep("a", "hello")
	two, r := o.upload(cut(t, release{version: "1.1.0", schema: 2, compatible: 1}))
	if !r.Data.Migration || !r.Data.RollbackPossible || !r.Data.CanaryPossible {
		t.Errorf("review: %+v", r.Data)
	}
	requests := startLoad(t, o.URL+"/api/notes/notes/a", 2)
	o.post("/notes/activate", map[string]any{"digest": two, "canaryPercent": 50}).must(t, 200)
	if p := o.plugin(); p.Data.SchemaVersion != 1 {
		t.Errorf("a canary migrated the data to %d", p.Data.SchemaVersion)
	}
	o.post("/notes/promote", nil).must(t, 200)
	if p := o.plugin(); p.Data.SchemaVersion != 2 || p.Version != "1.1.0" {
		t.Errorf("promoted: %s", p.text)
	}
	o.note("a", "v2 hello")
	o.post("/notes/rollback", nil).must(t, 200)
	requests.clean(t)
	o.serves("1.0.0")
	o.note("a", "v2 hello") // code of version 1 reads it: that was promised
}

// What a plugin teaches the catalog counts from its installation to its end.
func TestKindsComeAndGo(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/robot.yaml", []byte("apiVersion: example.org/v1\nkind: Robot\nmetadata: {name: r2}\nspec: {owner: group:default/crew}\n"))
	o := portal(t, "catalog:\n  rules: [{allow: [Robot, Component, Location]}]\n  locations: [{type: file, target: "+dir+"/robot.yaml}]\n")
	const robot = "/api/catalog/entities/by-name/robot/default/r2"
	if res, _ := o.Get(robot); res.StatusCode != http.StatusNotFound {
		t.Fatalf("a kind that nobody declares: %d", res.StatusCode)
	}
	model := "model: {kinds: [{kind: Robot, apiVersions: [example.org/v1], schema: {type: object}}]}\n"
	o.install(release{version: "1.0.0", kind: "Robot", more: model}, "kv")
	stamped := func(version string) func(int, string) bool {
		return func(status int, body string) bool {
			return status == http.StatusOK && strings.Contains(body, `"example.org/stamped-by":"`+version+`"`)
		}
	}
	o.Until(robot, stamped("1.0.0"))
	o.install(release{version: "1.0.1", kind: "Robot", more: model})
	o.Until(robot, stamped("1.0.1"))
	// A model that contradicts another plugin's is refused before it runs.
	thief, r := o.upload(cut(t, release{id: "thief", version: "1.0.0", kind: "Robot", more: model}))
	if len(r.Problems) == 0 {
		t.Error("the review of a second declaration of a kind has no problem")
	}
	o.post("/thief/activate", map[string]any{"digest": thief, "grants": all("kv")}).refused(t, 409, "not-compatible", "Robot")
	o.Until(robot, stamped("1.0.1"))
}
