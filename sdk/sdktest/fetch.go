package sdktest

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/outbound"
	"github.com/tinylib/msgp/msgp"
)

// maxRedirects is how many the host follows.
const maxRedirects = 5

// Fetch answers http.fetch/1 for every host that no Site answers. Like the
// real host the fake first refuses what no target of plugin.yaml covers, and
// what no plugin may send.
func Fetch(answer func(r sdk.FetchRequest) (status int, body []byte, err error)) Option {
	return func(f *Fake) error { f.fetch = answer; return nil }
}

// Site answers http.fetch/1 for one host, with its port where that is not the
// scheme's own: the handler is that server. Redirects are followed as the host
// follows them.
func Site(host string, handler http.Handler) Option {
	return func(f *Fake) error {
		if f.sites == nil {
			f.sites = map[string]http.Handler{}
		}
		f.sites[host] = handler
		return nil
	}
}

// Secret binds the value of a secret, as the operator does.
func Secret(name, value string) Option {
	return func(f *Fake) error {
		if err := outbound.CheckValue(value); err != nil {
			return err
		}
		if f.secrets == nil {
			f.secrets = map[string]string{}
		}
		f.secrets[name] = value
		return nil
	}
}

func (f *Fake) httpFetch(q *contract.HTTPFetchRequest) (msgp.Marshaler, error) {
	u, err := outbound.Parse(q.URL)
	if err != nil {
		return nil, sdk.Invalid("%v", err)
	}
	method := q.Method
	if method == "" {
		method = "GET"
	}
	if method, err = outbound.CheckMethod(method); err != nil {
		return nil, sdk.Invalid("%v", err)
	}
	if err := f.covered(method, u, q.Own); err != nil {
		return nil, err
	}
	body, err := f.requestBody(q, method)
	if err != nil {
		return nil, err
	}
	fields, err := f.fields(q.Headers, u, method, q.Own)
	if err != nil {
		return nil, err
	}
	if q.TimeoutMillis < 0 {
		return nil, sdk.Invalid("the timeout is negative")
	}
	got := exchange{method: method, url: u, body: body, fields: fields, timeout: time.Duration(q.TimeoutMillis) * time.Millisecond}
	for hops := 0; ; hops++ {
		if err := f.send(&got); err != nil {
			return nil, err
		}
		next, redirected := got.redirect()
		if q.NoRedirects || !redirected {
			break
		}
		if hops == maxRedirects {
			return nil, sdk.Unavailable("more than %d redirects", maxRedirects)
		}
		if err := f.covered(next.method, next.url, q.Own); err != nil {
			return nil, err
		}
		got = next
	}
	held := &held{mediaType: got.answer.Get("Content-Type"), content: got.content, own: q.Own}
	id, err := f.keep(held)
	out := &contract.HTTPFetchAnswer{URL: got.url.Sent().String(), Status: got.status, Handle: id, Size: uint64(len(got.content))}
	for name, values := range got.answer {
		for _, value := range values {
			if outbound.Shown(name) {
				out.Headers = append(out.Headers, contract.Header{Name: name, Value: value})
			}
		}
	}
	slices.SortStableFunc(out.Headers, func(a, b contract.Header) int { return strings.Compare(a.Name, b.Name) })
	return out, err
}

// exchange is one hop: what is sent and what is answered.
type exchange struct {
	method  string
	url     *outbound.URL
	fields  []contract.Header // references to secrets not filled in
	body    []byte
	timeout time.Duration
	dropped bool // secrets and other fields were left behind

	status  int
	answer  http.Header
	content []byte
}

