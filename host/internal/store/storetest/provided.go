package storetest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/store"
)

func providedCases() []testCase {
	provide := func(t *testing.T, s store.Store, full bool, remove []string, refs ...string) store.BucketRow {
		t.Helper()
		b := store.ProvidedBatch{Bucket: "plugin:ci", Owner: "ci", Full: full, Remove: remove, MaxEntities: 5, MaxBytes: 50}
		for _, ref := range refs {
			b.Upsert = append(b.Upsert, store.ProvidedRow{Ref: ref, Text: []byte("text of " + ref)})
		}
		return must[store.BucketRow](t)(s.ApplyProvided(t.Context(), b))
	}
	load := func(t *testing.T, s store.Store) (string, uint64) {
		t.Helper()
		bucket, rows, err := s.LoadProvided(t.Context(), "plugin:ci")
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, row := range rows {
			text += row.Ref + "=" + string(row.Text) + ";"
		}
		return text, bucket.Revision
	}
	return []testCase{
		{"a bucket is changed and replaced", func(t *testing.T, s store.Store, _ *Clock) {
			first := provide(t, s, false, nil, "b", "a")
			if text, revision := load(t, s); text != "a=text of a;b=text of b;" || revision != first.Revision || first.Entities != 2 || first.Bytes != 18 {
				t.Errorf("%q at %d, %+v", text, revision, first)
			}
			second := provide(t, s, false, []string{"a", "none"}, "c")
			if text, _ := load(t, s); text != "b=text of b;c=text of c;" || second.Revision <= first.Revision {
				t.Errorf("%q, %+v", text, second)
			}
			provide(t, s, true, nil, "d")
			if text, _ := load(t, s); text != "d=text of d;" {
				t.Errorf("%q", text)
			}
			buckets := must[[]store.BucketRow](t)(s.ListBuckets(t.Context()))
			if len(buckets) != 1 || buckets[0].Bucket != "plugin:ci" || buckets[0].Owner != "ci" || buckets[0].Entities != 1 {
				t.Errorf("%+v", buckets)
			}
			last := provide(t, s, true, nil)
			if buckets := must[[]store.BucketRow](t)(s.ListBuckets(t.Context())); len(buckets) != 0 {
				t.Errorf("an empty bucket is listed: %+v", buckets)
			}
			if again := provide(t, s, false, nil, "a"); again.Revision <= last.Revision {
				t.Errorf("revision %d after %d", again.Revision, last.Revision)
			}
		}},
		{"the changes of a bucket are read alone", func(t *testing.T, s store.Store, _ *Clock) {
			first := provide(t, s, false, nil, "a", "b", "c")
			changes := func(after uint64, refs ...string) (out string, bucket store.BucketRow) {
				bucket, rows, err := s.LoadProvidedChanges(t.Context(), "plugin:ci", after, refs)
				if err != nil {
					t.Fatal(err)
				}
				for _, row := range rows {
					out += row.Ref + "=" + string(row.Text) + ";"
				}
				return out, bucket
			}
			if got, bucket := changes(0); got != "a=text of a;b=text of b;c=text of c;" || bucket != first {
				t.Errorf("all: %q, %+v, want %+v", got, bucket, first)
			}
			if got, _ := changes(first.Revision); got != "" {
				t.Errorf("none: %q", got)
			}
			if got, _ := changes(first.Revision, "c", "none", "a"); got != "a=text of a;c=text of c;" {
				t.Errorf("those that are named: %q", got)
			}
			second := provide(t, s, true, nil, "a", "c", "d") // of which a and c are as they were
			if got, bucket := changes(first.Revision, "a", "d"); got != "a=text of a;d=text of d;" || bucket != second || second.Entities != 3 {
				t.Errorf("after a full change: %q, %+v", got, bucket)
			}
			b := store.ProvidedBatch{Bucket: "plugin:ci", Owner: "ci", MaxEntities: 5, MaxBytes: 50, Upsert: []store.ProvidedRow{{Ref: "a", Text: []byte("other")}, {Ref: "c", Text: []byte("text of c")}}}
			third := must[store.BucketRow](t)(s.ApplyProvided(t.Context(), b))
			if refs := must[[]string](t)(s.ListProvided(t.Context(), "plugin:ci")); !slices.Equal(refs, []string{"a", "c", "d"}) {
				t.Errorf("refs %v", refs)
			}
			if got, bucket := changes(second.Revision); got != "a=other;" || bucket != third {
				t.Errorf("after a text changed: %q, %+v", got, bucket)
			}
			b = store.ProvidedBatch{Bucket: "plugin:ci", Owner: "ci", MaxEntities: 1000, MaxBytes: 10_000}
			for i := range 450 { // more than one statement takes
				b.Upsert = append(b.Upsert, store.ProvidedRow{Ref: fmt.Sprintf("r%03d", i), Text: []byte("x")})
				b.Remove = append(b.Remove, fmt.Sprintf("s%03d", i))
			}
			b.Remove = append(b.Remove, "c")
			if many := must[store.BucketRow](t)(s.ApplyProvided(t.Context(), b)); many.Entities != 452 {
				t.Errorf("%+v", many)
			}
			b.Upsert, b.Full = nil, true
			if none := must[store.BucketRow](t)(s.ApplyProvided(t.Context(), b)); none.Entities != 0 || none.Bytes != 0 {
				t.Errorf("%+v", none)
			}
		}},
		{"a bucket holds what it may, or the change is none", func(t *testing.T, s store.Store, _ *Clock) {
			provide(t, s, false, nil, "a")
			for name, b := range map[string]store.ProvidedBatch{
				"entities": {MaxEntities: 1, MaxBytes: 100},
				"bytes":    {MaxEntities: 5, MaxBytes: 10},
			} {
				b.Bucket, b.Owner, b.Upsert = "plugin:ci", "ci", []store.ProvidedRow{{Ref: "b", Text: []byte("12345")}}
				_, err := s.ApplyProvided(t.Context(), b)
				if !fault.Is(err, fault.Exhausted) {
					t.Errorf("%s: %v", name, err)
				}
			}
			_, err := s.ApplyProvided(t.Context(), store.ProvidedBatch{Bucket: "plugin:ci", Owner: "ci", MaxEntities: 9, MaxBytes: 99, Upsert: []store.ProvidedRow{{Ref: "x"}, {Ref: "x"}}})
			wantFault(t, err, fault.Invalid)
			if text, _ := load(t, s); text != "a=text of a;" {
				t.Errorf("%q", text)
			}
		}},
		{"a plugin has so many buckets", func(t *testing.T, s store.Store, _ *Clock) {
			apply := func(bucket, owner string) error {
				_, err := s.ApplyProvided(t.Context(), store.ProvidedBatch{
					Bucket: bucket, Owner: owner, MaxEntities: 5, MaxBytes: 50, MaxBuckets: 2, Upsert: []store.ProvidedRow{{Ref: "a", Text: []byte("a")}},
				})
				return err
			}
			for _, bucket := range []string{"plugin:ci", "plugin:ci/a", "plugin:ci"} {
				if err := apply(bucket, "ci"); err != nil {
					t.Errorf("%s: %v", bucket, err)
				}
			}
			wantFault(t, apply("plugin:ci/b", "ci"), fault.Exhausted)
			if err := apply("plugin:other", "other"); err != nil {
				t.Errorf("of another plugin: %v", err)
			}
			if buckets := must[[]store.BucketRow](t)(s.ListBuckets(t.Context())); len(buckets) != 3 {
				t.Errorf("%+v", buckets)
			}
		}},
		{"the buckets of a plugin go together", func(t *testing.T, s store.Store, _ *Clock) {
			provide(t, s, false, nil, "a")
			for _, bucket := range []string{"plugin:ci/more", "plugin:ci-other"} {
				plugin := "ci"
				if bucket == "plugin:ci-other" {
					plugin = "ci-other"
				}
				must[store.BucketRow](t)(s.ApplyProvided(t.Context(), store.ProvidedBatch{Bucket: bucket, Owner: plugin, MaxEntities: 9, MaxBytes: 99, Upsert: []store.ProvidedRow{{Ref: "z", Text: []byte("z")}}}))
			}
			if n := must[int](t)(s.DropProvided(t.Context(), "ci")); n != 2 {
				t.Errorf("%d buckets dropped", n)
			}
			buckets := must[[]store.BucketRow](t)(s.ListBuckets(t.Context()))
			if len(buckets) != 1 || buckets[0].Bucket != "plugin:ci-other" {
				t.Errorf("%+v", buckets)
			}
			if text, _ := load(t, s); text != "" {
				t.Errorf("%q is left", text)
			}
		}},
		{"another owner of a bucket inherits nothing", func(t *testing.T, s store.Store, _ *Clock) {
			first := provide(t, s, false, nil, "a")
			next := must[store.BucketRow](t)(s.ApplyProvided(t.Context(), store.ProvidedBatch{Bucket: "plugin:ci", Owner: "other", MaxEntities: 9, MaxBytes: 99, Upsert: []store.ProvidedRow{{Ref: "b", Text: []byte("b")}}}))
			if text, _ := load(t, s); text != "b=b;" || next.Revision <= first.Revision || next.Owner != "other" {
				t.Errorf("%q, %+v", text, next)
			}
			if n := must[int](t)(s.DropProvided(t.Context(), "ci")); n != 0 {
				t.Errorf("the first owner dropped %d buckets", n)
			}
		}},
		{"writers of one bucket take turns", func(t *testing.T, s store.Store, _ *Clock) {
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					_, err := s.ApplyProvided(t.Context(), store.ProvidedBatch{
						Bucket: "plugin:ci", Owner: "ci", MaxEntities: 5, MaxBytes: 1000, Upsert: []store.ProvidedRow{{Ref: fmt.Sprint("r", i), Text: []byte("x")}},
					})
					if err != nil && !fault.Is(err, fault.Exhausted) {
						t.Errorf("ApplyProvided: %v", err)
					}
				})
			}
			wg.Wait()
			if buckets := must[[]store.BucketRow](t)(s.ListBuckets(t.Context())); buckets[0].Entities != 5 {
				t.Errorf("%+v, want the 5 that fit", buckets)
			}
		}},
		{"uses add up", func(t *testing.T, s store.Store, clock *Clock) {
			early, late := clock.Now(), clock.Now().Add(time.Minute)
			add := func(uses, denied uint64, used, refused time.Time, extents ...string) {
				t.Helper()
				var reached []store.ExtentRow
				for _, e := range extents {
					reached = append(reached, store.ExtentRow{Plugin: "ci", Capability: "catalog", Extent: e, UsedAt: used})
				}
				if err := s.AddUses(t.Context(), []store.UseRow{{Plugin: "ci", Capability: "catalog", Operation: "catalog.get/1", Uses: uses, Denied: denied, UsedAt: used, DeniedAt: refused}}, reached); err != nil {
					t.Fatal(err)
				}
			}
			add(2, 0, late, time.Time{}, "kind api", "kind component")
			add(3, 1, early, early, "kind component")
			uses, extents, err := s.ListUses(t.Context(), "ci")
			if err != nil || len(uses) != 1 || len(extents) != 2 {
				t.Fatalf("%+v, %+v, %v", uses, extents, err)
			}
			if u := uses[0]; u.Uses != 5 || u.Denied != 1 || !u.UsedAt.Equal(late) || !u.DeniedAt.Equal(early) || u.Operation != "catalog.get/1" {
				t.Errorf("%+v", u)
			}
			if e := extents[1]; e.Extent != "kind component" || !e.UsedAt.Equal(late) {
				t.Errorf("%+v", e)
			}
			if uses, _, err := s.ListUses(t.Context(), "other"); err != nil || len(uses) != 0 {
				t.Errorf("another plugin: %+v, %v", uses, err)
			}
			if err := s.DropUses(t.Context(), "ci"); err != nil {
				t.Fatal(err)
			}
			if uses, extents, err := s.ListUses(t.Context(), "ci"); err != nil || len(uses)+len(extents) != 0 {
				t.Errorf("left: %+v, %+v, %v", uses, extents, err)
			}
		}},
	}
}
