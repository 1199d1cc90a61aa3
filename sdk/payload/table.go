package payload

import (
	"github.com/tinylib/msgp/msgp"

	"github.com/callboard/callboard/sdk/abi"
	"github.com/callboard/callboard/sdk/contract"
)

// Message is a pointer to a contract type.
type Message interface {
	msgp.Marshaler
	msgp.Unmarshaler
}

// Type makes an empty message; nil is the type of what has no payload.
type Type func() Message

// Operation is one operation with the types of its payloads.
type Operation struct {
	Name       string // "kv.get/1"
	Capability abi.Capability
	Op         uint32
	Request    Type
	Answer     Type
}

// of is the Type of a contract type.
func of[T any, P interface {
	*T
	Message
}]() Type {
	return func() Message { return P(new(T)) }
}

// Error is the type of every payload under a code other than ok.
var Error = of[contract.Error]()

// Guest returns the types of an operation of a guest. An operation without
// types has no payload in either direction.
func Guest(op abi.Op) (request, answer Type) {
	switch op {
	case abi.OpDescribe:
		return nil, of[contract.Description]()
	case abi.OpHTTPHandle:
		return of[contract.HTTPRequest](), of[contract.HTTPResponse]()
	case abi.OpEntityProcess:
		return of[contract.ProcessRequest](), of[contract.ProcessReply]()
	case abi.OpEntityProvide:
		return of[contract.ProvideRequest](), of[contract.ProvideReply]()
	case abi.OpEventOn:
		return of[contract.Event](), of[contract.EventDone]()
	case abi.OpScheduleRun:
		return of[contract.ScheduleRun](), of[contract.ScheduleDone]()
	case abi.OpTaskRun:
		return of[contract.Task](), of[contract.TaskDone]()
	case abi.OpMigrate:
		return of[contract.Migration](), of[contract.Migrated]()
	case abi.OpHealth:
		return of[contract.Health](), of[contract.Health]()
	default:
		return nil, nil
	}
}

// Host returns a capability's operation by its numbers.
func Host(capability abi.Capability, op uint32) (Operation, bool) {
	o, ok := byNumber[number{capability, op}]
	return o, ok
}

type number struct {
	capability abi.Capability
	op         uint32
}

var byNumber = func() map[number]Operation {
	index := map[number]Operation{}
	for _, o := range Operations() {
		index[number{o.Capability, o.Op}] = o
	}
	return index
}()

