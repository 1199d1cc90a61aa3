package source_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/capability"
	capsource "github.com/callboard/callboard/host/internal/capability/source"
	"github.com/callboard/callboard/host/internal/egress"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/host/internal/source"
	"github.com/callboard/callboard/host/internal/source/github"
	"github.com/callboard/callboard/host/internal/source/sourcetest"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// world is a private repository, a plain server that is allowed, one that is
// allowed too but that no plugin here may read, and the doors to them.
type world struct {
	t            *testing.T
	repo         *sourcetest.Repo
	hub          string
	plain, other *httptest.Server
	otherAsked   int
	gate         *capability.Gate
	table        capability.Table
}

func hostOf(t *testing.T, base string) string {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

// newWorld gives the credential to the plugins that are named, or to all.
func newWorld(t *testing.T, credentialFor ...string) *world {
	t.Helper()
	w := &world{t: t, repo: sourcetest.NewRepo()}
	w.hub = sourcetest.GitHub(t, w.repo)
	w.other = httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { w.otherAsked++ }))
	t.Cleanup(w.other.Close)
	w.plain = httptest.NewServer(http.HandlerFunc(func(a http.ResponseWriter, q *http.Request) {
		if q.URL.Path == "/away" {
			http.Redirect(a, q, w.other.URL+"/secret", http.StatusFound)
			return
		}
		_, _ = io.WriteString(a, "plain "+q.Header.Get("Authorization"))
	}))
	t.Cleanup(w.plain.Close)
	gh, err := github.New(github.Config{Name: "integrations.github[0]", BaseURL: w.hub, Token: w.repo.Token, HTTP: sourcetest.Client()})
	if err != nil {
		t.Fatal(err)
	}
	direct := egress.New(egress.Config{}).Client(egress.Policy{MaxRedirects: -1, Reach: func(*url.URL) egress.Reach { return egress.Private }})
	reader := source.New(source.Config{
		HTTP: sourcetest.Client(), Direct: direct,
		Allow:        source.AllowList{{Host: hostOf(t, w.plain.URL)}, {Host: hostOf(t, w.other.URL)}, {Host: hostOf(t, w.hub)}},
		Integrations: source.Integrations{{Name: "integrations.github[0]", Type: "github", Plugins: credentialFor, Host: gh}},
	})
	if w.table, err = capability.NewTable(capsource.New(reader)); err != nil {
		t.Fatal(err)
	}
	w.gate = capability.NewGate(capability.Config{Table: w.table})
	return w
}

// may sets the rights of a plugin, with the words of its manifest and grant.
func (w *world) may(id, declared, granted string) {
	w.t.Helper()
	rights, err := w.table.Resolve([]capability.Request{{Name: "source", Reason: "a test", Scope: json.RawMessage(declared)}}, capability.Grants{"source": json.RawMessage(granted)}, false)
	if err != nil {
		w.t.Fatal(err)
	}
	w.gate.SetRights(id, "d", rights)
}

