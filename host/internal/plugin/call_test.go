package plugin_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/plugin"
	"github.com/callboard/callboard/host/internal/plugin/plugintest"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

func viewer() principal.Authority { return principal.Guest("user:development/guest") }

// What the guest is told in the header and finds in the payload.
func TestCallHeader(t *testing.T) {
	var got abi.CallHeader
	var payload []byte
	st := stage(t, &script{handle: func(ctx context.Context, in []byte, d plugin.Door) ([]byte, error) {
		header, p, err := abi.ParseCallHeader(in)
		if err != nil {
			t.Errorf("the call is malformed: %v", err)
		}
		got, payload = header, bytes.Clone(p)
		return empty(ctx, in, d)
	}}, plugin.Limits{Deadline: map[abi.Op]time.Duration{abi.OpEventOn: time.Hour}})
	before := time.Now()
	reply, err := st.Call(context.Background(), plugin.Call{
		Plugin: "xx", Op: abi.OpEventOn, Authority: viewer(), Payload: msgp.Raw("payload"), ParentID: 7,
		TraceID: [16]byte{1}, SpanID: [8]byte{2}, RequestID: "r1",
	})
	if err != nil {
		t.Fatal(err)
	}
	reply.Close()
	reply.Close() // twice is fine
	if got.Op != abi.OpEventOn || got.Codec != abi.CodecMsgpack || got.ParentID != 7 || got.CallID == 0 || got.TraceID[0] != 1 || got.SpanID[0] != 2 || got.Body != 0 {
		t.Errorf("the header is %+v", got)
	}
	if d := got.Deadline.Sub(before); d < time.Hour || d > time.Hour+time.Minute {
		t.Errorf("the deadline is in %v, want an hour", d)
	}
	if string(payload) != "payload" {
		t.Errorf("the payload is %q", payload)
	}
	info := st.Gate.Last()
	if info.CallID != got.CallID || info.RequestID != "r1" || info.Limits.HostCalls != 1000 || !info.Deadline.Equal(got.Deadline) {
		t.Errorf("the gate was told %+v", info)
	}
	if n := st.Gate.Sessions(); n != 0 {
		t.Errorf("%d sessions are open after closing the reply", n)
	}
}

func TestBodies(t *testing.T) {
	for _, tc := range []struct {
		name   string
		size   int
		handle bool
	}{{"none", 0, false}, {"small", 10, false}, {"16 KiB", plugin.InlineBody, false}, {"one byte more", plugin.InlineBody + 1, true}} {
		t.Run(tc.name, func(t *testing.T) {
			body := bytes.Repeat([]byte("b"), tc.size)
			var inline, whole []byte
			st := stage(t, &script{handle: func(ctx context.Context, in []byte, d plugin.Door) ([]byte, error) {
				header, p, err := abi.ParseCallHeader(in)
				if err != nil {
					t.Fatal(err)
				}
				var req contract.HTTPRequest
				if _, err := req.UnmarshalMsg(p); err != nil || req.Method != "POST" {
					t.Errorf("the request is %+v, %v", req, err)
				}
				inline = req.Body
				if header.Body != 0 {
					whole = make([]byte, tc.size)
					if n, code := d.Read(header.Body, 0, whole); n != tc.size || code != abi.CodeOK {
						t.Errorf("reading the handle gave %d, %v", n, code)
					}
				}
				return empty(ctx, in, d)
			}}, plugin.Limits{})
			req := &contract.HTTPRequest{Method: "POST"}
			reply, err := st.Call(context.Background(), plugin.Call{Plugin: "xx", Op: abi.OpHTTPHandle, Authority: viewer(), Payload: req, Body: body})
			if err != nil {
				t.Fatal(err)
			}
			reply.Close()
			got := inline
			if tc.handle {
				got = whole
			}
			if !bytes.Equal(got, body) || (whole != nil) != tc.handle {
				t.Errorf("the guest got %d bytes inline and %d by handle", len(inline), len(whole))
			}
			if req.Body != nil {
				t.Error("the caller's request was changed")
			}
		})
	}
}

