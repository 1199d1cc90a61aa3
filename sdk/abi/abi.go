package abi

import (
	"maps"
	"slices"
)

// Version is the ABI version that this package describes.
const Version = 1

// Names of exports and of the import module. A module that exports Marker
// speaks version 1; the marker is looked for and never called.
const (
	Module       = "callboard"
	Marker       = "callboard_abi_v1"
	ExportIn     = "callboard_in"     // (n i32) -> ptr i32: room for n bytes of input
	ExportHandle = "callboard_handle" // (op i32, n i32) -> i64: ptr<<32 | len of the reply

	ImportCall  = "call"  // (cap, op, ptr, len, outptr, outcap i32) -> i64
	ImportRead  = "read"  // (handle, off, ptr, len i32) -> i64: bytes read, negative = error
	ImportWrite = "write" // (handle, off, ptr, len i32) -> i64: bytes written, negative = error
	ImportLog   = "log"   // (level, ptr, len i32)
)

// ManifestSection is the custom section that repeats plugin.yaml in the module.
const ManifestSection = "callboard.manifest"

// Op is an operation of a guest: an extension point in a version.
type Op uint32

// The operations. Adding one is additive; a number is never reused.
const (
	OpDescribe      Op = 1  // describe/1: what the code registers, for the manifest check
	OpHTTPHandle    Op = 2  // http.handle/1
	OpEntityProcess Op = 3  // entity.process/1
	OpEntityProvide Op = 4  // entity.provide/1
	OpSearchCollate Op = 5  // search.collate/1
	OpActionRun     Op = 6  // action.run/1
	OpEventOn       Op = 7  // event.on/1
	OpScheduleRun   Op = 8  // schedule.run/1
	OpMigrate       Op = 9  // lifecycle.migrate/1
	OpHealth        Op = 10 // health/1
	OpTaskRun       Op = 11 // task.run/1
)

// Ops returns all operations, by number.
func Ops() []Op { return slices.Sorted(maps.Keys(opNames)) }

// String returns the documented name, "http.handle/1".
func (o Op) String() string {
	if n, ok := opNames[o]; ok {
		return n
	}
	return "unknown"
}

var opNames = map[Op]string{
	OpDescribe: "describe/1", OpHTTPHandle: "http.handle/1", OpEntityProcess: "entity.process/1",
	OpEntityProvide: "entity.provide/1", OpSearchCollate: "search.collate/1", OpActionRun: "action.run/1",
	OpEventOn: "event.on/1", OpScheduleRun: "schedule.run/1", OpMigrate: "lifecycle.migrate/1", OpHealth: "health/1", OpTaskRun: "task.run/1",
}

// Capability is the number of a capability on the wire.
type Capability uint32

// The capabilities. A number is never reused.
const (
	CapHandle   Capability = 0 // operations on handles; always there, grants nothing
	CapCatalog  Capability = 1
	CapSearch   Capability = 2
	CapKV       Capability = 3
	CapBlob     Capability = 4
	CapSource   Capability = 5
	CapHTTP     Capability = 6
	CapSecret   Capability = 7
	CapPlugin   Capability = 8
	CapEvent    Capability = 9
	CapSchedule Capability = 10
	CapTask     Capability = 11
	CapRender   Capability = 12
	CapPolicy   Capability = 13
	CapIdentity Capability = 14
	CapAudit    Capability = 15
	CapMetric   Capability = 16
	CapLog      Capability = 17
	CapClock    Capability = 18
	CapConfig   Capability = 19
)

var capNames = map[Capability]string{
	CapHandle: "handle", CapCatalog: "catalog", CapSearch: "search", CapKV: "kv", CapBlob: "blob",
	CapSource: "source", CapHTTP: "http", CapSecret: "secret", CapPlugin: "plugin", CapEvent: "event",
	CapSchedule: "schedule", CapTask: "task", CapRender: "render", CapPolicy: "policy", CapIdentity: "identity",
	CapAudit: "audit", CapMetric: "metric", CapLog: "log", CapClock: "clock", CapConfig: "config",
}

// String returns the capability's name as manifests and grants spell it.
func (c Capability) String() string {
	if n, ok := capNames[c]; ok {
		return n
	}
	return "unknown"
}

// CapabilityByName is the inverse of String.
func CapabilityByName(name string) (Capability, bool) {
	for c, n := range capNames {
		if n == name {
			return c, true
		}
	}
	return 0, false
}

