package sdk

import (
	"reflect"
	"strings"
	"testing"

	"github.com/callboard/callboard/sdk/contract"
)

var sample = contract.HTTPRequest{
	Method: "GET", Route: "/entities/by-name/{kind}/{namespace}/{name}", Path: "/entities/by-name/component/default/web",
	RawQuery: "a=1&b=%20", Body: []byte("body"),
	Params:  []contract.Param{{Name: "kind", Value: "component"}, {Name: "namespace", Value: "default"}, {Name: "name", Value: "wéb"}},
	Headers: []contract.Header{{Name: "Accept", Value: "application/json"}, {Name: "User-Agent", Value: ""}},
}

// FuzzDecodeRequest holds the hand-written decoder to the generated one.
func FuzzDecodeRequest(f *testing.F) {
	b, err := sample.MarshalMsg(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:len(b)-3])
	long := contract.HTTPRequest{Headers: []contract.Header{{Name: strings.Repeat("n", 40), Value: strings.Repeat("v", 300)}, {Name: "A", Value: "b"}}}
	if b, err = long.MarshalMsg(nil); err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte{0x81, 0xa1, 'a', 0xdd, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		var want contract.HTTPRequest
		_, wantErr := want.UnmarshalMsg(b)
		var got Request
		gotErr := decodeRequest(b, &got)
		if wantErr != nil || gotErr != nil {
			if wantErr == nil {
				t.Errorf("refused what the generated decoder takes: %v", gotErr)
			}
			return
		}
		same := got.Method == want.Method && got.Route == want.Route && got.Path == want.Path && got.RawQuery == want.RawQuery &&
			string(got.body) == string(want.Body) && len(got.params) == len(want.Params) && len(got.headers) == len(want.Headers)
		if !same || !sameParams(got.params, want.Params) || len(want.Headers) > 0 && !reflect.DeepEqual(got.headers, want.Headers) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}

func sameParams(got []contract.Header, want []contract.Param) bool {
	for i := range want {
		if contract.Param(got[i]) != want[i] {
			return false
		}
	}
	return true
}
