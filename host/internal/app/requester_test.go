package app

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/authn"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/job"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/host/internal/store/sqlite"
)

// groups is an authn.Directory in which membership changes.
type groups map[string][]string

func (g groups) Profile(_ context.Context, ref string) authn.Profile {
	return authn.Profile{Ref: ref, Ownership: g[ref]}
}

func actorOf(id, digest string) principal.Actor { return principal.Actor{Plugin: id, Digest: digest} }

// A task keeps who asked and no right: what they may do is what they may do
// when it runs.
func TestARequesterHasTheRightsOfToday(t *testing.T) {
	db, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "a.sqlite")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	people := groups{"user:default/ada": {"group:default/today"}}
	j := newJobs(db, time.Now, slog.New(slog.DiscardHandler))
	j.authn = authn.New(authn.Config{Guest: true, Default: "user:default/guest", Personas: []string{"user:default/ada"}, Directory: people, Sessions: db, Now: time.Now})
	j.actor = func(id string) (principal.Actor, error) {
		if id == "gone" {
			return principal.Actor{}, fault.New(fault.Denied, "plugin gone is gone")
		}
		return actorOf(id, "today"), nil
	}
	ada := principal.Guest("user:default/ada", "group:default/yesterday")
	for _, tc := range []struct {
		name    string
		asked   principal.Authority
		own     bool
		subject string // of what it runs with
		path    string // of plugins before the one that runs it
		denied  string
	}{
		{"a user", ada.Through(actorOf("p", "1")), false, "user user:default/ada", "", ""},
		{"a user through another plugin", ada.Through(actorOf("outer", "1")).Through(actorOf("p", "1")), false, "user user:default/ada", "outer@today", ""},
		{"a user through a plugin that is gone", ada.Through(actorOf("gone", "1")).Through(actorOf("p", "1")), false, "", "", "gone"},
		{"somebody who may not sign in any more", principal.Guest("user:default/bob").Through(actorOf("p", "1")), false, "", "", "cannot sign in"},
		{
			"a user of an identity provider that is no more",
			principal.Authority{Subject: principal.Subject{Kind: principal.User, Issuer: "https://idp.example", ID: "user:default/ada", Ref: "user:default/ada"}}.Through(actorOf("p", "1")),
			false, "", "", "cannot sign in",
		},
		{"nobody", principal.Authority{}.Through(actorOf("p", "1")), false, "none ", "", ""},
		{"the host", principal.System().Through(actorOf("p", "1")), true, "", "", ""},
		{"the plugin itself", principal.Own(actorOf("p", "1")), true, "", "", ""},
		{"another plugin for itself", ada.Through(actorOf("asks", "1")).AsPlugin().Through(actorOf("p", "1")), false, "plugin asks", "asks@today", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, own, err := j.authorize(t.Context(), "p", job.RequesterOf(tc.asked, 1))
			if tc.denied != "" {
				if !fault.Is(err, fault.Denied) || !strings.Contains(err.Error(), tc.denied) {
					t.Fatalf("error %v, want Denied that says %q", err, tc.denied)
				}
				return
			}
			if err != nil || own != tc.own {
				t.Fatalf("own = %v, error %v", own, err)
			}
			if own {
				return // it runs with what the plugin may do for itself
			}
			var path []string
			for _, actor := range a.Actors {
				path = append(path, actor.Plugin+"@"+actor.Digest)
			}
			if got := a.Subject.Kind.String() + " " + a.Subject.ID; got != tc.subject || strings.Join(path, " ") != tc.path || a.Mode != principal.AsViewer {
				t.Errorf("it runs for %q through %v in mode %s, want %q through %q", got, path, a.Mode, tc.subject, tc.path)
			}
			if slices.Contains(a.Subject.Ownership, "group:default/yesterday") {
				t.Error("it owns through a group that was left")
			}
			if a.Subject.Kind == principal.User && !slices.Contains(a.Subject.Ownership, "group:default/today") {
				t.Errorf("it owns through %v", a.Subject.Ownership)
			}
		})
	}
}
