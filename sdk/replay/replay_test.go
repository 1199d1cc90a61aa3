package replay_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/replay"
)

func packed(t testing.TB, m msgp.Marshaler) []byte {
	t.Helper()
	b, err := m.MarshalMsg(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func reply(code abi.Code, payload []byte) []byte {
	h := abi.ReplyHeader{Code: code, Codec: abi.CodecMsgpack, PayloadLen: uint32(len(payload))}
	return append(h.AppendTo(nil), payload...)
}

// sample is a recording with something of everything.
func sample(t testing.TB) *replay.Recording {
	t.Helper()
	request := packed(t, &contract.HTTPRequest{
		Method: "GET", Route: "/x/{n}", Path: "/x/1", Params: []contract.Param{{Name: "n", Value: "1"}},
		Headers: []contract.Header{{Name: "Accept", Value: "text/plain"}}, Body: []byte{0, 1, 255},
	})
	h := abi.CallHeader{
		Codec: abi.CodecMsgpack, Op: abi.OpHTTPHandle, PayloadLen: uint32(len(request)), CallID: 7, ParentID: 3,
		Deadline: time.Unix(1_700_000_000, 5), TraceID: [16]byte{1}, SpanID: [8]byte{2}, Authority: 7, Body: 9,
	}
	get := packed(t, &contract.KVGetRequest{Key: "a"})
	return &replay.Recording{
		Head: replay.Head{
			Format: replay.Format, ID: "20260501-090000.000-ab", At: time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC), Plugin: "hello", Version: "1.2.3",
			Digest: strings.Repeat("ab", 32), ABI: abi.Version, Host: "1", Op: "http.handle/1", Route: "GET /x/{n}", Reason: replay.ReasonFailed,
			Authority: replay.Authority{Mode: "viewer", Kind: "user", Ref: "user:default/robin", Actors: []string{"hello@1.2.3"}},
			Limits:    replay.Limits{MemoryBytes: 1 << 26, Fuel: 5, Deadline: time.Second}, Bodies: true,
			Start: replay.Around{Seed: bytes.Repeat([]byte{3}, 32), Wall: []int64{1}, Monotonic: []int64{2, 3}},
		},
		Input: append(h.AppendTo(nil), request...),
		Events: []replay.Event{
			{Kind: replay.KindPut, Handle: 9, MediaType: "text/plain", Bytes: []byte("the body")},
			{Kind: replay.KindCall, Capability: abi.CapKV, Op: abi.KVGet, Request: get, Answer: reply(abi.CodeOK, packed(t, &contract.KVEntry{Key: "a", Value: []byte("v"), Revision: 1 << 63}))},
			{Kind: replay.KindCall, Capability: abi.CapKV, Op: abi.KVGet, Request: get, Answer: reply(abi.CodeDenied, packed(t, &contract.Error{Code: "denied", Message: "no", MissingGrant: "kv"}))},
			{Kind: replay.KindCall, Capability: 99, Op: 1<<8 | 1, Request: []byte("raw"), Answer: []byte("no header")},
			{Kind: replay.KindCall, Capability: abi.CapKV, Op: abi.KVSet, Hash: replay.Hash([]byte("much")), Size: 4, Answer: reply(abi.CodeOK, nil)},
			{Kind: replay.KindCall, Capability: abi.CapHandle, Op: abi.HandleCreate, Request: packed(t, &contract.HandleCreateRequest{Type: "a/b", Bytes: []byte("made")}), Answer: reply(abi.CodeOK, packed(t, &contract.HandleInfo{Handle: 11, Type: "a/b", Size: 4}))},
			{Kind: replay.KindStash, Handle: 12},
			{Kind: replay.KindRead, Handle: 13, Off: 0, Size: 4, Bytes: []byte("0123")},
			{Kind: replay.KindRead, Handle: 13, Off: 4, Size: 4, Bytes: []byte("45")},
			{Kind: replay.KindRead, Handle: 14, Size: 4, Bytes: []byte{}, Code: abi.CodeInvalid},
			{Kind: replay.KindWrite, Handle: 11, Off: 4, Size: 1, Bytes: []byte("!")},
			{Kind: replay.KindLog, Level: abi.LevelWarn, Bytes: []byte("broken \xff text")},
			{Kind: replay.KindSleep, Off: 1000, Stopped: true},
		},
		Around: replay.Around{Seed: bytes.Repeat([]byte{4}, 32), Wall: []int64{5, 6}, Cut: true},
		Outcome: replay.Outcome{
			Kind: "internal", Crashed: true, Cause: "unreachable", Message: "plugin hello crashed", Stack: "a\nb", Stderr: "panic: <x>", Fuel: 42, Memory: 1 << 20,
			Reply: reply(abi.CodeOK, packed(t, &contract.HTTPResponse{Status: 200, Body: []contract.BodyPart{{Handle: 11}}})),
		},
		Verified: replay.Verified{Reproduced: replay.No, Differences: []string{"x"}, Fuel: 43},
	}
}

// What is written is what is read, to the byte, packed or not.
func TestRoundTrip(t *testing.T) {
	want := sample(t)
	var plain, gz bytes.Buffer
	if err := replay.Write(&plain, want); err != nil {
		t.Fatal(err)
	}
	for _, readable := range []string{`"operation":"kv.get/1"`, `"key":"a"`, `"route":"/x/{n}"`, `"missingGrant":"kv"`, `"text":"0123"`, "panic: <x>"} {
		if !strings.Contains(plain.String(), readable) {
			t.Errorf("%s is not in\n%s", readable, plain.String())
		}
	}
	z := gzip.NewWriter(&gz)
	if _, err := z.Write(plain.Bytes()); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]*bytes.Buffer{"plain": bytes.NewBuffer(plain.Bytes()), "packed": &gz} {
		got, err := replay.Read(file)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%+v\nwant\n%+v", name, got, want)
		}
	}
}

