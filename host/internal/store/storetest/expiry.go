package storetest

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

func kvExpiryCases() []testCase {
	ttl := func(clock *Clock, key, value string, d time.Duration) store.KVWrite {
		return store.KVWrite{Key: key, Value: []byte(value), ExpiresAt: clock.Now().Add(d)}
	}
	return []testCase{
		{"an expired row is absent to get, scan and usage", func(t *testing.T, s store.Store, clock *Clock) {
			set(t, s, ttl(clock, "k", "1234", time.Minute), put("stays", "1"))
			clock.Turn(time.Minute - time.Microsecond)
			if row := must[store.KVRow](t)(s.KVGet(t.Context(), "p", "k")); !row.ExpiresAt.Equal(clock.Now().Add(time.Microsecond)) {
				t.Errorf("expires at %v", row.ExpiresAt)
			}
			clock.Turn(time.Microsecond)
			_, err := s.KVGet(t.Context(), "p", "k")
			wantFault(t, err, fault.NotFound)
			if got := scan(t, s, "", "", 10); !slices.Equal(got, []string{"stays"}) {
				t.Errorf("scan = %q", got)
			}
			if got := must[int64](t)(s.KVUsage(t.Context(), "p")); got != 6 {
				t.Errorf("usage = %d, want 6", got)
			}
		}},
		{"an expired row is absent to a comparison, and its revision does not come back", func(t *testing.T, s store.Store, clock *Clock) {
			for _, key := range []string{"k", ""} { // the empty key with an empty value has no bytes
				first := set(t, s, ttl(clock, key, "", time.Minute))
				clock.Turn(time.Hour)
				_, err := s.KVApply(t.Context(), "p", noQuota, []store.KVWrite{{Key: key, Compare: true, IfRevision: first[0]}})
				wantFault(t, err, fault.Conflict)
				second := set(t, s, store.KVWrite{Key: key, Compare: true})
				if second[0] <= first[0] {
					t.Errorf("key %q: revision %d follows %d", key, second[0], first[0])
				}
			}
		}},
		{"expired rows do not count against the quota", func(t *testing.T, s store.Store, clock *Clock) {
			set(t, s, ttl(clock, "old", "1234567", time.Minute))
			clock.Turn(time.Minute)
			must[[]uint64](t)(s.KVApply(t.Context(), "p", 10, []store.KVWrite{put("new", "1234567")}))
			_, err := s.KVApply(t.Context(), "p", 10, []store.KVWrite{put("x", "")})
			wantFault(t, err, fault.Exhausted)
		}},
		{"a write sets the expiry anew", func(t *testing.T, s store.Store, clock *Clock) {
			set(t, s, ttl(clock, "k", "1", time.Minute))
			set(t, s, put("k", "2"))
			clock.Turn(time.Hour)
			if row := must[store.KVRow](t)(s.KVGet(t.Context(), "p", "k")); !row.ExpiresAt.IsZero() {
				t.Errorf("expires at %v", row.ExpiresAt)
			}
		}},
		{"sweeping deletes what expired, of every installation", func(t *testing.T, s store.Store, clock *Clock) {
			set(t, s, ttl(clock, "a", "1", time.Minute), ttl(clock, "b", "1", time.Minute), ttl(clock, "c", "1", time.Hour), put("d", "1"))
			must[[]uint64](t)(s.KVApply(t.Context(), "other", noQuota, []store.KVWrite{ttl(clock, "a", "1", time.Minute)}))
			clock.Turn(time.Minute)
			if n := must[int](t)(s.KVSweep(t.Context())); n != 3 {
				t.Errorf("swept %d, want 3", n)
			}
			if n := must[int](t)(s.KVSweep(t.Context())); n != 0 {
				t.Errorf("swept %d more", n)
			}
			if got := must[int64](t)(s.KVUsage(t.Context(), "p")); got != 4 {
				t.Errorf("usage = %d, want 4", got)
			}
			clock.Turn(-time.Hour) // what was only hidden would be seen again
			if got := scan(t, s, "", "", 10); !slices.Equal(got, []string{"c", "d"}) {
				t.Errorf("keys = %q", got)
			}
		}},
	}
}

