package storetest

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

const (
	refA = "component:default/a"
	refB = "component:default/b"
)

func catalogCases() []testCase {
	return []testCase{
		{"an entity comes back as it was written, with its revision", func(t *testing.T, s store.Store, _ *Clock) {
			want := Entity("a")
			want.Status = []byte(`[{"level":"error"}]`)
			want.Orphan = true
			want.RefreshKeys = []string{"ci:a key", "ci:日本語"}
			want.Revision = apply(t, s, store.Batch{Upsert: []store.EntityRow{want}})
			if got := Load(t, s).Entities[refA]; !reflect.DeepEqual(got, want) {
				t.Errorf("loaded %+v\nwant   %+v", got, want)
			}
			if got := must[[]store.EntityRow](t)(s.GetEntities(t.Context(), []string{refA})); !reflect.DeepEqual(got, []store.EntityRow{want}) {
				t.Errorf("GetEntities = %+v\nwant %+v", got, want)
			}
		}},
		{"an upsert replaces every column", func(t *testing.T, s store.Store, _ *Clock) {
			first := Entity("a")
			first.Status, first.Orphan, first.RefreshKeys = []byte("[1]"), true, []string{"ci:a"}
			apply(t, s, store.Batch{Upsert: []store.EntityRow{first}})
			want := store.EntityRow{
				Ref: first.Ref, UID: first.UID, Kind: "k2", Namespace: "n2", Name: "m2", ETag: "e2", Provider: "p2",
				Location: "l2", Origin: "o2", Digest: "d2", Body: []byte("{}"),
			}
			want.Revision = apply(t, s, store.Batch{Upsert: []store.EntityRow{want}})
			if got := Load(t, s).Entities[refA]; !reflect.DeepEqual(got, want) {
				t.Errorf("loaded %+v\nwant   %+v", got, want)
			}
		}},
		{"absent refs are left out of GetEntities", func(t *testing.T, s store.Store, _ *Clock) {
			apply(t, s, store.Batch{Upsert: entities("e", 5)})
			got := must[[]store.EntityRow](t)(s.GetEntities(t.Context(), []string{"component:default/e-003", "x:y/z", "component:default/e-001"}))
			names := []string{}
			for _, e := range got {
				names = append(names, e.Name)
			}
			slices.Sort(names)
			if !slices.Equal(names, []string{"e-001", "e-003"}) {
				t.Errorf("got %v", names)
			}
			if got := must[[]store.EntityRow](t)(s.GetEntities(t.Context(), nil)); len(got) != 0 {
				t.Errorf("no refs gave %v", got)
			}
		}},
		{"nothing of a refused batch is written", func(t *testing.T, s store.Store, _ *Clock) {
			apply(t, s, store.Batch{
				Upsert:     []store.EntityRow{Entity("a"), Entity("b")},
				Relations:  map[string][]store.RelationRow{refA: {{Source: refA, Type: "dependsOn", Target: refB}}},
				References: map[string][]string{"provider:config": {refA, refB}},
				Sources:    []store.SourceRow{{Location: "file:/a"}},
			})
			before := Load(t, s)
			thief := Entity("thief")
			thief.UID = Entity("a").UID
			_, err := s.ApplyCatalog(t.Context(), store.Batch{
				Upsert: append(entities("new", 50), thief), Delete: []string{refB},
				Relations:  map[string][]store.RelationRow{refA: nil},
				References: map[string][]string{"provider:config": {refA}},
				Sources:    []store.SourceRow{{Location: "file:/b"}}, DropSources: []string{"file:/a"},
			})
			wantFault(t, err, fault.Conflict)
			if !strings.Contains(fault.Message(err), Entity("a").UID) {
				t.Errorf("the message %q does not name the uid", fault.Message(err))
			}
			if after := Load(t, s); !reflect.DeepEqual(after, before) {
				t.Errorf("the catalog changed:\n%+v\n%+v", before, after)
			}
			if r := must[uint64](t)(s.CatalogRevision(t.Context())); r != 1 {
				t.Errorf("revision = %d, want 1", r)
			}
			if feed := must[[]store.Change](t)(s.CatalogChanges(t.Context(), 1, 10)); len(feed) != 0 {
				t.Errorf("the feed tells of %v", feed)
			}
		}},
		{"a living entity keeps its uid", func(t *testing.T, s store.Store, _ *Clock) {
			apply(t, s, store.Batch{Upsert: []store.EntityRow{Entity("a")}})
			other := Entity("a")
			other.UID = "another"
			_, err := s.ApplyCatalog(t.Context(), store.Batch{Upsert: append(entities("new", 3), other)})
			wantFault(t, err, fault.Conflict)
			if !strings.Contains(fault.Message(err), refA) {
				t.Errorf("the message %q does not name the entity", fault.Message(err))
			}
			if got := Load(t, s).Entities; len(got) != 1 || got[refA].UID != "uid-of-a" {
				t.Errorf("the catalog holds %v", got)
			}
		}},
		{"a batch may delete an entity and give its uid or its ref to a new one", func(t *testing.T, s store.Store, _ *Clock) {
			apply(t, s, store.Batch{Upsert: []store.EntityRow{Entity("a"), Entity("b")}})
			renamed := Entity("a")
			renamed.Ref, renamed.Name = "component:default/c", "c"
			reborn := Entity("b")
			reborn.UID = "a-new-life"
			revision := apply(t, s, store.Batch{Delete: []string{refA, refB, refB}, Upsert: []store.EntityRow{renamed, reborn}})
			got := Load(t, s).Entities
			if len(got) != 2 || got["component:default/c"].UID != "uid-of-a" || got[refB].UID != "a-new-life" {
				t.Errorf("the catalog holds %+v", got)
			}
			feed := must[[]store.Change](t)(s.CatalogChanges(t.Context(), revision-1, 10))
			states := map[string]bool{}
			for _, c := range feed {
				states[c.Ref] = c.Deleted
			}
			if want := map[string]bool{refA: true, refB: false, "component:default/c": false}; !reflect.DeepEqual(states, want) {
				t.Errorf("the feed says deleted = %v, want %v", states, want)
			}
		}},
		{"batches that no backend could write are refused", func(t *testing.T, s store.Store, _ *Clock) {
			nul, latin1, bodyless, nameless := Entity("a"), Entity("a"), Entity("a"), Entity("a")
			nul.Location = "file:/a\x00b"
			latin1.Kind = "Caf\xe9"
			bodyless.Body = nil
			nameless.Ref = ""
			for name, b := range map[string]store.Batch{
				"a ref twice":               {Upsert: []store.EntityRow{Entity("a"), Entity("a")}},
				"NUL in an entity's column": {Upsert: []store.EntityRow{nul}},
				"text that is not UTF-8":    {Upsert: []store.EntityRow{latin1}},
				"no body":                   {Upsert: []store.EntityRow{bodyless}},
				"no ref":                    {Upsert: []store.EntityRow{nameless}},
				"NUL in a relation":         {Relations: map[string][]store.RelationRow{refA: {{Source: refA, Type: "x\x00", Target: refB}}}},
				"another's relation":        {Relations: map[string][]store.RelationRow{refA: {{Source: refA, Type: "x", Target: refB, DeclaredBy: refB}}}},
				"NUL in a reference":        {References: map[string][]string{refA: {"\x00"}}},
				"NUL in a source":           {Sources: []store.SourceRow{{Location: "\x00"}}},
				"NUL in a deletion":         {Delete: []string{"\x00"}},
				"NUL in a dropped source":   {DropSources: []string{"\x00"}},
			} {
				if _, err := s.ApplyCatalog(t.Context(), b); !fault.Is(err, fault.Invalid) {
					t.Errorf("%s: %v, want a fault of kind invalid", name, err)
				}
			}
			if r := must[uint64](t)(s.CatalogRevision(t.Context())); r != 0 {
				t.Errorf("revision = %d after refusals", r)
			}
		}},
		{"relations are replaced by declarer, in order", relationsReplaced},
		{"references are replaced by source, in order", func(t *testing.T, s store.Store, _ *Clock) {
			apply(t, s, store.Batch{References: map[string][]string{"provider:config": {"c", "a", "b"}, refA: {refB}, refB: {"x"}}})
			apply(t, s, store.Batch{References: map[string][]string{"provider:config": {"b", "d"}, refB: {}}})
			want := map[string][]string{"provider:config": {"b", "d"}, refA: {refB}}
			if got := Load(t, s).References; !reflect.DeepEqual(got, want) {
				t.Errorf("references = %v, want %v", got, want)
			}
		}},
		{"a deletion takes what the entity declared, and only that", func(t *testing.T, s store.Store, _ *Clock) {
			ab := store.RelationRow{Source: refA, Type: "dependsOn", Target: refB, DeclaredBy: refA}
			ba := store.RelationRow{Source: refB, Type: "partOf", Target: refA, DeclaredBy: refB}
			apply(t, s, store.Batch{
				Upsert:     []store.EntityRow{Entity("a"), Entity("b")},
				Relations:  map[string][]store.RelationRow{refA: {ab}, refB: {ba}},
				References: map[string][]string{refA: {refB}, refB: {refA}, "provider:config": {refA}},
			})
			apply(t, s, store.Batch{Delete: []string{refA}})
			got := Load(t, s)
			if _, there := got.Entities[refA]; there || len(got.Entities) != 1 {
				t.Errorf("entities = %v", got.Entities)
			}
			if want := map[string][]store.RelationRow{refB: {ba}}; !reflect.DeepEqual(got.Relations, want) {
				t.Errorf("relations = %v, want %v", got.Relations, want)
			}
			if want := map[string][]string{refB: {refA}, "provider:config": {refA}}; !reflect.DeepEqual(got.References, want) {
				t.Errorf("references = %v, want %v", got.References, want)
			}
		}},
		{"sources come back, are replaced and dropped", sourcesReplaced},
		{"loading stops at the callee's error", func(t *testing.T, s store.Store, _ *Clock) {
			apply(t, s, store.Batch{
				Upsert:     entities("e", 3),
				Relations:  map[string][]store.RelationRow{refA: {{Source: refA, Type: "x", Target: refB}, {Source: refA, Type: "y", Target: refB}}},
				References: map[string][]string{refA: {"x", "y"}},
				Sources:    []store.SourceRow{{Location: "a"}, {Location: "b"}},
			})
			enough := errors.New("enough")
			calls := 0
			stop := func() error { calls++; return enough }
			for name, err := range map[string]error{
				"LoadEntities":   s.LoadEntities(t.Context(), func(store.EntityRow) error { return stop() }),
				"LoadRelations":  s.LoadRelations(t.Context(), func(store.RelationRow) error { return stop() }),
				"LoadReferences": s.LoadReferences(t.Context(), func(store.Reference) error { return stop() }),
				"LoadSources":    s.LoadSources(t.Context(), func(store.SourceRow) error { return stop() }),
			} {
				if !errors.Is(err, enough) {
					t.Errorf("%s returned %v, want the callee's error", name, err)
				}
			}
			if calls != 4 {
				t.Errorf("%d calls, want one per load", calls)
			}
		}},
	}
}

