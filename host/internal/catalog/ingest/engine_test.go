package ingest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

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
		{"a missing file", func(f *files) { delete(f.text, "file:/c/a.yaml") }, "location:default/parts", "NotFoundError: /c/all.yaml:4: /c/a.yaml does not exist"},
		{"an unreadable file", func(f *files) { f.damage("file:/c/a.yaml", fault.New(fault.Unavailable, "/c/a.yaml cannot be read")) }, "location:default/parts", "ServiceUnavailableError: /c/all.yaml:4: /c/a.yaml cannot be read"},
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

func TestAnEmptyCatalogIsPublishedToo(t *testing.T) {
	r := newRig(t, nil, func(c *ingest.Config) { c.Locations = nil }).start(t)
	if len(r.board.updates) != 1 || !r.board.updates[0].Reset || len(r.board.refs()) != 0 {
		t.Errorf("updates %+v", r.board.updates)
	}
}

func TestARelationThatBothDeclareIsEachOnesOwn(t *testing.T) {
	r := newRig(t, map[string]string{"file:/c/all.yaml": component("pay", ", dependsOn: ['component:bank']") + component("bank", "")}, nil).start(t)
	own := func() bool {
		e, _ := r.board.get("component:default/bank")
		return strings.Contains(fmt.Sprint(e.Relations), "{dependencyOf component:default/pay false}")
	}
	if own() {
		t.Fatal("what another declares is incoming")
	}
	r.files.set("file:/c/all.yaml", component("pay", ", dependsOn: ['component:bank']")+component("bank", ", dependencyOf: ['component:pay']"))
	r.settle(t)
	if !own() {
		t.Error("it is the entity's own now")
	}
	r.files.set("file:/c/all.yaml", component("pay", "")+component("bank", ", dependencyOf: ['component:pay']"))
	r.settle(t)
	if !own() {
		t.Error("it went with the other's declaration")
	}
}

func TestAForbiddenLocationLeadsNowhere(t *testing.T) {
	r := newRig(t, map[string]string{"file:/c/all.yaml": location("parts", "./a.yaml") + component("bank", ""), "file:/c/a.yaml": component("pay", "")}, nil).start(t)
	r = r.restart(t, func(c *ingest.Config) { c.Rules = []ingest.Rule{{Allow: []ingest.AllowedKind{{Kind: "Component"}}}} })
	r.waitPasses(t, 1)
	if got, want := r.board.refs(), []string{"component:default/bank", r.generated(t)}; !slices.Equal(got, want) {
		t.Errorf("catalog %v, want %v", got, want)
	}
}

func TestRulesThatNarrowRemoveWhatTheyForbid(t *testing.T) {
	r := newRig(t, map[string]string{"file:/c/all.yaml": component("pay", "") + group("team-a")}, nil).start(t)
	r = r.restart(t, func(c *ingest.Config) { c.Rules = []ingest.Rule{{Allow: []ingest.AllowedKind{{Kind: "Component"}}}} })
	r.waitPasses(t, 1)
	if got, want := r.board.refs(), []string{"component:default/pay", r.generated(t)}; !slices.Equal(got, want) {
		t.Errorf("catalog %v, want %v", got, want)
	}
	if got := r.board.status(t, r.generated(t)); got != "NotAllowedError: /c/all.yaml:6: no rule allows kind Group from file:/c/all.yaml; see catalog.rules" {
		t.Errorf("status %q", got)
	}
}