// Operations returns a row for every operation of every capability; a test of
// the host holds it against the capabilities that it offers.
func Operations() []Operation {
	handle, none := of[contract.CatalogHandle](), Type(nil)
	rendered, render := of[contract.RenderAnswer](), of[contract.RenderRequest]()
	return []Operation{
		{"handle.create/1", abi.CapHandle, abi.HandleCreate, of[contract.HandleCreateRequest](), of[contract.HandleInfo]()},
		{"handle.stat/1", abi.CapHandle, abi.HandleStat, of[contract.HandleRequest](), of[contract.HandleInfo]()},
		{"handle.drop/1", abi.CapHandle, abi.HandleDrop, of[contract.HandleRequest](), none},

		{"catalog.get/1", abi.CapCatalog, abi.CatalogGet, of[contract.CatalogGetRequest](), handle},
		{"catalog.query/1", abi.CapCatalog, abi.CatalogQuery, of[contract.CatalogQueryRequest](), of[contract.CatalogQueryAnswer]()},
		{"catalog.facets/1", abi.CapCatalog, abi.CatalogFacets, of[contract.CatalogFacetsRequest](), handle},
		{"catalog.by-refs/1", abi.CapCatalog, abi.CatalogByRefs, of[contract.CatalogByRefsRequest](), handle},
		{"catalog.locations/1", abi.CapCatalog, abi.CatalogLocList, of[contract.CatalogLocationsRequest](), handle},

		{"catalog.apply/1", abi.CapCatalog, abi.CatalogApply, of[contract.CatalogApplyRequest](), of[contract.CatalogApplyAnswer]()},
		{"catalog.refresh/1", abi.CapCatalog, abi.CatalogRefresh, of[contract.CatalogRefreshRequest](), none},
		{"catalog.traverse/1", abi.CapCatalog, abi.CatalogTraverse, of[contract.CatalogTraverseRequest](), handle},
		{"catalog.problems/1", abi.CapCatalog, abi.CatalogProblems, of[contract.CatalogProblemsRequest](), handle},
		{"catalog.graph/1", abi.CapCatalog, abi.CatalogGraph, of[contract.CatalogGraphRequest](), handle},
		{"catalog.impact/1", abi.CapCatalog, abi.CatalogImpact, of[contract.CatalogImpactRequest](), handle},
		{"catalog.model/1", abi.CapCatalog, abi.CatalogModel, of[contract.CatalogModelRequest](), handle},
		{"catalog.ancestry/1", abi.CapCatalog, abi.CatalogAncestry, of[contract.CatalogAncestryRequest](), handle},
		{"catalog.validate/1", abi.CapCatalog, abi.CatalogValidate, of[contract.CatalogValidateRequest](), of[contract.CatalogValidateAnswer]()},
		{"catalog.add-location/1", abi.CapCatalog, abi.CatalogLocAdd, of[contract.CatalogLocationRequest](), of[contract.CatalogLocationAnswer]()},
		{"catalog.delete-location/1", abi.CapCatalog, abi.CatalogLocDelete, of[contract.CatalogLocationDeleteRequest](), none},
		{"catalog.remove-entity/1", abi.CapCatalog, abi.CatalogRemove, of[contract.CatalogRemoveRequest](), none},
		{"catalog.history/1", abi.CapCatalog, abi.CatalogHistory, of[contract.CatalogHistoryRequest](), handle},
		{"catalog.as-of/1", abi.CapCatalog, abi.CatalogAsOf, of[contract.CatalogAsOfRequest](), handle},
		{"catalog.removed-locations/1", abi.CapCatalog, abi.CatalogLocRemoved, of[contract.CatalogRemovedLocationsRequest](), handle},
		{"catalog.restore-location/1", abi.CapCatalog, abi.CatalogLocRestore, of[contract.CatalogRestoreLocationRequest](), of[contract.CatalogRestoreLocationAnswer]()},

		{"blob.put/1", abi.CapBlob, abi.BlobPut, of[contract.BlobPutRequest](), of[contract.BlobInfo]()},
		{"blob.get/1", abi.CapBlob, abi.BlobGet, of[contract.BlobGetRequest](), of[contract.BlobGetAnswer]()},
		{"blob.stat/1", abi.CapBlob, abi.BlobStat, of[contract.BlobRequest](), of[contract.BlobInfo]()},
		{"blob.list/1", abi.CapBlob, abi.BlobList, of[contract.BlobListRequest](), of[contract.BlobListAnswer]()},
		{"blob.delete/1", abi.CapBlob, abi.BlobDelete, of[contract.BlobDeleteRequest](), none},

		{"audit.emit/1", abi.CapAudit, abi.AuditEmit, of[contract.AuditRecord](), none},
		{"metric.emit/1", abi.CapMetric, abi.MetricEmit, of[contract.MetricRequest](), none},

		{"kv.get/1", abi.CapKV, abi.KVGet, of[contract.KVGetRequest](), of[contract.KVEntry]()},
		{"kv.set/1", abi.CapKV, abi.KVSet, of[contract.KVSetRequest](), of[contract.KVEntry]()},
		{"kv.delete/1", abi.CapKV, abi.KVDelete, of[contract.KVDeleteRequest](), none},
		{"kv.scan/1", abi.CapKV, abi.KVScan, of[contract.KVScanRequest](), of[contract.KVScanAnswer]()},
		{"kv.get-many/1", abi.CapKV, abi.KVGetMany, of[contract.KVGetManyRequest](), of[contract.KVScanAnswer]()},
		{"kv.usage/1", abi.CapKV, abi.KVUsage, none, of[contract.KVUsageAnswer]()},
		{"kv.batch/1", abi.CapKV, abi.KVBatch, of[contract.KVBatchRequest](), of[contract.KVScanAnswer]()},

		{"plugin.call/1", abi.CapPlugin, abi.PluginCall, of[contract.PluginCallRequest](), of[contract.PluginCallAnswer]()},

		{"source.read/1", abi.CapSource, abi.SourceRead, of[contract.SourceReadRequest](), of[contract.SourceFile]()},
		{"source.tree/1", abi.CapSource, abi.SourceTree, of[contract.SourceTreeRequest](), of[contract.SourceTree]()},
		{"source.search/1", abi.CapSource, abi.SourceSearch, of[contract.SourceSearchRequest](), of[contract.SourceFound]()},
		{"source.ask/1", abi.CapSource, abi.SourceAsk, of[contract.SourceAskRequest](), of[contract.SourceAnswer]()},

		{"http.fetch/1", abi.CapHTTP, abi.HTTPFetch, of[contract.HTTPFetchRequest](), of[contract.HTTPFetchAnswer]()},
		{"secret.reveal/1", abi.CapSecret, abi.SecretReveal, of[contract.SecretRevealRequest](), of[contract.SecretRevealAnswer]()},

		{"event.publish/1", abi.CapEvent, abi.EventPublish, of[contract.EventPublishRequest](), of[contract.EventPublishAnswer]()},

		{"schedule.list/1", abi.CapSchedule, abi.ScheduleList, of[contract.ScheduleListRequest](), of[contract.ScheduleListAnswer]()},
		{"schedule.run-now/1", abi.CapSchedule, abi.ScheduleRunNow, of[contract.ScheduleRunNowRequest](), none},

		{"task.enqueue/1", abi.CapTask, abi.TaskEnqueue, of[contract.TaskEnqueueRequest](), of[contract.TaskInfo]()},
		{"task.get/1", abi.CapTask, abi.TaskGet, of[contract.TaskRequest](), of[contract.TaskInfo]()},
		{"task.list/1", abi.CapTask, abi.TaskList, of[contract.TaskListRequest](), of[contract.TaskListAnswer]()},
		{"task.cancel/1", abi.CapTask, abi.TaskCancel, of[contract.TaskRequest](), of[contract.TaskInfo]()},
		{"task.checkpoint/1", abi.CapTask, abi.TaskCheckpoint, of[contract.TaskCheckpointRequest](), of[contract.TaskStanding]()},
		{"task.log/1", abi.CapTask, abi.TaskLog, of[contract.TaskLogRequest](), of[contract.TaskStanding]()},

		{"render.markdown/1", abi.CapRender, abi.RenderMarkdown, render, rendered},
		{"render.yaml/1", abi.CapRender, abi.RenderYAML, render, rendered},
		{"render.html/1", abi.CapRender, abi.RenderHTML, render, rendered},
		{"render.json/1", abi.CapRender, abi.RenderJSON, of[contract.RenderJSONRequest](), of[contract.RenderJSONAnswer]()},
		{"render.validate/1", abi.CapRender, abi.RenderValidate, of[contract.RenderValidateRequest](), of[contract.RenderValidateAnswer]()},
		{"render.diff/1", abi.CapRender, abi.RenderDiff, of[contract.RenderDiffRequest](), rendered},

		{"identity.current/1", abi.CapIdentity, abi.IdentityCurrent, none, of[contract.IdentityAnswer]()},
		{"log.emit/1", abi.CapLog, abi.LogEmit, of[contract.LogRecord](), none},
		{"clock.now/1", abi.CapClock, abi.ClockNow, none, of[contract.ClockAnswer]()},
		{"config.get/1", abi.CapConfig, abi.ConfigGet, none, of[contract.ConfigAnswer]()},
	}
}
