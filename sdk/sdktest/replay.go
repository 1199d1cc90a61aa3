package sdktest

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/replay"
)

// Replayed is what came of a recorded call that ran against the plugin's Go code.
type Replayed struct {
	replay.Result
	Recording *replay.Recording
	Panic     string // with its stack; empty when there was none
}

// Response returns what a client of the route sees; the test ends if the call
// was none of a route. Content of handles that the recording does not hold is
// left out.
func (r *Replayed) Response(t testing.TB) *Response {
	t.Helper()
	header, payload, err := abi.ParseReplyHeader(r.Outcome.Reply)
	if err != nil || r.Recording.Op != abi.OpHTTPHandle.String() {
		t.Fatalf("%s %s has no response: %s", r.Recording.Op, r.Recording.ID, r.Outcome.Kind)
	}
	if header.Code != abi.CodeOK {
		var e contract.Error
		if _, err := e.UnmarshalMsg(payload); err != nil {
			t.Fatalf("reading the plugin's error: %v", err)
		}
		return problem(&sdk.Error{Code: header.Code, Message: e.Message, Retryable: e.Retryable, MissingGrant: e.MissingGrant})
	}
	var out contract.HTTPResponse
	if _, err := out.UnmarshalMsg(payload); err != nil {
		t.Fatalf("reading the plugin's response: %v", err)
	}
	resp := &Response{Status: out.Status, Header: map[string]string{}, Route: r.Recording.Route}
	for _, f := range out.Headers {
		resp.Header[f.Name] = f.Value
	}
	for _, part := range out.Body {
		resp.Body = append(resp.Body, part.Bytes...)
	}
	return resp
}

// Replay runs a recording of "callboard plugin recordings --get" against the
// plugin's Go code, natively, and holds it to the recording as a golden file.
//
// A recording of a call that was answered: the test fails for each host call,
// and for the reply, that is not the recorded one. A recording of a call that
// failed is a regression test: the test fails while the code still panics or
// still answers an internal error, and passes once it is mended. What time.Now,
// crypto/rand and the order of maps give is not replayed natively; what comes
// through the SDK is. "callboard plugin replay" runs the module itself.
func Replay(t testing.TB, p sdk.Plugin, file string) *Replayed {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatalf("opening the recording: %v", err)
	}
	defer func() { _ = f.Close() }()
	rec, err := replay.Read(f)
	switch {
	case err != nil:
		t.Fatalf("%s: %v", file, err)
	case !rec.Bodies || rec.Op == replay.Start:
		t.Fatalf("%s holds no call that can be run natively", file)
	}
	out := run(t, p, rec)
	hold(t, file, rec, out)
	return out
}

func run(t testing.TB, p sdk.Plugin, rec *replay.Recording) (out *Replayed) {
	t.Helper()
	door := replay.NewDoor(rec)
	guest, err := sdk.NewGuest(p, recordedHost{door})
	if err != nil {
		t.Fatalf("registering the plugin: %v", err)
	}
	header, _, err := abi.ParseCallHeader(rec.Input)
	if err != nil {
		t.Fatalf("reading the recorded call: %v", err)
	}
	out = &Replayed{Recording: rec}
	defer func() {
		o := replay.Outcome{Kind: sdk.CodeInternal.String(), Crashed: out.Panic != "", Stderr: out.Panic}
		if out.Panic == "" {
			o = out.Outcome
		}
		out.Result = door.Result(o)
	}()
	defer func() {
		if r := recover(); r != nil {
			out.Panic = fmt.Sprintf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	// The deadline of then has passed; a call natively has none.
	header.Deadline = header.Deadline.AddDate(1000, 0, 0)
	input := append(header.AppendTo(nil), rec.Input[abi.CallHeaderSize:]...)
	reply := guest.Handle(context.Background(), header.Op, input)
	out.Outcome = replay.Outcome{Kind: sdk.CodeInternal.String(), Reply: append([]byte(nil), reply...)}
	if h, _, err := abi.ParseReplyHeader(reply); err == nil {
		out.Outcome.Kind = h.Code.String()
	}
	return out
}

// hold compares a run with the recording.
func hold(t testing.TB, file string, rec *replay.Recording, out *Replayed) {
	t.Helper()
	if out.Panic != "" {
		t.Errorf("%s: it panics: %s", file, out.Panic)
		return
	}
	if rec.Outcome.Kind != abi.CodeOK.String() {
		if out.Outcome.Kind == sdk.CodeInternal.String() {
			t.Errorf("%s: it still answers an internal error: %s", file, strings.Join(lines(out.Log), "; "))
		}
		return
	}
	now := out.Result
	now.Outcome.Stack, now.Outcome.Stderr, now.Outcome.Fuel = rec.Outcome.Stack, rec.Outcome.Stderr, 0
	for _, difference := range rec.Same(now) {
		t.Errorf("%s: %s", file, difference)
	}
}

func lines(log []replay.Event) []string {
	var out []string
	for _, l := range log {
		out = append(out, string(l.Bytes))
	}
	return out
}

// recordedHost is a recording as the host of a guest.
type recordedHost struct{ *replay.Door }

// Call implements sdk.Host.
func (h recordedHost) Call(ctx context.Context, capability abi.Capability, op uint32, payload, _ []byte) ([]byte, abi.Code) {
	return h.Door.Call(ctx, capability, op, payload), abi.CodeOK
}
