package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/app/apptest"
)

const companyRules = `package callboard.authz

# What is secret is for those who own it.
deny contains "secret" if {
	input.principal.kind == "user"
	input.resource.labels.class == "secret"
	not owns
}

owns if {
	some owner in input.resource.owners
	owner in input.principal.ownership
}
`

const companyCatalog = `apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: ledger}
spec: {type: team, children: [], members: [ada]}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: ada}
spec: {memberOf: [ledger]}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: ben}
spec: {memberOf: []}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: open, labels: {class: open}}
spec: {type: service, lifecycle: production, owner: ledger, dependsOn: ["component:vault"]}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: vault, labels: {class: secret}, description: the hidden one}
spec: {type: hidden-type, lifecycle: production, owner: ledger}
`

// company is a portal with a policy of its own and two people.
func company(t *testing.T, more string) *apptest.Portal {
	t.Helper()
	return apptest.Start(t, apptest.Options{Files: map[string]string{
		"app-config.yaml": `auth: {environment: development, providers: {guest: {personas: ["user:default/ada", "user:default/ben", "user:default/root"]}}}
catalog: {rules: [{allow: [Component, Group, User, Location]}], locations: [{type: file, target: ./all.yaml}]}
permission:
  guests: [viewer]
  policy: {folder: ./policy}
  bindings: [{role: developer, members: ["group:default/ledger"]}, {role: admin, members: ["user:default/root"]}]
` + more,
		"all.yaml": companyCatalog, "policy/secret.rego": companyRules,
	}})
}

// as returns the headers of a browser in which a persona is chosen.
func as(t *testing.T, p *apptest.Portal, persona string) map[string]string {
	t.Helper()
	asJSON := map[string]string{"Content-Type": "application/json"}
	res, body := p.Do(http.MethodPost, "/api/app/session", `{"persona":"`+persona+`"}`, asJSON)
	if len(res.Cookies()) != 1 {
		t.Fatalf("no session: %d %s", res.StatusCode, body)
	}
	c := res.Cookies()[0]
	asJSON["Cookie"] = c.Name + "=" + c.Value
	return asJSON
}

// What the policy hides is absent for one person and there for another, in
// whatever is asked of the catalog.
func TestThePolicyDecidesWhatThereIs(t *testing.T) {
	p := company(t, "")
	ada, ben := as(t, p, "user:default/ada"), as(t, p, "user:default/ben")
	p.Until("/api/catalog/entities/by-name/component/default/open", func(status int, _ string) bool { return status == http.StatusOK })
	get := func(who map[string]string, path string) (int, string) {
		res, body := p.Do(http.MethodGet, path, "", who)
		return res.StatusCode, body
	}
	for _, tc := range []struct{ name, method, path, body string }{
		{"by name", "GET", "/api/catalog/entities/by-name/component/default/vault", ""},
		{"a list", "GET", "/api/catalog/entities?filter=kind=component", ""},
		{"a page", "GET", "/api/catalog/entities/by-query?filter=kind=component", ""},
		{"full text", "GET", "/api/catalog/entities/by-query?fullTextFilterTerm=hidden&fullTextFilterFields=metadata.description", ""},
		{"facets", "GET", "/api/catalog/entity-facets?facet=spec.type&facet=metadata.name", ""},
		{"by refs", "POST", "/api/catalog/entities/by-refs", `{"entityRefs":["component:default/vault","component:default/open"]}`},
		{"relations", "GET", "/api/catalog/entities/by-name/group/default/ledger", ""},
		{"the graph", "GET", "/api/catalog/graph?entityRef=group:default/ledger&maxDepth=2", ""},
		{"history", "GET", "/api/catalog/history?limit=50", ""},
		{"history by name", "GET", "/api/catalog/history?ref=component:default/vault", ""},
		{"ancestry", "GET", "/api/catalog/entities/by-name/component/default/vault/ancestry", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ask := func(who map[string]string) string {
				res, body := p.Do(tc.method, tc.path, tc.body, who)
				return fmt.Sprint(res.StatusCode) + " " + body
			}
			owner, other := ask(ada), ask(ben)
			if !strings.Contains(owner, "vault") && !strings.Contains(owner, "hidden-type") || strings.HasPrefix(owner, "4") {
				t.Errorf("the owner does not see it: %s", owner)
			}
			told := other
			if strings.HasPrefix(other, "404") { // it may repeat what was asked for
				told = ""
			}
			// What an entity says of itself is the entity's to say.
			told = strings.ReplaceAll(told, `"dependsOn":["component:vault"]`, "")
			told = strings.ReplaceAll(told, `{"type":"dependsOn","targetRef":"component:default/vault"}`, "")
			if strings.Contains(told, "vault") || strings.Contains(told, "hidden-type") {
				t.Errorf("somebody else sees it: %s", other)
			}
		})
	}
	hidden, hiddenBody := get(ben, "/api/catalog/entities/by-name/component/default/vault")
	absent, absentBody := get(ben, "/api/catalog/entities/by-name/component/default/nault")
	if hidden != absent || len(hiddenBody) != len(absentBody) {
		t.Errorf("hidden answers %d %s, absent %d %s", hidden, hiddenBody, absent, absentBody)
	}
}