// ask runs an operation of the last plugin on a path of plugins.
func (w *world) ask(op uint32, q msgp.Marshaler, path ...string) (abi.Code, []byte) {
	w.t.Helper()
	who := principal.Guest("user:default/ada")
	for _, id := range path {
		who = who.Through(principal.Actor{Plugin: id, Digest: "d"})
	}
	session := w.gate.Open(capability.Opening{
		Plugin: path[len(path)-1], Digest: "d", Installation: "local/" + path[len(path)-1], Authority: who,
		HostCalls: 100, Handles: 8, HandleBytes: 1 << 20, EgressRequests: 3, EgressBytes: 1 << 20,
	})
	w.t.Cleanup(session.Close)
	payload, err := q.MarshalMsg(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	reply := session.Call(w.t.Context(), abi.CapSource, op, payload)
	header, body, err := abi.ParseReplyHeader(reply)
	if err != nil {
		w.t.Fatal(err)
	}
	return header.Code, body
}

func (w *world) read(target string, path ...string) (abi.Code, string) {
	w.t.Helper()
	code, body := w.ask(abi.SourceRead, &contract.SourceReadRequest{URL: target}, path...)
	return code, string(body)
}

// What a plugin may not read, it does not read: neither with the credential of
// another, nor out of its scope, nor files, and nothing is sent in the attempt.
func TestAPluginReadsItsScopeAndNothingElse(t *testing.T) {
	w := newWorld(t, "trusted", "broad")
	hub, plain := hostOf(t, w.hub), hostOf(t, w.plain.URL)
	w.may("trusted", `{"integrations": ["github"]}`, `true`)
	w.may("broad", `{"integrations": ["*", "url"], "hosts": ["`+hub+`", "`+plain+`"], "api": true}`, `{"integrations": ["url"], "hosts": ["`+plain+`"]}`)
	w.may("stranger", `{"integrations": ["github", "url"], "hosts": ["`+hub+`", "`+plain+`"]}`, `true`)
	w.may("nobody", `{}`, `true`)
	file := w.hub + "/o/r/blob/main/catalog-info.yaml"
	for _, tc := range []struct {
		name, target string
		path         []string
		code         abi.Code
		says         string
	}{
		{"the scope and the credential", file, []string{"trusted"}, abi.CodeOK, ""},
		{"without a credential of its own", file, []string{"stranger"}, abi.CodeDenied, "not for plugin stranger"},
		{"through a plugin that has one", file, []string{"nobody", "trusted"}, abi.CodeDenied, "not for plugin nobody"},
		{"through a plugin that has one, with a scope", file, []string{"stranger", "trusted"}, abi.CodeDenied, "not for plugin stranger"},
		{"for a plugin that has one", file, []string{"trusted", "stranger"}, abi.CodeDenied, "not for plugin stranger"},
		{"with the scope that the operator narrowed", file, []string{"broad"}, abi.CodeDenied, "is of type github"},
		{"without any scope", file, []string{"nobody"}, abi.CodeDenied, "not for plugin nobody"},
		{"a type that is not declared", w.plain.URL + "/x", []string{"trusted"}, abi.CodeDenied, "is of type url"},
		{"a URL of the scope", w.plain.URL + "/x", []string{"broad"}, abi.CodeOK, ""},
		{"a host that is allowed for others", w.other.URL + "/x", []string{"broad"}, abi.CodeDenied, "add 127.0.0.1"},
		{"a redirect to a host that is allowed for others", w.plain.URL + "/away", []string{"broad"}, abi.CodeUnavailable, "redirect"},
		{"a file", "file:///etc/passwd", []string{"broad"}, abi.CodeInvalid, "no URL"},
		{"a path", "/etc/passwd", []string{"broad"}, abi.CodeInvalid, "no URL"},
		{"credentials in the URL", strings.Replace(w.plain.URL, "://", "://a:b@", 1), []string{"broad"}, abi.CodeInvalid, "no credentials in it"},
		{"a host that looks like it", strings.Replace(w.plain.URL, "127.0.0.1", "127.0.0.1.example.com", 1), []string{"broad"}, abi.CodeDenied, "add 127.0.0.1.example.com"},
		{"metadata", "http://169.254.169.254/latest/meta-data", []string{"broad"}, abi.CodeDenied, "169.254.169.254"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before := w.repo.Requests()
			code, text := w.read(tc.target, tc.path...)
			if code != tc.code || !strings.Contains(text, tc.says) {
				t.Errorf("%s %q, want %s with %q", code, text, tc.code, tc.says)
			}
			if code != abi.CodeOK && w.repo.Requests() != before {
				t.Error("the host was asked")
			}
			if strings.Contains(text, w.repo.Token) {
				t.Error("the answer holds the token")
			}
		})
	}
	if w.otherAsked > 0 {
		t.Error("a host out of every scope was asked")
	}
}

