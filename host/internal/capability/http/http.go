package http

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/host/internal/capability"
	"github.com/callboard/callboard/host/internal/capability/secret"
	"github.com/callboard/callboard/host/internal/egress"
	"github.com/callboard/callboard/host/internal/fault"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/outbound"
)

// Deps is what the capability works with.
type Deps struct {
	Egress  *egress.Egress
	Secrets secret.Vault
}

// New returns the table's row.
func New(d Deps) capability.Capability {
	s := &service{clients: &clients{egress: d.Egress}, secrets: d.Secrets}
	return capability.Capability{
		ID: abi.CapHTTP, Scope: scopes{},
		Ops: map[uint32]capability.Operation{abi.HTTPFetch: capability.Op("http.fetch/1", s.fetch)},
	}
}

type service struct {
	clients *clients
	secrets secret.Vault
}

func (s *service) fetch(ctx context.Context, c *capability.Call, q *contract.HTTPFetchRequest) (msgp.Marshaler, error) {
	scope, ok := c.Scope.(*Scope)
	if !ok {
		return nil, fault.New(fault.Internal, "the call has no http scope")
	}
	f := &fetching{ctx: ctx, call: c, scope: scope, secrets: s.secrets, own: c.Own(q.Own)}
	req, err := f.request(q)
	if err != nil {
		return nil, err
	}
	if q.TimeoutMillis < 0 {
		return nil, fault.New(fault.Invalid, "the timeout is negative")
	}
	res, err := s.clients.of(c.Installation, scope, f.own).DoWith(req, egress.Exchange{
		NoRedirects: q.NoRedirects, Timeout: time.Duration(min(q.TimeoutMillis, maxExchange.Milliseconds())) * time.Millisecond,
		Sending: f.sending, Answered: f.answered,
	})
	if err != nil {
		return nil, f.explain(err)
	}
	defer func() { _ = res.Body.Close() }()
	return f.answer(res)
}

// fetching is one fetch under way.
type fetching struct {
	ctx     context.Context //nolint:containedctx // it lives as long as the operation that it belongs to
	call    *capability.Call
	scope   *Scope
	secrets secret.Vault
	own     bool
	body    int64 // bytes
	scanner secret.Scanner
}

// request checks what the guest asks for, in the order in which a person
// would mend it: URL, scope, header, body.
func (f *fetching) request(q *contract.HTTPFetchRequest) (*http.Request, error) {
	u, err := outbound.Parse(q.URL)
	if err != nil {
		return nil, fault.New(fault.Invalid, "%w", err)
	}
	method := q.Method
	if method == "" {
		method = http.MethodGet
	}
	if method, err = outbound.CheckMethod(method); err != nil {
		return nil, fault.New(fault.Invalid, "%w", err)
	}
	permission, err := f.scope.permits(method, u, f.own)
	if err != nil {
		return nil, err
	}
	f.call.Reached(abi.CapHTTP, "host", strings.ToLower(u.Host))
	header, err := checkHeader(q.Headers, permission.credentials, u)
	if err != nil {
		return nil, err
	}
	body, err := f.content(q)
	if err != nil {
		return nil, err
	}
	if f.body > 0 && (method == http.MethodGet || method == http.MethodHead) {
		return nil, fault.New(fault.Invalid, "a %s request has no body", method)
	}
	req := (&http.Request{
		Method: method, URL: u.Sent(), Header: header, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, ContentLength: f.body, Body: http.NoBody,
	}).WithContext(f.ctx)
	if f.body > 0 {
		// The length is known, so that it is sent and nothing is chunked.
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		req.Body, _ = req.GetBody()
	}
	return req, nil
}

// checkHeader returns the header that is sent, with its references to secrets
// still in it.
func checkHeader(fields []contract.Header, credentials bool, u *outbound.URL) (http.Header, error) {
	if len(fields) > outbound.MaxFields {
		return nil, fault.New(fault.Invalid, "a request has at most %d header fields", outbound.MaxFields)
	}
	header, size := http.Header{}, 0
	for _, f := range fields {
		name, err := outbound.CheckHeader(f.Name, f.Value)
		if err != nil {
			return nil, fault.New(fault.Invalid, "%w", err)
		}
		refs, err := outbound.References(f.Value)
		if err != nil {
			return nil, fault.New(fault.Invalid, "header field %s: %w", name, err)
		}
		if outbound.IsCredential(name) && len(refs) == 0 && !credentials {
			return nil, &capability.Denial{
				Missing: "http: credentials to " + u.Authority(),
				Why: "the plugin may not write " + name + " itself to " + u.Authority() +
					"; write {{secret:name}} into it, or declare and grant `credentials: true` on the target",
			}
		}
		if size += len(name) + len(f.Value); size > outbound.MaxHeaderBytes {
			return nil, fault.New(fault.Invalid, "the header of a request has at most %d bytes", outbound.MaxHeaderBytes)
		}
		header[name] = append(header[name], f.Value)
	}
	return header, nil
}

