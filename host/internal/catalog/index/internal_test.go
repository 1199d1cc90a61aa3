package index

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/principal"
)

// rowsOf flattens a body as a segment of one does.
func rowsOf(body string) []string {
	c := newCollector()
	d := newDocument(&catalog.Entity{Body: []byte(body)})
	c.add(0, &d)
	if len(c.broken) > 0 {
		return []string{"broken"}
	}
	var out []string
	for _, k := range c.columns {
		for _, r := range k.rows {
			out = append(out, k.key+"="+r.folded)
		}
		for range k.nulls {
			out = append(out, k.key)
		}
	}
	for _, f := range c.flags {
		out = append(out, f.folded+"=true")
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestRowsFollowBackstage(t *testing.T) {
	long, tooLong := strings.Repeat("v", 200), strings.Repeat("v", 201)
	for _, tc := range []struct {
		name, body string
		want       []string
	}{
		{
			"nested values, lists of strings and of objects", `{"a":1,"b":{"c":null,"e":["F","g"]},"h":[{"i":1,"j":"k"},{"i":2,"j":"l"}]}`,
			[]string{"a=1", "b.c", "b.e.f=true", "b.e.g=true", "b.e=f", "b.e=g", "h.i=1", "h.i=2", "h.j=k", "h.j=l"},
		},
		{"keys fold", `{"Spec":{"TYPE":"Service"}}`, []string{"spec.type=service"}},
		{"special keys stay out", `{"attachments":{"a":1},"relations":[{"a":1}],"status":{"a":1},"metadata":{"etag":"e","uid":"u","status":"s"}}`, []string{"metadata.status=s"}},
		{"a long value only exists", `{"a":"` + tooLong + `","b":"` + long + `"}`, []string{"a", "b=" + long}},
		{"length counts characters", `{"a":"` + strings.Repeat("ö", 200) + `","b":"` + strings.Repeat("😀", 101) + `"}`, []string{"a=" + strings.Repeat("ö", 200), "b"}},
		{"a long key is dropped", `{"` + tooLong + `":1,"l":["` + long + `"]}`, []string{"l=" + long}},
		{
			"numbers as JavaScript writes them", `{"a":[1.0,1e3,-0,1e21,1.5e-7,123456789012345678901,0.1]}`,
			[]string{"a=0", "a=0.1", "a=1", "a=1.5e-7", "a=1000", "a=123456789012345680000", "a=1e+21"},
		},
		{"booleans", `{"a":true,"b":[false]}`, []string{"a=true", "b=false"}},
		{"escapes", `{"a\u0042":"\u00C9\n\ud83d\ude00\"","c":["\u0041"]}`, []string{"ab=é\n😀\"", "c.a=true", "c=a"}},
		{"empty containers have no rows", `{"a":{},"b":[]}`, nil},
		{"a namespace of its own", `{"metadata":{"namespace":"Ops"}}`, []string{"metadata.namespace=ops"}},
		{"an empty namespace", `{"metadata":{"namespace":""}}`, []string{"metadata.namespace=", "metadata.namespace=default"}},
		{"not JSON", `{"a":}`, []string{"broken"}},
		{"not a number", `{"a":infinity}`, []string{"broken"}},
		{"no object", `[1]`, []string{"broken"}},
		{"too deep", strings.Repeat(`{"a":`, 600) + "1" + strings.Repeat("}", 600), []string{"broken"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want := tc.want
			if !strings.Contains(tc.body, "amespace") && !slices.Equal(want, []string{"broken"}) {
				want = append(slices.Clone(want), "metadata.namespace=default")
			}
			slices.Sort(want)
			if got := rowsOf(tc.body); !slices.Equal(got, want) {
				t.Errorf("\n got %q\nwant %q", got, want)
			}
		})
	}
}

func TestSubstringSearchEqualsScanning(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	var rows []row
	values := map[string]bool{}
	for id := range uint32(4000) {
		b := make([]byte, r.IntN(40))
		for i := range b {
			b[i] = "abcde-"[r.IntN(6)]
		}
		if id%500 == 0 {
			b = bytes.Repeat(b, 30) // longer than a block
		}
		values[string(b)] = true
		rows = append(rows, row{folded: string(b), id: id})
	}
	c := newColumn(&keyRows{key: "k", rows: rows}, 4000)
	if len(c.text) < 8*gramMinimum {
		t.Fatal("the text is too short to be searched by grams")
	}
	terms := []string{"a", "ab", "abc", "abc\x00", "\x00", "zzz", strings.Repeat("abcde-", 60)}
	for range 300 {
		v := c.value(uint32(r.IntN(c.values())))
		if len(v) > 2 {
			from := r.IntN(len(v) - 2)
			terms = append(terms, v[from:min(len(v), from+2+r.IntN(300))])
		}
	}
	for _, term := range terms {
		var got []string
		c.containing(term, func(v uint32) { got = append(got, c.value(v)) })
		var want []string
		for v := range values {
			if strings.Contains(v, term) {
				want = append(want, v)
			}
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("%q: got %d values, want %d", term, len(got), len(want))
		}
	}
}

func entityNamed(i int) catalog.Entity {
	return catalog.Entity{
		Ref: fmt.Sprintf("component:default/c%d", i), UID: fmt.Sprintf("u%d", i),
		Body: fmt.Appendf(nil, `{"kind":"Component","metadata":{"name":"c%d"},"spec":{"n":%d}}`, i, i%10),
	}
}

// TestMergeKeepsWhatHappenedMeanwhile replays a background merge step by step:
// entities deleted and changed after it took its copy stay deleted and changed.
func TestMergeKeepsWhatHappenedMeanwhile(t *testing.T) {
	x := New(Config{})
	x.closed = true // no merge but the one below
	var first, second []catalog.Entity
	for i := range 1000 {
		first = append(first, entityNamed(i))
		second = append(second, entityNamed(1000+i))
	}
	x.Publish(catalog.Update{Upsert: first, Revision: 1})
	x.Publish(catalog.Update{Upsert: second, Delete: []string{first[7].Ref}, Revision: 2})
	work := x.current.Load().parts
	if mergeFrom(work) != 0 {
		t.Fatal("no merge is due")
	}
	merged := x.build(living(work), 2)
	changed := entityNamed(1500)
	changed.Body = []byte(`{"kind":"Changed"}`)
	x.Publish(catalog.Update{Upsert: []catalog.Entity{changed}, Delete: []string{first[8].Ref}, Revision: 3})
	s := newSnapshot(3, replace(x.current.Load().parts, work, merged))
	if len(s.parts) != 2 || alive(s.parts) != 1998 {
		t.Fatalf("%d parts with %d entities, want 2 with 1998", len(s.parts), alive(s.parts))
	}
	for _, gone := range []int{7, 8} {
		if _, _, ok := s.find(first[gone].Ref); ok {
			t.Errorf("entity %d came back", gone)
		}
	}
	if p, id, ok := s.find(changed.Ref); !ok || !bytes.Contains(p.docs[id].full, []byte("Changed")) {
		t.Error("the change is lost")
	}
	x.Publish(catalog.Update{Reset: true, Upsert: first[:1], Revision: 4})
	if after := replace(x.current.Load().parts, work, merged); len(after) != 1 || alive(after) != 1 {
		t.Errorf("a merge brought back %d entities after a reset", alive(after)-1)
	}
}

func TestChangesLeaveFewSegments(t *testing.T) {
	x := New(Config{})
	defer x.Close()
	r := rand.New(rand.NewPCG(1, 1))
	for revision := range uint64(300) {
		u := catalog.Update{Revision: revision}
		for range 1 + r.IntN(100) {
			u.Upsert = append(u.Upsert, entityNamed(r.IntN(5000)))
		}
		x.Publish(u)
	}
	x.Settle()
	parts := x.current.Load().parts
	if len(parts) > 8 {
		t.Errorf("%d segments are left", len(parts))
	}
	if s := x.Stats(); s.Segments != len(parts) || s.Entities != alive(parts) || s.Bytes < int64(100*s.Entities) || s.Revision != 299 {
		t.Errorf("stats: %+v", s)
	}
	seen := map[string]bool{}
	for _, d := range living(parts) {
		if seen[d.ref] {
			t.Fatalf("%s is there twice", d.ref)
		}
		seen[d.ref] = true
	}
}

func TestMergeKeepsReadersWarm(t *testing.T) {
	x := New(Config{})
	var entities []catalog.Entity
	for i := range 900 {
		entities = append(entities, entityNamed(i))
	}
	x.Publish(catalog.Update{Upsert: entities, Revision: 1})
	v := principal.ViewerOf(principal.System())
	q := catalog.Query{Order: []catalog.Order{{Field: "metadata.name", Desc: true}}, FullTextTerm: "c77"}
	if page, err := x.Query(context.Background(), v, q); err != nil || page.TotalItems != 11 {
		t.Fatal(page.TotalItems, err)
	}
	for i := range entities {
		entities[i] = entityNamed(900 + i)
	}
	x.Publish(catalog.Update{Upsert: entities, Revision: 2})
	x.Settle()
	parts := x.current.Load().parts
	if len(parts) != 1 {
		t.Fatalf("%d segments, want 1", len(parts))
	}
	warm := 0
	parts[0].orderings.each(func(*ordering) { warm++ })
	if warm != 1 || parts[0].columns["metadata.name"].grams.Load() == nil {
		t.Errorf("%d orders and grams %v after the merge", warm, parts[0].columns["metadata.name"].grams.Load() != nil)
	}
}

func TestBrokenBodyIsLeftOutAndLogged(t *testing.T) {
	var log bytes.Buffer
	x := New(Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	bad := entityNamed(1)
	bad.Body = []byte(`{"kind":`)
	x.Publish(catalog.Update{Reset: true, Upsert: []catalog.Entity{entityNamed(0), bad, entityNamed(2)}, Revision: 1})
	if n := alive(x.current.Load().parts); n != 2 {
		t.Errorf("%d entities, want 2", n)
	}
	if !strings.Contains(log.String(), bad.Ref) {
		t.Errorf("the log does not name the entity: %s", log.String())
	}
}

func TestMemoIsBounded(t *testing.T) {
	m := memo[int]{limit: 8}
	for i := range 100 {
		m.put([]byte("hot"), 1)
		m.put(fmt.Append(nil, i), i)
		if v, ok := m.get(fmt.Append(nil, i)); !ok || v != i {
			t.Fatal("what was just put is not there")
		}
		if n := len(*m.entries.Load()); n > 8 {
			t.Fatalf("%d entries", n)
		}
	}
}

func FuzzRows(f *testing.F) {
	for _, seed := range []string{`{"a":[1,"x",{"b":null}]}`, `{"metadata":{"namespace":"x"}}`, `{"a":"\ud800"}`, `{`, `{"a":1}x`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s := newSegment([]document{newDocument(&catalog.Entity{Ref: "a:b/c", Body: body, Relations: []catalog.Relation{{Type: "t", TargetRef: "r"}}})}, 1)
		var object map[string]json.RawMessage
		if json.Unmarshal(body, &object) == nil && object != nil && s.broken != nil && bytes.Count(body, []byte("{"))+bytes.Count(body, []byte("[")) < maxDepth {
			t.Errorf("JSON was refused: %q", body)
		}
		for _, c := range s.columns {
			for v := range uint32(c.values()) {
				if got, ok := c.find(c.value(v)); !ok || got != v {
					t.Errorf("value %d of %q is not found", v, c.key)
				}
			}
		}
	})
}

func FuzzPredicate(f *testing.F) {
	for _, seed := range []string{`{"$all":[{"kind":"x"}]}`, `{"a":{"$in":[1,true]}}`, `{"relations":{"$contains":{"type":"t","targetRef":{"$in":["x"]}}}}`, `{"$not":{}}`} {
		f.Add([]byte(seed))
	}
	s := newSegment([]document{newDocument(&catalog.Entity{Ref: "a:b/c", Body: []byte(`{"kind":"x","a":[1]}`)})}, 1)
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := compilePredicate(data, 100)
		if err != nil {
			return
		}
		e := &evaluation{segment: s}
		if got, negated := c.eval(e).Has(0), (noneOf{c}).eval(e).Has(0); got == negated {
			t.Errorf("%s and its negation agree", data)
		}
	})
}

