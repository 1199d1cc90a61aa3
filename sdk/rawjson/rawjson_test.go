package rawjson_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/callboard/callboard/sdk/rawjson"
)

const doc = ` {"kind":"Component","metadata":{"name":"a\"b","annotations":{"example.com/x":"1"},"empty":{ }},"n":[1, "two",{"k":null}]} `

func TestGet(t *testing.T) {
	for _, tc := range []struct {
		name string
		path []string
		want string
		ok   bool
	}{
		{"a string", []string{"kind"}, `"Component"`, true},
		{"a key with dots", []string{"metadata", "annotations", "example.com/x"}, `"1"`, true},
		{"an array", []string{"n"}, `[1, "two",{"k":null}]`, true},
		{"an absent key", []string{"metadata", "none"}, "", false},
		{"a path through text", []string{"kind", "x"}, "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, ok := rawjson.Get([]byte(doc), tc.path...)
			if string(got) != tc.want || ok != tc.ok {
				t.Errorf("Get = %s, %v", got, ok)
			}
		})
	}
	if got := rawjson.GetString([]byte(doc), "metadata", "name"); got != `a"b` {
		t.Errorf("GetString = %q", got)
	}
}

func TestSetEqualsDecodeAndEncode(t *testing.T) {
	for _, tc := range []struct {
		name string
		path []string
	}{
		{"replaces", []string{"metadata", "annotations", "example.com/x"}},
		{"adds to an object", []string{"metadata", "annotations", "example.com/y"}},
		{"adds to an empty object", []string{"metadata", "empty", "k"}},
		{"makes the objects on the way", []string{"metadata", "labels", "a", "b"}},
		{"quotes the key", []string{"a\"\n€"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := rawjson.Set([]byte(doc), []byte(`{"v":1}`), tc.path...)
			if err != nil {
				t.Fatal(err)
			}
			var want, have map[string]any
			if err := json.Unmarshal([]byte(doc), &want); err != nil {
				t.Fatal(err)
			}
			at := want
			for _, k := range tc.path[:len(tc.path)-1] {
				next, ok := at[k].(map[string]any)
				if !ok {
					next = map[string]any{}
					at[k] = next
				}
				at = next
			}
			at[tc.path[len(tc.path)-1]] = map[string]any{"v": 1.0}
			if err := json.Unmarshal(got, &have); err != nil || !reflect.DeepEqual(have, want) {
				t.Errorf("got %s (%v)", got, err)
			}
		})
	}
	if _, err := rawjson.Set([]byte(`{"a":1}`), []byte("2"), "a", "b"); err == nil {
		t.Error("set a key inside a number")
	}
}

// Text that is nested too deep is not called broken.
func TestDepthIsNamed(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for _, tc := range []struct {
		name, doc string
		want      error
	}{
		{"as deep as is read", deep(200), nil},
		{"deeper", deep(300), rawjson.ErrDepth},
		{"broken before it is deep", `[1 "` + deep(300) + `"]`, rawjson.ErrSyntax},
		{"brackets in a string", `["` + deep(300) + `",]`, rawjson.ErrSyntax},
		{"a string without an end", `["` + deep(300), rawjson.ErrSyntax},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := rawjson.Each([]byte(tc.doc), func([]byte) {}); !errors.Is(err, tc.want) {
				t.Errorf("Each: %v, want %v", err, tc.want)
			}
			if err := rawjson.EachMember([]byte(`{"a":`+tc.doc+`}`), func(string, []byte) {}); tc.want != nil && !errors.Is(err, tc.want) {
				t.Errorf("EachMember: %v, want %v", err, tc.want)
			}
		})
	}
}

// FuzzAgainstEncodingJSON: what encoding/json accepts, rawjson reads alike.
func FuzzAgainstEncodingJSON(f *testing.F) {
	f.Add([]byte(doc), "kind")
	f.Add([]byte(`{"\u00e9\ud83d\ude00":"\ud800x"}`), "é😀")
	f.Add([]byte(`[1,]`), "")
	f.Fuzz(func(t *testing.T, b []byte, key string) {
		raw, ok := rawjson.Get(b, key)
		_ = rawjson.Each(b, func([]byte) {})
		quoted := rawjson.AppendQuote(nil, key)
		var back string
		if err := json.Unmarshal(quoted, &back); err != nil {
			t.Fatalf("AppendQuote(%q) = %s: %v", key, quoted, err)
		}
		if own, ok := rawjson.Unquote(quoted); !ok || own != back {
			t.Errorf("Unquote = %q, want %q", own, back)
		}
		if !json.Valid(b) {
			return
		}
		seen := map[string]bool{}
		twice := false
		_ = rawjson.EachMember(b, func(k string, _ []byte) { twice = twice || seen[k]; seen[k] = true })
		var m map[string]json.RawMessage
		if json.Unmarshal(b, &m) != nil || m == nil || twice {
			return
		}
		want, has := m[key]
		if has != ok || string(want) != string(raw) {
			t.Errorf("Get(%s, %q) = %s, %v; want %s, %v", b, key, raw, ok, want, has)
		}
		out, err := rawjson.Set(b, []byte("7"), key)
		if err != nil {
			t.Fatal(err)
		}
		var after map[string]json.RawMessage
		if err := json.Unmarshal(out, &after); err != nil || string(after[back]) != "7" && string(after[key]) != "7" {
			t.Errorf("Set(%s, %q) = %s: %v", b, key, out, err)
		}
	})
}
