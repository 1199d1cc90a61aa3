package secret_test

import (
	"encoding/json"
	"testing"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/capability/secret"
	"github.com/callboard/callboard/host/internal/fault"
)

func table(t *testing.T) capability.Table {
	t.Helper()
	out, err := capability.NewTable(secret.New(nil))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const declared = `{"secrets": [{"name": "jira", "host": "*.example.com", "header": "authorization", "reveal": true}, {"name": "hook", "reveal": true}]}`

func TestAGrantOfSecrets(t *testing.T) {
	for _, tc := range []struct{ name, grant, want string }{
		{"a plain true reveals nothing", `true`, "use jira in Authorization to *.example.com"},
		{"one host", `{"secrets": [{"name": "jira", "host": "a.example.com", "header": "Authorization"}]}`, "use jira in Authorization to a.example.com"},
		{"in words", `{"secrets": [{"name": "jira", "host": "a.example.com", "header": "Authorization", "reveal": true}, {"name": "hook", "reveal": true}]}`, "use jira in Authorization to a.example.com, and revealed; hook revealed"},
		{"another field", `{"secrets": [{"name": "jira", "host": "a.example.com", "header": "Cookie"}]}`, "use no secret"},
		{"another secret", `{"secrets": [{"name": "root", "host": "a.example.com", "header": "Authorization"}]}`, "use no secret"},
		{"the apex", `{"secrets": [{"name": "jira", "host": "example.com", "header": "Authorization"}]}`, "use no secret"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rights, err := table(t).Resolve([]capability.Request{{Name: "secret", Scope: json.RawMessage(declared)}}, capability.Grants{"secret": json.RawMessage(tc.grant)}, false)
			if err != nil {
				t.Fatal(err)
			}
			if got := rights.List()[0].Effective; got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// What is kept of a plain true is what it granted, not what was declared.
func TestAPlainTrueThatIsWrittenDownRevealsNothing(t *testing.T) {
	raw, err := table(t).PlainGrant("secret", json.RawMessage(declared))
	if err != nil {
		t.Fatal(err)
	}
	kept, err := table(t).GrantExtent("secret", raw)
	if err != nil || kept.String() != "use jira in Authorization to *.example.com" {
		t.Errorf("%s is read as %v, %v", raw, kept, err)
	}
}

func TestScopesOfSecretsThatCannotBeRead(t *testing.T) {
	for _, scope := range []string{
		`{"secrets": [{"name": "jira"}]}`, `{"secrets": [{"name": "jira", "host": "a.example"}]}`, `{"secrets": [{"name": "jira", "header": "X-A", "reveal": true}]}`,
		`{"secrets": [{"name": "Jira", "reveal": true}]}`, `{"secrets": [{"name": "jira", "host": "*.com", "header": "X-A"}]}`, `{"secrets": [{"name": "jira", "host": "a.example", "header": "Host"}]}`,
		`{"secrets": [{"name": "jira", "host": "a.example", "header": "X-A", "value": "x"}]}`, `{"secret": []}`,
	} {
		if _, err := table(t).Extent("secret", json.RawMessage(scope)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", scope, err)
		}
	}
}
