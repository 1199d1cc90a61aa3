package history

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/catalog"
	"github.com/callboard/callboard/host/internal/catalog/descriptor"
	"github.com/callboard/callboard/host/internal/store"
)

// plain decodes JSON so that the order of keys does not matter.
func plain(t testing.TB, raw []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return v
}

// undone takes a change back from a body.
func undone(t testing.TB, body, delta []byte) []byte {
	t.Helper()
	v, err := descriptor.ParseJSON(body, maxDepth)
	if err != nil {
		t.Fatal(err)
	}
	p := past{body: v, there: true}
	if err := p.undo(store.Updated, delta); err != nil {
		t.Fatalf("undoing %s: %v", delta, err)
	}
	return p.body.AppendJSON(nil)
}

func TestAChangeIsUndone(t *testing.T) {
	long := strings.Repeat("an API that changes little, é and 💳; ", 200)
	many := func(n int, v string) string {
		var parts []string
		for i := range n {
			parts = append(parts, fmt.Sprintf(`"k%d":%s`, i, v))
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	for _, tc := range []struct {
		name, before, after string
		fields              string // what differs, by path
		most                int    // bytes of the delta
	}{
		{"a value", `{"spec":{"owner":"a","x":1}}`, `{"spec":{"owner":"b","x":1}}`, "/spec/owner", 60},
		{"only the order of keys and the etag", `{"metadata":{"name":"n","etag":"1"},"a":1,"b":2}`, `{"b":2,"metadata":{"etag":"2","name":"n"},"a":1}`, "", 20},
		{"a key comes", `{"a":{}}`, `{"a":{"b/c":1,"~":2}}`, "/a/b~1c /a/~0", 60},
		{"a key goes", `{"a":{"b/c":{"d":[1]},"~":2}}`, `{"a":{}}`, "/a/b~1c /a/~0", 80},
		{"null is not absence", `{"a":null,"b":1}`, `{"b":null}`, "/a /b", 80},
		{"another type", `{"a":"1","b":[],"c":{}}`, `{"a":1,"b":{},"c":[]}`, "/a /b /c", 120},
		{"items of a list of the same length", `{"a":[{"n":1,"m":2},3]}`, `{"a":[{"n":2,"m":2},4]}`, "/a/0/n /a/1", 80},
		{"a list grows", `{"a":[1,2]}`, `{"a":[1,2,3]}`, "/a", 60},
		{"a little of a long text", `{"d":"` + long + `one"}`, `{"d":"` + long + `two"}`, "/d", 250},
		{"a rune in a long text", `{"d":"` + long + `é"}`, `{"d":"` + long + `è"}`, "/d", 250},
		{"a long text comes", `{}`, `{"d":"` + long + `"}`, "/d", 120},
		{"a long text shrinks to its head", `{"d":"` + long + long + `"}`, `{"d":"` + long + `"}`, "/d", len(long) + 250},
		{"more than is listed", many(100, "1"), many(100, "2"), "", 5000},
		{"the whole of it", `[]`, `{}`, "", 30},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, way := range [][2]string{{tc.before, tc.after}, {tc.after, tc.before}} {
				c, err := Compare(State{Body: []byte(way[0])}, State{Body: []byte(way[1])}, false)
				if err != nil {
					t.Fatal(err)
				}
				if got := undone(t, []byte(way[1]), c.Delta); !reflect.DeepEqual(plain(t, got), plain(t, []byte(way[0]))) {
					t.Errorf("undone to\n%.300s\nwant\n%.300s\nby %.300s", got, way[0], c.Delta)
				}
			}
			c, err := Compare(State{Body: []byte(tc.before)}, State{Body: []byte(tc.after)}, false)
			if err != nil {
				t.Fatal(err)
			}
			if len(c.Delta) > tc.most {
				t.Errorf("%d bytes, at most %d: %s", len(c.Delta), tc.most, c.Delta)
			}
			if tc.fields != "" && paths(t, c.Delta) != tc.fields {
				t.Errorf("fields %s, want %s", paths(t, c.Delta), tc.fields)
			}
		})
	}
}

func paths(t *testing.T, delta []byte) string {
	t.Helper()
	d, err := decode(delta)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range d.Fields {
		out = append(out, f.Path)
	}
	return strings.Join(out, " ")
}