func locationCases() []testCase {
	row := func(clock *Clock, id, target string) store.LocationRow {
		return store.LocationRow{ID: id, Type: "url", Target: target, CreatedAt: clock.Now(), CreatedBy: "user:default/guest"}
	}
	return []testCase{
		{"locations come back, oldest first", func(t *testing.T, s store.Store, clock *Clock) {
			b, c := row(clock, "b", "https://example.com/1"), row(clock, "c", "https://example.com/2")
			clock.Turn(time.Second)
			a := row(clock, "a", "https://example.com/3")
			for _, l := range []store.LocationRow{a, c, b} {
				if err := s.AddLocation(t.Context(), l); err != nil {
					t.Fatal(err)
				}
			}
			if got, want := must[[]store.LocationRow](t)(s.ListLocations(t.Context())), []store.LocationRow{b, c, a}; !reflect.DeepEqual(got, want) {
				t.Errorf("locations = %+v, want %+v", got, want)
			}
		}},
		{"a type and target exist once", func(t *testing.T, s store.Store, clock *Clock) {
			if err := s.AddLocation(t.Context(), row(clock, "1", "x")); err != nil {
				t.Fatal(err)
			}
			wantFault(t, s.AddLocation(t.Context(), row(clock, "2", "x")), fault.Conflict)
			wantFault(t, s.AddLocation(t.Context(), row(clock, "1", "y")), fault.Conflict)
			other := row(clock, "3", "x")
			other.Type = "file"
			if err := s.AddLocation(t.Context(), other); err != nil {
				t.Errorf("another type with the same target: %v", err)
			}
		}},
		{"deleting", func(t *testing.T, s store.Store, clock *Clock) {
			wantFault(t, s.DeleteLocation(t.Context(), "1", "user:default/x", "catalog"), fault.NotFound)
			if err := s.AddLocation(t.Context(), row(clock, "1", "x")); err != nil {
				t.Fatal(err)
			}
			if err := s.DeleteLocation(t.Context(), "1", "user:default/x", "catalog"); err != nil {
				t.Fatal(err)
			}
			wantFault(t, s.DeleteLocation(t.Context(), "1", "user:default/x", "catalog"), fault.NotFound)
			if got := must[[]store.LocationRow](t)(s.ListLocations(t.Context())); len(got) != 0 {
				t.Errorf("locations = %v", got)
			}
		}},
	}
}

func sessionCases() []testCase {
	row := func(clock *Clock, id string, d time.Duration) store.SessionRow {
		return store.SessionRow{
			ID: id, Subject: "user:default/guest", Issuer: "https://idp.example.com",
			CreatedAt: clock.Now(), SeenAt: clock.Now().Add(time.Second), ExpiresAt: clock.Now().Add(d),
		}
	}
	keep := func(t *testing.T, s store.Store, row store.SessionRow) {
		t.Helper()
		if err := s.PutSession(t.Context(), row); err != nil {
			t.Fatal(err)
		}
	}
	return []testCase{
		{"a session comes back, and is replaced", func(t *testing.T, s store.Store, clock *Clock) {
			for _, want := range []store.SessionRow{row(clock, "1", time.Hour), {ID: "1", Subject: "s", ExpiresAt: clock.Now().Add(time.Minute)}} {
				keep(t, s, want)
				if got := must[store.SessionRow](t)(s.GetSession(t.Context(), "1")); !reflect.DeepEqual(got, want) {
					t.Errorf("got %+v, want %+v", got, want)
				}
			}
		}},
		{"an expired session is not found", func(t *testing.T, s store.Store, clock *Clock) {
			keep(t, s, row(clock, "1", time.Minute))
			keep(t, s, store.SessionRow{ID: "no expiry"})
			clock.Turn(time.Minute)
			for _, id := range []string{"1", "no expiry", "absent"} {
				_, err := s.GetSession(t.Context(), id)
				wantFault(t, err, fault.NotFound)
			}
		}},
		{"deleting", func(t *testing.T, s store.Store, clock *Clock) {
			keep(t, s, row(clock, "1", time.Minute))
			for range 2 { // the second finds nothing, which is no fault
				if err := s.DeleteSession(t.Context(), "1"); err != nil {
					t.Fatal(err)
				}
			}
			_, err := s.GetSession(t.Context(), "1")
			wantFault(t, err, fault.NotFound)
		}},
		{"sweeping deletes what expired", func(t *testing.T, s store.Store, clock *Clock) {
			keep(t, s, row(clock, "1", time.Minute))
			keep(t, s, row(clock, "2", time.Hour))
			clock.Turn(time.Minute)
			for _, want := range []int{1, 0} {
				if n := must[int](t)(s.SweepSessions(t.Context())); n != want {
					t.Errorf("swept %d, want %d", n, want)
				}
			}
			must[store.SessionRow](t)(s.GetSession(t.Context(), "2"))
		}},
	}
}
