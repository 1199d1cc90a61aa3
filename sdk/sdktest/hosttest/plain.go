package hosttest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

var grantCases = []testCase{
	{"a capability that was not granted is denied by name", Setup{Grants: []string{"clock"}}, func(_ *testing.T, h *probe) {
		e := h.refuse(abi.CodeDenied, abi.CapKV, abi.KVGet, &contract.KVGetRequest{Key: "k"})
		if e.MissingGrant != "kv" {
			h.t.Errorf("missing grant = %q, want kv", e.MissingGrant)
		}
	}},
	{"a capability that the host does not offer is denied by name", Setup{}, func(_ *testing.T, h *probe) {
		e := h.refuse(abi.CodeDenied, abi.CapSearch, 1<<8|1, &contract.KVGetRequest{})
		if e.MissingGrant != "search" || !strings.Contains(e.Message, "search is not offered by this host") {
			h.t.Errorf("got %+v", e)
		}
	}},
	{"the plugin's own rights are a grant of their own", Setup{}, func(_ *testing.T, h *probe) {
		e := h.refuse(abi.CodeDenied, abi.CapCatalog, abi.CatalogGet, &contract.CatalogGetRequest{Ref: "component:default/web", Own: true})
		if e.MissingGrant != "catalog: own" {
			h.t.Errorf("missing grant = %q", e.MissingGrant)
		}
	}},
	{"an unknown operation is invalid", Setup{}, func(_ *testing.T, h *probe) {
		h.refuse(abi.CodeInvalid, abi.CapKV, 99<<8|1, &contract.KVGetRequest{Key: "k"})
	}},
	{"a payload that is no request is invalid", Setup{}, func(_ *testing.T, h *probe) {
		h.refuse(abi.CodeInvalid, abi.CapKV, abi.KVGet, rawPayload{0xc1})
	}},
	{"handles need no grant", Setup{Grants: []string{"clock"}}, func(_ *testing.T, h *probe) {
		h.must(abi.CapHandle, abi.HandleCreate, &contract.HandleCreateRequest{Bytes: []byte("x")}, &contract.HandleInfo{})
	}},
}

// rawPayload is bytes as they are.
type rawPayload []byte

func (r rawPayload) MarshalMsg(b []byte) ([]byte, error) { return append(b, r...), nil }

var handleCases = []testCase{
	{"what was created is read back, in pieces", Setup{}, func(_ *testing.T, h *probe) {
		var info contract.HandleInfo
		h.must(abi.CapHandle, abi.HandleCreate, &contract.HandleCreateRequest{Type: "text/plain", Bytes: []byte("hello world")}, &info)
		if got := h.read(info.Handle, 11); got != "hello world" {
			h.t.Errorf("read %q", got)
		}
		piece := make([]byte, 5)
		if n, code := h.host.Read(info.Handle, 6, piece); n != 5 || code != abi.CodeOK || string(piece) != "world" {
			h.t.Errorf("read at 6: %d, %s, %q", n, code, piece)
		}
		var stat contract.HandleInfo
		h.must(abi.CapHandle, abi.HandleStat, &contract.HandleRequest{Handle: info.Handle}, &stat)
		if stat.Size != 11 || stat.Type != "text/plain" {
			h.t.Errorf("stat = %+v", stat)
		}
	}},
	{"a guest writes its own handle and it grows", Setup{}, func(_ *testing.T, h *probe) {
		var info contract.HandleInfo
		h.must(abi.CapHandle, abi.HandleCreate, &contract.HandleCreateRequest{Bytes: []byte("abc")}, &info)
		if n, code := h.host.Write(info.Handle, 2, []byte("XYZ")); n != 3 || code != abi.CodeOK {
			h.t.Fatalf("write: %d, %s", n, code)
		}
		if got := h.read(info.Handle, 5); got != "abXYZ" {
			h.t.Errorf("read %q", got)
		}
	}},
	{"a dropped handle is gone", Setup{}, func(_ *testing.T, h *probe) {
		var info contract.HandleInfo
		h.must(abi.CapHandle, abi.HandleCreate, &contract.HandleCreateRequest{Bytes: []byte("abc")}, &info)
		h.must(abi.CapHandle, abi.HandleDrop, &contract.HandleRequest{Handle: info.Handle}, nil)
		if _, code := h.host.Read(info.Handle, 0, make([]byte, 1)); code != abi.CodeInvalid {
			h.t.Errorf("reading it: %s", code)
		}
		h.refuse(abi.CodeInvalid, abi.CapHandle, abi.HandleStat, &contract.HandleRequest{Handle: info.Handle})
	}},
	{"a handle of nobody is refused", Setup{}, func(_ *testing.T, h *probe) {
		if _, code := h.host.Read(0, 0, make([]byte, 1)); code != abi.CodeInvalid {
			h.t.Errorf("handle 0: %s", code)
		}
		if _, code := h.host.Read(1<<30|7, 0, make([]byte, 1)); code != abi.CodeInvalid {
			h.t.Errorf("a made-up handle: %s", code)
		}
	}},
	{"there is a limit", Setup{}, func(_ *testing.T, h *probe) {
		for range 64 {
			h.must(abi.CapHandle, abi.HandleCreate, &contract.HandleCreateRequest{Bytes: []byte("x")}, nil)
		}
		h.refuse(abi.CodeExhausted, abi.CapHandle, abi.HandleCreate, &contract.HandleCreateRequest{Bytes: []byte("x")})
	}},
}

