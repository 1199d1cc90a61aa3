package rows_test

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/store"
	"github.com/callboard/callboard/host/internal/store/internal/rows"
)

func TestPackUndoesItself(t *testing.T) {
	for name, raw := range map[string][]byte{
		"nil":          nil,
		"empty":        {},
		"short":        []byte("x"),
		"compressible": bytes.Repeat([]byte("callboard "), 1000),
		"not":          {0, 1, 2, 255},
	} {
		packed := rows.Pack(raw)
		got, err := rows.Unpack(packed)
		if err != nil || !bytes.Equal(got, raw) || (got == nil) != (raw == nil) {
			t.Errorf("%s: %v became %v, error %v", name, raw, got, err)
		}
		if len(packed) > len(raw)+1 {
			t.Errorf("%s: %d bytes became %d", name, len(raw), len(packed))
		}
		if name == "compressible" && len(packed) > len(raw)/10 {
			t.Errorf("%d repeating bytes became %d", len(raw), len(packed))
		}
	}
}

func TestDamageIsAnError(t *testing.T) {
	block := rows.Pack(bytes.Repeat([]byte("callboard "), 100))
	for name, packed := range map[string][]byte{
		"empty":           {},
		"unknown form":    {7, 1, 2},
		"cut off":         block[:len(block)-3],
		"an absurd size":  {1, 0xff, 0xff, 0xff, 0xff, 0x7f, 0},
		"no length":       {1},
		"a flipped start": append([]byte{1, 0xff}, block[2:]...),
	} {
		if got, err := rows.Unpack(packed); err == nil {
			t.Errorf("%s: unpacked to %q", name, got)
		}
	}
	never := func(r store.RelationRow) error { t.Errorf("a relation %v came out of damage", r); return nil }
	for name, raw := range map[string][]byte{
		"unknown flags":         {9},
		"no type":               {3},
		"type beyond the end":   {3, 200, 1, 'x'},
		"endless length":        {3, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80},
		"no target":             {1, 1, 'x'},
		"length of 4 GiB and 1": {3, 0x81, 0x80, 0x80, 0x80, 0x10},
	} {
		if err := rows.EachRelation("a", rows.Pack(raw), never); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestPrefixEnd(t *testing.T) {
	for prefix, want := range map[string][]byte{
		"": nil, "a": []byte("b"), "a\xff": []byte("b"), "a\xff\xff": []byte("b"), "\xff": nil, "\xff\xff": nil, "a\x00": []byte("a\x01"),
	} {
		if got := rows.After(prefix); !bytes.Equal(got, want) {
			t.Errorf("After(%q) = %q, want %q", prefix, got, want)
		}
	}
}

func FuzzRelations(f *testing.F) {
	f.Add("a", "b", "ownedBy", []byte{1, 1, 'x', 1, 'y'})
	f.Add("", "", "", []byte{})
	f.Add("component:default/a", "a", strings.Repeat("x", 300), []byte{3, 200, 1})
	f.Fuzz(func(t *testing.T, declarer, other, typ string, foreign []byte) {
		want := []store.RelationRow{
			{Source: declarer, Type: typ, Target: other, DeclaredBy: declarer},
			{Source: other, Type: typ, Target: declarer, DeclaredBy: declarer},
			{Source: other, Type: other, Target: typ, DeclaredBy: declarer},
			{Source: declarer, Type: "", Target: declarer, DeclaredBy: declarer},
		}
		var got []store.RelationRow
		err := rows.EachRelation(declarer, rows.PackRelations(declarer, want), func(r store.RelationRow) error {
			got = append(got, r)
			return nil
		})
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, error %v\nwant %v", got, err, want)
		}
		// Foreign bytes give an error or relations, and end.
		n := 0
		count := func(store.RelationRow) error { n++; return nil }
		_ = rows.EachRelation(declarer, foreign, count)
		_ = rows.EachRelation(declarer, rows.Pack(foreign), count)
		if n > 2*len(foreign) {
			t.Errorf("%d relations came out of %d bytes", n, len(foreign))
		}
	})
}

func TestPlanGoesOnFromTheAccount(t *testing.T) {
	plan, err := rows.PlanKV(nil, rows.KVAccount{Bytes: 10, Revision: math.MaxInt32}, -1, []store.KVWrite{{Key: "a"}, {Key: "b", Delete: true}})
	if err != nil || plan.Account.Revision != math.MaxInt32+1 || plan.Account.Bytes != 11 || len(plan.Delete) != 0 {
		t.Errorf("plan = %+v, error %v", plan, err)
	}
}
