package ingest_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/catalog/ingest"
	"github.com/callboard/callboard/host/internal/fault"
)

const head = "apiVersion: backstage.io/v1alpha1\nkind: "

func component(name, rest string) string {
	return head + "Component\nmetadata: {name: " + name + "}\nspec: {type: service, lifecycle: production, owner: team-a" + rest + "}\n---\n"
}

func group(name string) string {
	return head + "Group\nmetadata: {name: " + name + "}\nspec: {type: team, children: []}\n---\n"
}

func location(name string, targets ...string) string {
	return head + "Location\nmetadata: {name: " + name + "}\nspec: {targets: ['" + strings.Join(targets, "', '") + "']}\n---\n"
}

func TestFirstLoad(t *testing.T) {
	r := newRig(t, map[string]string{
		"file:/c/all.yaml":   location("parts", "./sub/a.yaml", "b.yaml"),
		"file:/c/sub/a.yaml": component("pay", ", system: money, dependsOn: ['component:bank', 'component:audit']") + group("team-a"),
		"file:/c/b.yaml":     component("bank", ""),
	}, nil).start(t)
	generated := r.generated(t)
	want := []string{"component:default/bank", "component:default/pay", "group:default/team-a", generated, "location:default/parts"}
	if got := r.board.refs(); !slices.Equal(got, want) {
		t.Fatalf("catalog %v\nwant    %v", got, want)
	}
	pay, _ := r.board.get("component:default/pay")
	wantBody := `{"metadata":{"namespace":"default","annotations":{"backstage.io/managed-by-location":"file:/c/sub/a.yaml","backstage.io/managed-by-origin-location":"file:/c/all.yaml"},"name":"pay","uid":"` +
		pay.UID + `","etag":"` + pay.ETag + `"},"apiVersion":"backstage.io/v1alpha1","kind":"Component","spec":{"type":"service","lifecycle":"production","owner":"team-a","system":"money","dependsOn":["component:audit","component:bank"]}}`
	if string(pay.Body) != wantBody {
		t.Errorf("body %s\nwant %s", pay.Body, wantBody)
	}
	if len(pay.UID) != 36 || len(pay.ETag) != 40 || pay.Status != nil {
		t.Errorf("uid %q, etag %q, status %s", pay.UID, pay.ETag, pay.Status)
	}
	if got, want := fmt.Sprint(pay.Relations), "[{dependsOn component:default/audit false} {dependsOn component:default/bank false} {ownedBy group:default/team-a false} {partOf system:default/money false}]"; got != want {
		t.Errorf("relations %s, want %s", got, want)
	}
	bank, _ := r.board.get("component:default/bank")
	if got, want := fmt.Sprint(bank.Relations), "[{dependencyOf component:default/pay true} {ownedBy group:default/team-a false}]"; got != want {
		t.Errorf("relations %s, want %s", got, want)
	}
	if u := r.board.updates[0]; !u.Reset || u.Revision != r.store.revision || len(r.board.updates) != 1 {
		t.Errorf("first update: reset %v, revision %d of %d, %d updates", u.Reset, u.Revision, r.store.revision, len(r.board.updates))
	}
	locations, err := r.Locations(t.Context())
	if err != nil || len(locations) != 1 || locations[0].EntityRef != generated || locations[0].Entities != 5 || len(locations[0].Errors) != 0 {
		t.Errorf("locations %+v, %v", locations, err)
	}
}

// generated returns the ref of the only generated Location.
func (r *rig) generated(t *testing.T) string {
	t.Helper()
	i := slices.IndexFunc(r.board.refs(), func(s string) bool { return strings.HasPrefix(s, "location:default/generated-") })
	if i < 0 {
		t.Fatal("there is no generated location")
	}
	return r.board.refs()[i]
}