func TestWhatIsShownOfAChangeIsBounded(t *testing.T) {
	body := func(v string) []byte {
		return []byte(`{"spec":{"definition":"` + strings.Repeat(v, 100_000) + `"},"list":[` + strings.Repeat("1,", 50_000+len(v)) + `1]}`)
	}
	c, err := Compare(State{Body: body("a"), Status: []byte(`["` + strings.Repeat("s", 100_000) + `"]`)}, State{Body: body("bc")}, false)
	if err != nil {
		t.Fatal(err)
	}
	d, err := decode(c.Delta)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(itemOf(&store.HistoryRow{Action: store.Updated}, d, nil))
	if err != nil {
		t.Fatal(err)
	}
	if len(raw) > 2000 || !bytes.Contains(raw, []byte(`"beforeDigest":{"sha256":"`)) || !bytes.Contains(raw, []byte(`"bytes":100002`)) {
		t.Errorf("%d bytes: %.500s", len(raw), raw)
	}
}

func TestRelationsAndStatusAreUndone(t *testing.T) {
	rel := func(kind, to string, incoming bool) catalog.Relation {
		return catalog.Relation{Type: kind, TargetRef: to, Incoming: incoming}
	}
	before := State{Body: []byte(`{}`), Relations: []catalog.Relation{rel("a", "x", true), rel("b", "y", false), rel("c", "z", true)}, Status: []byte("[1]")}
	after := State{Body: []byte(`{}`), Relations: []catalog.Relation{rel("a", "x", false), rel("b", "y", false), rel("d", "z", false)}}
	c, err := Compare(before, after, true)
	if err != nil {
		t.Fatal(err)
	}
	if c.Fields || !c.Relations || !c.Status {
		t.Errorf("%+v", c)
	}
	p := past{there: true, body: descriptor.Value{Type: descriptor.Object}, relations: relationsOf(after.Relations)}
	if err := p.undo(store.Reconnect, c.Delta); err != nil {
		t.Fatal(err)
	}
	if got := string(p.json()); got != `{"relations":[{"type":"a","targetRef":"x"},{"type":"b","targetRef":"y"},{"type":"c","targetRef":"z"}],"status":{"items":[1]}}` {
		t.Error(got)
	}
	gone, err := Erase(before)
	if err != nil {
		t.Fatal(err)
	}
	if p = (past{}); p.undo(store.Updated, c.Delta) == nil {
		t.Error("a change of something that is absent was undone")
	}
	if err := p.undo(store.Deleted, gone); err != nil || !p.there || len(p.relations) != 3 || string(p.status) != "[1]" {
		t.Errorf("%+v: %v", p, err)
	}
	if err := p.undo(store.Created, nil); err != nil || p.there {
		t.Errorf("%+v: %v", p, err)
	}
}

// FuzzUndo holds that undoing what Compare found gives what was before,
// whatever the two bodies are, and that no delta breaks the reader.
func FuzzUndo(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":"c"}],"metadata":{"etag":"1"}}`), []byte(`{"a":[2,{}],"d":null}`), []byte(`{"f":[{"p":"/a/0","x":{"h":9,"t":1,"m":""}}]}`))
	f.Add([]byte(`{"a":"`+strings.Repeat("é", 800)+`"}`), []byte(`{"a":"`+strings.Repeat("é", 801)+`"}`), []byte(`{"w":{},"s":{}}`))
	f.Add([]byte(`[]`), []byte(`{"":{"":0}}`), []byte(`{"f":[{"p":"x"},{"p":"/"}]}`))
	f.Fuzz(func(t *testing.T, before, after, delta []byte) {
		old, err := descriptor.ParseJSON(before, 50)
		if err != nil {
			return
		}
		next, err := descriptor.ParseJSON(after, 50)
		if err != nil {
			return
		}
		before, after = old.AppendJSON(nil), next.AppendJSON(nil)
		c, err := Compare(State{Body: before}, State{Body: after}, false)
		if err != nil {
			t.Fatal(err)
		}
		if got := undone(t, after, c.Delta); etagOf(before) == etagOf(after) && !reflect.DeepEqual(plain(t, got), plain(t, before)) {
			t.Errorf("%s\nundone to %s\nwant %s", after, got, before)
		}
		p := past{body: next, there: true}
		_ = p.undo(store.Updated, delta)
	})
}