var smallCases = []testCase{
	{"the clock is the host's", Setup{}, func(_ *testing.T, h *probe) {
		var a contract.ClockAnswer
		h.must(abi.CapClock, abi.ClockNow, nil, &a)
		if a.UnixNano != start.UnixNano() {
			h.t.Errorf("clock = %d, want %d", a.UnixNano, start.UnixNano())
		}
	}},
	{"the identity is the viewer's", Setup{}, func(_ *testing.T, h *probe) {
		var a contract.IdentityAnswer
		h.must(abi.CapIdentity, abi.IdentityCurrent, nil, &a)
		if a.Kind != "user" || a.Ref != "user:default/ada" || a.Mode != "viewer" {
			h.t.Errorf("identity = %+v", a)
		}
	}},
	{"the configuration is the plugin's own", Setup{Config: `{"a":{"b":[1,"two"]}}`}, func(_ *testing.T, h *probe) {
		var a contract.ConfigAnswer
		h.must(abi.CapConfig, abi.ConfigGet, nil, &a)
		var got, want any
		if err := json.Unmarshal(a.JSON, &got); err != nil {
			h.t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(`{"a":{"b":[1,"two"]}}`), &want); err != nil {
			h.t.Fatal(err)
		}
		equal(h.t, got, want)
	}},
	{"a log record is taken", Setup{}, func(_ *testing.T, h *probe) {
		h.must(abi.CapLog, abi.LogEmit, &contract.LogRecord{Level: uint32(abi.LevelInfo), Message: "m", Attrs: []contract.LogAttr{{Key: "k", Value: "v"}}}, nil)
	}},
}