func TestSecondStartParsesAndWritesNothing(t *testing.T) {
	r := newRig(t, map[string]string{
		"file:/c/all.yaml": location("parts", "./a.yaml") + component("pay", "") + group("team-a"),
		"file:/c/a.yaml":   component("bank", ", dependsOn: ['component:pay']"),
	}, nil).start(t)
	before := r.board.dump()
	writes, _ := r.store.counts()
	next := r.restart(t, nil)
	if got := next.board.dump(); got != before {
		t.Errorf("published at once:\n%s\nwant\n%s", got, before)
	}
	next.waitPasses(t, 1)
	if after, _ := r.store.counts(); after != writes {
		t.Errorf("%d writes though nothing changed", after-writes)
	}
	if s := next.Stats(); s.Documents != 0 || s.Publications != 1 || s.Entities != 5 {
		t.Errorf("stats %+v", s)
	}
	if reads := next.files.reads["file:/c/a.yaml"]; reads != 1 {
		t.Errorf("the unchanged file was read %d times", reads)
	}
}

func TestAChangeTouchesWhatItMust(t *testing.T) {
	r := newRig(t, map[string]string{"file:/c/all.yaml": component("pay", ", dependsOn: ['component:bank']") + component("bank", "") + component("audit", "")}, nil).start(t)
	pay, _ := r.board.get("component:default/pay")
	bank, _ := r.board.get("component:default/bank")
	audit, _ := r.board.get("component:default/audit")
	r.files.set("file:/c/all.yaml", "# a comment moves every line\n"+component("pay", "")+component("bank", "")+component("audit", ""))
	r.settle(t)
	last := r.board.updates[len(r.board.updates)-1]
	if len(last.Upsert) != 2 || len(last.Delete) != 0 || last.Reset {
		t.Fatalf("update %+v", last)
	}
	nowPay, _ := r.board.get("component:default/pay")
	nowBank, _ := r.board.get("component:default/bank")
	nowAudit, _ := r.board.get("component:default/audit")
	if nowPay.UID != pay.UID || nowPay.ETag == pay.ETag || nowBank.UID != bank.UID || nowBank.ETag == bank.ETag {
		t.Error("uids must stay and etags change where relations did")
	}
	if !strings.Contains(string(nowBank.Body), `"etag":"`+nowBank.ETag+`"`) || strings.Contains(string(nowBank.Body), bank.ETag) {
		t.Error("the etag in the body is not the entity's")
	}
	if nowAudit.ETag != audit.ETag {
		t.Error("an entity that nothing happened to has another etag")
	}
	if got := fmt.Sprint(nowBank.Relations); got != "[{ownedBy group:default/team-a false}]" {
		t.Errorf("relations %s", got)
	}
}