func TestRefusalsOfAGuest(t *testing.T) {
	for _, tc := range []struct {
		name    string
		code    abi.Code
		answer  contract.Error
		kind    fault.Kind
		message string
	}{
		{"not found", abi.CodeNotFound, contract.Error{Message: "no such thing"}, fault.NotFound, "no such thing"},
		{"a missing grant", abi.CodeDenied, contract.Error{Message: "may not", MissingGrant: "kv"}, fault.Denied, "may not (missing grant: kv)"},
		{"a missing grant in the message", abi.CodeDenied, contract.Error{Message: "needs kv", MissingGrant: "kv"}, fault.Denied, "needs kv"},
		{"no message", abi.CodeConflict, contract.Error{}, fault.Conflict, "conflict"},
		{"internal stays inside", abi.CodeInternal, contract.Error{Message: "password is hunter2"}, fault.Internal, "internal error"},
		{"retryable", abi.CodeUnavailable, contract.Error{Message: "later", Retryable: true}, fault.Unavailable, "later"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			st := stage(t, &script{handle: func(context.Context, []byte, plugin.Door) ([]byte, error) {
				return plugintest.Refusal(tc.code, tc.answer), nil
			}}, plugin.Limits{})
			err := send(st)
			wantKind(t, err, tc.kind)
			if got := fault.Message(err); got != tc.message {
				t.Errorf("the message is %q, want %q", got, tc.message)
			}
			var guest *plugin.GuestError
			if !errors.As(err, &guest) || guest.Plugin != "xx" || guest.Retryable != tc.answer.Retryable || guest.MissingGrant != tc.answer.MissingGrant {
				t.Errorf("the cause is %+v", guest)
			}
			status, _ := st.Get("xx")
			if status.Errors != 1 || status.Crashes != 0 || status.Instances.Idle != 1 {
				t.Errorf("afterwards: %+v", status)
			}
		})
	}
	t.Run("a malformed error", func(t *testing.T) {
		st := stage(t, &script{handle: func(context.Context, []byte, plugin.Door) ([]byte, error) {
			return plugintest.Answer(abi.CodeDenied, abi.CodecMsgpack, []byte{0xc1}), nil
		}}, plugin.Limits{})
		wantKind(t, send(st), fault.Denied)
	})
}

func TestAuthority(t *testing.T) {
	st := stage(t, &script{handle: empty}, plugin.Limits{})
	call := func(c plugin.Call) error {
		c.Plugin = "xx"
		reply, err := st.Call(context.Background(), c)
		if err == nil {
			reply.Close()
		}
		return err
	}
	through := func(ids ...string) principal.Authority {
		a := viewer()
		for _, id := range ids {
			a = a.Through(principal.Actor{Plugin: id})
		}
		return a
	}
	if err := call(plugin.Call{Authority: through("aa", "bb", "cc")}); err != nil {
		t.Fatal(err)
	}
	last := st.Gate.Last().Authority
	if actor, _ := last.Actor(); len(last.Actors) != 4 || actor.Plugin != "xx" || actor.Digest == "" || last.Subject.Ref != "user:development/guest" {
		t.Errorf("the authority is %+v", last)
	}
	wantKind(t, call(plugin.Call{Authority: through("aa", "bb", "cc", "dd")}), fault.Denied)
	wantKind(t, call(plugin.Call{Authority: through("aa", "xx", "cc")}), fault.Denied)
	if err := call(plugin.Call{Own: true, Authority: viewer()}); err != nil {
		t.Fatal(err)
	}
	if own := st.Gate.Last().Authority; own.Mode != principal.AsOwn || own.Subject.ID != "xx" || len(own.Actors) != 1 {
		t.Errorf("the plugin's own authority is %+v", own)
	}
}

func TestDescribe(t *testing.T) {
	want := contract.Description{SDK: "go/1", Routes: []contract.Route{{Method: "GET", Path: "/"}}}
	st := stage(t, &script{handle: func(context.Context, []byte, plugin.Door) ([]byte, error) {
		payload, err := want.MarshalMsg(nil)
		return plugintest.Answer(abi.CodeOK, abi.CodecMsgpack, payload), err
	}}, plugin.Limits{})
	got, err := st.Describe(context.Background(), "xx")
	if err != nil || got.SDK != want.SDK || len(got.Routes) != 1 || got.Routes[0] != want.Routes[0] {
		t.Errorf("described as %+v, %v", got, err)
	}
	st2 := stage(t, &script{handle: empty}, plugin.Limits{})
	_, err = st2.Describe(context.Background(), "xx")
	wantKind(t, err, fault.Internal) // a reply without payload describes nothing
}

// Two replies held at once keep their payloads apart.
func TestRepliesDoNotShareBuffers(t *testing.T) {
	n := byte('a')
	st := stage(t, &script{handle: func(context.Context, []byte, plugin.Door) ([]byte, error) {
		n++
		return plugintest.Answer(abi.CodeOK, abi.CodecNone, bytes.Repeat([]byte{n}, 100)), nil
	}}, plugin.Limits{})
	var replies []*plugin.Reply
	for range 3 {
		r, err := st.Call(context.Background(), plugin.Call{Plugin: "xx", Op: abi.OpHealth, Authority: viewer()})
		if err != nil {
			t.Fatal(err)
		}
		replies = append(replies, r)
	}
	for i, r := range replies {
		if want := bytes.Repeat([]byte{byte('b' + i)}, 100); !bytes.Equal(r.Payload, want) {
			t.Errorf("reply %d is %q", i, r.Payload)
		}
	}
	if st.Gate.Sessions() != 3 {
		t.Errorf("%d sessions are open, want 3", st.Gate.Sessions())
	}
	for _, r := range replies {
		r.Close()
	}
}