// Operations of the capabilities. The low byte is the version, so that
// catalog.query/2 can stand beside catalog.query/1.
const (
	HandleCreate uint32 = 1<<8 | 1 // handle.create/1: bytes -> handle
	HandleStat   uint32 = 2<<8 | 1 // handle.stat/1
	HandleDrop   uint32 = 3<<8 | 1 // handle.drop/1

	CatalogGet     uint32 = 1<<8 | 1 // catalog.get/1
	CatalogQuery   uint32 = 2<<8 | 1 // catalog.query/1
	CatalogFacets  uint32 = 3<<8 | 1 // catalog.facets/1
	CatalogByRefs  uint32 = 4<<8 | 1 // catalog.by-refs/1
	CatalogLocList uint32 = 5<<8 | 1 // catalog.locations/1

	CatalogApply     uint32 = 6<<8 | 1  // catalog.apply/1
	CatalogRefresh   uint32 = 7<<8 | 1  // catalog.refresh/1
	CatalogTraverse  uint32 = 8<<8 | 1  // catalog.traverse/1
	CatalogAncestry  uint32 = 9<<8 | 1  // catalog.ancestry/1
	CatalogValidate  uint32 = 10<<8 | 1 // catalog.validate/1
	CatalogLocAdd    uint32 = 11<<8 | 1 // catalog.add-location/1
	CatalogLocDelete uint32 = 12<<8 | 1 // catalog.delete-location/1
	CatalogRemove    uint32 = 13<<8 | 1 // catalog.remove-entity/1
	CatalogProblems  uint32 = 20<<8 | 1 // catalog.problems/1
	CatalogGraph     uint32 = 14<<8 | 1 // catalog.graph/1
	CatalogImpact    uint32 = 15<<8 | 1 // catalog.impact/1
	CatalogModel     uint32 = 21<<8 | 1 // catalog.model/1

	CatalogHistory    uint32 = 16<<8 | 1 // catalog.history/1
	CatalogAsOf       uint32 = 17<<8 | 1 // catalog.as-of/1
	CatalogLocRemoved uint32 = 18<<8 | 1 // catalog.removed-locations/1
	CatalogLocRestore uint32 = 19<<8 | 1 // catalog.restore-location/1

	BlobPut    uint32 = 1<<8 | 1 // blob.put/1
	BlobGet    uint32 = 2<<8 | 1 // blob.get/1
	BlobStat   uint32 = 3<<8 | 1 // blob.stat/1
	BlobList   uint32 = 4<<8 | 1 // blob.list/1
	BlobDelete uint32 = 5<<8 | 1 // blob.delete/1

	SourceRead   uint32 = 1<<8 | 1 // source.read/1
	SourceTree   uint32 = 2<<8 | 1 // source.tree/1
	SourceSearch uint32 = 3<<8 | 1 // source.search/1
	SourceAsk    uint32 = 4<<8 | 1 // source.ask/1

	HTTPFetch uint32 = 1<<8 | 1 // http.fetch/1

	SecretReveal uint32 = 1<<8 | 1 // secret.reveal/1

	PluginCall uint32 = 1<<8 | 1 // plugin.call/1

	EventPublish uint32 = 1<<8 | 1 // event.publish/1

	ScheduleList   uint32 = 1<<8 | 1 // schedule.list/1
	ScheduleRunNow uint32 = 2<<8 | 1 // schedule.run-now/1

	TaskEnqueue    uint32 = 1<<8 | 1 // task.enqueue/1
	TaskGet        uint32 = 2<<8 | 1 // task.get/1
	TaskList       uint32 = 3<<8 | 1 // task.list/1
	TaskCancel     uint32 = 4<<8 | 1 // task.cancel/1
	TaskCheckpoint uint32 = 5<<8 | 1 // task.checkpoint/1
	TaskLog        uint32 = 6<<8 | 1 // task.log/1

	AuditEmit uint32 = 1<<8 | 1 // audit.emit/1

	MetricEmit uint32 = 1<<8 | 1 // metric.emit/1

	KVGet    uint32 = 1<<8 | 1
	KVSet    uint32 = 2<<8 | 1
	KVDelete uint32 = 3<<8 | 1
	KVScan   uint32 = 4<<8 | 1
	KVBatch  uint32 = 5<<8 | 1

	KVGetMany uint32 = 6<<8 | 1 // kv.get-many/1
	KVUsage   uint32 = 7<<8 | 1 // kv.usage/1

	ConfigGet uint32 = 1<<8 | 1 // config.get/1: the plugin's own slice as JSON

	LogEmit uint32 = 1<<8 | 1 // log.emit/1: one structured record

	RenderMarkdown uint32 = 1<<8 | 1 // render.markdown/1
	RenderYAML     uint32 = 2<<8 | 1 // render.yaml/1: YAML -> JSON handle
	RenderJSON     uint32 = 3<<8 | 1 // render.json/1: pick paths of a JSON handle
	RenderValidate uint32 = 4<<8 | 1 // render.validate/1: JSON Schema
	RenderHTML     uint32 = 5<<8 | 1 // render.html/1: sanitise
	RenderDiff     uint32 = 6<<8 | 1 // render.diff/1

	ClockNow uint32 = 1<<8 | 1 // clock.now/1

	IdentityCurrent uint32 = 1<<8 | 1 // identity.current/1
)

// Code is the outcome of a host call or of a reply. Codes on the wire of an
// import are negated: -CodeDenied.
type Code uint8

// The codes mirror the host's fault kinds.
const (
	CodeOK Code = iota
	CodeInvalid
	CodeUnauthenticated
	CodeDenied
	CodeNotFound
	CodeConflict
	CodeExhausted
	CodeUnavailable
	CodeTimeout
	CodeInternal
)

var codeNames = [...]string{
	"ok", "invalid", "unauthenticated", "denied", "not_found",
	"conflict", "exhausted", "unavailable", "timeout", "internal",
}

// String returns the code's name, the same as the host's fault kind.
func (c Code) String() string {
	if int(c) < len(codeNames) {
		return codeNames[c]
	}
	return "internal"
}

// Codec says how payloads are encoded.
type Codec uint8

// The codecs. Msgpack is on the wire; JSON is for logs, replay files and
// loaders of other kits.
const (
	CodecNone    Codec = 0 // no payload, or raw bytes
	CodecMsgpack Codec = 1
	CodecJSON    Codec = 2
)

// Level is a log level of the log import.
type Level uint32

// The levels.
const (
	LevelDebug Level = iota
	LevelInfo
	LevelWarn
	LevelError
)
