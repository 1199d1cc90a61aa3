package storetest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

func byteCases() []testCase {
	return []testCase{
		{"bodies and status are any bytes", func(t *testing.T, s store.Store, _ *Clock) {
			for name, body := range map[string][]byte{
				"one-byte":     {'x'},
				"nul":          []byte("{\"a\":\"\x00\"}"),
				"escaped-nul":  []byte(`{"a":"\u0000"}`),
				"not-utf-8":    {0xff, 0xfe, 0x80},
				"emoji":        []byte(`{"title":"Zahlung 💳 für Ω"}`),
				"compressible": bytes.Repeat([]byte("abcdefgh"), 1000),
				"random":       noise(5000),
			} {
				e := Entity(name)
				e.Body, e.Status = body, body
				e.Revision = apply(t, s, store.Batch{Upsert: []store.EntityRow{e}})
				if got := Load(t, s).Entities[e.Ref]; !reflect.DeepEqual(got, e) {
					t.Errorf("%s: %.100q came back as %.100q", name, body, got.Body)
				}
			}
		}},
		{"nil and empty status differ", func(t *testing.T, s store.Store, _ *Clock) {
			healthy, empty := Entity("a"), Entity("b")
			empty.Status = []byte{}
			apply(t, s, store.Batch{Upsert: []store.EntityRow{healthy, empty}})
			got := Load(t, s).Entities
			if got[refA].Status != nil || got[refB].Status == nil || len(got[refB].Status) != 0 {
				t.Errorf("status = %v and %v", got[refA].Status, got[refB].Status)
			}
		}},
		{"text is any UTF-8", func(t *testing.T, s store.Store, _ *Clock) {
			want := Entity("a")
			want.Namespace, want.Name, want.Provider, want.Location = "İstanbul", "日本語 ’quoted\" \\ %", "плагин", "file:/a\n\tb\x7f\u2028"
			want.Ref, want.UID = "компонент:e\u0301/💳", "é≠e\u0301"
			want.Revision = apply(t, s, store.Batch{
				Upsert:    []store.EntityRow{want},
				Relations: map[string][]store.RelationRow{want.Ref: {{Source: want.Ref, Type: "ъ", Target: "💳"}}},
			})
			got := Load(t, s)
			if !reflect.DeepEqual(got.Entities[want.Ref], want) {
				t.Errorf("loaded %+v\nwant   %+v", got.Entities[want.Ref], want)
			}
			if r := got.Relations[want.Ref]; len(r) != 1 || r[0].Type != "ъ" || r[0].Target != "💳" {
				t.Errorf("relations = %v", r)
			}
			if found := must[[]store.EntityRow](t)(s.GetEntities(t.Context(), []string{want.Ref})); len(found) != 1 {
				t.Errorf("GetEntities found %d by the ref", len(found))
			}
		}},
		{"refs differ by case and by normal form", func(t *testing.T, s store.Store, _ *Clock) {
			var batch store.Batch
			for i, ref := range []string{"c:d/é", "c:d/e\u0301", "c:d/A", "c:d/a", "c:d/a ", "c:d/ß", "c:d/ss"} {
				e := Entity(fmt.Sprint(i))
				e.Ref = ref
				batch.Upsert = append(batch.Upsert, e)
			}
			apply(t, s, batch)
			if got := Load(t, s).Entities; len(got) != len(batch.Upsert) {
				t.Errorf("%d entities, want %d", len(got), len(batch.Upsert))
			}
		}},
		{"entities and values of 16 MiB", func(t *testing.T, s store.Store, _ *Clock) {
			const size = 16 << 20
			random, plain := Entity("a"), Entity("b")
			random.Body, plain.Body = noise(size), bytes.Repeat([]byte("0123456789abcdef"), size/16)
			apply(t, s, store.Batch{Upsert: []store.EntityRow{random, plain, Entity("c")}})
			got := Load(t, s).Entities
			if !bytes.Equal(got[refA].Body, random.Body) || !bytes.Equal(got[refB].Body, plain.Body) || len(got) != 3 {
				t.Error("a large body came back changed")
			}
			must[[]uint64](t)(s.KVApply(t.Context(), "p", size+3, []store.KVWrite{{Key: "big", Value: random.Body}}))
			if row := must[store.KVRow](t)(s.KVGet(t.Context(), "p", "big")); !bytes.Equal(row.Value, random.Body) {
				t.Error("a large value came back changed")
			}
		}},
		{"a loaded row's slices belong to the callee", func(t *testing.T, s store.Store, _ *Clock) {
			apply(t, s, store.Batch{Upsert: entities("e", 20)})
			var kept []store.EntityRow
			if err := s.LoadEntities(t.Context(), func(e store.EntityRow) error {
				kept = append(kept, e)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			for _, e := range kept {
				if want := Entity(e.Name).Body; !bytes.Equal(e.Body, want) {
					t.Errorf("%s: body is %q after the load", e.Name, e.Body)
				}
				clear(e.Body) // must not reach the others
			}
		}},
		{"text of the other tables is refused the same", func(t *testing.T, s store.Store, clock *Clock) {
			_, err := s.KVApply(t.Context(), "p\x00", -1, []store.KVWrite{{Key: "k"}})
			wantFault(t, err, fault.Invalid)
			wantFault(t, s.AddLocation(t.Context(), store.LocationRow{ID: "1", Type: "url", Target: "\xff"}), fault.Invalid)
			wantFault(t, s.PutSession(t.Context(), store.SessionRow{ID: "1", Subject: "\x00", ExpiresAt: clock.Now()}), fault.Invalid)
		}},
		{"what cannot be stored is absent", func(t *testing.T, s store.Store, _ *Clock) {
			apply(t, s, store.Batch{Upsert: []store.EntityRow{Entity("a")}})
			if got := must[[]store.EntityRow](t)(s.GetEntities(t.Context(), []string{"\x00", refA + "\x00", "\xff", refA})); len(got) != 1 {
				t.Errorf("GetEntities returned %v", got)
			}
			_, err := s.GetSession(t.Context(), "\x00")
			wantFault(t, err, fault.NotFound)
			wantFault(t, s.DeleteLocation(t.Context(), "\xff", "user:default/x", "catalog"), fault.NotFound)
			_, err = s.KVGet(t.Context(), "\x00", "k")
			wantFault(t, err, fault.NotFound)
			if err := s.DeleteSession(t.Context(), "\x00"); err != nil {
				t.Error(err)
			}
			if n := must[int64](t)(s.KVUsage(t.Context(), "\xff")); n != 0 {
				t.Errorf("usage = %d", n)
			}
			if got := scanAll(t, s, "\x00", store.KVQuery{Limit: 1}); len(got) != 0 {
				t.Errorf("scan = %v", got)
			}
		}},
	}
}

// noise returns bytes that do not compress, the same ones each time.
func noise(n int) []byte {
	r := rand.NewChaCha8([32]byte{1})
	b := make([]byte, n)
	_, _ = r.Read(b) // never fails
	return b
}
