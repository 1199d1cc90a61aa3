package sdktest

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/manifest"
	"github.com/tinylib/msgp/msgp"
)

// inlineBody is the size above which a request body arrives as a handle.
const inlineBody = 16 << 10

// Harness is a plugin beside a fake host.
type Harness struct {
	t      testing.TB
	plugin sdk.Plugin
	guest  *sdk.Guest
	fake   *Fake
	calls  uint64
}

// New binds a plugin to a fake host. With a plugin.yaml in the test's folder
// the test fails for every difference between it and the code.
func New(t testing.TB, p sdk.Plugin, options ...Option) *Harness {
	t.Helper()
	fake, err := NewFake(options...)
	if err != nil {
		t.Fatalf("preparing the fake host: %v", err)
	}
	if fake.manifest != nil {
		for _, problem := range manifest.Check(fake.manifest, p.Describe()) {
			t.Error(problem)
		}
	}
	guest, err := sdk.NewGuest(p, door{fake})
	if err != nil {
		t.Fatalf("registering the plugin: %v", err)
	}
	return &Harness{t: t, plugin: p, guest: guest, fake: fake}
}

// door gives a guest the fake host.
type door struct{ *Fake }

// Call implements sdk.Host.
func (d door) Call(ctx context.Context, capability abi.Capability, op uint32, payload, _ []byte) ([]byte, abi.Code) {
	return d.Fake.Call(ctx, capability, op, payload), abi.CodeOK
}

// Response is what a client of the route sees.
type Response struct {
	Status int
	Header map[string]string // names as the plugin wrote them
	Body   []byte
	Route  string // the pattern that matched
}

// JSON decodes the body into v and ends the test if it is not JSON.
func (r *Response) JSON(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(r.Body, v); err != nil {
		t.Fatalf("the body is not JSON: %v\n%s", err, r.Body)
	}
}

// Get sends a GET request. target is a path below /api/<plugin>, with a query.
func (h *Harness) Get(target string) *Response {
	h.t.Helper()
	return h.Do("GET", target, nil)
}

// Post sends a POST request; body may be []byte, string, or anything with a JSON form.
func (h *Harness) Post(target string, body any) *Response {
	h.t.Helper()
	var b []byte
	switch body := body.(type) {
	case []byte:
		b = body
	case string:
		b = []byte(body)
	default:
		var err error
		if b, err = json.Marshal(body); err != nil {
			h.t.Fatalf("encoding the body: %v", err)
		}
	}
	return h.Do("POST", target, b, "Content-Type", "application/json")
}

// Do sends a request with header fields given as name, value, name, value.
func (h *Harness) Do(method, target string, body []byte, header ...string) *Response {
	h.t.Helper()
	path, query, _ := strings.Cut(target, "?")
	route, params := h.match(method, path)
	if route == "" {
		return problem(&sdk.Error{Code: sdk.CodeNotFound, Message: "the plugin has no route " + method + " " + path})
	}
	req := &contract.HTTPRequest{Method: method, Route: route, Path: path, RawQuery: query, Params: params}
	for i := 0; i+1 < len(header); i += 2 {
		req.Headers = append(req.Headers, contract.Header{Name: header[i], Value: header[i+1]})
	}
	var id uint32
	if len(body) > inlineBody {
		var err error
		if id, err = h.fake.keep(&held{content: body}); err != nil {
			h.t.Fatal(err)
		}
	} else {
		req.Body = body
	}
	defer h.fake.EndCall()
	var out contract.HTTPResponse
	if err := h.call(abi.OpHTTPHandle, req, &out, id); err != nil {
		return problem(err)
	}
	resp := &Response{Status: out.Status, Header: map[string]string{}, Route: route}
	for _, f := range out.Headers {
		resp.Header[f.Name] = f.Value
	}
	for _, part := range out.Body {
		if part.Handle == 0 {
			resp.Body = append(resp.Body, part.Bytes...)
			continue
		}
		held, err := h.fake.handle(part.Handle)
		switch {
		case err != nil:
			h.t.Fatalf("%s %s answered a handle that is not of this call: %v", method, target, err)
		case held.own:
			return problem(&sdk.Error{Code: sdk.CodeDenied, Message: "a handle was read with the plugin's own rights and may not be shown to this caller"})
		}
		resp.Body = append(resp.Body, held.content...)
	}
	return resp
}

