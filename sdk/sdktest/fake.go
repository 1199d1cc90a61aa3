package sdktest

import (
	"context"
	"errors"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/callboard/callboard/sdk"
	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
	"github.com/callboard/callboard/sdk/manifest"
	"github.com/tinylib/msgp/msgp"
)

// maxHandles is how many handles one call may hold.
const maxHandles = 64

// Line is one line of the captured log.
type Line struct {
	Level   abi.Level
	Message string
	Attrs   map[string]string // of structured records
}

// Fake is a host in memory. It keeps its key-value store and catalog between
// calls and forgets handles when a call ends.
type Fake struct {
	catalog   *fakeCatalog
	kv        *fakeKV
	now       func() time.Time
	config    []byte
	principal sdk.Principal
	granted   map[string]bool // nil = everything
	own       bool
	fetch     func(sdk.FetchRequest) (int, []byte, error)
	sites     map[string]http.Handler
	sources   map[string]string       // by URL
	apis      map[string]http.Handler // by address of the site
	secrets   map[string]string
	manifest  *manifest.Manifest
	peers     map[string]peer

	mu      sync.Mutex
	handles map[uint32]*held
	next    uint32
	log     []Line
	blobs   fakeBlobs
	metrics map[string]metric
	audit   []sdk.AuditEvent

	locations []contract.CatalogLocationAnswer
	removed   []contract.CatalogLocationAnswer

	auditMinute time.Time
	auditCount  int

	published []sdk.EventDraft
	tasks     []*fakeTask
	running   *fakeTask // whose run is the call
}

// held is what a handle holds.
type held struct {
	mediaType string
	content   []byte
	mutable   bool
	own       bool // read with the plugin's own rights
}

// NewFake returns a fake host. The error is that of an option.
func NewFake(options ...Option) (*Fake, error) {
	start := NewClock(time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC))
	f := &Fake{
		catalog: &fakeCatalog{}, now: start.Now, config: []byte("{}"), handles: map[uint32]*held{},
		blobs: fakeBlobs{rows: map[string]fakeBlob{}}, metrics: map[string]metric{},
		principal: sdk.Principal{Kind: "user", Ref: "user:default/guest", Ownership: []string{"user:default/guest"}, Mode: "viewer"},
	}
	if content, err := os.ReadFile(manifest.FileName); err == nil {
		if f.manifest, err = manifest.Parse(manifest.FileName, content); err != nil {
			return nil, err
		}
	}
	for _, option := range options {
		if err := option(f); err != nil {
			return nil, err
		}
	}
	if f.manifest != nil {
		f.grantDeclared()
	}
	f.kv = &fakeKV{now: f.now, rows: map[string]kvRow{}}
	return f, nil
}

// grantDeclared makes the rights what they are on a real host: declared and granted.
func (f *Fake) grantDeclared() {
	declared := map[string]bool{}
	for name, c := range f.manifest.Capabilities {
		declared[name] = f.granted == nil || f.granted[name]
		if name == "catalog" && c.Scope.Own != nil {
			f.own = true
		}
	}
	f.granted = declared
}

// Call implements sdktest/hosttest.Host.
func (f *Fake) Call(_ context.Context, capability abi.Capability, op uint32, payload []byte) []byte {
	answer, err := f.perform(capability, op, payload)
	header := abi.ReplyHeader{}
	if err != nil {
		e := &sdk.Error{Code: sdk.CodeInternal, Message: "internal error"}
		errors.As(err, &e)
		header.Code = e.Code
		answer = &contract.Error{Code: e.Code.String(), Message: e.Message, Retryable: e.Retryable, MissingGrant: e.MissingGrant}
	}
	body := []byte{}
	if answer != nil {
		header.Codec = abi.CodecMsgpack
		if body, err = answer.MarshalMsg(nil); err != nil {
			header.Code, body = abi.CodeInternal, nil
		}
	}
	header.PayloadLen = uint32(len(body))
	return append(header.AppendTo(nil), body...)
}

func (f *Fake) perform(capability abi.Capability, op uint32, payload []byte) (msgp.Marshaler, error) {
	name := capability.String()
	switch {
	case capability == abi.CapHandle:
	case offered[capability] == nil:
		return nil, &sdk.Error{Code: sdk.CodeDenied, Message: "the capability " + name + " is not offered by this host", MissingGrant: name}
	case f.granted != nil && !f.granted[name]:
		return nil, &sdk.Error{Code: sdk.CodeDenied, Message: "the plugin does not declare the capability \"" + name + "\"; add it to capabilities in plugin.yaml", MissingGrant: name}
	}
	serve := offered[capability][op]
	if serve == nil {
		return nil, sdk.Invalid("%s has no operation %d in version %d", name, op>>8, op&0xff)
	}
	return serve(f, payload)
}

// serve answers one operation.
type serve func(f *Fake, payload []byte) (msgp.Marshaler, error)

// request is a pointer to a contract type that decodes itself.
type request[T any] interface {
	*T
	msgp.Unmarshaler
}

// typed makes a serve of a function with a typed request.
func typed[T any, Q request[T]](do func(f *Fake, q Q) (msgp.Marshaler, error)) serve {
	return func(f *Fake, payload []byte) (msgp.Marshaler, error) {
		q := Q(new(T))
		if rest, err := q.UnmarshalMsg(payload); err != nil || len(rest) > 0 {
			return nil, sdk.Invalid("the payload is not a valid request")
		}
		return do(f, q)
	}
}

func plain(do func(f *Fake) (msgp.Marshaler, error)) serve {
	return func(f *Fake, _ []byte) (msgp.Marshaler, error) { return do(f) }
}

