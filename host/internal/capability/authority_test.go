package capability_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// rooms is a scope of two lists: what is open with a viewer's rights, and what
// a plugin opens for itself.
type rooms struct {
	Viewer []string `json:"viewer"`
	Itself []string `json:"itself"`
}

func (r *rooms) Narrow(other capability.Scope) capability.Scope {
	o := other.(*rooms)
	return &rooms{Viewer: both(r.Viewer, o.Viewer), Itself: both(r.Itself, o.Itself)}
}

func (r *rooms) String() string { return "open " + strings.Join(r.Viewer, ", ") }

func (r *rooms) ForItself() (capability.Scope, bool) {
	return &rooms{Viewer: r.Itself}, r.Itself != nil
}

func both(a, b []string) []string {
	out := []string{}
	for _, x := range a {
		if slices.Contains(b, x) {
			out = append(out, x)
		}
	}
	return out
}

type roomScopes struct{}

func (roomScopes) Parse(raw json.RawMessage) (capability.Scope, error) {
	r := &rooms{}
	if len(raw) == 0 {
		return r, nil
	}
	return r, json.Unmarshal(raw, r)
}

// house has one capability over rooms and three plugins that hold it in part.
type house struct {
	gate   *capability.Gate
	opened []string // what the latest call could open
	own    bool
}

func newHouse(t *testing.T, everyActor bool) *house {
	t.Helper()
	h := &house{}
	table, err := capability.NewTable(capability.Capability{
		ID: abi.CapCatalog, EveryActor: everyActor, Scope: roomScopes{},
		Ops: map[uint32]capability.Operation{1: capability.Op("rooms.open/1", func(_ context.Context, c *capability.Call, _ *contract.HandleRequest) (msgp.Marshaler, error) {
			h.opened, h.own = c.Scope.(*rooms).Viewer, c.Own(false)
			return nil, nil
		})},
	})
	if err != nil {
		t.Fatal(err)
	}
	h.gate = capability.NewGate(capability.Config{Table: table})
	for plugin, scope := range map[string]string{
		"rich": `{"viewer": ["hall", "vault"], "itself": ["vault"]}`, "poor": `{"viewer": ["hall"]}`, "modest": `{"viewer": ["hall"], "itself": ["hall"]}`, "naked": "",
	} {
		var declared []capability.Request
		if scope != "" {
			declared = []capability.Request{{Name: "catalog", Reason: "a test", Scope: json.RawMessage(scope)}}
		}
		rights, err := table.Resolve(declared, nil, true)
		if err != nil {
			t.Fatal(err)
		}
		h.gate.SetRights(plugin, plugin+"-digest", rights)
	}
	return h
}

func actor(plugin string) principal.Actor {
	return principal.Actor{Plugin: plugin, Digest: plugin + "-digest"}
}

func path(subject principal.Authority, plugins ...string) principal.Authority {
	for _, p := range plugins {
		subject = subject.Through(actor(p))
	}
	return subject
}

// Whoever stands on the path of a call lends it no more than it holds itself.
func TestAPluginBorrowsNoRights(t *testing.T) {
	ada := principal.Guest("user:default/ada")
	forItself := func(plugin string) principal.Authority { return path(ada, plugin).AsPlugin() }
	for _, tc := range []struct {
		name       string
		authority  principal.Authority
		everyActor bool
		opens      []string // nil = denied
		missing    string
	}{
		{"the rich one alone", path(ada, "rich"), true, []string{"hall", "vault"}, ""},
		{"the poor one alone", path(ada, "poor"), true, []string{"hall"}, ""},
		{"the poor one asks the rich one", path(ada, "poor", "rich"), true, []string{"hall"}, ""},
		{"the rich one asks the poor one", path(ada, "rich", "poor"), true, []string{"hall"}, ""},
		{"in the middle of the path", path(ada, "rich", "poor", "rich"), true, []string{"hall"}, ""},
		{"one without any right asks the rich one", path(ada, "naked", "rich"), true, nil, "catalog (of plugin naked)"},
		{"code that nobody installed asks the rich one", path(ada.Through(principal.Actor{Plugin: "rich", Digest: "other bytes"}), "rich"), true, nil, "catalog (of plugin rich)"},
		{"a plugin's own things are reached with its own grant", path(ada, "naked", "rich"), false, []string{"hall", "vault"}, ""},
		{"the rich one, for itself, asks another rich one", path(forItself("rich"), "rich"), true, []string{"vault"}, ""},
		{"the modest one, for itself, asks the rich one", path(forItself("modest"), "rich"), true, []string{"hall"}, ""},
		{"the poor one, for itself, asks the rich one", path(forItself("poor"), "rich"), true, nil, "catalog: own (of plugin poor)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := newHouse(t, tc.everyActor)
			running, _ := tc.authority.Actor()
			s := h.gate.Open(capability.Opening{Plugin: running.Plugin, Digest: running.Digest, Authority: tc.authority})
			code, _, e := call(t, s, abi.CapCatalog, 1, &contract.HandleRequest{})
			if tc.opens == nil {
				if code != abi.CodeDenied || e.MissingGrant != tc.missing || h.opened != nil {
					t.Errorf("got %s, %+v, opened %v; want a denial that names %q", code, e, h.opened, tc.missing)
				}
				return
			}
			if code != abi.CodeOK || !slices.Equal(h.opened, tc.opens) {
				t.Errorf("got %s, %+v, opened %v; want %v", code, e, h.opened, tc.opens)
			}
		})
	}
}

// A schedule or an event has no viewer, so that asking for the viewer's rights
// there must not be a way around the scope `own`.
func TestWithoutAViewerThereAreOnlyOwnRights(t *testing.T) {
	h := newHouse(t, true)
	call(t, h.gate.Open(capability.Opening{Plugin: "poor", Digest: "poor-digest", Authority: principal.Own(actor("poor"))}), abi.CapCatalog, 1, &contract.HandleRequest{})
	if !h.own {
		t.Error("a call without a viewer counts as one with a viewer's rights")
	}
	call(t, h.gate.Open(capability.Opening{Plugin: "poor", Digest: "poor-digest", Authority: path(principal.Guest("user:default/ada"), "poor")}), abi.CapCatalog, 1, &contract.HandleRequest{})
	if h.own {
		t.Error("a call for a viewer counts as one with own rights")
	}
}
