package extism

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

func TestBlocks(t *testing.T) {
	var b blocks
	for _, e := range []block{{300, 10}, {100, 10}, {200, 1}} {
		b.add(e)
	}
	for _, tc := range []struct {
		at, n uint64
		want  bool
	}{
		{100, 10, true},
		{109, 1, true},
		{102, 8, true},
		{100, 0, true},
		{110, 0, true},
		{103, 8, false},
		{99, 1, false},
		{110, 1, false},
		{0, 1, false},
		{200, 8, false},
		{400, 1, false},
		{308, 8, false},
		{math.MaxUint64, 8, false},
		{100, math.MaxUint64, false},
		{math.MaxUint64 - 3, 8, false},
	} {
		if got := b.holds(tc.at, tc.n); got != tc.want {
			t.Errorf("%d bytes at %d: %v", tc.n, tc.at, got)
		}
	}
	if b.size(200) != 1 || b.size(201) != 0 || b.size(300) != 10 {
		t.Error("sizes are wrong")
	}
	if b.remove(101) || !b.remove(100) || b.holds(100, 1) || b.remove(100) {
		t.Error("a block is removed by its start, once")
	}
	b.reset()
	if b.holds(300, 1) {
		t.Error("a block is left after a reset")
	}
}

// What a guest reads of a call is all that the header has.
func TestWriteCall(t *testing.T) {
	packed, err := (&contract.HTTPRequest{Method: "PUT", Body: []byte("hé")}).MarshalMsg(nil)
	if err != nil {
		t.Fatal(err)
	}
	header := abi.CallHeader{
		Op: abi.OpHTTPHandle, Codec: abi.CodecMsgpack, CallID: math.MaxUint64, ParentID: 2, Deadline: time.UnixMilli(1_790_000_000_123),
		TraceID: [16]byte{1, 15: 2}, SpanID: [8]byte{3}, Authority: 255, Body: 7, PayloadLen: uint32(len(packed)),
	}
	text, err := writeCall(append(header.AppendTo(nil), packed...))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"op":"http.handle/1","callId":"18446744073709551615","parentId":"2","deadlineMillis":1790000000123,` +
		`"traceId":"01000000000000000000000000000002","spanId":"0300000000000000","authority":"ff","bodyHandle":7,` +
		`"payload":{"body":{"text":"hé"},"method":"PUT","path":"","route":""}}`
	if string(text) != want {
		t.Errorf("wrote\n%s\nwant\n%s", text, want)
	}
	if _, err := writeCall([]byte("short")); err == nil {
		t.Error("a header that is none was read")
	}
}

func TestReadReply(t *testing.T) {
	for _, tc := range []struct {
		name, output string
		code         abi.Code
		problem      string // why it is no reply
		want         string // in the payload
	}{
		{"a response", `{"code":"ok","payload":{"status":204}}`, abi.CodeOK, "", "\xa1s\xd1\x00\xcc"},
		{"no code", `{"payload":{"status":204}}`, abi.CodeOK, "", "\xa1s"},
		{"no payload", `{}`, abi.CodeOK, "", "\xa1s"},
		{"a refusal", `{"code":"denied","error":{"message":"no"}}`, abi.CodeDenied, "", "\xa2no"},
		{"a refusal without words", `{"code":"conflict"}`, abi.CodeConflict, "", ""},
		{"the payload of a refusal is not looked at", `{"code":"conflict","payload":7}`, abi.CodeConflict, "", ""},
		{"nothing", ``, 0, "malformed", ""},
		{"no JSON", `<html>`, 0, "malformed", ""},
		{"a list", `[]`, 0, "malformed", ""},
		{"an unknown code", `{"code":"fine"}`, 0, `no code "fine"`, ""},
		{"another payload", `{"payload":{"status":"204"}}`, 0, "HTTPResponse", ""},
		{"two replies", `{} {}`, 0, "malformed", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, err := readReply([]byte("kept"), abi.OpHTTPHandle, []byte(tc.output))
			if tc.problem != "" {
				if err == nil || !strings.Contains(err.Error(), tc.problem) {
					t.Errorf("err = %v, want %q", err, tc.problem)
				}
				return
			}
			if err != nil || !bytes.HasPrefix(out, []byte("kept")) {
				t.Fatalf("%q, %v", out, err)
			}
			header, packed, err := abi.ParseReplyHeader(out[4:])
			if err != nil || header.Code != tc.code || !strings.Contains(string(packed), tc.want) {
				t.Errorf("%+v with %q, %v", header, packed, err)
			}
		})
	}
}

// FuzzReadReply: no output of a guest makes it panic, and what it reads is a
// reply by ABI v1.
func FuzzReadReply(f *testing.F) {
	for _, s := range []string{`{}`, `{"code":"ok","payload":{"status":200,"body":[{"bytes":{"text":"x"}}]}}`, `{"code":"denied","error":{"message":"no"}}`, `{"payload":{"results":[{"entity":{"text":"{}"}}]}}`} {
		f.Add(uint8(abi.OpHTTPHandle), []byte(s))
	}
	f.Fuzz(func(t *testing.T, op uint8, output []byte) {
		out, err := readReply(nil, abi.Op(op), output)
		if err != nil {
			return
		}
		if _, _, err := abi.ParseReplyHeader(out); err != nil {
			t.Fatalf("%q became %x: %v", output, out, err)
		}
	})
}

// talk is an instance of which only callboard_call is asked.
func talk(t testing.TB, gate *plugintest.Gate) (*instance, plugin.Session) {
	t.Helper()
	limits := plugin.Limits{HostCalls: 2}.WithDefaults()
	door := gate.Open(plugin.CallInfo{Limits: limits})
	t.Cleanup(door.Close)
	return &instance{module: &compiled{loader: &Loader{operations: operations()}}, limits: limits, door: door}, door
}

func TestPerform(t *testing.T) {
	var asked []byte
	gate := &plugintest.Gate{Answer: func(_ context.Context, _ plugin.CallInfo, capability abi.Capability, op uint32, packed []byte) []byte {
		asked = bytes.Clone(packed)
		if capability != abi.CapKV || op != abi.KVGet {
			return plugintest.Refusal(abi.CodeDenied, contract.Error{Code: "denied", Message: "no", MissingGrant: "clock"})
		}
		answer, err := (&contract.KVEntry{Key: "a", Value: []byte{0xff}, Revision: math.MaxUint64}).MarshalMsg(nil)
		if err != nil {
			t.Fatal(err)
		}
		return plugintest.Answer(abi.CodeOK, abi.CodecMsgpack, answer)
	}}
	i, door := talk(t, gate)
	text, err := door.Put("text/plain", []byte("héllo"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ name, request, want string }{
		{"an answer", `{"operation":"kv.get/1","payload":{"key":"a"}}`, `{"code":"ok","payload":{"key":"a","revision":18446744073709551615,"value":{"base64":"/w=="}}}`},
		{"a denial", `{"operation":"clock.now/1"}`, `{"code":"denied","error":{"code":"denied","message":"no","missingGrant":"clock"}}`},
		{"the budget", `{"operation":"clock.now/1"}`, `{"code":"exhausted","error":{"code":"exhausted","message":"the call made more than 2 host calls"}}`},
		{"no such operation", `{"operation":"kv.fly/1"}`, `there is no operation \"kv.fly/1\"; kv has kv.get/1, kv.set/1`},
		{"another payload", `{"operation":"kv.get/1","payload":[]}`, `"code":"invalid"`},
		{"no JSON", `nonsense`, `"code":"invalid"`},
		{"nothing", ``, `"code":"invalid"`},
		{"a handle", `{"operation":"handle.read/1","payload":{"handle":1}}`, `{"code":"ok","payload":{"bytes":{"text":"héllo"},"read":6}}`},
		{"a part of one", `{"operation":"handle.read/1","payload":{"handle":1,"length":2}}`, `{"bytes":{"text":"h"},"read":1}`},
		{"the rest", `{"operation":"handle.read/1","payload":{"handle":1,"offset":1}}`, `{"bytes":{"text":"éllo"},"read":5}`},
		{"its end", `{"operation":"handle.read/1","payload":{"handle":1,"offset":6}}`, `{"bytes":{"text":""},"read":0}`},
		{"no such handle", `{"operation":"handle.read/1","payload":{"handle":9}}`, `"code":"not_found"`},
		{"before its start", `{"operation":"handle.read/1","payload":{"handle":1,"offset":-1}}`, `"code":"invalid"`},
		{"a handle that may not be written", `{"operation":"handle.write/1","payload":{"handle":1,"bytes":{"text":"x"}}}`, `"code":"denied"`},
		{"bytes that are none", `{"operation":"handle.write/1","payload":{"handle":1,"bytes":7}}`, `"code":"invalid"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := i.perform(context.Background(), []byte(tc.request)); !strings.Contains(string(got), tc.want) || !json.Valid(got) {
				t.Errorf("answered %s\nwant %s", got, tc.want)
			}
		})
	}
	if len(asked) != 0 {
		t.Errorf("clock.now/1 was asked with %x", asked)
	}
	if text != 1 {
		t.Errorf("the handle is %d", text)
	}
}

// FuzzPerform: no request of a guest makes the host panic, and every answer is JSON.
func FuzzPerform(f *testing.F) {
	for _, s := range []string{`{"operation":"kv.get/1","payload":{"key":"a"}}`, `{"operation":"handle.read/1","payload":{"handle":1,"length":3}}`, `{"operation":"handle.write/1","payload":{"handle":1,"bytes":{"base64":"AA=="}}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, request []byte) {
		i, door := talk(t, &plugintest.Gate{Answer: func(context.Context, plugin.CallInfo, abi.Capability, uint32, []byte) []byte {
			return plugintest.Answer(abi.CodeOK, abi.CodecNone, nil)
		}})
		if _, err := door.Put("text/plain", []byte("héllo")); err != nil {
			t.Fatal(err)
		}
		if answer := i.perform(context.Background(), request); !json.Valid(answer) {
			t.Fatalf("answered %q", answer)
		}
	})
}

func TestWholeRunes(t *testing.T) {
	for _, text := range []string{"", "a", "héllo", "€", "𝄞 and more", "日本"} {
		for n := range len(text) + 1 {
			got := wholeRunes([]byte(text[:n]))
			if utf8.ValidString(text[:n]) && string(got) != text[:n] {
				t.Errorf("%q lost something: %q", text[:n], got)
			}
			if len(got) == 0 && n > 0 {
				t.Errorf("nothing is left of %q", text[:n])
			}
			if !utf8.Valid(got) && len(got) > 3 {
				t.Errorf("%q is cut inside of a character: %q", text[:n], got)
			}
		}
	}
	if got := wholeRunes([]byte("ab\xff\xfe")); len(got) != 4 {
		t.Errorf("bytes that are no text became %q", got)
	}
}