func TestErrorsKeepTheLastGoodVersion(t *testing.T) {
	good := map[string]string{
		"file:/c/all.yaml": location("parts", "./a.yaml", "./more/*"),
		"file:/c/a.yaml":   component("pay", "") + component("bank", ""),
		"file:/c/more/1":   component("audit", ""),
	}
	all := []string{"component:default/audit", "component:default/bank", "component:default/pay"}
	for _, tc := range []struct {
		name  string
		spoil func(*files)
		where string // whose status tells
		want  string
	}{
		{"a missing file", func(f *files) { delete(f.text, "file:/c/a.yaml") }, "location:default/parts", "NotFoundError: /c/a.yaml does not exist"},
		{"an unreadable file", func(f *files) { f.damage("file:/c/a.yaml", fault.New(fault.Unavailable, "/c/a.yaml cannot be read")) }, "location:default/parts", "ServiceUnavailableError: /c/a.yaml cannot be read"},
		{"a missing root", func(f *files) { delete(f.text, "file:/c/all.yaml") }, "generated", "NotFoundError: /c/all.yaml does not exist"},
		{"a glob without matches", func(f *files) { delete(f.text, "file:/c/more/1") }, "location:default/parts", "NotFoundError: /c/all.yaml:4: no file matches /c/more/*"},
		{"corrupt YAML", func(f *files) { f.set("file:/c/a.yaml", component("pay", "")+"a: [\n") }, "location:default/parts", "InputError: /c/a.yaml:6: not valid YAML"},
		{"NUL", func(f *files) { f.set("file:/c/a.yaml", "a\x00b") }, "location:default/parts", "InputError: /c/a.yaml:1: there is a NUL byte"},
		{"a document that is nobody", func(f *files) { f.set("file:/c/a.yaml", component("pay", "")+"kind: Component\n") }, "location:default/parts", "InputError: /c/a.yaml:6: apiVersion: is missing"},
		{"an invalid field", func(f *files) {
			f.set("file:/c/a.yaml", component("bank", "")+strings.Replace(component("pay", ""), "lifecycle: production, ", "", 1))
		}, "component:default/pay", "InputError: /c/a.yaml:9: spec.lifecycle: is missing"},
		{"an unknown kind of field", func(f *files) {
			f.set("file:/c/a.yaml", component("bank", "")+strings.Replace(component("pay", ""), "name: pay", "name: pay, tags: 1", 1))
		}, "component:default/pay", "InputError: /c/a.yaml:8: metadata.tags: must be a list, not a number"},
		{"duplicate keys", func(f *files) { f.set("file:/c/a.yaml", component("bank", "")+component("pay", ", owner: b")) }, "location:default/parts", `InputError: /c/a.yaml:9: key "owner" is already set at line 9`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := map[string]string{}
			for k, v := range good {
				text[k] = v
			}
			r := newRig(t, text, nil).start(t)
			where := tc.where
			if where == "generated" {
				where = r.generated(t)
			}
			check := func(r *rig) {
				t.Helper()
				for _, ref := range all {
					if _, ok := r.board.get(ref); !ok {
						t.Errorf("%s is gone", ref)
					}
				}
				if got := r.board.status(t, where); !strings.Contains(got, tc.want) {
					t.Errorf("status of %s is %q, want %q", where, got, tc.want)
				}
			}
			tc.spoil(r.files)
			r.settle(t)
			check(r)
			r.settle(t)
			check(r)
			next := r.restart(t, nil)
			check(next)
			next.waitPasses(t, 1)
			check(next)
			for k, v := range good {
				next.files.set(k, v)
			}
			next.settle(t)
			if got := next.board.status(t, where); got != "" {
				t.Errorf("mended, but the status is still %q", got)
			}
		})
	}
}

func TestOneBadDocumentHarmsNothingElse(t *testing.T) {
	r := newRig(t, map[string]string{
		"file:/c/all.yaml": component("pay", "") + head + "Component\nmetadata: {name: bad name}\n---\n" + head + "Widget\nmetadata: {name: w}\n---\n" +
			component("kindless", ", dependsOn: [x]") + "just text\n---\n" + component("bank", ""),
	}, nil).start(t)
	want := []string{"component:default/bank", "component:default/pay", r.generated(t)}
	if got := r.board.refs(); !slices.Equal(got, want) {
		t.Errorf("catalog %v, want %v", got, want)
	}
	status := r.board.status(t, r.generated(t))
	for _, want := range []string{
		`InputError: /c/all.yaml:8: metadata.name: " " is not allowed at character 4 of "bad name"`,
		"InputError: /c/all.yaml:11: kind: no plugin declares kind Widget",
		`InputError: /c/all.yaml:17: spec.dependsOn: entity ref "x" names no kind`,
		"InputError: /c/all.yaml:19: the document is a string; an entity is an object",
	} {
		if !strings.Contains(status, want) {
			t.Errorf("status %s\nlacks %s", status, want)
		}
	}
	if got := len(r.Problems()); got != 4 {
		t.Errorf("%d problems: %v", got, r.Problems())
	}
}

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

