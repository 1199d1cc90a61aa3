package http_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/capability"
	caphttp "github.com/callboard/callboard/host/internal/capability/http"
	"github.com/callboard/callboard/host/internal/capability/secret"
	"github.com/callboard/callboard/host/internal/egress/egresstest"
	"github.com/callboard/callboard/host/internal/principal"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// world is the servers that a plugin can ask, with the doors to them.
type world struct {
	*egresstest.World
	t       *testing.T
	secrets values
	audit   *audit
}

type values map[string]string

// PluginSecret implements secret.Source.
func (v values) PluginSecret(_, name string) (string, bool) {
	value, ok := v[name]
	return value, ok
}

// audit keeps what the door told.
type audit struct{ events []capability.Event }

func (a *audit) CapabilityCall(e capability.Event) { a.events = append(a.events, e) }

func newWorld(t *testing.T, handler http.HandlerFunc) *world {
	t.Helper()
	return &world{World: egresstest.New(t, handler), t: t, secrets: values{}, audit: &audit{}}
}

var ada = principal.Guest("user:default/ada")

// plugin is one plugin with its door open.
type plugin struct {
	*capability.Session
	t *testing.T
}

// open opens the door of a plugin. Scopes are written as JSON; an empty grant
// is "true".
func (w *world) open(declared, granted map[string]string, opening capability.Opening) (*plugin, error) {
	w.t.Helper()
	table, err := capability.NewTable(caphttp.New(caphttp.Deps{Egress: w.Egress, Secrets: secret.NewVault(w.secrets)}), secret.New(w.secrets))
	if err != nil {
		return nil, err
	}
	var requests []capability.Request
	grants := capability.Grants{}
	for name, scope := range declared {
		requests = append(requests, capability.Request{Name: name, Reason: "a test", Scope: json.RawMessage(scope)})
		grants[name] = json.RawMessage("true")
		if grant, ok := granted[name]; ok {
			grants[name] = json.RawMessage(grant)
		}
	}
	rights, err := table.Resolve(requests, grants, false)
	if err != nil {
		return nil, err
	}
	g := capability.NewGate(capability.Config{Table: table, Audit: w.audit})
	g.SetRights("asks", "d", rights)
	opening.Plugin, opening.Digest, opening.Installation = "asks", "d", "local/asks"
	if opening.Authority.Subject.Kind == principal.None {
		opening.Authority = ada.Through(principal.Actor{Plugin: "asks", Digest: "d"})
	}
	return &plugin{g.Open(opening), w.t}, nil
}

// with opens the door of a plugin whose manifest is granted as it stands.
func (w *world) with(targets, secrets string) *plugin {
	w.t.Helper()
	declared := map[string]string{"http": `{"targets": [` + targets + `]}`}
	if secrets != "" {
		declared["secret"] = `{"secrets": [` + secrets + `]}`
	}
	p, err := w.open(declared, nil, capability.Opening{})
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// call performs an operation.
func (p *plugin) call(id abi.Capability, op uint32, q msgp.Marshaler, into msgp.Unmarshaler) (abi.Code, contract.Error) {
	p.t.Helper()
	payload, err := q.MarshalMsg(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	header, body, err := abi.ParseReplyHeader(p.Call(p.t.Context(), id, op, payload))
	if err != nil {
		p.t.Fatal(err)
	}
	var e contract.Error
	if header.Code != abi.CodeOK {
		into = &e
	}
	if _, err := into.UnmarshalMsg(body); err != nil {
		p.t.Fatal(err)
	}
	return header.Code, e
}

// answer is what a fetch came to.
type answer struct {
	contract.HTTPFetchAnswer
	code abi.Code
	err  contract.Error
	body string
}

func (a answer) header(name string) string {
	for _, f := range a.Headers {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

func (p *plugin) fetch(q contract.HTTPFetchRequest) answer {
	p.t.Helper()
	var a answer
	if a.code, a.err = p.call(abi.CapHTTP, abi.HTTPFetch, &q, &a.HTTPFetchAnswer); a.code != abi.CodeOK {
		return a
	}
	b := make([]byte, a.Size)
	for off := 0; off < len(b); {
		n, code := p.Read(a.Handle, int64(off), b[off:])
		if code != abi.CodeOK || n == 0 {
			p.t.Fatalf("reading the body at %d: %d, %s", off, n, code)
		}
		off += n
	}
	a.body = string(b)
	return a
}

func (p *plugin) get(url string, fields ...string) answer {
	p.t.Helper()
	q := contract.HTTPFetchRequest{URL: url}
	for i := 0; i+1 < len(fields); i += 2 {
		q.Headers = append(q.Headers, contract.Header{Name: fields[i], Value: fields[i+1]})
	}
	return p.fetch(q)
}