func relationsReplaced(t *testing.T, s store.Store, _ *Clock) {
	first := []store.RelationRow{
		{Source: refA, Type: "ownedBy", Target: "group:default/x", DeclaredBy: refA},
		{Source: "group:default/x", Type: "ownerOf", Target: refA, DeclaredBy: refA},
		{Source: "user:default/u", Type: "memberOf", Target: "group:default/x", DeclaredBy: refA},
		{Source: refA, Type: "self", Target: refA, DeclaredBy: refA},
		{Source: refA, Type: "", Target: strings.Repeat("long", 100), DeclaredBy: refA},
	}
	other := []store.RelationRow{{Source: refB, Type: "ownedBy", Target: refA, DeclaredBy: refB}}
	apply(t, s, store.Batch{Relations: map[string][]store.RelationRow{refA: first, refB: other}})
	if got, want := Load(t, s).Relations, map[string][]store.RelationRow{refA: first, refB: other}; !reflect.DeepEqual(got, want) {
		t.Fatalf("relations = %v, want %v", got, want)
	}
	apply(t, s, store.Batch{Relations: map[string][]store.RelationRow{refA: first[1:2]}})
	if got, want := Load(t, s).Relations, map[string][]store.RelationRow{refA: first[1:2], refB: other}; !reflect.DeepEqual(got, want) {
		t.Errorf("after replacing: %v, want %v", got, want)
	}
	apply(t, s, store.Batch{Relations: map[string][]store.RelationRow{refA: nil}})
	if got, want := Load(t, s).Relations, map[string][]store.RelationRow{refB: other}; !reflect.DeepEqual(got, want) {
		t.Errorf("after removing: %v, want %v", got, want)
	}
}

func sourcesReplaced(t *testing.T, s store.Store, clock *Clock) {
	a := store.SourceRow{
		Location: "url:https://example.com/a.yaml", ETag: `W/"1"`, Digest: "d", Error: "broken", Entities: 7,
		CheckedAt: clock.Now(), NextAt: clock.Now().Add(time.Minute),
	}
	b := store.SourceRow{Location: "file:/b"}
	apply(t, s, store.Batch{Sources: []store.SourceRow{{Location: a.Location, Entities: 1}, b, a}}) // the last row of a location counts
	want := map[string]store.SourceRow{a.Location: a, b.Location: b}
	if got := Load(t, s).Sources; !reflect.DeepEqual(got, want) {
		t.Fatalf("sources = %+v, want %+v", got, want)
	}
	b.Error = "cannot read \xff\x00"
	apply(t, s, store.Batch{Sources: []store.SourceRow{b}, DropSources: []string{a.Location, "file:/absent"}})
	b.Error = "cannot read \uFFFD\uFFFD"
	want = map[string]store.SourceRow{b.Location: b}
	if got := Load(t, s).Sources; !reflect.DeepEqual(got, want) {
		t.Errorf("sources = %+v, want %+v", got, want)
	}
}
