package plugin_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/capability/plugin"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// peers notes what reaches the plugin that is called.
type peers struct {
	got    *plugin.Request
	answer plugin.Answer
	err    error
}

func (p *peers) CallRoute(_ context.Context, r *plugin.Request) (*plugin.Answer, error) {
	p.got = r
	return &p.answer, p.err
}

var ada = principal.Guest("user:default/ada").Through(principal.Actor{Plugin: "outer", Digest: "o"}).Through(principal.Actor{Plugin: "asks", Digest: "d"})

func open(t *testing.T, p *peers, scope string) *capability.Session {
	t.Helper()
	table, err := capability.NewTable(plugin.New(p))
	if err != nil {
		t.Fatal(err)
	}
	rights, err := table.Resolve([]capability.Request{{Name: "plugin", Reason: "a test", Scope: json.RawMessage(scope)}}, nil, true)
	if err != nil {
		t.Fatal(err)
	}
	g := capability.NewGate(capability.Config{Table: table})
	g.SetRights("asks", "d", rights)
	return g.Open(capability.Opening{Plugin: "asks", Digest: "d", Authority: ada, CallID: 7})
}

func ask(t *testing.T, s *capability.Session, id abi.Capability, op uint32, q msgp.Marshaler, into msgp.Unmarshaler) (abi.Code, contract.Error) {
	t.Helper()
	payload, err := q.MarshalMsg(nil)
	if err != nil {
		t.Fatal(err)
	}
	header, body, err := abi.ParseReplyHeader(s.Call(t.Context(), id, op, payload))
	if err != nil {
		t.Fatal(err)
	}
	var e contract.Error
	if header.Code != abi.CodeOK {
		into = &e
	}
	if _, err := into.UnmarshalMsg(body); err != nil {
		t.Fatal(err)
	}
	return header.Code, e
}

func TestWhatCrossesToTheOtherPlugin(t *testing.T) {
	p := &peers{answer: plugin.Answer{Status: 201, MediaType: "text/plain", Body: [][]byte{[]byte("he"), []byte("llo")}}}
	s := open(t, p, `{"plugins": [{"id": "shop", "methods": ["POST"]}]}`)
	var a contract.PluginCallAnswer
	code, e := ask(t, s, abi.CapPlugin, abi.PluginCall, &contract.PluginCallRequest{
		Plugin: "shop", Method: "post", Path: "/orders/a%20b?x=1&y=%2f", Body: []byte("{}"), Headers: []contract.Header{
			{Name: "Content-Type", Value: "application/json"},
			{Name: "Cookie", Value: "callboard-session=x"},
			{Name: "Authorization", Value: "Bearer x"},
			{Name: "X-Forwarded-For", Value: "10.0.0.1"},
			{Name: "Host", Value: "evil"},
			{Name: "If-Match", Value: "\"1\"\r\nCookie: a=b"},
			{Name: "Accept", Value: "text/plain"},
		},
	}, &a)
	if code != abi.CodeOK {
		t.Fatalf("%s %+v", code, e)
	}
	r := p.got
	if r.Method != "POST" || r.Path != "/orders/a%20b" || r.RawQuery != "x=1&y=%2f" || string(r.Body) != "{}" || r.MediaType != "application/json" || r.ParentID != 7 {
		t.Errorf("the request is %+v", r)
	}
	var names []string
	for _, h := range r.Headers {
		names = append(names, h.Name)
	}
	if got := strings.Join(names, " "); got != "Content-Type Accept" {
		t.Errorf("these header fields cross: %s", got)
	}
	if r.Authority.Subject.Ref != "user:default/ada" || len(r.Authority.Actors) != 2 || r.Authority.Mode != principal.AsViewer {
		t.Errorf("the authority is %+v", r.Authority)
	}
	room := make([]byte, 8)
	if n, code := s.Read(a.Handle, 0, room); a.Status != 201 || a.Size != 5 || code != abi.CodeOK || string(room[:n]) != "hello" {
		t.Errorf("answered %+v, %q", a, room[:n])
	}
	if _, _, err := s.Body(a.Handle); err != nil {
		t.Errorf("what another plugin answered for the viewer is not shown to the viewer: %v", err)
	}
}

func TestACallForThePluginItself(t *testing.T) {
	p := &peers{answer: plugin.Answer{Status: 200, Body: [][]byte{[]byte("private")}}}
	s := open(t, p, `{"plugins": [{"id": "shop", "own": true}]}`)
	var a contract.PluginCallAnswer
	if code, e := ask(t, s, abi.CapPlugin, abi.PluginCall, &contract.PluginCallRequest{Plugin: "shop", Path: "/", Own: true}, &a); code != abi.CodeOK {
		t.Fatalf("%s %+v", code, e)
	}
	got := p.got.Authority
	if got.Subject.Kind != principal.Plugin || got.Subject.ID != "asks" || len(got.Actors) != 1 || len(got.Cause) != 1 || got.Cause[0].Plugin != "outer" {
		t.Errorf("the authority is %+v", got)
	}
	if _, _, err := s.Body(a.Handle); !fault.Is(err, fault.Denied) {
		t.Errorf("what it got for itself may be shown to the viewer: %v", err)
	}
	// And what it got so does not travel on in a viewer's name.
	code, e := ask(t, s, abi.CapPlugin, abi.PluginCall, &contract.PluginCallRequest{Plugin: "shop", Path: "/", BodyHandle: a.Handle}, &contract.PluginCallAnswer{})
	if code != abi.CodeDenied {
		t.Errorf("%s %+v", code, e)
	}
}

func TestRefusals(t *testing.T) {
	for _, tc := range []struct {
		name    string
		request contract.PluginCallRequest
		err     error
		code    abi.Code
		missing string
	}{
		{"another method", contract.PluginCallRequest{Plugin: "shop", Method: "DELETE", Path: "/a"}, nil, abi.CodeDenied, "plugin: DELETE /a of shop"},
		{"for itself", contract.PluginCallRequest{Plugin: "shop", Path: "/a", Own: true}, nil, abi.CodeDenied, "plugin: own GET /a of shop"},
		{"a path that climbs", contract.PluginCallRequest{Plugin: "shop", Path: "/a/%2e%2e/b"}, nil, abi.CodeInvalid, ""},
		{"a path without a slash", contract.PluginCallRequest{Plugin: "shop", Path: "a"}, nil, abi.CodeInvalid, ""},
		{"what the other plugin lacks", contract.PluginCallRequest{Plugin: "shop", Path: "/a"}, &capability.Denial{Missing: "kv (of plugin shop)", Why: "no"}, abi.CodeDenied, "kv (of plugin shop)"},
		{"what the other plugin answers", contract.PluginCallRequest{Plugin: "shop", Path: "/a"}, fault.New(fault.Conflict, "sold"), abi.CodeConflict, ""},
		{"a handle of nobody", contract.PluginCallRequest{Plugin: "shop", Path: "/a", BodyHandle: 99}, nil, abi.CodeInvalid, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := &peers{err: tc.err}
			code, e := ask(t, open(t, p, `{"plugins": [{"id": "shop"}]}`), abi.CapPlugin, abi.PluginCall, &tc.request, &contract.PluginCallAnswer{})
			if code != tc.code || e.MissingGrant != tc.missing {
				t.Errorf("got %s, %+v; want %s, %q", code, e, tc.code, tc.missing)
			}
			if tc.err == nil && p.got != nil {
				t.Error("the other plugin was reached")
			}
		})
	}
}