func TestPlaceholdersFollowWhatTheyName(t *testing.T) {
	api := func(target string) string {
		return head + "API\nmetadata: {name: x}\nspec: {type: openapi, lifecycle: l, owner: o, definition: {$text: " + target + "}}\n"
	}
	r := newRig(t, map[string]string{"file:/c/all.yaml": api("./x.txt") + "---\n" + component("pay", ""), "file:/c/x.txt": "one"}, nil).start(t)
	definition := func(want string) {
		t.Helper()
		if e, _ := r.board.get("api:default/x"); !strings.Contains(string(e.Body), `"definition":"`+want+`"`) {
			t.Errorf("body %s, want %s", e.Body, want)
		}
	}
	definition("one")
	_, rows := r.store.counts()
	r.settle(t)
	if _, after := r.store.counts(); after != rows {
		t.Error("nothing changed, but rows were written")
	}
	r.files.set("file:/c/x.txt", "two")
	r.settle(t)
	definition("two")
	r.files.damage("file:/c/x.txt", fault.Wrap(fault.Unavailable, errors.New("secret detail"), "x cannot be read"))
	r.settle(t)
	definition("two")
	if got := r.board.status(t, "api:default/x"); got != `InputError: /c/all.yaml:4: spec.definition: $text cannot read "./x.txt": x cannot be read` {
		t.Errorf("status %q", got)
	}
	r.files.set("file:/c/x.txt", "three")
	r = r.restart(t, nil)
	r.waitPasses(t, 1)
	definition("three")
	if got := r.board.status(t, "api:default/x"); got != "" {
		t.Errorf("status %q", got)
	}
}

func TestRules(t *testing.T) {
	text := map[string]string{
		"file:/c/all.yaml":        component("pay", "") + group("team-a") + head + "Resource\nmetadata: {name: db}\nspec: {type: Database, owner: o}\n",
		"file:/c/org.yaml":        group("team-b"),
		"url:https://x.io/a.yaml": group("team-c"),
	}
	kind := func(k string) []ingest.AllowedKind { return []ingest.AllowedKind{{Kind: k}} }
	for _, tc := range []struct {
		name  string
		rules []ingest.Rule
		own   []ingest.LocationRule // of /c/org.yaml
		want  string
	}{
		{"the default", nil, nil, "component:default/pay"},
		{"none at all", []ingest.Rule{}, nil, ""},
		{"a rule replaces the default", []ingest.Rule{{Allow: kind("group")}}, nil, "group:default/team-a group:default/team-b group:default/team-c"},
		{"the location's own", nil, []ingest.LocationRule{{Allow: kind("Group")}}, "component:default/pay group:default/team-b"},
		{"by type", []ingest.Rule{{Allow: []ingest.AllowedKind{{Kind: "Resource", SpecType: "database"}}}}, nil, "resource:default/db"},
		{"by another type", []ingest.Rule{{Allow: []ingest.AllowedKind{{Kind: "Resource", SpecType: "bucket"}}}}, nil, ""},
		{"by exact origin", []ingest.Rule{{Allow: kind("Group"), Locations: []ingest.Matcher{{Type: "file", Exact: "/c/org.yaml"}}}}, nil, "group:default/team-b"},
		{"by pattern", []ingest.Rule{{Allow: kind("Group"), Locations: []ingest.Matcher{{Type: "url", Pattern: "https://X.io/*.yaml"}}}}, nil, "group:default/team-c"},
		{"by type of origin", []ingest.Rule{{Allow: kind("Group"), Locations: []ingest.Matcher{{Type: "file"}}}}, nil, "group:default/team-a group:default/team-b"},
		{"nowhere", []ingest.Rule{{Allow: kind("Group"), Locations: []ingest.Matcher{}}}, nil, ""},
		{"an empty list of kinds", []ingest.Rule{{Allow: []ingest.AllowedKind{}}}, nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t, text, func(c *ingest.Config) {
				c.Rules = tc.rules
				c.Locations = []ingest.Location{{Type: "file", Target: "/c/all.yaml"}, {Type: "file", Target: "/c/org.yaml", Rules: tc.own}, {Type: "url", Target: "https://x.io/a.yaml"}}
			}).start(t)
			got := strings.Join(slices.DeleteFunc(r.board.refs(), func(s string) bool { return strings.HasPrefix(s, "location:") }), " ")
			if got != tc.want {
				t.Errorf("let in %q, want %q", got, tc.want)
			}
			if refused := 5 - len(strings.Fields(got)); len(r.Problems()) != refused {
				t.Errorf("%d problems, want %d: %v", len(r.Problems()), refused, r.Problems())
			}
		})
	}
}