// The API is a power of its own.
func TestAskNeedsItsScope(t *testing.T) {
	w := newWorld(t)
	w.may("files", `{"integrations": ["github"]}`, `true`)
	w.may("asks", `{"integrations": ["github"], "api": true}`, `true`)
	w.may("narrowed", `{"integrations": ["github"], "api": true}`, `{"integrations": ["github"]}`)
	q := &contract.SourceAskRequest{Host: w.hub, Path: "/repos/o/r"}
	for id, want := range map[string]abi.Code{"files": abi.CodeDenied, "narrowed": abi.CodeDenied, "asks": abi.CodeOK} {
		if code, text := w.ask(abi.SourceAsk, q, id); code != want {
			t.Errorf("%s: %s %s", id, code, text)
		}
	}
	if code, text := w.ask(abi.SourceAsk, &contract.SourceAskRequest{Host: w.hub, Path: "//" + hostOf(t, w.other.URL) + "/x"}, "asks"); code != abi.CodeInvalid {
		t.Errorf("another host: %s %s", code, text)
	}
}

// Trees and searches are handles, and an unchanged one is neither.
func TestTreesAndSearches(t *testing.T) {
	w := newWorld(t)
	w.may("reads", `{"integrations": ["*"]}`, `true`)
	code, body := w.ask(abi.SourceTree, &contract.SourceTreeRequest{URL: w.hub + "/o/r/tree/main/services"}, "reads")
	var tree contract.SourceTree
	if _, err := tree.UnmarshalMsg(body); code != abi.CodeOK || err != nil || tree.Files != 3 || tree.Handle == 0 {
		t.Fatalf("%s %+v %v", code, tree, err)
	}
	code, body = w.ask(abi.SourceSearch, &contract.SourceSearchRequest{URL: w.hub + "/o/r/blob/-/**/catalog-info.yaml"}, "reads")
	var found contract.SourceFound
	if _, err := found.UnmarshalMsg(body); code != abi.CodeOK || err != nil || found.Files != 3 || found.Handle == 0 {
		t.Fatalf("%s %+v %v", code, found, err)
	}
	code, body = w.ask(abi.SourceSearch, &contract.SourceSearchRequest{URL: w.hub + "/o/r/blob/-/**/catalog-info.yaml", ETag: found.ETag}, "reads")
	var again contract.SourceFound
	if _, err := again.UnmarshalMsg(body); code != abi.CodeOK || err != nil || !again.NotModified || again.Handle != 0 {
		t.Errorf("%s %+v %v", code, again, err)
	}
}

func TestScopes(t *testing.T) {
	w := newWorld(t)
	extent := func(scope string) capability.Extent {
		e, err := w.table.Extent("source", json.RawMessage(scope))
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	for _, tc := range []struct {
		wide, narrow string
		covers       bool
	}{
		{`{"integrations": ["*"]}`, `{"integrations": ["github"]}`, true},
		{`{"integrations": ["github"]}`, `{"integrations": ["*"]}`, false},
		{`{"integrations": ["*"]}`, `{"integrations": ["url"], "hosts": ["a.example.com"]}`, false},
		{`{"integrations": ["github"]}`, `{"integrations": ["github"], "hosts": ["github.com"]}`, true},
		{`{"integrations": ["github"], "hosts": ["github.com"]}`, `{"integrations": ["github"]}`, false},
		{`{"integrations": ["github"], "hosts": ["*.example.com"]}`, `{"integrations": ["github"], "hosts": ["git.example.com"]}`, true},
		{`{"integrations": ["github"], "hosts": ["*.example.com"]}`, `{"integrations": ["github"], "hosts": ["example.com"]}`, false},
		{`{"integrations": ["github"], "hosts": ["*.git.example.com"]}`, `{"integrations": ["github"], "hosts": ["*.example.com"]}`, false},
		{`{"integrations": ["github"]}`, `{"integrations": ["github"], "api": true}`, false},
		{`{"integrations": ["github"], "hosts": ["a.com"]}`, `{"integrations": ["github"], "hosts": ["b.com"]}`, false},
	} {
		if got := extent(tc.wide).Covers(extent(tc.narrow)); got != tc.covers {
			t.Errorf("%s covers %s: %v", tc.wide, tc.narrow, got)
		}
	}
	for _, bad := range []string{`{"integrations": ["svn"]}`, `{"hosts": ["https://x"]}`, `{"hosts": ["*"]}`, `{"hosts": ["a.*.com"]}`, `{"paths": []}`, `[]`} {
		if _, err := w.table.Extent("source", json.RawMessage(bad)); err == nil {
			t.Errorf("%s is taken for a scope", bad)
		}
	}
}