// Who owns something may have it read again, and nobody else.
func TestThePolicyDecidesWhatOneMayDo(t *testing.T) {
	p := company(t, "")
	ada, ben := as(t, p, "user:default/ada"), as(t, p, "user:default/ben")
	p.Until("/api/catalog/entities/by-name/component/default/open", func(status int, _ string) bool { return status == http.StatusOK })
	const refresh, open = "/api/catalog/refresh", `{"entityRef":"component:default/open"}`
	for _, tc := range []struct {
		name   string
		who    map[string]string
		method string
		path   string
		body   string
		status int
	}{
		{"the owner's own", ada, "POST", refresh, open, http.StatusOK},
		{"not the owner's own", ada, "POST", refresh, `{"entityRef":"user:default/ben"}`, http.StatusForbidden},
		{"somebody else", ben, "POST", refresh, open, http.StatusForbidden},
		{"what one does not see is not there", ben, "POST", refresh, `{"entityRef":"component:default/vault"}`, http.StatusForbidden},
		{"registering, by a developer", ada, "POST", "/api/catalog/locations?dryRun=true", `{"type":"url","target":"http://127.0.0.1:1/x.yaml"}`, http.StatusBadRequest},
		{"registering, by a viewer", ben, "POST", "/api/catalog/locations?dryRun=true", `{"type":"url","target":"http://127.0.0.1:1/x.yaml"}`, http.StatusForbidden},
		{"stopping a plugin", ada, "POST", "/api/plugins/catalog/disable", `{}`, http.StatusForbidden},
	} {
		t.Run(tc.name, func(t *testing.T) {
			res, body := p.Do(tc.method, tc.path, tc.body, tc.who)
			if res.StatusCode != tc.status {
				t.Fatalf("%d %s, want %d", res.StatusCode, body, tc.status)
			}
			if tc.status != http.StatusForbidden {
				return
			}
			var problem struct {
				Denial struct {
					Permission string
					GrantedBy  []string
				}
			}
			if !strings.Contains(body, "has not the permission ") {
				t.Errorf("the answer does not say what is missing: %s", body)
			}
			if tc.path == refresh && tc.name == "not the owner's own" {
				return // the plugin's answer, in which there is no room for more
			}
			if err := json.Unmarshal([]byte(body), &problem); err != nil || problem.Denial.Permission == "" || fmt.Sprint(problem.Denial.GrantedBy) != "[user:default/root]" {
				t.Errorf("the denial does not say which permission is missing and who gives it: %s", body)
			}
		})
	}
}

