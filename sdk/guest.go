package sdk

import (
	"context"
	"fmt"
	"sync"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/tinylib/msgp/msgp"
)

// answerRoom is how much of an answer fits without a second call to the host.
const answerRoom = 16 << 10

// Guest is a plugin bound to a host: what runs inside an instance. The Wasm
// build makes its own; sdktest makes one per harness.
type Guest struct {
	plugin Plugin
	routes map[string][]route
	host   Host

	reply []byte // reused; valid until the next Handle

	mu   sync.Mutex // a handler may use several goroutines
	free []*buffers
}

// buffers are what one host call writes and reads.
type buffers struct{ out, in []byte }

// NewGuest checks the plugin and binds it. The error says what is wrong with
// a route or processor.
func NewGuest(p Plugin, host Host) (*Guest, error) {
	routes, err := p.compile()
	if err != nil {
		return nil, err
	}
	return &Guest{plugin: p, routes: routes, host: host}, nil
}

func (g *Guest) takeBuffers() *buffers {
	g.mu.Lock()
	defer g.mu.Unlock()
	if n := len(g.free); n > 0 {
		b := g.free[n-1]
		g.free = g.free[:n-1]
		return b
	}
	return &buffers{out: make([]byte, 0, 1024), in: make([]byte, answerRoom)}
}

func (g *Guest) giveBuffers(b *buffers) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.free = append(g.free, b)
}

// Handle runs one operation: in is an abi.CallHeader with its payload, the
// result an abi.ReplyHeader with its payload, valid until the next Handle. in
// must not be changed afterwards: strings of the request point into it.
func (g *Guest) Handle(parent context.Context, op abi.Op, in []byte) []byte {
	header, payload, err := abi.ParseCallHeader(in)
	if err != nil {
		return g.fail(Errorf(CodeInvalid, "reading the call: %w", err))
	}
	if header.PayloadLen > 0 && header.Codec != abi.CodecMsgpack {
		return g.fail(Errorf(CodeInvalid, "codec %d is not known to %s", header.Codec, Version))
	}
	c := &call{parent: parent, header: header, guest: g}
	defer c.end()
	switch op {
	case abi.OpHTTPHandle:
		return g.http(c, payload)
	case abi.OpEntityProcess:
		return g.process(c, payload)
	case abi.OpEventOn:
		return g.event(c, payload)
	case abi.OpScheduleRun:
		return g.schedule(c, payload)
	case abi.OpTaskRun:
		return g.task(c, payload)
	case abi.OpEntityProvide:
		return g.provide(c, payload)
	case abi.OpDescribe:
		d := g.plugin.Describe()
		return g.succeed(&d)
	case abi.OpHealth:
		health := contract.Health{OK: true}
		if g.plugin.Health != nil {
			if err := g.plugin.Health(c); err != nil {
				health = contract.Health{Message: err.Error()}
			}
		}
		return g.succeed(&health)
	case abi.OpMigrate:
		return g.migrate(c, payload)
	}
	return g.fail(Errorf(CodeNotFound, "operation %d (%s) is not served by %s", uint32(op), op, Version))
}

func (g *Guest) http(c *call, payload []byte) []byte {
	r := &c.request
	if err := decodeRequest(payload, r); err != nil {
		return g.fail(Errorf(CodeInvalid, "reading the request: %w", err))
	}
	r.call = c
	handle := g.route(r.Method, r.Route)
	if handle == nil {
		return g.fail(NotFound("route %s %s is not served by this plugin", r.Method, r.Route))
	}
	resp, err := handle(c, r)
	switch {
	case err != nil:
		return g.fail(err)
	case resp == nil:
		return g.fail(fmt.Errorf("the handler of %s %s returned neither a response nor an error", r.Method, r.Route))
	case resp.err != nil:
		return g.fail(resp.err)
	}
	out := contract.HTTPResponse{Status: resp.Status, Headers: resp.headers, Body: resp.parts}
	if out.Status == 0 {
		out.Status = 200
	}
	return g.succeed(&out)
}

// route finds the handler of a method and pattern; HEAD falls back to GET.
func (g *Guest) route(method, pattern string) Handler {
	var get Handler
	for _, r := range g.routes[pattern] {
		if r.method == method {
			return r.handle
		}
		if r.method == "GET" {
			get = r.handle
		}
	}
	if method == "HEAD" {
		return get
	}
	return nil
}

// succeed encodes a reply. The header is written last, when the length is known.
func (g *Guest) succeed(m msgp.Marshaler) []byte {
	return g.encode(abi.CodeOK, m)
}

// fail encodes an error reply and logs what the client does not see.
func (g *Guest) fail(err error) []byte {
	code, e := wireError(err)
	if code == CodeInternal {
		g.host.Log(abi.LevelError, []byte("internal error: "+err.Error()))
	}
	return g.encode(code, &e)
}

func (g *Guest) encode(code Code, m msgp.Marshaler) []byte {
	var room [abi.ReplyHeaderSize]byte
	b, err := m.MarshalMsg(append(g.reply[:0], room[:]...))
	if err != nil {
		g.host.Log(abi.LevelError, []byte("encoding a reply: "+err.Error()))
		code = CodeInternal
		b = append(b[:0], room[:]...)
	}
	header := abi.ReplyHeader{Codec: abi.CodecMsgpack, Code: code, PayloadLen: uint32(len(b) - abi.ReplyHeaderSize)}
	header.AppendTo(b[:0])
	g.reply = b
	return b
}