func TestRegisteredLocations(t *testing.T) {
	r := newRig(t, map[string]string{"file:/c/all.yaml": group("a"), "url:https://x.io/a.yaml": component("pay", "")}, nil).start(t)
	if _, err := r.Register(t.Context(), "user:default/ann", "file", "/etc/passwd"); !fault.Is(err, fault.Invalid) {
		t.Errorf("a file was registered: %v", err)
	}
	l, err := r.Register(t.Context(), "user:default/ann", "url", "https://x.io/a.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Register(t.Context(), "user:default/ann", "url", "https://x.io/a.yaml"); !fault.Is(err, fault.Conflict) {
		t.Errorf("registered twice: %v", err)
	}
	has := func() bool { _, ok := r.board.get("component:default/pay"); return ok }
	r.board.until(t, "the entity is there", has)
	if _, ok := r.board.get(l.EntityRef); !ok {
		t.Errorf("%s is not in the catalog", l.EntityRef)
	}
	if err := r.Unregister(t.Context(), l.ID); err != nil {
		t.Fatal(err)
	}
	r.board.until(t, "the entity is gone", func() bool { return !has() })
	if _, ok := r.board.get(l.EntityRef); ok {
		t.Errorf("%s is still in the catalog", l.EntityRef)
	}
}

func TestSourcesAreReadAgainWhenDue(t *testing.T) {
	r := newRig(t, map[string]string{"file:/c/all.yaml": component("pay", "")}, func(c *ingest.Config) { c.Interval = time.Hour }).start(t)
	r.files.set("file:/c/all.yaml", component("bank", ""))
	r.board.until(t, "the new entity is there", func() bool {
		r.clock.advance(20 * time.Minute) // the engine may not be waiting yet
		_, ok := r.board.get("component:default/bank")
		if !ok {
			select {
			case r.board.changed <- struct{}{}: // look again
			default:
			}
		}
		return ok
	})
}

func TestAFailedWriteIsTriedAgain(t *testing.T) {
	r := newRig(t, map[string]string{"file:/c/all.yaml": component("pay", "")}, nil).start(t)
	r.store.mu.Lock()
	r.store.fail = fault.New(fault.Unavailable, "the database is away")
	r.store.mu.Unlock()
	r.files.set("file:/c/all.yaml", component("pay", ", system: new"))
	r.RefreshAll()
	r.board.until(t, "the change is there", func() bool {
		r.clock.advance(time.Minute)
		e, _ := r.board.get("component:default/pay")
		done := strings.Contains(string(e.Body), "new")
		if !done {
			select {
			case r.board.changed <- struct{}{}:
			default:
			}
		}
		return done
	})
}

func TestTheOrderOfReadingDoesNotMatter(t *testing.T) {
	const sources = 12
	text := map[string]string{}
	var locations []ingest.Location
	for i := range sources {
		var doc strings.Builder
		for j := range 10 {
			doc.WriteString(component(fmt.Sprintf("c%d-%d", i, j), fmt.Sprintf(", dependsOn: ['component:c%d-%d', 'component:c%d-%d']", (i+j)%sources, (j+3)%10, (i*j+1)%sources, j)))
		}
		target := fmt.Sprintf("/c/%d.yaml", i)
		text["file:"+target] = doc.String() + group(fmt.Sprintf("g%d", i))
		locations = append(locations, ingest.Location{Type: "file", Target: target})
	}
	shuffle := rand.New(rand.NewPCG(1, 2))
	var first string
	for round := range 6 {
		r := newRig(t, text, func(c *ingest.Config) {
			c.Locations, c.Workers = slices.Clone(locations), 1+round
			shuffle.Shuffle(len(c.Locations), func(i, j int) { c.Locations[i], c.Locations[j] = c.Locations[j], c.Locations[i] })
			if round%2 == 1 { // half of them first, the rest later
				c.Locations = c.Locations[:sources/2]
			}
		}).start(t)
		if round%2 == 1 {
			r = r.restart(t, func(c *ingest.Config) { c.Locations = locations })
			r.waitPasses(t, 1)
		}
		if first == "" {
			first = r.board.dump()
		} else if got := r.board.dump(); got != first {
			t.Fatalf("round %d differs", round)
		}
	}
}