func FuzzCursor(f *testing.F) {
	x := New(Config{CursorKey: []byte("key")})
	good := x.seal("v", &cursor{
		criteria: &criteria{filter: catalog.Filter{{{Key: "kind", Values: []string{"x"}}}}, predicate: []byte("{}"), limits: &x.limits},
		orders:   []catalog.Order{{Field: "f", Desc: true}}, from: &position{values: []string{"v"}, has: []bool{true}, uid: "u", ref: "r"},
	})
	opened, err := x.open("v", good)
	if err != nil {
		f.Fatal(err)
	}
	if again := x.seal("v", opened); again != good {
		f.Fatal("a cursor does not survive being opened")
	}
	f.Add(good, []byte("x"))
	f.Fuzz(func(t *testing.T, sealed string, payload []byte) {
		if _, err := x.open("v", sealed); err == nil && sealed != good {
			t.Errorf("a forged cursor opens: %q", sealed)
		}
		if c, ok := x.decodeCursor(payload); ok {
			if again := x.seal("v", c); again == "" {
				t.Error("a decoded cursor cannot be sealed")
			}
		}
	})
}

func FuzzProject(f *testing.F) {
	f.Add([]byte(`{"a":{"b.c":1,"d":[1]},"e":null}`), "a.b.c")
	f.Add([]byte(`{"a":{"b":1},"a.b":2}`), "a.b")
	f.Fuzz(func(t *testing.T, body []byte, path string) {
		if !json.Valid(body) || bytes.Count(body, []byte("{"))+bytes.Count(body, []byte("[")) > maxDepth {
			return
		}
		if out := project(body, []string{path, "e"}); !json.Valid(out) {
			t.Errorf("%q of %q is %q", path, body, out)
		}
	})
}

func TestRowsSortByValueThenID(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for round := range 200 {
		n := 1 + r.IntN(900)
		rows := make([]row, n)
		prefix := strings.Repeat("p", r.IntN(20))
		for i := range rows {
			value := prefix
			if round%4 != 0 || i%7 == 0 {
				value += "ab"[:r.IntN(3)] + strings.Repeat("ab\x00c", r.IntN(12))
			}
			rows[i] = row{folded: value, id: uint32(i / 3)}
			if round%3 == 0 {
				rows[i].id = uint32(r.IntN(n))
			}
		}
		order, ends := sortRows(rows)
		if len(order) != n || ends[len(ends)-1] != uint32(n) {
			t.Fatal("rows are lost")
		}
		for i := 1; i < n; i++ {
			a, b := rows[order[i-1]], rows[order[i]]
			if slices.Contains(ends, uint32(i)) != (a.folded != b.folded) {
				t.Fatalf("round %d: a value ends at %d, or does not", round, i)
			}
			if a.folded > b.folded || a.folded == b.folded && (a.id > b.id || a.id == b.id && order[i-1] >= order[i]) {
				t.Fatalf("round %d: %q %d before %q %d", round, a.folded, a.id, b.folded, b.id)
			}
		}
	}
}
