package storetest

import (
	"bytes"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

// Installation returns a row of a plugin by a publisher, as a first write has it.
func Installation(publisher, plugin string) store.InstallationRow {
	return store.InstallationRow{
		ID: publisher + "/" + plugin, Publisher: publisher, Plugin: plugin, Current: "d1", Enabled: true,
	}
}

func saved(t testing.TB, s store.Store, row store.InstallationRow, action string) store.InstallationRow {
	t.Helper()
	return must[store.InstallationRow](t)(s.SaveInstallation(t.Context(), row, event(row.Plugin, action)))
}

func event(plugin, action string) store.PluginEvent {
	return store.PluginEvent{At: time.Date(2026, 2, 3, 4, 5, 6, 7000, time.UTC), Plugin: plugin, Action: action, Subject: "user:default/ada", Outcome: "done"}
}

func module(digest, plugin string, size int) store.ModuleRow {
	return store.ModuleRow{
		Digest: digest, Plugin: plugin, Version: "1.0.0", Publisher: "local", Manifest: "id: " + plugin + "\n",
		Wasm: bytes.Repeat([]byte("\x00asm"), size/4), Size: int64(size), CreatedAt: NewClock().Now(), CreatedBy: "user:default/ada",
	}
}

func pluginCases() []testCase {
	return []testCase{
		{"a module comes back whole, once", func(t *testing.T, s store.Store, _ *Clock) {
			want := module("d1", "hello", 1<<20)
			for range 2 {
				if err := s.PutModule(t.Context(), want); err != nil {
					t.Fatal(err)
				}
			}
			if got := must[store.ModuleRow](t)(s.GetModule(t.Context(), "d1")); !reflect.DeepEqual(got, want) {
				got.Wasm, want.Wasm = nil, nil
				t.Errorf("got %+v, want %+v with its bytes", got, want)
			}
			_, err := s.GetModule(t.Context(), "d2")
			wantFault(t, err, fault.NotFound)
			wantFault(t, s.PutModule(t.Context(), store.ModuleRow{Digest: "d", Plugin: "p"}), fault.Invalid)
			list := must[[]store.ModuleRow](t)(s.ListModules(t.Context(), "hello"))
			if len(list) != 1 || list[0].Wasm != nil || list[0].Size != 1<<20 {
				t.Errorf("list = %+v, want the one module without its bytes", list)
			}
		}},
		{"modules are listed newest first, and of one plugin", func(t *testing.T, s store.Store, clock *Clock) {
			for i, digest := range []string{"a", "b", "c"} {
				m := module(digest, "hello", 8)
				m.CreatedAt = clock.Now().Add(time.Duration(i%2) * time.Hour)
				if err := s.PutModule(t.Context(), m); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.PutModule(t.Context(), module("d", "other", 8)); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range must[[]store.ModuleRow](t)(s.ListModules(t.Context(), "hello")) {
				got = append(got, m.Digest)
			}
			if want := []string{"b", "a", "c"}; !reflect.DeepEqual(got, want) {
				t.Errorf("modules %q, want %q", got, want)
			}
		}},
		{"a sweep leaves the modules that installations name", func(t *testing.T, s store.Store, clock *Clock) {
			row := Installation("local", "hello")
			row.Current, row.Previous, row.Canary, row.Pending = "current", "previous", "canary", "pending"
			saved(t, s, row, "activate")
			for _, digest := range []string{"current", "previous", "canary", "pending", "old"} {
				if err := s.PutModule(t.Context(), module(digest, "hello", 8)); err != nil {
					t.Fatal(err)
				}
			}
			if n := must[int](t)(s.SweepModules(t.Context(), clock.Now())); n != 0 {
				t.Errorf("%d modules swept that are not older than the moment", n)
			}
			if n := must[int](t)(s.SweepModules(t.Context(), clock.Now().Add(time.Hour))); n != 1 {
				t.Errorf("%d modules swept, want the one that nothing names", n)
			}
			if left := must[[]store.ModuleRow](t)(s.ListModules(t.Context(), "hello")); len(left) != 4 {
				t.Errorf("%d modules left, want 4", len(left))
			}
		}},
		{"an installation comes back as written", func(t *testing.T, s store.Store, clock *Clock) {
			row := Installation("local", "hello")
			row.Previous, row.Canary, row.CanaryPercent, row.Pending, row.Reason = "d0", "d2", 5, "d3", "because"
			row.Grants, row.Limits, row.Config = []byte(`{"kv":true}`), []byte(`{"memory":"8MiB"}`), []byte(`{"a":1}`)
			row.DataSchema, row.DataCompatible, row.Migrating, row.Unproven = 4, 2, true, true
			row.RemovedAt = clock.Now()
			want := saved(t, s, row, "activate")
			if want.Revision != 1 || want.CreatedAt.IsZero() || !want.UpdatedAt.Equal(want.CreatedAt) {
				t.Errorf("written: %+v", want)
			}
			saved(t, s, Installation("local", "another"), "activate")
			got := must[store.Installations](t)(s.ListInstallations(t.Context()))
			if len(got.Rows) != 2 || got.Rows[0].Plugin != "another" || !reflect.DeepEqual(got.Rows[1], want) {
				t.Errorf("got %+v\nwant %+v second", got.Rows, want)
			}
			if bare := got.Rows[0]; bare.Grants != nil || bare.Limits != nil || bare.Config != nil {
				t.Errorf("what was never said comes back as %q, %q, %q", bare.Grants, bare.Limits, bare.Config)
			}
			if got.Revision != 2 {
				t.Errorf("revision %d after two writes", got.Revision)
			}
		}},
		{"of two writers one is told", func(t *testing.T, s store.Store, _ *Clock) {
			first := saved(t, s, Installation("local", "hello"), "activate")
			saved(t, s, first, "disable")
			_, err := s.SaveInstallation(t.Context(), first, event("hello", "enable"))
			wantFault(t, err, fault.Conflict)
			_, err = s.SaveInstallation(t.Context(), Installation("local", "hello"), event("hello", "activate"))
			wantFault(t, err, fault.Conflict)
			if r := must[uint64](t)(s.PluginsRevision(t.Context())); r != 2 {
				t.Errorf("revision %d after two writes and two refusals", r)
			}
			if h := must[[]store.PluginEvent](t)(s.PluginHistory(t.Context(), "hello", 10)); len(h) != 2 {
				t.Errorf("history %+v: a refused write must leave no line", h)
			}
		}},
		{"of many writers at once one wins each round", func(t *testing.T, s store.Store, _ *Clock) {
			row := saved(t, s, Installation("local", "hello"), "activate")
			for range 3 {
				var won atomic.Int32
				var next store.InstallationRow
				var mu sync.Mutex
				var all sync.WaitGroup
				for i := range 8 {
					all.Go(func() {
						mine := row
						mine.Current = fmt.Sprint("d", i)
						got, err := s.SaveInstallation(t.Context(), mine, event("hello", "activate"))
						if err == nil {
							won.Add(1)
							mu.Lock()
							next = got
							mu.Unlock()
						} else if !fault.Is(err, fault.Conflict) {
							t.Errorf("SaveInstallation: %v", err)
						}
					})
				}
				all.Wait()
				if won.Load() != 1 {
					t.Fatalf("%d of 8 writers won", won.Load())
				}
				row = next
			}
			if r := must[uint64](t)(s.PluginsRevision(t.Context())); r != 4 {
				t.Errorf("revision %d after four writes", r)
			}
		}},
		{"two publishers of one id: one is installed, each has its own row", func(t *testing.T, s store.Store, clock *Clock) {
			mine := saved(t, s, Installation("ours", "hello"), "activate")
			_, err := s.SaveInstallation(t.Context(), Installation("theirs", "hello"), event("hello", "activate"))
			wantFault(t, err, fault.Conflict)
			mine.RemovedAt = clock.Now()
			saved(t, s, mine, "remove")
			saved(t, s, Installation("theirs", "hello"), "activate")
			if rows := must[store.Installations](t)(s.ListInstallations(t.Context())).Rows; len(rows) != 2 || rows[0].ID == rows[1].ID {
				t.Errorf("rows %+v, want one a publisher", rows)
			}
		}},
		{"purging takes the values and their copies, and nobody else's", func(t *testing.T, s store.Store, _ *Clock) {
			set(t, s, put("k", "v")) // of installation p
			row := Installation("local", "hello")
			row.ID = "p"
			row = saved(t, s, row, "activate")
			must[[]uint64](t)(s.KVApply(t.Context(), "q", noQuota, []store.KVWrite{put("k", "v")}))
			if err := s.SnapshotKV(t.Context(), "p", 1); err != nil {
				t.Fatal(err)
			}
			wantFault(t, s.PurgeInstallation(t.Context(), "p", row.Revision+1, event("hello", "purge")), fault.Conflict)
			wantFault(t, s.PurgeInstallation(t.Context(), "none", 1, event("hello", "purge")), fault.NotFound)
			if got := scan(t, s, "", "", 9); len(got) != 1 {
				t.Errorf("a refused purge left %q", got)
			}
			if err := s.PurgeInstallation(t.Context(), "p", row.Revision, event("hello", "purge")); err != nil {
				t.Fatal(err)
			}
			if got := scan(t, s, "", "", 9); len(got) != 0 {
				t.Errorf("values left: %q", got)
			}
			if n := must[int64](t)(s.KVUsage(t.Context(), "p")); n != 0 {
				t.Errorf("%d bytes are still counted", n)
			}
			wantFault(t, s.RestoreKV(t.Context(), "p", 1), fault.NotFound)
			if _, err := s.KVGet(t.Context(), "q", "k"); err != nil {
				t.Errorf("another installation's value: %v", err)
			}
			if rows := must[store.Installations](t)(s.ListInstallations(t.Context())); len(rows.Rows) != 0 || rows.Revision != 2 {
				t.Errorf("left %+v", rows)
			}
		}},
		{"the history is newest first, of one plugin, and holds any bytes", func(t *testing.T, s store.Store, _ *Clock) {
			for _, message := range []string{"one", "two\x00\xff", "three"} {
				e := event("hello", "note")
				e.Message, e.Version, e.Digest, e.Installation = message, "1.0.0", "d1", "local/hello"
				if err := s.AddPluginEvent(t.Context(), e); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.AddPluginEvent(t.Context(), event("other", "note")); err != nil {
				t.Fatal(err)
			}
			got := must[[]store.PluginEvent](t)(s.PluginHistory(t.Context(), "hello", 2))
			if len(got) != 2 || got[0].Message != "three" || got[1].Message != "two\uFFFD\uFFFD" || got[0].ID <= got[1].ID {
				t.Errorf("history %+v", got)
			}
			if e := got[0]; !e.At.Equal(event("", "").At) || e.Version != "1.0.0" || e.Digest != "d1" || e.Installation != "local/hello" || e.Subject != "user:default/ada" {
				t.Errorf("event %+v", e)
			}
			_, err := s.PluginHistory(t.Context(), "hello", 0)
			wantFault(t, err, fault.Invalid)
		}},
		{"a lease has one holder until its time is over", func(t *testing.T, s store.Store, clock *Clock) {
			lease := func(owner string) error { return s.AcquireLease(t.Context(), "migrate/p", owner, time.Minute) }
			for _, owner := range []string{"a", "a"} { // prolonged
				if err := lease(owner); err != nil {
					t.Fatal(err)
				}
			}
			wantFault(t, lease("b"), fault.Conflict)
			if err := s.ReleaseLease(t.Context(), "migrate/p", "b"); err != nil {
				t.Fatal(err)
			}
			wantFault(t, lease("b"), fault.Conflict)
			clock.Turn(time.Minute)
			if err := lease("b"); err != nil {
				t.Errorf("a lease whose time is over: %v", err)
			}
			wantFault(t, lease("a"), fault.Conflict)
			if err := s.ReleaseLease(t.Context(), "migrate/p", "b"); err != nil {
				t.Fatal(err)
			}
			if err := lease("a"); err != nil {
				t.Errorf("a lease that was given back: %v", err)
			}
		}},
		{"restoring a copy brings the values back as they were", func(t *testing.T, s store.Store, clock *Clock) {
			expires := clock.Now().Add(time.Hour)
			before := set(t, s, put("a", "1"), store.KVWrite{Key: "b", Value: []byte("2"), ExpiresAt: expires}, put("c", "3"))
			set(t, s, store.KVWrite{Key: "gone", Value: []byte("x"), ExpiresAt: clock.Now().Add(time.Second)})
			clock.Turn(time.Minute)
			if err := s.SnapshotKV(t.Context(), "p", 3); err != nil {
				t.Fatal(err)
			}
			after := set(t, s, put("a", "changed"), put("new", "4"), store.KVWrite{Key: "c", Delete: true})
			for range 2 { // the copy stays
				if err := s.RestoreKV(t.Context(), "p", 3); err != nil {
					t.Fatal(err)
				}
				rows := scanAll(t, s, "p", store.KVQuery{Limit: 10})
				if len(rows) != 3 || string(rows[0].Value) != "1" || string(rows[1].Value) != "2" || string(rows[2].Value) != "3" {
					t.Fatalf("rows %+v", rows)
				}
				if !rows[1].ExpiresAt.Equal(expires) {
					t.Errorf("b expires at %v, want %v", rows[1].ExpiresAt, expires)
				}
				if rows[0].Revision <= after[0] || rows[0].Revision <= before[0] {
					t.Errorf("revision %d of a came back; it was %d already", rows[0].Revision, after[0])
				}
				if n := must[int64](t)(s.KVUsage(t.Context(), "p")); n != 6 {
					t.Errorf("usage %d, want 6", n)
				}
				after = set(t, s, put("a", "again"))
				if after[0] <= rows[2].Revision {
					t.Errorf("revision %d after a restore that reached %d", after[0], rows[2].Revision)
				}
			}
			wantFault(t, s.RestoreKV(t.Context(), "p", 2), fault.NotFound)
			wantFault(t, s.RestoreKV(t.Context(), "q", 3), fault.NotFound)
		}},
	}
}
