package http_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/callboard/callboard/host/internal/capability"
	caphttp "github.com/callboard/callboard/host/internal/capability/http"
	"github.com/callboard/callboard/host/internal/capability/secret"
	"github.com/callboard/callboard/host/internal/egress"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

func table(t *testing.T) capability.Table {
	t.Helper()
	out, err := capability.NewTable(caphttp.New(caphttp.Deps{Egress: egress.New(egress.Config{}), Secrets: secret.NewVault(values{})}))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAGrantNarrowsTheManifest(t *testing.T) {
	const declared = `{"targets": [{"host": "*.example.com", "methods": ["GET", "POST"], "own": true}, {"host": "*", "pathPrefix": "/api"}]}`
	for _, tc := range []struct{ name, grant, want string }{
		{"as declared", `true`, "send GET, POST https://*.example.com/ (also for itself); GET, HEAD a host that the grant names, below /api"},
		{"one host", `{"targets": [{"host": "a.example.com"}]}`, "send GET https://a.example.com/; GET, HEAD https://a.example.com/api"},
		{"a host of its own", `{"targets": [{"scheme": "http", "host": "10.0.0.5", "port": 8080, "private": true}]}`, "send GET, HEAD http://10.0.0.5:8080/api (at private addresses too)"},
		{"nothing in common", `{"targets": [{"host": "example.com", "pathPrefix": "/x"}]}`, "send no request"},
		{"nothing", `{"targets": []}`, "send no request"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rights, err := table(t).Resolve([]capability.Request{{Name: "http", Scope: json.RawMessage(declared)}}, capability.Grants{"http": json.RawMessage(tc.grant)}, false)
			if err != nil {
				t.Fatal(err)
			}
			if got := rights.List()[0].Effective; got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestOnlyAGrantSaysPrivate(t *testing.T) {
	scope := json.RawMessage(`{"targets": [{"host": "ci.internal", "private": true}]}`)
	_, err := table(t).Resolve([]capability.Request{{Name: "http", Scope: scope}}, capability.Grants{"http": json.RawMessage("true")}, true)
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "operator's to say") {
		t.Errorf("a manifest that says it: %v", err)
	}
	// What a manifest asks for is covered by a grant that says more.
	has, err := table(t).GrantExtent("http", scope)
	if err != nil {
		t.Fatal(err)
	}
	asked, err := table(t).Extent("http", json.RawMessage(`{"targets": [{"host": "ci.internal", "pathPrefix": "/x"}]}`))
	if err != nil || !has.Covers(asked) || asked.Covers(has) {
		t.Errorf("%v covers %v: %v, %v", has, asked, has.Covers(asked), err)
	}
}

func TestScopesThatCannotBeRead(t *testing.T) {
	for _, scope := range []string{
		`{"hosts": []}`, `{"targets": [{}]}`, `{"targets": [{"host": "https://a.example"}]}`, `{"targets": [{"host": "*.com"}]}`, `{"targets": [{"host": "a.example", "methods": ["CONNECT"]}]}`,
		`{"targets": [{"host": "a.example", "insecure": true}]}`, `{"targets": [{"host": "a.example", "pathPrefix": "/../x"}]}`, `[]`, `{"targets": [` + strings.Repeat(`{"host": "a.example"},`, 64) + `{"host": "b.example"}]}`,
	} {
		if _, err := table(t).Extent("http", json.RawMessage(scope)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%.80s: %v", scope, err)
		}
	}
}

// direct opens the door of a plugin to real sockets, without a proxy.
func direct(t *testing.T, out *egress.Egress, id, declared, grant string) *plugin {
	t.Helper()
	table, err := capability.NewTable(caphttp.New(caphttp.Deps{Egress: out, Secrets: secret.NewVault(values{})}))
	if err != nil {
		t.Fatal(err)
	}
	return of(t, table, id, declared, grant)
}

func of(t *testing.T, table capability.Table, id, declared, grant string) *plugin {
	t.Helper()
	rights, err := table.Resolve([]capability.Request{{Name: "http", Scope: json.RawMessage(declared)}}, capability.Grants{"http": json.RawMessage(grant)}, false)
	if err != nil {
		t.Fatal(err)
	}
	g := capability.NewGate(capability.Config{Table: table})
	g.SetRights(id, "d", rights)
	return &plugin{g.Open(capability.Opening{Plugin: id, Digest: "d", Installation: "local/" + id, Authority: ada}), t}
}

// A private address is reached where the grant says so, and only there; a
// plain true does not say it. The message does not tell the address.
func TestPrivateAddressesNeedTheOperatorsWord(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "inside") }))
	defer server.Close()
	port := server.Listener.Addr().(*net.TCPAddr).Port
	out := egress.New(egress.Config{})
	for _, host := range []string{"127.0.0.1", "localhost"} {
		target := fmt.Sprintf(`{"scheme": "http", "host": %q, "port": %d}`, host, port)
		declared := `{"targets": [` + target + `]}`
		at := fmt.Sprintf("http://%s:%d/", host, port)
		a := direct(t, out, "asks", declared, "true").get(at)
		if a.code != abi.CodeDenied || a.err.MissingGrant != "http: private" || !strings.Contains(a.err.Message, "private: true") || host == "localhost" && strings.Contains(a.err.Message, "127.0.0.1") {
			t.Errorf("%s, granted as declared: %s %+v", host, a.code, a.err)
		}
		a = direct(t, out, "asks", declared, strings.Replace(declared, "}", `, "private": true}`, 1)).get(at)
		if a.code != abi.CodeOK || a.body != "inside" {
			t.Errorf("%s, granted as private: %s %+v", host, a.code, a.err)
		}
	}
	declared := `{"targets": [{"scheme": "http", "host": "169.254.169.254"}]}`
	a := direct(t, out, "asks", declared, strings.Replace(declared, "}", `, "private": true}`, 1)).get("http://169.254.169.254/latest/meta-data/")
	if a.code != abi.CodeDenied || !strings.Contains(a.err.Message, "no request of a plugin") {
		t.Errorf("metadata, granted as private: %s %+v", a.code, a.err)
	}
}

