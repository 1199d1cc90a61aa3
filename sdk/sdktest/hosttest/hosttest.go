package hosttest

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/tinylib/msgp/msgp"
)

// Host is the door of one call. A plugin.Door of the real host is one.
type Host interface {
	// Call performs a capability operation and returns an abi.ReplyHeader with its payload.
	Call(ctx context.Context, capability abi.Capability, op uint32, payload []byte) []byte
	// Read copies from a handle at off into dst and returns the count.
	Read(handle uint32, off int64, dst []byte) (int, abi.Code)
	// Write copies src to a handle at off and returns the count.
	Write(handle uint32, off int64, src []byte) (int, abi.Code)
}

// Setup is what a host must be opened with. Every case opens its own.
type Setup struct {
	// Entities are JSON objects to publish: complete, with uid, etag and
	// namespace in their metadata, without relations.
	Entities []string
	// Grants are the capabilities that the plugin declares and is granted,
	// each with its widest scope but without rights of its own.
	Grants []string
	// Config is the plugin's configuration.
	Config string
	// Now is the host's clock.
	Now func() time.Time
	// Scopes are what the plugin declares of a capability in place of its widest
	// scope, as JSON; they are granted as they are written.
	Scopes map[string]string
	// Sites are the servers of other hosts, all with HTTPS; Secrets the values
	// that the operator bound.
	Sites   map[string]http.Handler
	Secrets map[string]string
	// Sources are the files of the repository o/r on github.com, by the URL that
	// people see, on the branch main; SourceAPI answers what its API is asked for
	// beside, "/orgs/o".
	Sources   map[string]string
	SourceAPI http.Handler
	// Subject is the viewer's canonical entity ref, a user.
	Subject string
}

// start is when the clock of every case starts.
var start = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// all are the capabilities of the suite.
var all = []string{"catalog", "kv", "config", "log", "render", "clock", "identity", "plugin", "event", "schedule", "task", "http", "secret", "blob", "audit", "metric"}

// testCase is one case of the suite.
type testCase struct {
	name  string
	setup Setup
	run   func(t *testing.T, h *probe)
}

// Run holds a host to the suite. open makes a fresh host; it may clean up with t.Cleanup.
func Run(t *testing.T, open func(t *testing.T, s Setup) Host) {
	for _, group := range []struct {
		name  string
		cases []testCase
	}{
		{"grants", grantCases},
		{"handles", handleCases},
		{"kv", kvCases},
		{"catalog", catalogCases},
		{"bringing entities", bringCases},
		{"history", historyCases},
		{"small", smallCases},
		{"render", renderCases},
		{"plugin", pluginCases},
		{"event", eventCases},
		{"schedule", scheduleCases},
		{"task", taskCases},
		{"http", httpCases},
		{"secret", secretCases},
		{"source", sourceCases},
		{"blob", blobCases},
		{"audit and metric", emitCases},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, c := range group.cases {
				t.Run(c.name, func(t *testing.T) {
					clock := &clock{now: start}
					s := c.setup
					if s.Grants == nil {
						s.Grants = all
					}
					if s.Config == "" {
						s.Config = `{"greeting":"Hello"}`
					}
					s.Entities, s.Now, s.Subject = entities, clock.read, "user:default/ada"
					c.run(t, &probe{t: t, host: open(t, s), clock: clock})
				})
			}
		})
	}
}

type clock struct{ now time.Time }

func (c *clock) read() time.Time { return c.now }

// probe asks a host and ends the test on what should not be.
type probe struct {
	t     *testing.T
	host  Host
	clock *clock
}

// ask performs an operation and decodes the answer, or returns the error.
func (p *probe) ask(c abi.Capability, op uint32, req msgp.Marshaler, resp msgp.Unmarshaler) (abi.Code, contract.Error) {
	p.t.Helper()
	var payload []byte
	if req != nil {
		var err error
		if payload, err = req.MarshalMsg(nil); err != nil {
			p.t.Fatal(err)
		}
	}
	header, rest, err := abi.ParseReplyHeader(p.host.Call(p.t.Context(), c, op, payload))
	if err != nil {
		p.t.Fatalf("the reply of %s: %v", c, err)
	}
	var e contract.Error
	switch {
	case header.Code != abi.CodeOK:
		if _, err := e.UnmarshalMsg(rest); err != nil {
			p.t.Fatalf("the error of %s: %v", c, err)
		}
		if e.Code != header.Code.String() || e.Message == "" {
			p.t.Errorf("the error of %s has code %q in the payload and %s in the header, message %q", c, e.Code, header.Code, e.Message)
		}
	case resp != nil:
		if _, err := resp.UnmarshalMsg(rest); err != nil {
			p.t.Fatalf("the answer of %s: %v", c, err)
		}
	}
	return header.Code, e
}

// must performs an operation that has to succeed.
func (p *probe) must(c abi.Capability, op uint32, req msgp.Marshaler, resp msgp.Unmarshaler) {
	p.t.Helper()
	if code, e := p.ask(c, op, req, resp); code != abi.CodeOK {
		p.t.Fatalf("%s %d: %s: %s", c, op>>8, code, e.Message)
	}
}

// refuse performs an operation that has to fail with a code.
func (p *probe) refuse(want abi.Code, c abi.Capability, op uint32, req msgp.Marshaler) contract.Error {
	p.t.Helper()
	code, e := p.ask(c, op, req, nil)
	if code != want {
		p.t.Fatalf("%s %d answered %s, want %s: %s", c, op>>8, code, want, e.Message)
	}
	return e
}

// read returns what a handle holds.
func (p *probe) read(handle uint32, size uint64) string {
	p.t.Helper()
	b := make([]byte, size+10)
	total := 0
	for {
		n, code := p.host.Read(handle, int64(total), b[total:])
		if code != abi.CodeOK {
			p.t.Fatalf("reading handle %d at %d: %s", handle, total, code)
		}
		if total += n; n == 0 || total == len(b) {
			break
		}
	}
	if uint64(total) != size {
		p.t.Errorf("handle %d holds %d bytes, the answer said %d", handle, total, size)
	}
	return string(b[:total])
}