// content returns the body. What was read under other rights than the request
// uses does not go out with it.
func (f *fetching) content(q *contract.HTTPFetchRequest) ([]byte, error) {
	if q.BodyHandle == 0 {
		f.body = int64(len(q.Body))
		return q.Body, nil
	}
	if len(q.Body) > 0 {
		return nil, fault.New(fault.Invalid, "the request has a body and a handle for one; give one of them")
	}
	// What another plugin answered can name the same pieces ten thousand times:
	// the quota comes before they are put together.
	size, _, err := f.call.Handles.Stat(q.BodyHandle)
	if err != nil {
		return nil, err
	}
	if size > f.call.EgressLeft() {
		return nil, f.call.ChargeEgress(0, size)
	}
	pieces, _, err := f.call.Handles.Content(q.BodyHandle, f.call.Viewer(q.Own).Authority())
	if err != nil {
		return nil, err
	}
	// A server may answer before it has read everything, and the guest could
	// then write to its handle while that is still sent.
	body := bytes.Join(pieces, nil)
	f.body = int64(len(body))
	return body, nil
}

// sending is called for each hop: it takes it from the quota and puts secrets
// into the copy of the header that only this hop sees.
func (f *fetching) sending(r *http.Request) error {
	u, err := outbound.Of(r.URL)
	if err != nil {
		return fault.New(fault.Invalid, "%w", err)
	}
	size := int64(len(r.URL.String())) + headerSize(r.Header)
	if r.ContentLength > 0 {
		size += r.ContentLength
	}
	if err := f.call.ChargeEgress(1, size); err != nil {
		return err
	}
	for name, values := range r.Header {
		for i, value := range values {
			if !strings.Contains(value, "{{secret") {
				continue
			}
			if err := f.encrypted(r, u); err != nil {
				return err
			}
			filled, used, err := f.secrets.Fill(f.ctx, f.call, u.Host, name, value)
			if err != nil {
				return err //nolint:wrapcheck // it says which grant is missing
			}
			f.scanner.Add(used)
			values[i] = filled
		}
	}
	f.call.NoteExchange(capability.Exchange{Method: r.Method, Host: u.Authority()})
	return nil
}

// encrypted refuses to send a secret in the clear, but for where the operator
// said that the host is on a network of their own.
func (f *fetching) encrypted(r *http.Request, u *outbound.URL) error {
	if u.Scheme == "https" {
		return nil
	}
	p, err := f.scope.permits(r.Method, u, f.own)
	if err != nil {
		return err
	}
	if p.reach != egress.Private {
		return &capability.Denial{
			Missing: "http: https://" + u.Host,
			Why:     "a secret is not sent to " + u.Authority() + " without encryption; use https, or grant the target with `private: true`",
		}
	}
	return nil
}

// answered is called for each hop: a header that repeats a secret goes
// nowhere, least of all into the next request.
func (f *fetching) answered(r *http.Request, res *http.Response) error {
	f.call.NoteStatus(res.StatusCode)
	if err := f.call.ChargeEgress(0, headerSize(res.Header)); err != nil {
		return err
	}
	for name, values := range res.Header {
		for _, value := range values {
			if found, ok := f.scanner.Find(name + ": " + value); ok {
				return secret.Repeated(found, r.URL.Host)
			}
		}
	}
	return nil
}

func headerSize(h http.Header) (n int64) {
	for name, values := range h {
		for _, value := range values {
			n += int64(len(name) + len(value))
		}
	}
	return n
}

// answer keeps the body behind a handle.
func (f *fetching) answer(res *http.Response) (*contract.HTTPFetchAnswer, error) {
	mediaType := res.Header.Get("Content-Type")
	if len(mediaType) > 200 {
		mediaType = "application/octet-stream"
	}
	body := f.scanner.Reader(charged{res.Body, f.call}, res.Request.URL.Host)
	handle, size, err := f.call.Handles.PutFrom(body, mediaType, f.call.Viewer(f.own).Authority())
	if err != nil {
		return nil, err
	}
	answer := &contract.HTTPFetchAnswer{URL: res.Request.URL.String(), Status: res.StatusCode, Handle: handle, Size: uint64(size)} //nolint:gosec // sizes are not negative
	for name, values := range res.Header {
		if !outbound.Shown(name) {
			continue
		}
		for _, value := range values {
			answer.Headers = append(answer.Headers, contract.Header{Name: name, Value: value})
		}
	}
	slices.SortStableFunc(answer.Headers, func(a, b contract.Header) int { return strings.Compare(a.Name, b.Name) })
	return answer, nil
}

// charged takes what is read from the call's quota.
type charged struct {
	from io.Reader
	call *capability.Call
}

// Read implements io.Reader.
func (r charged) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if over := r.call.ChargeEgress(0, int64(n)); over != nil {
		return 0, over
	}
	return n, err //nolint:wrapcheck // the body says what and why
}

// explain says which grant a refused address is missing. Where a name leads
// inside of the company's network is not for a plugin to know.
func (f *fetching) explain(err error) error {
	var address *egress.AddressError
	if !errors.As(err, &address) {
		return err
	}
	d := &capability.Denial{Missing: "http: private", Why: "the host has " + address.Why + ", where no request of a plugin may go"}
	if !address.Always {
		d.Why = "the host has " + address.Why + "; the operator allows it with `private: true` on the target in plugins.entries.<id>.grants.http"
	}
	return d
}