// Two plugins, and one plugin with two scopes, never share a connection: the
// name leads to loopback, which only the first may reach.
func TestConnectionsBelongToOnePluginAndScope(t *testing.T) {
	conns := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conns[r.RemoteAddr]++
		_, _ = io.WriteString(w, "inside")
	}))
	defer server.Close()
	port := server.Listener.Addr().(*net.TCPAddr).Port
	table, err := capability.NewTable(caphttp.New(caphttp.Deps{Egress: egress.New(egress.Config{}), Secrets: secret.NewVault(values{})}))
	if err != nil {
		t.Fatal(err)
	}
	target := fmt.Sprintf(`"scheme": "http", "host": "localhost", "port": %d`, port)
	declared := `{"targets": [{` + target + `}]}`
	at := fmt.Sprintf("http://localhost:%d/", port)
	wide := `{"targets": [{` + target + `, "private": true}]}`
	one := of(t, table, "one", declared, wide)
	for range 3 {
		if a := one.get(at); a.body != "inside" {
			t.Fatalf("%+v", a.err)
		}
	}
	if len(conns) != 1 {
		t.Errorf("three requests of one plugin took %d connections", len(conns))
	}
	for name, p := range map[string]*plugin{
		"another plugin that may not":     of(t, table, "two", declared, "true"),
		"the same plugin, narrowed since": of(t, table, "one", declared, "true"),
	} {
		if a := p.get(at); a.code != abi.CodeDenied {
			t.Errorf("%s: %s %s", name, a.code, a.body)
		}
	}
	if a := of(t, table, "two", declared, wide).get(at); a.body != "inside" || len(conns) != 2 {
		t.Errorf("another plugin that may: %s, %d connections", a.body, len(conns))
	}
}

// The deadline of the call ends a fetch, whatever the plugin asks for.
func TestTheDeadlineOfTheCallEndsAFetch(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	w := newWorld(t, func(http.ResponseWriter, *http.Request) { <-release })
	p := w.with(api, "")
	ctx, cancel := context.WithCancel(t.Context())
	q := contract.HTTPFetchRequest{URL: "https://api.example.com/v1", TimeoutMillis: 1 << 40}
	payload, _ := q.MarshalMsg(nil)
	done := make(chan []byte, 1)
	go func() { done <- p.Call(ctx, abi.CapHTTP, abi.HTTPFetch, payload) }()
	cancel()
	header, _, err := abi.ParseReplyHeader(<-done)
	if err != nil || header.Code != abi.CodeUnavailable {
		t.Errorf("%s, %v", header.Code, err)
	}
	if a := w.with(api, "").fetch(contract.HTTPFetchRequest{URL: "https://api.example.com/v1", TimeoutMillis: 50}); a.code != abi.CodeTimeout {
		t.Errorf("a deadline of the fetch: %s %+v", a.code, a.err)
	}
}