// The door answers in order, then by content, then by itself.
func TestDoor(t *testing.T) {
	rec := sample(t)
	d := replay.NewDoor(rec)
	ctx := context.Background()
	get := packed(t, &contract.KVGetRequest{Key: "a"})
	if got := d.Call(ctx, abi.CapKV, abi.KVGet, get); !bytes.Equal(got, rec.Events[1].Answer) {
		t.Errorf("the first answer is %q", got)
	}
	if got := d.Call(ctx, abi.CapKV, abi.KVGet, get); !bytes.Equal(got, rec.Events[2].Answer) {
		t.Errorf("the second answer is %q", got)
	}
	// Out of order, and by its hash.
	if got := d.Call(ctx, abi.CapKV, abi.KVSet, []byte("much")); !bytes.Equal(got, rec.Events[4].Answer) {
		t.Errorf("the answer to a hashed request is %q", got)
	}
	header, _, err := abi.ParseReplyHeader(d.Call(ctx, abi.CapKV, abi.KVGet, packed(t, &contract.KVGetRequest{Key: "b"})))
	if err != nil || header.Code != abi.CodeUnavailable {
		t.Errorf("what is not recorded is answered with %v, %v", header, err)
	}
	r := d.Result(replay.Outcome{})
	if len(r.Divergences) != 2 || r.Unused != 2 || len(r.Steps) != 4 {
		t.Fatalf("%+v", r)
	}
	if text := r.Divergences[1].String(); !strings.Contains(text, `kv.get/1 {"key":"b"}`) || !strings.Contains(text, "unknown 1/1 3 bytes") {
		t.Error(text)
	}
}

