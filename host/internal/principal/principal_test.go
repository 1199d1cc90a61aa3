package principal_test

import (
	"testing"

	"github.com/callboard/callboard/host/internal/principal"
)

func TestThroughNeverSharesThePath(t *testing.T) {
	base := principal.Guest("user:development/guest").Through(principal.Actor{Plugin: "a", Digest: "1"})
	left := base.Through(principal.Actor{Plugin: "left", Digest: "2"})
	right := base.Through(principal.Actor{Plugin: "right", Digest: "3"})
	if got, _ := left.Actor(); got.Plugin != "left" {
		t.Errorf("the left path ends in %q", got.Plugin)
	}
	if got, _ := right.Actor(); got.Plugin != "right" {
		t.Errorf("the right path ends in %q", got.Plugin)
	}
	if left.Key() == right.Key() || left.Key() == base.Key() {
		t.Error("different paths share a key")
	}
}

func TestOwnRightsNeverReachAViewer(t *testing.T) {
	actor := principal.Actor{Plugin: "catalog", Digest: "1"}
	viewer := principal.Guest("user:development/guest").Through(actor)
	own := principal.Own(actor)
	for _, tc := range []struct {
		name     string
		from, to principal.Authority
		want     bool
	}{
		{"own to viewer", own, viewer, false},
		{"viewer to own", viewer, own, false},
		{"viewer to the same viewer", viewer, principal.Guest("user:development/guest"), true},
		{"viewer to another viewer", viewer, principal.Guest("user:default/other"), false},
		{"own to the same plugin", own, own, true},
		{"own to another plugin", own, principal.Own(principal.Actor{Plugin: "x"}), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.from.Covers(tc.to); got != tc.want {
				t.Errorf("Covers = %v, want %v", got, tc.want)
			}
		})
	}
}

// A plugin that acts for itself in the middle of a path leaves the rights of
// those before it behind, and not the path: depth and re-entry still count.
func TestAPluginThatActsForItselfKeepsThePathAsCause(t *testing.T) {
	a := principal.Guest("user:development/guest").Through(principal.Actor{Plugin: "outer", Digest: "1"}).Through(principal.Actor{Plugin: "inner", Digest: "2"})
	own := a.AsPlugin()
	if own.Subject.Kind != principal.Plugin || own.Subject.ID != "inner" || own.Mode != principal.AsViewer {
		t.Errorf("the subject is %+v in mode %s", own.Subject, own.Mode)
	}
	if len(own.Actors) != 1 || own.Actors[0].Plugin != "inner" {
		t.Errorf("the actors are %+v", own.Actors)
	}
	if path := own.Path(); len(path) != 2 || path[0].Plugin != "outer" || path[1].Plugin != "inner" {
		t.Errorf("the path is %+v", path)
	}
	if a.Covers(own) || own.Covers(a) {
		t.Error("what was read for the viewer and what was read for the plugin are shown to each other")
	}
}