// call runs one operation of the plugin.
func (h *Harness) call(op abi.Op, req msgp.Marshaler, resp msgp.Unmarshaler, body uint32) error {
	h.t.Helper()
	payload, err := req.MarshalMsg(nil)
	if err != nil {
		h.t.Fatalf("encoding the call: %v", err)
	}
	h.calls++
	header := abi.CallHeader{
		Codec: abi.CodecMsgpack, Op: op, PayloadLen: uint32(len(payload)), CallID: h.calls,
		Deadline: time.Now().Add(time.Minute), Body: body,
	}
	reply, rest, err := abi.ParseReplyHeader(h.guest.Handle(context.Background(), op, append(header.AppendTo(nil), payload...)))
	if err != nil {
		h.t.Fatalf("%s: %v", op, err)
	}
	if reply.Code != abi.CodeOK {
		var e contract.Error
		if _, err := e.UnmarshalMsg(rest); err != nil {
			h.t.Fatalf("%s: %v", op, err)
		}
		return &sdk.Error{Code: reply.Code, Message: e.Message, Retryable: e.Retryable, MissingGrant: e.MissingGrant}
	}
	if _, err := resp.UnmarshalMsg(rest); err != nil {
		h.t.Fatalf("%s: %v", op, err)
	}
	return nil
}

// Processed is what became of an entity.
type Processed struct {
	Entity    map[string]any // nil when the processor left it as it was
	Relations []contract.EmittedRelation
	Emitted   []map[string]any
	Errors    []string
}

// Process runs a processor over one entity, given as JSON or YAML text.
func (h *Harness) Process(processor, text string) Processed {
	h.t.Helper()
	var one fakeCatalog
	if err := one.addYAML("the entity", []byte(text)); err != nil || len(one.entities) != 1 {
		h.t.Fatalf("reading the entity: %d documents, %v", len(one.entities), err)
	}
	b, err := json.Marshal(one.entities[0].object)
	if err != nil {
		h.t.Fatal(err)
	}
	defer h.fake.EndCall()
	var reply contract.ProcessReply
	item := contract.ProcessItem{Ref: one.entities[0].ref, Entity: b}
	err = h.call(abi.OpEntityProcess, &contract.ProcessRequest{Processor: processor, Items: []contract.ProcessItem{item}}, &reply, 0)
	if err != nil {
		h.t.Fatalf("processing: %v", err)
	}
	r := reply.Results[0]
	out := Processed{Relations: r.Relations, Errors: r.Errors}
	if len(r.Entity) > 0 {
		if err := json.Unmarshal(r.Entity, &out.Entity); err != nil {
			h.t.Fatalf("the processor made %s of %s: %v", r.Entity, item.Ref, err)
		}
	}
	for _, child := range r.Emit {
		var object map[string]any
		if err := json.Unmarshal(child, &object); err != nil {
			h.t.Fatalf("the processor emitted what is not JSON: %v", err)
		}
		out.Emitted = append(out.Emitted, object)
	}
	return out
}

// Migrate runs the plugin's migration of its data and returns its error.
func (h *Harness) Migrate(from, to int) error {
	h.t.Helper()
	defer h.fake.EndCall()
	return h.call(abi.OpMigrate, &contract.Migration{From: from, To: to}, &contract.Migrated{}, 0)
}

// Healthy runs the health check and returns its message, "" for healthy.
func (h *Harness) Healthy() string {
	h.t.Helper()
	var out contract.Health
	if err := h.call(abi.OpHealth, &contract.Health{}, &out, 0); err != nil {
		return err.Error()
	}
	return out.Message
}

// Log returns the lines that the plugin has logged.
func (h *Harness) Log() []Line {
	h.fake.mu.Lock()
	defer h.fake.mu.Unlock()
	return append([]Line(nil), h.fake.log...)
}
