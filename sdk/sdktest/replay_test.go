package sdktest_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/replay"
	"github.com/callboard/callboard/sdk/sdktest"
)

// counter answers with a key's value and fails on an odd one, until mended.
func counter(mended bool) sdk.Plugin {
	return sdk.Plugin{Routes: sdk.Routes{"GET /count": func(ctx context.Context, _ *sdk.Request) (*sdk.Response, error) {
		entry, err := sdk.Viewer(ctx).KV().Get("count")
		if err != nil {
			return nil, err
		}
		if len(entry.Value)%2 == 1 && !mended {
			panic("an odd value")
		}
		return sdk.Text(200, "count "+string(entry.Value)), nil
	}}}
}

// recordingOf writes a file as a host would of a call to counter.
func recordingOf(t *testing.T, value, key string, outcome replay.Outcome) string {
	t.Helper()
	pack := func(m msgp.Marshaler) []byte {
		b, err := m.MarshalMsg(nil)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	request := pack(&contract.HTTPRequest{Method: "GET", Route: "/count", Path: "/count"})
	header := abi.CallHeader{Codec: abi.CodecMsgpack, Op: abi.OpHTTPHandle, PayloadLen: uint32(len(request)), CallID: 1, Deadline: time.Unix(1_700_000_000, 0)}
	answer := pack(&contract.KVEntry{Key: "count", Value: []byte(value), Revision: 1})
	ok := abi.ReplyHeader{Codec: abi.CodecMsgpack, PayloadLen: uint32(len(answer))}
	rec := &replay.Recording{
		Head:  replay.Head{Plugin: "counter", Digest: strings.Repeat("00", 32), ABI: abi.Version, Op: "http.handle/1", Bodies: true},
		Input: append(header.AppendTo(nil), request...),
		Events: []replay.Event{{
			Kind: replay.KindCall, Capability: abi.CapKV, Op: abi.KVGet, Request: pack(&contract.KVGetRequest{Key: key}),
			Answer: append(ok.AppendTo(nil), answer...),
		}},
		Outcome: outcome,
	}
	var out bytes.Buffer
	if err := replay.Write(&out, rec); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "x.replay")
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// probe is a test that may fail.
type probe struct {
	testing.TB
	failures []string
}

func (p *probe) Helper() {}

func (p *probe) Errorf(format string, args ...any) {
	p.failures = append(p.failures, fmt.Sprintf(format, args...))
}

func TestReplayAsGoldenFile(t *testing.T) {
	good := &probe{TB: t}
	reply := sdktest.Replay(good, counter(false), recordingOf(t, "even", "count", replay.Outcome{Kind: "not_found"}))
	if len(good.failures) > 0 || string(reply.Response(t).Body) != "count even" {
		t.Fatalf("%v: %+v", good.failures, reply.Outcome)
	}
	answered := replay.Outcome{Kind: "ok", Reply: reply.Outcome.Reply}
	for _, tt := range []struct {
		name string
		file string
		code sdk.Plugin
		want string // of the failure; empty = none
	}{
		{"the same", recordingOf(t, "even", "count", answered), counter(false), ""},
		{"another answer of the host", recordingOf(t, "other!", "count", answered), counter(false), "reply"},
		{"another host call", recordingOf(t, "even", "total", answered), counter(false), `+ kv.get/1 {"key":"count"}`},
		{"a crash that is still there", recordingOf(t, "odd", "count", replay.Outcome{Kind: "internal", Crashed: true}), counter(false), "an odd value"},
		{"a crash that is mended", recordingOf(t, "odd", "count", replay.Outcome{Kind: "internal", Crashed: true}), counter(true), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &probe{TB: t}
			sdktest.Replay(p, tt.code, tt.file)
			switch text := strings.Join(p.failures, "\n"); {
			case tt.want == "" && text != "":
				t.Errorf("it fails: %s", text)
			case tt.want != "" && !strings.Contains(text, tt.want):
				t.Errorf("want %q in %q", tt.want, text)
			}
		})
	}
}