var renderCases = []testCase{
	{"markdown becomes HTML with headings and without script", Setup{}, func(_ *testing.T, h *probe) {
		var a contract.RenderAnswer
		src := contract.RenderSource{Bytes: []byte("# Getting started\n\nText <script>alert(1)</script>\n")}
		h.must(abi.CapRender, abi.RenderMarkdown, &contract.RenderRequest{Source: src}, &a)
		html := h.read(a.Handle, a.Size)
		if !strings.Contains(html, "<h1") || !strings.Contains(html, "Getting started") || strings.Contains(html, "<script") {
			h.t.Errorf("html = %s", html)
		}
		if len(a.Headings) != 1 || a.Headings[0].Level != 1 || a.Headings[0].Text != "Getting started" || a.Headings[0].ID == "" {
			h.t.Errorf("headings = %+v", a.Headings)
		}
	}},
	{"YAML becomes JSON, from a handle too", Setup{}, func(_ *testing.T, h *probe) {
		var info contract.HandleInfo
		h.must(abi.CapHandle, abi.HandleCreate, &contract.HandleCreateRequest{Bytes: []byte("a: [1, two]\n")}, &info)
		var a contract.RenderAnswer
		h.must(abi.CapRender, abi.RenderYAML, &contract.RenderRequest{Source: contract.RenderSource{Handle: info.Handle}}, &a)
		var got any
		if err := json.Unmarshal([]byte(h.read(a.Handle, a.Size)), &got); err != nil {
			h.t.Fatal(err)
		}
		equal(h.t, got, map[string]any{"a": []any{1.0, "two"}})
	}},
	{"broken YAML is invalid", Setup{}, func(_ *testing.T, h *probe) {
		h.refuse(abi.CodeInvalid, abi.CapRender, abi.RenderYAML, &contract.RenderRequest{Source: contract.RenderSource{Bytes: []byte("a: [")}})
	}},
	{"HTML loses what runs", Setup{}, func(_ *testing.T, h *probe) {
		var a contract.RenderAnswer
		src := contract.RenderSource{Bytes: []byte(`<p onclick="x()">hi</p><script>alert(1)</script>`)}
		h.must(abi.CapRender, abi.RenderHTML, &contract.RenderRequest{Source: src}, &a)
		if html := h.read(a.Handle, a.Size); !strings.Contains(html, "hi</p>") || strings.Contains(html, "onclick") || strings.Contains(html, "script") {
			h.t.Errorf("html = %s", html)
		}
	}},
	{"paths are picked out of JSON", Setup{}, func(_ *testing.T, h *probe) {
		var a contract.RenderJSONAnswer
		src := contract.RenderSource{Bytes: []byte(`{"spec":{"owner":"team-a","n":3}}`)}
		h.must(abi.CapRender, abi.RenderJSON, &contract.RenderJSONRequest{Source: src, Paths: []string{"spec.owner", "spec.none", "spec.n"}}, &a)
		if len(a.Values) != 3 || string(a.Values[0]) != `"team-a"` || len(a.Values[1]) != 0 || string(a.Values[2]) != "3" {
			h.t.Errorf("values = %q", a.Values)
		}
	}},
	{"a document is held to a schema", Setup{}, func(_ *testing.T, h *probe) {
		schema := []byte(`{"type":"object","required":["a"],"properties":{"b":{"type":"object","properties":{"c":{"type":"string"}}}}}`)
		var a contract.RenderValidateAnswer
		h.must(abi.CapRender, abi.RenderValidate, &contract.RenderValidateRequest{Schema: schema, Source: contract.RenderSource{Bytes: []byte(`{"a":1}`)}}, &a)
		if len(a.Violations) != 0 {
			h.t.Errorf("violations of a valid document: %+v", a.Violations)
		}
		h.must(abi.CapRender, abi.RenderValidate, &contract.RenderValidateRequest{Schema: schema, Source: contract.RenderSource{Bytes: []byte(`{"a":1,"b":{"c":2}}`)}}, &a)
		if len(a.Violations) != 1 || a.Violations[0].Path != "/b/c" {
			h.t.Errorf("violations = %+v", a.Violations)
		}
	}},
	{"texts are compared", Setup{}, func(_ *testing.T, h *probe) {
		var a contract.RenderAnswer
		h.must(abi.CapRender, abi.RenderDiff, &contract.RenderDiffRequest{
			From: contract.RenderSource{Bytes: []byte("one\ntwo\n")}, To: contract.RenderSource{Bytes: []byte("one\n2\n")},
		}, &a)
		if diff := h.read(a.Handle, a.Size); !strings.Contains(diff, "\n-two\n") || !strings.Contains(diff, "\n+2\n") || !strings.Contains(diff, "\n one\n") {
			h.t.Errorf("diff = %s", diff)
		}
	}},
}
