package policy_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/condition"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/policy"
	"github.com/callboard/callboard/host/internal/principal"
)

func lookup(name string) (string, bool) {
	switch name {
	case "catalog.entity.read":
		return "read", true
	case "catalog.entity.refresh":
		return "update", true
	}
	return "update", false
}

func person(id string, ownership ...string) principal.Authority {
	return principal.Authority{Subject: principal.Subject{Kind: principal.User, Issuer: "https://idp.example", ID: id, Ref: "user:default/" + id, Ownership: append([]string{"user:default/" + id}, ownership...)}}
}

func guarded(t *testing.T, more map[string]string, bindings ...any) *policy.Guard {
	t.Helper()
	g := policy.NewGuard(policy.GuardConfig{Lookup: lookup})
	g.Use(shipped(t, more, bindings...), []string{"user:default/root"})
	return g
}

// Everybody on the path must be allowed: the policy narrows, and never widens.
func TestEveryPrincipalOnThePathIsAsked(t *testing.T) {
	ctx := context.Background()
	g := guarded(t, map[string]string{"company.rego": "package callboard.authz\n\ndeny contains \"not this plugin\" if {\n\tinput.principal.kind == \"plugin\"\n\tinput.principal.id == \"nosy\"\n\tinput.resource.labels.class == \"secret\"\n}\n"})
	secret, open := &condition.Resource{Labels: map[string]string{"class": "secret"}}, &condition.Resource{}
	nosy, fine := principal.Actor{Plugin: "nosy", Digest: "1"}, principal.Actor{Plugin: "fine", Digest: "2"}
	for name, tc := range map[string]struct {
		who  principal.Authority
		r    *condition.Resource
		sees bool
	}{
		"the user alone":                           {person("ann"), secret, true},
		"through a plugin that may":                {person("ann").Through(fine), secret, true},
		"through one that may not":                 {person("ann").Through(nosy), secret, false},
		"through both":                             {person("ann").Through(fine).Through(nosy), secret, false},
		"what it may":                              {person("ann").Through(nosy), open, true},
		"a plugin for itself":                      {principal.Own(nosy), secret, false},
		"a plugin lends nobody what they have not": {principal.Authority{}.Through(fine), open, false},
		"the host":                                 {principal.System(), secret, true},
		"the host does nothing for a plugin":       {principal.System().Through(nosy), secret, false},
	} {
		if got := g.Reach(ctx, tc.who, "catalog.entity.read").Has(ctx, tc.r); got != tc.sees {
			t.Errorf("%s: sees %t", name, got)
		}
		if err := g.MayWith(ctx, tc.who, "catalog.entity.read", tc.r); (err == nil) != tc.sees {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Answers are kept for exactly those who would get the same.
func TestAnAnswerIsNotAnothers(t *testing.T) {
	ctx := context.Background()
	g := guarded(t, nil, bind("admin", "user:default/root"), bind("developer", "group:default/ledger"))
	if err := g.May(ctx, person("root"), "plugins.install"); err != nil {
		t.Fatal(err)
	}
	for name, who := range map[string]principal.Authority{
		"another user":                person("ann"),
		"nobody":                      {},
		"a guest":                     principal.Guest("user:default/root"),
		"a plugin's path":             person("ann").Through(principal.Actor{Plugin: "root", Digest: "x"}),
		"one whose name holds a path": {Subject: principal.Subject{Kind: principal.User, Issuer: "https://idp.example", ID: "root;4:user", Ref: "user:default/x"}},
	} {
		if err := g.May(ctx, who, "plugins.install"); !fault.Is(err, fault.Denied) {
			t.Errorf("%s: %v", name, err)
		}
	}
	owned := &condition.Resource{Owners: []string{"group:default/ledger"}}
	if err := g.MayWith(ctx, person("ann", "group:default/ledger"), "catalog.entity.refresh", owned); err != nil {
		t.Error(err)
	}
	if err := g.MayWith(ctx, person("ann"), "catalog.entity.refresh", owned); !fault.Is(err, fault.Denied) {
		t.Errorf("the same person who left the group: %v", err)
	}
	g.Use(shipped(t, nil), nil)
	if err := g.May(ctx, person("root"), "plugins.install"); !fault.Is(err, fault.Denied) {
		t.Errorf("under another policy: %v", err)
	}
}

func TestADenialSaysWhatIsMissing(t *testing.T) {
	g := guarded(t, map[string]string{"company.rego": "package callboard.authz\n\ndeny contains \"frozen\" if input.permission.name == \"plugins.install\"\n"}, bind("admin", "user:default/root"))
	err := g.May(context.Background(), person("root"), "plugins.install")
	var d *policy.Denial
	if !errors.As(err, &d) || d.Permission != "plugins.install" || strings.Join(d.Rules, "") != "frozen" || strings.Join(d.GrantedBy, "") != "user:default/root" {
		t.Errorf("%v", err)
	}
	if got := err.Error(); !strings.Contains(got, "user:default/root has not the permission plugins.install: the policy denies it: frozen") {
		t.Error(got)
	}
	closed := policy.NewGuard(policy.GuardConfig{Lookup: lookup})
	if err := closed.May(context.Background(), person("root"), "plugins.install"); !fault.Is(err, fault.Denied) {
		t.Errorf("without a policy: %v", err)
	}
	if r := closed.Reach(context.Background(), person("root"), "catalog.entity.read"); !r.Nothing() {
		t.Error("without a policy something is seen")
	}
	open := policy.NewGuard(policy.GuardConfig{Open: true, Lookup: lookup})
	if err := open.May(context.Background(), principal.Authority{}, "plugins.install"); err != nil {
		t.Error(err)
	}
}