// Backstage's permission client asks in batches.
func TestAuthorizeAnswersAsBackstageAsks(t *testing.T) {
	p := company(t, "")
	ada, ben := as(t, p, "user:default/ada"), as(t, p, "user:default/ben")
	p.Until("/api/catalog/entities/by-name/component/default/open", func(status int, _ string) bool { return status == http.StatusOK })
	item := func(id, permission, ref string) string {
		if ref != "" {
			ref = `,"resourceRef":` + ref
		}
		return `{"id":"` + id + `","permission":{"type":"basic","name":"` + permission + `","attributes":{"action":"read"}}` + ref + `}`
	}
	for _, tc := range []struct {
		name, items string
		who         map[string]string
		status      int
		want        string
	}{
		{"what one may", item("1", "catalog.location.read", "") + "," + item("2", "plugins.install", ""), ben, 200, `{"items":[{"id":"1","result":"ALLOW"},{"id":"2","result":"DENY"}]}`},
		{"with what one owns", item("1", "catalog.entity.refresh", `"component:default/open"`) + "," + item("2", "catalog.entity.refresh", `"user:default/ben"`), ada, 200, `{"items":[{"id":"1","result":"ALLOW"},{"id":"2","result":"DENY"}]}`},
		{"several at once", item("1", "catalog.entity.read", `["component:default/open","component:default/vault","component:default/absent","no ref"]`), ben, 200, `{"items":[{"id":"1","result":["ALLOW","DENY","DENY","DENY"]}]}`},
		{"what the client says a permission does counts for nothing", item("1", "catalog.location.delete", ""), ben, 200, `{"items":[{"id":"1","result":"DENY"}]}`},
		{"a permission nobody declares", item("1", "wizard.fly", ""), ada, 200, `{"items":[{"id":"1","result":"DENY"}]}`},
		{"no resource", item("1", "catalog.entity.read", ""), ada, 400, "Resource permissions require a resourceRef"},
		{"no name", `{"id":"1","permission":{}}`, ada, 400, "items[0] needs an id, and a permission with a name"},
		{"no id", `{}`, ada, 400, "items[0]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			res, body := p.Do(http.MethodPost, "/api/permission/authorize", `{"items":[`+tc.items+`]}`, tc.who)
			if res.StatusCode != tc.status || !strings.Contains(body, tc.want) {
				t.Errorf("%d %s\nwant %d %s", res.StatusCode, body, tc.status, tc.want)
			}
		})
	}
	if res, body := p.Do(http.MethodPost, "/api/permission/authorize", `{}`, ada); res.StatusCode != http.StatusBadRequest {
		t.Errorf("no items: %d %s", res.StatusCode, body)
	}
}