func TestHandlesOfADoor(t *testing.T) {
	rec := sample(t)
	d := replay.NewDoor(rec)
	room := make([]byte, 16)
	read := func(handle uint32, off int64, n int) string {
		got, code := d.Read(handle, off, room[:n])
		return string(room[:got]) + " " + code.String()
	}
	for _, c := range []struct {
		handle uint32
		off    int64
		n      int
		want   string
	}{
		{9, 4, 16, "body ok"}, {13, 0, 4, "0123 ok"}, {13, 2, 16, "2345 ok"}, {13, 6, 4, " ok"}, {13, 99, 4, " unavailable"}, {77, 0, 4, " invalid"},
	} {
		if got := read(c.handle, c.off, c.n); got != c.want {
			t.Errorf("reading %d bytes of %d at %d: %q, want %q", c.n, c.handle, c.off, got, c.want)
		}
	}
	d.Call(context.Background(), abi.CapHandle, abi.HandleCreate, rec.Events[5].Request)
	if n, code := d.Write(11, 4, []byte("!")); n != 1 || code != abi.CodeOK || read(11, 0, 16) != "made! ok" {
		t.Errorf("writing: %d %v, then %q", n, code, read(11, 0, 16))
	}
	if n, code := d.Write(9, 0, []byte("x")); n != 0 || code != abi.CodeDenied {
		t.Errorf("the request's body is written: %d %v", n, code)
	}
	if h := d.Stash([]byte("long answer")); h != 12 || read(12, 5, 6) != "answer ok" {
		t.Errorf("stash %d: %q", h, read(12, 5, 6))
	}
	if h := d.Stash([]byte("more")); h == 0 || h >= 1<<31 || read(h, 0, 4) != "more ok" {
		t.Errorf("a stash that was not recorded is %d", h)
	}
}

// Time goes on where the readings end, and never back; chance is what it was.
func TestAmbient(t *testing.T) {
	rec := sample(t)
	d := replay.NewDoor(rec)
	if a, b, c := d.Now(0), d.Now(0), d.Now(0); a != 5 || b != 6 || c <= b {
		t.Errorf("the wall clock shows %d %d %d", a, b, c)
	}
	if a, b := d.Now(1), d.Now(1); a <= 0 || b <= a {
		t.Errorf("the other clock shows %d %d", a, b)
	}
	one, two := make([]byte, 40), make([]byte, 40)
	if d.Random(one[:3]) != nil || d.Random(one[3:]) != nil {
		t.Fatal("there is no randomness")
	}
	if _, err := rec.Around.Generator().Read(two); err != nil || !bytes.Equal(one, two) {
		t.Errorf("%x is not %x", one, two)
	}
	if d.Stopped() {
		t.Error("it is over before it slept")
	}
	if d.Sleep(context.Background(), time.Hour); !d.Stopped() {
		t.Error("it goes on after the sleep in which it was ended")
	}
}

// FuzzRead: bytes of anybody end with an error or with a recording that can be
// written, read again and run from.
func FuzzRead(f *testing.F) {
	var plain bytes.Buffer
	if err := replay.Write(&plain, sample(f)); err != nil {
		f.Fatal(err)
	}
	f.Add(plain.Bytes())
	for line := range strings.Lines(plain.String()) {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		rec, err := replay.Read(bytes.NewReader(b))
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := replay.Write(&out, rec); err != nil {
			return // a date that JSON cannot write, say
		}
		if _, err := replay.Read(&out); err != nil {
			t.Fatalf("what was read cannot be read again: %v\n%q", err, b)
		}
		d := replay.NewDoor(rec)
		room := make([]byte, 64)
		for i := range rec.Events {
			e := &rec.Events[i]
			d.Call(t.Context(), e.Capability, e.Op, e.Request)
			_, _ = d.Read(e.Handle, e.Off, room)
			_, _ = d.Write(e.Handle, e.Off, room)
			d.Stash(e.Bytes)
			d.Now(0)
			d.Sleep(t.Context(), time.Hour)
		}
		run := d.Result(replay.Outcome{})
		_ = rec.Same(run)
		_ = replay.Changes(rec.Recorded(), run)
	})
}
