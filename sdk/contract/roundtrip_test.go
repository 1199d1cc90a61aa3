package contract

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"reflect"
	"testing"

	"github.com/tinylib/msgp/msgp"
)

// TestEncodingsAgree holds msgpack and JSON to carrying the same values: what
// is written in a replay file is what was on the wire.
func TestEncodingsAgree(t *testing.T) {
	type message interface {
		msgp.Marshaler
		msgp.Unmarshaler
	}
	for _, tc := range []struct {
		name  string
		value message
		fresh func() message
	}{
		{"unicode and control characters", &LogRecord{Message: "héllo wörld € 𝄞 \u2028 \x00 <script>", Attrs: []LogAttr{{Key: "日本", Value: "\t\"\\"}}}, func() message { return &LogRecord{} }},
		{"the largest numbers", &KVEntry{Key: "k", Value: []byte{0, 255}, Revision: math.MaxUint64, ExpiresAt: math.MinInt64}, func() message { return &KVEntry{} }},
		{"a number above 2^53", &CatalogHandle{Handle: math.MaxUint32, Size: 1<<53 + 1, Revision: 1<<63 + 1}, func() message { return &CatalogHandle{} }},
		{"negative numbers", &CatalogQueryRequest{Limit: -1}, func() message { return &CatalogQueryRequest{} }},
		{"lists in lists", &CatalogQueryRequest{Filter: []FilterAll{{Terms: []FilterTerm{{Key: "a", Values: []string{"", "b"}}}}}}, func() message { return &CatalogQueryRequest{} }},
		{"optional values", &KVBatchRequest{Ops: []KVOp{{Set: &KVSetRequest{Key: "k", Value: []byte("v")}}, {Delete: &KVDeleteRequest{Key: "k"}}}}, func() message { return &KVBatchRequest{} }},
		{"raw JSON keeps its numbers", &ProcessItem{Ref: "r", Entity: []byte(`{"n":12345678901234567890123,"f":1.0,"e":1e400}`)}, func() message { return &ProcessItem{} }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			packed, err := tc.value.MarshalMsg(nil)
			if err != nil {
				t.Fatal(err)
			}
			fromPack := tc.fresh()
			if rest, err := fromPack.UnmarshalMsg(packed); err != nil || len(rest) > 0 {
				t.Fatalf("msgpack: %v, %d bytes left", err, len(rest))
			}
			text, err := json.Marshal(fromPack)
			if err != nil {
				t.Fatal(err)
			}
			fromText := tc.fresh()
			if err := json.Unmarshal(text, fromText); err != nil {
				t.Fatal(err)
			}
			again, err := fromText.MarshalMsg(nil)
			if err != nil {
				t.Fatal(err)
			}
			if string(again) != string(packed) {
				t.Errorf("JSON changed the message\n in %#v\nout %#v\nJSON %s", tc.value, fromText, text)
			}
		})
	}
}

// TestEmptyAndNil: on the wire a nil list and an empty one are the same, and
// nil bytes and empty bytes are; code must not tell them apart.
func TestEmptyAndNil(t *testing.T) {
	encode := func(m msgp.Marshaler) string {
		b, err := m.MarshalMsg(nil)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if encode(&FilterTerm{Key: "k"}) != encode(&FilterTerm{Key: "k", Values: []string{}}) {
		t.Error("a nil list differs from an empty one")
	}
	if encode(&BodyPart{}) != encode(&BodyPart{Bytes: []byte{}}) {
		t.Error("nil bytes differ from empty ones")
	}
	var term FilterTerm
	if _, err := term.UnmarshalMsg([]byte(encode(&FilterTerm{Key: "k"}))); err != nil || len(term.Values) != 0 {
		t.Errorf("an empty list came back as %v, %v", term.Values, err)
	}
}

// TestNumbersInsideAnyDiffer pins why no contract type has an any in it: the
// codecs give numbers other types. Free-form data crosses as raw JSON.
func TestNumbersInsideAnyDiffer(t *testing.T) {
	in := map[string]any{"small": int64(1), "big": uint64(math.MaxUint64), "float": 1.5}
	packed, err := msgp.AppendIntf(nil, in)
	if err != nil {
		t.Fatal(err)
	}
	fromPack, _, err := msgp.ReadIntfBytes(packed)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var fromText map[string]any
	if err := json.Unmarshal(text, &fromText); err != nil {
		t.Fatal(err)
	}
	big1, _ := new(big.Float).SetUint64(math.MaxUint64).Float64()
	if want := map[string]any{"small": 1.0, "big": big1, "float": 1.5}; !reflect.DeepEqual(fromText, want) {
		t.Errorf("JSON gives %#v", fromText)
	}
	if m, ok := fromPack.(map[string]any); !ok || m["small"] != int64(1) || m["big"] != uint64(math.MaxUint64) {
		t.Errorf("msgpack gives %#v", fromPack)
	}
	for _, typ := range []reflect.Type{
		reflect.TypeFor[HTTPRequest](), reflect.TypeFor[HTTPResponse](), reflect.TypeFor[ProcessRequest](),
		reflect.TypeFor[ProcessReply](), reflect.TypeFor[CatalogQueryRequest](), reflect.TypeFor[CatalogByRefsRequest](),
		reflect.TypeFor[KVBatchRequest](), reflect.TypeFor[LogRecord](), reflect.TypeFor[RenderValidateRequest](),
		reflect.TypeFor[HTTPFetchRequest](), reflect.TypeFor[Description](), reflect.TypeFor[Error](),
	} {
		if path := findAny(typ); path != "" {
			t.Errorf("%s%s is an any", typ.Name(), path)
		}
	}
}

func findAny(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Interface:
		return " "
	case reflect.Slice, reflect.Pointer, reflect.Array:
		return findAny(t.Elem())
	case reflect.Map:
		return findAny(t.Elem()) + findAny(t.Key())
	case reflect.Struct:
		for i := range t.NumField() {
			if path := findAny(t.Field(i).Type); path != "" {
				return "." + t.Field(i).Name + path
			}
		}
	}
	return ""
}

// TestAHostileHeaderAllocatesLittle: a list that claims four billion elements
// is refused before anything is made for them.
func TestAHostileHeaderAllocatesLittle(t *testing.T) {
	for _, tc := range []struct {
		name  string
		value msgp.Unmarshaler
		key   byte
	}{
		{"headers of a response", &HTTPResponse{}, 'h'},
		{"parts of a response", &HTTPResponse{}, 'b'},
		{"results", &ProcessReply{}, 'r'},
		{"routes", &Description{}, 'r'},
		{"refs", &CatalogByRefsRequest{}, 'r'},
		{"writes", &KVBatchRequest{}, 'o'},
	} {
		t.Run(tc.name, func(t *testing.T) {
			hostile := []byte{0x81, 0xa1, tc.key, 0xdd, 0xff, 0xff, 0xff, 0xff}
			if _, err := tc.value.UnmarshalMsg(hostile); !errors.Is(err, msgp.ErrLimitExceeded) {
				t.Errorf("err = %v", err)
			}
		})
	}
}