// redirect returns the hop that an answer asks for.
func (e exchange) redirect() (exchange, bool) {
	switch e.status {
	case 301, 302, 303, 307, 308:
	default:
		return e, false
	}
	to, err := e.url.Sent().Parse(e.answer.Get("Location"))
	if err != nil || e.answer.Get("Location") == "" {
		return e, false
	}
	next, err := outbound.Of(to)
	if err != nil {
		return e, false
	}
	out := exchange{method: e.method, url: next, fields: e.fields, body: e.body, timeout: e.timeout, dropped: e.dropped}
	if e.status < 304 && e.method != "GET" && e.method != "HEAD" {
		out.method, out.body = "GET", nil
	}
	if next.Scheme != e.url.Scheme || next.Authority() != e.url.Authority() {
		out.dropped = true
	}
	if out.dropped {
		out.fields = slices.DeleteFunc(slices.Clone(e.fields), func(f contract.Header) bool { return !strings.HasPrefix(f.Name, "Accept") })
	}
	return out, true
}

// send asks the site of a hop, or Fetch.
func (f *Fake) send(e *exchange) error {
	fields := slices.Clone(e.fields)
	var used []string
	for i, field := range fields {
		value, err := outbound.Fill(field.Value, func(r outbound.Reference) (string, error) {
			value, err := f.inject(r.Name, e.url, field.Name)
			used = append(used, value)
			return value, err
		})
		if err != nil {
			return err
		}
		fields[i].Value = value
	}
	if handler := f.sites[e.url.Authority()]; handler != nil {
		r := httptest.NewRequest(e.method, e.url.Sent().String(), bytes.NewReader(e.body))
		for _, field := range fields {
			r.Header.Add(field.Name, field.Value)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		e.status, e.answer, e.content = w.Code, w.Result().Header, w.Body.Bytes() //nolint:bodyclose // it is in memory
	} else if f.fetch != nil {
		var err error
		req := sdk.FetchRequest{Method: e.method, URL: e.url.Sent().String(), Headers: fields, Body: e.body, Timeout: e.timeout}
		if e.status, e.content, err = f.fetch(req); err != nil {
			return err
		}
		e.answer = http.Header{}
	} else {
		return sdk.Unavailable("%s: the host does not answer; the test names no sdktest.Site for it", e.url)
	}
	return repeats(e, used)
}

// repeats refuses an answer with a secret in it, as the host does.
func repeats(e *exchange, used []string) error {
	for _, value := range used {
		texts := []string{string(e.content)}
		for _, values := range e.answer {
			texts = append(texts, values...)
		}
		for _, text := range texts {
			if strings.Contains(text, value) || strings.Contains(text, base64.StdEncoding.EncodeToString([]byte(value))) {
				return &sdk.Error{Code: sdk.CodeDenied, MissingGrant: "secret: reveal", Message: "the answer of " + e.url.Authority() + " repeats a secret"}
			}
		}
	}
	return nil
}

// covered compares a request with the targets of plugin.yaml.
func (f *Fake) covered(method string, u *outbound.URL, own bool) error {
	if f.manifest == nil && (f.fetch != nil || f.sites[u.Authority()] != nil) {
		return nil
	}
	if _, ok := f.target(method, u, own); ok {
		return nil
	}
	return &sdk.Error{
		Code: sdk.CodeDenied, MissingGrant: "http: " + method + " " + u.String(),
		Message: "no target of http in plugin.yaml covers " + method + " " + u.String(),
	}
}

// target returns the first target that covers a request. A host that the
// manifest leaves to the operator is any that the test answers for.
func (f *Fake) target(method string, u *outbound.URL, own bool) (outbound.Target, bool) {
	if f.manifest == nil {
		return outbound.Target{}, false
	}
	for _, t := range f.manifest.Capabilities["http"].Scope.Targets {
		target, err := t.Outbound().Check()
		if err != nil {
			continue
		}
		if target.Host == outbound.AnyHost {
			named, _ := outbound.Target{Scheme: u.Scheme, Host: u.Host, Port: u.Port, Methods: target.Methods, Own: true, Credentials: true}.Check()
			target, _ = target.Narrow(named)
		}
		if target.Covers(method, u, own) {
			return target, true
		}
	}
	return outbound.Target{}, false
}

func (f *Fake) fields(in []contract.Header, u *outbound.URL, method string, own bool) ([]contract.Header, error) {
	var out []contract.Header
	for _, field := range in {
		name, err := outbound.CheckHeader(field.Name, field.Value)
		if err != nil {
			return nil, sdk.Invalid("%v", err)
		}
		refs, err := outbound.References(field.Value)
		if err != nil {
			return nil, sdk.Invalid("header field %s: %v", name, err)
		}
		if target, _ := f.target(method, u, own); outbound.IsCredential(name) && len(refs) == 0 && !target.Credentials {
			return nil, &sdk.Error{
				Code: sdk.CodeDenied, MissingGrant: "http: credentials to " + u.Authority(),
				Message: "the plugin may not write " + name + " itself; write {{secret:name}} into it, or declare `credentials: true` on the target",
			}
		}
		out = append(out, contract.Header{Name: name, Value: field.Value})
	}
	return out, nil
}

func (f *Fake) requestBody(q *contract.HTTPFetchRequest, method string) ([]byte, error) {
	body := q.Body
	if q.BodyHandle != 0 {
		h, err := f.handle(q.BodyHandle)
		if err != nil {
			return nil, err
		}
		if len(q.Body) > 0 {
			return nil, sdk.Invalid("the request has a body and a handle for one; give one of them")
		}
		body = h.content
	}
	if len(body) > 0 && (method == "GET" || method == "HEAD") {
		return nil, sdk.Invalid("a %s request has no body", method)
	}
	return body, nil
}

// inject returns the value of a secret for one field of a request.
func (f *Fake) inject(name string, u *outbound.URL, header string) (string, error) {
	denied := &sdk.Error{Code: sdk.CodeDenied, MissingGrant: "secret", Message: `the plugin does not declare the capability "secret"; add it to capabilities in plugin.yaml`}
	if f.granted != nil && !f.granted["secret"] {
		return "", denied
	}
	covers := func(t outbound.SecretTarget) bool { return t.Name == name && t.Covers(u.Host, header) }
	if f.manifest == nil || !slices.ContainsFunc(f.secretTargets(), covers) {
		denied.MissingGrant = "secret: " + name + " in " + header + " to " + u.Host
		denied.Message = "no target of secret in plugin.yaml lets " + name + " go to " + u.Host + " in " + header
		return "", denied
	}
	if u.Scheme != "https" {
		denied.MissingGrant, denied.Message = "http: https://"+u.Host, "a secret is not sent without encryption"
		return "", denied
	}
	return f.bound(name)
}

func (f *Fake) bound(name string) (string, error) {
	value, ok := f.secrets[name]
	if !ok {
		return "", sdk.Unavailable("secret %q has no value; bind one with sdktest.Secret", name)
	}
	return value, nil
}

func (f *Fake) secretTargets() []outbound.SecretTarget {
	var out []outbound.SecretTarget
	if f.manifest != nil {
		for _, t := range f.manifest.Capabilities["secret"].Scope.Secrets {
			if target, err := t.Outbound().Canonical(); err == nil {
				out = append(out, target)
			}
		}
	}
	return out
}

// secretReveal reveals what plugin.yaml asks to see.
func (f *Fake) secretReveal(q *contract.SecretRevealRequest) (msgp.Marshaler, error) {
	if err := outbound.CheckName(q.Name); err != nil {
		return nil, sdk.Invalid("%v", err)
	}
	if !slices.ContainsFunc(f.secretTargets(), func(t outbound.SecretTarget) bool { return t.Name == q.Name && t.Reveal }) {
		return nil, &sdk.Error{
			Code: sdk.CodeDenied, MissingGrant: "secret: reveal " + q.Name,
			Message: "the plugin may not have the value of secret \"" + q.Name + "\"; declare reveal: true in plugin.yaml",
		}
	}
	value, err := f.bound(q.Name)
	return &contract.SecretRevealAnswer{Value: value}, err
}