// A changed rule holds within a second, and one that is wrong changes nothing.
func TestARuleIsChangedWhileThePortalRuns(t *testing.T) {
	p := company(t, "")
	ada := as(t, p, "user:default/ada")
	const vault = "/api/catalog/entities/by-name/component/default/vault"
	status := func() int {
		res, _ := p.Do(http.MethodGet, vault, "", ada)
		return res.StatusCode
	}
	p.Until("/api/catalog/entities/by-name/component/default/open", func(status int, _ string) bool { return status == http.StatusOK })
	if status() != http.StatusOK {
		t.Fatal("the owner does not see it")
	}
	rule := filepath.Join(p.Dir, "policy", "secret.rego")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(rule, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(companyRules + "\n\ndeny contains")
	p.Until("/healthcheck", func(int, string) bool {
		return strings.Contains(p.Log.String(), "the changed policy cannot be used; the one before stays")
	})
	if status() != http.StatusOK {
		t.Error("a rule that does not compile changed something")
	}
	root := as(t, p, "user:default/root")
	live := func() (out struct {
		Revision string
		Roles    []struct {
			Name    string
			Members []string
		}
		Refused *struct{ Why string }
	},
	) {
		_, body := p.Do(http.MethodGet, "/api/policy", "", root)
		if err := json.Unmarshal([]byte(body), &out); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		return out
	}
	before := live()
	if before.Refused == nil || !strings.Contains(before.Refused.Why, "policy/secret.rego:") || len(before.Roles) != 5 || fmt.Sprint(before.Roles[0]) != "{admin [user:default/root]}" {
		t.Errorf("the policy is shown as %+v", before)
	}
	if res, body := p.Do(http.MethodGet, "/api/policy", "", as(t, p, "user:default/ben")); res.StatusCode != http.StatusForbidden {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	write(strings.Replace(companyRules, "not owns", "1 == 1", 1))
	p.Until("/healthcheck", func(int, string) bool { return status() == http.StatusNotFound })
	if after := live(); after.Refused != nil || after.Revision == before.Revision {
		t.Errorf("the policy is shown as %+v", after)
	}
}

// Whoever may read the policy asks it for others: why somebody sees nothing,
// and with which entities they may do something.
func TestThePolicyIsAskedForOthers(t *testing.T) {
	p := company(t, "")
	root, ben := as(t, p, "user:default/root"), as(t, p, "user:default/ben")
	p.Until("/api/catalog/entities/by-name/component/default/open", func(status int, _ string) bool { return status == http.StatusOK })
	for _, tc := range []struct {
		name, body string
		status     int
		want       string
	}{
		{"with which entities", `{"user":"ada","permission":"catalog.entity.refresh"}`, 200, `"allow":true,"rules":[],"condition":"((some x0 in resource.owners: x0 in [\"user:default/ada\", \"group:default/ledger\"]) and not (resource.labels.class == \"secret\" and not (some x0 in resource.owners`},
		{"with one of them", `{"user":"ada","permission":"catalog.entity.refresh","entityRef":"component:open"}`, 200, `"allow":true,"rules":["owner with role developer"]`},
		{"why not", `{"user":"ben","permission":"catalog.entity.read","entityRef":"component:vault"}`, 200, `"allow":false,"rules":["secret"],"reason":"a rule denies this"`},
		{"what the policy saw", `{"user":"ben","permission":"catalog.entity.read","entityRef":"component:vault"}`, 200, `"owners":["group:default/ledger"]`},
		{"of no entity", `{"user":"ben","permission":"plugins.install"}`, 200, `"allow":false,"rules":[],"reason":"no rule allows this"`},
		{"a plugin", `{"plugin":"catalog","permission":"capability.kv"}`, 200, `"allow":true,"rules":["granted to the plugin"]`},
		{"nobody", `{"permission":"catalog.entity.read"}`, 400, "name a permission, and either a user or a plugin"},
		{"no such entity", `{"user":"ben","permission":"catalog.entity.read","entityRef":"component:nault"}`, 400, "there is no entity component:default/nault"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			res, body := p.Do(http.MethodPost, "/api/policy/evaluate", tc.body, root)
			if res.StatusCode != tc.status || !strings.Contains(body, tc.want) {
				t.Errorf("%d %s\nwant %d %s", res.StatusCode, body, tc.status, tc.want)
			}
		})
	}
	if res, body := p.Do(http.MethodPost, "/api/policy/evaluate", `{"user":"ben","permission":"catalog.entity.read","entityRef":"component:vault"}`, ben); res.StatusCode != http.StatusForbidden {
		t.Errorf("somebody who may not read the policy is told what is hidden: %d %s", res.StatusCode, body)
	}
	// Pages hide what would be refused.
	for who, want := range map[string]string{
		"user:default/ada":  "[catalog.entity.refresh catalog.location.create plugins.read health.read]",
		"user:default/ben":  "[plugins.read health.read]",
		"user:default/root": "[catalog.entity.refresh catalog.location.create catalog.location.delete plugins.install plugins.operate plugins.grant plugins.configure plugins.read health.read policy.read]",
	} {
		_, body := p.Do(http.MethodGet, "/api/app/session", "", as(t, p, who))
		var session struct {
			Principal struct{ Permissions []string }
		}
		if err := json.Unmarshal([]byte(body), &session); err != nil || fmt.Sprint(session.Principal.Permissions) != want {
			t.Errorf("%s: %v, want %s", who, session.Principal.Permissions, want)
		}
	}
}