// offered is what the fake host can do.
var offered = map[abi.Capability]map[uint32]serve{
	abi.CapHandle: {
		abi.HandleCreate: typed((*Fake).handleCreate), abi.HandleStat: typed((*Fake).handleStat), abi.HandleDrop: typed((*Fake).handleDrop),
	},
	abi.CapCatalog: {
		abi.CatalogGet: typed((*Fake).catalogGet), abi.CatalogQuery: typed((*Fake).catalogQuery),
		abi.CatalogFacets: typed((*Fake).catalogFacets), abi.CatalogByRefs: typed((*Fake).catalogByRefs),
		abi.CatalogLocList: typed((*Fake).catalogLocations), abi.CatalogLocAdd: typed((*Fake).catalogAddLocation),
		abi.CatalogLocDelete: typed((*Fake).catalogDeleteLocation), abi.CatalogApply: typed((*Fake).catalogApply),
		abi.CatalogRefresh: typed((*Fake).catalogRefresh), abi.CatalogTraverse: typed((*Fake).catalogTraverse),
		abi.CatalogGraph: typed((*Fake).catalogGraph), abi.CatalogImpact: typed((*Fake).catalogImpact),
		abi.CatalogModel: typed((*Fake).catalogModel), abi.CatalogAncestry: typed((*Fake).catalogAncestry), abi.CatalogValidate: typed((*Fake).catalogValidate),
		abi.CatalogRemove: typed((*Fake).catalogRemove), abi.CatalogProblems: typed((*Fake).catalogProblems),
		abi.CatalogHistory: typed((*Fake).catalogHistory),
		abi.CatalogAsOf:    typed((*Fake).catalogAsOf), abi.CatalogLocRemoved: typed((*Fake).catalogRemovedLocations),
		abi.CatalogLocRestore: typed((*Fake).catalogRestoreLocation),
	},
	abi.CapKV: {
		abi.KVGet: typed((*Fake).kvGet), abi.KVSet: typed((*Fake).kvSet), abi.KVDelete: typed((*Fake).kvDelete),
		abi.KVScan: typed((*Fake).kvScan), abi.KVBatch: typed((*Fake).kvBatch),
		abi.KVGetMany: typed((*Fake).kvGetMany), abi.KVUsage: plain((*Fake).kvUsage),
	},
	abi.CapBlob: {
		abi.BlobPut: typed((*Fake).blobPut), abi.BlobGet: typed((*Fake).blobGet), abi.BlobStat: typed((*Fake).blobStat),
		abi.BlobList: typed((*Fake).blobList), abi.BlobDelete: typed((*Fake).blobDelete),
	},
	abi.CapAudit:  {abi.AuditEmit: typed((*Fake).auditEmit)},
	abi.CapMetric: {abi.MetricEmit: typed((*Fake).metricEmit)},
	abi.CapRender: {
		abi.RenderMarkdown: typed((*Fake).renderMarkdown), abi.RenderYAML: typed((*Fake).renderYAML),
		abi.RenderJSON: typed((*Fake).renderJSON), abi.RenderValidate: typed((*Fake).renderValidate),
		abi.RenderHTML: typed((*Fake).renderHTML), abi.RenderDiff: typed((*Fake).renderDiff),
	},
	abi.CapEvent:    {abi.EventPublish: typed((*Fake).eventPublish)},
	abi.CapSchedule: {abi.ScheduleList: typed((*Fake).scheduleList), abi.ScheduleRunNow: typed((*Fake).scheduleRunNow)},
	abi.CapTask: {
		abi.TaskEnqueue: typed((*Fake).taskEnqueue), abi.TaskGet: typed((*Fake).taskGet), abi.TaskList: typed((*Fake).taskList),
		abi.TaskCancel: typed((*Fake).taskCancel), abi.TaskCheckpoint: typed((*Fake).taskCheckpoint), abi.TaskLog: typed((*Fake).taskLog),
	},
	abi.CapPlugin: {abi.PluginCall: typed((*Fake).pluginCall)},
	abi.CapHTTP:   {abi.HTTPFetch: typed((*Fake).httpFetch)},
	abi.CapSource: {
		abi.SourceRead: typed((*Fake).sourceRead), abi.SourceTree: typed((*Fake).sourceTree),
		abi.SourceSearch: typed((*Fake).sourceSearch), abi.SourceAsk: typed((*Fake).sourceAsk),
	},
	abi.CapSecret: {abi.SecretReveal: typed((*Fake).secretReveal)},
	abi.CapConfig: {abi.ConfigGet: plain(func(f *Fake) (msgp.Marshaler, error) {
		return &contract.ConfigAnswer{JSON: f.config}, nil
	})},
	abi.CapClock: {abi.ClockNow: plain(func(f *Fake) (msgp.Marshaler, error) {
		return &contract.ClockAnswer{UnixNano: f.now().UnixNano()}, nil
	})},
	abi.CapIdentity: {abi.IdentityCurrent: plain(func(f *Fake) (msgp.Marshaler, error) {
		a := contract.IdentityAnswer(f.principal)
		return &a, nil
	})},
	abi.CapLog: {abi.LogEmit: typed((*Fake).logEmit)},
}

func (f *Fake) logEmit(q *contract.LogRecord) (msgp.Marshaler, error) {
	line := Line{Level: abi.Level(q.Level), Message: q.Message, Attrs: map[string]string{}}
	for _, a := range q.Attrs {
		line.Attrs[a.Key] = a.Value
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = append(f.log, line)
	return nil, nil
}

// Log takes one line of the guest's log.
func (f *Fake) Log(level abi.Level, line []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = append(f.log, Line{Level: level, Message: string(line)})
}
