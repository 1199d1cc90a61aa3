package authn_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/authn"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

type directory struct{}

func (directory) Profile(_ context.Context, ref string) authn.Profile {
	return authn.Profile{Ref: ref, DisplayName: ref, Ownership: []string{"group:default/team-of-" + ref}}
}

// sessions is store.Sessions in memory; storetest holds the real ones.
type sessions struct {
	rows map[string]store.SessionRow
	now  func() time.Time
}

func (s *sessions) PutSession(_ context.Context, r store.SessionRow) error {
	s.rows[r.ID] = r
	return nil
}

func (s *sessions) GetSession(_ context.Context, id string) (store.SessionRow, error) {
	r, ok := s.rows[id]
	if !ok || !s.now().Before(r.ExpiresAt) {
		return store.SessionRow{}, fault.New(fault.NotFound, "no such session")
	}
	return r, nil
}

func (s *sessions) DeleteSession(_ context.Context, id string) error {
	delete(s.rows, id)
	return nil
}

func (s *sessions) SweepSessions(context.Context) (int, error) { return 0, nil }

func TestPersonas(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	rows := &sessions{rows: map[string]store.SessionRow{}, now: clock}
	config := authn.Config{
		Guest: true, Default: "user:default/a", Personas: []string{"user:default/b"},
		Directory: directory{}, Sessions: rows, Now: clock, Lifetime: time.Hour,
	}
	a := authn.New(config)
	who := func(cookie string) string {
		t.Helper()
		authority, err := a.Authenticate(t.Context(), cookie)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(authority.Subject.Ownership, "group:default/team-of-"+authority.Subject.Ref) {
			t.Errorf("%s owns through %v", authority.Subject.Ref, authority.Subject.Ownership)
		}
		return authority.Subject.Ref
	}
	if got := who(""); got != "user:default/a" {
		t.Errorf("without a cookie: %s", got)
	}
	if got := who("made-up"); got != "user:default/a" {
		t.Errorf("with a made-up cookie: %s", got)
	}
	first, _, err := a.Switch(t.Context(), "", "user:default/b")
	if err != nil || who(first) != "user:default/b" {
		t.Fatalf("after the switch: %v", err)
	}
	if _, stored := rows.rows[first]; stored {
		t.Error("the store holds the cookie itself")
	}
	second, _, err := a.Switch(t.Context(), first, "user:default/a")
	if err != nil || first == second || who(first) != "user:default/a" || len(rows.rows) != 1 {
		t.Errorf("the old session outlived the switch: %v, %d rows", err, len(rows.rows))
	}
	if _, _, err := a.Switch(t.Context(), "", "user:default/root"); !fault.Is(err, fault.Invalid) {
		t.Errorf("an unlisted persona: %v", err)
	}
	third, _, err := a.Switch(t.Context(), "", "user:default/b")
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(2 * time.Hour)
	if got := who(third); got != "user:default/a" {
		t.Errorf("an expired session is still %s", got)
	}
	config.Guest = false
	if _, err := authn.New(config).Authenticate(t.Context(), third); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("guests off: %v", err)
	}
}
